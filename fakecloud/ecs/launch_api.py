"""ECS RunInstances, CreateInstance, Start-, Stop- and DeleteInstance: parameters in, answers out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fakecloud.ecs import exceptions as errors
from fakecloud.ecs.models import Instance
from fakecloud.ecs.roles_api import check_role
from fakecloud.ecs.tags_api import TAG, checked_tags
from fakecloud.rpc import InvalidParameter, Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ecs.api import Ecs

INERT = Param("inert")
_LAUNCH = {
    "RegionId": Param(required=True), "ImageId": Param(), "InstanceType": Param(), "VSwitchId": Param(),
    "ZoneId": Param(), "InstanceName": Param(low=2, high=128, wrong=errors.InvalidInstanceName), "ResourceGroupId": Param(),
    "RamRoleName": Param(high=64), "Tag": TAG, "ClientToken": Param(high=64, wrong=errors.InvalidClientToken), "DryRun": Param("bool"),
    "DeletionProtection": Param("bool"), "HttpTokens": Param(values=("optional", "required"), wrong=errors.InvalidHttpTokens),
    "HttpEndpoint": Param(values=("enabled", "disabled"), wrong=errors.InvalidHttpEndpoint),
    "UserData": INERT,
    **dict.fromkeys(["SecurityGroupId", "HostName", "Password", "PasswordInherit", "KeyPairName", "Description", "SystemDisk", "DataDisk", "InstanceChargeType", "InternetChargeType", "InternetMaxBandwidthIn", "InternetMaxBandwidthOut", "IoOptimized", "SpotStrategy", "SpotPriceLimit", "SpotDuration", "SpotInterruptionBehavior", "Period", "AutoRenew", "AutoRenewPeriod", "CreditSpecification", "SecurityEnhancementStrategy", "HttpPutResponseHopLimit", "PrivateIpAddress"], INERT),
}  # fmt: skip
_RUN_ONLY = {
    "Amount": Param("int", low=1, high=100, default=1, wrong=errors.InvalidAmount), "UniqueSuffix": Param("bool"),
    "MinAmount": Param("int", low=1, high=100, wrong=errors.InvalidMinAmount),
    **dict.fromkeys(["SecurityGroupIds", "HostNames", "PeriodUnit", "AutoPay", "AutoReleaseTime"], INERT),
}  # fmt: skip
_ONE = {"InstanceId": Param(required=True), "DryRun": Param("bool")}


def register(ecs: Ecs) -> None:
    @ecs.declare({**_LAUNCH, **_RUN_ONLY}, write=True)
    def RunInstances(call: Call) -> dict[str, Any]:
        if (call.args["MinAmount"] or 1) > call.args["Amount"]:
            raise errors.InvalidMinAmount()
        made = launch(ecs, call, call.args["Amount"], "Running")
        return {"InstanceIdSets": {"InstanceIdSet": made}}

    @ecs.declare({**_LAUNCH, "InstanceType": Param(required=True)}, write=True)
    def CreateInstance(call: Call) -> dict[str, Any]:
        return {"InstanceId": launch(ecs, call, 1, "Stopped")[0]}

    @ecs.declare({**_ONE, "InitLocalDisk": INERT}, write=True)
    def StartInstance(call: Call) -> dict[str, Any]:
        move(ecs, call, ("Stopped",), "Starting", "Running")
        return {}

    stop = {**_ONE, **dict.fromkeys(("ForceStop", "ConfirmStop", "StoppedMode", "Hibernate"), INERT)}

    @ecs.declare(stop, write=True)
    def StopInstance(call: Call) -> dict[str, Any]:
        move(ecs, call, ("Running",), "Stopping", "Stopped")
        return {}

    delete = {**_ONE, "Force": Param("bool"), "ForceStop": Param("bool"), "TerminateSubscription": INERT}

    @ecs.declare(delete, write=True)
    def DeleteInstance(call: Call) -> dict[str, Any]:
        region, instance = ecs.find(call)
        if instance.deletion_protection:
            raise errors.DeletionProtected()
        if instance.status != "Stopped" and not (call.args["Force"] or call.args["ForceStop"]):
            raise errors.InstanceInitializing() if instance.status == "Pending" else errors.IncorrectInstanceStatus()
        refuse_dry_run(call)
        region.remove(instance)
        ecs.announce(region, instance, "Deleted")
        return {}


def refuse_dry_run(call: Call) -> None:
    """A dry run that would succeed is an error in this API."""
    if call.args.get("DryRun"):
        raise errors.DryRunOperation()


def launch(ecs: Ecs, call: Call, amount: int, then: str) -> list[str]:
    """Make instances in Pending and let them reach `then` after boot_seconds."""
    args, region = call.args, ecs.region(call)
    token, asked = args["ClientToken"], {k: v for k, v in call.params.items() if k != "ClientToken"}
    if token:
        if not token.isascii():
            raise errors.InvalidClientToken()
        before = ecs.client_tokens.get((call.account, region.name, call.action, token))
        if before and before[0] != asked:
            raise errors.IdempotentParameterMismatch()
        if before:
            return before[1]
    tags = checked_tags(args["Tag"])
    if args["RamRoleName"]:
        check_role(ecs, call, args["RamRoleName"], at_birth=True)
    if args["VSwitchId"] and not args["VSwitchId"].startswith("vsw-"):
        raise InvalidParameter("VSwitchId", "it does not begin with vsw-")
    refuse_dry_run(call)
    now = ecs.cloud.clock.now()
    made = [
        region.new(
            now,
            visible_at=now + ecs.switches.visible_after,
            zone=args["ZoneId"] or "",
            name=name,
            image=args["ImageId"] or "aliyun_3_x64_20G_alibase_20260101.vhd",
            instance_type=args["InstanceType"] or "ecs.g7.large",
            vswitch=args["VSwitchId"] or "",
            resource_group=args["ResourceGroupId"] or "",
            status="Pending",
            tags={} if ecs.switches.launch_tags_after else dict(tags),
            http_tokens=args["HttpTokens"] or "optional",
            http_endpoint=args["HttpEndpoint"] or "enabled",
            deletion_protection=bool(args["DeletionProtection"]),
        )
        for name in names(args["InstanceName"] or "", amount, suffix=bool(args.get("UniqueSuffix")))
    ]
    for instance in made:
        region.add(instance)
        if ecs.switches.launch_tags_after:
            ecs.tag_late(region, instance, tags, ecs.switches.launch_tags_after)
        if args["RamRoleName"]:
            ecs.set_role(region, instance, args["RamRoleName"])
        announce_birth(ecs, call, instance)
        if then == "Running":
            ecs.become(region, instance, "Starting", ecs.switches.boot_seconds / 2)
        ecs.become(region, instance, then, ecs.switches.boot_seconds)
    ids = [instance.instance_id for instance in made]
    if token:
        ecs.client_tokens[call.account, region.name, call.action, token] = (asked, ids)
    return ids


def names(name: str, amount: int, *, suffix: bool) -> list[str]:
    """InstanceName for each: as given; with 001, 002, ... where UniqueSuffix is true; or counted as NAME[BEGIN,BITS]NAME.

    Page "Batch configure sequential names": BEGIN is 0..999999, BITS 1..6, each may be left out (0 and 6).
    """
    counted = re.fullmatch(r"(.*)\[(\d{0,6}),([1-6]?)\](.*)", name)
    if counted:
        before, begin, bits, behind = counted.groups()
        start, width = int(begin or 0), max(int(bits or 6), len(begin.lstrip("0")))
        return [f"{before}{start + n:0{width}d}{behind}" for n in range(amount)]
    if suffix and name and amount > 1:
        return [f"{name}{n:03d}" for n in range(1, amount + 1)]
    return [name] * amount


def announce_birth(ecs: Ecs, call: Call, instance: Instance) -> None:
    """The documents disagree whether a creation is announced as Created, Pending or both: a switch."""
    states = {"created": ["Created"], "pending": ["Pending"], "both": ["Created", "Pending"]}
    for state in states[ecs.switches.creation_events]:
        ecs.announce(ecs.region(call), instance, state)


def move(ecs: Ecs, call: Call, allowed: tuple[str, ...], through: str, then: str) -> None:
    region, instance = ecs.find(call)
    if instance.status not in allowed:
        raise errors.IncorrectInstanceStatus()
    refuse_dry_run(call)
    region.change(instance, "status", through)
    ecs.announce(region, instance, through)
    ecs.become(region, instance, then, ecs.switches.boot_seconds)

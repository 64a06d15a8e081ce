"""ECS RunInstances, CreateInstance, Start-, Stop- and DeleteInstance: parameters in, answers out."""

from __future__ import annotations

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
    "ZoneId": Param(), "InstanceName": Param(low=2, high=128), "ResourceGroupId": Param(),
    "RamRoleName": Param(high=64), "Tag": TAG, "ClientToken": Param(high=64), "DryRun": Param("bool"),
    "DeletionProtection": Param("bool"), "HttpTokens": Param(values=("optional", "required")),
    "HttpEndpoint": Param(values=("enabled", "disabled")),
    "UserData": INERT,
    **dict.fromkeys(["SecurityGroupId", "HostName", "Password", "PasswordInherit", "KeyPairName", "Description", "SystemDisk", "DataDisk", "InstanceChargeType", "InternetChargeType", "InternetMaxBandwidthIn", "InternetMaxBandwidthOut", "IoOptimized", "SpotStrategy", "SpotPriceLimit", "SpotDuration", "SpotInterruptionBehavior", "Period", "AutoRenew", "AutoRenewPeriod", "CreditSpecification", "SecurityEnhancementStrategy", "HttpPutResponseHopLimit", "PrivateIpAddress"], INERT),
}  # fmt: skip
_RUN_ONLY = {
    "Amount": Param("int", low=1, high=100, default=1), "MinAmount": Param("int", low=1, high=100),
    **dict.fromkeys(["SecurityGroupIds", "UniqueSuffix", "HostNames", "PeriodUnit", "AutoPay", "AutoReleaseTime"], INERT),
}  # fmt: skip
_ONE = {"InstanceId": Param(required=True), "DryRun": Param("bool")}


def register(ecs: Ecs) -> None:
    @ecs.declare({**_LAUNCH, **_RUN_ONLY}, write=True)
    def RunInstances(call: Call) -> dict[str, Any]:
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
            raise errors.IncorrectInstanceStatus()
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
    tags = checked_tags(args["Tag"])
    if args["RamRoleName"]:
        check_role(ecs, call, args["RamRoleName"], not_ecs_status=401)
    if args["VSwitchId"] and not args["VSwitchId"].startswith("vsw-"):
        raise InvalidParameter("VSwitchId", "it does not begin with vsw-")
    token, asked = args["ClientToken"], {k: v for k, v in call.params.items() if k != "ClientToken"}
    if token:
        before = ecs.client_tokens.get((call.account, region.name, token))
        if before and before[0] != asked:
            raise errors.IdempotentParameterMismatch()
        if before:
            return before[1]
    refuse_dry_run(call)
    now = ecs.cloud.clock.now()
    made = [
        region.new(
            now, visible_at=now + ecs.switches.visible_after, zone=args["ZoneId"] or "", name=args["InstanceName"] or "",
            image=args["ImageId"] or "aliyun_3_x64_20G_alibase_20260101.vhd",
            instance_type=args["InstanceType"] or "ecs.g7.large", vswitch=args["VSwitchId"] or "",
            resource_group=args["ResourceGroupId"] or "", status="Pending", tags=dict(tags),
            http_tokens=args["HttpTokens"] or "optional", http_endpoint=args["HttpEndpoint"] or "enabled",
            deletion_protection=bool(args["DeletionProtection"]),
        )
        for _ in range(amount)
    ]  # fmt: skip
    for instance in made:
        region.add(instance)
        if args["RamRoleName"]:
            ecs.set_role(region, instance, args["RamRoleName"])
        announce_birth(ecs, call, instance)
        if then == "Running":
            ecs.become(region, instance, "Starting", ecs.switches.boot_seconds / 2)
        ecs.become(region, instance, then, ecs.switches.boot_seconds)
    ids = [instance.instance_id for instance in made]
    if token:
        ecs.client_tokens[call.account, region.name, token] = (asked, ids)
    return ids


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

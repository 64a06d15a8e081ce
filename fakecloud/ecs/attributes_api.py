"""ECS calls that change an attribute of an instance: name, resource group, image, type, zone, VPC, metadata service.

Parameters: the SDK's models and the actions' API pages. What is checked is what rolekeeper's events depend on: that the instance is there,
that its disk is replaced and its VPC changed while it is stopped, and that a dry run changes nothing. Prices, orders and hardware have no
part here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakecloud.ecs import exceptions as errors
from fakecloud.ecs.launch_api import INERT, refuse_dry_run
from fakecloud.ecs.models import Instance, Region
from fakecloud.errors import NotEmulated
from fakecloud.rpc import Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ecs.api import Ecs

_ONE = {"InstanceId": Param(required=True)}
_JOIN = {"RegionId": Param(required=True), "ResourceGroupId": Param(), "ResourceId": Param(), "ResourceType": Param()}
_NAME = Param(low=2, high=128, wrong=errors.InvalidInstanceName)
_ATTRIBUTE = {
    **_ONE, "InstanceName": _NAME, "DeletionProtection": Param("bool"),
    **dict.fromkeys(["HostName", "Description", "SecurityGroupIds", "CreditSpecification", "UserData", "Password", "Recyclable"], INERT),
}  # fmt: skip
_DISK = {
    **_ONE, "ImageId": Param(required=True),
    **dict.fromkeys(["DiskId", "SystemDisk", "KeyPairName", "Password", "PasswordInherit", "ClientToken", "SecurityEnhancementStrategy"], INERT),
}  # fmt: skip
_SPEC = {
    **_ONE, "InstanceType": Param(), "AllowMigrateAcrossZone": Param("bool"), "DryRun": Param("bool"),
    **dict.fromkeys(["InternetMaxBandwidthIn", "InternetMaxBandwidthOut", "Async", "ModifyMode", "ClientToken"], INERT),
}  # fmt: skip
_PREPAY = {
    **_ONE, "RegionId": Param(required=True), "InstanceType": Param(required=True),
    **dict.fromkeys(["OperatorType", "AutoPay", "EndTime", "RebootTime", "RebootWhenFinished", "MigrateAcrossZone", "ModifyMode", "ClientToken"], INERT),
}  # fmt: skip
_VPC = {**_ONE, "VSwitchId": Param(required=True), "VpcId": Param(), **dict.fromkeys(["PrivateIpAddress", "SecurityGroupId"], INERT)}  # fmt: skip


_OPTIONS = {
    **_ONE, "RegionId": Param(required=True), "HttpEndpoint": Param(required=True, values=("enabled", "disabled"), wrong=errors.InvalidHttpEndpoint),
    "HttpTokens": Param(values=("optional", "required"), wrong=errors.InvalidHttpTokens),
    **dict.fromkeys(["HttpPutResponseHopLimit", "InstanceMetadataTags"], INERT),
}  # fmt: skip


def register(ecs: Ecs) -> None:
    @ecs.declare(_JOIN, write=True)
    def JoinResourceGroup(call: Call) -> dict[str, Any]:
        args, region = call.args, ecs.region(call)
        if args["ResourceType"] != "instance":
            raise NotEmulated(f"JoinResourceGroup on {args['ResourceType']}: only instance")
        instance = region.get(args["ResourceId"] or "")
        if instance is None:
            raise errors.InvalidResourceId()
        put(ecs, region, instance, resource_group=args["ResourceGroupId"] or "")
        return {}

    @ecs.declare(_ATTRIBUTE, write=True)
    def ModifyInstanceAttribute(call: Call) -> dict[str, Any]:
        region, instance = ecs.find(call)
        if call.args["InstanceName"] is not None:
            put(ecs, region, instance, name=call.args["InstanceName"])
        if call.args["DeletionProtection"] is not None:
            instance.deletion_protection = call.args["DeletionProtection"]
        return {}

    @ecs.declare(_DISK, write=True)
    def ReplaceSystemDisk(call: Call) -> dict[str, Any]:
        region, instance = stopped(ecs, call)
        put(ecs, region, instance, image=call.args["ImageId"])
        return {"DiskId": f"d-{instance.instance_id.removeprefix('i-')}"}

    @ecs.declare(_SPEC, write=True)
    def ModifyInstanceSpec(call: Call) -> dict[str, Any]:
        """Another zone is the cloud's to choose, and is not chosen here."""
        region, instance = stopped(ecs, call)
        refuse_dry_run(call)
        put(ecs, region, instance, instance_type=call.args["InstanceType"] or instance.instance_type)
        return {}

    @ecs.declare(_PREPAY, write=True)
    def ModifyPrepayInstanceSpec(call: Call) -> dict[str, Any]:
        region, instance = ecs.find(call)
        put(ecs, region, instance, instance_type=call.args["InstanceType"])
        return {"OrderId": "200000000000001"}

    @ecs.declare(_VPC, write=True)
    def ModifyInstanceVpcAttribute(call: Call) -> dict[str, Any]:
        region, instance = stopped(ecs, call)
        put(ecs, region, instance, vswitch=call.args["VSwitchId"], vpc=call.args["VpcId"] or instance.vpc)
        return {}

    @ecs.declare(_OPTIONS, write=True)
    def ModifyInstanceMetadataOptions(call: Call) -> dict[str, Any]:
        _, instance = ecs.find(call)
        instance.http_endpoint = call.args["HttpEndpoint"]
        instance.http_tokens = call.args["HttpTokens"] or instance.http_tokens
        return {}


def stopped(ecs: Ecs, call: Call) -> tuple[Region, Instance]:
    region, instance = ecs.find(call)
    if instance.status != "Stopped":
        raise errors.IncorrectInstanceStatus()
    return region, instance


def put(ecs: Ecs, region: Region, instance: Instance, **properties: str) -> None:
    """Set them: at once, or after the delay of the switch attributes_after, as a change that is an order or a task is."""

    def arrive() -> None:
        with ecs.cloud.lock:
            if instance.instance_id in region.instances:
                for name, value in properties.items():
                    region.change(instance, name, value)

    if ecs.switches.attributes_after:
        ecs.cloud.clock.later(ecs.switches.attributes_after, arrive)
    else:
        arrive()

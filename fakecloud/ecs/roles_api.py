"""ECS AttachInstanceRamRole, DetachInstanceRamRole, DescribeInstanceRamRole: the calls rolekeeper lives by.

Facts: the three actions' API pages (2024-12-17 revision). What they leave open is in fakecloud/switches.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fakecloud.ecs import exceptions as errors
from fakecloud.ecs.models import Instance
from fakecloud.errors import CloudError
from fakecloud.rpc import Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ecs.api import Ecs

REGION = Param(required=True)
IDS = Param("json", wrong=errors.InvalidInstanceIdsMalformed)
_IDS = replace(IDS, required=True)


def register(ecs: Ecs) -> None:
    attach = {
        "RegionId": REGION,
        "RamRoleName": Param(required=True, high=64),
        "InstanceIds": _IDS,
        "Policy": Param(low=1, high=1024),
    }

    @ecs.declare(attach, write=True)
    def AttachInstanceRamRole(call: Call) -> dict[str, Any]:
        region, name = ecs.region(call), call.args["RamRoleName"]
        found = ecs.look_up(call, region, id_list(call.args["InstanceIds"], 100))
        check_role(ecs, call, name)
        refuse_classic(ecs, [i for i in found.values() if i])
        policy = call.args["Policy"] or ""
        if policy:
            ecs.cloud.ram.policy_document(policy)

        def taken(instance: Instance) -> bool:
            return bool(instance.role) and not (instance.role == name and ecs.switches.same_role_again == "success")

        def one(instance: Instance) -> dict[str, Any]:
            if instance.status == "Pending" and ecs.switches.attach_while_pending == "item":
                raise errors.IncorrectInstanceStatus()
            if taken(instance):
                raise errors.AlreadyAttached(code=ecs.switches.already_attached_code)
            if (instance.role, instance.role_policy) != (name, policy):
                ecs.set_role(region, instance, name, policy)
            return {}

        if ecs.switches.already_attached == "request" and any(i and taken(i) for i in found.values()):
            raise errors.AlreadyAttached(code=ecs.switches.already_attached_code)
        return answer(ecs, call, "Attach", name, found, one)

    detach = {"RegionId": REGION, "RamRoleName": Param(high=64), "InstanceIds": _IDS}

    @ecs.declare(detach, write=True)
    def DetachInstanceRamRole(call: Call) -> dict[str, Any]:
        region, name = ecs.region(call), call.args["RamRoleName"] or ""
        found = ecs.look_up(call, region, id_list(call.args["InstanceIds"], 100))
        refuse_classic(ecs, [i for i in found.values() if i])

        def shape(instance: Instance) -> str:
            if not instance.role:
                return ecs.switches.detach_nothing
            return ecs.switches.detach_other if name and instance.role != name else "detach"

        def one(instance: Instance) -> dict[str, Any]:
            taken = instance.role
            match shape(instance):
                case "item":
                    raise errors.NotAttached()
                case "success":
                    return {"InstanceRamRoleSets": {"InstanceRamRoleSet": []}}
            ecs.set_role(region, instance, "")
            rows = [{"InstanceId": instance.instance_id, "RamRoleName": taken}]
            return {"InstanceRamRoleSets": {"InstanceRamRoleSet": rows}}

        if any(i and shape(i) == "request" for i in found.values()):
            raise errors.NotAttached()
        return answer(ecs, call, "Detach", name, found, one)

    describe = {
        "RegionId": REGION,
        "InstanceIds": IDS,
        "RamRoleName": Param(),
        "PageNumber": Param("int", low=1, default=1),
        "PageSize": Param("int", low=1, high=50, default=10),
    }

    @ecs.declare(describe)
    def DescribeInstanceRamRole(call: Call) -> dict[str, Any]:
        region, name = ecs.region(call), call.args["RamRoleName"] or ""
        if call.args["InstanceIds"] is None and not name:
            raise errors.AllEmpty()
        size = call.args["PageSize"]
        start = (call.args["PageNumber"] - 1) * size
        if call.args["InstanceIds"] is None:
            if ecs.switches.deleted_role_by_name == "refused" and ecs.cloud.ram.role(call.account, name) is None:
                raise errors.RamRoleNotFound()
            rows, total = region.slice([("role", name)], start, size)
        else:
            found = [i for i in ecs.look_up(call, region, id_list(call.args["InstanceIds"], 50)).values() if i]
            refuse_classic(ecs, found)
            shown = ecs.switches.roleless == "empty"
            rows = [i for i in found if (i.role == name if name else i.role or shown)]
            rows, total = rows[start : start + size], len(rows)
        items = [{"InstanceId": i.instance_id, "RamRoleName": i.role} for i in rows]
        body = {"InstanceRamRoleSet": items}
        return {"RegionId": region.name, "TotalCount": total, "InstanceRamRoleSets": body}


def id_list(value: Any, most: int) -> list[str]:
    """InstanceIds: a JSON array of 1..most distinct strings."""
    if not isinstance(value, list) or not 1 <= len(value) <= most or not all(isinstance(i, str) and i for i in value):
        raise errors.InvalidInstanceIdsMalformed()
    return list(dict.fromkeys(value))


def check_role(ecs: Ecs, call: Call, name: str, *, at_birth: bool = False) -> None:
    """The role must exist in RAM and trust ecs.aliyuncs.com. RunInstances words it otherwise than the attach call."""
    role = ecs.cloud.ram.role(call.account, name)
    young = ecs.switches.ecs_finds_role_after
    if role is None or (
        young and ecs.cloud.clock.now() - datetime.fromisoformat(role.created[:-1] + "+00:00").timestamp() < young
    ):
        raise errors.RamRoleNotFound('The specified parameter "RAMRoleName" does not exist.' if at_birth else "")
    if not role.trusts_service("ecs.aliyuncs.com"):
        raise errors.RamRoleNotEcsRole(status=401 if at_birth else 404)


def refuse_classic(ecs: Ecs, instances: list[Instance]) -> None:
    if ecs.switches.classic_network == "request" and any(i.network == "classic" for i in instances):
        raise errors.MismatchRamRole()


def answer(
    ecs: Ecs,
    call: Call,
    verb: str,
    name: str,
    found: dict[str, Instance | None],
    one: Callable[[Instance], dict[str, Any]],
) -> dict[str, Any]:
    """Work on each instance; one that fails does so in its own item of an HTTP 200."""
    unlucky = call.unlucky(found)
    items, failed = [], 0
    for instance_id, instance in found.items():
        item: dict[str, Any] = {"InstanceId": instance_id}
        try:
            if instance_id in unlucky:
                raise call.injected()
            if instance is None:
                raise errors.InvalidInstanceIdNotFound()
            if instance.network == "classic":
                raise errors.MismatchRamRole()
            item |= one(instance)
            code, message, success = "200", "success" if verb == "Attach" else "Success", True
        except CloudError as error:
            code, message, success, failed = error.code, error.message, False, failed + 1
        item |= {
            "Code": int(code) if ecs.switches.code_type == "integer" and code.isdigit() else code,
            "Message": message,
        }
        if ecs.switches.success_field == "present":
            item["Success"] = success
        items.append(item)
    results = {f"{verb}InstanceRamRoleResult": items}
    return {
        "RamRoleName": name,
        "TotalCount": len(items),
        "FailCount": failed,
        f"{verb}InstanceRamRoleResults": results,
    }

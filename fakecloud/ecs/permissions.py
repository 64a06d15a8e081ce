"""The needs of each ECS call in the caller's policies, and how ECS refuses. Judges nothing itself.

Sources: "RAM authorization" tables of the API pages (2024 on) for the role actions, ECS "Authentication rules" (2021) for
the rest. docs/security.md says which are certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fakecloud.ecs import exceptions
from fakecloud.ecs.models import Region
from fakecloud.ecs.roles_api import id_list
from fakecloud.errors import CloudError, NotEmulated
from fakecloud.judgements import Judgement, Need, Refused
from fakecloud.service import Call


class ForbiddenRam(Refused):
    """Code and text are in the error tables of other ECS actions; that all refuse so is likely."""

    code = "Forbidden.RAM"
    message = "User not authorized to operate on the specified resource, or this API doesn't support RAM."


class PassRoleForbidden(Refused):
    code, message = exceptions.PassRoleForbidden.code, exceptions.PassRoleForbidden.message


def needs(call: Call) -> list[Need]:
    if call.action not in NEEDS:
        raise NotEmulated(f"the permissions of the ECS action {call.action}")
    return NEEDS[call.action](call)


def refusal(call: Call, judgement: Judgement) -> CloudError | dict[str, Any]:
    """DescribeInstances shows an empty list; only its DryRun says that a permission is missing (its API page)."""
    if judgement.action == "ram:PassRole":
        return PassRoleForbidden(judgement)
    if call.action != "DescribeInstances" or call.args["DryRun"]:
        return ForbiddenRam(judgement)
    by_token = call.args["MaxResults"] is not None or call.args["NextToken"] is not None
    numbers = {} if by_token else {name: call.args[name] for name in ("PageNumber", "PageSize")}
    return {"TotalCount": 0, "NextToken": "", **numbers, "Instances": {"Instance": []}}


def request_tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {f"acs:RequestTag/{key}": value for key, value in tags.items()}


def resource_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Both spellings: acs:ResourceTag is today's, ecs:tag the older one."""
    return {f"{kind}/{key}": value for key, value in tags.items() for kind in ("acs:ResourceTag", "ecs:tag")}


def _tags_of(call: Call, tags: Mapping[str, str]) -> dict[str, str]:
    reads = call.action.startswith(("Describe", "List"))
    return {} if reads and call.cloud.switches.resource_tag_in_reads == "absent" else resource_tags(tags)


def arn(call: Call, resource: str, region: str = "", service: str = "ecs") -> str:
    return f"acs:{service}:{region or call.args.get('RegionId') or '*'}:{call.account}:{resource}"


def on_instances(call: Call, ids: Iterable[str], action: str = "", tags: Mapping[str, str] | None = None) -> list[Need]:
    """The action on each instance, with the tags it has; without ids on `instance/*`. tags: those of the request."""
    region: Region = call.cloud.ecs.region(call)
    asked = request_tags(tags or {})
    found = [(arn(call, f"instance/{n}"), region.get(n)) for n in ids] or [(arn(call, "instance/*"), None)]
    name = action or f"ecs:{call.action}"
    return [Need(name, resource, {**asked, **_tags_of(call, i.tags if i else {})}) for resource, i in found]


def _given(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {row.get("Key", row.get("key", "")): row.get("Value", row.get("value", "")) for row in rows}


def _role(call: Call, name: str) -> Need:
    """Authorisation sees role names in lower case, as Alibaba Cloud's own policies write them."""
    region = "" if call.cloud.switches.ecs_role_region == "empty" else call.args["RegionId"]
    return Need(f"ecs:{call.action}", f"acs:ram:{region}:{call.account}:role/{name.lower()}")


def _pass(call: Call, name: str) -> Need:
    resource = f"acs:ram::{call.account}:role/{name.lower()}"
    return Need("ram:PassRole", resource, {"acs:Service": "ecs.aliyuncs.com"})


def _attach(call: Call) -> list[Need]:
    name = call.args["RamRoleName"]
    return [*on_instances(call, id_list(call.args["InstanceIds"], 100)), _role(call, name), _pass(call, name)]


def _detach(call: Call) -> list[Need]:
    """Without RamRoleName: on the roles that are taken off. That PassRole is needed is only implied by its error table."""
    ids, region = id_list(call.args["InstanceIds"], 100), call.cloud.ecs.region(call)
    on_them = {i.role: None for n in ids if (i := region.get(n)) and i.role}
    names = [call.args["RamRoleName"]] if call.args["RamRoleName"] else list(on_them)
    passed = [_pass(call, name) for name in names] if call.cloud.switches.detach_needs_pass_role == "yes" else []
    return [*on_instances(call, ids), *(_role(call, name) for name in names), *passed]


def _describe_role(call: Call) -> list[Need]:
    """On the instances and on the role that are named. Both types are optional in the table: either may be left out."""
    ids, name = call.args["InstanceIds"], call.args["RamRoleName"]
    role = [_role(call, name)] if name else []
    return [*on_instances(call, id_list(ids, 50)), *role] if ids is not None else role or on_instances(call, [])


def _describe(call: Call) -> list[Need]:
    """On the ids asked for; else on all, with the tags filtered by as the resources': so tag conditions need the filter."""
    if call.args["InstanceIds"]:
        return on_instances(call, id_list(call.args["InstanceIds"], 100))
    tags = {key: value for key, value in _given(call.args["Tag"]).items() if value}
    return [Need("ecs:DescribeInstances", arn(call, "instance/*"), _tags_of(call, tags))]


def _launch(call: Call) -> list[Need]:
    """On what is made and on what it is made of, as far as the call names it; the tags are the request's."""
    tags, params = _given(call.args["Tag"]), call.params
    context = {**request_tags(tags), **{f"ecs:tag/{key}": value for key, value in tags.items()}}
    groups = [v for k, v in params.items() if k.split(".")[0] in ("SecurityGroupId", "SecurityGroupIds")]
    made_of = [
        *(arn(call, f"image/{params[n]}") for n in ("ImageId",) if params.get(n)),
        *(arn(call, f"securitygroup/{group}") for group in groups),
        *(arn(call, f"keypair/{params[n]}") for n in ("KeyPairName",) if params.get(n)),
        *(arn(call, f"vswitch/{params[n]}", service="vpc") for n in ("VSwitchId",) if params.get(n)),
    ]
    role = [_pass(call, call.args["RamRoleName"])] if call.args["RamRoleName"] else []
    action = f"ecs:{call.action}"
    return [Need(action, arn(call, "instance/*"), context), *(Need(action, one, context) for one in made_of), *role]


def _one(call: Call) -> list[Need]:
    """InstanceId without RegionId: where the instance is, else any region."""
    wanted = call.args["InstanceId"]
    for region in call.cloud.ecs.regions():
        if region.account == call.account and (instance := region.get(wanted)):
            resource = arn(call, f"instance/{wanted}", region.name)
            return [Need(f"ecs:{call.action}", resource, _tags_of(call, instance.tags))]
    return [Need(f"ecs:{call.action}", arn(call, f"instance/{wanted}"))]


def _joined(call: Call) -> list[Need]:
    return on_instances(call, [call.args["ResourceId"] or "*"])


def _tagged(call: Call) -> list[Need]:
    ids = call.args["ResourceId"]
    return on_instances(call, [ids] if isinstance(ids, str) else ids, tags=_given(call.args.get("Tag") or []))


def _all_instances(call: Call) -> list[Need]:
    return on_instances(call, [])


def _anything(call: Call) -> list[Need]:
    return [Need(f"ecs:{call.action}", arn(call, "*"))]


NEEDS: dict[str, Callable[[Call], list[Need]]] = {
    "AttachInstanceRamRole": _attach, "DetachInstanceRamRole": _detach, "DescribeInstanceRamRole": _describe_role,
    "DescribeInstances": _describe, "DescribeInstanceStatus": _all_instances, "DescribeInstanceAttribute": _one,
    "DescribeRegions": _anything, "RunInstances": _launch, "CreateInstance": _launch, "StartInstance": _one,
    "StopInstance": _one, "DeleteInstance": _one, "TagResources": _tagged, "UntagResources": _tagged,
    "JoinResourceGroup": _joined, "ModifyInstanceAttribute": _one, "ReplaceSystemDisk": _one, "ModifyInstanceSpec": _one,
    "ModifyPrepayInstanceSpec": _one, "ModifyInstanceVpcAttribute": _one, "ModifyInstanceMetadataOptions": _one, "AddTags": _tagged, "RemoveTags": _tagged, "ListTagResources": _tagged,
}  # fmt: skip
"""Action -> what it needs. An action without an entry is refused loudly."""

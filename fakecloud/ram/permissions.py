"""The needs of each RAM call in the caller's policies, and how RAM refuses. Judges nothing itself.

Source: RAM "RAM authentication" (the table of APIs and resource formats). Its `acs:ram:*:ACCOUNT:...` has no region of its own,
so the region asked about is empty here: policies that write `*` and policies that write nothing both cover it (a guess).
"""

from __future__ import annotations

from fakecloud.errors import CloudError, NotEmulated
from fakecloud.judgements import Judgement, Need, Refused
from fakecloud.service import Call


class NoPermission(Refused):
    code, message = "NoPermission", "You are not authorized to do this action. You should be authorized by RAM."


_ROLE, _USER, _POLICY = "role/{RoleName}", "user/{UserName}", "policy/{PolicyName}"
_TAGGED = "{ResourceType}/{ResourceNames}"
RESOURCES: dict[str, tuple[str, ...]] = {
    "CreateRole": ("role/*",), "ListRoles": ("role/*",),
    **dict.fromkeys(("GetRole", "UpdateRole", "DeleteRole", "ListPoliciesForRole"), (_ROLE,)),
    "CreateUser": ("user/*",), "ListUsers": ("user/*",),
    **dict.fromkeys(
        ("GetUser", "DeleteUser", "CreateAccessKey", "ListAccessKeys", "DeleteAccessKey", "ListPoliciesForUser"), (_USER,)
    ),
    "CreatePolicy": ("policy/*",), "ListPolicies": ("policy/*",),
    **dict.fromkeys(
        ("GetPolicy", "DeletePolicy", "UpdatePolicyDescription", "ListEntitiesForPolicy", "CreatePolicyVersion",
         "GetPolicyVersion", "ListPolicyVersions", "SetDefaultPolicyVersion", "DeletePolicyVersion"), (_POLICY,)
    ),
    **dict.fromkeys(("AttachPolicyToRole", "DetachPolicyFromRole"), (_ROLE, _POLICY)),
    **dict.fromkeys(("AttachPolicyToUser", "DetachPolicyFromUser"), (_USER, _POLICY)),
    **dict.fromkeys(("TagResources", "UntagResources", "ListTagResources"), (_TAGGED,)),
}  # fmt: skip
"""Action -> the resources it is judged on, with the parameters that name them."""


def needs(call: Call) -> list[Need]:
    if call.action not in RESOURCES:
        raise NotEmulated(f"the permissions of the RAM action {call.action}")
    named = [one for resource in RESOURCES[call.action] for one in _resources(call, resource)]
    return [Need(f"ram:{call.action}", resource) for resource in named]


def refusal(call: Call, judgement: Judgement) -> CloudError:
    return NoPermission(judgement)


def _resources(call: Call, form: str) -> list[str]:
    """System policies belong to the account `system`; role names are lower-case; UserName left out is the caller's."""
    args, account = call.args, call.account
    if form == _TAGGED:
        kind, names = args["ResourceType"], args.get("ResourceNames")
        every = [str(name) for name in names] if isinstance(names, list) and names else ["*"]
        return [f"acs:ram::{account}:{kind}/{name.lower() if kind == 'role' else name}" for name in every]
    if form == _POLICY and args.get("PolicyType") == "System":
        account = "system"
    own = call.identity.name if call.identity.kind == "RAMUser" else "*"
    given = {
        "RoleName": (args.get("RoleName") or "").lower(),
        "UserName": args.get("UserName") or own,
        "PolicyName": args.get("PolicyName"),
    }
    return [f"acs:ram::{account}:{form.format(**given)}"]

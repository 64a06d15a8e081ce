"""RAM's actions on policies as wholes; their versions are in versions_api.py. System policies can be read, never changed."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any

from fakecloud.ram import paging, tags
from fakecloud.ram.models import Policy
from fakecloud.ram.roles_api import PAGED, tag_list
from fakecloud.ram.versions_api import shown as version_shown
from fakecloud.rpc import Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ram.api import Ram

POLICY_NAME = Param(required=True)
POLICY_TYPE = Param(required=True)


def shown(policy: Policy, *, updated: bool = True, count: bool = True) -> dict[str, Any]:
    return {
        "PolicyName": policy.name,
        "PolicyType": policy.type,
        "Description": policy.description,
        "DefaultVersion": policy.default,
        "CreateDate": policy.created,
        **({"UpdateDate": policy.updated} if updated else {}),
        **({"AttachmentCount": len(policy.attached)} if count else {}),
    }


def declare(ram: Ram) -> None:
    @ram.declare(
        {
            "PolicyName": POLICY_NAME,
            "PolicyDocument": Param(required=True),
            "Description": Param(),
            "Tag": Param("json"),
        },
        write=True,
    )
    def CreatePolicy(call: Call) -> dict[str, Any]:
        state, args, now = ram.state(call), call.args, ram.cloud.clock.stamp()
        ram.policy_document(args["PolicyDocument"])
        own = tags.read(args["Tag"])
        policy = Policy("Custom", args["PolicyName"], now, now, args["Description"] or "")
        policy.add(args["PolicyDocument"], now, as_default=True)
        state.tags["policy"].check_limit(policy.key, own, ram.quotas.tags)
        state.add_policy(policy)
        state.tags["policy"].put(policy.key, own, ram.quotas.tags)
        return {"Policy": shown(policy, updated=False, count=False)}

    @ram.declare({"PolicyName": POLICY_NAME, "PolicyType": POLICY_TYPE})
    def GetPolicy(call: Call) -> dict[str, Any]:
        policy = ram.state(call).policy(call.args["PolicyType"], call.args["PolicyName"])
        version = version_shown(policy, policy.versions[policy.default])
        return {"Policy": shown(policy), "DefaultPolicyVersion": version}

    @ram.declare({"PolicyType": Param(), **PAGED, "Tag": Param("json")})
    def ListPolicies(call: Call) -> dict[str, Any]:
        """Custom policies come before system policies; the cloud's own order is not documented."""
        state, args = ram.state(call), call.args
        type_, own = args["PolicyType"], state.tags["policy"]
        after = paging.after("Marker", args["Marker"], tuple)
        start = max(after or ("", ""), (type_ or "", ""))
        wanted = tags.read(args["Tag"], filters=True)
        keys = own.matching(wanted, start) if wanted else state.policies.irange(minimum=start, inclusive=(False, True))
        found, marker = paging.page(takewhile(lambda key: type_ in (None, key[0]), keys), args["MaxItems"])
        rows = [{**shown(state.policies[key]), **tag_list(own.of(key))} for key in found]
        return {"Policies": {"Policy": rows}, "IsTruncated": bool(marker), **({"Marker": marker} if marker else {})}

    @ram.declare({"PolicyName": POLICY_NAME, "CascadingDelete": Param("bool", default=False)}, write=True)
    def DeletePolicy(call: Call) -> dict[str, Any]:
        ram.state(call).delete_policy(call.args["PolicyName"], cascading=call.args["CascadingDelete"])
        return {}

    @ram.declare({"PolicyName": POLICY_NAME, "NewDescription": Param(required=True)}, write=True)
    def UpdatePolicyDescription(call: Call) -> dict[str, Any]:
        policy = ram.state(call).policy("Custom", call.args["PolicyName"])
        policy.description, policy.updated = call.args["NewDescription"], ram.cloud.clock.stamp()
        return {"Policy": shown(policy, count=False)}

"""RAM's actions that attach policies to roles and users, and list what is attached to what. User groups are not emulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakecloud.ram.account import Account
from fakecloud.ram.models import Role, User
from fakecloud.rpc import Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ram.api import Ram

POLICY = {"PolicyType": Param(required=True), "PolicyName": Param(required=True)}
ROLE = {"RoleName": Param(required=True)}
USER = {"UserName": Param(required=True)}


def held(state: Account, holder: Role | User) -> dict[str, Any]:
    rows = [
        {
            "PolicyName": name,
            "PolicyType": type_,
            "Description": state.policies[type_, name].description,
            "DefaultVersion": state.policies[type_, name].default,
            "AttachDate": date,
        }
        for (type_, name), date in holder.attached.items()
    ]
    return {"Policies": {"Policy": rows}}


def declare(ram: Ram) -> None:
    def attach(call: Call, state: Account, holder: Role | User) -> dict[str, Any]:
        state.attach(holder, call.args["PolicyType"], call.args["PolicyName"], ram.cloud.clock.stamp())
        return {}

    def detach(call: Call, state: Account, holder: Role | User) -> dict[str, Any]:
        state.detach(holder, call.args["PolicyType"], call.args["PolicyName"])
        return {}

    @ram.declare({**POLICY, **ROLE}, write=True)
    def AttachPolicyToRole(call: Call) -> dict[str, Any]:
        state = ram.state(call)
        return attach(call, state, state.role(call.args["RoleName"]))

    @ram.declare({**POLICY, **ROLE}, write=True)
    def DetachPolicyFromRole(call: Call) -> dict[str, Any]:
        state = ram.state(call)
        return detach(call, state, state.role(call.args["RoleName"]))

    @ram.declare({**POLICY, **USER}, write=True)
    def AttachPolicyToUser(call: Call) -> dict[str, Any]:
        state = ram.state(call)
        return attach(call, state, state.user(call.args["UserName"]))

    @ram.declare({**POLICY, **USER}, write=True)
    def DetachPolicyFromUser(call: Call) -> dict[str, Any]:
        state = ram.state(call)
        return detach(call, state, state.user(call.args["UserName"]))

    @ram.declare(ROLE)
    def ListPoliciesForRole(call: Call) -> dict[str, Any]:
        state = ram.state(call)
        return held(state, state.role(call.args["RoleName"]))

    @ram.declare(USER)
    def ListPoliciesForUser(call: Call) -> dict[str, Any]:
        state = ram.state(call)
        return held(state, state.user(call.args["UserName"]))

    @ram.declare(POLICY)
    def ListEntitiesForPolicy(call: Call) -> dict[str, Any]:
        state = ram.state(call)
        policy = state.policy(call.args["PolicyType"], call.args["PolicyName"])
        rows: dict[str, list[dict[str, Any]]] = {"Role": [], "User": []}
        for (kind, name), date in policy.attached.items():
            entity = state.role(name).entity() if kind == "Role" else state.user(name).entity()
            rows[kind].append({**entity, "AttachDate": date})
        return {"Roles": {"Role": rows["Role"]}, "Users": {"User": rows["User"]}, "Groups": {"Group": []}}

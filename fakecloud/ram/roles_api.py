"""RAM's actions on roles: parameters in, answers out. Rules are in account.py, checks of names and documents in checks.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakecloud.ram import paging, tags
from fakecloud.ram.models import Role
from fakecloud.rpc import Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ram.api import Ram

ROLE_NAME = Param(required=True)
SESSION = Param("int", low=3600, high=43200)
PAGED = {"Marker": Param(), "MaxItems": Param("int", low=1, high=1000, default=100)}


def summary(role: Role) -> dict[str, Any]:
    """Return what every answer says of a role; ListRoles says no more, above all no trust policy."""
    console = {} if role.allow_console_login is None else {"AllowConsoleLogin": role.allow_console_login}
    return {
        **role.entity(),
        "CreateDate": role.created,
        "MaxSessionDuration": role.max_session_seconds,
        **console,
    }


def whole(role: Role, *, updated: bool = True) -> dict[str, Any]:
    dates = {"UpdateDate": role.updated} if updated else {}
    return {"Role": {**summary(role), "AssumeRolePolicyDocument": role.trust_text, **dates}}


def tag_list(own: dict[str, str]) -> dict[str, Any]:
    """Tags as listings show them; that untagged resources have no Tags at all is a guess."""
    return {"Tags": {"Tag": [{"TagKey": key, "TagValue": value} for key, value in own.items()]}} if own else {}


def declare(ram: Ram) -> None:
    @ram.declare(
        {
            "RoleName": ROLE_NAME,
            "AssumeRolePolicyDocument": Param(required=True),
            "Description": Param(),
            "MaxSessionDuration": SESSION,
            "AllowConsoleLogin": Param("bool"),
            "Tag": Param("json"),
        },
        write=True,
    )
    def CreateRole(call: Call) -> dict[str, Any]:
        state, args, now = ram.state(call), call.args, ram.cloud.clock.stamp()
        text = args["AssumeRolePolicyDocument"]
        document = ram.trust_document("AssumeRolePolicyDocument", text)
        own = tags.read(args["Tag"])
        role = Role(
            call.account,
            args["RoleName"],
            text,
            document,
            now,
            now,
            args["Description"] or "",
            args["MaxSessionDuration"] or 3600,
            args["AllowConsoleLogin"],
        )
        state.tags["role"].check_limit(role.name.lower(), own, ram.quotas.tags)
        state.add_role(role)
        state.tags["role"].put(role.name.lower(), own, ram.quotas.tags)
        return whole(role, updated=False)

    @ram.declare({"RoleName": ROLE_NAME})
    def GetRole(call: Call) -> dict[str, Any]:
        return whole(ram.state(call).role(call.args["RoleName"]))

    @ram.declare(
        {
            "RoleName": ROLE_NAME,
            "NewAssumeRolePolicyDocument": Param(),
            "NewDescription": Param(),
            "NewMaxSessionDuration": SESSION,
            "NewAllowConsoleLogin": Param("bool"),
        },
        write=True,
    )
    def UpdateRole(call: Call) -> dict[str, Any]:
        role, args = ram.state(call).role(call.args["RoleName"]), call.args
        text = args["NewAssumeRolePolicyDocument"]
        if text is not None:
            role.trust = ram.trust_document("NewAssumeRolePolicyDocument", text)
            role.trust_text = text
        if args["NewDescription"] is not None:
            role.description = args["NewDescription"]
        if args["NewMaxSessionDuration"] is not None:
            role.max_session_seconds = args["NewMaxSessionDuration"]
        if args["NewAllowConsoleLogin"] is not None:
            role.allow_console_login = args["NewAllowConsoleLogin"]
        role.updated = ram.cloud.clock.stamp()
        return whole(role)

    @ram.declare({**PAGED, "Tag": Param("json")})
    def ListRoles(call: Call) -> dict[str, Any]:
        state, args = ram.state(call), call.args
        after = paging.after("Marker", args["Marker"], str)
        own = state.tags["role"]
        wanted = tags.read(args["Tag"], filters=True)
        keys = own.matching(wanted, after) if wanted else state.roles.irange(minimum=after, inclusive=(False, True))
        found, marker = paging.page(keys, args["MaxItems"])
        roles = [state.roles[key] for key in found]
        tagged = ram.cloud.switches.list_roles_tags == "shown"
        shown = [
            {**summary(role), "UpdateDate": role.updated, **(tag_list(own.of(role.name.lower())) if tagged else {})}
            for role in roles
        ]
        return {"Roles": {"Role": shown}, "IsTruncated": bool(marker), **({"Marker": marker} if marker else {})}

    @ram.declare({"RoleName": ROLE_NAME}, write=True)
    def DeleteRole(call: Call) -> dict[str, Any]:
        ram.state(call).delete_role(call.args["RoleName"])
        return {}

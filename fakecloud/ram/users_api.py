"""RAM's actions on users and their access keys. Secrets live in the cloud's key ring; RAM keeps ids and dates only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakecloud.ram import exceptions as errors
from fakecloud.ram import paging
from fakecloud.ram.models import User
from fakecloud.ram.roles_api import PAGED
from fakecloud.rpc import MissingParameter, Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ram.api import Ram

USER_NAME = Param(required=True)


def shown(user: User, *, updated: bool = True) -> dict[str, Any]:
    given = {"Comments": user.comments, "Email": user.email, "MobilePhone": user.mobile_phone}
    dates = {"UpdateDate": user.updated} if updated else {}
    return {
        **user.entity(),
        **{name: text for name, text in given.items() if text},
        "CreateDate": user.created,
        **dates,
    }


def declare(ram: Ram) -> None:
    @ram.declare(
        {
            "UserName": USER_NAME,
            "DisplayName": Param(),
            "Comments": Param(),
            "Email": Param(),
            "MobilePhone": Param(),
        },
        write=True,
    )
    def CreateUser(call: Call) -> dict[str, Any]:
        state, args, now = ram.state(call), call.args, ram.cloud.clock.stamp()
        user = User(
            call.account,
            args["UserName"],
            now,
            now,
            args["DisplayName"] or "",
            args["Comments"] or "",
            args["Email"] or "",
            args["MobilePhone"] or "",
        )
        state.add_user(user)
        return {"User": shown(user, updated=False)}

    @ram.declare({"UserName": USER_NAME})
    def GetUser(call: Call) -> dict[str, Any]:
        return {"User": shown(ram.state(call).user(call.args["UserName"]))}

    @ram.declare(PAGED)
    def ListUsers(call: Call) -> dict[str, Any]:
        users = ram.state(call).users
        after = paging.after("Marker", call.args["Marker"], str)
        found, marker = paging.page(users.irange(minimum=after, inclusive=(False, True)), call.args["MaxItems"])
        rows = [shown(users[name]) for name in found]
        return {"Users": {"User": rows}, "IsTruncated": bool(marker), **({"Marker": marker} if marker else {})}

    @ram.declare({"UserName": USER_NAME}, write=True)
    def DeleteUser(call: Call) -> dict[str, Any]:
        ram.state(call).delete_user(call.args["UserName"])
        return {}

    def of(call: Call) -> User:
        """The user named; without a name the caller, if it is a user (keys of an account itself are not emulated)."""
        name = call.args["UserName"] or (call.identity.name if call.identity.kind == "RAMUser" else "")
        if not name:
            raise MissingParameter("UserName")
        return ram.state(call).user(name)

    @ram.declare({"UserName": Param()}, write=True)
    def CreateAccessKey(call: Call) -> dict[str, Any]:
        user = of(call)
        if len(user.access_keys) >= ram.quotas.access_keys:
            raise errors.TooManyAccessKeys()
        key = ram.cloud.keys.permanent(user.identity)
        user.access_keys[key.access_key_id] = ram.cloud.clock.stamp()
        return {"AccessKey": {**row(key.access_key_id, user), "AccessKeySecret": key.secret}}

    @ram.declare({"UserName": Param()})
    def ListAccessKeys(call: Call) -> dict[str, Any]:
        user = of(call)
        return {"AccessKeys": {"AccessKey": [row(key, user) for key in user.access_keys]}}

    @ram.declare({"UserAccessKeyId": Param(required=True), "UserName": Param()}, write=True)
    def DeleteAccessKey(call: Call) -> dict[str, Any]:
        user, key = of(call), call.args["UserAccessKeyId"]
        if key not in user.access_keys:
            raise errors.AccessKeyNotFound()
        del user.access_keys[key]
        ram.cloud.keys.remove(key)
        return {}

    def row(key: str, user: User) -> dict[str, Any]:
        return {"AccessKeyId": key, "Status": "Active", "CreateDate": user.access_keys[key]}

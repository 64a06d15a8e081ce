"""RAM's tag actions on roles and policies. Tag, ResourceNames and TagKeys are JSON strings, unlike in ECS's Tag.N."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fakecloud.ram import checks, paging, tags
from fakecloud.ram import exceptions as errors
from fakecloud.ram.account import Account
from fakecloud.rpc import MissingParameter, Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ram.api import Ram

TYPE = Param(required=True, values=("role", "policy"))
NAMES_LIMIT, KEYS_LIMIT = 50, 20


def names(value: Any, parameter: str, limit: int) -> list[str]:
    """A JSON list of names, without doubles; None for none."""
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > limit or not all(isinstance(name, str) and name for name in value):
        raise errors.InvalidResourceNames(
            f"{parameter} must be a JSON list of at most {limit} strings.", code=f"InvalidParameter.{parameter}"
        )
    return list(dict.fromkeys(value))


def resources(state: Account, call: Call) -> list[Any]:
    """The keys of the resources named; all must exist. Only custom policies carry tags."""
    is_role = call.args["ResourceType"] == "role"
    found = names(call.args["ResourceNames"], "ResourceNames", NAMES_LIMIT)
    if not found:
        raise MissingParameter("ResourceNames")
    for name in found:
        checks.name("RoleName" if is_role else "PolicyName", name)
    return [state.role(name).name.lower() if is_role else state.policy("Custom", name).key for name in found]


def declare(ram: Ram) -> None:
    @ram.declare(
        {"ResourceType": TYPE, "ResourceNames": Param("json", required=True), "Tag": Param("json", required=True)},
        write=True,
    )
    def TagResources(call: Call) -> dict[str, Any]:
        state = ram.state(call)
        own, given = state.tags[call.args["ResourceType"]], tags.read(call.args["Tag"])
        if not given:
            raise MissingParameter("Tag")
        found = resources(state, call)
        for key in found:  # all or none
            own.check_limit(key, given, ram.quotas.tags)
        for key in found:
            own.put(key, given, ram.quotas.tags)
        return {}

    @ram.declare(
        {
            "ResourceType": TYPE,
            "ResourceNames": Param("json", required=True),
            "TagKeys": Param("json"),
            "All": Param("bool", default=False),
        },
        write=True,
    )
    def UntagResources(call: Call) -> dict[str, Any]:
        """All counts only where no TagKeys are given, as in ECS; RAM's page does not say."""
        state, args = ram.state(call), call.args
        keys = names(args["TagKeys"], "TagKeys", KEYS_LIMIT)
        if not keys and not args["All"]:
            raise MissingParameter("TagKeys")
        for key in resources(state, call):
            state.tags[args["ResourceType"]].remove(key, keys or None)
        return {}

    @ram.declare(
        {
            "ResourceType": TYPE,
            "ResourceNames": Param("json"),
            "Tag": Param("json"),
            "PageSize": Param("int", low=1, high=100, default=20),
            "NextToken": Param(),
        }
    )
    def ListTagResources(call: Call) -> dict[str, Any]:
        """All tags of the resources that are named and have every tag asked for. The default PageSize is a guess."""
        state, args = ram.state(call), call.args
        type_ = args["ResourceType"]
        named = set(names(args["ResourceNames"], "ResourceNames", NAMES_LIMIT))
        wanted = tags.read(args["Tag"], filters=True)
        after = paging.after("NextToken", args["NextToken"], tuple) or ("", "")
        found, token = paging.page(_pairs(state, type_, named, wanted, after), args["PageSize"])
        own = state.tags[type_]
        rows = [
            {
                "ResourceType": type_,
                "ResourceName": _name(state, type_, key),
                "TagKey": tag,
                "TagValue": own.of(_key(type_, key))[tag],
            }
            for key, tag in found
        ]
        return {"TagResources": rows, **({"NextToken": token} if token else {})}


def _key(type_: str, name: str) -> Any:
    return name if type_ == "role" else ("Custom", name)


def _name(state: Account, type_: str, key: str) -> str:
    return str(state.roles[key].name) if type_ == "role" else key


def _pairs(
    state: Account, type_: str, named: set[str], wanted: list[tags.Filter], after: tuple[str, str]
) -> Iterator[tuple[str, str]]:
    """Resource name (a role's lower-cased) and tag key, in order, from the one after `after`."""
    own, start = state.tags[type_], _key(type_, after[0])
    keys: Iterator[Any] = own.matching(wanted, start, inclusive=True)
    if named:
        asked = {_key(type_, name.lower() if type_ == "role" else name) for name in named}
        keys = (key for key in sorted(asked) if key >= start and own.has(key, wanted))
    for key in keys:
        name = key if type_ == "role" else key[1]
        if not named or _name(state, type_, name) in named:
            yield from ((name, tag) for tag in own.of(key) if (name, tag) > after)

"""The calls that change an attribute which rules may ask for or roles require, or the role itself: what each of them changed, and where its ids are.

Parameters by the definitions of ECS 2014-05-26 and Resource Management 2020-03-31. That a record keeps them as they were sent,
lists flattened ("Resources.1.ResourceId"), follows from published records of other calls: none of these calls was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from shared.events.resources import Found, find, requested
from shared.events.values import Json, folded, last_word, text
from shared.model.instance import ROLE


class Call(msgspec.Struct, frozen=True):
    """One kind of call. attributes: what it may change, named as in model.Instance. only_with: parameters of which one must
    be there; without, the call changed something else. results: the key of the answer that tells of each instance."""

    attributes: tuple[str, ...]
    only_with: tuple[str, ...] = ()
    results: str = ""


_MOVE = Call(("resource_group",), results="responses")

CALLS: Mapping[str, Mapping[str, Call]] = {
    "ecs": {
        "attachinstanceramrole": Call((ROLE,), results="attachinstanceramroleresults"),
        "detachinstanceramrole": Call((ROLE,), results="detachinstanceramroleresults"),
        "joinresourcegroup": Call(("resource_group",)),
        "modifyinstanceattribute": Call(("name",), only_with=("InstanceName",)),
        "replacesystemdisk": Call(("image",)),
        "modifyinstancespec": Call(("instance_type", "zone"), only_with=("InstanceType", "AllowMigrateAcrossZone")),
        "modifyprepayinstancespec": Call(("instance_type", "zone")),
        "modifyinstancemetadataoptions": Call(("http_tokens",), only_with=("HttpTokens",)),
        "modifyinstancevpcattribute": Call(("vpc",), only_with=("VpcId",)),
    },
    "resourcemanager": {"moveresources": _MOVE},
}  # fmt: skip
"""By service and call, both in lower case. JoinResourceGroup is a call of many products: that of ECS alone is here."""

_MOVED = re.compile(r"resources\.(\d+)\.(resourceid|resourcetype|service|regionid)", re.ASCII)


def changed_by(call: Call, parameters: Json) -> tuple[str, ...]:
    """Return the attributes that a call with these parameters may have changed."""
    return call.attributes if not call.only_with or any(name.lower() in parameters for name in call.only_with) else ()


def named_in(call: Call, parameters: Json) -> Found:
    """Return the instances of the request, and what else it names."""
    return find(*_moved(parameters)) if call is _MOVE else find(*requested(parameters))


def refused(call: Call, response: Json) -> frozenset[str]:
    """Return the ids that the answer of HTTP 200 says were refused: an error's code, or Success false, in the row of each."""
    results: object = response.get(call.results)
    if not isinstance(results, list):  # {"AttachInstanceRamRoleResult": [...]}
        results = next((rows for rows in folded(results).values() if isinstance(rows, list)), [])
    rows = [folded(row) for row in results if isinstance(row, dict)]
    return frozenset(
        text(row.get("instanceid")) or text(row.get("resourceid"))
        for row in rows
        if row.get("errorcode") or row.get("success") in (False, "false")
    )


def _moved(parameters: Json) -> Iterator[Json]:
    """Each resource of MoveResources that may be an ECS instance, with its region: flattened, or a list of objects.

    Of another product's, its type alone, so that it shows what the call was about."""
    whole = parameters.get("resources")
    rows: dict[str, dict[str, object]] = {}
    for key, value in parameters.items():
        if match := _MOVED.fullmatch(key):
            rows.setdefault(match[1], {})[match[2]] = value
    for row in (*rows.values(), *map(folded, whole if isinstance(whole, list) else ())):
        product, kind = text(row.get("service")).lower() or "ecs", last_word(row.get("resourcetype")) or "instance"
        if (product, kind) == ("ecs", "instance"):
            yield {"resourceid": row.get("resourceid"), "regionid": row.get("regionid")}
        else:
            yield {"resourcetype": f"{product}:{kind}"}

"""ECS TagResources, UntagResources, ListTagResources and the older AddTags, RemoveTags, on instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fakecloud.ecs import exceptions as errors
from fakecloud.ecs.index import Key
from fakecloud.ecs.models import Instance, Region
from fakecloud.errors import CloudError, NotEmulated
from fakecloud.rpc import MissingParameter, Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ecs.api import Ecs

MOST_TAGS, MOST_RESOURCES = 20, 50
TAG = Param("objects", keys=("Key", "Value", "key", "value"))
_TAGS = Param("objects", required=True, keys=TAG.keys, absent=errors.MissingTags)
_REGION = Param(required=True, absent=errors.MissingTagRegion)
_KINDS = ("instance", "disk", "snapshot", "image", "securitygroup", "volume", "eni", "ddh", "ddhcluster", "keypair",
          "launchtemplate", "reservedinstance", "snapshotpolicy", "elasticityassurance", "capacityreservation", "command",
          "invocation", "activation", "managedinstance")  # fmt: skip
_TYPE = Param(required=True, values=_KINDS, absent=errors.MissingResourceType, wrong=errors.InvalidResourceType)
_WHERE = {"RegionId": _REGION, "ResourceType": _TYPE}


def checked_tags(rows: list[dict[str, str]]) -> dict[str, str]:
    """Tags as given, checked: 20 at most, keys of 1..128 characters, no reserved prefix, values to 128."""
    if len(rows) > MOST_TAGS:
        raise errors.NumberExceedTags()
    tags: dict[str, str] = {}
    for row in rows:
        key, value = row.get("Key", row.get("key", "")), row.get("Value", row.get("value", ""))
        check_tag(key, value)
        if key in tags:
            raise errors.DuplicateTagKey()
        if key.lower() in (k.lower() for k in tags):
            raise errors.TagKeyDuplication()
        tags[key] = value
    return tags


def check_tag(key: str, value: str) -> None:
    """Raises InvalidTagKey or InvalidTagValue."""
    if not 1 <= len(key) <= 128 or key.lower().startswith(("aliyun", "acs:")) or _link(key):
        raise errors.InvalidTagKey()
    if len(value) > 128 or _link(value):
        raise errors.InvalidTagValue()


def _link(text: str) -> bool:
    return "http://" in text or "https://" in text


def add(ecs: Ecs, region: Region, instances: list[Instance], tags: Mapping[str, str]) -> None:
    """All or none: checked for every instance first. Only what really changes is announced."""
    for instance in instances:
        lower = {key.lower(): key for key in instance.tags}
        if any(lower.get(key.lower(), key) != key for key in tags):
            raise errors.TagKeyDuplication()
        if len(instance.tags.keys() | tags.keys()) > MOST_TAGS:
            raise errors.TagQuotaExceeded()
    for instance in instances:
        changed = [key for key, value in tags.items() if instance.tags.get(key) != value]
        for key in changed:
            region.tag(instance, key, tags[key])
        if changed:
            ecs.announce_tags(region, instance, changed)


def remove(ecs: Ecs, region: Region, instances: list[Instance], keys: list[str] | None) -> None:
    """keys None = all of them. Taking off a tag that is not there is no error."""
    for instance in instances:
        gone = [key for key in list(instance.tags) if keys is None or key in keys]
        for key in gone:
            region.tag(instance, key, None)
        if gone:
            ecs.announce_tags(region, instance, gone)


def place(ecs: Ecs, call: Call) -> Region:
    if call.args["ResourceType"] != "instance":
        raise NotEmulated(f"ResourceType {call.args['ResourceType']!r}: only instance")
    return ecs.region(call)


def register(ecs: Ecs) -> None:
    def targets(call: Call, ids: list[str]) -> tuple[Region, list[Instance]]:
        region = place(ecs, call)
        if len(ids) > MOST_RESOURCES:
            raise errors.NumberExceedResourceIds()
        found = [region.get(i) for i in dict.fromkeys(ids)]
        if None in found:
            raise errors.InvalidResourceId()
        return region, [i for i in found if i]

    common = {**_WHERE, "ResourceId": Param("list", required=True, absent=errors.MissingResourceIds)}

    @ecs.declare({**common, "Tag": _TAGS}, write=True)
    def TagResources(call: Call) -> dict[str, Any]:
        tags = checked_tags(call.args["Tag"])
        add(ecs, *targets(call, call.args["ResourceId"]), tags)
        return {}

    @ecs.declare({**common, "TagKey": Param("list"), "All": Param("bool")}, write=True)
    def UntagResources(call: Call) -> dict[str, Any]:
        keys, everything = call.args["TagKey"], call.args["All"]
        if keys and everything:
            raise errors.ParamConflict()
        if not keys and not everything:
            raise MissingParameter("TagKey")
        if len(keys) > MOST_TAGS:
            raise errors.NumberExceedTags()
        remove(ecs, *targets(call, call.args["ResourceId"]), None if everything else keys)
        return {}

    old = {**_WHERE, "ResourceId": Param(required=True)}

    @ecs.declare({**old, "Tag": _TAGS}, write=True)
    def AddTags(call: Call) -> dict[str, Any]:
        add(ecs, *targets(call, [call.args["ResourceId"]]), checked_tags(call.args["Tag"]))
        return {}

    @ecs.declare({**old, "Tag": TAG}, write=True)
    def RemoveTags(call: Call) -> dict[str, Any]:
        """A tag with a value goes only where it has that value; without Tag all go."""
        region, instances = targets(call, [call.args["ResourceId"]])
        wanted = checked_tags(call.args["Tag"])
        keys = [k for i in instances for k, v in i.tags.items() if k in wanted and wanted[k] in ("", v)]
        remove(ecs, region, instances, keys if wanted else None)
        return {}

    @ecs.declare({**_WHERE, "ResourceId": Param("list"), "Tag": TAG, "NextToken": Param()})
    def ListTagResources(call: Call) -> dict[str, Any]:
        region, ids, wanted = place(ecs, call), call.args["ResourceId"], call.args["Tag"]
        if not ids and not wanted:
            raise errors.BothEmpty()
        if len(ids) > MOST_RESOURCES:
            raise errors.NumberExceedResourceIds()
        keys = tag_filters(wanted, too_many=errors.NumberExceedTags, alone=errors.TagValueAlone)
        after = ecs.after(call, region, "tags", errors.InvalidTagNextToken())
        if ids:  # at most 50: looked up, never walked to
            named = [i for n in dict.fromkeys(ids) if (i := region.get(n))]
            rows, more = [i for i in named if set(keys) <= set(i.keys())], None
        else:
            rows, more = region.page(keys, after, MOST_RESOURCES)
        tags = [
            {"ResourceId": i.instance_id, "ResourceType": "instance", "TagKey": k, "TagValue": v}
            for i in rows
            for k, v in i.tags.items()
        ]
        return {"NextToken": ecs.token(call, region, "tags", more), "TagResources": {"TagResource": tags}}


def tag_filters(rows: list[dict[str, str]], *, too_many: type[CloudError], alone: type[CloudError]) -> list[Key]:
    """Index keys for Tag.N filters: a key alone, or a key with its value. A value alone is refused."""
    if len(rows) > MOST_TAGS:
        raise too_many()
    keys: list[Key] = []
    for row in rows:
        key = row.get("Key", row.get("key", ""))
        if not key:
            raise alone()
        value = row.get("Value", row.get("value"))
        keys.append(("tag", key) if value is None else ("tag", key, value))
    return keys

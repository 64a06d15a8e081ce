"""ECS TagResources, UntagResources, ListTagResources and the older AddTags, RemoveTags, on instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fakecloud.ecs import exceptions as errors
from fakecloud.ecs.models import Instance, Region
from fakecloud.errors import NotEmulated
from fakecloud.rpc import MissingParameter, Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ecs.api import Ecs

TAG = Param("objects", keys=("Key", "Value", "key", "value"))
_IDS = Param("list", required=True)
MOST_TAGS, MOST_RESOURCES = 20, 50
TYPES = Param(required=True)


def checked_tags(rows: list[dict[str, str]]) -> dict[str, str]:
    """Tags as given, checked: 20 at most, keys of 1..128 characters, no reserved prefix, values to 128."""
    if len(rows) > MOST_TAGS:
        raise errors.NumberExceedTags()
    tags: dict[str, str] = {}
    for row in rows:
        key, value = row.get("Key", row.get("key", "")), row.get("Value", row.get("value", ""))
        if (
            not 1 <= len(key) <= 128
            or key.lower().startswith(("aliyun", "acs:"))
            or "http://" in key
            or "https://" in key
        ):
            raise errors.InvalidTagKey()
        if len(value) > 128 or "http://" in value or "https://" in value:
            raise errors.InvalidTagValue()
        if key.lower() in (k.lower() for k in tags):
            raise errors.TagKeyDuplication()
        tags[key] = value
    return tags


def add(ecs: Ecs, region: Region, instances: list[Instance], tags: Mapping[str, str]) -> None:
    """All or none: checked for every instance first."""
    for instance in instances:
        lower = {key.lower(): key for key in instance.tags}
        if any(lower.get(key.lower(), key) != key for key in tags):
            raise errors.TagKeyDuplication()
        if len(instance.tags.keys() | tags.keys()) > MOST_TAGS:
            raise errors.TagQuotaExceeded()
    for instance in instances:
        for key, value in tags.items():
            region.tag(instance, key, value)
        ecs.announce_tags(region, instance, list(tags))


def remove(ecs: Ecs, region: Region, instances: list[Instance], keys: list[str] | None) -> None:
    """keys None = all of them. Taking off a tag that is not there is no error."""
    for instance in instances:
        gone = [key for key in list(instance.tags) if keys is None or key in keys]
        for key in gone:
            region.tag(instance, key, None)
        if gone:
            ecs.announce_tags(region, instance, gone)


def register(ecs: Ecs) -> None:
    def targets(call: Call, ids: list[str]) -> tuple[Region, list[Instance]]:
        region = ecs.region(call)
        if call.args["ResourceType"] != "instance":
            raise NotEmulated(f"ResourceType {call.args['ResourceType']!r}: only instance")
        if len(ids) > MOST_RESOURCES:
            raise errors.NumberExceedResourceIds()
        found = [region.instances.get(i) for i in dict.fromkeys(ids)]
        if None in found:
            raise errors.InvalidResourceId()
        return region, [i for i in found if i]

    common = {"RegionId": Param(required=True), "ResourceType": TYPES, "ResourceId": _IDS}

    @ecs.declare({**common, "Tag": Param("objects", required=True, keys=TAG.keys)}, write=True)
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

    old = {"RegionId": Param(required=True), "ResourceType": TYPES, "ResourceId": Param(required=True)}

    @ecs.declare({**old, "Tag": Param("objects", required=True, keys=TAG.keys)}, write=True)
    def AddTags(call: Call) -> dict[str, Any]:
        add(ecs, *targets(call, [call.args["ResourceId"]]), checked_tags(call.args["Tag"]))
        return {}

    @ecs.declare({**old, "Tag": TAG}, write=True)
    def RemoveTags(call: Call) -> dict[str, Any]:
        region, instances = targets(call, [call.args["ResourceId"]])
        wanted = checked_tags(call.args["Tag"])
        keys = [k for i in instances for k, v in i.tags.items() if k in wanted and wanted[k] in ("", v)]
        remove(ecs, region, instances, keys if wanted else None)
        return {}

    listing = {"RegionId": Param(required=True), "ResourceType": TYPES, "ResourceId": Param("list"), "Tag": TAG,
               "NextToken": Param()}  # fmt: skip

    @ecs.declare(listing)
    def ListTagResources(call: Call) -> dict[str, Any]:
        region, ids, wanted = ecs.region(call), call.args["ResourceId"], call.args["Tag"]
        if call.args["ResourceType"] != "instance":
            raise NotEmulated(f"ResourceType {call.args['ResourceType']!r}: only instance")
        if not ids and not wanted:
            raise errors.BothEmpty()
        if len(ids) > MOST_RESOURCES:
            raise errors.NumberExceedResourceIds()
        keys = tag_filters(wanted)
        after = ecs.after(call, region, "tags", errors.InvalidTagNextToken)
        if ids:  # at most 50: looked up, never walked to
            named = [region.instances[i] for i in dict.fromkeys(ids) if i in region.instances]
            rows, more = [i for i in named if set(keys) <= set(i.keys())], None
        else:
            rows, more = region.page(keys, after, MOST_RESOURCES, lambda i: True)
        tags = [
            {"ResourceId": i.instance_id, "ResourceType": "instance", "TagKey": k, "TagValue": v}
            for i in rows for k, v in i.tags.items()
        ]  # fmt: skip
        return {"NextToken": ecs.token(call, region, "tags", more), "TagResources": {"TagResource": tags}}


def tag_filters(rows: list[dict[str, str]]) -> list[tuple[str, ...]]:
    """Index keys for Tag.N filters: a key alone, or a key with its value. A value alone is refused."""
    keys: list[tuple[str, ...]] = []
    for row in rows:
        key = row.get("Key", row.get("key", ""))
        if not key:
            raise errors.InvalidTagValue("Tag.N.Value is given without Tag.N.Key.", code="InvalidParameter.TagValue")
        value = row.get("Value", row.get("value"))
        keys.append(("tag", key) if value is None else ("tag", key, value))
    return keys

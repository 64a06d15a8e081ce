"""ECS DescribeInstances: its filters, its three ways of paging, and how it shows an instance."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from datetime import datetime, timezone
from itertools import islice
from typing import TYPE_CHECKING, Any

from fakecloud.ecs import exceptions as errors
from fakecloud.ecs.index import Key
from fakecloud.ecs.models import LOCK_REASONS, STATES, Accept, Instance, Region
from fakecloud.ecs.roles_api import IDS, id_list
from fakecloud.ecs.tags_api import TAG, tag_filters
from fakecloud.errors import CloudError, NotEmulated
from fakecloud.rpc import Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ecs.api import Ecs

MOST_TAGGED = 1000  # "up to 1,000 resources" match a Tag filter; the page sends one on to ListTagResources
_INDEXED = {"Status": "status", "InstanceNetworkType": "network", "VpcId": "vpc", "VSwitchId": "vswitch",
            "ZoneId": "zone", "ResourceGroupId": "resource_group", "InstanceType": "instance_type", "ImageId": "image",
            "LockReason": "lock_reason"}  # fmt: skip
_EXTRA = ("META_OPTIONS", "DDH_CLUSTER", "NETWORK_PRIMARY_ENI_IP", "CPU_OPTIONS_TOPOLOGY_TYPE")
_PARAMS = {
    "RegionId": Param(required=True), "InstanceIds": IDS, "Status": Param(values=STATES, wrong=errors.InvalidStatus),
    "InstanceNetworkType": Param(values=("classic", "vpc"), wrong=errors.InvalidNetworkType), "VpcId": Param(),
    "VSwitchId": Param(), "ZoneId": Param(), "ResourceGroupId": Param(), "InstanceName": Param(), "InstanceType": Param(),
    "ImageId": Param(), "LockReason": Param(values=(*LOCK_REASONS, "recycling"), wrong=errors.InvalidLockReason),
    "HttpTokens": Param(values=("optional", "required")), "HttpEndpoint": Param(values=("enabled", "disabled")),
    "Tag": TAG, "Filter": Param("objects", keys=("Key", "Value"), high=4),
    "AdditionalAttributes": Param("list", values=_EXTRA), "MaxResults": Param("int"), "NextToken": Param(),
    "DryRun": Param("bool"), "PageNumber": Param("int", low=1, default=1),
    "PageSize": Param("int", low=1, high=100, default=10),
}  # fmt: skip


def register(ecs: Ecs) -> None:
    @ecs.declare(_PARAMS)
    def DescribeInstances(call: Call) -> dict[str, Any]:
        args, region = call.args, ecs.region(call)
        keys, accept = filters(ecs, call, region)
        by_token = args["MaxResults"] is not None or args["NextToken"] is not None
        page = _ids_page if args["InstanceIds"] is not None else _token_page if by_token else _numbered_page
        rows, total, token = page(ecs, call, region, keys, accept, by_token)
        if args["DryRun"]:
            raise errors.DryRunOperation()
        meta = "META_OPTIONS" in args["AdditionalAttributes"]
        numbers = {} if by_token else {"PageNumber": args["PageNumber"], "PageSize": args["PageSize"]}
        items = {"Instance": [item(i, meta=meta) for i in rows]}
        return {"TotalCount": total, "NextToken": token, **numbers, "Instances": items}


Page = tuple[list[Instance], int, str]
"""The instances, TotalCount (documented as meaningless when paging by token: 0 then), NextToken."""


def filters(ecs: Ecs, call: Call, region: Region) -> tuple[list[Key], Accept | None]:
    """Return what is asked for: properties that the index knows, and a test for the rest (None where there is no rest)."""
    args = call.args
    keys: list[Key] = [(name, args[param]) for param, name in _INDEXED.items() if args[param]]
    if args["LockReason"] == "recycling":  # asked for in lower case, answered with a capital: the page has both
        keys[keys.index(("lock_reason", "recycling"))] = ("lock_reason", "Recycling")
    tags = tag_filters(args["Tag"], too_many=errors.InvalidTagCount, alone=errors.InvalidTagMismatch)
    keys += tags
    tests: list[Callable[[Instance], bool]] = []
    name = args["InstanceName"] or ""
    if "*" in name:
        pattern = name.replace("[", "[[]").replace("?", "[?]")
        tests.append(lambda i: fnmatch.fnmatchcase(i.name, pattern))
    elif name:
        keys.append(("name", name))
    if args["Filter"]:
        low, high = creation_range(args["Filter"])
        tests.append(lambda i: low <= i.created <= high)
    for param, attribute in (("HttpTokens", "http_tokens"), ("HttpEndpoint", "http_endpoint")):
        if wanted := args[param]:
            tests.append(lambda i, a=attribute, w=wanted: getattr(i, a) == w)  # type: ignore[misc]
    if tags and ecs.switches.tag_filter_beyond == "cut":
        beyond = next(islice(region.index.walk(tags), MOST_TAGGED, None), None)
        if beyond is not None:
            tests.append(lambda i: i.number < beyond)
    return keys, (lambda i: all(test(i) for test in tests)) if tests else None


def _ids_page(ecs: Ecs, call: Call, region: Region, keys: list[Key], accept: Accept | None, by_token: bool) -> Page:
    """InstanceIds: a filter like the others, and one that matches nothing where it is []."""
    asked, wanted = call.args["InstanceIds"], set(keys)
    found = [i for n in (id_list(asked, 100) if asked != [] else []) if (i := region.get(n))]
    rows = [i for i in found if wanted <= set(i.keys()) and (accept is None or accept(i))]
    if not by_token:
        start, size = _place(call)
        return rows[start : start + size], len(rows), ""
    start, size = ecs.after(call, region, "ids", _refused_token(ecs)) + 1, _size(call)
    more = start + size - 1 if len(rows) > start + size else None
    return rows[start : start + size], 0, ecs.token(call, region, "ids", more)


def _token_page(ecs: Ecs, call: Call, region: Region, keys: list[Key], accept: Accept | None, by_token: bool) -> Page:
    after = ecs.after(call, region, "instances", _refused_token(ecs))
    rows, more = region.page(keys, after, _size(call), accept)
    return rows, 0, ecs.token(call, region, "instances", more)


def _numbered_page(
    ecs: Ecs, call: Call, region: Region, keys: list[Key], accept: Accept | None, by_token: bool
) -> Page:
    return *region.slice(keys, *_place(call), accept), ""


def _refused_token(ecs: Ecs) -> CloudError:
    return errors.InvalidNextToken(code=ecs.switches.token_refused_code)


def _size(call: Call) -> int:
    """Unset or under 10 means 10, over 100 means 100 (the parameter's description)."""
    return min(100, max(10, call.args["MaxResults"] or 0))


def _place(call: Call) -> tuple[int, int]:
    size = call.args["PageSize"]
    return (call.args["PageNumber"] - 1) * size, size


def item(i: Instance, *, meta: bool = False) -> dict[str, Any]:
    """One instance as DescribeInstances shows it: without its RAM role, which only DescribeInstanceRamRole tells.

    meta: with MetadataOptions, which AdditionalAttributes must ask for.
    """
    made = datetime.fromtimestamp(i.created, timezone.utc).strftime("%Y-%m-%dT%H:%MZ")
    tags = [{"TagKey": k, "TagValue": v} for k, v in i.tags.items()]
    addresses = {"IpAddress": [i.ip] if i.network == "vpc" else []}
    options = {"HttpEndpoint": i.http_endpoint, "HttpTokens": i.http_tokens, "HttpPutResponseHopLimit": 1}
    return {
        "InstanceId": i.instance_id,
        "RegionId": i.region,
        "ZoneId": i.zone,
        "InstanceName": i.name,
        "HostName": i.name,
        "Status": i.status,
        "InstanceType": i.instance_type,
        "ImageId": i.image,
        "InstanceNetworkType": i.network,
        "ResourceGroupId": i.resource_group,
        "CreationTime": made,
        "DeletionProtection": i.deletion_protection,
        "VpcAttributes": {"VpcId": i.vpc, "VSwitchId": i.vswitch, "NatIpAddress": "", "PrivateIpAddress": addresses},
        "OperationLocks": {"LockReason": [{"LockReason": i.lock_reason, "LockMsg": ""}] if i.lock_reason else []},
        **({"Tags": {"Tag": tags}} if tags else {}),
        **({"MetadataOptions": options} if meta else {}),
    }


def creation_range(rows: list[dict[str, str]]) -> tuple[float, float]:
    """CreationStartTime and CreationEndTime of Filter.N, in seconds since the epoch."""
    low, high = float("-inf"), float("inf")
    for row in rows:
        key, value = row.get("Key", ""), row.get("Value", "")
        if key in ("ExpiredStartTime", "ExpiredEndTime"):
            raise NotEmulated(f"Filter {key}: emulated instances do not expire")
        if key not in ("CreationStartTime", "CreationEndTime"):
            raise errors.InvalidFilterKey()
        try:
            at = datetime.strptime(value, "%Y-%m-%dT%H:%MZ").replace(tzinfo=timezone.utc).timestamp()
        except ValueError:
            raise errors.InvalidFilterValue() from None
        low, high = (at, high) if key == "CreationStartTime" else (low, at)
    return low, high

"""ECS DescribeInstances, DescribeInstanceStatus, DescribeInstanceAttribute, DescribeRegions."""

from __future__ import annotations

import fnmatch
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from fakecloud.ecs import exceptions as errors
from fakecloud.ecs.models import REGIONS, Instance
from fakecloud.ecs.roles_api import id_list
from fakecloud.ecs.tags_api import TAG, tag_filters
from fakecloud.errors import NotEmulated
from fakecloud.rpc import InvalidParameter, Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ecs.api import Ecs

STATES = ("Pending", "Running", "Starting", "Stopping", "Stopped")
_FILTERS = {"Status": "status", "InstanceNetworkType": "network", "VpcId": "vpc", "VSwitchId": "vswitch",
            "ZoneId": "zone", "ResourceGroupId": "resource_group"}  # fmt: skip
_DESCRIBE = {
    "RegionId": Param(required=True), "InstanceIds": Param("json"), "Status": Param(values=STATES),
    "InstanceNetworkType": Param(values=("classic", "vpc")), "VpcId": Param(), "VSwitchId": Param(), "ZoneId": Param(),
    "ResourceGroupId": Param(), "InstanceName": Param(), "InstanceType": Param(), "ImageId": Param(), "Tag": TAG,
    "Filter": Param("objects", keys=("Key", "Value"), high=4), "AdditionalAttributes": Param("list"),
    "MaxResults": Param("int", default=None), "NextToken": Param(), "DryRun": Param("bool"),
    "PageNumber": Param("int", low=1, default=1), "PageSize": Param("int", low=1, high=100, default=10),
}  # fmt: skip


def register(ecs: Ecs) -> None:
    @ecs.declare(_DESCRIBE)
    def DescribeInstances(call: Call) -> dict[str, Any]:
        args, region = call.args, ecs.region(call)
        keys: list[tuple[Any, ...]] = [(name, args[param]) for param, name in _FILTERS.items() if args[param]]
        keys += tag_filters(args["Tag"])
        name = args["InstanceName"] or ""
        if name and "*" not in name:
            keys.append(("name", name))
        created = creation_range(args["Filter"])
        now = ecs.cloud.clock.now()

        def accept(i: Instance) -> bool:
            return (
                i.visible_at <= now and created[0] <= i.created <= created[1]
                and ("*" not in name or fnmatch.fnmatchcase(i.name, name.replace("[", "[[]")))
                and args["InstanceType"] in (None, i.instance_type) and args["ImageId"] in (None, i.image)
            )  # fmt: skip

        if args["DryRun"]:
            raise errors.DryRunOperation()
        paged_by_token = args["MaxResults"] is not None or args["NextToken"] is not None
        size = min(100, args["MaxResults"] or 10) if (args["MaxResults"] or 0) >= 10 else 10
        more: int | None = None
        total = 0  # documented as meaningless when paging by token
        if args["InstanceIds"] is not None:
            ids = id_list(args["InstanceIds"], 100) if args["InstanceIds"] != [] else []
            wanted = set(keys)
            rows = [i for n in ids if (i := region.instances.get(n)) and accept(i) and wanted <= set(i.keys())]
            start = ecs.after(call, region, "ids", errors.InvalidNextToken) + 1
            size, start = (
                (size, start) if paged_by_token else (args["PageSize"], (args["PageNumber"] - 1) * args["PageSize"])
            )
            total, left = len(rows), rows[start:]
            rows, more = left[:size], start + size - 1 if paged_by_token and len(left) > size else None
            token = ecs.token(call, region, "ids", more)
        elif paged_by_token:
            after = ecs.after(call, region, "instances", errors.InvalidNextToken)
            rows, more = region.page(keys, after, size, accept)
            token = ecs.token(call, region, "instances", more)
        else:
            rows, total = region.slice(keys, (args["PageNumber"] - 1) * args["PageSize"], args["PageSize"], accept)
            token = ""
        items = {"Instance": [item(i) for i in rows]}
        page = {"PageNumber": args["PageNumber"], "PageSize": args["PageSize"]} if not paged_by_token else {}
        return {"TotalCount": total, "NextToken": token, **page, "Instances": items}

    status = {"RegionId": Param(required=True), "InstanceId": Param("list"), "ZoneId": Param(),
              "PageNumber": Param("int", low=1, default=1), "PageSize": Param("int", low=1, high=50, default=10)}  # fmt: skip

    @ecs.declare(status)
    def DescribeInstanceStatus(call: Call) -> dict[str, Any]:
        args, region = call.args, ecs.region(call)
        size, start, now = args["PageSize"], (args["PageNumber"] - 1) * args["PageSize"], ecs.cloud.clock.now()
        if len(args["InstanceId"]) > 100:
            raise errors.TooManyInstanceIds()
        if args["InstanceId"]:
            found = [
                i for n in args["InstanceId"] if (i := region.instances.get(n)) and args["ZoneId"] in (None, i.zone)
            ]
            rows, total = [i for i in found if i.visible_at <= now][start : start + size], len(found)
        else:
            keys = [("zone", args["ZoneId"])] if args["ZoneId"] else []
            rows, total = region.slice(keys, start, size, lambda i: i.visible_at <= now)
        items = {"InstanceStatus": [{"InstanceId": i.instance_id, "Status": i.status} for i in rows]}
        return {"TotalCount": total, "PageNumber": args["PageNumber"], "PageSize": size, "InstanceStatuses": items}

    @ecs.declare({"InstanceId": Param(required=True)})
    def DescribeInstanceAttribute(call: Call) -> dict[str, Any]:
        _, instance = ecs.find(call)
        shown = item(instance)
        for name in ("Tags", "ResourceGroupId", "MetadataOptions", "DeletionProtection", "HostName"):
            shown.pop(name, None)
        return shown

    regions = {"AcceptLanguage": Param(values=("zh-CN", "en-US", "ja")), "InstanceChargeType": Param("inert"),
               "ResourceType": Param("inert")}  # fmt: skip

    @ecs.declare(regions)
    def DescribeRegions(call: Call) -> dict[str, Any]:
        rows = [
            {"RegionId": r, "LocalName": n, "RegionEndpoint": f"ecs.{r}.aliyuncs.com", "Status": "available"}
            for r, n in REGIONS.items()
        ]
        return {"Regions": {"Region": rows}}


def item(i: Instance) -> dict[str, Any]:
    """One instance as DescribeInstances shows it: without its RAM role, which only DescribeInstanceRamRole tells."""
    made = datetime.fromtimestamp(i.created, timezone.utc).strftime("%Y-%m-%dT%H:%MZ")
    tags = [{"TagKey": k, "TagValue": v} for k, v in i.tags.items()]
    vpc = i.network == "vpc"
    addresses = {"IpAddress": [i.ip] if vpc else []}
    return {
        "InstanceId": i.instance_id, "RegionId": i.region, "ZoneId": i.zone, "InstanceName": i.name, "HostName": i.name,
        "Status": i.status, "InstanceType": i.instance_type, "ImageId": i.image, "InstanceNetworkType": i.network,
        "ResourceGroupId": i.resource_group, "CreationTime": made, "DeletionProtection": i.deletion_protection,
        "VpcAttributes": {"VpcId": i.vpc, "VSwitchId": i.vswitch, "NatIpAddress": "", "PrivateIpAddress": addresses},
        "OperationLocks": {"LockReason": []}, **({"Tags": {"Tag": tags}} if tags else {}),
        "MetadataOptions": {"HttpEndpoint": i.http_endpoint, "HttpTokens": i.http_tokens, "HttpPutResponseHopLimit": 1},
    }  # fmt: skip


def creation_range(filters: list[dict[str, str]]) -> tuple[float, float]:
    """CreationStartTime and CreationEndTime of Filter.N, in seconds since the epoch."""
    low, high = float("-inf"), float("inf")
    for row in filters:
        key, value = row.get("Key", ""), row.get("Value", "")
        if key in ("ExpiredStartTime", "ExpiredEndTime"):
            raise NotEmulated(f"Filter {key}")
        if key not in ("CreationStartTime", "CreationEndTime"):
            raise errors.InvalidFilterKey()
        try:
            at = datetime.strptime(value, "%Y-%m-%dT%H:%MZ").replace(tzinfo=timezone.utc).timestamp()
        except ValueError:
            raise InvalidParameter("Filter.N.Value", f"{value!r} is not of the form yyyy-MM-ddTHH:mmZ") from None
        low, high = (at, high) if key == "CreationStartTime" else (low, at)
    return low, high

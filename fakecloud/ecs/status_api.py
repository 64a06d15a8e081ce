"""ECS DescribeInstanceStatus, DescribeInstanceAttribute, DescribeRegions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fakecloud.ecs import exceptions as errors
from fakecloud.ecs.describe_api import item
from fakecloud.ecs.regions import REGIONS
from fakecloud.errors import NotEmulated
from fakecloud.rpc import Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ecs.api import Ecs

_MOST_IDS = 100
_STATUS = {"RegionId": Param(required=True), "InstanceId": Param("list"), "ZoneId": Param(),
           "PageNumber": Param("int", low=1, default=1), "PageSize": Param("int", low=1, high=50, default=10)}  # fmt: skip
_LANGUAGES = Param(values=("zh-CN", "en-US", "ja"), default="zh-CN", wrong=errors.InvalidAcceptLanguage)
_CHARGES = Param(
    values=("PrePaid", "PostPaid", "SpotWithPriceLimit", "SpotAsPriceGo"), wrong=errors.InvalidInstanceChargeType
)
_KINDS = Param(values=("instance", "disk", "reservedinstance", "scu"), wrong=errors.InvalidResourceType)


def register(ecs: Ecs) -> None:
    @ecs.declare(_STATUS)
    def DescribeInstanceStatus(call: Call) -> dict[str, Any]:
        args, region = call.args, ecs.region(call)
        size, zone, ids = args["PageSize"], args["ZoneId"], list(dict.fromkeys(args["InstanceId"]))
        start = (args["PageNumber"] - 1) * size
        if len(ids) > _MOST_IDS:
            raise errors.TooManyInstanceIds()
        if not all(re.fullmatch(r"(i-|AY)\S+", n) for n in ids):
            raise errors.AbsInvalidInstanceIds()
        if zone and not re.fullmatch(re.escape(region.name) + "-?[a-z]", zone):
            raise errors.InvalidZoneId()
        if ids:
            found = [i for n in ids if (i := region.get(n)) and zone in (None, i.zone)]
            rows, total = found[start : start + size], len(found)
        else:
            rows, total = region.slice([("zone", zone)] if zone else [], start, size)
        items = {"InstanceStatus": [{"InstanceId": i.instance_id, "Status": i.status} for i in rows]}
        return {"TotalCount": total, "PageNumber": args["PageNumber"], "PageSize": size, "InstanceStatuses": items}

    @ecs.declare({"InstanceId": Param(required=True)})
    def DescribeInstanceAttribute(call: Call) -> dict[str, Any]:
        """Fewer fields than DescribeInstances: neither tags nor resource group, and no RAM role either."""
        _, instance = ecs.find(call)
        shown = item(instance)
        for name in ("Tags", "ResourceGroupId", "DeletionProtection"):
            shown.pop(name, None)
        return shown

    @ecs.declare({"AcceptLanguage": _LANGUAGES, "InstanceChargeType": _CHARGES, "ResourceType": _KINDS})
    def DescribeRegions(call: Call) -> dict[str, Any]:
        """Every region sells everything here: the charge type and the kind of resource leave none out."""
        if call.args["AcceptLanguage"] == "ja":
            raise NotEmulated("Japanese names of regions")
        english = call.args["AcceptLanguage"] == "en-US"
        rows = [
            {
                "RegionId": r,
                "LocalName": names[english],
                "RegionEndpoint": f"ecs.{r}.aliyuncs.com",
                "Status": "available",
            }
            for r, names in REGIONS.items()
        ]
        return {"Regions": {"Region": rows}}

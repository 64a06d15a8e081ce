"""The Tag service (2018-08-28): TagResources, UntagResources, ListTagResources over ARNs, for ECS instances.

Facts: Tag API pages. One call may half-fail with HTTP 200: FailedResources names what failed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fakecloud.ecs import exceptions as errors
from fakecloud.ecs import tags_api
from fakecloud.ecs.models import Instance, Region
from fakecloud.errors import CloudError, NotEmulated
from fakecloud.rpc import InvalidParameter, Param, RpcService
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

_ARN = re.compile(r"arn:acs:([a-z]+):([a-z0-9-]*):(\d*):([a-z]+)/(.+)")
_ARNS = Param("list", required=True, high=50)


class TagService(RpcService):
    """Holds no state of its own: the tags are the instances'."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__("tag", "2018-08-28", "tag.aliyuncs.com")
        self.cloud = cloud

        @self.declare(
            {"RegionId": Param(required=True), "ResourceARN": _ARNS, "Tags": Param(required=True)}, write=True
        )
        def TagResources(call: Call) -> dict[str, Any]:
            try:
                tags = json.loads(call.args["Tags"])
            except ValueError:
                tags = None
            if not isinstance(tags, dict) or not all(isinstance(v, str) for v in tags.values()):
                raise InvalidParameter("Tags", "it is not a JSON map of strings")
            checked = tags_api.checked_tags([{"Key": k, "Value": v} for k, v in tags.items()])
            return self._each(call, lambda region, instance: tags_api.add(cloud.ecs, region, [instance], checked))

        untag = {
            "RegionId": Param(required=True),
            "ResourceARN": _ARNS,
            "TagKey": Param("list", required=True, high=20),
        }

        @self.declare(untag, write=True)
        def UntagResources(call: Call) -> dict[str, Any]:
            keys = call.args["TagKey"]
            return self._each(call, lambda region, instance: tags_api.remove(cloud.ecs, region, [instance], keys))

        listing = {"RegionId": Param(required=True), "ResourceARN": Param("list", high=50), "Tags": Param(),
                   "NextToken": Param(), "PageSize": Param("int", low=1, high=1000, default=50)}  # fmt: skip

        @self.declare(listing)
        def ListTagResources(call: Call) -> dict[str, Any]:
            if not call.args["ResourceARN"] or call.args["Tags"] or call.args["NextToken"]:
                raise NotEmulated("ListTagResources of the Tag service in another form than by ResourceARN")
            rows = []
            for arn in call.args["ResourceARN"]:
                _, instance = self._resolve(call, arn)
                tags = [{"Key": k, "Value": v, "Category": "Custom"} for k, v in instance.tags.items()]
                rows.append({"ResourceARN": arn, "Tags": tags})
            return {"NextToken": "", "TagResources": rows}

    def _each(self, call: Call, act: Callable[[Region, Instance], None]) -> dict[str, Any]:
        failed = []
        for arn in dict.fromkeys(call.args["ResourceARN"]):
            try:
                act(*self._resolve(call, arn))
            except CloudError as error:
                failed.append({"ResourceARN": arn, "Result": {"Code": error.code, "Message": error.message}})
        return {"FailedResources": {"FailedResource": failed}}

    def _resolve(self, call: Call, arn: str) -> tuple[Region, Instance]:
        match = _ARN.fullmatch(arn)
        if not match:
            raise InvalidParameter("ResourceARN", f"{arn!r} is not arn:acs:SERVICE:REGION:ACCOUNT:TYPE/ID")
        service, region, account, kind, name = match.groups()
        if (service, kind) != ("ecs", "instance"):
            raise NotEmulated(f"the Tag service on {service} {kind}: only ECS instances")
        place = self.cloud.ecs.place(account or call.account, region or call.args["RegionId"])
        instance = place.instances.get(name)
        if instance is None or place.account != call.account:
            raise errors.InvalidResourceId()
        return place, instance

"""The Tag service (2018-08-28): TagResources, UntagResources, ListTagResources over ARNs, for ECS instances.

Facts: Tag API pages. One call may half-fail with HTTP 200: FailedResources names what failed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fakecloud.ecs import exceptions as ecs_errors
from fakecloud.ecs import tags_api
from fakecloud.ecs.index import Key
from fakecloud.ecs.models import TAGGED, Instance, Region
from fakecloud.errors import CloudError, NotEmulated
from fakecloud.parsing import loads
from fakecloud.rpc import Param, RpcService
from fakecloud.service import Call
from fakecloud.tag import exceptions as errors

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

MOST_RESOURCES, MOST_TAGS = 50, 10
_ARN = re.compile(r"arn:acs:([a-z]+):([a-z0-9-]*|\*):(\d*|\*):([a-z]+)/(.+)")
_WHERE = {"RegionId": Param(required=True), "ResourceARN": Param("list", required=True, high=MOST_RESOURCES, wrong=errors.TooManyResources)}  # fmt: skip
_LISTING = {
    "RegionId": Param(required=True), "ResourceARN": Param("list", high=MOST_RESOURCES, wrong=errors.TooManyResources),
    "Tags": Param(), "NextToken": Param(), "PageSize": Param("int", low=1, high=1000, default=50),
    "Category": Param(values=("Custom", "System", "All"), default="All", wrong=errors.InvalidCategory),
}  # fmt: skip


class TagService(RpcService):
    """Holds no state of its own: the tags are the instances'."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__("tag", "2018-08-28", "tag.aliyuncs.com")
        self.cloud = cloud
        ecs = cloud.ecs

        @self.declare({**_WHERE, "Tags": Param(required=True)}, write=True)
        def TagResources(call: Call) -> dict[str, Any]:
            tags = tag_map(call.args["Tags"])
            return self._each(call, lambda region, instance: tags_api.add(ecs, region, [instance], tags))

        untag = {"TagKey": Param("list", required=True, high=MOST_TAGS, wrong=errors.TooManyTags)}

        @self.declare({**_WHERE, **untag}, write=True)
        def UntagResources(call: Call) -> dict[str, Any]:
            keys = call.args["TagKey"]
            return self._each(call, lambda region, instance: tags_api.remove(ecs, region, [instance], keys))

        @self.declare(_LISTING)
        def ListTagResources(call: Call) -> dict[str, Any]:
            """By ARN, by tags (all of them), by both, or all that is tagged. System tags begin with acs:."""
            args, region = call.args, ecs.region(call)
            keys: list[Key] = [("tag", k, v) for k, v in (tag_map(args["Tags"]) if args["Tags"] else {}).items()]
            after, size = ecs.after(call, region, "tag service", errors.InvalidNextToken()), args["PageSize"]
            if args["ResourceARN"]:
                named = dict.fromkeys(self._named(call, arn)[1] for arn in args["ResourceARN"])
                found = [i for n in named if (i := region.get(n)) and i.tags and set(keys) <= set(i.keys())]
                rows = found[after + 1 : after + 1 + size]
                more = after + size if len(found) > after + 1 + size else None
            else:
                rows, more = region.page(keys or [TAGGED], after, size)
            shown = [{"ResourceARN": _arn(region, i), "Tags": _shown(i, args["Category"])} for i in rows]
            return {"NextToken": ecs.token(call, region, "tag service", more), "TagResources": shown}

    def _each(self, call: Call, act: Callable[[Region, Instance], None]) -> dict[str, Any]:
        """Work on each resource; what fails does so in FailedResources of an HTTP 200."""
        named = {arn: self._named(call, arn) for arn in call.args["ResourceARN"]}
        unlucky = call.unlucky(named) or call.unlucky(instance_id for _, instance_id in named.values())
        failed = []
        for arn, (region, instance_id) in named.items():
            try:
                if unlucky & {arn, instance_id}:
                    raise call.injected()
                instance = region.get(instance_id)
                if instance is None:
                    raise ecs_errors.InvalidResourceId()
                act(region, instance)
            except CloudError as error:
                failed.append({"ResourceARN": arn, "Result": {"Code": error.code, "Message": error.message}})
        return {"FailedResources": {"FailedResource": failed}}

    def _named(self, call: Call, arn: str) -> tuple[Region, str]:
        """Return where the resource of an ARN is, and its id. An ARN that does not fit the call refuses the whole call."""
        match = _ARN.fullmatch(arn)
        if not match:
            raise errors.ArnMalformed(arn)
        service, region, account, kind, name = match.groups()
        if (service, kind) != ("ecs", "instance"):
            raise NotEmulated(f"the Tag service on {service} {kind}: only ecs instance")
        if account not in ("", "*", call.account):
            raise errors.ArnAccount(arn)
        if region not in ("", "*", call.args["RegionId"]):
            raise errors.ArnRegion(arn)
        return self.cloud.ecs.region(call), name


def tag_map(text: str) -> dict[str, str]:
    """Tags: a JSON map of texts. Raises this service's own errors for what is none, too much, or not a tag."""
    try:
        tags = loads(text)
    except ValueError:
        raise errors.InvalidTags() from None
    if not isinstance(tags, dict) or not tags or not all(isinstance(v, str) for v in tags.values()):
        raise errors.InvalidTags()
    if len(tags) > MOST_TAGS:
        raise errors.TooManyTags()
    for key, value in tags.items():
        try:
            tags_api.check_tag(key, value)
        except ecs_errors.InvalidTagKey:
            raise errors.InvalidTagKeys(key) from None
        except ecs_errors.InvalidTagValue:
            raise errors.InvalidTagValues(value) from None
    if len({key.lower() for key in tags}) < len(tags):
        raise ecs_errors.TagKeyDuplication()
    return tags


def _arn(region: Region, instance: Instance) -> str:
    return f"arn:acs:ecs:{region.name}:{region.account}:instance/{instance.instance_id}"


def _shown(instance: Instance, category: str) -> list[dict[str, str]]:
    rows = [
        {"Key": k, "Value": v, "Category": "System" if k.startswith("acs:") else "Custom"}
        for k, v in instance.tags.items()
    ]
    return [row for row in rows if category in ("All", row["Category"])]

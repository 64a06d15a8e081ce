"""ECS of the emulated cloud: its state and what its actions share. The actions are in *_api.py, one file a family."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fakecloud.ecs import attributes_api, describe_api, launch_api, roles_api, status_api, tags_api
from fakecloud.ecs import exceptions as errors
from fakecloud.ecs.making import checked
from fakecloud.ecs.models import Instance, Region
from fakecloud.ecs.regions import REGIONS
from fakecloud.errors import CloudError
from fakecloud.eventbridge.notices import instance_state, tag_change
from fakecloud.identity import ACCOUNT
from fakecloud.parsing import loads
from fakecloud.rpc import RpcService
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud
    from fakecloud.switches import Switches


class Ecs(RpcService):
    """Instances of every account and region."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__("ecs", "2014-05-26", "ecs.aliyuncs.com")
        self.cloud = cloud
        self.reset()
        for family in (roles_api, describe_api, status_api, launch_api, tags_api, attributes_api):
            family.register(self)

    def reset(self) -> None:
        self._regions: dict[tuple[str, str], Region] = {}
        self._numbers = itertools.count(1)
        self.client_tokens: dict[tuple[str, ...], tuple[dict[str, str], list[str]]] = {}

    @property
    def switches(self) -> Switches:
        return self.cloud.switches

    def place(self, account: str, name: str) -> Region:
        """An account's region; made when first asked for."""
        if name not in REGIONS:
            raise errors.InvalidRegionId()
        if (account, name) not in self._regions:
            self._regions[account, name] = Region(account, name, self._numbers, self.cloud.clock.now)
        return self._regions[account, name]

    def regions(self) -> list[Region]:
        return list(self._regions.values())

    def region(self, call: Call) -> Region:
        return self.place(call.account, call.args["RegionId"])

    def make(
        self,
        count: int = 1,
        *,
        tags: dict[str, str] | None = None,
        region: str = "cn-hangzhou",
        account: str = ACCOUNT,
        age_seconds: float = 3600.0,
        **properties: Any,
    ) -> list[Instance]:
        """Instances that are there already: nothing is announced. For tests and the side door; 100,000 take a second.

        Raises ValueError for a property or a value that an instance does not have, InvalidRegionId.
        """
        tags = {} if tags is None else tags
        properties = checked(count, tags, age_seconds, properties)
        with self.cloud.lock:
            place = self.place(account, region)
            created = self.cloud.clock.now() - age_seconds
            made = [place.new(created, tags=dict(tags), role_since=created, **properties) for _ in range(count)]
            place.add_many(made)
        return made

    def age(self, instance_id: str, seconds: float) -> None:
        """Set an instance's creation back, as if that time had passed. Raises KeyError for one that is not there."""
        with self.cloud.lock:
            found = self.instance(instance_id)
            if found is None:
                raise KeyError(instance_id)
            found.created -= seconds

    def instance(self, instance_id: str) -> Instance | None:
        """For tests and the metadata service: wherever it is, and shown yet or not."""
        found = (region.instances.get(instance_id) for region in self._regions.values())
        return next((instance for instance in found if instance), None)

    def owner(self, instance: Instance) -> Region:
        return next(r for r in self._regions.values() if instance.instance_id in r.instances)

    def find(self, call: Call) -> tuple[Region, Instance]:
        """The instance of an action that takes an InstanceId and no RegionId."""
        for region in self._regions.values():
            if region.account == call.account and (instance := region.get(call.args["InstanceId"])):
                return region, instance
        raise errors.InvalidInstanceIdNotFound()

    def look_up(self, call: Call, region: Region, ids: list[str]) -> dict[str, Instance | None]:
        """Instances by id; one that is not there (or not shown yet) is refused whole or left None: a switch."""
        found = {n: region.get(n) for n in ids}
        if None in found.values() and self.switches.unknown_instance == "request":
            raise errors.InvalidInstanceIdNotFound()
        return found

    def set_role(self, region: Region, instance: Instance, role: str, policy: str = "") -> None:
        region.change(instance, "role", role)
        instance.role_since, instance.role_policy = self.cloud.clock.now(), policy

    def become(self, region: Region, instance: Instance, status: str, delay: float) -> None:
        """Let the instance reach a state after a delay, and say so."""

        def arrive() -> None:
            with self.cloud.lock:
                if instance.instance_id in region.instances:
                    region.change(instance, "status", status)
                    self.announce(region, instance, status)

        self.cloud.clock.later(delay, arrive)

    def tag_late(self, region: Region, instance: Instance, tags: Mapping[str, str], delay: float) -> None:
        """Let a new instance have the tags of its launch after a delay; nothing says so."""

        def arrive() -> None:
            with self.cloud.lock:
                if instance.instance_id in region.instances:
                    for key, value in tags.items():
                        if key not in instance.tags:
                            region.tag(instance, key, value)

        self.cloud.clock.later(delay, arrive)

    def announce(self, region: Region, instance: Instance, state: str) -> None:
        event = instance_state(self.cloud, region.account, region.name, instance.instance_id, state)
        self.cloud.events.emit(event, delay=self.switches.event_delay)

    def announce_tags(self, region: Region, instance: Instance, changed: list[str]) -> None:
        if self.switches.tag_event in ("cloudmonitor", "both"):
            tags = dict(instance.tags)
            event = tag_change(self.cloud, region.account, region.name, instance.instance_id, changed, tags)
            self.cloud.events.emit(event, delay=self.switches.event_delay)

    def token(self, call: Call, region: Region, listing: str, after: int | None) -> str:
        """A NextToken that goes on after that number; "" = the end. Bound to the listing, its filters and its time."""
        if after is None:
            return ""
        body = json.dumps([after, self.cloud.clock.now(), _filters(call, region, listing)])
        return base64.urlsafe_b64encode(body.encode()).decode()

    def after(self, call: Call, region: Region, listing: str, refused: CloudError) -> int:
        """Return what a NextToken goes on after; -1 without one. Raises `refused` for one that is not of this listing, or old."""
        token = call.args.get("NextToken")
        if not token:
            return -1
        try:
            after, made, filters = loads(base64.urlsafe_b64decode(token))
            fresh = self.cloud.clock.now() - made <= self.switches.token_seconds
        except (ValueError, TypeError):
            raise refused from None
        if not fresh or filters != _filters(call, region, listing) or type(after) is not int:
            raise refused
        return after


def _filters(call: Call, region: Region, listing: str) -> str:
    asked = {k: v for k, v in call.params.items() if k not in ("NextToken", "MaxResults", "PageSize")}
    return hashlib.sha256(
        json.dumps([region.account, region.name, listing, asked], sort_keys=True).encode()
    ).hexdigest()[:16]

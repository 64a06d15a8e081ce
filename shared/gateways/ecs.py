"""ECS as rolekeeper uses it: look at instances and their roles, attach, detach. Decides nothing.

Facts: the API pages of DescribeInstances, DescribeInstanceRamRole (50 ids, PageSize 50 to see them all),
AttachInstanceRamRole and DetachInstanceRamRole (100 ids; HTTP 200 may hide failures of single instances).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import cached_property
from itertools import islice
from typing import Any

import msgspec

from shared.errors import CloudCallError, Throttled, TransientError
from shared.gateways.clients import Credentials, config
from shared.gateways.errors import classify, translated
from shared.model import Instance
from shared.settings import Settings

DESCRIBE_IDS = 100
ROLE_IDS = 50
TAG_MATCHES = 1_000  # the Tag filter of DescribeInstances shows no more (its API page)


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why one instance of a batch failed, in the cloud's words.

    transient: another try may succeed. lost: the whole call gave no answer, so it may have been carried out.
    """

    code: str
    message: str
    transient: bool = False
    lost: bool = False

    @classmethod
    def of(cls, error: CloudCallError, *, lost: bool = False) -> Failure:
        transient, throttled = isinstance(error, TransientError), isinstance(error, Throttled)
        return cls(code=error.code, message=str(error), transient=transient, lost=lost and transient and not throttled)


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an attach or detach did, item by item."""

    done: frozenset[str]
    failed: Mapping[str, Failure]
    request_id: str = ""


class EcsGateway:
    """One account's ECS in one region. Every method raises PermanentError, TransientError or Throttled."""

    def __init__(self, settings: Settings, credentials: Credentials, region: str) -> None:
        self.region = region
        self._settings, self._credentials = settings, credentials

    @cached_property
    def _sdk(self) -> tuple[Any, Any, Any]:
        """A client that reads, one that writes, and their models."""
        from alibabacloud_ecs20140526 import models
        from alibabacloud_ecs20140526.client import Client

        def client(retries: bool) -> Any:
            return Client(config(self._settings, self._credentials, region=self.region, retries=retries))

        return client(True), client(False), models

    def instances(self, ids: Sequence[str]) -> list[Instance]:
        """Those of the ids that ECS shows. It shows none, without an error, to a caller who lacks the permission."""
        client, _, models = self._sdk
        found: list[Instance] = []
        for batch in _batches(ids, DESCRIBE_IDS):
            request = models.DescribeInstancesRequest(
                region_id=self.region, instance_ids=json.dumps(batch), max_results=DESCRIBE_IDS
            )
            with translated("DescribeInstances"):
                found += _instances(client.describe_instances(request).body, self.region)
        return found

    def pages(self, tags: Mapping[str, str] | None = None) -> Iterator[list[Instance]]:
        """Every instance of the region (with all these tags), up to 100 a page, their roles not looked up.

        ECS's own filter by tags is cheap but shows no more than 1,000: then the whole region is gone through for the rest.
        """
        shown: set[str] = set()
        for page in self._pages(tags):
            shown |= {i.instance_id for i in page} if tags else set()
            yield page
        if tags and len(shown) >= TAG_MATCHES:
            for page in self._pages():
                yield [i for i in page if i.instance_id not in shown and tags.items() <= i.tags.items()]

    def _pages(self, tags: Mapping[str, str] | None = None) -> Iterator[list[Instance]]:
        client, _, models = self._sdk
        wanted = [models.DescribeInstancesRequestTag(key=k, value=v) for k, v in (tags or {}).items()] or None
        token: str | None = None
        while True:
            request = models.DescribeInstancesRequest(
                region_id=self.region, max_results=100, next_token=token, tag=wanted
            )
            with translated("DescribeInstances"):
                body = client.describe_instances(request).body
                page = _instances(body, self.region)
            yield page
            token = body.next_token
            if not token:
                return

    def roles(self, ids: Sequence[str]) -> dict[str, str]:
        """The role on each instance that has one. Refused whole where one id is unknown or of the classic network."""
        client, _, models = self._sdk
        found: dict[str, str] = {}
        for batch in _batches(ids, ROLE_IDS):
            request = models.DescribeInstanceRamRoleRequest(
                region_id=self.region, instance_ids=json.dumps(batch), page_size=ROLE_IDS
            )
            with translated("DescribeInstanceRamRole"):
                sets = client.describe_instance_ram_role(request).body.instance_ram_role_sets
                for row in (sets and sets.instance_ram_role_set) or []:
                    if row.ram_role_name:
                        found[row.instance_id] = row.ram_role_name
        return found

    def count_holders(self, role: str) -> int:
        """How many instances of the region hold a role: one call."""
        client, _, models = self._sdk
        request = models.DescribeInstanceRamRoleRequest(region_id=self.region, ram_role_name=role, page_size=1)
        with translated("DescribeInstanceRamRole"):
            return int(client.describe_instance_ram_role(request).body.total_count or 0)

    def attach(self, role: str, ids: Sequence[str]) -> BatchResult:
        """AttachInstanceRamRole, one call: up to 100 ids."""
        _, client, models = self._sdk
        request = models.AttachInstanceRamRoleRequest(
            region_id=self.region, ram_role_name=role, instance_ids=json.dumps(list(ids))
        )
        with translated("AttachInstanceRamRole"):
            body = client.attach_instance_ram_role(request).body
            results = body.attach_instance_ram_role_results
            items = (results and results.attach_instance_ram_role_result) or []
            return _result("AttachInstanceRamRole", ids, body, items)

    def detach(self, role: str, ids: Sequence[str]) -> BatchResult:
        """DetachInstanceRamRole, one call, by name: a role that somebody else attached meanwhile stays."""
        _, client, models = self._sdk
        request = models.DetachInstanceRamRoleRequest(
            region_id=self.region, ram_role_name=role, instance_ids=json.dumps(list(ids))
        )
        with translated("DetachInstanceRamRole"):
            body = client.detach_instance_ram_role(request).body
            results = body.detach_instance_ram_role_results
            items = (results and results.detach_instance_ram_role_result) or []
            return _result("DetachInstanceRamRole", ids, body, items)


def _result(call: str, ids: Sequence[str], body: Any, items: Sequence[Any]) -> BatchResult:
    """Success is Success true, or Code 200 as text or number: the samples of the API pages have all three.

    Without an answer for an instance, or with one that says a detach took nothing off, only a read can tell.
    """
    request_id = str(body.request_id or "")
    done: set[str] = set()
    failed: dict[str, Failure] = {}
    for item in items:
        taken = getattr(item, "instance_ram_role_sets", None)
        if not (item.success is True or (item.success is None and str(item.code) == "200")):
            code = str(item.code or "")
            error = classify(call, code, str(item.message or ""), int(code) if code.isdecimal() else 0, request_id)
            failed[item.instance_id] = Failure.of(error)
        elif taken and taken.instance_ram_role_set == []:
            failed[item.instance_id] = _unclear(
                "NothingDetached", f"{call}: the answer says that no role was taken off"
            )
        else:
            done.add(item.instance_id)
    for missing in set(ids) - done - set(failed):
        failed[missing] = _unclear("NoResult", f"{call}: the answer does not name this instance")
    return BatchResult(done=frozenset(done), failed=failed, request_id=request_id)


def _unclear(code: str, message: str) -> Failure:
    return Failure(code=code, message=message, transient=True, lost=True)


def _instances(body: Any, region: str) -> list[Instance]:
    return [_instance(item, region) for item in (body.instances and body.instances.instance) or []]


def _instance(item: Any, region: str) -> Instance:
    tags = (item.tags and item.tags.tag) or []
    vpc = item.vpc_attributes
    return Instance(
        instance_id=item.instance_id,
        region=item.region_id or region,
        zone=item.zone_id or "",
        name=item.instance_name or "",
        network="classic" if item.instance_network_type == "classic" else "vpc",
        vpc=(vpc and vpc.vpc_id) or "",
        resource_group=item.resource_group_id or "",
        instance_type=item.instance_type or "",
        image=item.image_id or "",
        tags={tag.tag_key: tag.tag_value or "" for tag in tags},
        created_at=_time(item.creation_time),
    )


def _time(text: str | None) -> datetime | None:
    """CreationTime: "2017-12-10T04:04Z", without seconds."""
    try:
        return datetime.strptime(text or "", "%Y-%m-%dT%H:%MZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def _batches(ids: Sequence[str], size: int) -> Iterator[list[str]]:
    rest = iter(ids)
    while batch := list(islice(rest, size)):
        yield batch

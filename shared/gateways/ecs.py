"""ECS as rolekeeper uses it: look at instances and their roles, attach, detach. Decides nothing.

Facts: the API pages of DescribeInstances, DescribeInstanceRamRole (50 ids, PageSize 50 to see them all),
AttachInstanceRamRole and DetachInstanceRamRole (100 ids; HTTP 200 may hide failures of single instances).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar

import msgspec

from shared.errors import BudgetSpent, CloudCallError, OutOfTime, PermanentError, Throttled, TransientError
from shared.gateways.clients import Credentials, config
from shared.gateways.errors import classify, translated
from shared.model import Instance
from shared.pace import Ask, once
from shared.settings import Settings

T = TypeVar("T")
DESCRIBE_IDS = 100
ROLE_IDS = 50
TAG_IDS = 50
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
        transient, unsent = isinstance(error, TransientError), isinstance(error, (Throttled, OutOfTime))
        return cls(code=error.code, message=str(error), transient=transient, lost=lost and transient and not unsent)


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an attach or detach did, item by item."""

    done: frozenset[str]
    failed: Mapping[str, Failure]
    request_id: str = ""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a listing. token: of this page, "" = the first. next_token: "" = it is the last."""

    instances: tuple[Instance, ...]
    token: str = ""
    next_token: str = ""


class TokenRefused(PermanentError):
    """ECS no longer takes the token of the next page: the listing has to begin anew."""


class EcsGateway:
    """One account's ECS in one region. Every method raises PermanentError, TransientError or Throttled, and what `ask` does.

    ask: how calls are made, e.g. a Pace. reads, writes: the keys to read with, and to write a role with.
    """

    def __init__(
        self, settings: Settings, credentials: Credentials, region: str, *, ask: Ask = once,
        writes: Callable[[str], Credentials] | None = None,
    ) -> None:  # fmt: skip
        self.region = region
        self._settings, self._credentials, self._ask = settings, credentials, ask
        self._writes = writes or (lambda role: credentials)
        self._writers: dict[Credentials, Any] = {}

    @cached_property
    def _models(self) -> Any:
        from alibabacloud_ecs20140526 import models

        return models

    @cached_property
    def _reader(self) -> Any:
        return self._client(
            self._credentials, retries=self._ask is once
        )  # a run counts its calls, and asks again itself

    def _writer(self, role: str) -> Any:
        """Without retries: an answer may be lost after the call was carried out."""
        credentials = self._writes(role)
        if credentials not in self._writers:
            self._writers[credentials] = self._client(credentials, retries=False)
        return self._writers[credentials]

    def _client(self, credentials: Credentials, *, retries: bool) -> Any:
        from alibabacloud_ecs20140526.client import Client

        return Client(config(self._settings, credentials, region=self.region, retries=retries))

    def _call(self, client: Any, action: str, read: Callable[[Any], T], **values: Any) -> T:
        """One call by the API's name. read: takes the answer's body apart; what it raises is no usable answer."""
        method = _method(action)

        def send() -> T:
            with translated(action):
                request = getattr(self._models, f"{action}Request")(region_id=self.region, **values)
                return read(getattr(client, method)(request).body)

        return self._ask(action, send, read=client is self._reader)

    def instances(self, ids: Sequence[str]) -> list[Instance]:
        """Those of the ids that ECS shows. It shows none, without an error, to a caller who lacks the permission."""
        found: list[Instance] = []
        for batch in _batches(ids, DESCRIBE_IDS):
            found += self._call(
                self._reader, "DescribeInstances", lambda body: _instances(body, self.region),
                instance_ids=json.dumps(batch), max_results=DESCRIBE_IDS,
            )  # fmt: skip
        return found

    def page(self, token: str = "", tags: Mapping[str, str] | None = None) -> Page:
        """Up to 100 instances of the region (with all these tags), their roles not looked up. Raises TokenRefused."""

        def read(body: Any) -> Page:
            found = tuple(_instances(body, self.region))
            return Page(instances=found, token=token, next_token=body.next_token or "")

        try:
            return self._call(
                self._reader, "DescribeInstances", read, max_results=DESCRIBE_IDS, next_token=token or None,
                tag=self._tags(tags),
            )  # fmt: skip
        except PermanentError as error:
            if token and "Token" in error.code and not isinstance(error, BudgetSpent):
                raise TokenRefused(error.call, error.code, error.message, error.request_id) from error
            raise

    def count(self, tags: Mapping[str, str] | None = None) -> int:
        """How many instances of the region there are (with all these tags): one call.

        A page by number, since TotalCount is documented as meaningless where pages are asked for by token.
        """
        return self._call(
            self._reader, "DescribeInstances", lambda body: int(body.total_count or 0), page_number=1, page_size=1,
            tag=self._tags(tags),
        )  # fmt: skip

    def _tags(self, tags: Mapping[str, str] | None) -> list[Any] | None:
        return [self._models.DescribeInstancesRequestTag(key=k, value=v) for k, v in (tags or {}).items()] or None

    def roles(self, ids: Sequence[str]) -> dict[str, str]:
        """The role on each instance that has one. Refused whole where one id is unknown or of the classic network."""
        found: dict[str, str] = {}
        for batch in _batches(ids, ROLE_IDS):
            rows, _ = self._call(
                self._reader, "DescribeInstanceRamRole", _rows, instance_ids=json.dumps(batch), page_size=ROLE_IDS
            )
            found |= rows
        return found

    def holders(self, role: str, number: int = 1) -> tuple[list[str], int]:
        """A page of 50 of the instances that hold a role, from 1 on, and how many hold it in all."""
        rows, total = self._call(
            self._reader, "DescribeInstanceRamRole", _rows, ram_role_name=role, page_number=number, page_size=ROLE_IDS
        )
        return list(rows), total

    def count_holders(self, role: str) -> int:
        """How many instances of the region hold a role: one call."""
        return self._call(
            self._reader, "DescribeInstanceRamRole", lambda body: int(body.total_count or 0), ram_role_name=role,
            page_size=1,
        )  # fmt: skip

    def attach(self, role: str, ids: Sequence[str]) -> BatchResult:
        """AttachInstanceRamRole, one call: up to 100 ids."""

        def read(body: Any) -> BatchResult:
            results = body.attach_instance_ram_role_results
            items = (results and results.attach_instance_ram_role_result) or []
            return _result("AttachInstanceRamRole", ids, body, items)

        return self._call(
            self._writer(role), "AttachInstanceRamRole", read, ram_role_name=role, instance_ids=json.dumps(list(ids))
        )

    def detach(self, role: str, ids: Sequence[str]) -> BatchResult:
        """DetachInstanceRamRole, one call, by name: a role that somebody else attached meanwhile stays."""

        def read(body: Any) -> BatchResult:
            results = body.detach_instance_ram_role_results
            items = (results and results.detach_instance_ram_role_result) or []
            return _result("DetachInstanceRamRole", ids, body, items)

        return self._call(
            self._writer(role), "DetachInstanceRamRole", read, ram_role_name=role, instance_ids=json.dumps(list(ids))
        )

    def tag(self, role: str, ids: Sequence[str], key: str, value: str) -> None:
        """TagResources on instances, 50 a call. role: whose session to use. What is tagged already stays tagged."""
        for batch in _batches(ids, TAG_IDS):
            tags = [self._models.TagResourcesRequestTag(key=key, value=value)]
            self._call(
                self._writer(role), "TagResources", lambda body: None, resource_type="instance", resource_id=batch,
                tag=tags,
            )  # fmt: skip

    def untag(self, role: str, ids: Sequence[str], key: str) -> None:
        """UntagResources on instances, 50 a call. A tag that is not there is no error."""
        for batch in _batches(ids, TAG_IDS):
            self._call(
                self._writer(role), "UntagResources", lambda body: None, resource_type="instance", resource_id=batch,
                tag_key=[key],
            )  # fmt: skip


def _method(action: str) -> str:
    """The client's method of an API: DescribeInstances -> describe_instances."""
    return "".join("_" + c.lower() if c.isupper() else c for c in action).lstrip("_")


def _rows(body: Any) -> tuple[dict[str, str], int]:
    sets = body.instance_ram_role_sets
    rows = (sets and sets.instance_ram_role_set) or []
    return {row.instance_id: row.ram_role_name for row in rows if row.ram_role_name}, int(body.total_count or 0)


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

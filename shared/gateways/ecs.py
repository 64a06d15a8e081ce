"""ECS as rolekeeper uses it: observe instances and their roles, attach, detach, note in a tag. Decides nothing.

Facts: the API pages of DescribeInstances, DescribeInstanceRamRole (50 ids, PageSize 50 to see them all),
AttachInstanceRamRole and DetachInstanceRamRole (100 ids; HTTP 200 may hide failures of single instances), TagResources and
UntagResources (50 ids).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property, partial, partialmethod
from itertools import islice
from typing import Any, TypeVar

import msgspec

from shared.errors import BudgetSpent, CloudCallError, PermanentError
from shared.gateways import ecs_answers as answers
from shared.gateways.bisection import Bisection
from shared.gateways.caller import Caller
from shared.gateways.clients import Credentials
from shared.gateways.ecs_answers import BatchResult, Page
from shared.gateways.keys import Keys, SameKeys
from shared.gateways.rpc import Rpc
from shared.gateways.translation import translated
from shared.model.instance import Instance
from shared.settings import Settings

__all__ = ["BatchResult", "EcsGateway", "Page", "TokenRefused"]
T = TypeVar("T")
DESCRIBE_IDS = 100
ROLE_IDS = 50
TAG_IDS = 50
NO_SUCH_ROLE = "InvalidRamRole.NotFound"
DRY_RUN_PASSED = "DryRunOperation"  # is an error by its form
META = {"AdditionalAttributes.1": "META_OPTIONS"}
"""Asks for MetadataOptions, which DescribeInstances leaves out else: whether an instance is IMDSv2 alone."""
CALL_SECONDS = 300.0
"""Seconds that keys must last for one call to be made with them."""
SWAP_SECONDS = 1_800.0
"""The same for a swap with all that may go wrong in it: each of its calls waits out a throttle, is taken apart, put back."""
TAG_MATCHES = 1_000  # the Tag filter of DescribeInstances shows no more (its API page)


class TokenRefused(PermanentError):
    """ECS no longer takes the token of the next page: the listing has to begin again."""


class EcsGateway:
    """One account's ECS in one region. Every method raises PermanentError, TransientError or Throttled, and what its caller does.

    caller: how calls are made, e.g. by the Rate of a run; None = once and at once. keys: whose sessions, where the credentials are not for all; asked before each call,
    since they end.
    """

    def __init__(
        self,
        settings: Settings,
        credentials: Credentials,
        region: str,
        *,
        caller: Caller | None = None,
        keys: Keys | None = None,
    ) -> None:
        self.region = region
        self._settings, self._caller = settings, caller
        self._keys = keys or SameKeys(credentials)
        self._clients: dict[str | None, tuple[Credentials, Rpc]] = {}

    def by(self, caller: Caller) -> EcsGateway:
        """Return this gateway with another caller: all else is shared."""
        other = copy(self)
        other._caller, other.bisection = caller, self.bisection
        return other

    @cached_property
    def bisection(self) -> Bisection:
        """For what is asked of many at once."""
        return Bisection()

    def _client(self, role: str | None) -> Rpc:
        """One for each set of keys that is in use. role: to be written; None = a read, which an SDK may send again unless a run
        does so itself, and counts."""
        keys = self._keys.reads() if role is None else self._keys.writes(role)
        kept = self._clients.get(role)
        if kept is None or kept[0] != keys:
            retries = role is None and self._caller is None
            made = Rpc(self._settings, keys, region=self.region, service="ecs", retries=retries)
            self._clients[role] = kept = keys, made
        return kept[1]

    def _read(self, action: str, read: Callable[[Mapping[str, Any]], T], query: dict[str, str]) -> T:
        """One call by the API's name. read: takes the answer apart; what it raises is no usable answer."""
        return self._call(action, read, {"RegionId": self.region, **query})[0]

    def _call(
        self, action: str, read: Callable[[Mapping[str, Any]], T], query: dict[str, str], role: str | None = None
    ) -> tuple[T, list[str]]:
        """Return the answer, and the ids of the call's tries that failed; what is raised has them too.

        role: of a write, for which no SDK's retries are used: an answer may be lost after the call was carried out.
        """
        failed: list[str] = []

        def send() -> T:
            try:
                client = self._client(role)
                with translated(action):
                    return read(client.call(action, query))
            except CloudCallError as error:
                failed.extend(error.request_ids)
                raise

        if role is not None:
            self._keys.writes(role)  # whether there are any shows before the call has its turn
        try:
            if self._caller is None:
                return send(), failed
            return self._caller(action, send, read=role is None), failed
        except CloudCallError as error:
            error.request_ids = tuple(failed)
            raise

    def instances(self, ids: Sequence[str]) -> list[Instance]:
        """Return the instances of these ids that ECS shows. It shows none, without an error, to a caller who lacks the permission."""
        found: list[Instance] = []
        for batch in _batches(ids, DESCRIBE_IDS):
            query = {
                "InstanceIds": json.dumps(batch),
                "MaxResults": str(DESCRIBE_IDS),
                **META,
            }
            read = partial(answers.instances, region=self.region, asked=batch)
            found += self._read("DescribeInstances", read, query)
        return found

    def page(self, token: str = "", tags: Mapping[str, str] | None = None) -> Page:
        """Up to 100 instances of the region (with all these tags), their roles not looked up. Raises TokenRefused."""

        def read(body: Mapping[str, Any]) -> Page:
            found = tuple(answers.instances(body, self.region))
            return Page(
                instances=found, token=token, next_token=msgspec.convert(body.get("NextToken"), str | None) or ""
            )

        query = {"MaxResults": str(DESCRIBE_IDS), "NextToken": token, **META, **_tags(tags)}
        try:
            return self._read("DescribeInstances", read, query)
        except PermanentError as error:
            if token and "Token" in error.code and not isinstance(error, BudgetSpent):
                raise TokenRefused(error.call, error.code, error.message, error.request_id) from error
            raise

    def count(self, tags: Mapping[str, str] | None = None) -> int:
        """Return how many instances of the region there are (with all these tags): one call.

        A page by number, since TotalCount is documented as meaningless where pages are asked for by token.
        """
        return self._read("DescribeInstances", answers.total, {"PageNumber": "1", "PageSize": "1", **_tags(tags)})

    def confirm_none(self) -> None:
        """After an empty answer: that we may look at all. Where we may not, ECS shows none and says so to a DryRun alone."""
        try:
            self._read("DescribeInstances", lambda body: None, {"DryRun": "true"})
        except PermanentError as error:
            if error.code != DRY_RUN_PASSED:
                raise

    def roles(self, ids: Sequence[str]) -> dict[str, str | CloudCallError]:
        """The role on each instance that has one, or why it cannot be read. Refused whole where one id is unknown or of the
        classic network."""
        found: dict[str, str | CloudCallError] = {}
        for batch in _batches(ids, ROLE_IDS):
            found |= self._roles(batch)
        return found

    def _roles(self, ids: Sequence[str]) -> dict[str, str | CloudCallError]:
        """By bisection where an item of the answer names no instance: then it is one's alone that cannot be read."""
        query = {
            "InstanceIds": json.dumps(ids),
            "PageSize": str(ROLE_IDS),
        }
        found = self._read("DescribeInstanceRamRole", lambda body: answers.roles(body, ids), query)
        middle = len(ids) // 2
        return self._roles(ids[:middle]) | self._roles(ids[middle:]) if found is None else found

    def holders(self, role: str, number: int = 1) -> tuple[list[str], int] | None:
        """A page of 50 of the instances that hold a role, from 1 on, and how many hold it in all. None where ECS does not say it of
        a role that RAM has not (any more): instances may hold it all the same."""

        def read(body: Mapping[str, Any]) -> tuple[list[str], int] | None:
            return answers.holders(body), answers.total(body)

        return self._holding(role, read, None, {"PageNumber": str(number), "PageSize": str(ROLE_IDS)})

    def count_holders(self, role: str) -> int:
        """Return how many instances of the region hold a role: one call."""
        return self._holding(role, answers.total, 0, {"PageSize": "1"})

    def known_holders(self, role: str) -> int | None:
        """The same; None where ECS does not say it, as of holders()."""
        unknown: int | None = None
        return self._holding(role, answers.total, unknown, {"PageSize": "1"})

    def _holding(self, role: str, read: Callable[[Mapping[str, Any]], T], nobody: T, page: Mapping[str, str]) -> T:
        """nobody: the answer where RAM has no such role."""
        try:
            return self._read("DescribeInstanceRamRole", read, {"RamRoleName": role, **page})
        except PermanentError as error:
            if error.code == NO_SUCH_ROLE:
                return nobody
            raise

    def ready(self, *roles: str) -> None:
        """Have keys to write these roles with that outlast a swap: before one is taken off for the other's sake."""
        for role in roles:
            self._keys.writes(role, lasting=SWAP_SECONDS)

    def _change(self, call: str, role: str, ids: Sequence[str]) -> BatchResult:
        """One AttachInstanceRamRole or DetachInstanceRamRole: up to 100 ids. A role is detached by name: one that somebody else
        attached meanwhile stays."""
        query = {"RegionId": self.region, "RamRoleName": role, "InstanceIds": json.dumps(list(ids))}
        result, failed = self._call(call, partial(answers.result, call, ids), query, role)
        return msgspec.structs.replace(result, request_ids=(*failed, *result.request_ids))

    attach = partialmethod(_change, "AttachInstanceRamRole")
    detach = partialmethod(_change, "DetachInstanceRamRole")

    def tag(self, role: str, ids: Sequence[str], key: str, value: str) -> list[str]:
        """TagResources on instances, 50 a call: the request ids. role: whose keys to use. What is tagged already stays tagged."""
        return self._change_tag("TagResources", role, ids, {"Tag.1.Key": key, "Tag.1.Value": value})

    def untag(self, role: str, ids: Sequence[str], key: str) -> list[str]:
        """UntagResources on instances, 50 a call: the request ids. A tag that is not there is no error."""
        return self._change_tag("UntagResources", role, ids, {"TagKey.1": key})

    def _change_tag(self, action: str, role: str, ids: Sequence[str], tag: dict[str, str]) -> list[str]:
        made: list[str] = []
        for batch in _batches(ids, TAG_IDS):
            place = {"RegionId": self.region, "ResourceType": "instance"}
            query = {**place, **_list("ResourceId", batch), **tag}
            request_id, failed = self._call(action, answers.request_id, query, role)
            made += [*failed, *filter(None, [request_id])]
        return made

    def regions(self) -> list[str]:
        """Every region that the account may use."""
        return self._call("DescribeRegions", answers.regions, {})[0]


def _list(name: str, values: Sequence[str]) -> dict[str, str]:
    return {f"{name}.{n}": value for n, value in enumerate(values, 1)}


def _tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """A tag's value may be empty: then its key alone is the filter, and more are shown than asked for."""
    pairs = enumerate((tags or {}).items(), 1)
    return {
        name: text for n, (key, value) in pairs for name, text in ((f"Tag.{n}.Key", key), (f"Tag.{n}.Value", value))
    }


def _batches(ids: Sequence[str], size: int) -> Iterator[list[str]]:
    rest = iter(ids)
    while batch := list(islice(rest, size)):
        yield batch

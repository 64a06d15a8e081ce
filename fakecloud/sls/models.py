"""Projects, logstores and the logs in them, with the rules for names, quotas and what may be written. No wire format.

Source: Simple Log Service API reference, CreateProject, CreateLogstore, PutLogs; "Data model"; "Limits".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sortedcontainers import SortedKeyList

from fakecloud.sls import exceptions as errors
from fakecloud.sls.index import Index

PAST_SECONDS, FUTURE_SECONDS = 168 * 3600, 15 * 60
RESERVED_KEYS = {"__time__", "__source__", "__topic__", "__partition_time__", "_extract_others_", "__extract_others__"}
_PROJECT = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_LOGSTORE = re.compile(r"[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]")


@dataclass(slots=True)
class Limits:
    """As documented in 2021. The SDK of today lets 30 MB and 512,000 logs through: set these to test against more."""

    body_bytes: int = 3 * 1024 * 1024
    logs: int = 4096
    key_bytes: int = 128
    value_bytes: int = 1024 * 1024
    log_bytes: int = 1024 * 1024
    logstores: int = 200
    projects: int = 50


@dataclass(frozen=True, slots=True)
class Log:
    """One log. time: seconds since the epoch, as its writer set it; number: in the order of arrival."""

    time: int
    nanoseconds: int
    number: int
    topic: str
    source: str
    tags: Mapping[str, str]
    contents: Mapping[str, str]

    def get(self, name: str) -> str | None:
        """A field by the name queries use: the log's own, or __topic__, __source__, __tag__:NAME."""
        if name == "__topic__":
            return self.topic
        if name == "__source__":
            return self.source
        if name.startswith("__tag__:"):
            return self.tags.get(name[8:])
        return self.contents.get(name)

    def answer(self) -> dict[str, str]:
        """As GetLogs gives it: flat, all values strings."""
        tags = {f"__tag__:{name}": value for name, value in self.tags.items()}
        return {"__time__": str(self.time), "__source__": self.source, "__topic__": self.topic, **tags, **self.contents}


def by_time(log: Log) -> tuple[int, int, int]:
    return log.time, log.nanoseconds, log.number


def in_order() -> SortedKeyList[Log]:
    return SortedKeyList(key=by_time)


@dataclass(slots=True)
class Logstore:
    """logs: all that was written. indexed: those that a query can find, written while an index existed."""

    name: str
    settings: dict[str, Any]
    created: int
    modified: int
    logs: SortedKeyList[Log] = field(default_factory=in_order)
    index: Index | None = None
    indexed: SortedKeyList[Log] = field(default_factory=in_order)
    index_modified: int = 0

    def set_index(self, index: Index | None, now: int) -> None:
        """A new index finds only what is written from now on; a changed one keeps what is indexed already."""
        if index is None or self.index is None:
            self.indexed = in_order()
        self.index, self.index_modified = index, now

    def write(self, logs: list[Log]) -> None:
        self.logs.update(logs)
        if self.index is not None:
            self.indexed.update(logs)

    def bounds(self, start: tuple[int, int], end: tuple[int, int], now: float) -> tuple[int, int]:
        """Positions in `indexed` of start <= time < end, without the logs that outlived the logstore's ttl."""
        ttl = self.settings["ttl"]
        oldest = int(now) - ttl * 86400 if ttl < 3650 else 0
        first = max(start, (oldest, 0))
        low = self.indexed.bisect_key_left((*first, -1))
        return low, max(low, self.indexed.bisect_key_left((*end, -1)))

    def span(self, low: int, high: int, reverse: bool = False) -> Iterator[Log]:
        logs: Iterator[Log] = self.indexed.islice(low, high, reverse)
        return logs


@dataclass(slots=True)
class Project:
    """A name is taken for a whole region, whichever account has it."""

    name: str
    region: str
    account: str
    description: str
    created: int
    modified: int
    resource_group: str = ""
    redundancy: str = "LRS"
    logstores: dict[str, Logstore] = field(default_factory=dict)
    searches: dict[str, dict[str, Any]] = field(default_factory=dict)

    def logstore(self, name: str) -> Logstore:
        if name not in self.logstores:
            raise errors.LogStoreNotExist(name)
        return self.logstores[name]

    def create_logstore(self, name: str, settings: dict[str, Any], now: int, limit: int) -> None:
        if not _LOGSTORE.fullmatch(name):
            raise errors.LogStoreInfoInvalid(f"store name {name} is invalid")
        if name in self.logstores:
            raise errors.LogStoreAlreadyExist(name)
        if len(self.logstores) >= limit:
            raise errors.ProjectQuotaExceed()
        self.logstores[name] = Logstore(name, settings, now, now)


def check_project_name(name: str) -> None:
    if not _PROJECT.fullmatch(name):
        raise errors.ParameterInvalid(f"project name {name!r} is invalid: 3 to 63 of a-z, 0-9 and -, ends are no -.")


def check_log(time: int, contents: list[tuple[str, str]], now: float, limits: Limits) -> None:
    """Raises PostBodyInvalid, InvalidKey or PostBodyTooLarge; one bad log refuses the whole request."""
    if not now - PAST_SECONDS <= time <= now + FUTURE_SECONDS:
        raise errors.PostBodyInvalid("The post data time is out of range")
    if not contents:
        raise errors.PostBodyInvalid("A log without contents cannot be written.")
    total = 0
    for key, value in contents:
        size = len(key.encode())
        if not 0 < size <= limits.key_bytes:
            raise errors.InvalidKey(f"key {key[:40]!r} has {size} bytes, not 1 to {limits.key_bytes}.")
        if key in RESERVED_KEYS or key.startswith("__tag__:"):
            raise errors.InvalidKey(f"key {key} is reserved.")
        length = len(value.encode())
        if length > limits.value_bytes:
            raise errors.PostBodyTooLarge(f"the value of {key} has {length} bytes, more than {limits.value_bytes}.")
        total += size + length
    if total > limits.log_bytes + limits.key_bytes:
        raise errors.PostBodyTooLarge(f"one log has {total} bytes, more than {limits.log_bytes}.")

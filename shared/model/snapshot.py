"""A fleet in a file: the instances of one region of one account, as ECS told of them at one time. One JSON object a line: first the
header, then the instances, last how many they are, so that a file that was cut short is known for one.

Reads and writes one line after the other: memory does not grow with the fleet. Pure: the caller brings the lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from shared.errors import ConfigError, PermanentError
from shared.model.instance import Instance

VERSION = 1
BEGINS = b'{"rolekeeper_snapshot"'
"""The first bytes of every snapshot."""
AGAIN = "make it anew with `rolekeeper snapshot -o FILE`"


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line. rolekeeper_snapshot: the version of the format. made_at: when the first instance was observed."""

    rolekeeper_snapshot: int
    account_id: str
    region: str
    made_at: Annotated[datetime, msgspec.Meta(tz=True)]


class _Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One instance. unread: why it, or its role, could not be read."""

    instance_id: Annotated[str, msgspec.Meta(min_length=1)]
    zone: str = ""
    name: str = ""
    network: Literal["vpc", "classic"] = "vpc"
    vpc: str = ""
    resource_group: str = ""
    instance_type: str = ""
    image: str = ""
    http_tokens: str = ""
    tags: Mapping[str, str] = {}
    created_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    role: str = ""
    unread: str = ""


class _End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    instances: int


_FIELDS = tuple(name for name in _Line.__struct_fields__ if name != "unread")
_encoder, _line, _header, _end = (
    msgspec.json.Encoder(),
    msgspec.json.Decoder(_Line),
    msgspec.json.Decoder(Header),
    msgspec.json.Decoder(_End),
)


def written(header: Header, instances: Iterable[Instance]) -> Iterator[bytes]:
    """Yield the lines of the file, each with its line break."""
    yield _encoder.encode(header) + b"\n"
    count = 0
    for instance in instances:
        count += 1
        values = {name: getattr(instance, name) for name in _FIELDS}
        unread = str(instance.unread) if instance.unread else ""
        yield _encoder.encode(_Line(**values, unread=unread)) + b"\n"
    yield _encoder.encode(_End(count)) + b"\n"


class Snapshot:
    """A snapshot as it is read. name: of the file, for errors. Raises ConfigError for what is none, here and in instances()."""

    def __init__(self, lines: Iterable[bytes], name: str) -> None:
        self._lines, self._name = iter(lines), name
        self.header = self._first(next(self._lines, b""))

    def instances(self) -> Iterator[Instance]:
        """Yield the instances, once."""
        number, count, ended = 1, 0, False
        for number, line in enumerate(self._lines, 2):
            if ended:
                raise self._wrong(number, "there is more after the line that ends a snapshot")
            try:
                told = _line.decode(line)
            except msgspec.ValidationError as error:
                self._check_end(line, number, count, error)
                ended = True
                continue
            except ValueError as error:  # no UTF-8, too
                raise self._wrong(number, f"no JSON: {error}; {AGAIN}") from None
            count += 1
            values = {name: getattr(told, name) for name in _FIELDS}
            unread = PermanentError("snapshot", "NotObserved", told.unread) if told.unread else None
            yield Instance(region=self.header.region, **values, unread=unread)
        if not ended:
            raise self._wrong(number, f"the file ends here, and its last line is missing: it was cut short; {AGAIN}")

    def _first(self, line: bytes) -> Header:
        try:
            version = json.loads(line).get("rolekeeper_snapshot")
        except (ValueError, AttributeError, RecursionError):
            version = None
        if version is None:
            raise self._wrong(1, f"no snapshot of rolekeeper's; {AGAIN}")
        if version != VERSION:
            raise self._wrong(1, f"version {version!r:.40}; this rolekeeper reads version {VERSION}; {AGAIN}")
        try:
            return _header.decode(line)
        except ValueError as error:  # what json takes and msgspec does not: NaN, a byte order mark
            raise self._wrong(1, str(error)) from None

    def _check_end(self, line: bytes, number: int, count: int, error: Exception) -> None:
        try:
            told = _end.decode(line).instances
        except ValueError:  # neither; or it was cut short
            raise self._wrong(number, str(error)) from None
        if told != count:
            raise self._wrong(
                number, f"it says {told} instances, and there are {count}: lines are missing or were added"
            )

    def _wrong(self, number: int, text: str) -> ConfigError:
        return ConfigError(f"{self._name}:{number}: {text}")


def shown_as(header: Header) -> dict[str, Any]:
    """Return the header's values as people read them."""
    return {"account_id": header.account_id, "region": header.region, "made_at": f"{header.made_at:%Y-%m-%d %H:%M:%SZ}"}

"""Decodes a LogGroup, the body of PutLogs, from the protobuf wire format. No rules about logs.

Written out here, not taken from the SDK's generated module: the emulator must not depend on the client it is there to
check, and only so can a broken message (PostBodyInvalid) be told from text that is not UTF-8 (InvalidEncoding).
Message: Simple Log Service API reference, "Data encoding":
LogGroup {Logs 1, Topic 3, Source 4, MachineUUID 5, LogTags 6}, Log {Time 1, Contents 2, Time_ns 4}, Content {Key 1, Value 2}.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from fakecloud.sls.exceptions import InvalidEncoding, PostBodyInvalid

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


@dataclass(slots=True)
class RawLog:
    """time: seconds since the epoch; nanoseconds: the part below a second. contents: in the order sent."""

    time: int = -1
    nanoseconds: int = 0
    contents: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class LogGroup:
    logs: list[RawLog] = field(default_factory=list)
    topic: str = ""
    source: str = ""
    tags: list[tuple[str, str]] = field(default_factory=list)


def decode(body: bytes) -> LogGroup:
    """Raises PostBodyInvalid where the message is broken or lacks a required field, InvalidEncoding for other text."""
    group = LogGroup()
    for number, value in _fields(body):
        match number, value:
            case 1, bytes():
                group.logs.append(_log(value))
            case 3, bytes():
                group.topic = _text(value)
            case 4, bytes():
                group.source = _text(value)
            case 6, bytes():
                group.tags.append(_pair(value))
            case ((1 | 3 | 4 | 6), _):
                raise PostBodyInvalid()
    return group


def _log(body: bytes) -> RawLog:
    log = RawLog()
    for number, value in _fields(body):
        match number, value:
            case 1, int():
                log.time = value
            case 4, int():
                log.nanoseconds = value
            case 2, bytes():
                log.contents.append(_pair(value))
            case ((1 | 2 | 4), _):
                raise PostBodyInvalid()
    if log.time < 0:
        raise PostBodyInvalid()
    return log


@lru_cache(maxsize=4096)
def _pair(body: bytes) -> tuple[str, str]:
    """Most of what a log says, the logs beside it say too."""
    parts = dict(_fields(body))
    key, value = parts.get(1), parts.get(2)
    if not isinstance(key, bytes) or not isinstance(value, bytes):
        raise PostBodyInvalid()
    return _text(key), _text(value)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise InvalidEncoding() from None


def _fields(body: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of one message: number and value. Unknown fields are yielded too; readers pass over them."""
    at, end = 0, len(body)
    while at < end:
        tag, at = (body[at], at + 1) if body[at] < 0x80 else _varint(body, at)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise PostBodyInvalid()
        if kind == VARINT:
            number_value, at = _varint(body, at)
            yield number, number_value
            continue
        if kind == BYTES:
            size, at = (body[at], at + 1) if at < end and body[at] < 0x80 else _varint(body, at)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise PostBodyInvalid()
        if at + size > end:
            raise PostBodyInvalid()
        piece = body[at : at + size]
        at += size
        yield number, piece if kind == BYTES else int.from_bytes(piece, "little")


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(body) or shift > 63:
            raise PostBodyInvalid()
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7

"""Bytes to JSON members: one event, or a list of them. Knows no event's shape; never raises."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from shared.events.queue import opened
from shared.events.values import clean
from shared.model.ignored import Ignored

# A synchronous invocation holds at most 32 MB (reference: Function Compute, Limits), and so does a batch of an event stream:
# what is not read of one would be lost, since its messages leave the queue. Anything larger did not come from there.
MAX_EVENT_BYTES = 32 * 1024 * 1024

_MAX_NESTED_LISTS = 4  # a batch is one list deep; an event forwarded in a batch of batches two
_BOM = b"\xef\xbb\xbf"


def members(body: object) -> Iterator[object]:
    """The JSON values to judge one by one, or the one Ignored that says why there are none."""
    if isinstance(body, str):
        body = body.encode("utf-8", errors="surrogatepass")  # lone surrogates become bytes that the decoder refuses
    if not isinstance(body, (bytes, bytearray, memoryview)):
        yield Ignored(reason="not-json", detail=f"expected the bytes of an event, got {type(body).__name__}")
        return
    content = bytes(body).removeprefix(_BOM).strip()
    if not content:
        yield Ignored(reason="empty", detail="the event has no content")
    elif len(content) > MAX_EVENT_BYTES:
        detail = f"{len(content)} bytes; at most {MAX_EVENT_BYTES} are read, which is more than an invocation holds"
        yield Ignored(reason="too-large", detail=detail)
    else:
        yield from _decode(content)


def _decode(content: bytes) -> Iterator[object]:
    try:
        value: object = msgspec.json.decode(content)
    except RecursionError:
        yield Ignored(reason="not-json", detail="the JSON is nested too deeply")
    except UnicodeDecodeError as error:
        yield Ignored(reason="not-json", detail=clean(f"not UTF-8: {error.reason} (byte {error.start})", 200))
    except ValueError as error:
        yield Ignored(reason="not-json", detail=clean(str(error), 200))
    else:
        yield from _flat(value, _MAX_NESTED_LISTS)


def _flat(value: object, depth: int) -> Iterator[object]:
    value = opened(value)  # queues deliver an event in an envelope, or as a string of JSON inside the list
    if not isinstance(value, list) or depth == 0:
        yield value
    elif not value:
        yield Ignored(reason="empty", detail="a list without events")
    else:
        for member in value:
            yield from _flat(member, depth - 1)

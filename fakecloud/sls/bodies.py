"""The body of a write as sent, made plain: headers checked, compression undone, JSON read. No rules about what it says.

Source: Simple Log Service API reference, "Common request headers" and "Common error codes".
"""

from __future__ import annotations

import zlib
from typing import Any

import lz4.block

from fakecloud.errors import NotEmulated
from fakecloud.http import Request, Response
from fakecloud.parsing import digits, loads
from fakecloud.sls import exceptions as errors


def read_json(request: Request) -> dict[str, Any]:
    """Raises MissingContentType, or ParameterInvalid where the body is no JSON object."""
    if request.body and not request.headers.get("content-type"):
        raise errors.MissingContentType()
    try:
        body = loads(request.body)
    except ValueError:
        raise errors.ParameterInvalid("The body is not valid json string.") from None
    if not isinstance(body, dict):
        raise errors.ParameterInvalid("The body is not valid json string.")
    return body


def read_logs(request: Request, limit: int) -> bytes:
    """The protobuf message in a PutLogs body; limit: bytes of it, before compression."""
    headers = request.headers
    kind = headers.get("content-type", "")
    if not kind:
        raise errors.MissingContentType()
    if kind.partition(";")[0].strip() != "application/x-protobuf":
        raise errors.InvalidContentType(f"Content-Type {kind} is unsupported.")
    size = _size(headers.get("x-log-bodyrawsize"))
    if size > limit:
        raise too_large(limit)
    raw = _inflate(request.body, headers.get("x-log-compresstype", ""), size)
    if len(raw) != size:
        raise errors.InvalidBodyRawSize(f"x-log-bodyrawsize {size} is not the size of the body, {len(raw)}.")
    return raw


def too_large(limit: int) -> errors.PostBodyTooLarge:
    return errors.PostBodyTooLarge(
        f"Logs must be less than or equal to {limit / 1024 / 1024:g} MB and the number of entries."
    )


def answer_json(body: Any, headers: dict[str, str], request: Request) -> Response:
    """An answer, compressed with lz4 where the request asks for that by name (aliyun-log-python-sdk does)."""
    response = Response.json(body, headers=headers)
    wanted = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept-encoding", "").split(",")]
    if "lz4" in wanted:
        size = len(response.body)
        response.body = lz4.block.compress(response.body, store_size=False)
        response.headers.update({"x-log-compresstype": "lz4", "x-log-bodyrawsize": str(size)})
    return response


def _size(text: str | None) -> int:
    if text is None:
        raise errors.MissingBodyRawSize()
    size = digits(text)
    if size is None:
        raise errors.InvalidBodyRawSize()
    return size


def _inflate(body: bytes, kind: str, size: int) -> bytes:
    if kind == "":
        return body
    try:
        if kind == "lz4":
            return bytes(lz4.block.decompress(body, uncompressed_size=size))
        if kind == "zstd":
            return _unzstd(body, size)
        if kind in ("deflate", "gzip"):
            # One byte more than announced is enough to see that the size is wrong, and a bomb stays small.
            return zlib.decompressobj(wbits=31 if kind == "gzip" else 15).decompress(body, size + 1)
    except (lz4.block.LZ4BlockError, zlib.error):
        raise errors.PostBodyUncompressError() from None
    raise errors.InvalidCompressType(f"x-log-compresstype {kind} is unsupported.")


def _unzstd(body: bytes, size: int) -> bytes:
    """By the package zstandard, if it is there: no client that rolekeeper uses compresses so, others do by default."""
    try:
        import zstandard
    except ImportError:
        raise NotEmulated(
            "x-log-compresstype zstd of SLS without the package zstandard: pip install zstandard"
        ) from None
    try:
        return bytes(zstandard.ZstdDecompressor().stream_reader(body).read(size + 1))
    except zstandard.ZstdError:
        raise errors.PostBodyUncompressError() from None

"""Checks the two signatures of SLS: v1 (LOG, HMAC-SHA1 or HMAC-SHA256) and v4 (SLS4-HMAC-SHA256). Judges no permission.

Algorithms: Simple Log Service API reference, "Request signatures"; both verified against aliyun-log-python-sdk.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from fakecloud.errors import InvalidAccessKey, TokenExpired, TokenMismatch
from fakecloud.http import Request
from fakecloud.identity import AccessKey, Identity, KeyRing
from fakecloud.signatures import check_key, escape, skewed
from fakecloud.sls import exceptions as errors

_V1 = re.compile(r"LOG ([^:]+):(\S+)")
_METHODS = {"hmac-sha1": hashlib.sha1, "hmac-sha256": hashlib.sha256}
_V4 = re.compile(r"SLS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]*)/sls/aliyun_v4_request,\s*Signature=([0-9a-f]+)")


def authenticate(request: Request, keys: KeyRing, now: float) -> Identity:
    """The caller. `now` is the emulated time, for the life of temporary keys.

    Raises the errors of "Common error codes": InvalidAccessKeyId, SignatureNotMatch, RequestTimeTooSkewed and so on.
    """
    if not (version := request.headers.get("x-log-apiversion")):
        raise errors.MissingApiVersion()
    if version != "0.6.0":
        raise errors.InvalidApiVersion(f"x-log-apiversion {version} is unsupported.")
    header = request.headers.get("authorization", "")
    if found := _V4.fullmatch(header):
        return _v4(request, keys, now, *found.groups())
    if found := _V1.fullmatch(header):
        return _v1(request, keys, now, *found.groups())
    raise errors.MissAccessKeyId("Authorization is missing, or is neither `LOG ID:SIGNATURE` nor SLS4-HMAC-SHA256.")


def _key(request: Request, keys: KeyRing, now: float, key_id: str) -> AccessKey:
    try:
        return check_key(keys, key_id, request.headers.get("x-acs-security-token", ""), now)
    except InvalidAccessKey:
        raise errors.InvalidAccessKeyId(f"The access key id you provided is invalid: {key_id}.") from None
    except TokenMismatch:
        raise errors.Unauthorized(f"The security token does not belong to the access key id {key_id}.") from None
    except TokenExpired:
        raise errors.SecurityTokenExpired() from None


def _v1(request: Request, keys: KeyRing, now: float, key_id: str, signature: str) -> Identity:
    headers = request.headers
    key = _key(request, keys, now, key_id)
    method = headers.get("x-log-signaturemethod")
    if method is None:
        raise errors.MissingSignatureMethod()
    digestmod = _METHODS.get(method)
    if digestmod is None:
        raise errors.InvalidSignatureMethod(f"signature method {method} is unsupported.")
    # Documented: x-log-date, where sent, replaces Date (which some proxies remove).
    date = headers.get("x-log-date") or headers.get("date")
    if not date:
        raise errors.MissingDate()
    _check_skew(_rfc822(date), now)
    md5 = headers.get("content-md5", "")
    if request.body and not md5:
        raise errors.SignatureNotMatch("Content-MD5 is missing: the signature does not cover the body without it.")
    if md5 and md5.upper() != hashlib.md5(request.body).hexdigest().upper():
        raise errors.SignatureNotMatch(f"Content-MD5 {md5} is not the hash of the body.")
    # aliyun-log-python-sdk adds x-log-date after it has signed, other clients before: both are accepted.
    logs = [name for name in _signed_names(request) if name not in ("content-type", "host")]
    for names in (logs, [name for name in logs if name != "x-log-date"]):
        lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
        for path in _paths(request):
            query = "&".join(f"{name}={value}" for name, value in sorted(request.query))
            resource = f"{path}?{query}" if query else path
            text = f"{request.method}\n{md5}\n{headers.get('content-type', '')}\n{date}\n{lines}{resource}"
            digest = hmac.new(key.secret.encode(), text.encode(), digestmod).digest()
            if hmac.compare_digest(base64.b64encode(digest), signature.encode()):
                return key.identity
    raise errors.SignatureNotMatch(f"signature {signature} not match")


def _v4(request: Request, keys: KeyRing, now: float, key_id: str, day: str, region: str, signature: str) -> Identity:
    headers = request.headers
    key = _key(request, keys, now, key_id)
    date = headers.get("x-log-date")
    if not date:
        raise errors.MissingDate()
    try:
        at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise errors.InvalidDateFormat(f"Date {date} must be of the form 20060102T150405Z.") from None
    _check_skew(at, now)
    body_hash = hashlib.sha256(request.body).hexdigest()
    if headers.get("x-log-content-sha256") != body_hash:
        raise errors.SignatureNotMatch("x-log-content-sha256 is not the hash of the body.")
    names = _signed_names(request)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    query = "&".join(
        f"{escape(name)}={escape(value)}" if value else escape(name) for name, value in sorted(request.query)
    )
    scope = f"{day}/{region}/sls/aliyun_v4_request"
    secret = f"aliyun_v4{key.secret}".encode()
    for part in (day, region, "sls", "aliyun_v4_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    for path in _paths(request):
        canonical = "\n".join([request.method, path, query, lines, ";".join(names), body_hash])
        text = f"SLS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        if hmac.compare_digest(hmac.new(secret, text.encode(), hashlib.sha256).hexdigest(), signature):
            return key.identity
    raise errors.SignatureNotMatch(f"signature {signature} not match")


def _signed_names(request: Request) -> list[str]:
    """The headers a signature covers. x-log-meta-* is left out, as aliyun-log-python-sdk does."""
    return sorted(
        name
        for name in request.headers
        if name in ("content-type", "host")
        or name.startswith("x-acs-")
        or (name.startswith("x-log-") and not name.startswith("x-log-meta-"))
    )


def _paths(request: Request) -> set[str]:
    """The path as sent and decoded: SDKs sign the one or the other, and they differ only in unusual names."""
    return {request.path, unquote(request.path)}


def _rfc822(date: str) -> datetime:
    try:
        at = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        raise errors.InvalidDateFormat(f"Date {date} must follow RFC822.") from None
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)


def _check_skew(at: datetime, now: float) -> None:
    if skewed(at, now):
        raise errors.RequestTimeTooSkewed()

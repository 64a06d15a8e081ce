"""Checks ACS3-HMAC-SHA256 (all OpenAPI SDKs of today) and the older HMAC-SHA1 query signature. SLS has its own in sls/.

Algorithm: Alibaba Cloud "V3 request structure and signature"; verified against alibabacloud-tea-openapi.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from datetime import datetime, timezone
from urllib.parse import quote

from fakecloud.errors import (
    InvalidAccessKey,
    NonceUsed,
    NotEmulated,
    SignatureMismatch,
    TimestampExpired,
    TimestampMalformed,
    TokenExpired,
    TokenMismatch,
)
from fakecloud.http import Request
from fakecloud.identity import AccessKey, Identity, KeyRing

SKEW_SECONDS = 15 * 60
_AUTHORIZATION = re.compile(r"ACS3-HMAC-SHA256 Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)")


def by_query(request: Request) -> bool:
    """Return whether the request is signed in its query, the older way, which covers its parameters and no header at all."""
    return not request.headers.get("authorization") and any(name == "Signature" for name, _ in request.pairs())


def said(request: Request, header: str, name: str) -> str:
    """Return what the request says by the header or, where it has none, by the parameter; "" for nothing. Where the signature covers
    parameters alone, those alone count: a header could have been added by anybody on the way."""
    given = "" if by_query(request) else request.headers.get(header, "")
    return given or request.form().get(name, "")


def escape(text: str) -> str:
    """RFC 3986: everything but letters, digits and -_.~ is percent-encoded."""
    return quote(text, safe="-_.~")


def authenticate(request: Request, keys: KeyRing, now: float) -> Identity:
    """The caller. `now` is the emulated time, for the life of temporary keys.

    Raises InvalidAccessKey, SignatureMismatch, TokenMismatch, TokenExpired, TimestampMalformed, TimestampExpired or
    NonceUsed, as the cloud does; NotEmulated for a way of signing that is not known here.
    """
    if request.headers.get("authorization"):
        return acs3(request, keys, now)
    if by_query(request):
        return _query_signature(request, keys, now)
    raise InvalidAccessKey(
        "The request is not signed: it has neither an Authorization header nor a Signature; without one there are the routes of "
        "docs/emulator.md alone."
    )


def acs3(request: Request, keys: KeyRing, now: float) -> Identity:
    """The same for the signature in the header alone: the older one covers neither paths nor headers, and calls that say by
    those what is done (Function Compute's) cannot be signed with it."""
    header = request.headers.get("authorization", "")
    if not header:
        raise InvalidAccessKey("The request is not signed: it has no Authorization header.")
    found = _AUTHORIZATION.fullmatch(header)
    if not found:
        raise NotEmulated(
            f"the signature {header.split(' ')[0]!r}; there are ACS3-HMAC-SHA256 and HMAC-SHA1 in the query"
        )
    return _acs3(request, keys, now, *found.groups())


def check_key(keys: KeyRing, access_key_id: str, token: str, now: float) -> AccessKey:
    """The key of that id, if its token is the right one and has not expired."""
    key = keys.find(access_key_id)
    if key is None:
        raise InvalidAccessKey()
    if key.token != token:
        raise TokenMismatch()
    if key.token and key.expires <= now:
        raise TokenExpired()
    return key


def _acs3(request: Request, keys: KeyRing, now: float, key_id: str, signed: str, signature: str) -> Identity:
    headers = request.headers
    key = check_key(keys, key_id, headers.get("x-acs-security-token", ""), now)
    _check_date(headers.get("x-acs-date", ""), "%Y-%m-%dT%H:%M:%SZ", now)
    body_hash = hashlib.sha256(request.body).hexdigest()
    if headers.get("x-acs-content-sha256") != body_hash:
        raise SignatureMismatch("x-acs-content-sha256 is not the hash of the body.")
    names = signed.split(";")
    # What the published algorithm signs and its clients do: a header that says what is done, and is not signed, would let
    # anybody on the way say it.
    required = {name for name in headers if name in ("host", "content-type") or name.startswith("x-acs-")}
    if not required <= set(names):
        raise SignatureMismatch(f"These headers must be signed: {', '.join(sorted(required - set(names)))}.")
    query = "&".join(f"{escape(k)}={escape(v)}" for k, v in sorted(request.query))
    lines = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names)
    canonical = "\n".join([request.method, request.path, query, lines, signed, body_hash])
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    expected = hmac.new(key.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature):
        raise SignatureMismatch.of(to_sign)
    _use_nonce(keys, key_id, headers.get("x-acs-signature-nonce", ""))
    return key.identity


def _query_signature(request: Request, keys: KeyRing, now: float) -> Identity:
    form = request.form()
    given = form.pop("Signature")
    if form.get("SignatureMethod", "HMAC-SHA1") != "HMAC-SHA1" or form.get("SignatureType"):
        raise NotEmulated(
            f"the SignatureMethod {form.get('SignatureMethod')!r} {form.get('SignatureType', '')}".rstrip()
        )
    key = check_key(keys, form.get("AccessKeyId", ""), form.get("SecurityToken", ""), now)
    _check_date(form.get("Timestamp", ""), "%Y-%m-%dT%H:%M:%SZ", now)
    query = "&".join(f"{escape(k)}={escape(v)}" for k, v in sorted(form.items()))
    to_sign = f"{request.method}&{escape('/')}&{escape(query)}"
    digest = hmac.new((key.secret + "&").encode(), to_sign.encode(), hashlib.sha1).digest()
    if not hmac.compare_digest(base64.b64encode(digest), given.encode()):
        raise SignatureMismatch.of(to_sign)
    _use_nonce(keys, key.access_key_id, form.get("SignatureNonce", ""))
    return key.identity


def _use_nonce(keys: KeyRing, key_id: str, nonce: str) -> None:
    """Only where there is one: Function Compute's clients and some of the older ones send none."""
    if nonce and not keys.use_nonce(key_id, nonce):
        raise NonceUsed()


def _check_date(text: str, form: str, now: float) -> None:
    try:
        at = datetime.strptime(text, form).replace(tzinfo=timezone.utc)
    except ValueError:
        raise TimestampMalformed() from None
    if skewed(at, now):
        raise TimestampExpired()


def skewed(at: datetime, now: float) -> bool:
    """Return whether a client's time is more than 15 minutes off: the real time, for clients sign with their own clock, and the
    emulated time `now` too, for that is the clock of a function."""
    return min(abs(time.time() - at.timestamp()), abs(now - at.timestamp())) > SKEW_SECONDS

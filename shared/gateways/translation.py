"""Translates every SDK's error into one of ours, once. The classes and codes are stated in shared/errors.py.

What comes out carries no credential: neither its text nor, in a traceback, an error of the SDK as its cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from shared.clean import LONGEST, READ, cleaned
from shared.errors import CloudCallError, PermanentError, Throttled, TransientError
from shared.gateways import transport

_THROTTLED = re.compile(r"Throttl|FlowControl|QpsLimit|(?:Read|Write)QuotaExceed|ServerBusy|ResourceExhausted")
_TRANSIENT = re.compile(
    r"ServiceUnavailable|InternalError|InternalServerError|RequestTimeout|LogRequestError|BadResponse|"
    r"IncorrectInstanceStatus|OperationConflict|InvalidSecurityToken\.Expired|SecurityToken\.?Expired|"
    r"LastTokenProcessing|SignatureNonceUsed|InvalidTimeStamp|IllegalTimestamp|RequestTimeTooSkewed|RequestTimeExpired|"
    r"RequestExpired"
)
_CLOCK = re.compile(
    r"Invalid_?Time_?[Ss]tamp|IllegalTimestamp|RequestTimeTooSkewed|RequestTimeExpired|RequestExpired|SignatureNonceUsed|"
    r"InvalidDate"
)
_CLOCK_SAID = re.compile(
    r"(?i)request time .{0,40}(?:skew|expire|15 ?min)|time ?stamp .{0,40}expire|signature .{0,20}expire"
)
_TOKEN = re.compile(r"SecurityToken")
_TOKEN_SAID = re.compile(r"(?i)security ?token")
TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"
SKEW_SHOWN = 60.0
"""Seconds: a difference of clocks that is worth a word. The services take 15 minutes."""
_UNREACHED = re.compile(
    r"HTTPS?ConnectionPool\(host='([^']*)', port=(\d+)\): Max retries exceeded with url: \S+ \(Caused by "
)
_AT_LAST = re.compile(r" cannot be reached \(.*(\[(?:Errno|SSL)[^'\"()]*[^'\"() ])[^\[]*$")
"""The operating system's words within those that each library puts around them."""
CODE = 128
"""Characters of a code or of a request's id."""


def classify(call: str, code: str, message: str, status: int, request_id: str) -> CloudCallError:
    """By the code first: the HTTP status of a throttle is 400, 403 or 429 (ECS api-throttling)."""
    message = cleaned(_UNREACHED.sub(r"\1:\2 cannot be reached (", message), READ)
    message = _AT_LAST.sub(r" cannot be reached: \1)", message)[:LONGEST]
    kind: type[CloudCallError] = PermanentError
    if _THROTTLED.search(code) or status == 429:
        kind = Throttled
    elif _TRANSIENT.search(code) or status >= 500 or not code:
        kind = TransientError
    return kind(call, cleaned(code, CODE), message, cleaned(request_id, CODE), _advice(code, message))


def _advice(code: str, message: str) -> str:
    """Return what to look at on this side, where a call ended on its way, or a service refuses its time or its token, in whatever words."""
    if advice := transport.advice():
        return advice
    if _CLOCK.search(code) or (_CLOCK_SAID.search(message) and not _TOKEN_SAID.search(message)):
        ahead = transport.clock_ahead()
        if ahead is None or abs(ahead) < SKEW_SHOWN:
            return "; look at this machine's clock: it may differ by 15 minutes from the cloud's, no more"
        minutes, seconds = divmod(round(abs(ahead)), 60)
        return f"; this machine's clock is {minutes} min {seconds} s {'ahead of' if ahead > 0 else 'behind'} the cloud's: set it (NTP)"
    if not (_TOKEN.search(code) or _TOKEN_SAID.search(message)):
        return ""
    if "xpired" in code or "xpired" in message:
        return f"; the time of the keys' token is up: where {TOKEN} is set, take a new one, or unset it"
    return f"; {TOKEN} is not of this key: unset it, or set the key's"


def unreadable(call: str, error: Exception, body: Mapping[str, Any]) -> TransientError:
    """An item of an answer that is not of its declared types."""
    text = cleaned(f"an item of the answer cannot be read: {error}")
    return TransientError(call, "UnreadableAnswer", text, cleaned(str(body.get("RequestId") or ""), CODE))


@contextmanager
def translated(call: str) -> Iterator[None]:
    """Around one SDK call: any error comes out as PermanentError, TransientError or Throttled.

    What the SDK did not foresee (an answer of another shape makes it raise anything) is transient: no usable answer.
    """
    try:
        yield
    except CloudCallError:
        raise
    except Exception as error:
        if broken := _broken(error):
            text = f"{cleaned(str(broken))}; build and deploy anew (make build)"
            raise PermanentError(call, "PackageIncomplete", text) from None
        # Function Compute logs the traceback of what a handler raises with all causes: the SDK's error may show what was sent.
        raise (_from_tea(call, error) or from_sls(call, error) or _unforeseen(call, error)) from None


def _unforeseen(call: str, error: Exception) -> CloudCallError:
    return classify(call, "", f"no usable answer ({type(error).__name__}: {error})", 0, transport.request_id())


def _broken(error: BaseException | None) -> BaseException | None:
    """A module or a file (as the CA certificates) that the SDK misses: trying again will not bring it."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        if isinstance(error, (ImportError, FileNotFoundError)):
            return error
        seen.append(error)
        error = getattr(error, "inner_exception", None) or error.__cause__ or error.__context__
    return None


def _from_tea(call: str, error: Exception) -> CloudCallError | None:
    """Errors of the alibabacloud_* packages: all are Tea.exceptions.TeaException; no answer or no JSON has code None."""
    if not any(base.__name__ in ("TeaException", "DaraException") for base in type(error).__mro__):
        return None
    data: dict[str, Any] = getattr(error, "data", None) or {}
    code = str(getattr(error, "code", "") or "")
    code = str(data.get("ErrorCode") or "") if code == "None" else code  # FC 2.0 says ErrorCode
    message = str(data.get("Message") or data.get("ErrorMessage") or getattr(error, "message", "") or error)
    status = int(getattr(error, "status_code", 0) or data.get("statusCode") or 0)
    if not code:
        inner = getattr(error, "inner_exception", None)  # of an UnretryableException: what really happened
        message = f"no usable answer ({getattr(inner, 'message', None) or inner or message})"
    known = str(getattr(error, "request_id", "") or data.get("RequestId") or "")
    return classify(call, code, message, status, transport.request_id() if known in ("", "None") else known)


def from_sls(call: str, error: Exception) -> CloudCallError | None:
    """aliyun.log.LogException: a plain Exception with getters."""
    if type(error).__name__ != "LogException":
        return None
    get: Any = error
    return classify(
        call,
        str(get.get_error_code() or ""),
        str(get.get_error_message()),
        int(get.get_resp_status() or 0),
        str(get.get_request_id() or transport.request_id()),
    )

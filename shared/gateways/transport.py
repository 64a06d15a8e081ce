"""The common ground of all SDKs' connections: the proxy that they take, by one rule, and what the last answer's headers said.

ECS's, STS's, RAM's and Function Compute's SDK heeds no NO_PROXY; SLS's heeds it, by another rule for some entries. So neither
decides here, but way() alone.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from shared.gateways.sdk_private import pools, replace_pools

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
PORTS = {"http": 80, "https": 443}
SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
"""Of the URL of a proxy."""
_SAID = re.compile(
    r"\[Errno[^\]]*\][^'\")>]*|Tunnel connection failed: [^'\")]*|timed out|Missing dependencies for SOCKS"
)
_lock = threading.Lock()


class Way(NamedTuple):
    """proxies: as requests takes them, {} = directly. variable: which one names the proxy. shown: HOST:PORT of it, no more, or ""
    where it is no URL of a proxy."""

    proxies: Mapping[str, str]
    variable: str = ""
    shown: str = ""


class _Last(threading.local):
    """The facts of this thread's last call: the headers of its answer, or what to look at since there was none."""

    headers: Mapping[str, str] = {}
    advice: str = ""


_last = _Last()
_sent = 0


def calls() -> int:
    """Return how many calls this process has begun, of every service, for whoever waits for them."""
    return _sent


def way(url: str) -> Way:
    """Return how a URL is reached, as HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say, in lower or upper case; lower goes first.

    NO_PROXY: hosts, each with all that are below it (`aliyuncs.com`, `.aliyuncs.com`, `*.aliyuncs.com`), HOST:PORT, addresses and
    networks (10.0.0.0/8), or * for all.
    """
    parts = urlsplit(url)
    given = tuple((os.environ.get(name) or os.environ.get(name.upper(), "")).strip() for name in VARIABLES)
    return _way(parts.scheme, (parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme, 0), given)


@lru_cache(maxsize=256)
def _way(scheme: str, host: str, port: int, given: tuple[str, ...]) -> Way:
    found = dict(zip(VARIABLES, given, strict=True))
    name = next((name for name in (f"{scheme}_proxy", "all_proxy") if found.get(name)), "")
    if not name or any(_is(entry, host, port) for entry in re.split(r"[,\s]+", found["no_proxy"].lower())):
        return Way({})
    proxy = found[name] if "://" in found[name] else f"http://{found[name]}"
    variable = name if os.environ.get(name) else name.upper()
    try:
        parts = urlsplit(proxy)
        shown = f"{parts.hostname or ''}:{parts.port}" if parts.port else parts.hostname or ""
        shown = shown if parts.scheme in SCHEMES else ""
    except ValueError:  # its text may show a part of the password
        shown = ""
    return Way({"http": proxy, "https": proxy}, variable, shown)


def _is(entry: str, host: str, port: int) -> bool:
    """Return whether an entry of NO_PROXY is of this host."""
    if entry == "*":
        return True
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdecimal() and (":" not in name or name.endswith("]")):  # ::1 has no port
        entry, fits = name, int(wanted) == port
    else:
        fits = True
    entry = entry.lstrip("*").strip(".").strip("[]")
    if not entry or not fits:
        return False
    if "/" in entry:
        import ipaddress

        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    return host == entry or host.endswith("." + entry)


def led(session: Any) -> Any:
    """A session of requests whose calls take their way by this rule."""
    for adapter in session.adapters.values():
        adapter.send = partial(_send, adapter)
    return session


def lead(core: Any) -> None:
    """The same for every session that the SDK of all services but SLS makes, now or later. Where it keeps them elsewhere, nothing."""
    with _lock:
        kept = pools(core)
        if kept is not None and not isinstance(kept, _Sessions):
            replace_pools(core, _Sessions({key: led(session) for key, session in kept.items()}))


class _Sessions(dict[str, Any]):
    def __setitem__(self, key: str, session: Any) -> None:
        super().__setitem__(key, led(session))


def _send(adapter: Any, request: Any, *args: Any, **options: Any) -> Any:
    from requests import RequestException

    global _sent
    with _lock:
        _sent += 1
    taken, host = way(request.url), urlsplit(request.url).netloc
    _last.headers, _last.advice = {}, ""
    if taken.variable and not taken.shown:
        _last.advice = "; write http://HOST:PORT, and in a password each sign that is no letter or digit as %2F"
        raise OSError(f"{host} was asked through the proxy that {taken.variable} names, which is no URL of one")
    try:
        answer = type(adapter).send(adapter, request, *args, **{**options, "proxies": taken.proxies})
    except RequestException as error:
        if not taken.variable:
            raise
        said = _SAID.findall(str(error)) or [type(error).__name__]
        _last.advice = "; a host that needs no proxy belongs in NO_PROXY"
        why = f"{taken.shown}: {said[-1].strip()}"
        raise OSError(f"{host} was asked through the proxy that {taken.variable} names, {why}") from None
    _last.headers = answer.headers
    return answer


def request_id() -> str:
    """The id that the last answer's headers had: an answer that is none, as a gateway's page, has no other."""
    return _last.headers.get("x-acs-request-id") or _last.headers.get("x-log-requestid") or ""


def advice() -> str:
    """Return, once, what to look at where the last call did not get through; "" where it did."""
    said, _last.advice = _last.advice, ""
    return said


def clock_ahead() -> float | None:
    """Seconds that this machine's clock is ahead of the last answer's Date; None where that had none."""
    from email.utils import parsedate_to_datetime  # an event that is not for us does without

    try:
        return time.time() - parsedate_to_datetime(_last.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return None

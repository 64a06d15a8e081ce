"""The requests that the HTTP server takes at all: none that a web page sends, by its own name or by one of its own that it
points at this machine (DNS rebinding). Knows no service.

The server listens on loopback and its side door is unsigned: whatever runs in a browser here could else reset it.
"""

from __future__ import annotations

import ipaddress
import re

from fakecloud.http import Request

METADATA = "100.100.100.200"
_CLOUD = re.compile(r"(?:[a-z0-9_-]+\.)+aliyuncs\.com")  # nobody but the cloud can point such a name at this machine
_LOCAL_NAME = re.compile(r"(?:[a-z0-9_-]+\.)*localhost")
_PROJECT = re.compile(r"[a-z0-9-]+\.(?=\d+\.\d+\.\d+\.\d+$)")
_SCHEME = re.compile(r"^https?://")
_PORT = re.compile(r":\d{0,5}$")


def refusal(request: Request) -> str:
    """Return why the request is not taken, "" where it is.

    No client of the cloud sends Origin or Sec-Fetch-Site; browsers do, and let no page forge them. An address typed by hand
    has `none`.
    """
    if "origin" in request.headers:
        return (
            f"the header Origin ({request.headers['origin'][:100]!r}) says that a web page sent it; clients send none"
        )
    site = request.headers.get("sec-fetch-site", "none").strip().lower()
    if site not in ("none", "same-origin"):
        return f"the header Sec-Fetch-Site ({site[:100]!r}) says that a web page sent it; clients send none"
    if not serves(request.host):
        return (
            f"the host {request.host[:100]!r} is neither this machine (127.0.0.1, localhost, [::1]) nor a name of the cloud "
            f"(*.aliyuncs.com, {METADATA})"
        )
    return ""


def serves(host: str) -> bool:
    """Return whether a Host names loopback or the cloud that is emulated. host: as Request has it, with or without a port."""
    name = _PORT.sub("", _SCHEME.sub("", host))  # an SDK whose endpoint is a URL sends it whole; a browser cannot
    if name.startswith("[") and name.endswith("]"):
        return _is_loopback(name[1:-1])
    if _LOCAL_NAME.fullmatch(name) or name == METADATA or _CLOUD.fullmatch(name):
        return True
    return _is_loopback(_PROJECT.sub("", name))  # PROJECT.127.0.0.1, as SLS clients ask


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback

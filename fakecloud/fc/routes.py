"""The paths of both versions of the API, 2023-03-30 and 2021-04-06, and what each means. Answers nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from fakecloud.http import Request

_NAME = r"(?P<function>[^/]+)"
_2023 = r"/2023-03-30/functions"
_2021 = r"/2021-04-06/services/(?P<service>[^/]+)/functions"
_TAILS = (
    ("GET", "", "ListFunctions"),
    ("GET", f"/{_NAME}", "GetFunction"),
    ("POST", f"/{_NAME}/invocations", "InvokeFunction"),
    ("GET", f"/{_NAME}/triggers", "ListTriggers"),
    ("GET", rf"/{_NAME}/triggers/(?P<trigger>[^/]+)", "GetTrigger"),
    ("GET", f"/{_NAME}/async-invoke-config", "GetAsyncInvokeConfig"),
)
_ROUTES = [
    *((method, re.compile(base + tail), action) for base in (_2023, _2021) for method, tail, action in _TAILS),
    ("GET", re.compile(rf"{_2023}/{_NAME}/async-tasks"), "ListAsyncTasks"),
    ("GET", re.compile(rf"{_2021}/{_NAME}/stateful-async-invocations"), "ListStatefulAsyncInvocations"),
]
_VERSION = re.compile(r"/(2023-03-30|2021-04-06)(?:/|$)")
_HOST = re.compile(
    r"(?:(?P<account>\d+)\.)?(?:(?P<region>[a-z]{2,10}-[a-z0-9-]+)(?:-internal)?\.fc(?:-internal)?|fcv3\.(?P<v3>[a-z]{2,10}-[a-z0-9-]+)"
    r"|fc\.(?P<v2>[a-z]{2,10}-[a-z0-9-]+))\.aliyuncs\.com"
)


@dataclass(frozen=True, slots=True)
class Route:
    """function: as FC 3.0 names it, "service$function" for one of FC 2.0; "" where the path names none."""

    action: str
    version: str
    function: str = ""
    service: str = ""
    trigger: str = ""


def version(request: Request) -> str:
    """ "" where the path is of neither version."""
    found = _VERSION.match(request.path)
    return found[1] if found else ""


def route(request: Request) -> Route | None:
    for method, pattern, action in _ROUTES:
        found = pattern.fullmatch(request.path.rstrip("/"))
        if found and method == request.method:
            parts = {key: unquote(value) for key, value in found.groupdict(default="").items()}
            name, service = parts.get("function", ""), parts.get("service", "")
            whole = f"{service}${name}" if service and name else name
            if service and action == "GetAsyncInvokeConfig":
                action = "GetFunctionAsyncInvokeConfig"
            return Route(action, version(request), whole, service, parts.get("trigger", ""))
    return None


def place(request: Request) -> tuple[str, str]:
    """(account, region) that the endpoint's name says, "" for what it does not."""
    found = _HOST.match(request.host)
    if not found:
        return "", ""
    return found["account"] or "", found["region"] or found["v3"] or found["v2"] or ""

"""The call that a request makes: method, path and type to the action's name, its handler and the RAM action that it needs.

Source: Simple Log Service API reference, one page an operation; "Action list" for the RAM actions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from fakecloud.http import Request, Response
from fakecloud.service import Call
from fakecloud.sls import logs_api, resources_api
from fakecloud.sls.address import address
from fakecloud.sls.state import State

Handler = Callable[[State, Call], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """kind: the parameter `type`, which tells GetLogStore, GetLogs and GetHistograms apart. project: the host names one."""

    action: str
    method: str
    path: re.Pattern[str]
    run: Handler
    ram_action: str
    kind: str = ""
    project: bool = True


def _route(
    action: str, method: str, path: str, run: Handler, ram: str = "", kind: str = "", project: bool = True
) -> Route:
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
    return Route(action, method, pattern, run, "log:" + (ram or action), kind, project)


_STORE, _INDEX, _SEARCH = "/logstores/{logstore}", "/logstores/{logstore}/index", "/savedsearches/{name}"
ROUTES = (
    _route("ListProject", "GET", "/", resources_api.list_projects, project=False),
    _route("GetProject", "GET", "/", resources_api.get_project),
    _route("CreateProject", "POST", "/", resources_api.create_project),
    _route("DeleteProject", "DELETE", "/", resources_api.delete_project),
    _route("ListLogStores", "GET", "/logstores", resources_api.list_logstores),
    _route("CreateLogStore", "POST", "/logstores", resources_api.create_logstore),
    _route("GetLogStore", "GET", _STORE, resources_api.get_logstore),
    _route("DeleteLogStore", "DELETE", _STORE, resources_api.delete_logstore),
    _route("CreateIndex", "POST", _INDEX, resources_api.create_index),
    _route("UpdateIndex", "PUT", _INDEX, resources_api.update_index),
    _route("GetIndex", "GET", _INDEX, resources_api.get_index),
    _route("DeleteIndex", "DELETE", _INDEX, resources_api.delete_index),
    _route("PutLogs", "POST", _STORE + "/shards/(?:lb|route)", logs_api.put_logs, "PostLogStoreLogs"),
    _route("GetLogs", "POST", _STORE + "/logs", logs_api.get_logs_v2, "GetLogStoreLogs"),
    _route("GetLogs", "GET", _STORE, logs_api.get_logs, "GetLogStoreLogs", kind="log"),
    _route("GetHistograms", "GET", _STORE, logs_api.get_histograms, "GetLogStoreHistogram", kind="histogram"),
    _route("ListSavedSearch", "GET", "/savedsearches", resources_api.list_saved_searches),
    _route("CreateSavedSearch", "POST", "/savedsearches", resources_api.create_saved_search),
    _route("GetSavedSearch", "GET", _SEARCH, resources_api.get_saved_search),
    _route("UpdateSavedSearch", "PUT", _SEARCH, resources_api.update_saved_search),
    _route("DeleteSavedSearch", "DELETE", _SEARCH, resources_api.delete_saved_search),
)


def find(request: Request) -> tuple[Route, dict[str, str]] | None:
    """The route and the names in the path; None where no emulated operation is intended."""
    path = "/" + "/".join(request.segments())
    kind = dict(request.query).get("type", "")
    named = bool(address(request.host).project)
    for route in ROUTES:
        if route.method == request.method and route.kind == kind and (found := route.path.fullmatch(path)):
            if path == "/" and request.method != "POST" and route.project != named:
                continue
            return route, found.groupdict()
    return None

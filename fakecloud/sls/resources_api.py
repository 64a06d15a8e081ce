"""The wire of what is managed: projects, logstores, indexes and saved searches. Rules are in models.py and index.py.

Source: Simple Log Service API reference, one page an operation; the shapes of saved searches are those of the Go and Python
SDKs (no public page).
"""

from __future__ import annotations

from typing import Any

from fakecloud.errors import NotEmulated
from fakecloud.http import Response
from fakecloud.service import Call
from fakecloud.sls import exceptions as errors
from fakecloud.sls import index, models, params
from fakecloud.sls.bodies import read_json
from fakecloud.sls.state import State

_PROJECT = frozenset(["projectName", "description", "resourceGroupId", "dataRedundancyType", "recycleBinEnabled"])
_LOGSTORE = frozenset(
    [
        "logstoreName",
        "ttl",
        "shardCount",
        "enable_tracking",
        "autoSplit",
        "maxSplitShard",
        "appendMeta",
        "telemetryType",
        "hot_ttl",
        "mode",
        "infrequentAccessTTL",
    ]
)
_SEARCH = frozenset(["savedsearchName", "displayName", "searchQuery", "logstore", "topic", "description"])


def create_project(state: State, call: Call) -> Response:
    body = read_json(call.request)
    params.only(body, _PROJECT, "CreateProject")
    if params.flag(body, "recycleBinEnabled"):
        raise NotEmulated("recycleBinEnabled of CreateProject")
    redundancy = params.text(body, "dataRedundancyType") or "LRS"
    if redundancy not in ("LRS", "ZRS"):
        raise errors.ParameterInvalid(f"dataRedundancyType {redundancy} is none of LRS, ZRS.")
    now = state.now()
    state.add(
        models.Project(
            params.text(body, "projectName", True),
            state.region(call),
            call.account,
            params.text(body, "description", True),
            now,
            now,
            params.text(body, "resourceGroupId"),
            redundancy,
        )
    )
    return Response(200)


def get_project(state: State, call: Call) -> Response:
    return Response.json(_project(state.project(call)))


def list_projects(state: State, call: Call) -> Response:
    given = dict(call.request.query)
    params.only(given, frozenset(["offset", "size", "projectName", "resourceGroupId", "description"]), "ListProject")
    offset, size = params.page(given)
    part, group, about = (params.text(given, name) for name in ("projectName", "resourceGroupId", "description"))
    found = [
        project
        for project in state.all(call)
        if part in project.name and about in project.description and group in ("", project.resource_group)
    ]
    shown = [_project(project) for project in found[offset : offset + size]]
    return Response.json({"count": len(shown), "total": len(found), "projects": shown})


def delete_project(state: State, call: Call) -> Response:
    state.remove(state.project(call))
    return Response(200)


def create_logstore(state: State, call: Call) -> Response:
    project, body = state.project(call), read_json(call.request)
    params.only(body, _LOGSTORE, "CreateLogStore")
    ttl, shards = params.whole(body, "ttl"), params.whole(body, "shardCount")
    if not 1 <= ttl <= 3650 or not 1 <= shards <= 10:
        raise errors.LogStoreInfoInvalid(
            f"ttl {ttl} is not within 1 to 3650, or shardCount {shards} not within 1 to 10"
        )
    split, most = params.flag(body, "autoSplit"), params.whole(body, "maxSplitShard", 0)
    if split and not 1 <= most <= 256:
        raise errors.LogStoreInfoInvalid(f"maxSplitShard {most} is not within 1 to 256, and autoSplit needs it")
    mode = params.text(body, "mode") or "standard"
    if mode != "standard" or params.text(body, "telemetryType") not in ("", "None"):
        raise NotEmulated("a logstore of another mode than standard, or for metrics or events")
    settings: dict[str, Any] = {
        "ttl": ttl,
        "shardCount": shards,
        "enable_tracking": params.flag(body, "enable_tracking"),
        "autoSplit": split,
        "maxSplitShard": most,
        "appendMeta": params.flag(body, "appendMeta"),
        "telemetryType": "",
        "mode": mode,
    }
    settings |= {name: params.whole(body, name) for name in ("hot_ttl", "infrequentAccessTTL") if name in body}
    project.create_logstore(params.text(body, "logstoreName", True), settings, state.now(), state.limits.logstores)
    return Response(200)


def get_logstore(state: State, call: Call) -> Response:
    store = state.logstore(call)
    times = {"createTime": store.created, "lastModifyTime": store.modified}
    return Response.json({"logstoreName": store.name, **store.settings, **times})


def list_logstores(state: State, call: Call) -> Response:
    project, given = state.project(call), dict(call.request.query)
    params.only(given, frozenset(("offset", "size", "logstoreName")), "ListLogStores")
    offset, size = params.page(given)
    names = sorted(name for name in project.logstores if params.text(given, "logstoreName") in name)
    shown = names[offset : offset + size]
    return Response.json({"count": len(shown), "total": len(names), "logstores": shown})


def delete_logstore(state: State, call: Call) -> Response:
    project, store = state.project(call), state.logstore(call)
    del project.logstores[store.name]
    return Response(200)


def create_index(state: State, call: Call) -> Response:
    store, config = state.logstore(call), index.parse(read_json(call.request))
    if store.index is not None:
        raise errors.IndexAlreadyExist()
    store.set_index(config, state.now())
    return Response(200)


def update_index(state: State, call: Call) -> Response:
    store, config = state.logstore(call), index.parse(read_json(call.request))
    if store.index is None:
        raise errors.ParameterInvalid("log store index is not created.")
    store.set_index(config, state.now())
    return Response(200)


def get_index(state: State, call: Call) -> Response:
    store = state.logstore(call)
    if store.index is None:
        raise errors.IndexConfigNotExist("index config doesn't exist.", status=404)
    answer = {
        "index_mode": "v2",
        "storage": "pg",
        "ttl": store.settings["ttl"],
        "max_text_len": store.index.max_text_len,
    }
    return Response.json({**answer, "lastModifyTime": store.index_modified, **store.index.config})


def delete_index(state: State, call: Call) -> Response:
    store = state.logstore(call)
    if store.index is None:
        raise errors.ParameterInvalid("log store index is not created.")
    store.set_index(None, state.now())
    return Response(200)


def create_saved_search(state: State, call: Call) -> Response:
    project, detail = state.project(call), _search(call)
    name = detail["savedsearchName"]
    if name in project.searches:
        raise errors.SavedSearchAlreadyExist(f"savedsearch {name} already exists.")
    project.searches[name] = detail
    return Response(200)


def update_saved_search(state: State, call: Call) -> Response:
    name = get_search(state, call)["savedsearchName"]
    detail = _search(call)
    if detail["savedsearchName"] != name:
        raise errors.ParameterInvalid(f"savedsearchName {detail['savedsearchName']} is not the {name} of the path.")
    state.project(call).searches[name] = detail
    return Response(200)


def get_saved_search(state: State, call: Call) -> Response:
    return Response.json(get_search(state, call))


def list_saved_searches(state: State, call: Call) -> Response:
    project, given = state.project(call), dict(call.request.query)
    params.only(given, frozenset(("offset", "size")), "ListSavedSearch")
    offset, size = params.page(given)
    names = sorted(project.searches)
    shown = names[offset : offset + size]
    items = [{"savedsearchName": name, "displayName": project.searches[name]["displayName"]} for name in shown]
    return Response.json({"count": len(shown), "total": len(names), "savedsearches": shown, "savedsearchItems": items})


def delete_saved_search(state: State, call: Call) -> Response:
    del state.project(call).searches[get_search(state, call)["savedsearchName"]]
    return Response(200)


def get_search(state: State, call: Call) -> dict[str, Any]:
    name = call.args["name"]
    found = state.project(call).searches.get(name)
    if found is None:
        raise errors.SavedSearchNotExist(f"savedsearch {name} does not exist.")
    return found


def _search(call: Call) -> dict[str, Any]:
    body = read_json(call.request)
    params.only(body, _SEARCH, "CreateSavedSearch")
    for name in ("savedsearchName", "searchQuery", "logstore"):
        params.text(body, name, True)
    return {"topic": "", "displayName": body["savedsearchName"], **body}


def _project(project: models.Project) -> dict[str, str]:
    return {
        "projectName": project.name,
        "region": project.region,
        "status": "Normal",
        "owner": project.account,
        "description": project.description,
        "resourceGroupId": project.resource_group,
        "dataRedundancyType": project.redundancy,
        "createTime": str(project.created),
        "lastModifyTime": str(project.modified),
    }

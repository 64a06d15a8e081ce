"""Calls to Function Compute: headers and query in, answer out. The rules are in invoker.py and async_queue.py."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from fakecloud.errors import NotEmulated
from fakecloud.fc import async_tasks, exceptions, routes, views
from fakecloud.fc.models import Function
from fakecloud.fc.routes import Route
from fakecloud.http import Response
from fakecloud.parsing import digits
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.fc.api import FunctionCompute

LOG_TAIL = 4096
"""Bytes of log that x-fc-log-type: Tail gives back."""
LONGEST_DELAY = 3600
"""Seconds that an asynchronous invocation can be kept back."""
_INERT = {"fcVersion", "qualifier"}


def answer(fc: FunctionCompute, call: Call, route: Route) -> Response:
    account, region = call.account, routes.place(call.request)[1]
    query = dict(call.request.query)
    call.params = {**query, **({"functionName": route.function} if route.function else {})}
    if route.action == "ListFunctions":
        return _list_functions(fc, call, route, query)
    function = fc.find(account, region, route.function)
    if route.version == "2023-03-30" or route.action == "InvokeFunction":
        _check_qualifier(query.get("qualifier", ""), function)
    if route.action == "InvokeFunction":
        return _invoke(fc, call, function)
    if route.action in ("ListAsyncTasks", "ListStatefulAsyncInvocations"):
        return Response.json(async_tasks.listing(function, fc.queue.tasks(function), route.version, query))
    return Response.json(_shown(route, function, query))


def _shown(route: Route, function: Function, query: dict[str, str]) -> dict[str, Any]:
    old = route.version == "2021-04-06"
    if route.action == "GetFunction":
        return views.function_2021(function) if old else views.function_2023(function)
    if route.action == "GetTrigger":
        if route.trigger not in function.triggers:
            raise exceptions.TriggerNotFound(route.trigger)
        return views.trigger_view(function, function.triggers[route.trigger])
    if route.action == "ListTriggers":
        shown = [views.trigger_view(function, trigger) for _, trigger in sorted(function.triggers.items())]
        return _page(shown, "triggers", "triggerName", query)
    if function.async_config is None:
        raise exceptions.AsyncConfigNotFound(function.name)
    view = views.async_2021 if old else views.async_2023
    return view(function, function.async_config)


def _list_functions(fc: FunctionCompute, call: Call, route: Route, query: dict[str, str]) -> Response:
    functions = fc.functions(call.account, routes.place(call.request)[1])
    if route.version == "2021-04-06":
        owned = [function for function in functions if function.service == route.service]
        if not owned:
            raise exceptions.ServiceNotFound(route.service)
        shown = [views.function_2021(function) for function in owned]
    else:
        version = query.get("fcVersion", "")
        if version not in ("", "v2", "v3"):
            raise exceptions.InvalidArgument(f"fcVersion '{version}' is neither v2 nor v3")
        wanted = [f for f in functions if not version or (version == "v2") == bool(f.service)]
        shown = [views.function_2023(function) for function in wanted]
    return Response.json(_page(shown, "functions", "functionName", query))


def _page(shown: list[dict[str, Any]], name: str, key: str, query: dict[str, str]) -> dict[str, Any]:
    """limit, prefix, nextToken; the token is the name that comes next."""
    unknown = set(query) - {"limit", "prefix", "nextToken", "startKey"} - _INERT
    if unknown:
        raise NotEmulated(f"the parameter {sorted(unknown)[0]} of a listing of Function Compute")
    limit = digits(query.get("limit", "20"))
    if limit is None or not 1 <= limit <= 100:
        raise exceptions.InvalidArgument(f"limit '{query['limit'][:100]}' is not an integer from 1 to 100")
    start = query.get("nextToken") or query.get("startKey", "")
    left = [row for row in shown if row[key].startswith(query.get("prefix", "")) and row[key] >= start]
    more = left[limit:]
    return {name: left[:limit], **({"nextToken": more[0][key]} if more else {})}


def _invoke(fc: FunctionCompute, call: Call, function: Function) -> Response:
    headers, body = call.request.headers, call.request.body
    kind = _one_of(headers.get("x-fc-invocation-type", ""), "x-fc-invocation-type", ("Sync", "Async"))
    tail = _one_of(headers.get("x-fc-log-type", ""), "x-fc-log-type", ("None", "Tail")) == "Tail"
    if kind == "Async":
        task_id = headers.get("x-fc-async-task-id") or headers.get("x-fc-stateful-async-invocation-id", "")
        delay = _delay(headers.get("x-fc-async-delay", "0"))
        delay = 0.0 if call.cloud.switches.async_delay == "ignored" else delay
        fc.enqueue(function, body, rid=call.request_id, task_id=task_id, source="api", delay=delay)
        return Response(202, b"", {"x-fc-async-task-id": task_id or call.request_id})
    outcome = fc.invoke(function, body, rid=call.request_id, source="api")
    about = {
        "content-type": "application/octet-stream",
        "x-fc-invocation-duration": f"{outcome.ms:.0f}",
        "x-fc-max-memory-usage": f"{outcome.memory:.2f}",
    }
    if not outcome.ok:
        about["x-fc-error-type"] = outcome.error_type
    if tail:
        about["x-fc-log-result"] = base64.b64encode(outcome.log.encode()[-LOG_TAIL:]).decode()
    return Response(200, outcome.body, about)


def _delay(given: str) -> float:
    """Seconds (page "Asynchronous invocations": 0 to 3600). The refusal is a guess."""
    seconds = digits(given)
    if seconds is None or seconds > LONGEST_DELAY:
        raise exceptions.InvalidArgument(
            f"x-fc-async-delay '{given[:100]}' is not an integer from 0 to {LONGEST_DELAY}"
        )
    return float(seconds)


def _one_of(given: str, name: str, values: tuple[str, ...]) -> str:
    if not given:
        return values[0]
    if given not in values:
        raise exceptions.InvalidArgument(f"{name} '{given}' is none of {', '.join(values)}")
    return given


def _check_qualifier(qualifier: str, function: Function) -> None:
    """Only LATEST: versions and aliases are not emulated, so none exists."""
    if qualifier in ("", "LATEST"):
        return
    if qualifier.isdigit():
        raise exceptions.VersionNotFound(qualifier, function.name)
    raise exceptions.AliasNotFound(qualifier, function.name)

"""The wire of logs: PutLogs, GetLogs (both forms) and GetHistograms. Rules are in models.py and query.py.

Source: Simple Log Service API reference, PutLogs, GetLogs, GetLogsV2, GetHistograms; the shape of the JSON answer verified
against aliyun-log-python-sdk.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from fakecloud.errors import NotEmulated
from fakecloud.http import Response
from fakecloud.service import Call
from fakecloud.sls import exceptions as errors
from fakecloud.sls import params, protobuf, query
from fakecloud.sls.bodies import answer_json, read_json, read_logs
from fakecloud.sls.models import check_log
from fakecloud.sls.state import State


def put_logs(state: State, call: Call) -> Response:
    """All or nothing: one log that breaks a rule refuses the request."""
    given = dict(call.request.query)
    params.only(given, frozenset({"key"} if call.request.path.endswith("/route") else ()), "PutLogs")
    store, limits = state.logstore(call), state.limits
    group = protobuf.decode(read_logs(call.request, limits.body_bytes))
    call.params["logs"] = str(len(group.logs))
    if len(group.logs) > limits.logs:
        raise errors.PostBodyTooLarge(
            f"Logs must be less than or equal to {limits.logs} entries, not {len(group.logs)}."
        )
    now = state.clock()
    for log in group.logs:
        check_log(log.time, log.contents, now, limits)
    written = [(log.time, log.nanoseconds, dict(log.contents)) for log in group.logs]
    state.write(store, group.topic, group.source, dict(group.tags), written)
    return Response(200)


def get_logs_v2(state: State, call: Call) -> Response:
    """POST /logstores/STORE/logs: meta and data in the body."""
    began = time.perf_counter()
    answer = _ask(state, call, read_json(call.request))
    meta: dict[str, Any] = {
        "progress": "Complete",
        "count": len(answer.rows),
        "processedRows": answer.processed,
        "elapsedMillisecond": _ms(began),
        "hasSQL": bool(answer.columns),
        "whereQuery": answer.search,
        "aggQuery": answer.analysis,
        "cpuSec": 0,
        "cpuCores": 0,
        "mode": 0,
    }
    if answer.columns:
        meta.update({"keys": list(answer.columns), "columnTypes": list(answer.types)})
        meta.update({"limited": answer.limited} if answer.limited else {})
    return answer_json({"meta": meta, "data": answer.rows}, _headers(answer, began), call.request)


def get_logs(state: State, call: Call) -> Response:
    """GET /logstores/STORE?type=log: the rows in the body, the rest in headers."""
    began = time.perf_counter()
    answer = _ask(state, call, dict(call.request.query))
    return answer_json(answer.rows, _headers(answer, began), call.request)


def get_histograms(state: State, call: Call) -> Response:
    given = dict(call.request.query)
    params.only(given, params.GET_HISTOGRAMS, "GetHistograms")
    if params.whole(given, "shard", -1) != -1:
        raise NotEmulated("the parameter shard of GetHistograms")
    store = state.logstore(call)
    parts = query.get_histograms(
        store, _window(given), params.text(given, "query"), params.text(given, "topic"), state.clock()
    )
    count = sum(int(part["count"]) for part in parts)
    return answer_json(parts, {"x-log-progress": "Complete", "x-log-count": str(count)}, call.request)


def _ask(state: State, call: Call, given: Mapping[str, Any]) -> query.Answer:
    params.only(given, params.GET_LOGS, "GetLogs")
    store, text = state.logstore(call), params.text(given, "query")
    call.params["query"] = text
    if params.text(given, "session") or params.flag(given, "highlight"):
        raise NotEmulated("the parameters session (scan mode) and highlight of GetLogs")
    # Without effect here: powerSql buys more computing, accurate orders by second, forward is of the scan mode.
    for name in ("powerSql", "accurate", "forward"):
        params.flag(given, name)
    return query.get_logs(
        store,
        _window(given),
        text,
        params.text(given, "topic"),
        params.whole(given, "line", 100, errors.InvalidLine),
        params.whole(given, "offset", 0, errors.InvalidOffset),
        params.flag(given, "reverse", False, errors.InvalidReverse),
        state.clock(),
    )


def _window(given: Mapping[str, Any]) -> query.Window:
    start, end = (
        params.whole(given, "from", wrong=errors.InvalidTimeRange),
        params.whole(given, "to", wrong=errors.InvalidTimeRange),
    )
    return query.Window((start, params.whole(given, "fromNs", 0)), (end, params.whole(given, "toNs", 0)))


def _headers(answer: query.Answer, began: float) -> dict[str, str]:
    return {
        "x-log-progress": "Complete",
        "x-log-count": str(len(answer.rows)),
        "x-log-processed-rows": str(answer.processed),
        "x-log-elapsed-millisecond": str(_ms(began)),
        "x-log-has-sql": "true" if answer.columns else "false",
        "x-log-where-query": _header(answer.search),
        "x-log-agg-query": _header(answer.analysis),
        "x-log-cpu-sec": "0",
        "x-log-cpu-cores": "0",
        "x-log-query-info": json.dumps({"mode": 0}),
    }


def _header(text: str) -> str:
    """A header is one line of latin-1; UTF-8 goes through it byte by byte, as HTTP has it."""
    return " ".join(text.split()).encode().decode("latin-1")


def _ms(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)

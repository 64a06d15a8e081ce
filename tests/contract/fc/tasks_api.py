"""Asynchronous tasks by the client of either version of the API, as one. Asserts nothing."""

from __future__ import annotations

from typing import Any

from alibabacloud_fc20230330 import models as m3
from alibabacloud_fc20230330.client import Client as Fc3
from alibabacloud_fc_open20210406 import models as m2
from alibabacloud_fc_open20210406.client import Client as Fc2
from darabonba.runtime import RuntimeOptions

from .conftest import config

OPTIONS = RuntimeOptions()
NAME = "svc$hello"
OLD = {"prefix": "invocation_id_prefix"}
VERSIONS = {
    "2023": ("fc", "ListAsyncTasks", "tasks"),
    "2021": ("fc-open", "ListStatefulAsyncInvocations", "invocations"),
}


class Api:
    """One version of the API: how tasks are started and listed."""

    def __init__(self, version: str, **keys: str) -> None:
        self.old, self.rows = version == "2021", VERSIONS[version][2]
        self.client: Any = (Fc2 if self.old else Fc3)(config(**keys))

    def start(self, task: str = "", payload: bytes = b"0", delay: str = "") -> Any:
        common = {"x-fc-async-delay": delay} if delay else {}
        if self.old:
            old = m2.InvokeFunctionHeaders(
                common_headers=common, x_fc_invocation_type="Async", x_fc_stateful_async_invocation_id=task or None
            )
            request = m2.InvokeFunctionRequest(body=payload)
            return self.client.invoke_function_with_options("svc", "hello", request, old, OPTIONS)
        headers = m3.InvokeFunctionHeaders(
            common_headers=common, x_fc_invocation_type="Async", x_fc_async_task_id=task or None
        )
        return self.client.invoke_function_with_options(NAME, m3.InvokeFunctionRequest(body=payload), headers, OPTIONS)

    def page(self, name: str = "hello", **asked: Any) -> Any:
        if self.old:
            request = m2.ListStatefulAsyncInvocationsRequest(**{OLD.get(key, key): it for key, it in asked.items()})
            headers = m2.ListStatefulAsyncInvocationsHeaders()
            return self.client.list_stateful_async_invocations_with_options("svc", name, request, headers, OPTIONS).body
        request3 = m3.ListAsyncTasksRequest(**asked)
        return self.client.list_async_tasks_with_options(f"svc${name}", request3, {}, OPTIONS).body

    def tasks(self, **asked: Any) -> list[dict[str, Any]]:
        """Its rows; the id under `id`, the payload under `payload`, in either version."""
        rows = [row.to_map() for row in getattr(self.page(**asked), self.rows)]
        renamed = {"invocationId": "id", "taskId": "id", "invocationPayload": "payload", "taskPayload": "payload"}
        return [{renamed.get(key, key): value for key, value in row.items()} for row in rows]

    def ids(self, **asked: Any) -> list[str]:
        return [row["id"] for row in self.tasks(**asked)]

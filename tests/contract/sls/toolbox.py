"""Short ways to the real SLS client, and an index that has every type of field. No fixtures, no tests."""

from __future__ import annotations

import time
from typing import Any

import pytest
from aliyun.log import GetLogsRequest, LogClient, LogException, LogItem, PutLogsRequest

from fakecloud.identity import ROOT_KEY

PROJECT, STORE = "rolekeeper", "records"
INDEX: dict[str, Any] = {
    "line": {"token": [",", " ", ":", "/"], "caseSensitive": False},
    "keys": {
        "id": {"type": "text", "token": [], "doc_value": True},
        "message": {"type": "text", "token": [" ", "/", "-"], "doc_value": True},
        "Exact": {"type": "text", "token": [" "], "caseSensitive": True, "doc_value": True, "alias": "strict"},
        "ms": {"type": "long", "doc_value": True},
        "ratio": {"type": "double", "doc_value": True},
        "unanalysed": {"type": "text", "token": [" "], "doc_value": False},
    },
}


class Config:
    """An index as the SDK takes it: anything with to_json()."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body

    def to_json(self) -> dict[str, Any]:
        return self.body


class Logs:
    """The SDK's client with the test's project and logstore filled in."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.now = int(time.time())

    def put(self, *contents: dict[str, str], at: int | None = None, topic: str = "", **options: Any) -> None:
        items = [LogItem(self.now if at is None else at, list(c.items()), time_nano_part=1) for c in contents]
        self.client.put_logs(PutLogsRequest(PROJECT, STORE, topic, "source-1", items, **options))

    def get(self, query: str = "*", start: int | None = None, end: int | None = None, **options: Any) -> Any:
        start, end = self.now - 3600 if start is None else start, self.now + 3600 if end is None else end
        return self.client.get_logs(GetLogsRequest(PROJECT, STORE, start, end, query=query, **options))

    def rows(self, query: str = "*", **options: Any) -> list[dict[str, str]]:
        return [log.get_contents() for log in self.get(query, **options).get_logs()]

    def ids(self, query: str, **options: Any) -> list[str]:
        return [row["id"] for row in self.rows(query, **options)]

    def refusal(self, query: str, **options: Any) -> tuple[str, str]:
        """The code and the message that a query is refused with."""
        with pytest.raises(LogException) as caught:
            self.get(query, **options)
        return caught.value.get_error_code(), caught.value.get_error_message()


def client(key: tuple[str, str] = ROOT_KEY, token: str | None = None, **options: Any) -> Any:
    """A LogClient; Any, for the SDK's own type stubs lack half of what it has."""
    made = LogClient(options.pop("endpoint", "cn-hangzhou.log.aliyuncs.com"), *key, token, source="test", **options)
    made.timeout = 5
    return made

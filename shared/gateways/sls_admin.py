"""The logstore of the records: made once by an operator or the demo, and asked. The functions only write (sls.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from shared.errors import PermanentError
from shared.gateways.clients import Credentials
from shared.gateways.sls import client
from shared.gateways.translation import translated
from shared.settings import Settings

INDEX = Path(__file__).resolve().parent.parent / "sls_index.json"
DAYS_KEPT = 180


class SlsAdmin:
    """Every method raises PermanentError or TransientError."""

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._project, self._logstore = settings.sls_project, settings.sls_logstore
        self._client = client(settings, credentials)

    def ensure(self) -> list[str]:
        """Make the project, the logstore and its index where they are missing; what was made."""
        from aliyun.log import IndexConfig

        index = IndexConfig()
        index.from_json(json.loads(INDEX.read_text(encoding="utf-8")))
        steps = {
            f"project {self._project}": lambda: self._client.create_project(self._project, "rolekeeper"),
            f"logstore {self._logstore}": lambda: self._client.create_logstore(
                self._project, self._logstore, ttl=DAYS_KEPT
            ),
            f"index of {self._logstore}": lambda: self._client.create_index(self._project, self._logstore, index),
        }
        return [name for name, make in steps.items() if _made(name, make)]

    def query(self, query: str, since: int, until: int, lines: int = 100, offset: int = 0) -> list[Mapping[str, str]]:
        """Logs or rows that a query gives, times in seconds since the epoch, `until` left out; up to 100 logs at a time, from the
        offset on."""
        with translated("GetLogs"):
            answer = self._client.get_log(
                self._project, self._logstore, since, until, query=query, size=lines, offset=offset
            )
            found: list[Mapping[str, str]] = msgspec.convert(
                [log.get_contents() for log in answer.get_logs()], list[dict[str, str]]
            )
            return found

    def last(self, query: str, since: int, until: int, lines: int) -> list[Mapping[str, str]]:
        """Return the newest logs that a query finds, the newest first; times as in query()."""
        with translated("GetLogs"):
            answer = self._client.get_log(
                self._project, self._logstore, since, until, query=query, size=lines, reverse=True
            )
            found: list[Mapping[str, str]] = msgspec.convert(
                [log.get_contents() for log in answer.get_logs()], list[dict[str, str]]
            )
            return found


def _made(name: str, make: Any) -> bool:
    """Return whether it was made now; False where it was there already."""
    try:
        with translated(f"create {name}"):
            make()
    except PermanentError as error:
        if error.code.lower().endswith("alreadyexist"):
            return False
        raise
    return True

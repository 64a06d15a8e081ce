"""A region in memory, asked as the gateway is: each call goes through the caller, and something may happen before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from shared.errors import CloudCallError
from shared.gateways.ecs import BatchResult, EcsGateway
from shared.model.instance import Instance
from shared.model.plan import Failure


class Region(EcsGateway):
    """fleet: by id. calls: the APIs' names, as they were called. before: the API's name and how many calls of it came earlier ->
    what happens right then; it may raise what the cloud answers."""

    def __init__(self, *instances: Instance) -> None:
        self.region, self._caller = "cn-hangzhou", None
        self.fleet = {instance.instance_id: instance for instance in instances}
        self.calls: list[str] = []
        self.before: dict[tuple[str, int], Callable[[], object]] = {}

    def put(self, name: str, **given: Any) -> None:
        """Let an instance be otherwise from now on."""
        self.fleet[name] = msgspec.structs.replace(self.fleet[name], **given)

    def _send(self, action: str, send: Callable[[], Any], *, read: bool) -> Any:
        def called() -> Any:
            number = self.calls.count(action)
            self.calls.append(action)
            self.before.get((action, number), lambda: None)()
            return send()

        return called() if self._caller is None else self._caller(action, called, read=read)

    def ready(self, *roles: str) -> None:
        """There are keys."""

    def instances(self, ids: Sequence[str]) -> list[Instance]:
        def shown() -> list[Instance]:
            return [msgspec.structs.replace(self.fleet[name], role="") for name in ids if name in self.fleet]

        return self._send("DescribeInstances", shown, read=True)  # type: ignore[no-any-return]

    def roles(self, ids: Sequence[str]) -> dict[str, str | CloudCallError]:
        held = {name: self.fleet[name].role for name in ids if name in self.fleet}
        return self._send("DescribeInstanceRamRole", lambda: held, read=True)  # type: ignore[no-any-return]

    def attach(self, role: str, ids: Sequence[str]) -> BatchResult:
        return self._send("AttachInstanceRamRole", lambda: self._put(ids, "", role), read=False)  # type: ignore[no-any-return]

    def detach(self, role: str, ids: Sequence[str]) -> BatchResult:
        return self._send("DetachInstanceRamRole", lambda: self._put(ids, role, ""), read=False)  # type: ignore[no-any-return]

    def _put(self, ids: Sequence[str], expected: str, after: str) -> BatchResult:
        done = frozenset(name for name in ids if name in self.fleet and self.fleet[name].role == expected)
        for name in done:
            self.put(name, role=after)
        failed = {name: Failure(code="InvalidStatus", message="not so") for name in ids if name not in done}
        return BatchResult(done=done, failed=failed)

    def tag(self, role: str, ids: Sequence[str], key: str, value: str) -> list[str]:
        return self._send("TagResources", list, read=False)  # type: ignore[no-any-return]

    def untag(self, role: str, ids: Sequence[str], key: str) -> list[str]:
        return self._send("UntagResources", list, read=False)  # type: ignore[no-any-return]

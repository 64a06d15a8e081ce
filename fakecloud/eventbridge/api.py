"""PLACEHOLDER while this service is being written."""

from __future__ import annotations

from typing import Any

from fakecloud.rpc import RpcService


class EventBridge(RpcService):
    def __init__(self, cloud: Any) -> None:
        super().__init__("eventbridge", "placeholder-eventbridge", "localhost")
        self.cloud = cloud

    def emit(self, event: dict[str, Any], delay: float = 0.0) -> None:
        pass

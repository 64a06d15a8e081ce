"""PLACEHOLDER while this service is being written."""

from __future__ import annotations

from typing import Any

from fakecloud.rpc import RpcService


class FunctionCompute(RpcService):
    def __init__(self, cloud: Any) -> None:
        super().__init__("fc", "placeholder-fc", "localhost")
        self.cloud = cloud

    def shutdown(self) -> None:
        pass

"""PLACEHOLDER while this service is being written."""

from __future__ import annotations

from typing import Any

from fakecloud.rpc import RpcService


class Sls(RpcService):
    def __init__(self, cloud: Any) -> None:
        super().__init__("sls", "placeholder-sls", "localhost")
        self.cloud = cloud

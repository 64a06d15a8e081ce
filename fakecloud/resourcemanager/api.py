"""Resource Management (2020-03-31), of which MoveResources alone is emulated, for ECS instances.

Facts: MoveResources API page: up to 10 resources, of several services and regions; each has its own result in an answer of HTTP 200.
Whether its calls reach EventBridge is open: the switch resource_manager_events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakecloud.ecs import attributes_api
from fakecloud.ecs import exceptions as ecs_errors
from fakecloud.errors import CloudError, NotEmulated
from fakecloud.rpc import Param, RpcService
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

_KEYS = ("ResourceId", "ResourceType", "Service", "RegionId")
_MOVE = {"ResourceGroupId": Param(required=True), "Resources": Param("objects", required=True, keys=_KEYS, low=1, high=10)}  # fmt: skip


class ResourceManager(RpcService):
    """Holds no state of its own: the group of an instance is a property of the instance."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__("resourcemanager", "2020-03-31", "resourcemanager.aliyuncs.com")
        self.cloud = cloud

        @self.declare(_MOVE, write=True)
        def MoveResources(call: Call) -> dict[str, Any]:
            return {"Responses": [self._moved(call, row) for row in call.args["Resources"]]}

    def _moved(self, call: Call, row: dict[str, str]) -> dict[str, str]:
        if (row.get("Service"), row.get("ResourceType")) != ("ecs", "instance"):
            raise NotEmulated(f"MoveResources of {row}: only instances of ecs")
        ecs = self.cloud.ecs
        try:
            region = ecs.place(call.account, row.get("RegionId", ""))
            instance = region.get(row.get("ResourceId", ""))
            if instance is None:
                raise ecs_errors.InvalidResourceId()
            attributes_api.put(ecs, region, instance, resource_group=call.args["ResourceGroupId"])
        except CloudError as error:
            return {**row, "Status": "FAIL", "ErrorCode": error.code, "ErrorMsg": error.message}
        return {**row, "Status": "SUCCESS"}

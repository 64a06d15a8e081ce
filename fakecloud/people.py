"""The deeds of others in the cloud while rolekeeper looks on: launch, tag, attach by hand. Through the real ECS SDK client.

For demos and tests of whole stories; the emulator itself never uses it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fakecloud.identity import ROOT_KEY


class Person:
    """Somebody with a key. endpoint: where the emulator serves, e.g. "http://127.0.0.1:8080"."""

    def __init__(self, endpoint: str, region: str = "cn-hangzhou", key: tuple[str, str] = ROOT_KEY) -> None:
        from alibabacloud_ecs20140526 import models
        from alibabacloud_ecs20140526.client import Client
        from alibabacloud_tea_openapi.utils_models import Config

        config = Config(
            access_key_id=key[0],
            access_key_secret=key[1],
            region_id=region,
            endpoint=endpoint.partition("://")[2],
            protocol="http",
        )
        self._ecs: Any = Client(config)
        self._models: Any = models
        self._region = region

    def launch(self, name: str, tags: Mapping[str, str], role: str = "") -> str:
        """RunInstances of one instance; its id."""
        rows = [self._models.RunInstancesRequestTag(key=k, value=v) for k, v in tags.items()]
        request = self._models.RunInstancesRequest(
            region_id=self._region,
            image_id="aliyun_3_x64_20G_alibase_20260101.vhd",
            instance_type="ecs.g7.large",
            instance_name=name,
            v_switch_id="vsw-bp1default",
            amount=1,
            tag=rows,
            ram_role_name=role or None,
        )
        return str(self._ecs.run_instances(request).body.instance_id_sets.instance_id_set[0])

    def tag(self, instance_id: str, tags: Mapping[str, str]) -> None:
        rows = [self._models.TagResourcesRequestTag(key=k, value=v) for k, v in tags.items()]
        self._ecs.tag_resources(
            self._models.TagResourcesRequest(
                region_id=self._region, resource_type="instance", resource_id=[instance_id], tag=rows
            )
        )

    def untag(self, instance_id: str, *keys: str) -> None:
        self._ecs.untag_resources(
            self._models.UntagResourcesRequest(
                region_id=self._region, resource_type="instance", resource_id=[instance_id], tag_key=list(keys)
            )
        )

    def attach(self, instance_id: str, role: str) -> None:
        """AttachInstanceRamRole by hand."""
        self._ecs.attach_instance_ram_role(
            self._models.AttachInstanceRamRoleRequest(
                region_id=self._region, ram_role_name=role, instance_ids=json.dumps([instance_id])
            )
        )

    def role_of(self, instance_id: str) -> str:
        """The role that DescribeInstanceRamRole shows on it; "" = none."""
        body = self._ecs.describe_instance_ram_role(
            self._models.DescribeInstanceRamRoleRequest(
                region_id=self._region, instance_ids=json.dumps([instance_id]), page_size=50
            )
        ).body
        rows = body.instance_ram_role_sets.instance_ram_role_set
        return str(rows[0].ram_role_name) if rows else ""

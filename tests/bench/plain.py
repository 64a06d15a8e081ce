"""What rolekeeper is compared with: programs written as the published API examples show. Knows nothing of shared/."""

from __future__ import annotations

import json
import os
from typing import Any

VERSION = "2014-05-26"


def client() -> Any:
    """The typed ECS client, as its documentation makes it."""
    from alibabacloud_ecs20140526.client import Client
    from alibabacloud_tea_openapi.models import Config

    return Client(
        Config(
            access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            region_id=os.environ["ROLEKEEPER_REGION"],
            endpoint=os.environ["ROLEKEEPER_ENDPOINT"].removeprefix("http://"),
            protocol="http",
        )
    )


def reference(payload: bytes) -> dict[str, Any]:
    """payload: role by instance id. For each instance: look whether it has a role, and attach the one it should have."""
    from alibabacloud_ecs20140526 import models

    ecs, region = client(), os.environ["ROLEKEEPER_REGION"]
    for instance_id, role in json.loads(payload).items():
        ids = json.dumps([instance_id])
        looked = models.DescribeInstanceRamRoleRequest(region_id=region, instance_ids=ids)
        if not ecs.describe_instance_ram_role(looked).body.instance_ram_role_sets.instance_ram_role_set:
            ecs.attach_instance_ram_role(
                models.AttachInstanceRamRoleRequest(region_id=region, instance_ids=ids, ram_role_name=role)
            )
    return {"outcomes": {}}


def bare(payload: bytes) -> dict[str, Any]:
    """The reads of a run over a fleet that is all right, and nothing else: every page, and every page of holders."""
    asked = json.loads(payload)
    return _typed(asked["roles"]) if asked["typed"] else _generic(asked["roles"])


def _typed(roles: list[str]) -> dict[str, Any]:
    from alibabacloud_ecs20140526 import models

    ecs, region, token, seen = client(), os.environ["ROLEKEEPER_REGION"], None, 0
    while token != "":
        body = ecs.describe_instances(
            models.DescribeInstancesRequest(region_id=region, max_results=100, next_token=token)
        ).body
        seen, token = seen + len(body.instances.instance), body.next_token or ""
    for role in roles:
        page, total = 0, 1
        while page * 50 < total:
            page += 1
            asked = models.DescribeInstanceRamRoleRequest(
                region_id=region, ram_role_name=role, page_number=page, page_size=50
            )
            total = ecs.describe_instance_ram_role(asked).body.total_count
    return {"outcomes": {"seen": seen}}


def _generic(roles: list[str]) -> dict[str, Any]:
    from alibabacloud_tea_openapi.client import Client
    from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
    from darabonba.runtime import RuntimeOptions

    region = os.environ["ROLEKEEPER_REGION"]
    made = Client(
        Config(
            access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            region_id=region,
            endpoint=os.environ["ROLEKEEPER_ENDPOINT"].removeprefix("http://"),
            protocol="http",
        )
    )

    def call(action: str, **query: str) -> dict[str, Any]:
        params = Params(
            action=action,
            version=VERSION,
            protocol="HTTPS",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        answer = made.call_api(params, OpenApiRequest(query={"RegionId": region, **query}), RuntimeOptions())
        body: dict[str, Any] = answer["body"]
        return body

    token, seen = "", 0
    while True:
        body = call("DescribeInstances", MaxResults="100", **({"NextToken": token} if token else {}))
        seen, token = seen + len(body["Instances"]["Instance"]), body["NextToken"]
        if not token:
            break
    for role in roles:
        page, total = 0, 1
        while page * 50 < total:
            page += 1
            total = call("DescribeInstanceRamRole", RamRoleName=role, PageNumber=str(page), PageSize="50")["TotalCount"]
    return {"outcomes": {"seen": seen}}

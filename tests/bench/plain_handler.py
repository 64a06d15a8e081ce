"""A handler as the SDKs' documentation shows it: four clients imported at the top, the same four calls. For comparison only.

Copied alone into a folder beside an ordinary `pip install -t`; knows nothing of rolekeeper.
"""

import json
import os
import time

from alibabacloud_ecs20140526 import models as ecs_models
from alibabacloud_ecs20140526.client import Client as Ecs
from alibabacloud_fc_open20210406.client import Client as Fc  # noqa: F401
from alibabacloud_ram20150501.client import Client as Ram  # noqa: F401
from alibabacloud_tea_openapi.models import Config
from aliyun.log import LogClient, LogItem, PutLogsRequest

REGION = "cn-hangzhou"


def clients():
    key, secret = os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"], os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    at = os.environ["ROLEKEEPER_ENDPOINT"]
    config = Config(
        access_key_id=key,
        access_key_secret=secret,
        region_id=REGION,
        protocol="http",
        endpoint=at.replace("http://", ""),
    )
    logs = LogClient(at, key, secret, source="plain", auth_version="v4", region=REGION)
    logs._isRowIp = True
    return Ecs(config), logs


def handler(event, context):
    ecs, logs = clients()
    instance_id = json.loads(event)["data"]["resourceId"]
    ids = json.dumps([instance_id])
    shown = ecs.describe_instances(
        ecs_models.DescribeInstancesRequest(region_id=REGION, instance_ids=ids, max_results=100)
    )
    tags = {tag.tag_key: tag.tag_value for tag in shown.body.instances.instance[0].tags.tag}
    held = ecs.describe_instance_ram_role(
        ecs_models.DescribeInstanceRamRoleRequest(region_id=REGION, instance_ids=ids, page_size=50)
    )
    if not held.body.instance_ram_role_sets.instance_ram_role_set:
        ecs.attach_instance_ram_role(
            ecs_models.AttachInstanceRamRoleRequest(region_id=REGION, ram_role_name=tags["app"], instance_ids=ids)
        )
    item = LogItem(int(time.time()), [("instance_id", instance_id), ("outcome", "attached")])
    logs.put_logs(PutLogsRequest("rolekeeper", "rolekeeper-records", "t", "s", [item]))
    return "attached"

"""The SDK calls of one warm event, and nothing around them: what a warm event cannot cost less than. For comparison only.

handler: the typed client, as the SDK's documentation shows it, one call after the other. beside: the same, the two looks side
by side, as rolekeeper makes them. generic: in turn by the SDK's generic call, which takes no answer apart.
"""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client as Ecs
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
from aliyun.log import LogClient, LogItem, PutLogsRequest
from darabonba.runtime import RuntimeOptions

REGION = "cn-hangzhou"
ASIDE = ThreadPoolExecutor(1)
FIELDS = [(f"field_{n}", "some value of a record") for n in range(22)]


@cache
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
    logs = LogClient(at, key, secret, source="bare", auth_version="v4", region=REGION)
    logs._isRowIp = True
    return Ecs(config), Client(config), logs


def record():
    item = LogItem(int(time.time()), FIELDS)
    clients()[2].put_logs(PutLogsRequest("rolekeeper", "rolekeeper-records", "t", "s", [item]))


def handler(event, context):
    ids, ecs = json.dumps([json.loads(event)["data"]["resourceId"]]), clients()[0]
    ecs.describe_instances(models.DescribeInstancesRequest(region_id=REGION, instance_ids=ids, max_results=100))
    ecs.describe_instance_ram_role(
        models.DescribeInstanceRamRoleRequest(region_id=REGION, instance_ids=ids, page_size=50)
    )
    record()


def generic(event, context):
    ids = json.dumps([json.loads(event)["data"]["resourceId"]])
    call("DescribeInstances", InstanceIds=ids, MaxResults="100")
    call("DescribeInstanceRamRole", InstanceIds=ids, PageSize="50")
    record()


def beside(event, context):
    """The two looks side by side, as an event is answered soonest."""
    ids, ecs = json.dumps([json.loads(event)["data"]["resourceId"]]), clients()[0]
    roles = models.DescribeInstanceRamRoleRequest(region_id=REGION, instance_ids=ids, page_size=50)
    asked = ASIDE.submit(ecs.describe_instance_ram_role, roles)
    ecs.describe_instances(models.DescribeInstancesRequest(region_id=REGION, instance_ids=ids, max_results=100))
    asked.result()
    record()


def call(action, **query):
    params = Params(
        action=action,
        version="2014-05-26",
        protocol="HTTPS",
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    return clients()[1].call_api(params, OpenApiRequest(query={"RegionId": REGION, **query}), RuntimeOptions())["body"]

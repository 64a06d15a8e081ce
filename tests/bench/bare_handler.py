"""The SDK calls of one warm event, and nothing around them: what a warm event cannot cost less than. For comparison only."""

import json
import os
import time
from functools import cache

from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from aliyun.log import LogClient, LogItem, PutLogsRequest
from darabonba.runtime import RuntimeOptions

REGION = "cn-hangzhou"
FIELDS = [(f"field_{n}", "some value of a record") for n in range(22)]


@cache
def clients():
    key, secret = os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"], os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    at = os.environ["ROLEKEEPER_ENDPOINT"]
    config = Config(access_key_id=key, access_key_secret=secret, region_id=REGION, protocol="http",
                    endpoint=at.replace("http://", ""))
    logs = LogClient(at, key, secret, source="bare", auth_version="v4", region=REGION)
    logs._isRowIp = True
    return Client(config), logs


def call(client, action, **query):
    params = Params(action=action, version="2014-05-26", protocol="HTTPS", pathname="/", method="POST", auth_type="AK",
                    style="RPC", req_body_type="formData", body_type="json")
    return client.call_api(params, OpenApiRequest(query={"RegionId": REGION, **query}), RuntimeOptions())["body"]


def handler(event, context):
    client, logs = clients()
    ids = json.dumps([json.loads(event)["data"]["resourceId"]])
    call(client, "DescribeInstances", InstanceIds=ids, MaxResults="100")
    call(client, "DescribeInstanceRamRole", InstanceIds=ids, PageSize="50")
    logs.put_logs(PutLogsRequest("rolekeeper", "rolekeeper-records", "t", "s", [LogItem(int(time.time()), FIELDS)]))
    return "unchanged"

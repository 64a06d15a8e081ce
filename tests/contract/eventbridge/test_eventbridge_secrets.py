"""ActionTrail's records show no secret, whichever call answered or sent one."""

from __future__ import annotations

import json
from typing import Any

from fakecloud.cloud import Cloud
from fakecloud.eventbridge.notices import masked
from fakecloud.identity import ACCOUNT, Identity
from tests.contract import sdk


def records(cloud: Cloud, action: str) -> list[dict[str, Any]]:
    return [e["data"] for e in cloud.events.log.events if e["data"].get("eventName") == action]


def test_the_secret_of_a_new_access_key_is_masked(cloud: Cloud) -> None:
    ram = sdk.config(endpoint="ram.aliyuncs.com")
    sdk.rpc(ram, "ram", "CreateUser", {"UserName": "alice"})
    made = sdk.rpc(ram, "ram", "CreateAccessKey", {"UserName": "alice"})["AccessKey"]
    (record,) = records(cloud, "CreateAccessKey")
    shown = record["responseElements"]["AccessKey"]
    assert shown["AccessKeyId"] == made["AccessKeyId"]
    assert shown["AccessKeySecret"] == "******"
    assert made["AccessKeySecret"] not in json.dumps(list(cloud.events.log.events))


def test_the_keys_of_an_assumed_role_are_masked(cloud: Cloud) -> None:
    cloud.ram.put_role(ACCOUNT, "deputy", services=())
    key = cloud.keys.permanent(Identity("RAMUser", ACCOUNT, "alice"))
    cfg = sdk.config(access_key_id=key.access_key_id, access_key_secret=key.secret, endpoint="sts.aliyuncs.com")
    query = {"RoleArn": f"acs:ram::{ACCOUNT}:role/deputy", "RoleSessionName": "test"}
    made = sdk.rpc(cfg, "sts", "AssumeRole", query)["Credentials"]
    (record,) = records(cloud, "AssumeRole")
    assert record["responseElements"]["Credentials"]["AccessKeyId"] == made["AccessKeyId"]
    logged = json.dumps(list(cloud.events.log.events))
    assert made["AccessKeySecret"] not in logged
    assert made["SecurityToken"] not in logged


def test_a_password_that_was_sent_is_masked(cloud: Cloud) -> None:
    sdk.ecs(sdk.config(), "run_instances", password="Passw0rd!", image_id="m-1")
    (record,) = records(cloud, "RunInstances")
    assert record["requestParameters"]["Password"] == "******"
    assert record["requestParameters"]["ImageId"] == "m-1"


def test_masking_leaves_all_else_as_it_is() -> None:
    body = {"Keys": [{"AccessKeySecret": "s", "Count": 1}], "Name": "AccessKeySecret", "None": None}
    assert masked(body) == {
        "Keys": [{"AccessKeySecret": "******", "Count": 1}],
        "Name": "AccessKeySecret",
        "None": None,
    }

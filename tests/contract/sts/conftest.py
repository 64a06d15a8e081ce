"""A generic real client over the emulated STS, and short ways to call it. Asserts nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions
from Tea.exceptions import TeaException

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, AccessKey, Identity

Ask = Callable[..., Any]


@pytest.fixture
def alice(cloud: Cloud) -> AccessKey:
    return cloud.keys.permanent(Identity("RAMUser", ACCOUNT, "alice"))


@pytest.fixture
def sts(cloud: Cloud, alice: AccessKey) -> Ask:
    """sts("AssumeRole", RoleArn=...): the answer's body. `key`: who calls, alice unless said otherwise."""

    def call(action: str, key: AccessKey = alice, **query: Any) -> Any:
        config = Config(
            access_key_id=key.access_key_id,
            access_key_secret=key.secret,
            security_token=key.token or None,
            region_id="cn-hangzhou",
            endpoint="sts.aliyuncs.com",
        )
        params = Params(
            action=action,
            version="2015-04-01",
            protocol="HTTPS",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        sent = {name: str(value) for name, value in query.items() if value is not None}
        return Client(config).call_api(params, OpenApiRequest(query=sent), RuntimeOptions())["body"]

    return call


@pytest.fixture
def refused(sts: Ask) -> Ask:
    """As sts, for a call that must be refused: (HTTP status, code)."""

    def call(action: str, **query: Any) -> tuple[int, str]:
        with pytest.raises(TeaException) as caught:
            sts(action, **query)
        return caught.value.statusCode, caught.value.code

    return call


@pytest.fixture
def role(cloud: Cloud) -> Callable[..., str]:
    """Make a role with these trust statements (the account, if none) and give its ARN."""

    def make(*statements: dict[str, Any], name: str = "web", account: str = ACCOUNT, seconds: int = 3600) -> str:
        base = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": f"acs:ram::{ACCOUNT}:root"}}
        made = cloud.ram.put_role(account, name)
        made.trust_text = json.dumps({"Version": "1", "Statement": [{**base, **s} for s in statements or ({},)]})
        made.trust = cloud.ram.trust_document("AssumeRolePolicyDocument", made.trust_text)
        made.max_session_seconds = seconds
        return made.arn

    return make


@pytest.fixture
def key_of(cloud: Cloud) -> Callable[[Any], AccessKey]:
    """The key that an answer of AssumeRole carries, as a caller would hold it."""

    def read(answer: Any) -> AccessKey:
        given = answer["Credentials"]
        return AccessKey(
            given["AccessKeyId"], given["AccessKeySecret"], Identity("Account", ""), given["SecurityToken"]
        )

    return read

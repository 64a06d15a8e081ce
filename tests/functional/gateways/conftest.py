"""Settings and keys for the gateways, over the emulated cloud at the wire. Asserts nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from shared.gateways.clients import Credentials
from shared.settings import Settings

REGION, FC_ROLE = "cn-hangzhou", "rolekeeper-fc"


def settings(**given: Any) -> Settings:
    return Settings(**{"region": REGION, "account_id": ACCOUNT, "timeout_seconds": 1, **given})


@pytest.fixture
def keys_of(cloud: Cloud) -> Callable[..., Credentials]:
    """keys_of(policy, ...): the functions' keys, under an execution role with these policies."""

    def make(*policies: dict[str, Any]) -> Credentials:
        cloud.ram.put_role(ACCOUNT, FC_ROLE, services=("fc.aliyuncs.com",), policies=policies)
        key = cloud.sts.assume_for_service(ACCOUNT, FC_ROLE, "fc.aliyuncs.com", "rolekeeper-reconcile", 3600)
        return Credentials(access_key_id=key.access_key_id, access_key_secret=key.secret, security_token=key.token)

    return make

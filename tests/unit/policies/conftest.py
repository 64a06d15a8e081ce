"""Shared by the tests of policies: a mapping around some policies, and good values for every template."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.mapping import Mapping, load

ACCOUNT = "1234567890123456"

VALUES: dict[str, dict[str, Any]] = {
    "acr-pull": {"instance": "cri-abc", "namespace": "team"},
    "cms-put-metrics": {},
    "deployer": {"account": ACCOUNT, "region": "cn-hangzhou"},
    "ecs-self-describe": {},
    "execution-role": {"account": ACCOUNT, "region": "cn-hangzhou", "project": "rolekeeper", "roles": ["web", "a.b"]},
    "execution-role-displace": {"account": ACCOUNT, "regions": ["cn-hangzhou"], "displaced": ["legacy", "a.b"]},
    "member-role": {
        "account": ACCOUNT,
        "regions": ["cn-hangzhou"],
        "roles": ["web", "a.b"],
        "tagging": ["TagResources"],
    },
    "kms-decrypt": {"key": ["key-1", "key-2"]},
    "log-read": {"project": "prod-logs", "logstore": "hosts"},
    "log-write": {"project": "prod-logs", "logstore": "hosts"},
    "mns-consume": {"queue": "jobs"},
    "operator-pass-role": {"account": ACCOUNT, "roles": ["web", "a.b"]},
    "oss-read-only": {"bucket": "web-assets"},
    "oss-read-write-prefix": {"bucket": "jobs", "prefix": "out"},
    "ots-read-write": {"instance": "orders"},
    "provisioner": {"account": ACCOUNT, "roles": ["web", "a.b"], "system_policies": ["AliyunOSSReadOnlyAccess"]},
    "rds-describe": {},
    "sts-assume-role": {"role_arn": ["acs:ram::1234567890123456:role/audit"]},
}
"""What each template cannot do without."""


@pytest.fixture
def values() -> dict[str, dict[str, Any]]:
    return VALUES


@pytest.fixture
def mapping_of() -> Callable[[str], Mapping]:
    """A mapping with these roles; the text is the block under `roles:`, indented by two."""

    def build(roles: str) -> Mapping:
        return load(f"version: 1\nroles:\n{roles}\nrules: [{{name: none, then: ignore}}]\n")

    return build

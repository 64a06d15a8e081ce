"""RAM's, STS's and ECS's answers to the commands with a field of a wrong type, or without it: no traceback, nothing half believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import Command, make

BEFORE = """
version: 1
roles:
  web: {description: w, policies: [{template: oss-read-only, with: {bucket: one-bucket}}, {system: AliyunLogReadOnlyAccess}]}
  worker: {description: k, policies: [{system: AliyunLogReadOnlyAccess}]}
  spare: {description: s, policies: [{template: oss-read-only, with: {bucket: two-bucket}}]}
rules:
  - {name: a, when: {tags: {app: web}}, role: web}
  - {name: b, when: {tags: {app: worker}}, role: worker}
  - {name: c, when: {tags: {app: spare}}, role: spare}
"""
AFTER = """
version: 1
roles:
  web: {description: changed, policies: [{template: oss-read-only, with: {bucket: three-bucket}}]}
  batch: {description: b, policies: [{system: AliyunLogReadOnlyAccess}]}
rules:
  - {name: a, when: {tags: {app: web}}, role: web}
  - {name: b, when: {tags: {app: batch}}, role: batch}
"""
TEXT: tuple[Any, ...] = (7, [])
MISSING = object()
WRITES = (
    "CreateRole",
    "UpdateRole",
    "CreatePolicyVersion",
    "AttachPolicyToRole",
    "DetachPolicyFromRole",
    "DeletePolicy",
    "DeleteRole",
)
READS = ("ListRoles", "GetRole", "ListPoliciesForRole", "GetPolicy", "ListTagResources", "ListPolicies", "DescribeRegions",
         "DescribeInstanceRamRole", "GetCallerIdentity")  # fmt: skip
ROWS: list[tuple[str, str, tuple[Any, ...]]] = [
    *[(action, "", (None, ["x"])) for action in (*READS, *WRITES)],
    *[(action, "RequestId", (["x"], MISSING)) for action in READS[:2]],
    ("ListRoles", "Roles", (7, [], None, MISSING)),
    ("ListRoles", "Roles.Role", (7, {}, "x", None)),
    ("ListRoles", "Roles.Role.0", (7, [], None)),
    ("ListRoles", "Roles.Role.0.RoleName", (*TEXT, None, "", MISSING)),
    ("ListRoles", "Roles.Role.0.Description", TEXT),
    ("ListRoles", "Roles.Role.0.Tags", (7, [], "x")),
    ("ListRoles", "Roles.Role.0.Tags.Tag", (7, {}, "x")),
    ("ListRoles", "Roles.Role.0.Tags.Tag.0", (7, [], None)),
    ("ListRoles", "Roles.Role.0.Tags.Tag.0.TagKey", (*TEXT, None, MISSING)),
    ("ListRoles", "Roles.Role.0.Tags.Tag.0.TagValue", TEXT),
    ("ListRoles", "IsTruncated", ("perhaps", [], None, MISSING, True)),
    ("GetRole", "Role", (7, [], None, MISSING)),
    ("GetRole", "Role.AssumeRolePolicyDocument", (*TEXT, None, MISSING)),
    ("ListPoliciesForRole", "Policies", (7, [], None, MISSING)),
    ("ListPoliciesForRole", "Policies.Policy", (7, {}, "x", None)),
    ("ListPoliciesForRole", "Policies.Policy.0", (7, [], None)),
    ("ListPoliciesForRole", "Policies.Policy.0.PolicyName", (*TEXT, None, "", MISSING)),
    ("ListPoliciesForRole", "Policies.Policy.0.PolicyType", (*TEXT, None, "Other", MISSING)),
    ("GetPolicy", "DefaultPolicyVersion", (7, [], None, MISSING)),
    ("GetPolicy", "DefaultPolicyVersion.PolicyDocument", (*TEXT, None, MISSING)),
    ("ListTagResources", "TagResources", (7, {}, "x", None, MISSING)),
    ("ListTagResources", "TagResources.0", (7, [], None)),
    ("ListTagResources", "TagResources.0.ResourceName", (*TEXT, None, MISSING)),
    ("ListTagResources", "TagResources.0.TagKey", (*TEXT, None, MISSING)),
    ("ListTagResources", "TagResources.0.TagValue", TEXT),
    ("ListPolicies", "Policies", (7, [], None, MISSING)),
    ("ListPolicies", "Policies.Policy.0.PolicyName", (*TEXT, None, MISSING)),
    ("ListPolicies", "Policies.Policy.0.AttachmentCount", ("many", [], None, -1, MISSING)),
    ("ListPolicies", "IsTruncated", ("perhaps", [], None, MISSING, True)),
    ("DescribeRegions", "Regions", (7, [], None, MISSING)),
    ("DescribeRegions", "Regions.Region.0.RegionId", (*TEXT, None, "", "../x", MISSING)),
    ("DescribeInstanceRamRole", "TotalCount", ("many", [], None, -1, MISSING)),
    ("GetCallerIdentity", "AccountId", ([], {}, None, "", "x", "12\n", MISSING)),
]  # fmt: skip


def ids(value: Any) -> str:
    return (value or "the whole") if isinstance(value, str) else ""


@pytest.mark.parametrize(("action", "path", "values"), ROWS, ids=ids)
def test_the_commands_end_in_an_error_or_well_and_what_is_held_is_never_deleted(
    cloud: Cloud, rolekeeper: Command, tmp_path: Path, action: str, path: str, values: tuple[Any, ...]
) -> None:
    file = tmp_path / "roles.yaml"
    for value, count in [*((value, 1) for value in values), (values[0], None)]:
        cloud.faults.clear()
        cloud.ram.reset()
        cloud.ecs.reset()
        file.write_text(BEFORE)
        assert rolekeeper("provision").code == 0
        make(cloud, 1, "worker", role="worker")
        file.write_text(AFTER)
        given = {"missing": True} if value is MISSING else {"value": value}
        fault = cloud.faults.add("alter", action=action, path=path, count=count, **given)
        told = f"{action} {path} = {value!r}, {count}"
        shown = rolekeeper("roles")
        assert shown.code in (1, 2), told
        ran = rolekeeper("provision", "--prune")
        assert fault.hit, told
        assert ran.code in (0, 1), told
        assert ran.code == 0 or count is None or "stopped: " in ran.err or len(ran.err.splitlines()) == 1, told
        assert cloud.ram.role(ACCOUNT, "worker") is not None, f"{told}: an instance holds it"
        cloud.faults.clear()
        again = rolekeeper("provision", "--prune")
        assert (again.code, cloud.ram.role(ACCOUNT, "batch") is not None) == (0, True), told
        assert (cloud.ram.role(ACCOUNT, "spare"), cloud.ram.role(ACCOUNT, "worker") is None) == (None, False), told

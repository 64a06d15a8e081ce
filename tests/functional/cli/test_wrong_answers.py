"""RAM's, STS's and ECS's answers to the commands with a field of a wrong type, or without it: no traceback, nothing half believed."""

from __future__ import annotations

from collections.abc import Iterator
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


def cases() -> Iterator[Any]:
    """Each value in one answer, and one of them in each; of every third row one case is not slow, and not always that of the same value."""
    for number, (action, path, values) in enumerate(ROWS):
        tried = [*((value, 1) for value in values), (values[0], None)]
        for place, (value, count) in enumerate(tried):
            shown = "missing" if value is MISSING else value
            name = f"{action} {path or 'the whole'} = {shown!r}, {'once' if count else 'always'}"
            later = [pytest.mark.slow] if number % 3 or place != number // 3 % len(tried) else []
            yield pytest.param(action, path, value, count, id=name, marks=later)


@pytest.mark.parametrize(("action", "path", "value", "count"), list(cases()))
def test_the_commands_end_in_an_error_or_well_and_what_is_held_is_never_deleted(
    cloud: Cloud, rolekeeper: Command, tmp_path: Path, action: str, path: str, value: Any, count: int | None
) -> None:
    cloud.ram.reset()
    file = tmp_path / "roles.yaml"
    file.write_text(BEFORE)
    assert rolekeeper("provision").code == 0
    make(cloud, 1, "worker", role="worker")
    file.write_text(AFTER)
    given = {"missing": True} if value is MISSING else {"value": value}
    fault = cloud.faults.add("alter", action=action, path=path, count=count, **given)
    assert rolekeeper("roles").code in (1, 2)
    ran = rolekeeper("provision", "--prune")
    assert fault.hit
    assert ran.code in (0, 1)
    assert ran.code == 0 or count is None or "stopped: " in ran.err or len(ran.err.splitlines()) == 1
    assert cloud.ram.role(ACCOUNT, "worker") is not None, "an instance holds it"
    cloud.faults.clear()
    again = rolekeeper("provision", "--prune")
    assert (again.code, cloud.ram.role(ACCOUNT, "batch") is not None) == (0, True)
    assert (cloud.ram.role(ACCOUNT, "spare"), cloud.ram.role(ACCOUNT, "worker") is None) == (None, False)

"""What RAM should hold for a mapping, and what keeps it from being made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.mapping import InlinePolicy, Mapping, MappingSettings, RoleSpec, load
from shared.policies import DesiredPolicy, DesiredRole, PolicyError, check, compact, desired, trust
from shared.policies.system import NAMES

ROOT = Path(__file__).parents[3]
ACCOUNT = "1234567890123456"
ROLES = """\
  web.front:
    description: Web tier
    policies:
      - {template: log-write, with: {project: prod-logs, logstore: hosts}}
      - system: AliyunLogReadOnlyAccess
      - name: own
        document: {Version: "1", Statement: [{Effect: Allow, Action: "oss:GetObject", Resource: "acs:oss:*:*:b/*"}]}
      - document: {Version: "1", Statement: [{Effect: Allow, Action: "oss:PutObject", Resource: "acs:oss:*:*:b/*"}]}
  bare:
"""


def test_every_role_with_its_trust_and_its_policies(mapping_of: Callable[[str], Mapping]) -> None:
    mapping = mapping_of(ROLES)
    web, bare = desired(mapping, account_id=ACCOUNT).roles

    logstore = f"acs:log:*:{ACCOUNT}:project/prod-logs/logstore/hosts"
    written = {"Effect": "Allow", "Action": ["log:PostLogStoreLogs"], "Resource": [logstore]}
    own, unnamed = (policy for policy in mapping.roles["web.front"].policies if isinstance(policy, InlinePolicy))
    assert web == DesiredRole(
        name="web.front",
        description="Web tier",
        trust=trust(),
        policies=(
            DesiredPolicy(
                type="Custom",
                name="rolekeeper-web-front-log-write",
                document={"Version": "1", "Statement": [written]},
                source="template log-write",
            ),
            DesiredPolicy(type="System", name="AliyunLogReadOnlyAccess", source="system"),
            DesiredPolicy(
                type="Custom", name="rolekeeper-web-front-own", document=own.document, source="inline, roles.yaml"
            ),
            DesiredPolicy(
                type="Custom",
                name="rolekeeper-web-front-inline",
                document=unnamed.document,
                source="inline, roles.yaml",
            ),
        ),
    )
    assert bare == DesiredRole(name="bare", description="", trust=trust())


def test_an_account_that_is_given_wins(mapping_of: Callable[[str], Mapping]) -> None:
    (role,) = desired(
        mapping_of("  web: {policies: [{template: oss-read-only, with: {bucket: abc, account: '42'}}]}"),
        account_id=ACCOUNT,
    ).roles

    assert "acs:oss:*:42:abc" in compact(role.policies[0].document or {})


def test_the_shipped_mapping_is_made_and_lints_clean() -> None:
    mapping = load((ROOT / "roles.yaml").read_text(encoding="utf-8"))

    assert check(mapping, account_id=ACCOUNT) == ()
    assert [role.name for role in desired(mapping, account_id=ACCOUNT).roles] == list(mapping.roles)


def policies(*entries: str) -> str:
    return "  web:\n    policies:\n" + "".join(f"      - {entry}\n" for entry in entries)


def template_with(bucket: str) -> str:
    return f"{{template: oss-read-only, with: {{bucket: {bucket}}}}}"


def sized(size: int, character: str = "x") -> str:
    """An inline policy whose compact JSON is of this many bytes."""
    document: dict[str, Any] = {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:b/"}],
    }
    room, width = size - len(compact(document)), len(character.encode())
    document["Statement"][0]["Resource"] += character * (room // width) + "x" * (room % width)
    assert len(compact(document).encode()) == size
    return "{name: long, document: " + compact(document) + "}"


SYSTEM = [f"system: {name}" for name in sorted(NAMES) if name.endswith("ReadOnlyAccess")][:21]
CUSTOM = [template_with(f"bucket-{number}") for number in range(11)]


@pytest.mark.parametrize(
    ("roles", "code", "message", "entry"),
    [
        pytest.param(
            policies("{template: oss-readonly}"), "RK301", "policy 'oss-readonly': no file", 1, id="no such template"
        ),
        pytest.param(
            policies("template: oss-read-only"), "RK301", "variable 'bucket' is missing", 1, id="missing variable"
        ),
        pytest.param(policies(template_with('"a\\"bc"')), "RK301", "has a quote", 1, id="quote"),
        pytest.param(
            policies(template_with('"abc\\n"')), "RK301", "oss-read-only.json: variable 'bucket'", 1, id="newline"
        ),
        pytest.param(
            policies(*CUSTOM), "RK303", "the role has 11 custom policies, RAM takes 10", 11, id="eleventh custom"
        ),
        pytest.param(policies(*SYSTEM), "RK303", "the role has 21 system policies, RAM takes 20", 21, id="21st system"),
        pytest.param(policies(SYSTEM[0], SYSTEM[0]), "RK305", "the same policy 2 times", 2, id="a system policy twice"),
        pytest.param(policies(CUSTOM[0], CUSTOM[0]), "RK305", "the same policy 2 times", 2, id="a template twice"),
        pytest.param(
            policies(sized(6145)),
            "RK302",
            "policy 'long': 6145 characters, 6145 bytes: 1 bytes over",
            1,
            id="a byte over",
        ),
        pytest.param(
            policies(sized(6145, "件")), "RK302", "6145 bytes: 1 bytes over", 1, id="a byte over, fewer characters"
        ),
        pytest.param(
            policies("{name: v, document: {Version: '2'}}"), "RK002", "policy 'v': Version is '2'", 1, id="version"
        ),
    ],
)
def test_what_ram_would_refuse_names_role_policy_file_and_line(
    roles: str, code: str, message: str, entry: int, mapping_of: Callable[[str], Mapping]
) -> None:
    mapping = mapping_of(roles)
    with pytest.raises(PolicyError) as caught:
        desired(mapping, account_id=ACCOUNT, file="team/roles.yaml")

    (finding,) = caught.value.findings
    assert (finding.code, finding.severity, finding.role, finding.file) == (code, "error", "web", "team/roles.yaml")
    assert finding.policy
    assert finding.line == 4 + entry, "version, roles, web, policies, and then the entries"
    assert message in str(caught.value)
    assert code in {found.code for found in check(mapping, account_id=ACCOUNT)}


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param(policies(*CUSTOM[:10], *SYSTEM[:20]), id="ten custom and twenty system"),
        pytest.param(policies(sized(6144)), id="exactly as long as RAM takes"),
        pytest.param(policies(sized(6144, "件")), id="exactly as many bytes"),
        pytest.param(policies(CUSTOM[0], CUSTOM[1]), id="a template twice, for two buckets"),
    ],
)
def test_what_ram_just_takes(roles: str, mapping_of: Callable[[str], Mapping]) -> None:
    mapping = mapping_of(roles)

    assert desired(mapping, account_id=ACCOUNT).roles
    assert check(mapping, account_id=ACCOUNT) == ()


def test_a_role_name_with_upper_case_is_refused() -> None:
    mapping = Mapping({"Web": RoleSpec()}, (), MappingSettings(), "0" * 12)

    with pytest.raises(PolicyError, match=r"roles.yaml: error RK304 \(name\): role 'Web': .* in lower case"):
        desired(mapping, account_id=ACCOUNT)


def test_a_policy_name_too_long_or_ill_formed_is_refused() -> None:
    document = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "a:B", "Resource": "*"}]}
    spec = RoleSpec(policies=(InlinePolicy(document=document, name="no_underscore"),))

    with pytest.raises(PolicyError, match="RK304.*'rolekeeper-web-no_underscore'"):
        desired(Mapping({"web": spec}, (), MappingSettings(), "0" * 12), account_id=ACCOUNT)


def test_all_problems_of_all_roles_stand_in_one_error(mapping_of: Callable[[str], Mapping]) -> None:
    mapping = mapping_of(
        policies("template: oss-read-only", "template: nope") + "  two: {policies: [{template: log-write}]}"
    )

    with pytest.raises(PolicyError) as caught:
        desired(mapping, account_id=ACCOUNT)

    assert [(f.role, f.policy) for f in caught.value.findings] == [
        ("web", "oss-read-only"),
        ("web", "nope"),
        ("two", "log-write"),
    ]
    assert len(str(caught.value).splitlines()) == 3

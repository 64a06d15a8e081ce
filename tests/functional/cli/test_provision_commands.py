"""provision, roles and policy as an operator runs them, against the emulator's server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.server import Server
from tests.functional.cli.inside import inside

Ran = subprocess.CompletedProcess[str]
Command = Callable[..., Ran]


@pytest.fixture
def served() -> Iterator[tuple[Cloud, Command]]:
    cloud = Cloud()
    with Server(cloud, runs_clock=False) as server:

        def run(*words: str, **env: str) -> Ran:
            given = {
                "ROLEKEEPER_REGION": "cn-hangzhou",
                "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
                "ROLEKEEPER_ENDPOINT": server.url,
                "ALIBABA_CLOUD_ACCESS_KEY_ID": ROOT_KEY[0],
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ROOT_KEY[1],
                **env,
            }
            ran = inside(*words, env=given)
            return Ran(ran.args, ran.returncode, ran.stdout.decode(), ran.stderr.decode())

        yield cloud, run


def test_provision_shows_makes_and_then_has_nothing_to_do(served: tuple[Cloud, Command]) -> None:
    cloud, run = served
    dry = run("provision", "--dry-run")
    assert dry.returncode == 2, "there is something to do"
    assert "would CreateRole: role web-reader" in dry.stdout
    assert "+ Allow oss:GetObject on acs:oss:" in dry.stdout
    assert cloud.ram.role(ACCOUNT, "web-reader") is None
    first = run("provision")
    assert (first.returncode, first.stderr) == (0, "")
    assert "AttachPolicyToRole: role web-reader" in first.stdout
    assert cloud.ram.role(ACCOUNT, "web-reader") is not None
    cloud.calls.clear()
    second = run("provision")
    assert (second.returncode, second.stdout) == (0, "nothing to do\n")
    assert not [c for c in cloud.calls if c.action.startswith(("Create", "Attach", "Update", "Tag"))]
    assert run("provision", "--dry-run").returncode == 0


def test_provision_as_json_has_the_plan_and_what_was_done(served: tuple[Cloud, Command]) -> None:
    _, run = served
    ran = run("provision", "--json")
    told = json.loads(ran.stdout)
    assert told["plan"] == told["done"]
    assert told["changes"][0]["role"] == "web-reader"


def test_roles_shows_trust_policies_holders_and_drift(served: tuple[Cloud, Command]) -> None:
    cloud, run = served
    before = [json.loads(line) for line in run("roles", "--json").stdout.splitlines()]
    assert {row["there"] for row in before} == {False}
    run("provision")
    cloud.ecs.make(3, role="worker")
    ran = run("roles", "--json")
    rows = {row["role"]: row for row in map(json.loads, ran.stdout.splitlines())}
    assert ran.returncode == 0
    assert rows["worker"]["holders"] == 3
    assert rows["worker"]["trust"] == ["ecs.aliyuncs.com"]
    assert rows["web-reader"]["policies"] == [
        "Custom:rolekeeper-web-reader-oss-read-only",
        "System:AliyunLogReadOnlyAccess",
    ]
    assert not any(row["drift"] for row in rows.values())
    cloud.ram.put_role(ACCOUNT, "worker", services=("fc.aliyuncs.com",))
    drifted = run("roles", "--json")
    assert drifted.returncode == 2
    (worker,) = (row for row in map(json.loads, drifted.stdout.splitlines()) if row["role"] == "worker")
    assert any("trust policy" in line for line in worker["drift"])


def test_what_is_in_the_way_of_one_role_hides_no_drift_of_another(
    served: tuple[Cloud, Command], tmp_path: Path
) -> None:
    _, run = served
    file = tmp_path / "roles.yaml"
    file.write_text(
        "version: 1\nroles: {web: , worker: {policies: [{system: NoSuchPolicy}]}}\nrules: [{name: w, role: web}]\n"
    )
    ran = run("roles", "--json", "--roles-file", str(file))
    web, worker = map(json.loads, ran.stdout.splitlines())
    assert (ran.returncode, web["there"], web["drift"]) == (2, False, ["CreateRole: role web"])
    assert web["gains"] == ["trust: Service ecs.aliyuncs.com"]
    assert "there is no system policy 'NoSuchPolicy'" in worker["drift"][0]


def test_the_lint_stops_a_provision_before_any_call(served: tuple[Cloud, Command], tmp_path: Path) -> None:
    cloud, run = served
    file = tmp_path / "roles.yaml"
    document = '{Version: "1", Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}'
    file.write_text(
        f"version: 1\nroles:\n  web:\n    policies:\n      - document: {document}\n        name: all\nrules:\n  - {{name: w, role: web}}\n"
    )
    ran = run("provision", "--roles-file", str(file))
    assert ran.returncode == 1
    assert str(file) in ran.stderr
    assert "role 'web'" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(cloud.calls) == 0


def test_a_role_of_somebody_else_is_an_error_that_names_the_way_out(served: tuple[Cloud, Command]) -> None:
    cloud, run = served
    cloud.ram.put_role(ACCOUNT, "worker")
    ran = run("provision")
    assert ran.returncode == 1
    assert "--adopt worker" in ran.stderr
    assert "carried out before: nothing" in ran.stderr
    assert run("provision", "--adopt", "worker").returncode == 0


def test_provision_without_a_key_says_which_variable_is_missing(served: tuple[Cloud, Command]) -> None:
    _, run = served
    ran = run("provision", ALIBABA_CLOUD_ACCESS_KEY_ID="")
    assert ran.returncode == 1
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param(["list"], "oss-read-only", id="list"),
        pytest.param(["show", "log-write"], "logstore", id="show"),
        pytest.param(["render", "oss-read-only", "bucket=web-assets"], '"acs:oss:', id="render"),
        pytest.param(["lint"], "", id="lint"),
        pytest.param(["execution-role"], "ram:PassRole", id="execution-role"),
        pytest.param(["pass-role", "--role", "worker"], f"acs:ram:*:{ACCOUNT}:role/worker", id="pass-role"),
        pytest.param(["provisioner"], f"acs:ram:*:{ACCOUNT}:policy/rolekeeper-*", id="provisioner"),
        pytest.param(
            ["member-role", "42", "--external-id", "abc"], "acs:ecs:cn-hangzhou:42:instance/*", id="member-role"
        ),
    ],
)
def test_policies_are_shown_without_a_call(served: tuple[Cloud, Command], words: list[str], shown: str) -> None:
    cloud, run = served
    ran = run("policy", *words)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert shown in ran.stdout
    assert len(cloud.calls) == 0


def test_the_roles_that_may_be_displaced_are_a_policy_of_their_own(
    served: tuple[Cloud, Command], tmp_path: Path
) -> None:
    _, run = served
    file = tmp_path / "roles.yaml"
    file.write_text(
        "version: 1\nroles: {web: }\nrules: [{name: w, role: web, foreign_roles: replace}]\nsettings: {displace: [legacy-*]}\n"
    )
    ran = run("policy", "execution-role", "--roles-file", str(file))
    listed, displaced = ran.stdout.splitlines()
    assert (ran.returncode, "legacy-*" in listed) == (0, False)
    assert f"acs:ram:*:{ACCOUNT}:role/legacy-*" in displaced
    assert "ecs:UntagResources" in displaced


@pytest.mark.parametrize("words", [["execution-role"], ["pass-role"], ["provisioner"]], ids=" ".join)
def test_policies_for_many_roles_are_printed_one_a_line_as_ram_takes_them(
    served: tuple[Cloud, Command], tmp_path: Path, words: list[str]
) -> None:
    _, run = served
    file = tmp_path / "roles.yaml"
    names = [f"a-role-with-a-long-name-{number:03}" for number in range(90)]
    file.write_text(
        f"version: 1\nroles: {{{', '.join(f'{name}: ' for name in names)}}}\nrules: [{{name: w, role: {names[0]}}}]\n"
    )
    lines = run("policy", *words, "--roles-file", str(file)).stdout.splitlines()
    assert len(lines) > 1
    assert {json.loads(line)["Version"] for line in lines} == {"1"}
    assert max(len(line) for line in lines) <= 6144


@pytest.mark.parametrize(
    ("words", "why"),
    [
        pytest.param(["render", "oss-read-onli"], "oss-read-only", id="a misspelt template"),
        pytest.param(["render", "oss-read-only"], "bucket", id="a missing variable"),
        pytest.param(["render", "oss-read-only", "bucket=a", "bukket=b"], "bukket", id="an unknown variable"),
        pytest.param(["render", "oss-read-only", 'bucket=x","Action":"*'], "bucket", id="an attempt to break out"),
        pytest.param(
            ["render", "oss-read-only", "bucket=abc", "bucket=abd"], "bucket is given twice", id="a variable twice"
        ),
        pytest.param(["pass-role", "--role", "admin"], "admin", id="a role that is not listed"),
        pytest.param(["member-role", "42"], "ROLEKEEPER_EXTERNAL_ID", id="no external id"),
        pytest.param(["member-role", "a42", "--external-id", "abc"], "account", id="no account id"),
        pytest.param(["show", "nothing"], "nothing", id="show of nothing"),
    ],
)
def test_a_policy_that_cannot_be_made_is_one_clear_error(
    served: tuple[Cloud, Command], words: list[str], why: str
) -> None:
    _, run = served
    ran = run("policy", *words)
    assert ran.returncode == 1
    assert why in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_policies_follow_the_regions_and_accounts_in_the_settings(served: tuple[Cloud, Command]) -> None:
    _, run = served
    lists = {"ROLEKEEPER_REGIONS": "us-west-1", "ROLEKEEPER_ACCOUNTS": "42=keeper", "ROLEKEEPER_EXTERNAL_ID": "abc"}
    own = run("policy", "execution-role", **lists)
    assert (own.returncode, own.stderr) == (0, "")
    assert "acs:ram::42:role/keeper" in own.stdout
    assert f"acs:ecs:us-west-1:{ACCOUNT}:instance/*" in own.stdout
    assert "sts:AssumeRole" not in run("policy", "execution-role").stdout
    theirs = json.loads(run("policy", "member-role", "42", ROLEKEEPER_EXECUTION_ROLE="mine", **lists).stdout)
    (trust,) = theirs["trust"]["Statement"]
    assert trust["Principal"] == {"RAM": [f"acs:ram::{ACCOUNT}:role/mine"]}
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": ["abc"]}}
    assert [statement["Resource"][:2] for statement in theirs["policies"][0]["Statement"][:1]] == [
        ["acs:ecs:cn-hangzhou:42:instance/*", "acs:ecs:us-west-1:42:instance/*"]
    ]
    wrong = run("policy", "execution-role", ROLEKEEPER_ACCOUNTS="42")
    assert (wrong.returncode, "ROLEKEEPER_ACCOUNTS: '42' is not ACCOUNT=ROLE" in wrong.stderr) == (1, True)


def test_lint_finds_the_old_published_example(served: tuple[Cloud, Command], tmp_path: Path) -> None:
    _, run = served
    file = tmp_path / "old.json"
    file.write_text(
        '{\n  "Version": "2016-10-17",\n  "Statement": [{"Effect": "Allow", "Action": ["ecs: AttachInstanceRamRole", "ram:PassRole"], "Resource": "*"}]\n}'
    )
    ran = run("policy", "lint", str(file))
    assert ran.returncode == 1
    assert f"{file}:2" in ran.stdout, "the version"
    assert "space" in ran.stdout
    assert "PassRole" in ran.stdout

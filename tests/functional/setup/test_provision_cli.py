"""What `rolekeeper provision` and `rolekeeper roles` print and return."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli import provision as command
from fakecloud.cloud import Cloud
from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT, ROOT_KEY
from shared.errors import ConfigError

Roles = Callable[..., str]
READ, LOGS = "{template: oss-read-only, with: {bucket: one}}", "{system: AliyunLogReadOnlyAccess}"
INLINE = '{{name: own, document: {{Version: "1", Statement: [{{Effect: Allow, Action: "oss:GetObject", Resource: "acs:oss:*:*:b/{}"}}]}}}}'

SHELL = 101  # bytes of INLINE's document without what stands in for {}


class Operator:
    """Runs the command on a text of roles.yaml."""

    def __init__(self, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file, self._capsys = file, capsys

    def __call__(self, text: str, **how: Any) -> tuple[int, str, str]:
        self.file.write_text(text, encoding="utf-8")
        chosen: dict[str, Any] = {"dry_run": False, "as_json": False, "adopt": (), "prune": False, **how}
        code = command.run(self.file, **chosen)
        shown = self._capsys.readouterr()
        return code, shown.out, shown.err


@pytest.fixture
def provision(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Operator:
    for name, value in {
        "ROLEKEEPER_REGION": "cn-hangzhou",
        "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
        "ALIBABA_CLOUD_SECURITY_TOKEN": "",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": ROOT_KEY[0],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ROOT_KEY[1],
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.sleep", cloud.clock.advance)
    return Operator(tmp_path / "roles.yaml", capsys)


def test_the_diff_stands_before_the_first_call(provision: Operator, roles: Roles) -> None:
    code, out, _ = provision(roles(web=READ))
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "role web"
    assert lines.index("  + trust: Service ecs.aliyuncs.com") < lines.index("  CreateRole: role web")
    assert lines[-1] == "3 write calls were made"


def test_a_stop_tells_what_was_done_in_text_and_in_json(cloud: Cloud, provision: Operator, roles: Roles) -> None:
    cloud.faults.add("error", action="CreatePolicy", code="LimitExceeded.Policy", status=409)
    code, _, err = provision(roles(web=READ))
    assert code == 1
    assert err.startswith(
        f"stopped: {provision.file}: CreatePolicy: role web, custom policy rolekeeper-web-oss-read-only"
    )
    assert err.endswith("carried out before: CreateRole: role web\n")
    cloud.faults.add("error", action="AttachPolicyToRole", code="NoPermission", status=403)
    code, out, _ = provision(roles(web=READ), as_json=True)
    told = json.loads(out)
    assert (code, [action["call"] for action in told["done"]]) == (1, ["CreatePolicy"])
    assert "NoPermission" in told["error"]
    assert provision(roles(web=READ))[0] == 0


@pytest.mark.parametrize(
    ("at", "done", "under_way"),
    [
        pytest.param("ListRoles", [], "", id="while reading"),
        pytest.param("CreateRole", [], "CreateRole: role web", id="at the first write"),
        pytest.param(
            "AttachPolicyToRole", ["CreateRole", "CreatePolicy"], "AttachPolicyToRole: role web", id="at the last"
        ),
    ],
)
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_an_interrupt_tells_what_was_done(
    cloud: Cloud,
    provision: Operator,
    roles: Roles,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    done: list[str],
    under_way: str,
    as_json: bool,
) -> None:
    answer = cloud.handle

    def interrupted(request: Request) -> Response:
        if request.headers.get("x-acs-action") == at:
            raise KeyboardInterrupt
        return answer(request)

    with monkeypatch.context() as patched:
        patched.setattr(cloud, "handle", interrupted)
        code, out, err = provision(roles(web=READ), as_json=as_json)
    assert code == 130
    if as_json:
        told = json.loads(out)
        assert [action["call"] for action in told["done"]] == done
        assert under_way in told["error"]
    else:
        why, before = err.splitlines()
        assert under_way in why
        assert "run the same command again" in why
        assert before.startswith(f"carried out before: {done[0] if done else 'nothing'}")
    assert provision(roles(web=READ))[0] == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("{Web: {policies: [" + LOGS + "]}}", ["Web", "upper-case"], id="a role in upper case"),
        pytest.param(
            "{web: {policies: [" + ", ".join(READ.replace("one", f"one-{n}") for n in range(11)) + "]}}",
            ["role 'web'", "11 custom policies"],
            id="the eleventh policy",
        ),
        pytest.param(
            "{web: {policies: [" + INLINE.format("x" * (6145 - SHELL)) + "]}}",
            ["role 'web'", "own", "1 bytes over"],
            id="one byte over",
        ),
        pytest.param(
            "{web: {policies: [{template: oss-read-only, with: {bucket: 'a\"b'}}]}}",
            ["role 'web'", "bucket"],
            id="a quote in a variable",
        ),
    ],
)
def test_what_ram_would_refuse_stops_it_before_any_call(
    cloud: Cloud, provision: Operator, text: str, words: list[str]
) -> None:
    name = "Web" if "Web" in text else "web"
    with pytest.raises(ConfigError) as stopped:
        provision(f"version: 1\nroles: {text}\nrules: [{{name: w, when: {{tags: {{a: b}}}}, role: {name}}}]\n")
    assert all(word in str(stopped.value) for word in [str(provision.file), *words]), str(stopped.value)
    assert len(cloud.calls) == 0


def test_a_document_of_exactly_the_limit_is_made(provision: Operator) -> None:
    text = "{web: {policies: [" + INLINE.format("x" * (6144 - SHELL)) + "]}}"
    assert provision(f"version: 1\nroles: {text}\nrules: [{{name: w, when: {{tags: {{a: b}}}}, role: web}}]\n")[0] == 0


def test_a_role_that_instances_hold_is_not_pruned(cloud: Cloud, provision: Operator, roles: Roles) -> None:
    provision(roles(web=LOGS, worker=LOGS))
    cloud.ecs.make(1, role="worker")
    code, out, _ = provision(roles(web=LOGS), prune=True)
    assert (code, out) == (0, "kept: role worker: 1 instance still holds it\nnothing to do\n")
    told = json.loads(provision(roles(web=LOGS), prune=True, as_json=True)[1])
    assert told["kept"] == ["role worker: 1 instance still holds it"]


def test_a_system_policy_that_does_not_exist_is_drift(
    provision: Operator, capsys: pytest.CaptureFixture[str], roles: Roles
) -> None:
    provision.file.write_text(roles(web="{system: AliyunLogReadAccess}"), encoding="utf-8")
    assert command.roles(provision.file, as_json=True) == 2
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert any("there is no system policy 'AliyunLogReadAccess'" in line for line in row["drift"])


def test_roles_are_shown_as_a_table_too(
    cloud: Cloud, provision: Operator, roles: Roles, capsys: pytest.CaptureFixture[str]
) -> None:
    provision(roles(web=LOGS))
    cloud.ecs.make(2, role="web")
    assert command.roles(provision.file, as_json=False) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.split()[:1] == ["web"]]
    assert line.split() == ["web", "ecs.aliyuncs.com", "System:AliyunLogReadOnlyAccess", "2"]


def test_a_system_policy_that_the_file_dropped_is_drift(
    provision: Operator, roles: Roles, capsys: pytest.CaptureFixture[str]
) -> None:
    provision(roles(web=f"{READ}, {LOGS}"))
    provision.file.write_text(roles(web=READ), encoding="utf-8")
    assert command.roles(provision.file, as_json=True) == 2
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert "DetachPolicyFromRole: role web, system policy AliyunLogReadOnlyAccess" in row["drift"]
    assert "Allow log:Get* on *" in row["losses"]


def test_orphans_are_told_of_as_long_as_they_are_there(
    cloud: Cloud, provision: Operator, roles: Roles, capsys: pytest.CaptureFixture[str]
) -> None:
    provision(roles(web=f"{READ}, {{template: cms-put-metrics}}", worker=LOGS))
    for _ in range(2):
        provision(roles(web=READ))
    cloud.calls.clear()
    assert command.roles(provision.file, as_json=True) == 0, "nothing is wrong with the role that is listed"
    web, orphans = map(json.loads, capsys.readouterr().out.splitlines())
    assert (web["role"], web["drift"]) == ("web", [])
    assert orphans == {"orphan_roles": ["worker"], "orphan_policies": ["rolekeeper-web-cms-put-metrics"]}
    assert [call.action for call in cloud.calls].count("ListPolicies") == 1
    command.roles(provision.file, as_json=False)
    assert "orphan: policy rolekeeper-web-cms-put-metrics is rolekeeper's" in capsys.readouterr().out
    provision(roles(web=READ), prune=True)
    command.roles(provision.file, as_json=False)
    assert "orphan" not in capsys.readouterr().out

"""reconcile and remediate as an operator runs them: in this process, on the emulated cloud, with an operator's own key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import LOGSTORE, PROJECT, REGION, Command, make, records, written


def test_a_reconcile_shows_what_it_may_cost_its_bill_its_counts_and_its_changes(
    cloud: Cloud, rolekeeper: Command
) -> None:
    made = make(cloud, 250, "web")
    make(cloud, 30, "web", role="foreign")
    ran = rolekeeper("reconcile")
    assert ran.code == 0
    assert {i.role for i in made} == {"web"}
    first, *rest = ran.out.splitlines()
    assert first.startswith("may cost at most: DescribeInstances 4, DescribeInstanceRamRole ")
    assert rest[0].startswith("bill: ")
    assert "3 writes: AttachInstanceRamRole 3, " in rest[0]
    assert any(line.split() == ["attached", "missing", "250"] for line in rest)
    assert any(line.split() == ["skipped", "foreign-role", "30"] for line in rest)
    assert sum("- -> web" in line for line in rest if line.split()[0].startswith("i-")) == 100
    assert "and 150 more" in rest
    assert "attached: 250 - -> web" in rest
    assert f"complete: 280 instances seen in {REGION} of account {ACCOUNT}" in rest
    assert rest[-1].startswith(f"records: SLS, {PROJECT}/{LOGSTORE}: run_id: ")
    assert [line["intent"] for line in ran.lines("intent")] == ["AttachInstanceRamRole"] * 3
    assert {record["operator"] for record in records(cloud)} == {"alice"}
    assert {record["function"] for record in records(cloud)} == {"command"}


def test_what_a_run_may_cost_is_never_less_than_what_its_looks_cost(cloud: Cloud, rolekeeper: Command) -> None:
    empty = rolekeeper("reconcile", "--json").json()
    assert empty["bill"]["calls"] == {"DescribeInstances": 2}
    assert empty["may_cost"]["DescribeInstances"] == 2
    for count, app, role in ((120, "web", ""), (1, "web", "foreign"), (170, "", "worker"), (60, "web", "web")):
        make(cloud, count, app, role=role)
    for words in (
        ["reconcile"],
        ["remediate", "--tag", "app=web"],
        ["remediate", "--tag", "app=nobody"],
        ["remediate", "--all"],
        ["remediate", *(word for i in make(cloud, 130) for word in ("--id", i.instance_id))],
        ["remediate", *(word for i in make(cloud, 12, role="worker") for word in ("--id", i.instance_id))],
        ["remediate", "--id", "i-gone"],
    ):
        told = rolekeeper(*words, "--dry-run", "--json").json()
        calls, most = told["bill"]["calls"], told["may_cost"]
        for action in ("DescribeInstances", "DescribeInstanceRamRole"):
            assert calls.get(action, 0) <= most[action], words[:3]
        assert most["instances"] == sum(told["counts"].values())


def test_as_json_all_is_one_object(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 130, "web")
    told = rolekeeper("remediate", "--all", "--reason", "INC-7 角色", "--operator", "bob", "--json").json()
    assert told["kind"] == "remediate"
    assert (told["run"], told["counts"], told["exit_code"]) == ("complete", {"attached/missing": 130}, 0)
    assert told["bill"]["writes"] == 2
    assert (len(told["changes"]), told["changes_left_out"]) == (100, 30)
    change = told["changes"][0]
    assert (change["outcome"], change["role"], change["role_after"]) == ("attached", "web", "web")
    assert {(r["operator"], r["operator_reason"]) for r in records(cloud)} == {("bob", "INC-7 角色")}
    assert {r["run_id"] for r in records(cloud)} == {told["run_id"]}


def test_a_dry_run_plans_writes_nothing_and_says_so_by_its_exit_code(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 2, "web")
    make(cloud, 1, "web", role="worker")
    make(cloud, 1, role="web")
    ran = rolekeeper("remediate", "--all", "--dry-run")
    assert (ran.code, written(cloud)) == (2, 0)
    assert [ran.out.count(change) for change in ("- -> web", "worker -> web", "web -> -")] == [2, 1, 1]
    assert rolekeeper("remediate", "--all").code == 0
    assert rolekeeper("remediate", "--all", "--dry-run").code == 0, "nothing is left to do"


def test_what_a_rule_on_trial_would_do_is_no_work_that_a_dry_run_finds(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 1, "trial")
    assert rolekeeper("reconcile", "--dry-run").code == 0
    assert rolekeeper("reconcile").code == 0


@pytest.mark.parametrize(
    ("words", "touched"),
    [
        pytest.param(["--id", "{a}", "--id", "{c}"], "ac", id="ids"),
        pytest.param(["--id", "-"], "bd", id="ids on standard input"),
        pytest.param(["--tag", "app=web"], "abc", id="a tag"),
        pytest.param(["--tag", "app=web", "--tag", "env="], "b", id="tags, one of them empty"),
        pytest.param(["--rule", "Web tier"], "abc", id="a rule"),
        pytest.param(["--role", "worker"], "cd", id="a role, held or wanted"),
        pytest.param(["--drift", "missing"], "abd", id="without a role"),
        pytest.param(["--drift", "wrong"], "c", id="with another role"),
        pytest.param(["--drift", "orphaned"], "e", id="with a role that no rule gives"),
        pytest.param(["--all"], "abcde", id="all"),
    ],
)
def test_an_operator_chooses_the_instances(cloud: Cloud, rolekeeper: Command, words: list[str], touched: str) -> None:
    fleet = {
        "a": cloud.ecs.make(1, tags={"app": "web"}),
        "b": cloud.ecs.make(1, tags={"app": "web", "env": ""}),
        "c": cloud.ecs.make(1, tags={"app": "web"}, role="worker"),
        "d": cloud.ecs.make(1, tags={"ram-role": "worker"}),
        "e": cloud.ecs.make(1, role="web"),
    }
    names = {name: made[0].instance_id for name, made in fleet.items()}
    stdin = f"{names['b']}\n\n {names['d']}\n"
    told = rolekeeper("remediate", *(word.format(**names) for word in words), "--json", stdin=stdin).json()
    assert {c["instance_id"] for c in told["changes"]} == {names[name] for name in touched}
    assert told["exit_code"] == 0


def test_the_brake_refuses_and_the_operator_may_lift_it(cloud: Cloud, rolekeeper: Command) -> None:
    held = make(cloud, 5, role="web")
    ran = rolekeeper("reconcile")
    assert ran.code == 1
    assert "brake: 5 removals refused" in ran.out
    assert ran.out.count("web -> web (not -)  refused") == 5
    assert {i.role for i in held} == {"web"}
    assert rolekeeper("reconcile", "--lift-brake").code == 0
    assert {i.role for i in held} == {""}


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        pytest.param(["--max-calls", "3"], {"refused/max-calls": 4}, id="a budget that leaves no writes"),
        pytest.param(["--canary", "1"], {"failed/missing": 1, "refused/canary": 3}, id="the canary fails"),
        pytest.param(
            ["--concurrency", "1", "--max-errors", "1"], {"failed/missing": 2, "refused/max-errors": 2}, id="errors"
        ),
        pytest.param(
            ["--concurrency", "50%", "--max-errors", "25%"], {"failed/missing": 2, "refused/max-errors": 2}, id="shares"
        ),
    ],
)
def test_what_is_refused_or_fails_is_told_by_the_exit_code(
    cloud: Cloud, rolekeeper: Command, words: list[str], counts: dict[str, int]
) -> None:
    make(cloud, 4, "web")
    cloud.faults.add("error", action="AttachInstanceRamRole", code="Forbidden.RAM", status=403, count=None)
    told = rolekeeper("remediate", "--all", *words, "--json").json()
    assert (told["counts"], told["exit_code"]) == (counts, 1)


def test_what_the_budget_does_not_let_us_look_at_is_refused(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 4, "web")
    told = rolekeeper("reconcile", "--max-calls", "1", "--json").json()
    assert (told["counts"], told["exit_code"]) == ({"refused/max-calls": 4}, 1)
    assert told["bill"]["calls"] == {"DescribeInstances": 1}


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        pytest.param(
            {"kind": "error", "code": "Forbidden.RAM", "status": 403}, "- -> - (not web)  failed", id="failed"
        ),
        pytest.param({"kind": "5xx"}, "- -> - (not web)  retrying", id="retrying"),
    ],
)
def test_what_was_not_done_shows_the_role_that_was_meant(
    cloud: Cloud, rolekeeper: Command, fault: dict[str, Any], shown: str
) -> None:
    make(cloud, 2, "web")
    cloud.faults.add(action="AttachInstanceRamRole", count=None, **fault)
    ran = rolekeeper("remediate", "--all")
    assert ran.out.count(shown) == 2
    again = "retrying: nothing on this machine tries again: run the command again, or leave it to the timer"
    assert ran.out.splitlines().count(again) == shown.endswith("retrying")


def test_a_run_that_could_not_end_says_why(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 250, "web")
    cloud.faults.add("error", action="DescribeInstances", code="Forbidden.RAM", status=403, after=2, count=None)
    ran = rolekeeper("remediate", "--all")
    assert ran.code == 1
    assert "incomplete: 100 instances seen" in ran.out
    assert "error: DescribeInstances: Forbidden.RAM" in ran.out


def test_what_may_work_later_is_shown_and_not_raised(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 2, "web")
    cloud.faults.add("5xx", action="AttachInstanceRamRole", count=None)
    ran = rolekeeper("remediate", "--all", "--json")
    assert ran.json()["counts"] == {"retrying/missing": 2}
    assert ran.code == 1


SLIPS = {
    "records nowhere": (["remediate", "--all", "--records", "none/of/these"], "--records: none/of/these: No such file or directory"),
    "records of a function": (["remediate", "--all", "--invoke", "--records", "x"], "remediate: --records: goes with a run on this machine alone"),
    "no selector": (["remediate"], "remediate: give exactly one of --id, --tag, --rule, --role, --drift, --all; got none"),
    "two": (["remediate", "--all", "--rule", "Web tier"], "remediate: give exactly one of --id, --tag, --rule, --role, --drift, --all; got --rule, --all"),
    "no id": (["remediate", "--id", "web-1"], "remediate: --id: 'web-1' is not an instance id"),
    "no id on standard input": (["remediate", "--id", "-"], "remediate: --id: the list is empty"),
    "no value": (["remediate", "--tag", "app"], "--tag 'app': write KEY=VALUE"),
    "two values": (["remediate", "--tag", "a=1", "--tag", "a=2"], "--tag 'a=2': 'a' is given twice"),
    "unknown rule": (["remediate", "--rule", "web teir"], "remediate: --rule: the mapping has no rule 'web teir'; did you mean `Web tier`?"),
    "unknown role": (["remediate", "--role", "worcer"], "does not list the role 'worcer'; did you mean `worker`?"),
    "unknown drift": (["remediate", "--drift", "mising"], "--drift: 'mising' is no drift; did you mean `missing`?"),
    "no share": (["reconcile", "--concurrency", "101%"], "reconcile: --concurrency: '101%' is neither a number"),
    "nothing at once": (["reconcile", "--concurrency", "0"], "reconcile: --concurrency: '0' is neither"),
    "no number": (["reconcile", "--max-errors", "ten"], "reconcile: --max-errors: 'ten' is neither"),
    "negative": (["reconcile", "--canary", "-1"], "reconcile: --canary: -1 is not a number of 0 or more"),
    "canary is text": (["reconcile", "--canary", "one"], "--canary: write a number"),
    "budget is text": (["reconcile", "--max-calls", "1.5"], "--max-calls"),
    "no region": (["reconcile", "--region", "hangzhou!"], "--region: 'hangzhou!' is not a region id"),
    "no account": (["reconcile", "--account", "me"], "--account: 'me' is not an account id"),
    "an account that is not listed": (["reconcile", "--account", "42"], "account 42 is neither this deployment's own nor listed"),
    "everywhere from here": (["reconcile", "--everywhere"], "--everywhere: goes with --invoke alone"),
    "everywhere and a region": (["reconcile", "--everywhere", "--region", "cn-beijing"], "--everywhere: goes with none of"),
    "empty selector": (["remediate", "--all", "--rule", ""], "remediate: --rule: empty; give a value, or leave it out"),
    "empty guards": (["reconcile", "--canary", "", "--max-errors", "", "--max-calls", "", "--concurrency", ""], "--concurrency, --max-errors, --canary, --max-calls: empty"),
    "empty places": (["reconcile", "--region", "", "--account", ""], "--region, --account: empty"),
    "empty texts": (["reconcile", "--operator", "", "--reason", ""], "--reason, --operator: empty"),
    "no mapping": (["reconcile", "--roles-file", "no.yaml"], "no.yaml: cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("as_json", [pytest.param(False, id="text"), pytest.param(True, id="json")])
@pytest.mark.parametrize(("words", "why"), [pytest.param(*slip, id=name) for name, slip in SLIPS.items()])
def test_a_slip_is_refused_before_any_call(
    cloud: Cloud, rolekeeper: Command, words: list[str], why: str, as_json: bool
) -> None:
    make(cloud, 1, "web")
    ran = rolekeeper(*words, *(["--json"] if as_json else []))
    assert (ran.code, len(cloud.calls)) == (1, 0)
    said = ran.json()["error"] if ran.out else ran.err
    assert why in said
    assert "Traceback" not in ran.err


def test_the_deployed_function_is_asked_with_the_same_payload(
    cloud: Cloud, rolekeeper: Command, tmp_path: Path
) -> None:
    deploy(cloud, tmp_path, "rolekeeper-remediate")
    words = ["--tag", "app=web", "--everywhere", "--max-errors", "5%", "--max-calls", "0", "--reason", "INC-7"]
    ran = rolekeeper("remediate", *words, "--invoke")
    assert ran.code == 0
    assert ran.out.startswith(f"rolekeeper-remediate in {REGION} was asked; task id remediate-20")
    cloud.settle()
    (one,) = cloud.fc.invocations
    assert (one.kind, json.loads(one.payload)) == (
        "async",
        {
            "remediate": {
                "tags": {"app": "web"},
                "everywhere": True,
                "max_errors": "5%",
                "max_calls": 0,
                "reason": "INC-7",
                "operator": "alice",
            }
        },
    )
    assert one.payload.decode().isascii()


def test_each_time_it_is_asked_is_a_task_of_its_own(cloud: Cloud, rolekeeper: Command, tmp_path: Path) -> None:
    deploy(cloud, tmp_path, "rolekeeper-reconcile")
    told = [rolekeeper("reconcile", "--invoke", "--json").json() for _ in range(2)]
    assert {one["function"] for one in told} == {"rolekeeper-reconcile"}
    assert len({one["task_id"] for one in told}) == 2
    cloud.settle()
    assert [json.loads(one.payload) for one in cloud.fc.invocations] == [{"reconcile": {"operator": "alice"}}] * 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        pytest.param(["--rule", "web teir"], "did you mean `Web tier`?", id="a rule misspelt"),
        pytest.param(["--all", "--canary", "x"], "--canary", id="a slip"),
        pytest.param(["--all"], "does not exist; deploy it first", id="a function that is not deployed"),
    ],
)
def test_asking_the_deployed_function_fails_in_one_line(
    cloud: Cloud, rolekeeper: Command, words: list[str], why: str
) -> None:
    ran = rolekeeper("remediate", *words, "--invoke")
    assert ran.code == 1
    assert why in ran.err
    assert len(ran.err.splitlines()) == 1


def deploy(cloud: Cloud, folder: Path, name: str) -> None:
    """A function of that name, which does nothing; with task ids."""
    (folder / "index.py").write_text("def handler(event, context):\n    return 1\n")
    props = {
        "functionName": name,
        "region": REGION,
        "runtime": "python3.10",
        "handler": "index.handler",
        "asyncInvokeConfig": {"asyncTask": True},
    }
    document = {"edition": "3.0.0", "name": "t", "resources": {"f": {"component": "fc3", "props": props}}}
    (folder / "s.yaml").write_text(json.dumps(document))
    cloud.fc.deploy(folder / "s.yaml", code=folder, account=ACCOUNT, runner="inline")

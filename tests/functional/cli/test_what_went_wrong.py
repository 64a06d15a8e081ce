"""What went wrong with a few of many is shown first, by the commands and in what the functions answer; and the exit codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from fakecloud.ecs.models import Instance
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import RULES, Command, make

MANY = 450
"""More than are shown of what went well."""


def failing(cloud: Cloud) -> list[Instance]:
    """They are seen last, and cannot be attached to."""
    make(cloud, MANY, "web")
    bad = make(cloud, 3, "web")
    ids = [i.instance_id for i in bad]
    cloud.faults.add("partial", action="AttachInstanceRamRole", code="Forbidden.RAM", count=None, instance_ids=ids)
    return bad


def retried(cloud: Cloud) -> list[Instance]:
    make(cloud, MANY, "web")
    bad = make(cloud, 2, "web", role="worker")
    cloud.faults.add("5xx", action="DetachInstanceRamRole", count=None)
    return bad


def refused(cloud: Cloud) -> list[Instance]:
    make(cloud, MANY, "web")
    return cloud.ecs.make(3, tags={"ram-role": "admin"})


def braked(cloud: Cloud) -> list[Instance]:
    make(cloud, MANY, "web")
    return make(cloud, 3, role="worker")


def skipped(cloud: Cloud) -> list[Instance]:
    make(cloud, MANY, "web")
    return make(cloud, 6, "web", role="foreign")


def classic(cloud: Cloud) -> list[Instance]:
    make(cloud, MANY, "web")
    return make(cloud, 2, "web", network="classic")


def rare_among_refused(cloud: Cloud) -> list[Instance]:
    make(cloud, MANY, role="worker")
    return cloud.ecs.make(2, tags={"ram-role": "admin"})


WRONG = [
    pytest.param(failing, "failed", "missing", id="failed"),
    pytest.param(retried, "retrying", "wrong", id="retrying"),
    pytest.param(refused, "refused", "role-not-listed", id="refused"),
    pytest.param(braked, "refused", "brake", id="refused by the brake"),
    pytest.param(skipped, "skipped", "foreign-role", id="skipped"),
    pytest.param(classic, "skipped", "not-in-vpc", id="skipped for its network"),
    pytest.param(rare_among_refused, "refused", "role-not-listed", id="refused among others refused"),
]


@pytest.mark.each_value
@pytest.mark.parametrize(("prepare", "outcome", "reason"), WRONG)
@pytest.mark.parametrize("words", [("reconcile",), ("remediate", "--all")], ids=" ".join)
def test_each_instance_that_something_went_wrong_with_is_shown_before_the_others(
    cloud: Cloud,
    rolekeeper: Command,
    words: tuple[str, ...],
    prepare: Callable[[Cloud], list[Instance]],
    outcome: str,
    reason: str,
) -> None:
    bad = [i.instance_id for i in prepare(cloud)]
    ran = rolekeeper(*words)
    rows = [line.split() for line in ran.out.splitlines() if line.lstrip().startswith("i-")]
    found = [row[0] for row in rows if {outcome, reason} <= set(row)]
    assert sorted(found) == sorted(bad)
    good = [at for at, row in enumerate(rows) if {"attached", "swapped", "detached"} & set(row)]
    assert max(at for at, row in enumerate(rows) if row[0] in bad) < min(good, default=len(rows))


@pytest.mark.each_value
@pytest.mark.parametrize(("prepare", "outcome", "reason"), WRONG)
def test_as_json_all_of_them_are_there_and_first(
    cloud: Cloud, rolekeeper: Command, prepare: Callable[[Cloud], list[Instance]], outcome: str, reason: str
) -> None:
    bad = [i.instance_id for i in prepare(cloud)]
    changes = rolekeeper("remediate", "--all", "--json").json()["changes"]
    assert sorted(c["instance_id"] for c in changes if (c["outcome"], c["reason"]) == (outcome, reason)) == sorted(bad)
    wrong = [c["outcome"] in ("failed", "refused", "retrying", "skipped") for c in changes]
    assert wrong == sorted(wrong, reverse=True)


def test_the_order_is_failed_then_refused_then_retrying_then_skipped_by_reason(
    cloud: Cloud, rolekeeper: Command
) -> None:
    make(cloud, 1, "web", network="classic")
    make(cloud, 1, "web", role="foreign")
    make(cloud, 1, "web", role="worker")
    cloud.ecs.make(1, tags={"ram-role": "admin"})
    cloud.faults.add("5xx", action="DetachInstanceRamRole", count=None)
    failing(cloud)
    changes = rolekeeper("remediate", "--all", "--json").json()["changes"]
    assert [(c["outcome"], c["reason"]) for c in changes[:8]] == [
        *[("failed", "missing")] * 3,
        ("refused", "role-not-listed"),
        ("retrying", "wrong"),
        ("skipped", "foreign-role"),
        ("skipped", "not-in-vpc"),
        ("attached", "missing"),
    ]


def test_a_change_whose_record_has_an_error_comes_before_the_other_changes(cloud: Cloud, rolekeeper: Command) -> None:
    """The role is off as it should be, and what the tag promised was not given back."""
    Path("roles.yaml").write_text(
        RULES.replace("role: web}", "role: web, foreign_roles: replace}", 1).replace(
            "{brake", "{displace: [foreign], brake"
        )
    )
    make(cloud, MANY, role="worker")
    (bad,) = cloud.ecs.make(1, tags={"rolekeeper-displaced-role": "foreign"}, role="worker")
    told = rolekeeper("remediate", "--all", "--lift-brake", "--json").json()
    assert (told["changes"][0]["instance_id"], told["changes"][0]["reason"]) == (bad.instance_id, "note-not-proven")
    assert told["changes"][0]["error_message"]
    assert [(c["change"], c["instances"]) for c in told["summed"]] == [("worker -> -", MANY + 1)]
    assert told["changes_left_out"] == MANY - 100


def test_successes_are_summed_by_role_change_where_they_are_cut(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 120, "web", role="worker")
    make(cloud, 30, "web")
    ran = rolekeeper("remediate", "--all", "--lift-brake", "--dry-run")
    assert "planned: 120 worker -> web" in ran.out.splitlines()
    assert "planned: 30 - -> web" in ran.out.splitlines()
    told = rolekeeper("remediate", "--all", "--lift-brake", "--json").json()
    assert told["summed"] == [
        {"outcome": "swapped", "change": "worker -> web", "instances": 120},
        {"outcome": "attached", "change": "- -> web", "instances": 30},
    ]
    assert (sum(told["left_out"].values()), len(told["changes"])) == (50, 100)


def test_a_dry_run_over_foreign_roles_says_which_instances_hold_them(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 5, "web")
    bad = make(cloud, 6, "web", role="foreign")
    ran = rolekeeper("remediate", "--drift", "foreign", "--dry-run")
    assert ran.code == 0
    assert set(re.findall(r"^ *(i-\w+)", ran.out, re.MULTILINE)) == {i.instance_id for i in bad}


def test_how_many_are_not_shown_is_said_where_very_many_fail(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.runs.MOST_WRONG", 50)
    make(cloud, 250, "web")
    cloud.ecs.make(3, tags={"ram-role": "admin"})
    cloud.faults.add("error", action="AttachInstanceRamRole", code="Forbidden.RAM", status=403, count=None)
    ran = rolekeeper("remediate", "--all")
    assert "among them, in the records alone: 200 failed missing" in ran.out
    assert len(re.findall(r"(?m)^ i-\S+ +- -> - \(not web\) +failed +missing ", ran.out)) == 50
    assert len(re.findall(r"(?m)^failed, missing: .*Forbidden\.RAM: ", ran.out)) == 1, "said once"
    assert ran.out.count("Forbidden.RAM: ") == 1
    assert ran.out.index("Forbidden.RAM: ") < ran.out.index(" - -> - (not web)")
    assert len(re.findall(r"^ *i-.* role-not-listed", ran.out, re.MULTILINE)) == 3
    told = rolekeeper("remediate", "--all", "--json").json()
    assert (told["left_out"], told["changes_left_out"]) == ({"failed/missing": 200}, 200)


def listed_not(cloud: Cloud) -> list[str]:
    cloud.ecs.make(1, tags={"ram-role": "admin"})
    return ["remediate", "--all"]


def in_sync(cloud: Cloud) -> list[str]:
    make(cloud, 2, "web", role="web")
    return ["remediate", "--all"]


def to_do(cloud: Cloud) -> list[str]:
    make(cloud, 2, "web")
    return ["reconcile", "--dry-run"]


def to_do_and_listed_not(cloud: Cloud) -> list[str]:
    listed_not(cloud)
    return to_do(cloud)


def foreign(cloud: Cloud) -> list[str]:
    make(cloud, 2, "web", role="foreign")
    return ["reconcile"]


def brake(cloud: Cloud) -> list[str]:
    make(cloud, 5, role="web")
    return ["reconcile"]


def brake_dry(cloud: Cloud) -> list[str]:
    return [*brake(cloud), "--dry-run"]


def fails(cloud: Cloud) -> list[str]:
    make(cloud, 2, "web")
    cloud.faults.add("error", action="AttachInstanceRamRole", code="Forbidden.RAM", status=403, count=None)
    return ["reconcile"]


def retries(cloud: Cloud) -> list[str]:
    make(cloud, 2, "web")
    cloud.faults.add("5xx", action="AttachInstanceRamRole", count=None)
    return ["reconcile"]


def mistyped(cloud: Cloud) -> list[str]:
    return ["remediate", "--id", "i-bp000000000000000000"]


def mistyped_among_others(cloud: Cloud) -> list[str]:
    made = make(cloud, 150, "web")
    return ["remediate", "--dry-run", "--id", "i-mistyped", *(word for i in made for word in ("--id", i.instance_id))]


def role_deleted(cloud: Cloud) -> list[str]:
    make(cloud, 3, "web", role="web")
    cloud.ram.account(ACCOUNT).delete_role("web")
    return ["reconcile"]


@pytest.mark.each_value
@pytest.mark.parametrize(
    ("prepare", "code", "strict"),
    [
        pytest.param(in_sync, 0, 0, id="all is right"),
        pytest.param(to_do, 2, 2, id="a dry run finds work"),
        pytest.param(foreign, 0, 0, id="somebody else's role is left alone"),
        pytest.param(listed_not, 0, 1, id="a tag names a role that is not listed"),
        pytest.param(to_do_and_listed_not, 2, 1, id="that, and a dry run finds work"),
        pytest.param(role_deleted, 0, 1, id="RAM has lost a role"),
        pytest.param(brake, 1, 1, id="the brake refuses"),
        pytest.param(brake_dry, 1, 1, id="the brake would refuse"),
        pytest.param(fails, 1, 1, id="failed"),
        pytest.param(retries, 1, 1, id="to be tried again"),
        pytest.param(mistyped, 1, 1, id="an id that ECS does not show"),
        pytest.param(mistyped_among_others, 1, 1, id="such an id in a dry run that finds work"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_exit_codes(
    cloud: Cloud, rolekeeper: Command, prepare: Callable[[Cloud], list[str]], code: int, strict: int, as_json: bool
) -> None:
    words = [*prepare(cloud), *(["--json"] if as_json else [])]
    if strict != code:  # the stern way changes nothing else
        assert rolekeeper(*words, "--strict").code == strict
    ran = rolekeeper(*words)
    assert ran.code == code
    assert not as_json or ran.json()["exit_code"] == code


def test_a_deployed_function_is_not_asked_to_be_strict(cloud: Cloud, rolekeeper: Command) -> None:
    ran = rolekeeper("reconcile", "--invoke", "--strict")
    assert (ran.code, len(cloud.calls)) == (1, 0)
    assert "--strict: goes with a run on this machine alone" in ran.err


def test_errors_that_differ_stay_on_their_lines(cloud: Cloud, rolekeeper: Command) -> None:
    for until in ("soon", "later", "never"):
        cloud.ecs.make(1, tags={"app": "web", "ram-role-until": until})
    out = rolekeeper("remediate", "--all").out
    assert not re.search("(?m)^refused, until-unreadable: ", out)
    for until in ("soon", "later", "never"):
        assert re.search(rf"(?m)^ i-\S+ .* until-unreadable +tag ram-role-until is '{until}', which ", out)

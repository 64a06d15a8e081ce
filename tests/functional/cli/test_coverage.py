"""A command looks after one region of one account: where the settings list more, it says which ones it did not look after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import REGION, Command, make
from tests.functional.cli.test_fleet_commands import deploy

FAR, MEMBER = "cn-beijing", "42"
PLACES = {
    "regions": ({"ROLEKEEPER_REGIONS": f"{REGION},{FAR}"}, [(ACCOUNT, FAR)]),
    "accounts": ({"ROLEKEEPER_ACCOUNTS": f"{MEMBER}=keeper"}, [(MEMBER, REGION)]),
    "both": (
        {"ROLEKEEPER_REGIONS": FAR, "ROLEKEEPER_ACCOUNTS": f"{MEMBER}=keeper"},
        [(ACCOUNT, FAR), (MEMBER, REGION), (MEMBER, FAR)],
    ),
    "neither": ({}, []),
    "its own region alone": ({"ROLEKEEPER_REGIONS": REGION}, []),
}


@pytest.mark.parametrize("words", [("reconcile",), ("remediate", "--all", "--dry-run")], ids=" ".join)
@pytest.mark.parametrize(("settings", "left"), [pytest.param(*row, id=name) for name, row in PLACES.items()])
def test_a_run_says_what_it_does_not_cover_and_how_to(
    cloud: Cloud,
    rolekeeper: Command,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    settings: Mapping[str, str],
    left: list[tuple[str, str]],
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    make(cloud, 1, "web", role="web")
    told = rolekeeper(*words, "--json").json()
    assert [(place["account_id"], place["region"]) for place in told["not_covered"]] == left
    lines = [line for line in rolekeeper(*words).out.splitlines() if line.startswith("covered: ")]
    assert len(lines) == bool(left)
    for account, region in left:
        assert lines[0].startswith(f"covered: {REGION} of account {ACCOUNT} alone; ")
        assert f"{region} of account {account}" in lines[0]
        assert "--invoke --everywhere" in lines[0]


def test_what_is_covered_is_where_the_run_was(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLEKEEPER_REGIONS", FAR)
    cloud.ecs.make(1, region=FAR)
    told = rolekeeper("reconcile", "--region", FAR, "--json").json()
    assert told["not_covered"] == [{"account_id": ACCOUNT, "region": REGION}]


def test_of_named_instances_all_are_covered(cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLEKEEPER_REGIONS", FAR)
    (made,) = make(cloud, 1, "web", role="web")
    assert rolekeeper("remediate", "--id", made.instance_id, "--json").json()["not_covered"] == []


@pytest.mark.parametrize(("everywhere", "left"), [(False, 1), (True, 0)], ids=["here", "everywhere"])
def test_what_the_deployed_function_is_asked_to_cover_is_said_too(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, everywhere: bool, left: int
) -> None:
    deploy(cloud, tmp_path, "rolekeeper-reconcile")
    monkeypatch.setenv("ROLEKEEPER_REGIONS", FAR)
    words = ["reconcile", "--invoke", *(["--everywhere"] if everywhere else [])]
    assert len(json.loads(rolekeeper(*words, "--json").out)["not_covered"]) == left
    assert rolekeeper(*words).out.count("covered: ") == left


@pytest.mark.parametrize(
    "words", [("provision", "--dry-run", "--adopt", "web", "--adopt", "worker"), ("roles",)], ids=" ".join
)
def test_the_commands_of_the_ram_side_say_which_accounts_are_left(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    assert "covered: " not in rolekeeper(*words).out
    monkeypatch.setenv("ROLEKEEPER_ACCOUNTS", f"{MEMBER}=keeper")
    said = rolekeeper(*words).out
    assert f"covered: account {ACCOUNT} alone; ROLEKEEPER_ACCOUNTS also lists {MEMBER}" in said


def test_roles_as_json_end_with_the_accounts_that_are_left(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "not_covered" not in rolekeeper("roles", "--json").out
    monkeypatch.setenv("ROLEKEEPER_ACCOUNTS", f"{MEMBER}=keeper,{ACCOUNT}=keeper")
    *rows, last = map(json.loads, rolekeeper("roles", "--json").out.splitlines())
    assert ([row["role"] for row in rows], last) == (["web", "worker"], {"not_covered": [MEMBER]})


def test_a_provision_as_json_names_them_too(cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLEKEEPER_ACCOUNTS", f"{MEMBER}=keeper,{ACCOUNT}=keeper")
    told = rolekeeper("provision", "--dry-run", "--json", "--adopt", "web", "--adopt", "worker").json()
    assert told["not_covered"] == [MEMBER]


def test_a_region_that_ecs_does_not_know_is_said_to_be_none_and_what_to_correct(
    cloud: Cloud, rolekeeper: Command
) -> None:
    ran = rolekeeper("remediate", "--all", "--region", "cn-hangzou")
    assert ran.code == 1
    assert "cn-hangzou is no region that ECS knows: correct --region or ROLEKEEPER_REGION" in ran.out

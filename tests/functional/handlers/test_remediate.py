"""An operator asks: by ids, by tags, for all; dry or real."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from tests.functional.handlers.world import World, remediate

WRITES = {"AttachInstanceRamRole", "DetachInstanceRamRole"}


def fleet(world: World) -> list[Instance]:
    """Something of everything."""
    return [
        *world.instances(3, "web"),
        *world.instances(2, "web", role="worker"),
        *world.instances(2, role="batch"),
        *world.instances(2, "worker", role="worker"),
        *world.instances(1, "web", role="foreign"),
        *world.instances(1, tags={"ram-role": "admin"}),
        *world.instances(1, "web", network="classic"),
        *world.instances(1, "trial"),
        *world.instances(1, tags={"rolekeeper": "off"}),
        *world.instances(1),
    ]


def asked(world: World, how: str, made: list[Instance]) -> dict[str, Any]:
    if how == "ids":
        return {"instance_ids": [i.instance_id for i in made]}
    return {"tags": {"team": "a"}} if how == "tags" else {"all": True}


@pytest.mark.parametrize("how", ["ids", "tags", "all"])
def test_a_dry_run_plans_what_the_real_run_then_carries_out(world: World, how: str) -> None:
    made = fleet(world)
    for instance in made:
        world.cloud.ecs.owner(instance).tag(instance, "team", "a")
    before = {i.instance_id: i.role for i in made}
    dry = world.run("remediate", remediate(**asked(world, how, made), dry_run=True))
    assert not WRITES & set(dry.calls)
    assert {i.instance_id: i.role for i in made} == before
    assert dry.result["outcomes"] == {"planned": 8, "refused": 1, "skipped": 2, "unchanged": 4}
    planned = {r["instance_id"]: r for r in world.records() if r.get("outcome") == "planned"}
    assert all(r.get("role_after", "") == before[name] for name, r in planned.items())
    logged = len(world.records())
    real = world.run("remediate", remediate(**asked(world, how, made)))
    assert real.error is None
    done = [r for r in world.records()[logged:] if r["action"] != "run"]
    assert len(done) == len(made)
    carried = {r["instance_id"]: r for r in done if r["outcome"] in ("attached", "swapped", "detached", "planned")}
    assert {n: (r["action"], r["reason"], r.get("role"), r.get("rule")) for n, r in planned.items()} == {
        n: (r["action"], r["reason"], r.get("role"), r.get("rule")) for n, r in carried.items()
    }
    assert Counter(r["outcome"] for r in carried.values()) == {"attached": 3, "swapped": 2, "detached": 2, "planned": 1}


def test_every_record_says_who_asked_and_why(world: World) -> None:
    made = world.instances(3, "web")
    world.run("remediate", remediate(all=True, operator="alice", reason="INC-7"))
    world.run("remediate", remediate(instance_ids=[made[0].instance_id], operator="bob", reason="check"))
    told = [(r["actor"], r["operator"], r["operator_reason"]) for r in world.records()]
    assert told == [("alice", "alice", "INC-7")] * 4 + [("bob", "bob", "check")] * 2


def test_by_tags_only_instances_that_carry_all_of_them_are_looked_at(world: World) -> None:
    wanted = world.instances(3, "web", tags={"team": "a", "env": "prod"})
    others = [*world.instances(2, "web", tags={"team": "a"}), *world.instances(2, "web", tags={"env": "prod"})]
    run = world.run("remediate", remediate(tags={"team": "a", "env": "prod"}))
    assert run.result["outcomes"] == {"attached": 3}
    assert ({i.role for i in wanted}, {i.role for i in others}) == ({"web"}, {""})


@pytest.mark.parametrize("beyond", ["all", "cut"])
def test_by_tags_that_more_than_a_thousand_carry_none_is_left_out(world: World, beyond: str) -> None:
    """DescribeInstances' own filter by tags shows no more than 1,000 (its API page)."""
    world.cloud.switches.set({"tag_filter_beyond": beyond})
    made = world.instances(1_050, "web", role="web", tags={"team": "a"})
    world.instances(50, "web")
    late = world.instances(20, "web", tags={"team": "a"})
    run = world.run("remediate", remediate(tags={"team": "a"}))
    assert run.result["outcomes"] == {"attached": 20, "unchanged": 1_050}
    assert {i.role for i in late} == {"web"}
    assert len({r["instance_id"] for r in world.records() if r["action"] != "run"}) == len(made) + 20


def test_in_another_region_its_own_instances_are_looked_at(world: World) -> None:
    world.allow(region="*")
    far = world.instance("web", region="cn-beijing")
    near = world.instance("web")
    run = world.run("remediate", remediate(all=True, region="cn-beijing"))
    assert run.error is None
    assert (far.role, near.role) == ("web", "")
    assert {r["region"] for r in world.records()} == {"cn-beijing"}


def test_the_whole_run_has_a_run_record_with_its_counts(world: World) -> None:
    fleet(world)
    world.run("remediate", remediate(all=True, dry_run=True, operator="alice"))
    (record,) = [r for r in world.records() if r["action"] == "run"]
    counts = json.loads(record["counts"])
    assert counts == {
        "planned/missing": 4,
        "planned/wrong": 2,
        "planned/no-longer-mapped": 2,
        "refused/role-not-listed": 1,
        "skipped/foreign-role": 1,
        "skipped/not-in-vpc": 1,
        "unchanged/ignored": 1,
        "unchanged/in-sync": 2,
        "unchanged/no-rule": 1,
    }
    assert (record["seen"], record["trigger"]) == ("15", "remediate")


SLIPS = {
    "no selector": ({}, "exactly one"),
    "two selectors": ({"instance_ids": ["i-1"], "all": True}, "exactly one"),
    "all false": ({"all": False}, "must be true"),
    "no ids": ({"instance_ids": []}, "empty"),
    "no id": ({"instance_ids": ["sg-1"]}, "instance_ids[0]"),
    "ids as text": ({"instance_ids": "i-1"}, "instance_ids"),
    "no tags": ({"tags": {}}, "at least one tag"),
    "a tag that is no text": ({"tags": {"team": 1}}, "quotes"),
    "a misspelt key": ({"instance_idz": ["i-1"]}, "instance_ids"),
    "dry run as text": ({"all": True, "dry_run": "yes"}, "dry_run"),
    "no region": ({"all": True, "region": "http://evil"}, "region"),
}


@pytest.mark.parametrize(("slip", "word"), [pytest.param(*slip, id=name) for name, slip in SLIPS.items()])
def test_a_slip_in_the_payload_acts_on_nothing_and_is_explained(world: World, slip: dict[str, Any], word: str) -> None:
    instance = world.instance("web")
    run = world.run("remediate", remediate(**slip))
    assert run.error is None
    assert run.calls == []
    (ignored,) = run.result["ignored"]
    assert (ignored["reason"], word in ignored["detail"]) == ("bad-payload", True)
    assert instance.role == ""


@pytest.mark.parametrize("function", ["instance_created", "tags_changed", "reconcile"])
def test_only_remediate_takes_an_operators_payload(world: World, function: str) -> None:
    instance = world.instance("web")
    run = world.run(function, remediate(instance_ids=[instance.instance_id]))
    assert [i["reason"] for i in run.result["ignored"]] == ["not-for-this-function"]
    assert run.calls == []

"""Roles that name who may ask for them: given on proof alone, whatever an outsider writes, sends, repeats or is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.identity import ACCOUNT
from tests.functional.handlers.world import World, created, remediate, tagged, timer

RULES = """
version: 1
roles:
  web: {description: w, assignable_by: [user/ops-*, role/Deployer, root]}
  worker: {description: k}
  batch: {description: b}
rules:
  - {name: both, when: {tags: {app: web, env: prod}}, role: web}
  - {name: named, when: {tags: {app: named}, name: web-*}, role: web}
  - {name: nowhere, when: {zone: cn-hangzhou-z}, role: web}
  - {name: worker, when: {tags: {app: worker}}, role: worker}
settings: {launch_grace: 0, brake: {max_removals: 100%}, record_unchanged: true}
"""
WANTED = {"app": "web", "env": "prod"}
REFUSED = ("refused", "not-assignable")


def who(kind: str = "ram-user", name: str = "ops-1", account: str = ACCOUNT) -> dict[str, Any]:
    return {"userIdentity": {"type": kind, "userName": name, "accountId": account, "principalId": "3:x"}}


OPS, OUTSIDER = who(), who(name="dev-1")


def sets(instance_id: str, tags: dict[str, str], identity: dict[str, Any] = OPS, **given: Any) -> dict[str, Any]:
    """TagResources by one call. given: age, id of the event."""
    event_id = given.pop("id", "event-1")
    event = tagged([instance_id], **given, **identity)
    for number, (key, value) in enumerate(tags.items(), 1):
        event["data"]["requestParameters"] |= {f"Tag.{number}.Key": key, f"Tag.{number}.Value": value}
    return {**event, "id": event_id}


def launched(
    instance_id: str, tags: dict[str, str], identity: dict[str, Any] = OPS, age: float = 1.0
) -> dict[str, Any]:
    event = created([instance_id], age=age, **identity)
    numbered = enumerate(tags.items(), 1)
    event["data"]["requestParameters"] = {
        name: text for n, (k, v) in numbered for name, text in ((f"Tag.{n}.Key", k), (f"Tag.{n}.Value", v))
    }
    return event


def state(instance_id: str) -> dict[str, Any]:
    """A change of state, which names no caller."""
    event = created([instance_id])
    data = {"resourceId": instance_id, "resourceType": "ALIYUN::ECS::Instance", "state": "Running"}
    return {**event, "id": "state", "type": "ecs:Instance:StateChange", "data": data}


def of_tag_service(instance_id: str, tags: str, **response: Any) -> dict[str, Any]:
    """The Tag service's own call."""
    event = tagged([instance_id], **OPS)
    arn = f"arn:acs:ecs:cn-hangzhou:{ACCOUNT}:instance/{instance_id}"
    event["data"] |= {"serviceName": "Tag", "requestParameters": {"ResourceARN.1": arn, "Tags": tags}, **response}
    return {**event, "source": "acs.tag", "type": "tag:ActionTrail:ApiCall"}


def changed(event: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {**event, **values}


@pytest.fixture(autouse=True)
def _rules(world: World) -> None:
    world.map(RULES)


@pytest.mark.parametrize(
    "identity",
    [
        pytest.param(OPS, id="a user by a glob"),
        pytest.param(who("root-account", "root"), id="the account itself"),
        pytest.param(who("assumed-role", "deployer:anything"), id="a role, whose name RAM tells from none by its case"),
        pytest.param(who("assumed-role", "Deployer:with:colons"), id="a session that has colons"),
    ],
)
def test_who_may_gets_the_role_by_one_call(world: World, identity: dict[str, Any]) -> None:
    instance = world.instance(tags=WANTED)
    run = world.run("tags_changed", sets(instance.instance_id, WANTED, identity))
    assert run.outcome(instance.instance_id) == ("attached", "missing")
    assert instance.role == "web"


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(lambda i: launched(i, WANTED), id="a launch with these tags"),
        pytest.param(
            lambda i: sets(i, {"APP": "web", "Env": "prod", "more": "x"}), id="keys in another case, more tags"
        ),
        pytest.param(lambda i: of_tag_service(i, '{"app": "web", "env": "prod"}'), id="the Tag service"),
    ],
)
def test_each_call_that_sets_tags_proves_it(world: World, event: Callable[[str], dict[str, Any]]) -> None:
    instance = world.instance(tags=WANTED)
    world.run("tags_changed", event(instance.instance_id))
    assert instance.role == "web"


@pytest.mark.parametrize(
    "identity",
    [
        pytest.param(OUTSIDER, id="somebody else"),
        pytest.param(who(name="OPS-1"), id="another case"),
        pytest.param(who(name="оps-1"), id="a Cyrillic letter"),
        pytest.param(who(name="ops-1\u200b"), id="a character that nobody sees"),
        pytest.param(who(name=" ops-1"), id="a blank"),
        pytest.param(who(name="ops-1\nx"), id="a line's end"),
        pytest.param(who(name="ops-1@example.com"), id="a domain"),
        pytest.param(who("assumed-role", "dev:ops-1"), id="a session called like a user"),
        pytest.param(who("assumed-role", "dev:deployer:x"), id="a session called like a role"),
        pytest.param(who("assumed-role", "deployer"), id="a role without a session"),
        pytest.param(who("assumed-role", "\u212aeployer:x"), id="a letter whose lower case is another"),
        pytest.param(who("ram-user", "deployer:x"), id="a user called like a role"),
        pytest.param(who("ram-user", "root"), id="a user called root"),
        pytest.param(who("assumed-role", "ops-1:x"), id="a role called like a user"),
        pytest.param(who(account="6543210987654321"), id="a user of another account"),
        pytest.param(who("alibaba-cloud-account", "ops-1"), id="another account"),
        pytest.param(who("system", "ops-1"), id="the platform"),
        pytest.param({"userIdentity": {"type": "ram-user", "userName": "ops-1"}}, id="no account"),
        pytest.param({"userIdentity": {"userName": "ops-1", "accountId": ACCOUNT}}, id="no type"),
        pytest.param({"userIdentity": "ops-1"}, id="no identity"),
        pytest.param({}, id="nothing"),
    ],
)
def test_nobody_else_gets_it(world: World, identity: dict[str, Any]) -> None:
    instance = world.instance(tags=WANTED)
    run = world.run("tags_changed", sets(instance.instance_id, WANTED, identity))
    assert run.outcome(instance.instance_id) == REFUSED
    assert instance.role == ""
    told = world.record(instance.instance_id)["error_message"]
    assert "user/ops-*, role/Deployer, root" in told
    assert "rolekeeper remediate" in told


@pytest.mark.parametrize(
    ("event", "why"),
    [
        pytest.param(lambda i: sets(i, {"app": "web"}), "env", id="the outsider set the other tag"),
        pytest.param(lambda i: sets(i, {"app": "web", "env": "test"}), "env", id="it was changed since"),
        pytest.param(lambda i: sets(i, {}), "app, env", id="another tag"),
        pytest.param(lambda i: sets(i, WANTED, age=3_700), "too long ago", id="an old event"),
        pytest.param(lambda i: sets(i, WANTED, age=-400), "too long ago", id="an event of the future"),
        pytest.param(lambda i: sets(i, WANTED, age=None), "too long ago", id="no time"),
        pytest.param(lambda i: launched(i, {}), "app, env", id="a launch, whose tags came later"),
        pytest.param(lambda i: sets(i, WANTED)["data"], "does not prove", id="a record without an envelope"),
        pytest.param(lambda i: changed(sets(i, WANTED), aliyunaccountid=None), "prove", id="an envelope of no account"),
        pytest.param(lambda i: changed(sets(i, WANTED), source="my.app"), "prove", id="an envelope of an own source"),
        pytest.param(lambda i: changed(sets(i, WANTED), type="x"), "prove", id="an envelope of an own type"),
        pytest.param(lambda i: state(i), "names no caller", id="a change of state"),
        pytest.param(lambda i: of_tag_service(i, '{"app": "web"}'), "env", id="the Tag service, one tag"),
        pytest.param(
            lambda i: of_tag_service(
                i, '{"app": "web", "env": "prod"}', responseElements={"FailedResources": {"FailedResource": [{"x": 1}]}}
            ),
            "prove",
            id="the Tag service, where some failed",
        ),
    ],
)
def test_what_is_no_proof_is_refused_and_says_why(
    world: World, event: Callable[[str], dict[str, Any]], why: str
) -> None:
    instance = world.instance(tags=WANTED)
    run = world.run("tags_changed", event(instance.instance_id))
    assert run.outcome(instance.instance_id) == REFUSED
    assert why in world.record(instance.instance_id)["error_message"]


def test_a_tag_that_is_set_twice_in_one_call_proves_nothing(world: World) -> None:
    instance = world.instance(tags=WANTED)
    event = sets(instance.instance_id, WANTED)
    event["data"]["requestParameters"] |= {"Tag.3.Key": "App", "Tag.3.Value": "other"}
    assert world.run("tags_changed", event).outcome(instance.instance_id) == REFUSED


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        pytest.param({"tags": {"app": "named"}, "name": "web-1"}, "instance's name", id="its owner names the instance"),
        pytest.param({"zone": "cn-hangzhou-z"}, "no tag", id="a rule that reads no tag"),
    ],
)
def test_a_rule_that_no_call_can_prove_gives_it_by_an_operator_alone(
    world: World, properties: dict[str, Any], why: str
) -> None:
    instance = world.instance(**properties)
    world.run("tags_changed", sets(instance.instance_id, {"app": "named"}))
    assert why in world.record(instance.instance_id)["error_message"]
    world.run("remediate", remediate(instance_ids=[instance.instance_id]))
    assert instance.role == "web"


def test_the_timer_gives_it_to_nobody_and_takes_it_from_nobody(world: World) -> None:
    bare, other, holder = (world.instance(tags=WANTED) for _ in range(3))
    world.hold(other, "worker")
    world.hold(holder, "web")
    world.run("reconcile", timer())
    assert [bare.role, other.role, holder.role] == ["", "worker", "web"]
    outcomes = {r["instance_id"]: (r["outcome"], r["reason"]) for r in world.records() if "instance_id" in r}
    assert outcomes == {
        bare.instance_id: REFUSED,
        other.instance_id: REFUSED,
        holder.instance_id: ("unchanged", "in-sync"),
    }
    world.run("reconcile", {"reconcile": {}})
    assert bare.role == "", "only a remediation names what it is for"


def test_it_is_taken_off_as_any_other(world: World) -> None:
    instance = world.instance("worker")
    world.hold(instance, "web")
    world.run("tags_changed", sets(instance.instance_id, {"app": "worker"}, OUTSIDER))
    assert instance.role == "worker"


@pytest.mark.parametrize("first", [True, False], ids=["proof first", "proof last"])
def test_of_several_events_the_one_that_proves_counts_and_is_recorded(world: World, first: bool) -> None:
    instance = world.instance(tags=WANTED)
    name = instance.instance_id
    proof = sets(name, WANTED, id="proves", age=10)
    others = [state(name), sets(name, {"more": "x"}, OUTSIDER, id="outsider", age=5)]
    world.run("tags_changed", [proof, *others] if first else [*others, proof])
    record = world.record(name)
    assert (record["outcome"], record["event_id"], record["actor"]) == ("attached", "proves", "ops-1")


def test_the_parts_of_several_events_are_no_proof_together(world: World) -> None:
    instance = world.instance(tags=WANTED)
    name = instance.instance_id
    world.run("tags_changed", [sets(name, {"app": "web"}, id="1"), sets(name, {"env": "prod"}, OUTSIDER, id="2")])
    assert instance.role == ""


@pytest.mark.parametrize(("later", "role"), [(5, ""), (20, "web")], ids=["after it", "before it"])
def test_a_tag_that_an_outsider_wrote_after_the_proof_makes_it_none(world: World, later: int, role: str) -> None:
    instance = world.instance(tags=WANTED)
    name = instance.instance_id
    again = sets(name, WANTED, OUTSIDER, id="2", age=later)
    world.run("tags_changed", [sets(name, WANTED, id="1", age=10), again])
    assert instance.role == role


def test_the_proof_for_one_instance_is_none_for_another(world: World) -> None:
    one, other = world.instance(tags=WANTED), world.instance(tags=WANTED)
    world.run("tags_changed", [sets(one.instance_id, WANTED), sets(other.instance_id, WANTED, OUTSIDER, id="2")])
    assert (one.role, other.role) == ("web", "")


def test_a_launch_that_is_told_late_is_not_taken_for_known(world: World) -> None:
    """The change of state comes first, and is refused; what the launch proves must not be left out for that."""
    instance = world.instance(tags=WANTED)
    world.run("instance_created", state(instance.instance_id))
    assert instance.role == ""
    world.run("instance_created", launched(instance.instance_id, WANTED, age=10))
    assert instance.role == "web"


def test_a_correction_after_a_removal_needs_proof_too(world: World) -> None:
    """The tags are changed back while the role is taken off: only an event that proves it gives it again."""
    instance = world.instance("nothing")
    world.hold(instance, "web")

    def back() -> None:
        for key, value in WANTED.items():
            world.tag(instance, value, key)

    world.before("DetachInstanceRamRole", back)
    world.run("tags_changed", sets(instance.instance_id, {"app": "nothing"}, OUTSIDER))
    assert instance.role == ""
    world.run("tags_changed", sets(instance.instance_id, WANTED, OUTSIDER, id="2"))
    assert instance.role == ""
    world.run("tags_changed", sets(instance.instance_id, WANTED, id="3"))
    assert instance.role == "web"


def test_a_swap_whose_tags_are_changed_meanwhile_ends_without_a_role_that_is_not_proven(world: World) -> None:
    instance = world.instance("worker")
    world.hold(instance, "batch")

    def ask_for_web() -> None:
        for key, value in WANTED.items():
            world.tag(instance, value, key)

    world.before("AttachInstanceRamRole", ask_for_web)
    world.run("tags_changed", sets(instance.instance_id, {"app": "worker"}))
    assert instance.role == "worker"


def test_what_an_event_s_invocation_leaves_to_remediate_is_no_operator_s(world: World) -> None:
    instance = world.instance(tags=WANTED)
    cursor = {"run_id": "again-x", "link": 1, "listed": True, "instance_ids": [instance.instance_id]}
    asked = {"everything": True, "reason": "left by the request x"}
    whole = {
        "kind": "remediate",
        "source": "own",
        "event_name": "again",
        "region": "cn-hangzhou",
        "account_id": ACCOUNT,
    }
    run = world.run("remediate", {"rolekeeper": {**whole, "remedy": asked, "cursor": cursor}})
    assert run.outcome(instance.instance_id) == REFUSED


def test_a_hand_over_says_nothing_of_who_set_a_tag(world: World) -> None:
    call = {"actor": "root", "tags": WANTED}
    whole = {"kind": "reconcile", "source": "timer", "cursor": {"run_id": "x"}, "call": call}
    run = world.run("reconcile", {"rolekeeper": whole})
    assert run.result["ignored"][0]["reason"] == "bad-payload"


def test_a_role_whose_time_is_over_is_not_had_back_by_a_later_time_from_an_outsider(world: World) -> None:
    """Before its end he can write a later one, and the role stays; afterwards a new wish needs the proof."""
    one = world.instance(tags={**WANTED, "ram-role-until": "2020-01-01T00:00Z"}, role="web")
    world.run("reconcile", timer())
    assert one.role == ""
    one.tags["ram-role-until"] = "2999-01-01T00:00Z"
    world.run("tags_changed", sets(one.instance_id, {"ram-role-until": "2999-01-01T00:00Z"}, OUTSIDER))
    world.run("reconcile", timer())
    assert one.role == ""

"""Several regions and accounts: spread by asynchronous invocations, each with a session in its account, none in another's way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT
from shared.mapping import load
from shared.policies import member_policies, member_trust
from tests.functional.fleet.fleet import CHANGES, Fleet
from tests.functional.handlers.world import EXECUTION_ROLE, NOTE, REGION, Run, remediate, timer

MEMBER, BEIJING, ROLE = "2222222222222222", "cn-beijing", "rolekeeper-member"
PLACES = [(account, region) for account in (ACCOUNT, MEMBER) for region in (REGION, BEIJING)]
AT_HOME = (ACCOUNT, REGION)


def spread(
    fleet: Fleet, *, external_id: str = "s3cret", trusted: str = "s3cret", less: str = ""
) -> dict[Any, Instance]:
    """Two regions of two accounts, an instance without its role in each. less: an action that the member's role lacks."""
    fleet.allow(region="*", members=(f"acs:ram::{MEMBER}:role/{ROLE}",))
    fleet.functions()
    mapping = load(fleet.roles_yaml)
    policies = [_without(doc, less) for doc in member_policies(mapping, account_id=MEMBER, regions=[REGION, BEIJING])]
    made = fleet.cloud.ram.put_role(MEMBER, ROLE, policies=policies)
    made.trust_text = json.dumps(member_trust(account_id=ACCOUNT, execution_role=EXECUTION_ROLE, external_id=trusted))
    made.trust = fleet.cloud.ram.trust_document("AssumeRolePolicyDocument", made.trust_text)
    for role in mapping.roles:
        fleet.cloud.ram.put_role(MEMBER, role)
    fleet.env.setenv("ROLEKEEPER_REGIONS", f"{REGION},{BEIJING}")
    fleet.env.setenv("ROLEKEEPER_ACCOUNTS", f"{MEMBER}={ROLE}")
    fleet.env.setenv("ROLEKEEPER_EXTERNAL_ID", external_id)
    return {place: fleet.instance("web", account=place[0], region=place[1]) for place in PLACES}


def _without(document: Mapping[str, Any], action: str) -> dict[str, Any]:
    statements = [{**s, "Action": [a for a in s["Action"] if a != action]} for s in document["Statement"]]
    return {**document, "Statement": [s for s in statements if s["Action"]]}


def everywhere(fleet: Fleet, event: object, function: str = "reconcile") -> list[Run]:
    """The invocation, and all those that it starts."""
    runs = [fleet.run(function, event)]
    while new := fleet.waiting():
        runs += [fleet.run(function, payload) for payload in new]
    return runs


def right(made: Mapping[Any, Instance]) -> set[Any]:
    return {place for place, instance in made.items() if instance.role == "web"}


def told(fleet: Fleet) -> dict[Any, str]:
    return {(r["account_id"], r["region"]): r["run"] for r in fleet.run_records()}


def test_the_timer_looks_after_all_that_the_settings_list(fleet: Fleet) -> None:
    made = spread(fleet)
    runs = everywhere(fleet, timer())
    assert [run.error for run in runs] == [None] * 4
    assert right(made) == set(PLACES)
    assert told(fleet) == dict.fromkeys(PLACES, "complete")
    assert Counter((r["account_id"], r["region"], r["outcome"]) for r in fleet.looks()) == {
        (*p, "attached"): 1 for p in PLACES
    }
    assert len({r["run_id"] for r in fleet.run_records()}) == 4
    assert [run["run"] for run in runs[0].result["runs"]] == ["started"] * 3 + ["complete"]
    assert runs[0].calls.count("InvokeFunction") == 3
    assert {call.caller for call in fleet.journal if call.service == "ecs" and MEMBER in call.caller} == {
        f"acs:ram::{MEMBER}:assumed-role/{ROLE}/rolekeeper"
    }


@pytest.mark.parametrize("length", [36, 60, 61, 100, 128, 1000])
def test_however_long_the_request_id_each_place_is_started(fleet: Fleet, length: int) -> None:
    """Function Compute takes task ids of 128 letters, and no task id twice."""
    made, context = spread(fleet), fleet.context

    def long() -> Any:
        asked = context()
        asked.request_id = "r" * length
        return asked

    fleet.env.setattr(fleet, "context", long)
    runs = everywhere(fleet, timer())
    assert [run.error for run in runs] == [None] * 4
    assert right(made) == set(PLACES)
    assert len({r["run_id"] for r in fleet.run_records()}) == 4


def test_by_default_no_other_place_is_asked(fleet: Fleet) -> None:
    made = spread(fleet)
    fleet.env.setenv("ROLEKEEPER_REGIONS", "")
    fleet.env.setenv("ROLEKEEPER_ACCOUNTS", "")
    (run,) = everywhere(fleet, timer())
    assert right(made) == {AT_HOME}
    assert not {"InvokeFunction", "AssumeRole"} & set(run.calls)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        pytest.param({"trusted": "another"}, "NoPermission", id="another external id"),
        pytest.param({"external_id": ""}, "NoPermission", id="no external id"),
        pytest.param({"less": "ecs:AttachInstanceRamRole"}, "Forbidden.RAM", id="may not attach"),
        pytest.param({"less": "ram:PassRole"}, "InvalidUser.PassRoleForbidden", id="may not pass the role"),
    ],
)
def test_an_account_that_does_not_let_us_in_disturbs_no_other(fleet: Fleet, how: dict[str, str], code: str) -> None:
    made = spread(fleet, **how)
    runs = everywhere(fleet, timer())
    assert [run.error for run in runs] == [None] * 4, "nothing that another try would mend"
    assert right(made) == {place for place in PLACES if place[0] == ACCOUNT}
    codes = {r.get("error_code") for r in fleet.records() if r["account_id"] == MEMBER} - {None}
    assert codes == {code}
    if code == "NoPermission":
        assert told(fleet) == {place: "incomplete" if place[0] == MEMBER else "complete" for place in PLACES}


def test_a_region_that_is_down_disturbs_no_other(fleet: Fleet) -> None:
    made = spread(fleet)
    answer = fleet.cloud.handle

    def handle(request: Request) -> Response:
        down = BEIJING in str(request.query)
        return Response.json({"Code": "ServiceUnavailable", "Message": "down"}, 503) if down else answer(request)

    fleet.env.setattr(fleet.cloud, "handle", handle)
    everywhere(fleet, timer())
    assert right(made) == {place for place in PLACES if place[1] == REGION}
    assert {place for place, run in told(fleet).items() if run == "incomplete"} == {
        p for p in PLACES if p[1] == BEIJING
    }


def test_the_same_invocation_delivered_twice_does_no_harm(fleet: Fleet) -> None:
    made = spread(fleet)
    fleet.run("reconcile", timer())
    payloads = fleet.waiting()
    for payload in [*payloads, *payloads]:
        assert fleet.run("reconcile", payload).error is None
    assert right(made) == set(PLACES)
    fleet.run("reconcile", timer())  # the first delivered again by Function Compute, with its request id
    assert fleet.waiting() == [], "its tasks are known"


@pytest.mark.parametrize(
    ("asked", "touched"),
    [
        pytest.param({}, [AT_HOME], id="where the function is"),
        pytest.param({"everywhere": True}, PLACES, id="everywhere"),
        pytest.param({"region": BEIJING}, [(ACCOUNT, BEIJING)], id="a region"),
        pytest.param({"account_id": MEMBER}, [(MEMBER, REGION)], id="an account"),
        pytest.param({"account_id": MEMBER, "region": BEIJING}, [(MEMBER, BEIJING)], id="a region of an account"),
    ],
)
def test_an_operator_says_where(fleet: Fleet, asked: dict[str, Any], touched: list[Any]) -> None:
    made = spread(fleet)
    runs = everywhere(fleet, remediate(all=True, operator="alice", reason="INC-7", **asked), "remediate")
    assert [run.error for run in runs] == [None] * len(touched)
    assert right(made) == set(touched)
    assert {(r["operator"], r["operator_reason"]) for r in fleet.records()} == {("alice", "INC-7")}


def test_an_account_that_is_not_listed_is_a_clear_error(fleet: Fleet) -> None:
    spread(fleet)
    run = fleet.run("remediate", remediate(all=True, account_id="999"))
    assert run.error is None
    assert "account 999" in run.result["error"]
    assert "ROLEKEEPER_ACCOUNTS" in run.result["error"]
    assert told(fleet) == {("999", REGION): "incomplete"}


def test_a_displaced_role_in_another_account_comes_back(fleet: Fleet) -> None:
    fleet.map(foreign="replace")
    made = spread(fleet)
    instance = made[MEMBER, BEIJING]
    fleet.cloud.ram.put_role(MEMBER, "foreign")
    fleet.hold(instance, "foreign")
    everywhere(fleet, timer())
    assert (instance.role, instance.tags["rolekeeper-displaced-role"]) == ("web", fleet.note(instance, "foreign"))
    fleet.cloud.ecs.owner(instance).tag(instance, "app", None)
    runs = [fleet.run("remediate", remediate(all=True, account_id=MEMBER, region=BEIJING))]
    assert runs[0].result["outcomes"] == {"swapped": 1}
    assert (instance.role, dict(instance.tags)) == ("foreign", {})
    assert set(CHANGES) <= set(runs[0].calls)


@pytest.mark.parametrize("held", ["web", ""], ids=["in place of a listed role", "in place of none"])
def test_an_account_that_lets_us_in_no_more_gives_no_displaced_role_up(fleet: Fleet, held: str) -> None:
    """STS refuses us, and not ECS that role: the note stays until we are let in again."""
    fleet.map(foreign="replace")
    instance = spread(fleet)[MEMBER, REGION]
    fleet.cloud.ram.put_role(MEMBER, "foreign")
    fleet.cloud.ecs.owner(instance).tag(instance, "app", None)
    fleet.hold(instance, held)
    fleet.tag(instance, fleet.note(instance, "foreign"))
    asked = remediate(all=True, account_id=MEMBER)
    fleet.before("DescribeInstanceRamRole", lambda: _shut(fleet))
    told = fleet.run("remediate", asked).result["records"]
    assert [(r["outcome"], r["reason"], r["error_code"]) for r in told] == [("failed", "put-back", "NoPermission")]
    assert "given up" not in told[0]["error_message"]
    assert (instance.role, NOTE in instance.tags) == (held, True)
    fleet.cloud.faults.clear()
    fleet.run("remediate", asked)
    assert (instance.role, NOTE in instance.tags) == ("foreign", False)


def _shut(fleet: Fleet) -> None:
    fleet.cloud.faults.add("error", action="AssumeRole", count=None, code="NoPermission", status=403)

"""s.yaml deployed once, looking after two regions of three accounts: timers, asynchronous invocations and retries are the
emulated Function Compute's, and every call is judged by the policies as rendered."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.errors import ConnectionReset
from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT
from fakecloud.sls.models import Project
from shared.mapping import load
from shared.model import DISPLACED_TAG
from shared.policies import execution_policies, member_policies, member_trust, reach
from shared.settings import Settings, Target, targets

ROOT = Path(__file__).parents[3]
HOME, FAR = "cn-hangzhou", "cn-beijing"
MEMBER, THIRD = "2222222222222222", "3333333333333333"
FC_ROLE, ROLE, PROJECT = "rolekeeper-fc", "rolekeeper-member", "rolekeeper"
ENV = {
    "ROLEKEEPER_REGIONS": f"{HOME},{FAR}", "ROLEKEEPER_ACCOUNTS": f"{MEMBER}={ROLE},{THIRD}={ROLE}",
    "ROLEKEEPER_EXTERNAL_ID": "s3cret",
}  # fmt: skip
RULES = """\
version: 1
roles: {web: }
rules: [{name: by app, when: {tags: {app: web}}, role: web}]
"""
REPLACING = RULES + "settings: {foreign_roles: replace, displace: [old-*]}\n"
FOREIGN = "Old-App"
PLACES = [Target(account, region) for account in (ACCOUNT, MEMBER, THIRD) for region in (HOME, FAR)]


class Estate:
    """The deployment, the accounts that let it in, and in each place an instance that lacks its role."""

    def __init__(self, cloud: Cloud, folder: Path, env: dict[str, str], trusted: str, rules: str = RULES) -> None:
        self.cloud, mapping = cloud, load(rules)
        settings = Settings.from_env(env, region=HOME, account_id=ACCOUNT)
        own = execution_policies(mapping, account_id=ACCOUNT, region=HOME, project=PROJECT, **reach(settings))
        cloud.ram.put_role(ACCOUNT, FC_ROLE, services=("fc.aliyuncs.com",), policies=own)
        for account in (MEMBER, THIRD):
            policies = member_policies(mapping, account_id=account, regions=[HOME, FAR])
            made = cloud.ram.put_role(account, ROLE, policies=policies)
            external_id = trusted if account == MEMBER else "s3cret"
            trust = member_trust(account_id=ACCOUNT, execution_role=FC_ROLE, external_id=external_id)
            made.trust_text = json.dumps(trust)
            made.trust = cloud.ram.trust_document("AssumeRolePolicyDocument", made.trust_text)
        for account in (ACCOUNT, MEMBER, THIRD):
            for role in ("web", FOREIGN):
                cloud.ram.put_role(account, role)
        project = Project(PROJECT, HOME, ACCOUNT, "", 0, 0)
        cloud.sls.state.add(project)
        for store in ("rolekeeper-records", "rolekeeper-functions"):
            project.create_logstore(store, {"ttl": 30}, 0, 200)
        (folder / "roles.yaml").write_text(rules)
        env = {"ROLEKEEPER_ROLES_FILE": str(folder / "roles.yaml"), **env}
        cloud.fc.deploy(ROOT / "s.yaml", code=ROOT, account=ACCOUNT, runner="inline", env=env)
        self.made = {
            place: cloud.ecs.make(1, account=place.account_id, region=place.region, tags={"app": "web"})[0]
            for place in PLACES
        }
        cloud.switches.permissions = "on"

    def member(self, rules: str = RULES, *, without: str = "") -> None:
        """What the member's role may do: as rendered for these rules, less one action."""
        documents = member_policies(load(rules), account_id=MEMBER, regions=[HOME, FAR])
        for statement in (s for document in documents for s in document["Statement"]):
            statement["Action"] = [a for a in statement["Action"] if a != without] or ["ecs:DescribeRegions"]
        role = self.cloud.ram.put_role(MEMBER, ROLE, policies=documents)
        role.trust_text = json.dumps(member_trust(account_id=ACCOUNT, execution_role=FC_ROLE, external_id="s3cret"))
        role.trust = self.cloud.ram.trust_document("AssumeRolePolicyDocument", role.trust_text)

    def timer(self) -> None:
        self.cloud.fc.fire_timer("rolekeeper-reconcile", "reconcile-timer")
        self.cloud.settle()

    def ask(self, function: str, payload: dict[str, Any]) -> dict[str, Any]:
        """A synchronous invocation, as `s invoke` makes it, and all that it started."""
        outcome = self.cloud.fc.invoke(self.cloud.fc.find(ACCOUNT, HOME, function), json.dumps(payload).encode())
        self.cloud.settle()
        result: dict[str, Any] = json.loads(outcome.body)
        return result

    def right(self) -> set[Target]:
        return {place for place, instance in self.made.items() if instance.role == "web"}

    def records(self) -> list[dict[str, str]]:
        return [dict(log) for log in self.cloud.sls.logs(PROJECT, "rolekeeper-records")]

    def runs(self) -> dict[Target, tuple[str, ...]]:
        """How the run of each place ended, try by try."""
        found: dict[Target, tuple[str, ...]] = {}
        for record in self.records():
            if record["action"] == "run":
                place = Target(record["account_id"], record["region"])
                found[place] = (*found.get(place, ()), record["run"])
        return found

    def down(self, mocker: MockerFixture, host: str, *, times: int | None = None) -> None:
        """No answer from a host, to so many calls."""
        answer, refused = self.cloud.handle, Counter[str]()

        def handle(request: Request) -> Response:
            if request.host.startswith(host) and (times is None or refused[host] < times):
                refused[host] += 1
                raise ConnectionReset()
            return answer(request)

        mocker.patch.object(self.cloud, "handle", side_effect=handle)


@pytest.fixture(autouse=True)
def no_waiting(cloud: Cloud, mocker: MockerFixture) -> None:
    mocker.patch("time.sleep", side_effect=cloud.clock.advance)


@pytest.fixture
def estate(cloud: Cloud, tmp_path: Path, request: pytest.FixtureRequest) -> Estate:
    given: dict[str, Any] = getattr(request, "param", {})
    return Estate(cloud, tmp_path, given.get("env", ENV), given.get("trusted", "s3cret"), given.get("rules", RULES))


def test_the_places_are_those_of_the_settings() -> None:
    assert set(targets(Settings.from_env(ENV, region=HOME, account_id=ACCOUNT))) == set(PLACES)


def test_the_timer_starts_one_invocation_for_each_other_place_and_looks_after_its_own(estate: Estate) -> None:
    estate.timer()
    assert estate.right() == set(PLACES)
    assert estate.runs() == dict.fromkeys(PLACES, ("complete",))
    assert Counter((one.function, one.kind, one.source, one.ok) for one in estate.cloud.fc.invocations) == {
        ("rolekeeper-reconcile", "async", "timer", True): 1,
        ("rolekeeper-reconcile", "async", "api", True): len(PLACES) - 1,
    }
    looks = [record for record in estate.records() if record["action"] == "attach"]
    assert {(r["account_id"], r["region"], r["instance_id"]) for r in looks} == {
        (place.account_id, place.region, instance.instance_id) for place, instance in estate.made.items()
    }
    runs = {(r["account_id"], r["region"]): r["run_id"] for r in estate.records() if r["action"] == "run"}
    assert {(r["account_id"], r["region"]): r["run_id"] for r in looks} == runs
    assert len(set(runs.values())) == len(PLACES)


@pytest.mark.parametrize("estate", [{"env": {}}], indirect=True)
def test_where_nothing_is_set_no_other_place_is_looked_at(estate: Estate) -> None:
    estate.timer()
    assert estate.right() == {Target(ACCOUNT, HOME)}
    assert not {"InvokeFunction", "AssumeRole"} & set(estate.cloud.calls.actions())
    assert {call.params["RegionId"] for call in estate.cloud.calls if call.service == "ecs"} == {HOME}


@pytest.mark.parametrize("estate", [{"trusted": "another"}], indirect=True)
def test_an_account_that_does_not_let_us_in_has_its_runs_recorded_and_is_not_tried_again(estate: Estate) -> None:
    estate.timer()
    closed = {place for place in PLACES if place.account_id == MEMBER}
    assert estate.right() == set(PLACES) - closed
    assert estate.runs() == {place: ("incomplete" if place in closed else "complete",) for place in PLACES}
    refused = [record for record in estate.records() if record.get("error_code")]
    assert {(r["account_id"], r["error_code"]) for r in refused} == {(MEMBER, "NoPermission")}
    assert all(one.ok for one in estate.cloud.fc.invocations)
    assert not estate.cloud.fc.destinations


def test_a_region_that_stays_down_disturbs_no_other_and_ends_among_the_dead_letters(
    estate: Estate, mocker: MockerFixture
) -> None:
    estate.down(mocker, f"ecs.{FAR}.")
    estate.timer()
    far = {place for place in PLACES if place.region == FAR}
    assert estate.right() == set(PLACES) - far
    assert estate.runs() == {place: ("incomplete",) * 4 if place in far else ("complete",) for place in PLACES}
    (dead,) = estate.cloud.fc.destinations.values()
    lost = [json.loads(letter["requestPayload"])["rolekeeper"] for letter in dead]
    assert {Target(trigger["account_id"], trigger["region"]) for trigger in lost} == far


@pytest.mark.parametrize("region", [HOME, FAR])
def test_a_region_that_was_down_is_healed_by_the_next_try_and_no_place_is_started_twice(
    estate: Estate, mocker: MockerFixture, region: str
) -> None:
    estate.down(mocker, f"ecs.{region}.", times=2)  # one read, and its second try
    estate.timer()
    assert estate.right() == set(PLACES)
    assert Counter(estate.runs().values()) == {
        ("complete",): len(PLACES) - 1, ("incomplete", "complete"): 1,
    }  # fmt: skip


def test_a_place_that_could_not_be_started_is_recorded_and_started_by_the_next_try(
    estate: Estate, mocker: MockerFixture
) -> None:
    estate.down(mocker, f"{ACCOUNT}.{HOME}.fc.", times=2)
    estate.timer()
    assert estate.right() == set(PLACES)
    tries = estate.runs()
    assert tries.pop(Target(ACCOUNT, HOME)) == ("complete", "complete"), "the timer's own invocation was tried again"
    assert Counter(tries.values()) == {("complete",): 4, ("incomplete", "complete"): 1}


def test_places_that_we_may_not_start_are_recorded(estate: Estate) -> None:
    own = execution_policies(
        load(RULES), account_id=ACCOUNT, region=HOME, project=PROJECT, functions=("functions/other",)
    )
    estate.cloud.ram.put_role(ACCOUNT, FC_ROLE, services=("fc.aliyuncs.com",), policies=own)
    estate.timer()
    here = Target(ACCOUNT, HOME)
    assert estate.right() == {here}
    assert estate.runs() == {place: ("complete" if place == here else "incomplete",) for place in PLACES}
    refused = [record for record in estate.records() if record.get("error_code")]
    assert {record["error_code"] for record in refused} == {"AccessDenied"}


def test_an_answer_that_was_lost_starts_no_place_twice(estate: Estate) -> None:
    estate.cloud.faults.add("reset", action="InvokeFunction", lost_answer=True, count=2, every=2)
    estate.timer()
    assert estate.runs() == dict.fromkeys(PLACES, ("complete",))


def test_what_is_delivered_twice_does_no_harm(estate: Estate) -> None:
    fc = estate.cloud.fc
    estate.timer()
    for one in tuple(fc.invocations):
        fc.enqueue(fc.find(ACCOUNT, HOME, one.function), one.payload, rid=one.request_id)
    estate.cloud.calls.clear()
    estate.cloud.settle()
    assert estate.right() == set(PLACES)
    assert estate.runs() == dict.fromkeys(PLACES, ("complete", "complete")), (
        "the timer's second delivery starts nothing anew"
    )
    assert not {"AttachInstanceRamRole", "DetachInstanceRamRole"} & set(estate.cloud.calls.actions())


def test_an_operator_remediates_everywhere(estate: Estate) -> None:
    asked = {"all": True, "everywhere": True, "operator": "alice", "reason": "INC-7"}
    result = estate.ask("rolekeeper-remediate", {"remediate": asked})
    assert [run["run"] for run in result["runs"]] == ["started"] * 5 + ["complete"]
    assert estate.right() == set(PLACES)
    assert {(r["operator"], r["operator_reason"], r["trigger"]) for r in estate.records()} == {
        ("alice", "INC-7", "remediate")
    }
    assert {one.function for one in estate.cloud.fc.invocations} == {"rolekeeper-remediate"}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        pytest.param({"account_id": "42"}, "account 42 is neither this deployment's own nor listed in ROLEKEEPER_ACCOUNTS",
                     id="an account that is not listed"),
        pytest.param({"region": "us-west-1"}, "DescribeInstances: Forbidden.RAM", id="a region that is not listed"),
        pytest.param({"account_id": MEMBER, "region": "us-west-1"}, "DescribeInstances: Forbidden.RAM",
                     id="a region of another account that is not listed"),
    ],
)  # fmt: skip
def test_a_place_that_is_not_listed_is_a_clear_error(estate: Estate, asked: dict[str, str], why: str) -> None:
    estate.cloud.ecs.make(1, account=ACCOUNT, region="us-west-1", tags={"app": "web"})
    result = estate.ask("rolekeeper-remediate", {"remediate": {"all": True, **asked}})
    assert why in result["error"]
    assert "stackTrace" not in result
    (record,) = estate.records()
    assert (record["run"], record["seen"]) == ("incomplete", "0")
    assert estate.right() == set()


WITHHELD = {
    "ram:PassRole": "InvalidUser.PassRoleForbidden",
    "ecs:AttachInstanceRamRole": "Forbidden.RAM",
    "ecs:DescribeInstanceRamRole": "Forbidden.RAM",
    "ecs:DescribeInstances": "Forbidden.RAM",
}


@pytest.mark.parametrize("action", WITHHELD)
def test_what_an_account_withholds_is_told_with_the_clouds_code_and_disturbs_no_other(
    estate: Estate, action: str
) -> None:
    estate.member(without=action)
    estate.timer()
    theirs = {place for place in PLACES if place.account_id == MEMBER}
    assert estate.right() == set(PLACES) - theirs
    told = [record for record in estate.records() if record.get("error_code")]
    assert {(r["account_id"], r["error_code"]) for r in told} == {(MEMBER, WITHHELD[action])}
    assert {Target(r["account_id"], r["region"]) for r in told} == theirs
    assert all(one.ok for one in estate.cloud.fc.invocations)


@pytest.mark.parametrize("action", WITHHELD)
def test_instances_that_an_operator_names_are_not_gone_where_we_may_not_look(estate: Estate, action: str) -> None:
    estate.member(without=action)
    there = Target(MEMBER, FAR)
    asked = {"instance_ids": [estate.made[there].instance_id], "account_id": MEMBER, "region": FAR}
    result = estate.ask("rolekeeper-remediate", {"remediate": asked})
    assert result["outcomes"] == {"failed": 1}
    assert [r["error_code"] for r in estate.records() if r["action"] != "run"] == [WITHHELD[action]]
    assert estate.right() == set()


def test_instances_that_are_gone_are_gone_in_another_account_too(estate: Estate) -> None:
    asked = {"instance_ids": ["i-gone"], "account_id": MEMBER, "region": FAR}
    result = estate.ask("rolekeeper-remediate", {"remediate": asked})
    assert (result["outcomes"], result["records"][0]["reason"]) == ({"unchanged": 1}, "gone")


@pytest.mark.parametrize("estate", [{"rules": REPLACING}], indirect=True)
def test_foreign_roles_are_displaced_and_put_back_in_every_place(estate: Estate) -> None:
    for instance in estate.made.values():
        estate.cloud.ecs.set_role(estate.cloud.ecs.owner(instance), instance, FOREIGN)
    estate.timer()
    assert {(i.role, i.tags.get(DISPLACED_TAG)) for i in estate.made.values()} == {("web", FOREIGN)}
    for instance in estate.made.values():
        estate.cloud.ecs.owner(instance).tag(instance, "app", None)
    estate.timer()
    assert {(i.role, i.tags.get(DISPLACED_TAG)) for i in estate.made.values()} == {(FOREIGN, None)}
    back = [r for r in estate.records() if r.get("reason") == "put-back"]
    assert {Target(r["account_id"], r["region"]) for r in back} == set(PLACES)


@pytest.mark.parametrize("estate", [{"rules": REPLACING}], indirect=True)
def test_a_foreign_role_stays_where_the_account_was_not_told_that_it_may_be_displaced(estate: Estate) -> None:
    """Its policies were rendered before roles.yaml said so."""
    estate.member(RULES)
    for instance in estate.made.values():
        estate.cloud.ecs.set_role(estate.cloud.ecs.owner(instance), instance, FOREIGN)
    estate.timer()
    theirs = {place for place in PLACES if place.account_id == MEMBER}
    assert estate.right() == set(PLACES) - theirs
    assert {(i.role, i.tags.get(DISPLACED_TAG)) for p, i in estate.made.items() if p in theirs} == {(FOREIGN, None)}
    failed = [r for r in estate.records() if r.get("outcome") == "failed"]
    assert {(Target(r["account_id"], r["region"]), r["error_code"]) for r in failed} == {
        (p, "Forbidden.RAM") for p in theirs
    }

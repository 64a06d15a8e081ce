"""What was judged: the journal of judgements, what a role really used, and refusals in ActionTrail and cloud.calls."""

from __future__ import annotations

from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.permissions import used
from tests.contract.permissions.callers import HZ, ROLE, allow, refused, session, user

EVERYTHING = allow("*", "*")
ATTACHED = f"acs:ram:cn-hangzhou:{ACCOUNT}:role/web"
PASSED = f"acs:ram::{ACCOUNT}:role/web"


def test_used_is_what_was_asked_and_allowed_each_once_in_order(judging: Cloud, one: str) -> None:
    someone = session(judging, EVERYTHING)
    someone.attach(one)
    someone.detach(one)
    someone.attach(one)
    assert used(judging) == [
        ("ecs:AttachInstanceRamRole", f"{HZ}/{one}"),
        ("ecs:AttachInstanceRamRole", ATTACHED),
        ("ram:PassRole", PASSED),
        ("ecs:DetachInstanceRamRole", f"{HZ}/{one}"),
        ("ecs:DetachInstanceRamRole", ATTACHED),
    ]


def test_what_was_refused_is_judged_but_not_used(judging: Cloud, one: str) -> None:
    refused(user(judging, allow("ecs:*", "*"), allow("ram:PassRole", f"{ROLE}/db")).attach, one)
    assert ("ram:PassRole", PASSED) not in used(judging)
    (last,) = [j for j in judging.judgements if not j.allowed]
    assert (last.action, last.resource, last.decision.verdict) == ("ram:PassRole", PASSED, "ImplicitDeny")


def test_used_may_be_asked_of_one_caller(judging: Cloud, one: str) -> None:
    session(judging, EVERYTHING).attach(one)
    user(judging, EVERYTHING).ecs("describe_regions")
    regions = [("ecs:DescribeRegions", f"acs:ecs:*:{ACCOUNT}:*")]
    assert used(judging, f"acs:ram::{ACCOUNT}:user/alice") == regions
    assert regions[0] not in used(judging, f"acs:ram::{ACCOUNT}:assumed-role/worker/")
    assert set(used(judging)) == {*regions, *used(judging, f"acs:ram::{ACCOUNT}:assumed-role/worker/")}


def test_the_journal_is_bounded_and_a_reset_empties_it(judging: Cloud, one: str, mocker: MockerFixture) -> None:
    mocker.patch("fakecloud.judgements.KEPT", 3)
    small = type(judging.judgements)(judging)
    judging.judgements = small
    someone = user(judging, EVERYTHING)
    someone.attach(one)
    someone.ecs("describe_regions")
    assert [j.action for j in small] == ["ecs:AttachInstanceRamRole", "ram:PassRole", "ecs:DescribeRegions"]
    judging.reset()
    assert len(judging.judgements) == 0


def test_a_refused_write_stands_in_actiontrail_and_among_the_calls(judging: Cloud, one: str) -> None:
    refused(user(judging).attach, one)
    record = judging.events.log.events[-1]["data"]
    assert (record["eventName"], record["errorCode"]) == ("AttachInstanceRamRole", "Forbidden.RAM")
    assert record["requestParameters"]["RamRoleName"] == "web"
    assert record["userIdentity"]["userName"] == "alice"
    call = list(judging.calls)[-1]
    assert (call.code, call.status, call.params["RamRoleName"]) == ("Forbidden.RAM", 403, "web")


def test_a_refused_read_stands_in_no_trail(judging: Cloud) -> None:
    someone = user(judging)
    before = len(judging.events.log.events)
    refused(someone.ecs, "describe_regions")
    assert len(judging.events.log.events) == before


def test_a_malformed_call_is_refused_as_malformed_before_it_is_judged(judging: Cloud, one: str) -> None:
    someone = user(judging)
    error = refused(someone.ecs, "attach_instance_ram_role", instance_ids="not json", ram_role_name="web")
    assert error.code == "InvalidInstanceIds.Malformed"
    error = refused(someone.ecs, "attach_instance_ram_role", instance_ids=[one])
    assert error.code == "MissingParameter.RamRoleName"
    assert len(judging.judgements) == 0


def test_a_caller_with_a_wrong_secret_is_not_judged(judging: Cloud) -> None:
    someone = user(judging, EVERYTHING)
    judging.keys.remove(someone.key.access_key_id)
    assert refused(someone.ecs, "describe_regions").code == "InvalidAccessKeyId.NotFound"
    assert len(judging.judgements) == 0

"""What fails at ECS: alone in a batch, as a whole, or with an answer that never comes."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from fakecloud.http import Request, Response
from shared.errors import TransientError
from tests.functional.handlers.world import World, created, tagged

ATTACH, DETACH, DESCRIBE, ROLES = (
    "AttachInstanceRamRole",
    "DetachInstanceRamRole",
    "DescribeInstances",
    "DescribeInstanceRamRole",
)
NO_ANSWER = ["timeout", "empty", "html", "reset", "5xx"]


def test_one_of_many_fails_alone(world: World) -> None:
    made = world.instances(10, "web")
    world.cloud.faults.add("partial", action=ATTACH, instance_ids=[made[4].instance_id], code="OperationDenied")
    run = world.run("instance_created", created([i.instance_id for i in made]))
    assert run.error is None
    assert run.result["outcomes"] == {"attached": 9, "failed": 1}
    record = world.record(made[4].instance_id)
    assert (record["outcome"], record["error_code"], record.get("role_after")) == ("failed", "OperationDenied", None)
    assert [i.role for i in made].count("web") == 9


def test_one_of_many_that_is_busy_is_tried_again_and_the_others_are_not(world: World) -> None:
    made = world.instances(3, "web")
    world.cloud.faults.add("partial", action=ATTACH, code="IncorrectInstanceStatus")
    run = world.run("instance_created", created([i.instance_id for i in made]))
    assert isinstance(run.error, TransientError)
    assert Counter(r["outcome"] for r in world.records()) == {"attached": 2, "retrying": 1}
    again = world.run("instance_created", created([i.instance_id for i in made]))
    assert again.result["outcomes"] == {"attached": 1}, "the others are known to have their role"


def test_a_call_refused_for_one_deleted_instance_is_made_again_for_the_others(world: World) -> None:
    made = world.instances(32, "web")
    doomed = made[21]
    world.before(ATTACH, lambda: world.cloud.ecs.owner(doomed).remove(doomed))
    run = world.run("instance_created", created([i.instance_id for i in made], age=600))
    assert run.error is None
    assert run.result["outcomes"] == {"attached": 31, "unchanged": 1}
    assert run.outcome(doomed.instance_id) == ("unchanged", "gone")
    assert Counter(run.calls)[ATTACH] == 2


def test_a_transient_error_meanwhile_is_no_verdict_on_the_others(world: World) -> None:
    """They were refused for another's sake: they are neither gone nor left out."""
    made = world.instances(16, "web")
    doomed = made[15]
    world.before(ATTACH, lambda: world.cloud.ecs.owner(doomed).remove(doomed))
    world.cloud.faults.add("throttle", action=ATTACH, after=1)
    run = world.run("instance_created", created([i.instance_id for i in made], age=600))
    reasons = Counter((r["outcome"], r["reason"]) for r in world.records())
    assert reasons == {("retrying", "missing"): 15, ("unchanged", "gone"): 1}
    assert isinstance(run.error, TransientError)


@pytest.mark.parametrize("kind", NO_ANSWER)
@pytest.mark.parametrize("held", [pytest.param("", id="attach"), pytest.param("worker", id="swap")])
def test_an_attach_whose_answer_is_lost_after_it_was_carried_out_counts(world: World, kind: Any, held: str) -> None:
    instance = world.instance("web", role=held)
    world.cloud.faults.add(kind, action=ATTACH, lost_answer=True)
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert run.error is None
    assert run.outcome(instance.instance_id)[0] == ("swapped" if held else "attached")
    assert instance.role == world.record(instance.instance_id)["role_after"] == "web"
    assert Counter(run.calls)[ATTACH] == 1


@pytest.mark.parametrize("kind", NO_ANSWER)
@pytest.mark.parametrize("held", [pytest.param("", id="attach"), pytest.param("worker", id="swap")])
def test_an_attach_that_never_arrived_is_made_once_more(world: World, kind: Any, held: str) -> None:
    instance = world.instance("web", role=held)
    world.cloud.faults.add(kind, action=ATTACH)
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert run.error is None
    assert instance.role == world.record(instance.instance_id)["role_after"] == "web"
    assert run.outcome(instance.instance_id)[0] == ("swapped" if held else "attached")
    assert Counter(run.calls)[ATTACH] == 2


@pytest.mark.parametrize("kind", NO_ANSWER)
@pytest.mark.parametrize("lost", [True, False], ids=["after it was carried out", "before"])
@pytest.mark.parametrize("verb", ["detach", "swap"])
def test_a_detach_without_an_answer_is_settled_by_a_read(world: World, kind: Any, lost: bool, verb: str) -> None:
    instance = world.instance("web" if verb == "swap" else "", role="worker")
    world.cloud.faults.add(kind, action=DETACH, lost_answer=lost)
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert run.error is None
    record = world.record(instance.instance_id)
    assert record["outcome"] == ("swapped" if verb == "swap" else "detached")
    assert record.get("role_after", "") == instance.role == ("web" if verb == "swap" else "")


@pytest.mark.parametrize("kind", NO_ANSWER)
def test_where_no_try_is_answered_it_is_tried_again_by_a_later_invocation(world: World, kind: Any) -> None:
    instance = world.instance("web")
    other = world.instance("worker")
    world.cloud.faults.add(kind, action=ATTACH, count=2)
    run = world.run("instance_created", created([instance.instance_id, other.instance_id]))
    assert isinstance(run.error, TransientError)
    assert world.record(instance.instance_id)["outcome"] == "retrying"
    assert world.record(other.instance_id)["outcome"] == "attached"
    assert instance.role == ""


@pytest.mark.parametrize("kind", NO_ANSWER)
def test_where_not_even_the_read_is_answered_the_record_says_so(world: World, kind: Any) -> None:
    instance = world.instance("web")
    world.cloud.faults.add(kind, action=ATTACH, lost_answer=True)
    world.cloud.faults.add(kind, action=ROLES, after=1, count=None)
    run = world.run("instance_created", created([instance.instance_id]))
    assert isinstance(run.error, TransientError)
    record = world.record(instance.instance_id)
    assert record["outcome"] == "retrying"
    assert record["error_message"].endswith("which role it holds now could not be read")


@pytest.mark.parametrize("header", [0, 60_000], ids=["without a header", "with x-acs-retry-after"])
@pytest.mark.parametrize("code", ["Throttling", "Throttling.User", "Throttling.Resource", "Throttling.Api"])
@pytest.mark.parametrize("status", [400, 403, 429])
def test_a_throttle_is_raised_after_all_others_are_done(world: World, code: str, status: int, header: int) -> None:
    first, second = world.instances(2, "batch"), world.instances(2, "web")  # batch goes first
    world.cloud.faults.add("throttle", action=ATTACH, code=code, status=status, retry_after_ms=header)
    run = world.run("instance_created", created([i.instance_id for i in (*first, *second)]))
    assert isinstance(run.error, TransientError)
    assert Counter((r["role"], r["outcome"]) for r in world.records()) == {
        ("batch", "retrying"): 2,
        ("web", "attached"): 2,
    }
    assert {r.get("error_code") for r in world.records()} == {code, None}
    assert Counter(run.calls)[ATTACH] == 2  # a refusal lasts until the next minute: no quiet retry
    assert sum(world.waits) == 0


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("Forbidden.RAM", 403),
        ("InvalidUser.PassRoleForbidden", 403),
        ("InvalidRamRole.NotEcsRole", 404),
        ("InvalidAccessKeyId.NotFound", 404),
    ],
)
def test_a_permanent_refusal_is_recorded_and_returned(world: World, code: str, status: int) -> None:
    made = world.instances(3, "web")
    world.cloud.faults.add("error", action=ATTACH, code=code, status=status, message="No,\nnot you.", count=None)
    run = world.run("instance_created", created([i.instance_id for i in made]))
    assert run.error is None
    assert run.result["outcomes"] == {"failed": 3}
    record = world.record(made[0].instance_id)
    assert (record["error_code"], record["error_message"]) == (code, f"{ATTACH}: {code}: No, not you.")
    alone = 3 if code == "Forbidden.RAM" else 0  # a policy may forbid a single instance
    assert Counter(run.calls)[ATTACH] == 1 + alone


@pytest.mark.parametrize("side_by_side", [True, False], ids=["side by side", "in turn"])
@pytest.mark.parametrize("action", [DESCRIBE, ROLES])
@pytest.mark.parametrize(
    ("kind", "outcome"),
    [*[pytest.param(kind, "retrying", id=kind) for kind in (*NO_ANSWER, "throttle")], ("error", "failed")],
)
def test_where_the_look_fails_each_instance_has_its_record(
    world: World, action: str, kind: Any, outcome: str, side_by_side: bool
) -> None:
    world.look(side_by_side=side_by_side)
    made = world.instances(3, "web")
    how = {"code": "Forbidden.RAM", "status": 403} if kind == "error" else {}
    world.cloud.faults.add(kind, action=action, count=None, **how)
    run = world.run("instance_created", created([i.instance_id for i in made]))
    assert isinstance(run.error, TransientError) == (outcome == "retrying")
    assert [(r["outcome"], r["reason"]) for r in world.records()] == [(outcome, "not-observed")] * 3
    assert all(action in r["error_message"] for r in world.records())
    assert ATTACH not in run.calls
    assert len(run.calls) <= (7 if kind == "error" else 5)  # a policy may forbid a single instance: each is tried alone


@pytest.mark.parametrize("side_by_side", [True, False], ids=["side by side", "in turn"])
@pytest.mark.parametrize("kind", ["reset", "timeout", "5xx"])
@pytest.mark.parametrize("action", [DESCRIBE, ROLES])
def test_a_look_that_fails_once_is_quietly_made_again(world: World, action: str, kind: Any, side_by_side: bool) -> None:
    world.look(side_by_side=side_by_side)
    instance = world.instance("web")
    world.cloud.faults.add(kind, action=action)
    assert world.run("instance_created", created([instance.instance_id])).error is None
    assert instance.role == "web"


def test_of_many_named_instances_only_those_of_the_look_that_failed_are_held_up(world: World) -> None:
    ids = [i.instance_id for i in world.instances(250, "web")]
    world.cloud.faults.add("throttle", action=DESCRIBE, after=1)
    run = world.run("tags_changed", tagged(ids))
    assert isinstance(run.error, TransientError)
    assert Counter(r["outcome"] for r in world.records()) == {"attached": 150, "retrying": 100}


def test_an_answer_of_another_shape_is_no_usable_answer(world: World) -> None:
    instance = world.instance("web")
    answer = world.cloud.handle

    def handle(request: Any) -> Any:
        response = answer(request)
        if request.headers.get("x-acs-action") == ATTACH:
            response.body = b'{"RequestId": "R-1", "AttachInstanceRamRoleResults": ["what?"]}'
        return response

    world.env.setattr(world.cloud, "handle", handle)
    run = world.run("instance_created", created([instance.instance_id]))
    assert run.error is None  # the read says that it was carried out
    assert run.outcome(instance.instance_id) == ("attached", "missing")


def test_a_quiet_retry_waits_no_longer_than_a_second_whatever_the_cloud_asks(world: World) -> None:
    instance = world.instance("web")
    world.cloud.faults.add("5xx", action=DESCRIBE, code="ServiceUnavailable", retry_after_ms=60_000)
    assert world.run("instance_created", created([instance.instance_id])).error is None
    assert 0 < sum(world.waits) <= 1


def test_an_invocation_ends_with_no_call_of_its_own_under_way(world: World) -> None:
    """The two looks go out side by side: where the first fails at once, the other is waited for all the same."""
    instance = world.instance("web")
    answered, answer = threading.Event(), world.cloud.handle

    def handle(request: Request) -> Response:
        if request.headers.get("x-acs-action") == ROLES:
            threading.Event().wait(0.2)
            response = answer(request)
            answered.set()
            return response
        return answer(request)

    world.env.setattr(world.cloud, "handle", handle)
    world.cloud.faults.add("error", action=DESCRIBE, code="Forbidden.RAM", status=403, count=None)
    world.run("tags_changed", tagged([instance.instance_id]))
    assert answered.is_set()

"""A swap: the old role off by name, the new one on; and the old one back where that fails."""

from __future__ import annotations

from typing import Any

import pytest

from shared.engine.executors import CALLS
from shared.errors import TransientError
from tests.functional.handlers.world import Run, World, tagged, timer, without

ATTACH, DETACH = "AttachInstanceRamRole", "DetachInstanceRamRole"


def writes(run: Run) -> list[tuple[str, str]]:
    """Call and role, as announced; the journal, which knows no parameters of calls that a fault hit, must agree."""
    announced = [(line["intent"], line["role"]) for line in run.lines if "intent" in line]
    assert [call for call, _ in announced] == [call for call in run.calls if call in (ATTACH, DETACH)]
    return announced


def test_a_swap_takes_the_old_role_off_by_name_and_puts_the_new_one_on(world: World) -> None:
    instance = world.instance("web", role="worker")
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert run.error is None
    assert writes(run) == [(DETACH, "worker"), (ATTACH, "web")]
    record = world.record(instance.instance_id)
    assert (record["outcome"], record["role_before"], record["role_after"]) == ("swapped", "worker", "web")
    assert int(record["gap_ms"]) >= 0
    assert len(record["cloud_request_ids"].split()) == 2


def test_swaps_of_one_kind_share_their_calls(world: World) -> None:
    made = [*world.instances(30, "web", role="worker"), *world.instances(20, "web", role="batch")]
    run = world.run("tags_changed", tagged([i.instance_id for i in made]))
    assert writes(run) == [(DETACH, "batch"), (ATTACH, "web"), (DETACH, "worker"), (ATTACH, "web")]
    assert {i.role for i in made} == {"web"}


@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [
        pytest.param("InvalidUser.PassRoleForbidden", 403, "failed", id="permanent"),
        pytest.param("InvalidRamRole.NotEcsRole", 404, "failed", id="role without trust"),
        pytest.param("ServiceUnavailable", 503, "retrying", id="transient"),
        pytest.param("Throttling.User", 400, "retrying", id="throttled"),
    ],
)
def test_the_old_role_comes_back_where_the_new_one_cannot_be_attached(
    world: World, code: str, status: int, outcome: str
) -> None:
    instance = world.instance("web", role="worker")
    # A lost answer is tried once more, so both tries must fail; the third attach puts the old role back.
    count = 2 if code == "ServiceUnavailable" else 1
    world.cloud.faults.add("error", action=ATTACH, code=code, status=status, count=count)
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert isinstance(run.error, TransientError) == (outcome == "retrying")
    assert writes(run) == [(DETACH, "worker"), *[(ATTACH, "web")] * count, (ATTACH, "worker")]
    assert instance.role == "worker"
    record = world.record(instance.instance_id)
    assert (record["outcome"], record["role_after"], record["error_code"]) == (outcome, "worker", code)
    assert "gap_ms" in record


def test_a_role_that_does_not_exist_leaves_the_old_one_on(world: World) -> None:
    instance = world.instance("web", role="worker")
    del world.cloud.ram.account("1234567890123456").roles["web"]
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert isinstance(run.error, TransientError), "it may have been made just now"
    record = world.record(instance.instance_id)
    assert (record["outcome"], record["error_code"]) == ("retrying", "InvalidRamRole.NotFound")
    assert (instance.role, record["role_after"]) == ("worker", "worker")


def test_where_putting_back_fails_too_the_record_says_that_nothing_is_on_it(world: World) -> None:
    instance = world.instance("web", role="worker")
    world.cloud.faults.add("error", action=ATTACH, code="Forbidden.RAM", status=403, count=None)
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert isinstance(run.error, TransientError)  # another try cannot make it worse, and finds the instance bare
    record = world.record(instance.instance_id)
    assert (record["outcome"], record.get("role_after"), instance.role) == ("retrying", None, "")
    assert "putting worker back failed too" in record["error_message"]
    world.cloud.faults.clear()
    assert world.run("tags_changed", tagged([instance.instance_id])).error is None
    assert instance.role == "web"


@pytest.mark.each_value
@pytest.mark.parametrize(
    ("kind", "count", "pauses", "after"),
    [
        pytest.param("5xx", 4, [1.0], "worker", id="a moment"),
        pytest.param("5xx", 6, [1.0, 3.0], "worker", id="some seconds"),
        pytest.param("5xx", None, [1.0, 3.0], "", id="longer"),
        pytest.param("throttle", 2, [1.0], "worker", id="throttled"),
        pytest.param("empty", 4, [1.0], "worker", id="empty answers"),
        pytest.param("error", None, [], "", id="refused for good"),
    ],
)
def test_what_refuses_for_a_moment_is_asked_again_to_put_the_old_role_back(
    world: World, kind: Any, count: int | None, pauses: list[float], after: str
) -> None:
    made = world.instances(100, "web", role="worker")
    code = {"code": "Forbidden.RAM", "status": 403} if kind == "error" else {}
    world.cloud.faults.add(kind, action=ATTACH, count=count, **code)
    run = world.run("tags_changed", tagged([i.instance_id for i in made]))
    assert [seconds for seconds in world.waits if seconds] == pauses
    assert {i.role for i in made} == {after}
    assert {record.get("role_after", "") for record in world.records()} == {after}
    looked = 3  # calls before the swap begins
    assert sum(not call.startswith("PutLogs") for call in run.calls) - looked <= CALLS["swap"]


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [pytest.param("error", "failed", id="refused"), pytest.param("throttle", "retrying", id="throttled")],
)
def test_a_detach_that_fails_changes_nothing(world: World, kind: Any, outcome: str) -> None:
    instance = world.instance("web", role="worker")
    code = {"code": "Forbidden.RAM", "status": 403} if kind == "error" else {}
    world.cloud.faults.add(kind, action=DETACH, count=None, **code)
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert writes(run) == [(DETACH, "worker")]
    record = world.record(instance.instance_id)
    assert (record["outcome"], record["role_after"], instance.role) == (outcome, "worker", "worker")
    assert "gap_ms" not in record
    assert isinstance(run.error, TransientError) == (outcome == "retrying")


def test_one_of_many_whose_detach_fails_keeps_its_role_and_the_others_are_swapped(world: World) -> None:
    made = world.instances(5, "web", role="worker")
    world.cloud.faults.add("partial", action=DETACH, instance_ids=[made[2].instance_id], code="OperationDenied")
    world.run("tags_changed", tagged([i.instance_id for i in made]))
    assert [i.role for i in made] == ["web", "web", "worker", "web", "web"]
    assert world.record(made[2].instance_id)["error_code"] == "OperationDenied"


def test_one_of_many_whose_attach_fails_gets_its_old_role_back_and_the_others_are_swapped(world: World) -> None:
    made = world.instances(5, "web", role="worker")
    world.cloud.faults.add("partial", action=ATTACH, instance_ids=[made[1].instance_id], code="OperationDenied")
    world.run("tags_changed", tagged([i.instance_id for i in made]))
    assert [i.role for i in made] == ["web", "worker", "web", "web", "web"]
    record = world.record(made[1].instance_id)
    assert (record["outcome"], record["role_after"]) == ("failed", "worker")


SHAPES = [
    pytest.param({}, id="in the item"),
    pytest.param({"already_attached": "request", "detach_other": "request", "detach_nothing": "request"}, id="whole"),
    pytest.param({"detach_other": "success", "detach_nothing": "success", "same_role_again": "success"}, id="success"),
]


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize(
    ("meanwhile", "before", "outcome", "after"),
    [
        pytest.param("web", DETACH, "unchanged", "web", id="done by another before the detach"),
        pytest.param("", DETACH, "swapped", "web", id="taken off by another before the detach"),
        pytest.param("batch", DETACH, "retrying", "batch", id="swapped to a third before the detach"),
        pytest.param("web", ATTACH, "swapped", "web", id="attached by another in the gap"),
        pytest.param("batch", ATTACH, "retrying", "batch", id="a third attached in the gap"),
    ],
)
def test_somebody_else_swaps_at_the_same_time(
    world: World, shapes: dict[str, Any], meanwhile: str, before: str, outcome: str, after: str
) -> None:
    """Whoever wins, the record says what is on the instance, and the other instances of the call get theirs."""
    world.cloud.switches.set(shapes)
    raced, *others = world.instances(4, "web", role="worker")
    world.before(before, lambda: world.hold(raced, meanwhile))
    run = world.run("tags_changed", tagged([i.instance_id for i in (raced, *others)]))
    record = world.record(raced.instance_id)
    assert (record["outcome"], record.get("role_after", ""), raced.role) == (outcome, after, after)
    assert isinstance(run.error, TransientError) == (outcome == "retrying")
    assert {i.role for i in others} == {"web"}
    assert {world.record(i.instance_id)["outcome"] for i in others} == {"swapped"}


@pytest.mark.parametrize("shapes", SHAPES[:2])
@pytest.mark.parametrize("by", ["tags_changed", "reconcile"])
def test_a_swap_that_another_has_done_call_by_call_is_not_told_as_ours(
    world: World, by: str, shapes: dict[str, Any]
) -> None:
    world.cloud.switches.set(shapes)
    world.map(shown=True)
    raced, other = world.instances(2, "web", role="worker")
    world.cloud.between.before(1, lambda: world.hold(raced, ""), action=DETACH)
    world.cloud.between.before(1, lambda: world.hold(raced, "web"), action=ATTACH)
    run = world.run(by, tagged([raced.instance_id, other.instance_id]) if by == "tags_changed" else timer())
    assert run.error is None
    record = world.record(raced.instance_id)
    assert (record["outcome"], record["reason"], record["role_after"]) == ("unchanged", "in-sync", "web")
    assert world.record(other.instance_id)["outcome"] == "swapped"


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize(
    ("tags", "held", "meanwhile", "outcome", "reason"),
    [
        pytest.param("web", "", "web", ("unchanged", "attached"), "in-sync", id="attached by another"),
        pytest.param("web", "", "batch", ("retrying",), "missing", id="a third attached by another"),
        pytest.param("", "web", "", ("unchanged", "detached"), "no-rule", id="detached by another"),
        pytest.param("", "web", "foreign", ("retrying",), "no-longer-mapped", id="a foreign role put on by another"),
    ],
)
def test_somebody_else_attaches_or_detaches_at_the_same_time(
    world: World, shapes: dict[str, Any], tags: str, held: str, meanwhile: str, outcome: tuple[str, ...], reason: str
) -> None:
    raced, *others = world.instances(4, tags, role=held)
    world.cloud.switches.set(shapes)
    world.on_first_write(lambda: world.hold(raced, meanwhile))
    world.run("tags_changed", tagged([i.instance_id for i in (raced, *others)]))
    record = world.record(raced.instance_id)
    assert record["outcome"] in outcome
    assert record["outcome"] in ("attached", "detached") or record["reason"] == reason
    assert (record.get("role_after", ""), raced.role) == (meanwhile, meanwhile)
    assert {i.role for i in others} == {tags}
    assert {r["outcome"] for r in world.records()} - {record["outcome"]} <= {"attached", "detached"}


def test_a_record_of_a_swap_names_every_field_the_operator_needs(world: World) -> None:
    instance = world.instance("web", role="worker")
    world.run("tags_changed", tagged([instance.instance_id], userIdentity={"type": "ram-user", "userName": "alice"}))
    record = world.record(instance.instance_id)
    volatile = ("event_time", "event_age_ms", "mapping_hash", "cloud_request_ids", "duration_ms", "gap_ms")
    assert all(record[name] for name in volatile)
    assert without(record, *volatile) == {
        "outcome": "swapped",
        "reason": "wrong",
        "action": "swap",
        "instance_id": instance.instance_id,
        "region": "cn-hangzhou",
        "account_id": "1234567890123456",
        "rule": "by app",
        "role": "web",
        "role_before": "worker",
        "role_after": "web",
        "trigger": "tags_changed",
        "event_id": "event-1",
        "actor": "alice",
        "mode": "enforce",
        "function": "tags_changed",
        "request_id": "1-65dd9ece-123e1745",
    }

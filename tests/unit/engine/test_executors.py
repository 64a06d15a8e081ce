"""Executors: a dry run writes nothing; a step begins only where it can be brought to its end; tags are read again around a removal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from shared.clock import CLOCK
from shared.engine.executors import CALLS, CORRECTIONS, FRESH, Cloud, DryRun
from shared.engine.missing import MissingRoles
from shared.engine.rate import CallLimits, Rate, Stop
from shared.errors import PermanentError, TransientError
from shared.model.plan import Action, Change, Result, Step
from shared.planning.steps import steps
from tests.clocks import Time
from tests.unit.engine.ecs import Region
from tests.unit.engine.runs import PLANNER, Kind, instance
from tests.unit.planning.changes import change

WEB, BATCH, NOTHING = {"app": "web"}, {"app": "batch"}, dict[str, str]()
DESCRIBE, ATTACH, DETACH = "DescribeInstances", "AttachInstanceRamRole", "DetachInstanceRamRole"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Seconds that only waiting moves."""
    time = Time()
    monkeypatch.setattr(CLOCK, "monotonic", time.monotonic)
    monkeypatch.setattr(CLOCK, "sleep", time.sleep)
    return time


def region(*kinds: Kind) -> Region:
    return Region(*(instance(f"i-{number}", kind) for number, kind in enumerate(kinds)))


def step_of(ecs: Region) -> Step:
    """What has to be done about all of them."""
    (step,) = steps(PLANNER.plan(ecs.fleet.values()).changes)
    return step


def executor(ecs: Region, rate: Rate | None = None, missing: MissingRoles | None = None) -> Cloud:
    return Cloud(ecs, PLANNER, lambda *intent: None, rate, missing or MissingRoles())


def ends(results: list[Result]) -> list[tuple[str, str, str, str]]:
    return [(r.change.instance_id, r.outcome.value, r.reason.value, r.role_after) for r in results]


@pytest.mark.parametrize("action", ["attach", "detach", "swap"])
def test_a_dry_run_says_what_would_be_and_that_the_role_is_as_it_was(action: Action) -> None:
    (step,) = steps([change("i-1", action)])
    (result,) = DryRun()(step, 0.0)
    assert (result.outcome, result.role_after, result.failed) == ("planned", step.changes[0].role_before, False)


@pytest.mark.parametrize(("role", "outcome"), [("web", "skipped"), ("", "unchanged")])
def test_a_note_that_is_left_over_stays_in_a_dry_run(role: str, outcome: str) -> None:
    (step,) = steps([change("i-1", "untag", role=role, displaced="alien")])
    (result,) = DryRun()(step, 0.0)
    assert (result.change.action, result.outcome, result.role_after) == ("none", outcome, "alien")


@pytest.mark.parametrize(
    ("kind", "age", "calls"),
    [
        pytest.param("attach", 0.0, [ATTACH], id="attach"),
        pytest.param("attach", FRESH["attach"] + 1, [DESCRIBE, ATTACH], id="attach that has waited"),
        pytest.param("detach", 0.0, [DETACH, DESCRIBE], id="detach"),
        pytest.param("detach", FRESH["detach"] + 1, [DESCRIBE, DETACH, DESCRIBE], id="detach that has waited"),
        pytest.param("swap", 0.0, [DETACH, ATTACH, DESCRIBE], id="swap"),
        pytest.param("swap", FRESH["swap"] + 1, [DESCRIBE, DETACH, ATTACH, DESCRIBE], id="swap that has waited"),
    ],
)
def test_calls_of_a_step_and_its_second_looks(clock: Time, kind: Kind, age: float, calls: list[str]) -> None:
    ecs = region(kind, kind)
    step = step_of(ecs)
    results = executor(ecs)(step, clock.at - age)
    assert ecs.calls == calls
    assert [(r.outcome, r.role_after) for r in results] == [
        (f"{kind}{'ped' if kind == 'swap' else 'ed'}", one.role_after) for one in step.changes
    ]
    assert all(ecs.fleet[one.instance_id].role == one.role_after for one in step.changes)


@pytest.mark.parametrize(
    ("one", "kind", "calls"),
    [
        pytest.param(None, "attach", CALLS["attach"], id="attach"),
        pytest.param(None, "detach", CALLS["detach"], id="detach"),
        pytest.param(None, "swap", CALLS["swap"], id="swap"),
        pytest.param(change("i-0", "swap", note="a note"), "swap", CALLS["swap"] + 1, id="swap with a note"),
    ],
)
def test_a_step_begins_only_where_its_calls_are_left(clock: Time, one: Change | None, kind: Kind, calls: int) -> None:
    for budget, begins in ((calls - 1, False), (calls, True)):
        ecs = region(kind)
        (step,) = steps([one]) if one else (step_of(ecs),)
        (result,) = executor(ecs, Rate(CallLimits(per_minute={"": 99}, max_calls=budget), clock=clock))(step, clock.at)
        if begins:
            assert not result.failed
            assert ecs.calls
        else:
            assert ends([result]) == [("i-0", "refused", "max-calls", step.changes[0].role_before)]
            assert ecs.calls == []


@pytest.mark.parametrize("kind", ["attach", "detach", "swap"])
def test_a_step_for_which_there_is_no_time_is_cut_off_before_its_first_call(clock: Time, kind: Kind) -> None:
    ecs = region(kind)
    (result,) = executor(ecs, Rate(CallLimits(per_minute={"": 99}, until=clock.at), clock=clock))(
        step_of(ecs), clock.at
    )
    assert result.cut_off
    assert (DETACH in ecs.calls, ATTACH in ecs.calls, result.role_after) == (False, False, ecs.fleet["i-0"].role)


class Stopped(Stop):
    def stopped(self) -> bool:
        return True

    def idle(self, seconds: float) -> None:
        pytest.fail("nobody waits any more")


@pytest.mark.parametrize("kind", ["attach", "detach", "swap"])
def test_in_a_run_that_was_stopped_no_step_begins(clock: Time, kind: Kind) -> None:
    ecs = region(kind)
    results = executor(ecs, Rate(CallLimits(per_minute={"": 99}), Stopped(), clock))(step_of(ecs), clock.at)
    assert ends(results) == [("i-0", "refused", "stopped", ecs.fleet["i-0"].role)]
    assert ecs.calls == []


def retagged(ecs: Region, tags: dict[str, str]) -> Callable[[], None]:
    return lambda: ecs.put("i-0", tags=tags)


@pytest.mark.parametrize(
    ("kind", "tags", "ends_as", "role"),
    [
        pytest.param("detach", WEB, ("unchanged", "in-sync", "web"), "web", id="it is to have what it has"),
        pytest.param("detach", BATCH, ("swapped", "wrong", "worker"), "worker", id="it is to have another one"),
        pytest.param("swap", BATCH, ("unchanged", "in-sync", "worker"), "worker", id="the swap is not wanted any more"),
        pytest.param("swap", NOTHING, ("detached", "no-longer-mapped", ""), "", id="it is to have none"),
        pytest.param("attach", BATCH, ("attached", "missing", "worker"), "worker", id="another one is to be attached"),
        pytest.param("attach", NOTHING, ("unchanged", "no-rule", ""), "", id="nothing is to be attached"),
    ],
)
def test_what_was_tagged_again_before_the_step_began_is_decided_again(
    clock: Time, kind: Kind, tags: dict[str, str], ends_as: tuple[str, str, str], role: str
) -> None:
    ecs = region(kind, kind)
    step = step_of(ecs)
    retagged(ecs, tags)()
    results = executor(ecs)(step, clock.at - 60)
    assert sorted(r.change.instance_id for r in results) == ["i-0", "i-1"], "each once"
    assert [end for end in ends(results) if end[0] == "i-0"] == [("i-0", *ends_as)]
    assert (ecs.fleet["i-0"].role, ecs.fleet["i-1"].role) == (role, step.changes[1].role_after)


def test_of_what_was_deleted_before_the_step_began_nothing_is_known(clock: Time) -> None:
    ecs = region("detach", "detach")
    step = step_of(ecs)
    del ecs.fleet["i-0"]
    gone, detached = executor(ecs)(step, clock.at - 60)
    assert (gone.reason, gone.role_after, gone.failure and gone.failure.gone) == ("gone", "", True)
    assert detached.outcome == "detached"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(PermanentError(DESCRIBE, "X", "no"), "failed"), (TransientError(DESCRIBE, "", "lost"), "retrying")],
)
def test_where_it_cannot_be_read_again_before_nothing_is_removed(clock: Time, error: Exception, outcome: str) -> None:
    ecs = region("detach")
    ecs.before = {(DESCRIBE, 0): raising(error), (DESCRIBE, 1): raising(error)}
    results = executor(ecs)(step_of(ecs), clock.at - 60)
    assert [(r.outcome, r.role_after) for r in results] == [(outcome, "web")]
    assert DETACH not in ecs.calls


def raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("kind", "tags", "corrected", "role"),
    [
        pytest.param("detach", WEB, [("detached", ""), ("attached", "web")], "web", id="attached again"),
        pytest.param("swap", BATCH, [("swapped", "web"), ("swapped", "worker")], "worker", id="swapped back"),
        pytest.param("swap", NOTHING, [("swapped", "web"), ("detached", "")], "", id="detached"),
    ],
)
def test_what_was_tagged_again_meanwhile_is_corrected(
    clock: Time, kind: Kind, tags: dict[str, str], corrected: list[tuple[str, str]], role: str
) -> None:
    """Right before the detach: no look before it can see that, the one after it must."""
    ecs = region(kind)
    ecs.before[DETACH, 0] = retagged(ecs, tags)
    results = executor(ecs)(step_of(ecs), clock.at)
    assert [(r.outcome, r.role_after) for r in results] == corrected
    assert ecs.fleet["i-0"].role == role


def test_corrections_end_where_somebody_never_stops_tagging(clock: Time) -> None:
    ecs = region("swap")
    ecs.before = {(DESCRIBE, n): retagged(ecs, BATCH if n % 2 == 0 else WEB) for n in range(99)}
    results = executor(ecs)(step_of(ecs), clock.at)
    assert len(results) == ecs.calls.count(DETACH) == CORRECTIONS + 1


def test_a_removal_after_which_the_tags_cannot_be_read_stays_one_and_is_unsure(clock: Time) -> None:
    ecs = region("detach")
    ecs.before = {(DESCRIBE, n): raising(TransientError(DESCRIBE, "", "lost")) for n in range(9)}
    (result,) = executor(ecs)(step_of(ecs), clock.at)
    assert (result.outcome, result.role_after, result.unsure) == ("detached", "", True)
    assert result.failure is not None
    assert "could not be looked at again" in result.failure.message


@pytest.mark.parametrize("kind", ["detach", "swap"])
def test_an_observation_that_grew_old_while_the_step_waited_for_its_turn_is_made_again(clock: Time, kind: Kind) -> None:
    ecs = region(kind)
    rate = Rate(CallLimits(per_minute={"": 99, DETACH: 1}), clock=clock)
    rate(DETACH, lambda: None, read=False)
    step, before = step_of(ecs), clock.at
    held = ecs.fleet["i-0"].role
    retagged(ecs, WEB if held == "web" else BATCH)()  # another handler finds nothing to do
    results = executor(ecs, rate)(step, before)
    assert clock.at > before + 50, "it has waited"
    assert ends(results) == [("i-0", "unchanged", "in-sync", held)]
    assert DETACH not in ecs.calls


def test_nobody_is_forgotten_where_the_new_role_is_refused_while_the_step_looks_again(clock: Time) -> None:
    """One of two is to be detached now, and the other's swap must not begin: each has its result."""
    ecs, missing = region("swap", "swap"), MissingRoles()
    step = step_of(ecs)
    ecs.put("i-0", tags=NOTHING)
    ecs.before[DESCRIBE, 0] = lambda: missing.refused(
        "web", "InvalidRamRole.NotFound"
    )  # as others have found meanwhile
    results = executor(ecs, missing=missing)(step, clock.at - 60)
    assert Counter(r.change.instance_id for r in results) == {"i-0": 1, "i-1": 1}
    assert {r.change.instance_id: r.role_after for r in results} == {"i-0": "", "i-1": "worker"}
    assert (ecs.fleet["i-0"].role, ecs.fleet["i-1"].role) == ("", "worker")


def test_a_swap_to_a_role_that_was_refused_a_moment_ago_does_not_begin(clock: Time) -> None:
    ecs, missing = region("swap"), MissingRoles()
    missing.refused("web")
    results: list[Any] = executor(ecs, missing=missing)(step_of(ecs), clock.at)
    assert [(r.outcome, r.role_after, r.failure.code) for r in results] == [
        ("retrying", "worker", "InvalidRamRole.NotFound")
    ]
    assert ecs.calls == []

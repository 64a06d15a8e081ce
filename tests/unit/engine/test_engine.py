"""The loop, whatever it is given: every observation ends once, in a record or left to another invocation; and who is touched when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.engine.engine import Engine
from shared.engine.executors import DryRun
from shared.engine.holders import Holders
from shared.engine.observe import ListingState, Observations
from shared.engine.recording import Recording
from shared.engine.terms import Terms
from shared.errors import BudgetSpent, OutOfTime, PermanentError, TransientError
from shared.mapping import Brake
from shared.model.decision import Outcome, Reason
from shared.model.plan import Result, Step
from shared.model.progress import Progress
from shared.model.record import RecordContext
from shared.model.trigger import RemediationRequest, Share, Trigger
from shared.planning.guards import Facts, allowance
from shared.planning.records import not_begun
from tests.unit.engine.runs import ERRORS, LAST, MAPPING, PLANNER, Kind, Told, done, instance, left, page, ran, split

REFUSED = PermanentError("DescribeInstances", "Forbidden", "no")
REMOVES = ("detach", "swap")
requests = st.builds(
    RemediationRequest,
    lift_brake=st.booleans(),
    canary=st.integers(0, 6),
    concurrency=st.none() | st.builds(Share, count=st.integers(1, 8)) | st.builds(Share, part=st.floats(0.01, 1)),
    max_errors=st.none() | st.builds(Share, count=st.integers(0, 4)) | st.builds(Share, part=st.floats(0, 1)),
)
SEEN = ["attach", "attach", "detach", "swap", "none", "audit"]
UNSEEN = ["unread", "no role read", "not found", "no time"]


def observed(names: list[str], kinds: list[Any], **given: Any) -> Observations:
    """A page of these, some of which could not be observed."""
    by_kind = {kind: [n for n, k in zip(names, kinds, strict=True) if k == kind] for kind in (*SEEN, *UNSEEN)}
    return Observations(
        began=0.0,
        instances=[instance(n, k) for n, k in zip(names, kinds, strict=True) if k in SEEN],
        unread=dict.fromkeys(by_kind["unread"], REFUSED),
        not_found=by_kind["not found"],
        deferred=by_kind["no time"],
        unread_roles=[instance(name, "attach", unread=REFUSED) for name in by_kind["no role read"]],
        **given,
    )


@settings(deadline=None, max_examples=150)
@given(
    kinds=st.lists(st.sampled_from([*SEEN, *SEEN, *UNSEEN]), max_size=30),
    waited=st.lists(st.sampled_from(["detach", "swap", "none", "attach", "not found", "no time"]), max_size=6),
    data=st.data(),
    request=requests,
    at_least=st.integers(0, 6),
    complete=st.booleans(),
    managed=st.integers(0, 40),
    known=st.booleans(),
    workers=st.sampled_from([0, 0, 3]),
    room=st.sampled_from([0, 3, 1_000]),
    size=st.integers(1, 12),
)
def test_every_observation_ends_in_exactly_one_record_or_is_left_to_another_invocation(
    kinds: list[Any],
    waited: list[Any],
    data: st.DataObject,
    request: RemediationRequest,
    at_least: int,
    complete: bool,
    managed: int,
    known: bool,
    workers: int,
    room: int,
    size: int,
) -> None:
    names, held = [f"i-{n}" for n in range(len(kinds))], [f"h-{n}" for n in range(len(waited))]
    how = st.sampled_from([*ERRORS, "corrected", "no second look"])
    ends = data.draw(st.dictionaries(st.sampled_from(names + held), how)) if names + held else {}
    start = Progress(instance_ids=tuple(held), held=len(held), managed=managed if known else None)
    pages = [
        observed([*part], [kinds[names.index(name)] for name in part]) for part in split(names, size)
    ]  # as a run over a region has them: what was held comes when the number of all is known
    pages += [LAST, observed(held, waited, was_held=True)] if complete else [Observations(began=0.0, waiting=held)]
    cloud, limit = Told(ends), Brake(max_removals=0.2, at_least=at_least)
    records, end = ran(
        pages, cloud, request, start=start, limit=limit, ask=lambda: managed + cloud.holders, workers=workers, room=room
    )

    told, onward = Counter(record.instance_id for record in records), Counter(left(end))
    twice = [n for n in cloud.touched if ends.get(n) in ("corrected", "no second look") and told[n] + onward[n] == 2]
    assert told + onward == Counter(names + held) + Counter(twice)
    assert len(left(end)) <= max(room, len(held)), "no more than fit into a hand-over"
    assert len(end.held) + len(end.deferred) + len(end.unobserved) <= room
    assert end.progress.counts == Counter(f"{record.outcome}/{record.reason}" for record in records)
    assert max(Counter(cloud.touched).values(), default=1) == 1

    outcomes = {record.instance_id: record.outcome for record in reversed(records)}  # of each its first
    expected = {"permanent": "failed", "transient": "retrying", "budget": "refused", "time": "retrying"}
    for name in cloud.touched:
        right = (expected.get(ends.get(name, "")) or "attached detached swapped").split()
        assert name in onward if ends.get(name) == "time" and name in onward else outcomes[name] in right
    removed = [r for r in records if r.outcome in ("detached", "swapped") and r.instance_id not in twice]
    again = [r for r in records if r.instance_id in twice and r.outcome in ("detached", "swapped")]
    assert end.progress.removed == len(removed + again)

    removals = len(held) + sum(kind in REMOVES for kind in kinds)
    most = allowance(Facts(limit=limit, holders=managed))
    assert most is not None
    if not request.lift_brake and removals > most:
        assert not removed + again
    if not (complete or request.lift_brake):
        assert not removed + again, "the number of all is not known"
    if request.canary and end.progress.stopped == Reason.CANARY:
        assert sum(ends.get(name) != "time" for name in cloud.touched) <= request.canary
    if request.concurrency:
        at_most = max(1, request.concurrency.of(len(names + held)))
        assert all(len(ids) <= at_most for _, ids in cloud.steps)


def test_attaches_go_on_where_the_brake_acts() -> None:
    kinds: Any = ["attach" if n % 2 else "swap" for n in range(40)]
    records, end = ran(
        [page(*kinds), LAST], cloud := Told(), limit=Brake(max_removals=0.1, at_least=1), ask=lambda: 100
    )
    assert Counter((r.outcome, r.reason) for r in records) == {("attached", "missing"): 20, ("refused", "brake"): 20}
    assert {action for action, _ in cloud.steps} == {"attach"}
    assert (end.progress.removed, end.progress.braked, end.progress.uncounted) == (0, True, False)


def test_attaches_do_not_wait_for_the_number_of_removals() -> None:
    def asked() -> int:
        assert cloud.touched == ["i-0"]
        return 1_000

    one = page("attach", *["detach"] * 20)  # type: ignore[arg-type]
    ran([one, LAST], cloud := Told(), limit=Brake(at_least=1), ask=asked)
    assert len(cloud.touched) == 21


def test_where_the_number_of_holders_is_known_too_many_removals_are_refused_at_once() -> None:
    """And so nothing of them is kept, however many come."""
    records: list[Any] = []

    def pages() -> Iterator[Observations]:
        yield page(*["detach"] * 20)  # type: ignore[arg-type]
        assert records == []
        yield page("detach", first=20)
        assert len(records) == 21
        yield page("detach", first=21)
        assert len(records) == 22

    recording = Recording(
        RecordContext(), "r", lambda name, event: Trigger(kind="reconcile", source="s"), records.append
    )
    holders = Holders(MAPPING, 100, False, lambda: pytest.fail("nobody has to be asked"))
    terms = Terms(facts=Facts(limit=Brake(max_removals=0.2, at_least=10)), room=1_000)
    end = Engine(PLANNER, cloud := Told(), recording, holders, Progress(managed=100)).run(pages(), terms)
    assert (cloud.steps, end.progress.braked, len(end.held)) == ([], True, 0)


@pytest.mark.parametrize(
    ("asked", "ends", "uncounted"),
    [
        pytest.param(lambda: None, ("refused", "brake"), True, id="the cloud does not say"),
        pytest.param(
            TransientError("D", "", "lost"), ("retrying", "no-longer-mapped"), False, id="it may say another time"
        ),
        pytest.param(BudgetSpent("D", 9), ("refused", "max-calls"), False, id="there are no calls left"),
    ],
)
def test_where_nobody_says_how_many_hold_a_role_no_removal_is_carried_out(
    asked: Any, ends: tuple[str, str], uncounted: bool
) -> None:
    def ask() -> int | None:
        if isinstance(asked, Exception):
            raise asked
        return asked()  # type: ignore[no-any-return]

    pages = [page(*["detach"] * 20), LAST, page("detach", first=20, was_held=True)]  # type: ignore[arg-type]
    start = Progress(instance_ids=("i-20",), held=1)
    records, end = ran(pages, cloud := Told(), limit=Brake(at_least=10), ask=ask, start=start)
    assert {(r.outcome, r.reason) for r in records} == {ends}
    assert (len(records), cloud.steps, end.progress.uncounted, end.held) == (21, [], uncounted, [])


def test_where_there_is_no_time_to_count_removals_stay_held() -> None:
    def ask() -> int:
        raise OutOfTime("DescribeInstanceRamRole")

    records, end = ran([page(*["detach"] * 20), LAST], Told(), limit=Brake(at_least=10), ask=ask)  # type: ignore[arg-type]
    assert (records, len(end.held)) == ([], 20)


@pytest.mark.parametrize(("held", "allowed"), [(4, True), (5, False)])
def test_removals_that_wait_since_an_earlier_invocation_count_with_those_of_this_one(held: int, allowed: bool) -> None:
    start = Progress(instance_ids=tuple(f"i-{n}" for n in range(10, 10 + held)), held=held, removed=1)
    waited = page(*["detach"] * held, first=10, was_held=True)  # type: ignore[arg-type]
    pages = [page(*["detach"] * 5), LAST, waited]  # type: ignore[arg-type]
    records, end = ran(pages, cloud := Told(), limit=Brake(max_removals=0.1, at_least=1), ask=lambda: 99, start=start)
    assert {r.outcome for r in records} == ({"detached"} if allowed else {"refused"})
    assert len(records) == 5 + held
    assert (len(cloud.touched), end.progress.removed) == ((5 + held, 6 + held) if allowed else (0, 1))


def test_where_the_region_was_not_gone_through_all_removals_wait_on() -> None:
    start = Progress(instance_ids=("i-9",), held=1)
    pages = [page("detach", "attach", "swap"), Observations(began=0.0, waiting=["i-9"])]
    records, end = ran(pages, cloud := Told(), start=start)
    assert [one.result.change.instance_id for one in end.held] == ["i-0", "i-2"]
    assert (end.waiting, cloud.touched, [r.outcome for r in records]) == (["i-9"], ["i-1"], ["attached"])


@pytest.mark.parametrize(
    ("kinds", "fails", "touched"),
    [
        pytest.param(["attach"] * 9, "i-1", 3, id="one of the canaries fails"),
        pytest.param(["attach"] * 9, "i-5", 9, id="one of the others fails"),
        pytest.param(["none", "none", *["attach"] * 7], "i-4", 3, id="what needs nothing is no canary"),
        pytest.param(["attach", "swap", "detach", *["attach"] * 6], "i-0", 3, id="those first allowed"),
    ],
)
@pytest.mark.parametrize("workers", [0, 4])
def test_canaries(kinds: list[Any], fails: str, touched: int, workers: int) -> None:
    cloud = Told({fails: "permanent"})
    records, end = ran([page(*kinds), LAST], cloud, RemediationRequest(canary=3), workers=workers)
    refused = [r for r in records if r.reason == "canary"]
    assert end.progress.tried == 3
    if touched == 3:
        assert len(cloud.touched) <= 3
        assert len(refused) == sum(kind != "none" for kind in kinds) - len(cloud.touched)
        assert fails in cloud.touched
    else:
        assert (len(cloud.touched), refused) == (9, [])


def test_canaries_obey_the_concurrency_too() -> None:
    request = RemediationRequest(canary=10, concurrency=Share(count=2))
    ran([page(*["attach"] * 20), LAST], cloud := Told(), request)  # type: ignore[arg-type]
    assert [len(ids) for _, ids in cloud.steps] == [2] * 10


def test_while_there_is_no_time_for_the_canaries_nobody_else_is_touched() -> None:
    cloud = Told({f"i-{n}": "time" for n in range(250)})
    _, end = ran([page(*["attach"] * 250), LAST], cloud, RemediationRequest(canary=2))  # type: ignore[arg-type]
    assert len(end.deferred) == 250
    assert all(len(ids) <= 2 for _, ids in cloud.steps)
    assert (end.progress.tried, end.progress.stopped) == (0, None)


def test_canaries_that_had_their_turn_in_an_earlier_invocation_are_not_repeated() -> None:
    pages = [page(*["attach"] * 9), LAST]  # type: ignore[arg-type]
    ran(pages, cloud := Told(), RemediationRequest(canary=2), start=Progress(tried=2))
    assert [len(ids) for _, ids in cloud.steps] == [9]


@pytest.mark.parametrize("reason", [Reason.CANARY, Reason.MAX_ERRORS])
def test_what_stopped_an_earlier_invocation_of_the_run_stops_this_one(reason: Reason) -> None:
    request = RemediationRequest(canary=2, max_errors=Share(count=1))
    pages = [page(*["attach"] * 9), LAST]  # type: ignore[arg-type]
    records, _ = ran(pages, cloud := Told(), request, start=Progress(stopped=reason))
    assert cloud.steps == []
    assert [(r.outcome, r.reason) for r in records] == [("refused", reason.value)] * 9


def test_after_too_many_errors_the_rest_is_left_alone() -> None:
    request = RemediationRequest(max_errors=Share(count=1), concurrency=Share(count=2))
    cloud = Told(dict.fromkeys(["i-1", "i-2"], "permanent"))
    records, end = ran([page(*["attach"] * 9), LAST], cloud, request)  # type: ignore[arg-type]
    assert cloud.touched == ["i-0", "i-1", "i-2", "i-3"]
    assert Counter(r.reason for r in records) == {"missing": 4, "max-errors": 5}
    assert end.progress.failed == 2


def test_a_percentage_waits_until_it_is_known_of_how_many() -> None:
    pages = [page(*["attach"] * 15), page(*["attach"] * 15, first=15), LAST]  # type: ignore[arg-type]
    ran(pages, cloud := Told(), RemediationRequest(concurrency=Share(part=0.1)))
    assert [len(ids) for _, ids in cloud.steps] == [3] * 10


def test_audit_is_not_counted_by_the_brake_and_a_dry_run_is() -> None:
    limit = Brake(max_removals=0.0, at_least=5)
    audited, _ = ran([page(*["audit"] * 9), LAST], DryRun(), limit=limit)  # type: ignore[arg-type]
    planned, end = ran([page(*["swap"] * 9), LAST], DryRun(), limit=limit)  # type: ignore[arg-type]
    assert {r.outcome for r in audited} == {"planned"}
    assert {(r.outcome, r.reason) for r in planned} == {("refused", "brake")}
    assert end.progress.removed == 0


def test_a_dry_run_records_what_would_be() -> None:
    records, end = ran([page("attach", "swap", "detach", "none"), LAST], DryRun())
    ends = {r.instance_id: (r.outcome, r.action, r.role_before, r.role_after) for r in records}
    assert ends == {
        "i-0": ("planned", "attach", "", ""),
        "i-1": ("planned", "swap", "worker", "worker"),
        "i-2": ("planned", "detach", "web", "web"),
        "i-3": ("unchanged", "none", "web", "web"),
    }
    assert (end.progress.removed, end.progress.failed) == (0, 0)


def test_what_is_on_two_pages_is_changed_once() -> None:
    ran([page("attach", "attach"), page("attach"), LAST], cloud := Told())
    assert cloud.touched == ["i-0", "i-1"]


@pytest.mark.parametrize("kind", ["attach", "swap"])
@pytest.mark.parametrize("listed", [True, False])
def test_an_instance_that_another_page_shows_in_sync_before_its_change_began_ends_once(
    kind: Kind, listed: bool
) -> None:
    """A listing that had to begin again shows all of them once more, and somebody may have changed one meanwhile."""
    pages = [page(kind), page("none"), *([LAST] if listed else [])]
    records, end = ran(pages, Told())
    assert Counter([r.instance_id for r in records] + left(end)) == {"i-0": 1}


def test_a_removal_that_could_not_be_looked_at_again_for_want_of_calls_is_still_one() -> None:
    """Its record says what was done, and the brake counts it."""

    def executor(step: Step, observed: float) -> list[Result]:
        failure = not_begun(step.changes[0], TransientError("D", BudgetSpent.CODE, "no calls left")).failure
        return [msgspec.structs.replace(done(change), failure=failure, unsure=True) for change in step.changes]

    (record,), end = ran([page("detach"), LAST], executor)
    assert (record.outcome, record.role_after, record.error_code) == (Outcome.DETACHED, "", BudgetSpent.CODE)
    assert (end.progress.removed, end.unsure) == (1, ["i-0"])


def test_a_removal_for_whose_second_look_there_was_no_time_is_recorded_and_observed_again() -> None:
    (record,), end = ran([page("detach"), LAST], Told({"i-0": "no second look"}))
    assert (record.outcome, record.error_code, end.unobserved, end.unsure) == ("detached", "", ["i-0"], [])


def test_a_correction_has_a_record_of_its_own() -> None:
    records, end = ran([page("detach"), LAST], Told({"i-0": "corrected"}))
    assert [(r.outcome, r.role_before, r.role_after) for r in records] == [
        ("detached", "web", ""),
        ("attached", "", "worker"),
    ]
    assert end.progress.counts == {"detached/no-longer-mapped": 1, "attached/missing": 1}


def test_where_a_listing_stands_and_what_cut_it_short_is_how_the_run_ended() -> None:
    state = ListingState(token="t", listed=False, pages=7, restarts=1)
    _, end = ran(
        [page("none", listing=state, holders=5), Observations(began=0.0, listing=state, error=REFUSED)], Told()
    )
    assert (end.progress.token, end.progress.listed, end.progress.pages, end.progress.restarts) == ("t", False, 7, 1)
    assert (end.error, end.holders) == (REFUSED, 5)


def test_no_more_changes_wait_than_a_run_must_hold() -> None:
    """Memory does not grow with the fleet: what is in sync is let go of at once, and full calls as they fill."""
    cloud, records = Told(), list[Any]()
    waiting: list[int] = []

    def pages() -> Iterator[Observations]:
        for first in range(0, 5_000, 50):
            waiting.append(first - len(records))
            yield page(*["attach", "none"] * 25, first=first)  # type: ignore[arg-type]
        yield LAST

    recording = Recording(
        RecordContext(), "r", lambda name, event: Trigger(kind="reconcile", source="s"), records.append
    )
    holders = Holders(MAPPING, None, False, lambda: 10_000)
    Engine(PLANNER, cloud, recording, holders, Progress()).run(pages(), Terms(facts=Facts()))
    assert len(records) == 5_000
    assert max(waiting) < 100

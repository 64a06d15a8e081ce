"""The carrier, whatever it is given: every look ends once, in a record or postponed; and who is touched when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.apply import Done
from shared.bounds import BOUNDS
from shared.brake import Brake
from shared.carry import Carrier, unbegun
from shared.errors import BudgetSpent, OutOfTime, PermanentError, TransientError
from shared.mapping import Brake as Limit
from shared.model.decision import Outcome, Reason
from shared.model.instance import Desired, Instance
from shared.model.progress import Cursor
from shared.model.record import Record
from shared.model.trigger import Remedy, Share, Trigger
from shared.plan import Decision, Step, Verb
from shared.rate_control import RateControl
from shared.recorder import Recorder, Seen, Stamp

RECORDER = Recorder(Stamp(), "hash", lambda: datetime(2026, 11, 23, tzinfo=timezone.utc))
DONE = {"attach": Outcome.ATTACHED, "detach": Outcome.DETACHED, "swap": Outcome.SWAPPED}
REASONS = {"attach": Reason.MISSING, "detach": Reason.NO_LONGER_MAPPED, "swap": Reason.WRONG, "none": Reason.IN_SYNC}
ERRORS = {
    "permanent": PermanentError("AttachInstanceRamRole", "Forbidden", "no"),
    "transient": TransientError("AttachInstanceRamRole", "", "lost"),
    "budget": BudgetSpent("AttachInstanceRamRole", 9),
    "time": OutOfTime("AttachInstanceRamRole"),
}


def seen(name: str, verb: Verb, remedy: Remedy | None = None, *, mode: Any = "enforce") -> Seen:
    held = {"attach": "", "detach": "web", "swap": "worker", "none": "web"}[verb]
    dry = bool(remedy and remedy.dry_run) or mode == "audit"
    outcome = Outcome.UNCHANGED if verb == "none" else Outcome.PLANNED if dry else None
    wanted = "" if verb == "detach" else "web"
    decision = Decision(
        instance=Instance(instance_id=name, region="cn-hangzhou", role=held), verb=verb, reason=REASONS[verb],
        desired=Desired(verdict="role" if wanted else "none", role=wanted, mode=mode), outcome=outcome,
    )  # fmt: skip
    return Seen(decision=decision, trigger=Trigger(kind="remediate", source="manual", remedy=remedy), began=0.0)


class Cloud:
    """Performs steps as told: ends maps an instance to what it fails with. Remembers what it was given."""

    def __init__(self, ends: dict[str, str] | None = None) -> None:
        self.ends, self.steps = ends or {}, list[tuple[Verb, list[str]]]()

    def __call__(self, step: Step) -> Sequence[Done]:
        self.steps.append((step.verb, [d.instance.instance_id for d in step.decisions]))
        return [self._end(d) for d in step.decisions]

    def _end(self, decision: Decision) -> Done:
        error = ERRORS.get(self.ends.get(decision.instance.instance_id, ""))
        if error:
            return unbegun(decision, error)
        return Done(
            decision=decision, outcome=DONE[decision.verb], reason=decision.reason, role_after=decision.role_after
        )

    @property
    def touched(self) -> list[str]:
        return [name for _, names in self.steps for name in names]


def carried(
    looks: Sequence[Seen | Record], cloud: Cloud, remedy: Remedy | None = None, *, limit: Limit | None = None,
    complete: bool = True, managed: int = 1_000, workers: int = 0, earlier: Cursor | None = None, known: bool = False,
) -> tuple[list[Record], Carrier, RateControl]:  # fmt: skip
    lifted = bool(remedy and remedy.lift_brake)
    brake: Brake[Seen] = Brake(limit or Limit(), lambda: managed, known=managed if known else None, lifted=lifted)
    control = RateControl(remedy, earlier)
    with ThreadPoolExecutor(workers) if workers else nullcontext() as pool:
        carrier = Carrier(cloud, RECORDER, brake, control, workers=pool, at_once=max(1, workers))
        records = list(carrier(looks, complete=lambda: complete))
    return records, carrier, control


def unseen(name: str) -> Record:
    return Record(outcome="failed", reason="not-observed", action="none", instance_id=name, region="cn-hangzhou")


remedies = st.builds(
    Remedy, dry_run=st.booleans(), lift_brake=st.booleans(), canary=st.integers(0, 6),
    concurrency=st.none() | st.builds(Share, count=st.integers(1, 8)) | st.builds(Share, part=st.floats(0.01, 1)),
    max_errors=st.none() | st.builds(Share, count=st.integers(0, 4)) | st.builds(Share, part=st.floats(0, 1)),
)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(
    verbs=st.lists(st.sampled_from(["attach", "attach", "detach", "swap", "none", "unseen"]), max_size=40),
    data=st.data(), remedy=remedies, at_least=st.integers(0, 6), complete=st.booleans(), managed=st.integers(0, 40),
    known=st.booleans(), workers=st.sampled_from([0, 3]), room=st.sampled_from([0, 3, 1_000]),
)  # fmt: skip
def test_every_look_ends_in_exactly_one_record_or_is_postponed(
    verbs: list[Any], data: st.DataObject, remedy: Remedy, at_least: int, complete: bool, managed: int, known: bool,
    workers: int, room: int,
) -> None:  # fmt: skip
    names = [f"i-{number}" for number in range(len(verbs))]
    ends = data.draw(st.dictionaries(st.sampled_from(names), st.sampled_from(list(ERRORS)))) if names else {}
    looks = [unseen(n) if v == "unseen" else seen(n, v, remedy) for n, v in zip(names, verbs, strict=True)]
    cloud, limit = Cloud(ends), Limit(max_removals=0.2, at_least=at_least)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BOUNDS, "handed_over", room)
        records, carrier, control = carried(
            looks, cloud, remedy, limit=limit, complete=complete, managed=managed, known=known, workers=workers
        )
    postponed = [look.decision.instance.instance_id for look in carrier.postponed]
    assert Counter([r.instance_id for r in records] + postponed) == Counter(names)
    assert len(postponed) <= room
    assert max(Counter(cloud.touched).values(), default=1) == 1
    outcomes = {r.instance_id: r.outcome for r in records}
    for name in cloud.touched:
        fails = ends.get(name)
        told = {None: "attached detached swapped", "permanent": "failed", "transient": "retrying", "budget": "refused",
                "time": "retrying"}[fails]  # fmt: skip
        assert name in postponed if fails == "time" and name in postponed else outcomes[name] in told.split()
    if remedy.dry_run:
        assert not cloud.steps
    removals = sum(verb in ("detach", "swap") for verb in verbs)
    gone = sum(outcome in ("detached", "swapped") for outcome in outcomes.values())
    assert carrier.removed == gone
    if not remedy.lift_brake and removals >= at_least and removals > 0.2 * managed:
        assert gone == 0
    if remedy.canary and control.stopped == Reason.CANARY:
        assert sum(ends.get(name) != "time" for name in cloud.touched) <= remedy.canary
    if remedy.concurrency:
        most = max(1, remedy.concurrency.of(len(names)))
        assert all(len(ids) <= most for _, ids in cloud.steps)


def test_attaches_go_on_where_the_brake_acts() -> None:
    looks = [seen(f"i-{n}", "attach" if n % 2 else "swap") for n in range(40)]
    records, carrier, _ = carried(looks, cloud := Cloud(), limit=Limit(max_removals=0.1, at_least=1), managed=100)
    assert Counter((r.outcome, r.reason) for r in records) == {("attached", "missing"): 20, ("refused", "brake"): 20}
    assert {verb for verb, _ in cloud.steps} == {"attach"}
    assert carrier.removed == 0


@pytest.mark.parametrize(
    ("verbs", "fails", "touched"),
    [
        pytest.param(["attach"] * 9, "i-1", 3, id="one of the canaries fails"),
        pytest.param(["attach"] * 9, "i-5", 9, id="one of the others fails"),
        pytest.param(["none", "none", *["attach"] * 7], "i-4", 3, id="who needs nothing is no canary"),
        pytest.param(["attach", "swap", "detach", *["attach"] * 6], "i-0", 3, id="those first released"),
    ],
)
@pytest.mark.parametrize("workers", [0, 4])
def test_canaries(verbs: list[Any], fails: str, touched: int, workers: int) -> None:
    remedy = Remedy(canary=3)
    looks = [seen(f"i-{n}", verb, remedy) for n, verb in enumerate(verbs)]
    cloud = Cloud({fails: "permanent"})
    records, _, _ = carried(looks, cloud, remedy, workers=workers)
    refused = [r for r in records if r.reason == "canary"]
    if touched == 3:
        assert len(cloud.touched) <= 3
        assert len(refused) == sum(v != "none" for v in verbs) - len(cloud.touched)
        assert fails in cloud.touched
    else:
        assert (len(cloud.touched), refused) == (9, [])


def test_canaries_obey_the_concurrency_too() -> None:
    remedy = Remedy(canary=10, concurrency=Share(count=2))
    carried([seen(f"i-{n}", "attach", remedy) for n in range(20)], cloud := Cloud(), remedy)
    assert [len(ids) for _, ids in cloud.steps] == [2] * 10


def test_while_there_is_no_time_for_the_canaries_nobody_else_is_touched() -> None:
    remedy = Remedy(canary=2)
    looks = [seen(f"i-{n}", "attach", remedy) for n in range(250)]
    _, carrier, control = carried(looks, cloud := Cloud({f"i-{n}": "time" for n in range(250)}), remedy)
    assert len(carrier.postponed) == 250
    assert all(len(ids) <= 2 for _, ids in cloud.steps)
    assert (control.canary, control.stopped) == (2, None)


def test_canaries_that_had_their_turn_in_an_earlier_part_are_not_repeated() -> None:
    remedy = Remedy(canary=2)
    looks = [seen(f"i-{n}", "attach", remedy) for n in range(9)]
    carried(looks, cloud := Cloud(), remedy, earlier=Cursor(tried=2))
    assert [len(ids) for _, ids in cloud.steps] == [9]


@pytest.mark.parametrize("reason", [Reason.CANARY, Reason.MAX_ERRORS])
def test_what_stopped_an_earlier_part_of_the_run_stops_this_one(reason: Reason) -> None:
    remedy = Remedy(canary=2, max_errors=Share(count=1))
    looks = [seen(f"i-{n}", "attach", remedy) for n in range(9)]
    records, _, _ = carried(looks, cloud := Cloud(), remedy, earlier=Cursor(stopped=reason))
    assert cloud.steps == []
    assert {(r.outcome, r.reason) for r in records} == {("refused", reason.value)}


def test_audit_is_not_counted_by_the_brake_and_a_dry_run_is() -> None:
    limit, dry = Limit(max_removals=0.0, at_least=5), Remedy(dry_run=True)
    audited, _, _ = carried([seen(f"i-{n}", "swap", mode="audit") for n in range(9)], Cloud(), limit=limit)
    planned, _, _ = carried([seen(f"i-{n}", "swap", dry) for n in range(9)], Cloud(), dry, limit=limit)
    assert {r.outcome for r in audited} == {"planned"}
    assert {(r.outcome, r.reason) for r in planned} == {("refused", "brake")}


def test_what_stands_on_two_pages_is_changed_once() -> None:
    carried([seen("i-1", "attach"), seen("i-2", "attach"), seen("i-1", "attach")], cloud := Cloud())
    assert cloud.touched == ["i-1", "i-2"]


def test_no_more_looks_wait_than_a_run_must_hold() -> None:
    """Memory does not grow with the fleet: what is in step is let go of at once, and full calls as they fill."""
    held: list[int] = []
    brake: Brake[Seen] = Brake(Limit(), lambda: 10_000)
    carrier = Carrier(Cloud(), RECORDER, brake, RateControl(None))

    def looks() -> Iterator[Seen]:
        for number in range(5_000):
            held.append(len(carrier._open))
            yield seen(f"i-{number}", "attach" if number % 2 else "none")

    assert sum(1 for _ in carrier(looks())) == 5_000
    assert max(held) <= 100

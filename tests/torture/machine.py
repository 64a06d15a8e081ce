"""Histories: a state machine that moves instances, lets the functions and commands run under every trouble, and in the end asks
whether all is as roles.yaml says. What is drawn is in draws.py, what may never be in watch.py and after.py."""

from __future__ import annotations

import json
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.torture import after, draws
from tests.torture.invocation import Invocation, Moment, Root
from tests.torture.moves import Moves
from tests.torture.oracle import End, File
from tests.torture.quiet import settle
from tests.torture.verdict import COUNTS, must_not
from tests.torture.world import TRIES, Pending, Place, World

MOST_PARTS = 30
TIMER = {"triggerTime": "2026-11-23T08:00:00Z", "triggerName": "every-half-hour", "payload": ""}


@cache
def world() -> World:
    return World(Path(tempfile.mkdtemp(prefix="torture-")))


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world, self._open = world(), ExitStack()
        self.sls_down = False
        self.planned: list[dict[str, str]] = []  # the changes of the plan that can be applied

    @initialize(
        file=draws.files,
        fleet=st.lists(draws.machines, min_size=3, max_size=6),
        switches=draws.switches,
        everywhere=st.sampled_from([False, False, False, True]),
        crowd=draws.crowds,
    )
    def begin(
        self, file: File, fleet: list[dict[str, Any]], switches: dict[str, Any], everywhere: bool, crowd: int
    ) -> None:
        COUNTS["histories"] += 1
        self._open.enter_context(self.world.open())
        self.world.begin(file, Place(everywhere, {"ROLEKEEPER_CALLS_PER_MINUTE": "1000"}))
        self.world.cloud.switches.set(switches)
        (self.world.folder / "plan.json").unlink(missing_ok=True)
        self.moves = Moves(self.world)
        for machine in fleet:
            self.moves.launch(machine)
        if crowd:
            self.moves.crowd(crowd)

    # What others do.

    @rule(move=draws.moves)
    def happens(self, move: tuple[str, tuple[Any, ...]]) -> None:
        getattr(self.moves, move[0])(*move[1])

    @rule()
    def logs_fail_or_come_back(self) -> None:
        self.sls_down = not self.sls_down

    # What the functions and the commands do.

    @precondition(lambda self: self.world.inbox)
    @rule(
        number=st.integers(0, 20),
        keep=st.sampled_from([False, False, True]),
        trouble=draws.troubles,
        limit=draws.limits,
    )
    def deliver(self, number: int, keep: bool, trouble: tuple[Any, ...], limit: tuple[int, float]) -> None:
        """An event, or a part of a run that was handed over; keep: it will come again."""
        pending = self.world.inbox[number % len(self.world.inbox)]
        if keep:
            pending.root.forked = True
        self.delivered(pending, trouble, limit, keep=keep)

    @rule(turn=draws.turn, trouble=draws.troubles, limit=draws.limits)
    def turn(self, turn: tuple[int, str | None, str], trouble: tuple[Any, ...], limit: tuple[int, float]) -> None:
        """An instance is retagged, and the event comes at once."""
        before = len(self.world.inbox)
        self.moves.turn([turn])
        if len(self.world.inbox) > before:
            self.delivered(self.world.inbox[-1], trouble, limit)

    @precondition(lambda self: self.world.inbox)
    @rule(number=st.integers(0, 20))
    def lose(self, number: int) -> None:
        self.world.inbox.pop(number % len(self.world.inbox))

    @precondition(lambda self: self.world.inbox)
    @rule(
        count=st.integers(1, 6),
        shape=st.sampled_from(["text", "object", "string", "event"]),
        raw=st.booleans(),
        poison=st.sampled_from([[], ["{"], ["null"], ['{"data": 1}', "[[]]"]]),
        trouble=draws.troubles,
        limit=draws.limits,
    )
    def deliver_batch(
        self, count: int, shape: Any, raw: bool, poison: list[str], trouble: tuple[Any, ...], limit: Any
    ) -> None:
        """By the buffered route; a batch that fails comes again, whole."""
        events = [p for p in self.world.inbox if p.function not in ("reconcile", "remediate")][:count]
        if events:
            body = self.moves.batch([p.body for p in events], shape, raw=raw, poison=poison)
            self.world.inbox = [p for p in self.world.inbox if p not in events]
            names, born = (tuple({n: None for p in events for n in getattr(p, which)}) for which in ("names", "born"))
            root = self.world.root()
            for event in events:
                for name, proofs in event.root.proofs.items():
                    root.proofs.setdefault(name, []).extend(proofs)
            whole = Pending(events[0].function, body, self.moves.request_id(), root, names=names, born=born)
            self.world.inbox.append(whole)
            self.delivered(whole, trouble, limit)

    @rule(turns=draws.turns, trouble=draws.troubles, limit=draws.limits, whole=st.sampled_from([True, True, False]))
    def timer(self, turns: Any, trouble: tuple[Any, ...], limit: tuple[int, float], whole: bool) -> None:
        self.moves.turn(turns)
        self.run("reconcile", TIMER, self.world.root(), trouble, limit, whole)

    @rule(
        turns=draws.turns,
        asked=draws.selectors,
        options=draws.options,
        trouble=draws.troubles,
        limit=draws.limits,
        whole=st.sampled_from([True, True, False]),
    )
    def remediate(self, turns: Any, asked: Any, options: dict[str, Any], trouble: Any, limit: Any, whole: bool) -> None:
        self.moves.turn(turns)
        root = self.world.root(
            lifted=bool(options.get("lift_brake")), max_calls=options.get("max_calls"), dry=bool(options.get("dry_run"))
        )
        root.operated = True
        self.run("remediate", {"remediate": {**self._named(asked), **options}}, root, trouble, limit, whole)

    @rule(
        turns=draws.turns,
        options=draws.options,
        trouble=draws.troubles,
        stop=st.tuples(draws.calls, st.sampled_from([0, 0, 1, 2])),
        term=st.booleans(),
    )
    def command(
        self, turns: Any, options: dict[str, Any], trouble: tuple[Any, ...], stop: tuple[int, int], term: bool
    ) -> None:
        self.moves.turn(turns)
        words = ["remediate", "--all"]
        for flag in ("dry_run", "lift_brake"):
            words += [f"--{flag.replace('_', '-')}"] if options.get(flag) else []
        for name in ("canary", "max_errors", "concurrency", "max_calls"):
            words += (
                [f"--{name.replace('_', '-')}", str(options[name])] if options.get(name) not in (None, "", 0) else []
            )
        root = self.world.root(
            lifted=bool(options.get("lift_brake")),
            max_calls=options.get("max_calls") or None,
            dry=bool(options.get("dry_run")),
        )
        root.operated = True
        with self.under(trouble) as moments:
            for n in range(stop[1]):
                moments[stop[0] + n] = Moment(
                    "before", lambda made: stopped(made, signal.SIGTERM if term else signal.SIGINT)
                )
            self.check(self.world.command(*words, moments=moments, root=root))

    @rule(turns=draws.turns, trouble=draws.troubles, asked=draws.selectors)
    def plan(self, turns: Any, trouble: tuple[Any, ...], asked: dict[str, Any]) -> None:
        """One that was made before is kept where this one cannot be."""
        self.moves.turn(turns)
        named = self._named(asked)
        words = ["plan", "-o", str(self.world.folder / "plan.json")]
        words += [word for name in named.get("instance_ids", ()) for word in ("--id", name)]
        words += [f"--tag={key}={value}" for key, value in named.get("tags", {}).items()]
        words += [f"--{key}={named[key]}" for key in ("role", "drift") if key in named]
        with self.under(trouble) as moments:
            made = self.world.command(*words, moments=moments, root=self.world.root(dry=True), writes=False)
        self.check(made)
        if (file := self.world.folder / "plan.json").exists():
            self.planned = json.loads(file.read_text(encoding="utf-8"))["changes"]

    @precondition(lambda self: self.planned)
    @rule(
        turns=draws.turns,
        lift_brake=st.booleans(),
        trouble=draws.troubles,
        stop=st.tuples(draws.calls, st.sampled_from([0, 0, 1, 2])),
    )
    def apply(self, turns: Any, lift_brake: bool, trouble: tuple[Any, ...], stop: tuple[int, int]) -> None:
        self.moves.turn(turns)
        words = ["apply", str(self.world.folder / "plan.json"), *(["--lift-brake"] if lift_brake else [])]
        with self.under(trouble) as moments:
            for n in range(stop[1]):
                moments[stop[0] + n] = Moment("before", lambda made: stopped(made, signal.SIGINT))
            root = self.world.root(lifted=lift_brake)
            root.operated = True
            made = self.world.command(*words, moments=moments, root=root)
        self.check(made)
        must_not(after.plan_missed(self.world, made, self.planned))

    # How it is done.

    def run(self, function: str, event: object, root: Root, trouble: Any, limit: Any, whole: bool) -> None:
        """whole: what it hands over runs at once, each part without trouble."""
        pending = self.asked(function, event, root)
        self.world.inbox.append(pending)
        ends = after.expected(self.world, self.world.instances()) if self.moves.roles_are_steady() else {}
        self.delivered(pending, trouble, limit)
        for _ in range(MOST_PARTS if whole else 0):
            part = next((p for p in self.world.inbox if p.root is root), None)
            if part is None:
                must_not(after.run_missed(self.world, root, ends) if function == "reconcile" else ())
                break
            self.delivered(part, (), limit)

    def delivered(self, pending: Pending, trouble: Any, limit: tuple[int, float], *, keep: bool = False) -> None:
        """Function Compute tries again what raised, and what died."""
        seconds, latency = limit
        self.world.cloud.latency.set(latency * 1000, service="ecs")
        if not keep:
            self.world.inbox.remove(pending)
        ends = self.sure(pending)
        with self.under(trouble) as moments:
            made = self.world.invoke(pending, limit=seconds, moments=moments)
        if (made.error or made.dead) and not keep and pending.attempt + 1 < TRIES:
            pending.attempt += 1
            pending.root.forked = True
            self.world.inbox.append(pending)
        self.world.cloud.latency.clear()
        self.check(made)
        if made.clean and not made.error:
            must_not(after.event_missed(self.world, made, ends))

    def sure(self, pending: Pending) -> dict[str, End]:
        """How an event must end, where nothing goes wrong."""
        if not self.moves.roles_are_steady():
            return {}
        found = [self.world.cloud.ecs.instance(name) for name in pending.names]
        shown = [i for i in found if i and i.visible_at <= self.world.cloud.clock.now()]
        sure = after.expected(self.world, shown, just_created=pending.born)
        asked = after.expected(self.world, shown, just_created=pending.born, asked=True)
        return {name: end for name, end in sure.items() if asked.get(name) == end}

    @contextmanager
    def under(self, trouble: tuple[Any, ...]) -> Iterator[dict[int, Moment]]:
        """The troubles of one invocation."""
        moments: dict[int, Moment] = {}
        labels = {kind for kind, *_ in trouble}
        for kind, *rest in trouble:
            if kind == "fault":
                self.world.cloud.faults.add(**rest[0])
                self.moves.refused(rest[0].get("code", ""))
            elif kind == "kill":
                moments[rest[0]] = Moment(rest[1], lambda made: made.die())
            else:
                moments[rest[0]] = Moment(rest[1], self._between(rest[2]))
        if self.sls_down:
            self.world.cloud.faults.add("5xx", action="PutLogs", count=None)
        self.world.labels = labels
        try:
            yield moments
        finally:
            self.world.cloud.faults.clear()
            self.world.labels = set()

    def _between(self, move: tuple[str, tuple[Any, ...]]) -> Callable[[Invocation], None]:
        def happens(made: Invocation) -> None:
            made.trouble.add("between")
            kind, given = move
            if kind == "timer":
                self.nested(self.asked("reconcile", TIMER, self.world.root()))
            elif kind == "event":
                if self.world.inbox:
                    self.nested(self.world.inbox.pop(given[0] % len(self.world.inbox)))
            elif kind == "retag and its event":
                before = len(self.world.inbox)
                self.moves.retag(self._meant(made, given[0]), given[1])
                if len(self.world.inbox) > before:
                    pending = self.world.inbox.pop()
                    self.nested(pending)
                    made.retagged.update(pending.names)
            else:
                getattr(self.moves, kind)(*given)

        return happens

    def _meant(self, made: Invocation, number: int) -> int:
        """Half of the numbers are of what the call at hand is about."""
        named = [self.moves.made.index(name) for name in made.calls[-1].ids if name in self.moves.made]
        return named[number % len(named)] if named and number % 2 else number

    def asked(self, function: str, event: object, root: Root) -> Pending:
        return Pending(function, json.dumps(event).encode(), self.moves.request_id(), root)

    def nested(self, pending: Pending) -> None:
        handlers, self.world.handlers = self.world.handlers, {}  # another process
        try:
            self.check(self.world.invoke(pending))
        finally:
            self.world.handlers = handlers

    def check(self, made: Invocation) -> None:
        COUNTS["invocations"] += 1
        COUNTS["calls"] += len(made.calls)
        must_not([*self.world.watch.violations, *after.wrong(self.world, made)])

    def _named(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "instance_ids" not in asked:
            return asked
        ids = [self.moves.made[n % len(self.moves.made)] for n in asked["instance_ids"]]
        return {"instance_ids": list(dict.fromkeys(ids))}

    def teardown(self) -> None:
        try:
            if hasattr(self, "moves"):
                settle(self.world, self.moves, self.check)
        finally:
            self._open.close()


def stopped(made: Invocation, number: signal.Signals) -> None:
    """The signal as this process has it handled now, in whichever thread the call is made."""
    made.at_once = "stopped" in made.trouble
    made.trouble.add("stopped")
    handler = signal.getsignal(number)
    if callable(handler):
        handler(number, None)

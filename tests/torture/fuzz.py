"""Input that nobody foresaw, through the public doors: handlers, commands, the reading of roles.yaml. Names nothing behind them.

run() draws so many inputs from a seed: each is a valid sample, changed (mutations.py). Of whatever comes, held against each input:
only declared errors are raised; what is printed is JSON or clean lines, and no key is in it; calls and work are bounded by the size;
nothing is done that no rule gives, a dry run writes nothing, and the brake and the seal hold.

    python -m tests.torture.fuzz 100000 --seed 7        all kinds, in turn
    python -m tests.torture.fuzz --seed 7 --only event 4711
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from fakecloud.identity import ACCOUNT
from shared import events
from shared.errors import TransientError
from shared.events import own
from shared.mapping import MappingError, check, decoded, load, parsed
from shared.model.trigger import Trigger
from shared.proof import Key
from tests.functional.handlers.world import PROOF_KEY, REGION
from tests.torture import mappings, payloads
from tests.torture.ground import FLEET, RUNS, SECRETS, WORK, WORK_A_BYTE, Ground, check_text, ground
from tests.torture.mappings import VALUES
from tests.torture.mutations import Mutator, Place, Samples, at, copied, places, written
from tests.torture.payloads import EVENTS, HAND_OVERS, PAYLOADS, TAGGED, body_of

SHARES = {
    "event": 36,
    "payload": 12,
    "hand-over": 18,
    "mapping": 25,
    "growth of an event": 1,
    "growth of a mapping": 0.5,
    "read": 4,
    "validate": 3,
    "replay": 0.03,
}
"""Of a hundred inputs."""
HANG = 300
"""Seconds that one input may take on a busy machine before it is taken for one without end."""
ANEW = 100
"""Inputs that one emulated cloud lives for."""
SEARCH = 1_000_000
"""Functions of Python that may run for what a warning looks for before it gives up, whatever the size."""
LONGEST = 20_000
"""Characters of a line about a mapping."""
TO_HANDLERS = (EVENTS, PAYLOADS, HAND_OVERS)
"""What a handler is given, who has keys in use; a command shows an operator what is in a file of his own."""


class Found(AssertionError):
    """An input that breaks a promise: which, and how to have it again."""


class Fuzz:
    """Inputs of one seed, each from its kind and number alone."""

    def __init__(self, on: Ground, seed: int) -> None:
        self._on, self._seed = on, seed
        self._lived = 0
        self._kinds: dict[str, tuple[Callable[[Mutator], str], Samples]] = {
            "event": (self.event, EVENTS),
            "payload": (self.payload, PAYLOADS),
            "hand-over": (self.hand_over, HAND_OVERS),
            "mapping": (self.mapping, VALUES),
            "growth of an event": (self.growth, EVENTS),
            "growth of a mapping": (self.growth, VALUES),
            "read": (self.read, EVENTS),
            "validate": (self.validate, VALUES),
            "replay": (self.replay, EVENTS),
        }

    def one(self, kind: str, number: int) -> str:
        """Try one input. What became of it; raises Found where it breaks a promise."""
        if self._lived % ANEW == 0:
            self._on.begin()
        self._lived += 1
        attempt, samples = self._kinds[kind]
        chosen = Random(f"{self._seed}/{kind}/{number}")
        try:
            with _no_longer(HANG):
                # Whoever has no key cannot know one in an event: read and replay use none of a deployment.
                keys = SECRETS * 5 if samples in TO_HANDLERS and kind not in ("read", "replay") else ()
                return attempt(Mutator(chosen, samples, texts=keys))
        except Exception as error:
            body = self._on.body if isinstance(self._on.body, bytes) else self._on.body.encode(errors="surrogatepass")
            (kept := Path(tempfile.gettempdir()) / f"fuzz-{self._seed}-{kind}-{number}").write_bytes(body)
            raise Found(
                f"{error!r:.2000}\n{kind} {number} of seed {self._seed}, kept in {kept}: {body[:600]!r}\n"
                f"python -m tests.torture.fuzz --seed {self._seed} --only {kind} {number}"
            ) from error

    def some(self, kind: str, count: int) -> Counter[str]:
        """The first inputs of a kind, and what became of them."""
        return Counter(self.one(kind, number) for number in range(count))

    def event(self, mutator: Mutator) -> str:
        """An event of any source, alone, in a batch, in a queue's message, in a report."""
        body = body_of(mutator, mutator.changed(mutator.sample()))
        functions = ("instance_created", "tags_changed")
        return self._on.invoke(mutator.pick(functions * 4 + RUNS), body)

    def payload(self, mutator: Mutator) -> str:
        """What an operator types, and the timer."""
        body = body_of(mutator, mutator.changed(mutator.sample()))
        return self._on.invoke(mutator.pick(("reconcile", "remediate", "remediate", "tags_changed")), body)

    def hand_over(self, mutator: Mutator) -> str:
        """A run that goes on: without keys as anybody writes it, with a key sealed and changed since, or changed and then sealed."""
        keys = (Key(PROOF_KEY),) if mutator.chance(0.6) else ()
        self._on.world.env.setenv("ROLEKEEPER_PROOF_KEYS", PROOF_KEY if keys else "")
        try:
            whole = mutator.sample()
            if keys:
                trigger = a_trigger(mutator.changed(whole)) or msgspec.convert(whole["rolekeeper"], Trigger)
                whole = json.loads(own.handed_over(trigger, keys))
            body = body_of(mutator, mutator.changed(whole) if mutator.chance(0.8) else whole)
            if keys:
                taken = [one for one in events.read(body, proof_keys=keys) if isinstance(one, Trigger) and one.progress]
                assert all(one == trigger for one in taken), "a hand-over is taken that is not as it was sealed"
            return self._on.invoke(mutator.pick(("reconcile", "remediate")), body)
        finally:
            self._on.world.env.setenv("ROLEKEEPER_PROOF_KEYS", PROOF_KEY)

    def mapping(self, mutator: Mutator) -> str:
        """A text that is to be roles.yaml: read, judged, evaluated, and now and then worked by."""
        body = self._on.body = mappings.made(mutator)
        try:
            text = decoded(body)
        except UnicodeDecodeError:
            return "not text"
        with self._on.counted() as work:
            problems = check(text)
        assert work[0] <= WORK + WORK_A_BYTE * len(body), f"{work[0]} steps for {len(body)} bytes"
        for problem in problems:
            line = str(problem)
            assert line.isprintable()
            assert 1 <= problem.line <= len(re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text)), line  # as YAML counts them
            assert len(line) <= LONGEST, line
        try:
            mapping = load(text)
        except MappingError as error:
            assert any(problem.severity == "error" for problem in problems), "refused, but nothing is wrong"
            assert list(error.problems) == [problem for problem in problems if problem.severity == "error"]
            return "refused"
        assert not any(problem.severity == "error" for problem in problems), "taken, though something is wrong"
        assert load(text, parsed=parsed(text)) == mapping, "otherwise as the build keeps it"
        for instance in mappings.INSTANCES:
            desired = mapping.desired(instance)
            assert (desired.role in mapping.roles) == (desired.verdict == "role")
            assert desired == mapping.desired(instance)
        if mutator.chance(0.1):
            self._on.world.map(text)
            try:
                self._work_by(mapping.roles)
            finally:
                self._lived = 0  # another mapping, another cloud
        return "valid"

    def _work_by(self, roles: Collection[str]) -> None:
        run = self._on.world.run("tags_changed", TAGGED)
        assert run.error is None or type(run.error) is TransientError, f"raised: {run.error!r}"
        check_text("".join(self._on.world.printed))
        assert self._on.world.role(FLEET[0][0]) in {"", *roles}

    def growth(self, mutator: Mutator) -> str:
        """Twice as much costs about twice as much: a part of a sample, so many times."""
        value, whole = mutator.sample(), mutator.pick(payloads.SHAPES)
        path = mutator.pick([path for path in places(value) if path])
        ways: tuple[tuple[Callable[[str], object], int], ...] = (
            (lambda text: events.read(text, account_id=ACCOUNT, region=REGION), 0),
        )
        if "rules" in value:
            ways = ((taken, 0), (check, SEARCH))
        for way, spare in ways:
            once, twice = (self._cost(way, value, path, whole, count) for count in (30, 60))
            assert twice <= 3 * once + 2_000 + spare, f"{once} steps, of twice as much {twice}"
        return str(whole.__name__).replace("_", " ")

    def _cost(
        self, way: Callable[[str], object], value: Any, path: Place, whole: Callable[[Any, int], Any], count: int
    ) -> int:
        made = copied(value)
        at(made, path[:-1])[path[-1]] = whole(at(value, path), count)
        self._on.body = written(made)
        way(self._on.body)  # what is imported or compiled once is no cost of the text
        with self._on.counted() as work:
            way(self._on.body)
        return work[0]

    def read(self, mutator: Mutator) -> str:
        self._on.file("event.json", body_of(mutator, mutator.changed(mutator.sample())))
        words = ["--json"] if mutator.chance(0.7) else []
        return self._on.command("read", *words, "event.json")

    def validate(self, mutator: Mutator) -> str:
        self._on.file("mapping.yaml", mappings.made(mutator))
        return self._on.command("validate", "mapping.yaml")

    def replay(self, mutator: Mutator) -> str:
        """A few events at once, for each needs a process."""
        names = []
        for number in range(3):
            self._on.file(f"{number}.json", body_of(mutator, mutator.changed(mutator.sample())))
            names.append(f"{number}.json")
        (self._on.world.folder / "roles.yaml").write_text(mappings.PLAIN)
        return self._on.command("replay", "--json", "--tag", "app=web", *names)


def a_trigger(whole: Any) -> Trigger | None:
    """What is handed over, if it can be."""
    try:
        return msgspec.json.decode(written(whole), type=dict[str, Trigger])["rolekeeper"]
    except (ValueError, KeyError, RecursionError):
        return None


def taken(text: str) -> None:
    """Read it as a function does, which looks for no warnings."""
    with contextlib.suppress(MappingError):
        load(text)


@contextlib.contextmanager
def fuzzing(seed: int) -> Iterator[Fuzz]:
    """On a ground of its own."""
    with ground() as made:
        yield Fuzz(made, seed)


@contextlib.contextmanager
def _no_longer(seconds: float) -> Iterator[None]:
    """Raise TimeoutError where it is, once that has passed: a search must not wait without end."""

    def end(number: int, frame: object) -> None:
        raise TimeoutError(f"still at it after {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run(inputs: int, seed: int) -> dict[str, int]:
    """Try so many inputs of a seed, of all kinds by their share; how many of each there were, and what became of them. Raises Found."""
    counts: Counter[str] = Counter()
    done: Counter[str] = Counter()
    with fuzzing(seed) as fuzz:
        for number in range(1, inputs + 1):
            kind = max(
                SHARES, key=lambda kind: SHARES[kind] * number - 100 * done[kind]
            )  # the one that is furthest behind
            counts[f"{kind}: {fuzz.one(kind, done[kind])}"] += 1
            done[kind] += 1
    return dict(sorted(counts.items()))


def main_() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", type=int, nargs="?", default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="a kind; then `inputs` is the number of the one input")
    asked = parser.parse_args()
    if asked.only:
        with fuzzing(asked.seed) as fuzz:
            told = fuzz.one(asked.only, asked.inputs)
        print(told)
    else:
        print(json.dumps(run(asked.inputs, asked.seed), indent=1))


if __name__ == "__main__":
    main_()

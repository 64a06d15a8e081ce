"""The records of many observations, as they are shown: what went wrong first, whatever their number; successes are summed up.
Keeps a bounded number of records, however large the fleet. Pure: sends and prints nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from operator import attrgetter

from shared.model.decision import Outcome, Reason
from shared.model.record import Record

BAD = (Outcome.FAILED.value, Outcome.REFUSED.value, Outcome.RETRYING.value)
WRONG = (*BAD, Outcome.SKIPPED.value)
"""The outcomes that are shown before everything else, in this order."""
UNSEEN = (Reason.NOT_OBSERVED.value, Reason.MAX_CALLS.value, Reason.STOPPED.value, Reason.GONE.value)
"""Reasons of observations that did not come about: nobody knows the role."""
OF_A_CHANGE = ("outcome", "reason", "action", "role", "role_before", "role_after")
"""Fields of a record that say which change it tells of."""
_values = attrgetter(*OF_A_CHANGE)
STAYS = ("none", "untag")
"""Actions that leave the role on the instance as it is."""
MOST_KINDS = 200
"""Kinds that are told apart, of what went wrong and of role changes; what comes after them is one kind."""
NAMED = 10
"""Instances of a kind that are named in one line of an error, and that are kept of a kind that comes late."""
SHOWN_FIELDS = (
    "instance_id", "outcome", "reason", "action", "rule", "role", "role_before", "role_after", "error_code", "error_message",
)  # fmt: skip
LONGEST = 4_000
"""Characters of such a line: Function Compute puts it into its failure report."""


class Outcomes:
    """Records, kept by kind: their outcome, reason and error code.

    wrong: how many records are kept of each kind that went wrong, and twice as many of all; but of every kind the first.
    others: how many of all successes.
    """

    def __init__(self, *, wrong: int, others: int) -> None:
        self._most, self._room = wrong, others
        self._wrong: dict[tuple[str, str, str], list[Record]] = {}
        self._numbers: Counter[tuple[str, str, str]] = Counter()
        self._kept = 0  # of what went wrong
        self._others: list[Record] = []
        self._unchanged: list[Record] = []
        self._changes: Counter[tuple[str, ...]] = Counter()  # by the values of OF_A_CHANGE
        self._left_out: Counter[str] = Counter()

    def add(self, record: Record) -> None:
        """Count a record, and keep it where there is room for it."""
        if record.outcome not in (*WRONG, Outcome.UNCHANGED.value):
            change_made = _values(record)
            known = change_made in self._changes or len(self._changes) < MOST_KINDS
            self._changes[change_made if known else ()] += 1
        if record.outcome in WRONG or record.error_message:  # a role that was given up, a note that stays
            kind = (record.outcome, record.reason, record.error_code)
            if kind not in self._wrong and len(self._wrong) >= MOST_KINDS:
                kind = (record.outcome, "", "")
            self._numbers[kind] += 1
            kept = self._wrong.setdefault(kind, [])
            room = self._most if self._kept < 2 * self._most else NAMED
            self._kept += len(kept) < room
        elif record.outcome == Outcome.UNCHANGED.value:
            kept, room = self._unchanged, self._room
        else:
            kept, room = self._others, self._room
        if len(kept) < room:
            kept.append(record)
        else:
            self._left_out[f"{record.outcome}/{record.reason}"] += 1

    def wrong(self) -> list[Record]:
        """Return what failed, what was refused, what is to be tried again, what was skipped; each by its reason."""
        return [record for kind in self._kinds() for record in self._wrong[kind]]

    def others(self) -> list[Record]:
        """The first changes; where they are few, the first of what was unchanged too."""
        return [*self._others, *self._unchanged][: self._room]

    def left_out(self) -> dict[str, int]:
        """Return how many records are not shown, by outcome and reason: what went wrong first."""
        left = Counter(
            f"{record.outcome}/{record.reason}" for record in [*self._others, *self._unchanged][self._room :]
        )
        left += self._left_out
        return dict(by_rank(left))

    def changes(self) -> list[dict[str, str | int]]:
        """Successes by role change, the most frequent first; kept or not."""
        summed: Counter[tuple[str, str]] = Counter()
        for values, number in self._changes.items():
            record = dict(zip(OF_A_CHANGE, values, strict=False))
            summed[(record["outcome"], change(record)) if record else ("others", "")] += number
        return [
            {"outcome": outcome, "change": text, "instances": number}
            for (outcome, text), number in summed.most_common()
        ]

    def in_words(self) -> str:
        """Return what went wrong in one line: of each kind the number, the first instances and the first error's message."""
        lines: dict[str, str] = dict.fromkeys(BAD, "")  # each outcome has its share of the line
        for kind in self._kinds():
            if kind[0] not in BAD:
                continue
            kept, number = self._wrong[kind], self._numbers[kind]
            names = ", ".join(record.instance_id for record in kept[:NAMED])
            more = f" and {number - NAMED} more" if number > NAMED else ""
            why = f" ({kept[0].error_message[:300]})" if kept[0].error_message else ""
            lines[kind[0]] += (
                f"{'; ' * bool(lines[kind[0]])}{number} {' '.join(filter(None, kind))}: {names}{more}{why}"
            )
        most = LONGEST // len(BAD) - 2
        return "; ".join(line if len(line) <= most else line[: most - 1] + "…" for line in lines.values() if line)

    def _kinds(self) -> Iterator[tuple[str, str, str]]:
        yield from sorted(self._wrong, key=lambda kind: (_rank(kind[0]), kind))


def by_rank(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Counts by outcome/reason: what went wrong first."""
    return sorted(counts.items(), key=lambda item: (_rank(item[0].partition("/")[0]), item[0]))


def _rank(outcome: str) -> int:
    return WRONG.index(outcome) if outcome in WRONG else len(WRONG)


def change(record: Mapping[str, str]) -> str:
    """The role before and after; of what is only planned, what it would be after; of what went wrong, both.

    record: its fields. "?" where nobody knows, for the observation itself failed.
    """
    if record["action"] == "none" and record["reason"] in UNSEEN:
        return "?"
    before, after, role = (record.get(name) or "-" for name in ("role_before", "role_after", "role"))
    if record["action"] == "detach":
        wanted = "-"
    elif record["action"] not in STAYS and role == "-":
        wanted = "(what was displaced)"
    else:
        wanted = role
    if record["outcome"] == Outcome.PLANNED.value:
        return f"{before} -> {wanted}"
    told = record["outcome"] in WRONG and (record["action"] not in STAYS or role != "-")
    return f"{before} -> {after} (not {wanted})" if told else f"{before} -> {after}"


def shown(record: Record) -> dict[str, str]:
    """Return a record as an invocation's result shows it."""
    return {name: value for name, value in record.fields().items() if name in SHOWN_FIELDS}

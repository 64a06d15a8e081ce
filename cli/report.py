"""The view of a run on a terminal: what it may cost, and in the end its bill, its counts and its changes. Prints only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cli.output import console, counted, print_table, say, table
from shared.model.decision import Outcome
from shared.model.outcomes import WRONG, Outcomes, change
from shared.model.record import Record
from shared.planning.steps import BATCH

OFTEN = 3
"""Lines of one outcome and reason from which on the error that all of them share is said once, before the table."""


class Report:
    """For people, on standard output as it is when this is made."""

    def __init__(self) -> None:
        self._console = console()

    def estimated(self, calls: Mapping[str, int]) -> None:
        """Before the run changes anything."""
        self._say(
            f"may cost at most: DescribeInstances {calls['DescribeInstances']}, DescribeInstanceRamRole "
            f"{calls['DescribeInstanceRamRole']} for {counted(calls['instances'], 'instance')}, if no call has to be made twice; "
            f"one write for up to {BATCH} that gain or lose the same role, two where it is swapped"
        )

    def ended(self, run: Mapping[str, Any], outcomes: Outcomes, notes: Sequence[str], records: str) -> None:
        """Print what went wrong first, each instance of it; then the changes. notes: what else is to be said of the run."""
        bill = run["bill"]
        by_action = ", ".join(f"{action} {count}" for action, count in bill["calls"].items())
        self._say(
            f"bill: {counted(bill['reads'], 'read')}, {counted(bill['writes'], 'write')}{': ' + by_action if by_action else ''}"
        )
        if run["counts"]:
            counts = ((*key.partition("/")[::2], str(count)) for key, count in run["counts"].items())
            self._table(("outcome", "reason", "instances"), counts)
        left_out = outcomes.left_out()
        if shown := [*outcomes.wrong(), *outcomes.others()]:
            rows = [row(record) for record in shown]
            shared = _shared(rows)
            for (outcome, reason), error in shared.items():
                self._say(f"{outcome}, {reason}: {error}")
            lines = ((*line[:-1], "" if (line[2], line[3]) in shared else line[-1]) for line in rows)
            self._table(("instance", "role", "outcome", "reason", "error"), lines)
        if left_out:
            self._say(f"and {sum(left_out.values())} more")
            for key, count in left_out.items():
                if key.startswith(WRONG):
                    self._say(f"among them, in the records alone: {count} {key.replace('/', ' ')}")
            for summed in outcomes.changes():
                self._say(f"{summed['outcome']}: {summed['instances']} {summed['change']}")
            wrong = [
                f"{count} {key.replace('/', ' ')}" for key, count in run["counts"].items() if key.startswith(WRONG)
            ]
            if wrong:
                self._say(f"at the head of the list: {', '.join(wrong)}")
        if any(key.startswith(Outcome.RETRYING.value) for key in run["counts"]):
            self._say("retrying: nothing on this machine tries again: run the command again, or leave it to the timer")
        for word in ("brake", "error"):
            if word in run:
                self._say(f"{word}: {run[word]}")
        for note in notes:
            self._say(note)
        self._say(
            f"{run['run']}: {counted(sum(run['counts'].values()), 'instance')} seen in {run['region']} of account {run['account_id']}"
        )
        self._say(f"records: {records}")

    def _say(self, text: str) -> None:
        say(text, out=self._console)

    def _table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        made = table(*columns, whole=("instance", "role", "outcome", "reason"))
        for cells in rows:
            made.add(*cells)
        print_table(made, self._console)


def row(record: Record) -> tuple[str, ...]:
    code, message = record.error_code, record.error_message
    error = message if code in message else f"{code}: {message}"
    return record.instance_id, change(record.fields()), record.outcome, record.reason, error


def _shared(rows: Sequence[tuple[str, ...]]) -> dict[tuple[str, str], str]:
    """Return the error of each outcome and reason of which all lines have one and the same, and often."""
    errors: dict[tuple[str, str], list[str]] = defaultdict(list)
    for _, _, outcome, reason, error in rows:
        errors[outcome, reason].append(error)
    return {kind: told[0] for kind, told in errors.items() if told[0] and len(told) >= OFTEN and len(set(told)) == 1}

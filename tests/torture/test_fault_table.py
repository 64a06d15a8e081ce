"""The fault table: faults.md beside this file, cell by cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.functional.handlers.world import World
from tests.torture.fault_cells import CODES, GROUPS, SECTIONS, Cell, Fault, faults, play
from tests.torture.stage import DESCRIBE

pytestmark = pytest.mark.parametrize("world", ["python3.12"], indirect=True)
CALLS = list(CODES)
EVENTS = [name for name, (_, by) in SECTIONS.items() if by == "tags_changed"]
FLOWS = {
    "all": list(SECTIONS), "events": EVENTS, "runs": [name for name in SECTIONS if name not in EVENTS],
    "removals": ["swap", "detach", "displace", "put-back"], **{name: [name] for name in SECTIONS},
}  # fmt: skip
TIMES = ("once", "always", "later")
Row = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A cell of the table. sure: whether the flow must meet the fault; "all" is said of those that do."""

    section: str
    fault: Fault
    expected: Cell
    sure: bool


def rows() -> Iterator[Row]:
    """Call and columns of each row."""
    call = ""
    for line in Path(__file__).with_name("faults.md").read_text().splitlines():
        if line.startswith("## "):
            call = line[3:]
        elif line.startswith("| ") and not line.startswith(("| fault |", "| --- |")):
            yield (call, *(cell.strip() for cell in line.strip("|").split("|")))


def named(column: str) -> Iterator[str]:
    """The single faults of a cell."""
    for part in column.split(" · "):
        places, _, kinds = part.partition(": ")
        if kinds:
            yield from (f"{place}: {kind}" for place in places.split(", ") for kind in kinds.split(", "))
        else:
            yield from GROUPS.get(part, (part,))


def cases(row: Row) -> list[Case]:
    call, what, flows, times, *told = row
    sections = [(name, word != "all") for word in flows.split(", ") for name in FLOWS[word]]
    return [
        Case(section, Fault(call, name, when), Cell(*told), sure)
        for name in named(what)
        for when in times.split(", ")
        for section, sure in sections
    ]


TABLE = list(rows())


def differs(case: Case, met: Cell | None) -> list[str]:
    """What is not as the table says, for a reader."""
    if met == case.expected or (met is None and not case.sure):
        return []
    return [f"{case.section}, {case.fault}:\n  is        {met}\n  should be {case.expected}"]


@pytest.mark.parametrize("call", CALLS)
def test_one_cell_of_each_row(world: World, call: str) -> None:
    """Another flow and fault in each row."""
    world.look(side_by_side=False)
    found: list[str] = []
    for number, row in enumerate(TABLE):
        if row[0] == call:
            some = cases(row)
            shift = number * 7 % len(some)
            played = ((case, play(world, case.section, case.fault)) for case in [*some[shift:], *some[:shift]])
            case, met = next((pair for pair in played if pair[1] or pair[0].sure), (some[0], None))
            assert met, f"no flow meets this: {row}"
            found += differs(case, met)
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("section", SECTIONS)
def test_every_cell(world: World, section: str, call: str) -> None:
    """What the table does not say is what cannot be: the flow makes no such call, or its answer has no such field."""
    world.look(side_by_side=False)
    told = {case.fault: case for row in TABLE if row[0] == call for case in cases(row) if case.section == section}
    found: list[str] = []
    for fault in (Fault(call, name, times) for name in faults(call) for times in TIMES[: 2 + (call == DESCRIBE)]):
        met = play(world, section, fault)
        case = told.pop(fault, None)
        found += differs(case, met) if case else [f"{fault}: {met} is not told"] if met else []
    assert not found, "\n".join(found)
    assert not told


def test_the_table_says_each_thing_once_and_leaves_no_fault_out(world: World) -> None:
    told = [(case.section, case.fault) for row in TABLE for case in cases(row)]
    assert [twice for twice, number in Counter(told).items() if number > 1] == []
    assert {(fault.call, fault.name) for _, fault in told} == {(call, name) for call in CALLS for name in faults(call)}

"""The table of faults of `rolekeeper provision`: provision_faults.md beside this file, cell by cell."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from tests.functional.cli.conftest import rolekeeper
from tests.functional.cli.operator import Command
from tests.torture.fault_cells import GROUPS
from tests.torture.provision_cells import Cell, Fault, Stage

__all__ = ["rolekeeper"]
PARTS = 4


@pytest.fixture
def stage(cloud: Cloud, rolekeeper: Command) -> Stage:
    return Stage(cloud, rolekeeper)


def table() -> list[list[tuple[Fault, Cell]]]:
    """The cells of each row."""
    lines = Path(__file__).with_name("provision_faults.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][2:]
    return [
        [
            (Fault(call, name, when), Cell(*told))
            for call in calls.split(", ")
            for group in what.split(" · ")
            for name in GROUPS.get(group, (group,))
            for when in times.split(", ")
        ]
        for calls, what, times, *told in rows
    ]


def differs(stage: Stage, cells: list[tuple[Fault, Cell]]) -> list[str]:
    """What is not as the table says, for a reader."""
    met = [(fault, expected, stage.play(fault)) for fault, expected in cells]
    return [
        f"{fault}:\n  is        {cell}\n  should be {expected}" for fault, expected, cell in met if cell != expected
    ]


def test_one_cell_of_each_row_and_each_call_once(stage: Stage) -> None:
    rows = table()
    told = Counter(fault for row in rows for fault, _ in row)
    assert [fault for fault, number in told.items() if number > 1] == []
    assert set(told) == {fault for call in stage.calls for fault in stage.faults(call)}
    found = differs(stage, [row[number * 7 % len(row)] for number, row in enumerate(rows)])
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_cell(stage: Stage, part: int) -> None:
    cells = [cell for row in table() for cell in row]
    found = differs(stage, cells[part::PARTS])
    assert not found, "\n".join(found)

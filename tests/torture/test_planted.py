"""The machine sees: each planted bug is found within so many histories. Slow: `make torture` and CI run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.planted import PLANTS

ROOT = Path(__file__).resolve().parents[2]
HISTORIES, SEED = 1_000, 1


def test_each_plant_is_aimed_at_a_text_that_is_there_once() -> None:
    for name, plant in PLANTS.items():
        path = ROOT / plant.module.replace(".", "/")
        source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        assert source.read_text(encoding="utf-8").count(plant.before) == 1, (
            f"{name}: aim it anew in tests/torture/planted.py"
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTS)
def test_the_machine_finds_a_planted_bug(name: str) -> None:
    asked = [sys.executable, "-m", "tests.torture.planted", name, str(HISTORIES), str(SEED)]
    ran = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr

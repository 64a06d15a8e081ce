"""A few hundred inputs of each run of the tests; and that the machine sees what it looks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.torture import fuzz

SEED = 1


def test_whatever_comes_the_promises_hold() -> None:
    counts = fuzz.run(400, SEED)
    assert sum(counts.values()) == 400
    reached = {
        "event: done",
        "event: ignored",
        "payload: done",
        "hand-over: done",
        "mapping: valid",
        "mapping: refused",
        "validate: exit code 1",
    }
    assert reached <= set(counts)


def fails_for_numbers(value: object) -> None:
    if isinstance(value, (int, float)):
        raise OverflowError


PLANTED: dict[str, tuple[str, str, Callable[..., Any], str]] = {
    "an error that is not declared": ("event", "shared.events.times.parse", fails_for_numbers, "OverflowError"),
    "a text that is shown as it came": ("event", "shared.events.values.hidden", str, "a key is shown"),
    "a seal that is not judged": ("hand-over", "shared.events.own.is_sealed", lambda *given: True, "not as it was sealed"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "place", "instead", "said"), PLANTED.values(), ids=PLANTED)
def test_a_planted_fault_is_found(
    monkeypatch: pytest.MonkeyPatch, kind: str, place: str, instead: Callable[..., Any], said: str
) -> None:
    monkeypatch.setattr(place, instead)
    with fuzz.fuzzing(SEED) as machine, pytest.raises(fuzz.Found, match=said):
        machine.some(kind, 2_000)  # it ends at the first that is found

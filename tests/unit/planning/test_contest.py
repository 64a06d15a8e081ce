"""Corrections of what was done by hand: counted by instance, for a while, and never more than are kept."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from shared.planning import contest
from shared.planning.contest import MOST, WITHIN, Contest

NOW = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
HERE = ("cn-hangzhou", "i-1")


def test_an_instance_is_left_to_the_timer_after_so_many_corrections_and_no_sooner() -> None:
    known = Contest()
    for number in range(MOST):
        assert not known.is_over(HERE, NOW)
        known.corrected(HERE, NOW + timedelta(minutes=number))
    assert known.is_over(HERE, NOW)
    assert not known.is_over(("cn-beijing", "i-1"), NOW)


def test_corrections_are_forgotten() -> None:
    known = Contest()
    for _ in range(MOST):
        known.corrected(HERE, NOW)
    assert known.is_over(HERE, NOW + WITHIN - timedelta(seconds=1))
    assert not known.is_over(HERE, NOW + WITHIN)


def test_so_many_instances_are_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contest, "KEPT", 2)
    known = Contest()
    for name in ("i-1", "i-2", "i-3"):
        for _ in range(MOST):
            known.corrected(("cn-hangzhou", name), NOW)
    assert [known.is_over(("cn-hangzhou", name), NOW) for name in ("i-1", "i-2", "i-3")] == [False, True, True]

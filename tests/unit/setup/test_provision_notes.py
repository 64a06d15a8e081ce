"""Notes of system policies in a tag of a role: each name is found again, whatever stood there before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.setup.notes import mark, marks, note

names = st.sets(st.text("AliyunLogs-0", min_size=1, max_size=128), max_size=20)


@given(names)
def test_a_note_says_what_was_noted(noted: set[str]) -> None:
    assert marks(note(noted)) == {mark(name) for name in noted}


@given(names)
def test_a_note_of_all_that_a_role_may_hold_fits_into_one_tag(noted: set[str]) -> None:
    assert 0 < len(note(noted)) <= 128, "an empty value is none that every client sends"


def test_long_names_that_begin_alike_are_told_apart() -> None:
    assert mark("Aliyun" + "x" * 100 + "1") != mark("Aliyun" + "x" * 100 + "2")


@pytest.mark.parametrize(
    "value", ["", "none", "AliyunLogReadOnlyAccess", "0a1b2", "0A1B2C", "0a1b2c,0a1b2c", "0a1b2c\n"]
)
def test_a_note_that_somebody_wrote_over_says_nothing(value: str) -> None:
    assert marks(value) == frozenset()

"""The brake by its numbers: what it holds, what it lets through, what it refuses, and when it finds out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.brake import Brake
from shared.mapping import Brake as Limit

LIMIT = Limit(max_removals=0.2, at_least=10)


def ran(removals: int, managed: int, *, known: bool = False, **given: int | bool) -> tuple[int, int, int, list[int]]:
    """Refused early, released and refused at the end, and how often the number of managed ones was asked for."""
    asked: list[int] = []

    def count() -> int:
        asked.append(1)
        return managed

    brake: Brake[int] = Brake(LIMIT, count, known=managed if known else None, **given)  # type: ignore[arg-type]
    early = sum(len(brake.add(number)) for number in range(removals))
    released, refused = brake.close()
    return early, len(released), len(refused), asked


@pytest.mark.parametrize(
    ("removals", "managed", "released"),
    [
        pytest.param(0, 0, True, id="none"),
        pytest.param(9, 9, True, id="all of them, but below the least number"),
        pytest.param(10, 49, False, id="the least number, above the share"),
        pytest.param(10, 50, True, id="exactly the share"),
        pytest.param(11, 54, False, id="one above the share"),
        pytest.param(20, 100, True, id="exactly the share of a hundred"),
        pytest.param(21, 100, False, id="one more than that"),
        pytest.param(10, 0, False, id="where nothing could be counted it acts"),
    ],
)
@pytest.mark.parametrize("known", [False, True], ids=["counted at the end", "known before"])
def test_all_or_none(removals: int, managed: int, released: bool, known: bool) -> None:
    early, through, refused, _ = ran(removals, managed, known=known)
    assert (through, early + refused) == ((removals, 0) if released else (0, removals))


@pytest.mark.parametrize(("removals", "asked"), [(0, 0), (9, 0), (10, 1), (30, 1)])
def test_it_counts_only_where_the_removals_are_at_least_the_least_number(removals: int, asked: int) -> None:
    assert len(ran(removals, 1_000)[3]) == asked


def test_where_the_number_is_known_it_acts_at_the_first_one_too_many_and_on_all_that_follow() -> None:
    brake: Brake[int] = Brake(LIMIT, lambda: 100, known=100)
    assert [brake.add(number) for number in range(20)] == [[]] * 20
    assert brake.add(20) == list(range(21))
    assert brake.acts
    assert brake.add(21) == [21]
    assert brake.close() == ([], [])


@pytest.mark.parametrize(("before", "through"), [(0, 5), (5, 5), (15, 5), (16, 0), (100, 0)])
def test_what_was_removed_before_counts_too(before: int, through: int) -> None:
    assert ran(5, 100, before=before)[1] == through


def test_what_an_earlier_part_of_the_run_refused_it_for_it_refuses_again() -> None:
    assert ran(1, 1_000, acts=True) == (1, 0, 0, [])


def test_held_back_removals_of_a_run_cut_short_are_given_back() -> None:
    brake: Brake[int] = Brake(LIMIT, lambda: 0)
    for number in range(30):
        brake.add(number)
    assert brake.unfinished() == list(range(30))
    assert brake.close() == ([], [])


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 60), st.booleans())
def test_each_removal_ends_once_and_never_more_than_the_limit_go_through(
    removals: int, managed: int, before: int, known: bool
) -> None:
    early, through, refused, _ = ran(removals, managed, known=known, before=before)
    assert early + through + refused == removals
    assert not (through and refused + early)
    total = before + removals
    within = total < LIMIT.at_least or total <= LIMIT.max_removals * managed
    assert (through == removals) == (within or not removals)

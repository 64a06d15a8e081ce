"""What is kept of very many records: all kinds, and a bounded number of each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.model.outcomes import Outcomes
from shared.model.record import Record

MANY = 20_000


def record(number: int, **values: str) -> Record:
    return Record(**{"instance_id": f"i-{number}", "region": "r", "action": "attach", **values})


KINDS: dict[str, Callable[[int], dict[str, str]]] = {
    "all alike": lambda n: {"outcome": "failed", "reason": "missing", "error_code": "Forbidden.RAM"},
    "each with a code of its own": lambda n: {"outcome": "failed", "reason": "missing", "error_code": f"E{n}"},
    "of ten codes": lambda n: {"outcome": "retrying", "reason": "wrong", "error_code": f"E{n % 10}"},
    "each another change": lambda n: {"outcome": "swapped", "reason": "wrong", "role_before": f"a{n}", "role_after": "b"},
    "all unchanged": lambda n: {"outcome": "unchanged", "reason": "in-sync"},
}  # fmt: skip


@pytest.mark.parametrize("kind", [pytest.param(kind, id=name) for name, kind in KINDS.items()])
def test_a_bounded_number_is_kept_and_the_last_kind_is_among_them(kind: Callable[[int], dict[str, str]]) -> None:
    kept = Outcomes(wrong=100, others=100)
    for number in range(MANY):
        kept.add(record(number, **kind(number)))
    kept.add(record(MANY, outcome="refused", reason="role-not-listed"))
    shown = [*kept.wrong(), *kept.others()]
    assert len(shown) <= 2_500
    assert len(shown) + sum(kept.left_out().values()) == MANY + 1
    assert f"i-{MANY}" in {one.instance_id for one in shown}
    assert f"i-{MANY}" in kept.in_words()
    assert len(kept.in_words()) <= 4_000
    assert len(kept.changes()) <= 201

"""The order in which a refused call is taken apart."""

from __future__ import annotations

from shared.gateways.bisection import spread


def test_every_member_is_in_it_once_however_many_there_are() -> None:
    for number in range(120):
        assert sorted(spread([str(n) for n in range(number)])) == sorted(map(str, range(number)))

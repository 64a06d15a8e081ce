"""The measures of the house are kept."""

from __future__ import annotations

import pytest

from tests.house.measures import HEADS, MEASURES, Measure


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_the_house_keeps_its_measures(measure: Measure) -> None:
    found = measure.find()
    assert len(found) <= measure.most, "\n".join(found)


def test_a_frame_is_counted_at_the_wire() -> None:
    found = MEASURES[0].find()
    assert found[0].startswith("shared/app.py")
    assert found[-1].startswith("shared/gateways/")


@pytest.mark.parametrize(("text", "counts"), [("What it is.", True), ("Whatever comes.", False), ("Return it.", False)])
def test_a_docstring_s_head_counts_as_a_whole_word(text: str, counts: bool) -> None:
    assert bool(HEADS.match(text)) is counts

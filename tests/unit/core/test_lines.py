"""A line on stdout is never so long that Function Compute cuts it: lists go on in further lines, texts are cut by ourselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.lines import say
from shared.reported import LINE

IDS = [f"i-bp{number:018d}" for number in range(5_000)]
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=9) | st.integers(0, 9).map(lambda n: "角" * 4_000 * n),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)


def said(capsys: pytest.CaptureFixture[str], line: dict[str, Any]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert say(line) is None
    lines = capsys.readouterr().out.splitlines()
    assert all(len(one) <= LINE for one in lines)
    return [json.loads(one) for one in lines]


def test_a_short_line_is_one_line_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    line = {"intent": "AttachInstanceRamRole", "instance_ids": IDS[:100], "who": "角色"}
    assert said(capsys, line) == [line]


def test_an_intent_of_many_instances_names_each_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, {"intent": "AttachInstanceRamRole", "role": "web", "instance_ids": IDS})
    assert len(lines) > 1
    assert [name for line in lines for name in line["instance_ids"]] == IDS
    assert {(line["intent"], line["role"]) for line in lines} == {("AttachInstanceRamRole", "web")}


LONG: dict[str, dict[str, Any]] = {
    "a record with a long error": {"record": {"instance_id": "i-1", "error_message": "x" * 100_000}},
    "in Chinese": {"record": {"instance_id": "i-1", "error_message": "错" * 32_000}},
    "quotes": {"record": {"instance_id": "i-1", "error_message": '"' * 32_000}},
    "two of them": {"record": {"instance_id": "i-1", "error_message": "x" * 31_000, "actor": "y" * 31_000}},
    "very many fields": {"record": {"instance_id": "i-1", **{f"field{n}": "x" for n in range(9_000)}}},
    "very many keys": {"instance_id": "i-1", **{f"key{n}": n for n in range(9_000)}},
    "one id too long": {"instance_id": "i-1", "instance_ids": ["i-" + "1" * 70_000]},
    "deep": {"instance_id": "i-1", "a": {"b": [{"c": "x" * 70_000}]}},
}


@pytest.mark.parametrize("name", LONG)
def test_what_is_cut_says_so_and_keeps_what_is_short(capsys: pytest.CaptureFixture[str], name: str) -> None:
    (line,) = said(capsys, LONG[name])
    assert line.get("record", line)["instance_id"] == "i-1"
    assert "(cut)" in json.dumps(line) or "very many" in name


@given(line=st.dictionaries(st.text(max_size=9), VALUES, max_size=5))
def test_whatever_the_line_it_ends_and_is_json(line: dict[str, Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        import io
        import sys

        out = io.StringIO()
        patch.setattr(sys, "stdout", out)
        assert say(line) is None
    for one in out.getvalue().splitlines():
        assert len(one) <= LINE
        json.loads(one)

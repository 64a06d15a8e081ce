"""Reading a file costs in proportion to its size, whatever is in it. Counted in lines of Python that run, never in time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from shared.mapping import check

HEAD = "version: 1\nroles: {web: {}}\nrules:\n"


def lines_run(text: str) -> int:
    """How many lines of Python run while the text is checked."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        check(text)
    finally:
        sys.settrace(before)
    return count


def unlisted(count: int) -> str:
    roles = "".join(f"  web-{number:04}: {{}}\n" for number in range(count))
    return f"version: 1\nroles:\n{roles}rules:\n" + "".join(
        f"  - {{name: r{number}, role: wep-{number:04}}}\n" for number in range(count)
    )


SHAPES: dict[str, tuple[Callable[[int], str], int]] = {
    "open brackets": (lambda count: "[" * count, 500),
    "open braces": (lambda count: "{" * count, 500),
    "braces and keys": (lambda count: "{a: " * count, 250),
    "brackets on lines of their own": (lambda count: "[\n" * count, 500),
    "lists in lists": (lambda count: "- " * count, 500),
    "mappings as keys": (lambda count: "? " * count, 500),
    "a long text": (lambda count: f"{HEAD}  - {{name: r, when: {{vpc: {'x' * count}}}, role: web}}\n", 20_000),
    "a long number": (lambda count: f"{HEAD}  - {{name: r, when: {{vpc: {'1' * count}}}, role: web}}\n", 20_000),
    "a long unknown key": (lambda count: f"{HEAD}  - {{name: r, role: web, ? '{'x' * count}' : 1}}\n", 5_000),
    "lines of a text that begin with a no-break space": (
        lambda count: HEAD.replace("{}", "{description: '" + "\n      \u00a0x" * count + "'}") + "  - {name: r, role: web}\n", 50,
    ),
    "roles that are not listed": (unlisted, 60),
}  # fmt: skip


@pytest.mark.parametrize(("shape", "count"), SHAPES.values(), ids=SHAPES)
def test_twice_as_much_costs_about_twice_as_much(shape: Callable[[int], str], count: int) -> None:
    check(shape(1))  # what is imported or compiled once is no cost of the text
    assert lines_run(shape(2 * count)) < 3 * lines_run(shape(count))


def test_the_ways_of_filling_a_template_are_not_tried_without_end() -> None:
    """Seven placeholders split forty letters in 22 million ways, none of which ends in z."""
    template = "".join(f"${{tags.{key}}}" for key in "abcdefg")
    assert (
        check(
            f"version: 1\nroles: {{{'a' * 40}: {{}}}}\nrules:\n  - {{name: r, when: {{vpc: v}}, role: '{template}z'}}\n"
        )
        == ()
    )


def test_a_file_over_the_limit_is_refused_before_it_is_read() -> None:
    (problem,) = check(HEAD + "#" * 1_000_000)
    assert str(problem).startswith("roles.yaml:1: the file has 1,000,035 characters; at most 1,000,000 are read")

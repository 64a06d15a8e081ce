"""What a glob matches, and the shortest value that meets some globs and no others, within an effort."""

from __future__ import annotations

import pytest

from shared.mapping.effort import Effort, Undecided
from shared.mapping.globs import Globs, example, matcher

MATCHES: list[tuple[Globs, str, str]] = [
    # globs, values that match, values that do not
    (("web",), "web", "we web- Web"),
    (("web", "db"), "web db", "w eb webdb"),
    (("*",), "a web-1", ""),
    (("web-*",), "web- web-1 web-*", "web xweb-1 Web-1"),
    (("*-web",), "-web a-web", "web -web1"),
    (("we?",), "web we? wee", "we webs"),
    (("w*b", "d?"), "wb web db d*", "web1 d w"),
    (("a*", "b*"), "a bc", "cab"),
    (("*a*b*",), "ab xaxbx", "ba a"),
    (("[ab]", "x*y"), "[ab] xy", "a b [a]"),
    (("[!a]*?",), "[!a]x", "b [!a]"),
    (("w*b-*",), "wb- web-1", "web w*b"),
]


@pytest.mark.parametrize(("globs", "yes", "no"), MATCHES, ids=["|".join(globs) for globs, *_ in MATCHES])
def test_a_glob_matches_the_whole_value(globs: Globs, yes: str, no: str) -> None:
    matches = matcher(globs)
    assert [value for value in [*yes.split(), *no.split()] if matches(value)] == yes.split()


def test_a_star_alone_matches_every_text() -> None:
    assert matcher(("*", "web"))("")
    assert matcher(("**", "w"))("")
    assert not matcher(("?*",))("")
    assert matcher(("a*c",))("a\nc")


@pytest.mark.parametrize(
    ("required", "forbidden", "empty", "value"),
    [
        pytest.param([("web", "db")], [("web",)], False, "db", id="one of several texts"),
        pytest.param([("web",), ("w*",)], [], False, "web", id="a text and a glob"),
        pytest.param([("web",), ("d*",)], [], False, None, id="a text that no glob takes"),
        pytest.param([("web",)], [("*b",)], False, None, id="a text that is forbidden"),
        pytest.param([("", "a")], [], True, "", id="the empty text"),
        pytest.param([("", "a")], [], False, "a", id="the empty text, where there is none"),
        pytest.param([("*",)], [], True, "", id="anything"),
        pytest.param([("*",)], [], False, "a", id="anything but nothing"),
        pytest.param([("*",)], [("",), ("?",)], True, "aa", id="two of anything"),
        pytest.param([("a*",)], [], False, "a", id="a beginning"),
        pytest.param([("a*",), ("*b",)], [], False, "ab", id="a beginning and an end"),
        pytest.param([("a*",)], [("a",), ("ab",)], False, "ac", id="a letter that nobody names"),
        pytest.param([("a?", "bbb*")], [("a*",)], False, "bbb", id="the second of two"),
        pytest.param([("a*",), ("b*",)], [], False, None, id="two beginnings"),
        pytest.param([("a*",)], [("*",)], False, None, id="everything is forbidden"),
        pytest.param([("??",)], [("a*",), ("*b",)], False, "cc", id="none of two"),
        pytest.param([("a**b",)], [], False, "ab", id="two stars"),
        pytest.param([("*a*",)], [("a*", "*a")], False, "bab", id="in the middle"),
        pytest.param([("{?",)], [], False, "{a", id="a sign beyond the letters"),
        pytest.param([], [], True, "", id="nothing asked"),
    ],
)
def test_the_shortest_value_is_found(
    required: list[Globs], forbidden: list[Globs], empty: bool, value: str | None
) -> None:
    assert example(frozenset(required), frozenset(forbidden), empty, Effort(10_000)) == value


@pytest.mark.parametrize(
    ("required", "forbidden", "steps"),
    [
        pytest.param([("web", "db"), ("w*",)], [("x",)], 5, id="texts: each of them and each set"),
        pytest.param([("a*",), ("*b",)], [], 17, id="globs: each state that is read"),
        pytest.param([("a*",), ("b*",)], [], 6, id="globs that exclude each other"),
        pytest.param([("a?*",)], [("?b",)], 8, id="a character that may be any"),
    ],
)
def test_so_much_is_tried_and_no_more(required: list[Globs], forbidden: list[Globs], steps: int) -> None:
    example(frozenset(required), frozenset(forbidden), False, Effort(steps))
    with pytest.raises(Undecided):
        example(frozenset(required), frozenset(forbidden), False, Effort(steps - 1))

"""A role's name with placeholders: how it is read, filled, and found again in a name."""

from __future__ import annotations

import pytest

from shared.mapping.effort import Effort, Undecided
from shared.mapping.role_template import BadTemplate, RoleTemplate, parse_role

NO_NAME = "a role name is 1 to 64 of a-z, 0-9, '.' and '-'"
NO_ROLE = "is no role name: 1 to 64 of a-z, 0-9, '.' and '-', and ${tags.KEY} for a tag's value"


@pytest.mark.parametrize(
    ("text", "literals", "keys"),
    [
        pytest.param("web", ("web",), (), id="no placeholder"),
        pytest.param("a" * 64, ("a" * 64,), (), id="the longest name"),
        pytest.param("${tags.App}", ("", ""), ("app",), id="a placeholder alone"),
        pytest.param("x-${tags.a b}-${tags.a.b}", ("x-", "-", ""), ("a b", "a.b"), id="two, with text"),
        pytest.param("${tags." + "k" * 128 + "}", ("", ""), ("k" * 128,), id="the longest key"),
        pytest.param("${tags.a}" * 16, ("",) * 17, ("a",) * 16, id="as many as there may be"),
    ],
)
def test_a_template_is_read(text: str, literals: tuple[str, ...], keys: tuple[str, ...]) -> None:
    assert parse_role(text) == RoleTemplate(text, literals, keys)


@pytest.mark.parametrize(
    ("text", "message", "suggestion"),
    [
        pytest.param("", NO_NAME, "", id="nothing"),
        pytest.param("a" * 65, NO_NAME, "", id="a long name"),
        pytest.param(
            "${tags.a}" * 17, "17 placeholders are more than the 16 that a template may have", "", id="too many"
        ),
        pytest.param(
            "Web",
            "'Web' has upper-case letters; RAM lower-cases the role in the ARN that it authorises, so a ram:PassRole grant on a mixed-case name may not match: name the role in lower case",
            "",
            id="upper case",
        ),
        pytest.param("we b", f"'we b' {NO_ROLE}", "", id="a blank"),
        pytest.param("a$b", "'a$b' has a '$' that begins no placeholder; write ${tags.KEY}", "", id="a sign alone"),
        pytest.param(
            "${tag.a.b}",
            "unknown placeholder '${tag.a.b}'; only ${tags.KEY} is known",
            "did you mean '${tags.a.b}'?",
            id="misspelt",
        ),
        pytest.param(
            "${ tags . a }",
            "unknown placeholder '${ tags . a }'; only ${tags.KEY} is known",
            "did you mean '${tags.a}'?",
            id="blanks",
        ),
        pytest.param("${vpc.a}", "unknown placeholder '${vpc.a}'; only ${tags.KEY} is known", "", id="another thing"),
        pytest.param("${tags}", "unknown placeholder '${tags}'; only ${tags.KEY} is known", "", id="no key"),
        pytest.param(
            "${tags." + "k" * 129 + "}",
            "unknown placeholder '${tags." + "k" * 129 + "}'; only ${tags.KEY} is known",
            "did you mean '${tags." + "k" * 129 + "}'?",
            id="a long key",
        ),
    ],
)
def test_what_is_no_template_is_refused_in_these_words(text: str, message: str, suggestion: str) -> None:
    with pytest.raises(BadTemplate) as refused:
        parse_role(text)
    assert refused.value.args == (message, suggestion)


@pytest.mark.parametrize(
    ("tags", "text", "complete"),
    [
        pytest.param({"app": "web", "env": "prod"}, "x-web-prod", True, id="both"),
        pytest.param({"app": "${tags.env}", "env": ""}, "x-${tags.env}-", True, id="a placeholder as a value"),
        pytest.param({"env": "prod"}, "x--prod", False, id="one is absent"),
    ],
)
def test_tags_fill_it_in_one_pass(tags: dict[str, str], text: str, complete: bool) -> None:
    assert parse_role("x-${tags.app}-${tags.ENV}").render(tags) == (text, complete)


@pytest.mark.parametrize(
    ("template", "role", "ways"),
    [
        pytest.param("web", "web", [{}], id="a plain name"),
        pytest.param("web", "web-1", [], id="a longer name"),
        pytest.param("x-${tags.a}", "x-", [{"a": ""}], id="an empty value"),
        pytest.param("x-${tags.a}", "y-1", [], id="another beginning"),
        pytest.param("${tags.a}-x", "1-y", [], id="another end"),
        pytest.param("${tags.a}-${tags.b}", "1-2-3", [{"a": "1", "b": "2-3"}, {"a": "1-2", "b": "3"}], id="two ways"),
        pytest.param("${tags.a}${tags.a}", "1212", [{"a": "12"}], id="the same twice"),
        pytest.param("${tags.a}${tags.a}", "121", [], id="not the same twice"),
    ],
)
def test_the_tags_that_give_a_role_are_found(template: str, role: str, ways: list[dict[str, str]]) -> None:
    assert list(parse_role(template).bindings(role, Effort(1_000))) == ways


def test_so_much_is_tried_and_no_more() -> None:
    """Three letters to be split: 4 for them, and 4, 3, 2 and 1 for what is left of them."""
    template = parse_role("${tags.a}")
    assert len(list(template.bindings("abc", Effort(14)))) == 1
    with pytest.raises(Undecided):
        list(template.bindings("abc", Effort(13)))

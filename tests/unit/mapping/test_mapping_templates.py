"""Roles by template: they yield a listed role or a refusal, whatever stands in the tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping import check, load
from shared.mapping.effort import Effort
from shared.mapping.role_template import RoleTemplate, parse_role
from shared.model.instance import Instance

FILE = """\
version: 1
roles: {{web: {{}}, web-prod: {{}}}}
rules:
  - {{name: t, role: "{role}"}}
"""

LISTED = {"web", "web-prod"}


def desired(role: str, tags: dict[str, str]) -> tuple[str, str]:
    mapping = load(FILE.format(role=role))
    answer = mapping.desired(Instance(instance_id="i-1", region="r", tags=tags))
    assert answer.rule == "t"
    return answer.verdict, answer.role


@pytest.mark.parametrize(
    ("role", "tags", "expected"),
    [
        pytest.param("${tags.r}", {"r": "web"}, ("role", "web"), id="the tag's value"),
        pytest.param("${tags.R}", {"r": "web"}, ("role", "web"), id="upper-case key in the template"),
        pytest.param("${tags.r}", {"R": "web"}, ("role", "web"), id="upper-case key on the instance"),
        pytest.param("${tags.a}-${tags.b}", {"a": "web", "b": "prod"}, ("role", "web-prod"), id="two tags"),
        pytest.param("web-${tags.b}", {"b": "prod"}, ("role", "web-prod"), id="text in front"),
        pytest.param("${tags.a}-prod", {"a": "web"}, ("role", "web-prod"), id="text behind"),
        pytest.param("web${tags.b}", {"b": ""}, ("role", "web"), id="an empty tag adds nothing"),
        pytest.param("${tags.a:b/c d}", {"a:b/c d": "web"}, ("role", "web"), id="any key that ECS allows"),
        pytest.param("${tags.r}", {"r": "admin"}, ("refused", "admin"), id="not listed"),
        pytest.param("${tags.r}", {"r": "WEB"}, ("refused", "WEB"), id="values keep their case"),
        pytest.param("${tags.r}", {"r": "*"}, ("refused", "*"), id="a glob is only text"),
        pytest.param("${tags.r}", {"r": "web "}, ("refused", "web "), id="a space counts"),
        pytest.param("${tags.a}", {"a": "${tags.b}", "b": "web"}, ("refused", "${tags.b}"), id="read once only"),
        pytest.param("${tags.r}", {}, ("refused", ""), id="absent tag"),
        pytest.param("${tags.a}-${tags.b}", {"a": "web"}, ("refused", "web-"), id="one of two absent"),
        pytest.param("web${tags.b}", {}, ("refused", "web"), id="absent, though the rest is a listed role"),
        pytest.param("${tags.r}", {"r": "a\nb\x00\u202e"}, ("refused", "a?b??"), id="control characters"),
        pytest.param("${tags.r}", {"r": "x" * 128}, ("refused", "x" * 64), id="long"),
    ],
)
def test_a_template_yields(role: str, tags: dict[str, str], expected: tuple[str, str]) -> None:
    assert desired(role, tags) == expected


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_tag_makes_a_template_yield_an_unlisted_role(app: str, env: str) -> None:
    verdict, role = desired("${tags.app}-${tags.env}", {"app": app, "env": env})

    assert verdict in ("role", "refused")
    assert (verdict == "role") == (f"{app}-{env}" in LISTED)
    assert len(role) <= 64
    assert role.isprintable()


@given(
    st.lists(st.sampled_from("ab-"), max_size=6).map("".join),
    st.sampled_from(["${tags.x}a${tags.y}", "${tags.x}-${tags.x}"]),
)
def test_bindings_are_the_tags_that_render_to_the_role(role: str, text: str) -> None:
    template = parse_role(text)
    parts = {role[i:j] for i in range(len(role) + 1) for j in range(i, len(role) + 1)}
    keys = sorted(set(template.keys))
    every = [dict(zip(keys, values, strict=True)) for values in _product(parts, len(keys))]

    assert _sorted(template.bindings(role, Effort(10_000))) == _sorted(
        tags for tags in every if template.render(tags) == (role, True)
    )


def _product(parts: set[str], count: int) -> list[tuple[str, ...]]:
    return [()] if count == 0 else [(p, *rest) for p in parts for rest in _product(parts, count - 1)]


def _sorted(bindings: object) -> list[str]:
    return sorted({str(sorted(b.items())) for b in bindings})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("role", "message"),
    [
        pytest.param("${tag.r}", "did you mean '${tags.r}'?", id="tag for tags"),
        pytest.param("${ tags.r }", "did you mean '${tags.r}'?", id="spaces"),
        pytest.param("${Tags.r}", "did you mean '${tags.r}'?", id="upper case"),
        pytest.param("${vpc}", "unknown placeholder '${vpc}'; only ${tags.KEY} is known", id="an attribute"),
        pytest.param("${tags.}", "unknown placeholder '${tags.}'; only ${tags.KEY} is known", id="no key"),
        pytest.param("${}", "unknown placeholder", id="nothing"),
        pytest.param("${tags.r", "'$' that begins no placeholder", id="not closed"),
        pytest.param("$tags.r", "'$' that begins no placeholder", id="no braces"),
        pytest.param("Web-${tags.r}", "has upper-case letters; RAM lower-cases", id="upper-case text"),
        pytest.param("web*", "is no role name", id="a glob"),
        pytest.param("web_${tags.r}", "is no role name", id="a character that role names lack"),
        pytest.param("", "a role name is 1 to 64", id="empty"),
        pytest.param("x" * 65, "a role name is 1 to 64", id="too long"),
        pytest.param("${tags.a}" * 17, "17 placeholders are more than the 16", id="too many placeholders"),
    ],
)
def test_what_is_no_template_is_an_error(role: str, message: str) -> None:
    (problem,) = [p for p in check(FILE.format(role=role)) if p.severity == "error"]

    assert message in str(problem)
    assert (problem.rule, problem.key, problem.line) == ("t", "rules[0].role", 4)


def test_a_plain_role_is_a_template_without_tags() -> None:
    assert parse_role("web.1-x") == RoleTemplate("web.1-x", ("web.1-x",))

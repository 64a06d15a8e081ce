"""Rules that no instance reaches and roles that no rule gives: found where they are, never claimed where they are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.mapping import Problem, check

Wrap = Callable[[str], str]


def warnings_on(problems: tuple[Problem, ...], part: str) -> list[str]:
    assert all(problem.severity == "warning" for problem in problems), problems
    return [problem.rule or problem.key for problem in problems if part in problem.message]


def when(conditions: str) -> str:
    """The key and its comma; a rule for every instance has no such key."""
    return f"when: {conditions}, " if conditions else ""


COVERED = [
    pytest.param("", "{vpc: a}", id="everything"),
    pytest.param("{vpc: a}", "{vpc: a}", id="the same"),
    pytest.param("{vpc: a}", "{vpc: a, name: b}", id="fewer conditions"),
    pytest.param("{tags: {K: a}}", "{tags: {k: a}}", id="the same tag by another case"),
    pytest.param("{vpc: [a, b, c]}", "{vpc: [c, a]}", id="a subset"),
    pytest.param("{vpc: 'a*'}", "{vpc: [ab, ac]}", id="a glob over literals"),
    pytest.param("{vpc: 'a*'}", "{vpc: 'ab*'}", id="a glob over a glob"),
    pytest.param("{vpc: '*a*'}", "{vpc: 'x?a*y'}", id="a glob in the middle of another"),
    pytest.param("{vpc: ['a*', 'b*']}", "{vpc: ['ax', 'b?']}", id="globs over globs"),
    pytest.param("{vpc: ['a*', '?']}", "{vpc: '?'}", id="one glob of several"),
    pytest.param("{tags: {k: {exists: true}}}", "{tags: {k: x}}", id="exists over a value"),
    pytest.param("{tags: {k: '*'}}", "{tags: {k: {exists: true}}}", id="* is exists"),
    pytest.param("{vpc: '?*'}", "{vpc: {exists: true}}", id="an attribute is never empty"),
    pytest.param("{tags: {k: {exists: false}}}", "{tags: {k: {exists: false}}, vpc: a}", id="absent"),
    pytest.param("{tags: {k: {not: a}}}", "{tags: {k: b}}", id="not a over b"),
    pytest.param("{tags: {k: {not: a}}}", "{tags: {k: {exists: false}}}", id="not a over absent"),
    pytest.param("{tags: {k: {not: a}}}", "{tags: {k: {not: [a, b]}}}", id="not a over neither a nor b"),
    pytest.param("{not: {tags: {k: a}}}", "{tags: {k: {not: a}}}", id="not within and without"),
    pytest.param("{any: [{vpc: a}, {name: b}]}", "{name: b}", id="one of any"),
    pytest.param("{any: [{vpc: a}, {name: b}]}", "{any: [{name: b}, {vpc: a, zone: z}]}", id="any over any"),
    pytest.param("{vpc: [a, b]}", "{any: [{vpc: a}, {vpc: b, name: n}]}", id="a list over any"),
    pytest.param("{not: {vpc: a, name: b}}", "{vpc: c}", id="not both over another"),
    pytest.param("{not: {any: [{vpc: a}, {name: b}]}}", "{vpc: {exists: false}, name: c}", id="not any"),
    pytest.param("{any: [{vpc: a}, {not: {vpc: a}}]}", "{name: n}", id="a tautology"),
]


@pytest.mark.parametrize(("earlier", "later"), COVERED)
def test_a_rule_behind_a_wider_one_is_never_reached(earlier: str, later: str, file_with: Wrap) -> None:
    problems = check(
        file_with(
            f"  - {{name: wide, {when(earlier)}role: web}}\n"
            f"  - {{name: narrow, {when(later)}role: worker}}\n"
            "  - {name: rest, role: worker}\n"
        )
    )

    assert "narrow" in warnings_on(problems, "never reached: rule 'wide' (line 4) takes every instance")
    problem = next(problem for problem in problems if problem.rule == "narrow")
    assert (problem.line, problem.key) == (5, "rules[1]")
    assert str(problem).startswith("roles.yaml:5: warning: rule 'narrow': never reached: ")


NOT_COVERED = [
    pytest.param("{vpc: a}", "", id="narrow before wide"),
    pytest.param("{vpc: a, name: b}", "{vpc: a}", id="more conditions"),
    pytest.param("{vpc: [a, b]}", "{vpc: [b, c]}", id="lists that overlap"),
    pytest.param("{vpc: 'ab*'}", "{vpc: 'a*'}", id="a narrower glob"),
    pytest.param("{vpc: 'a*b'}", "{vpc: 'a*'}", id="a glob with an end"),
    pytest.param("{vpc: 'a?'}", "{vpc: 'a*'}", id="one character or any number"),
    pytest.param("{vpc: 'A'}", "{vpc: 'a'}", id="case"),
    pytest.param("{vpc: '[ab]'}", "{vpc: a}", id="brackets"),
    pytest.param("{tags: {k: '?*'}}", "{tags: {k: {exists: true}}}", id="a tag may be empty"),
    pytest.param("{tags: {k: {exists: true}}}", "{tags: {k: {not: a}}}", id="absent is not a"),
    pytest.param("{tags: {k: {not: [a, b]}}}", "{tags: {k: {not: a}}}", id="b is not a"),
    pytest.param("{any: [{vpc: a, name: n}, {name: b}]}", "{vpc: a}", id="any with more conditions"),
    pytest.param("{tags: {a: x}}", "{tags: {b: x}}", id="another tag"),
]


@pytest.mark.parametrize(("earlier", "later"), NOT_COVERED)
def test_a_rule_that_some_instance_reaches_is_left_in_peace(earlier: str, later: str, file_with: Wrap) -> None:
    rules = f"  - {{name: a, {when(earlier)}role: web}}\n  - {{name: b, {when(later)}role: worker}}\n"

    assert check(file_with(rules)) == ()


def test_a_rule_may_be_covered_by_several_together_and_only_these_are_named(file_with: Wrap) -> None:
    (problem,) = check(
        file_with(
            "  - {name: a, when: {vpc: a}, role: web}\n"
            "  - {name: x, when: {name: x}, role: worker}\n"
            "  - {name: b, when: {vpc: 'b*'}, role: web}\n"
            "  - {name: c, when: {vpc: [a, b1]}, role: worker}\n"
        )
    )

    assert problem.rule == "c"
    assert problem.message == (
        "never reached: between them, rules 'a' (line 4) and 'b' (line 6) take every instance that this one would match"
    )


@pytest.mark.parametrize(
    "when",
    [
        pytest.param("{tags: {a: x}, not: {tags: {a: x}}}", id="required and forbidden"),
        pytest.param("{tags: {a: {exists: false}}, any: [{tags: {a: x}}, {tags: {a: y}}]}", id="absent with a value"),
        pytest.param("{tags: {a: x}, any: [{tags: {A: y}}]}", id="two values of one tag"),
        pytest.param("{vpc: {exists: false, not: {not: a}}}", id="absent and a"),
        pytest.param("{vpc: 'a*', not: {vpc: '*'}}", id="glob against exists"),
        pytest.param("{name: {not: '*'}, any: [{name: 'a*b'}]}", id="glob against not *"),
        pytest.param("{not: {any: [{vpc: a}, {not: {vpc: a}}]}}", id="not anything"),
    ],
)
def test_a_rule_that_contradicts_itself_never_matches(when: str, file_with: Wrap) -> None:
    rules = (
        f"  - {{name: odd, when: {when}, role: web}}\n  - {{name: rest, when: {{region: r}}, role: '${{tags.r}}'}}\n"
    )

    (problem,) = check(file_with(rules))

    assert (problem.rule, problem.severity) == ("odd", "warning")
    assert problem.message == "never matches: no instance can meet all of its conditions together"


UNUSED = [
    pytest.param("  - {name: a, role: web}\n", ["worker"], id="no rule names it"),
    pytest.param("  - {name: a, role: '${tags.r}'}\n", [], id="a template may give any"),
    pytest.param("  - {name: a, role: 'w${tags.r}'}\n", [], id="a template with a prefix"),
    pytest.param("  - {name: a, role: 'we${tags.r}'}\n", ["worker"], id="a prefix that one lacks"),
    pytest.param("  - {name: a, role: '${tags.r}r'}\n", ["web"], id="a suffix that one lacks"),
    pytest.param("  - {name: a, role: '${tags.r}${tags.r}'}\n", ["web", "worker"], id="nothing doubled"),
    pytest.param("  - {name: a, when: {tags: {R: [web, x]}}, role: '${tags.r}'}\n", ["worker"], id="a list of values"),
    pytest.param("  - {name: a, when: {tags: {r: 'wo*'}}, role: '${tags.r}'}\n", ["web"], id="a glob"),
    pytest.param("  - {name: a, when: {tags: {r: {not: web}}}, role: '${tags.r}'}\n", ["web"], id="a not"),
    pytest.param("  - {name: a, when: {tags: {r: w}}, role: '${tags.r}${tags.s}'}\n", [], id="another tag is free"),
    pytest.param(
        "  - {name: x, when: {tags: {r: web}}, then: ignore}\n  - {name: a, role: '${tags.r}'}\n",
        ["web"],
        id="an earlier rule takes its instances",
    ),
    pytest.param(
        "  - {name: x, role: web}\n  - {name: a, role: worker}\n", ["worker"], id="its only rule is never reached"
    ),
]


@pytest.mark.parametrize(("rules", "unused"), UNUSED)
def test_a_listed_role_that_no_rule_can_give_is_a_warning(rules: str, unused: list[str], file_with: Wrap) -> None:
    problems = check(file_with(rules))

    assert warnings_on(problems, "no rule can give this role") == [f"roles.{role}" for role in unused]
    assert all(problem.line == 2 for problem in problems if problem.key.startswith("roles."))


def test_the_search_is_given_up_without_a_claim(file_with: Wrap) -> None:
    hard = "".join(f"  - {{name: r{n}, when: {{name: '*{chr(0x4E00 + n)}*a?b*c'}}, role: web}}\n" for n in range(60))
    last = "  - {name: last, when: {name: 'x*a?b*'}, role: '${tags.w}${tags.x}${tags.y}${tags.z}'}\n"

    assert warnings_on(check(file_with(hard + last)), "never") == []

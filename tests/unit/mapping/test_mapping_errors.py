"""What is wrong is reported with its line, rule and key, all of it at once, and with the word that was meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.errors import ConfigError
from shared.mapping import MappingError, check, load

Wrap = Callable[[str], str]

RULE_ERRORS = [
    pytest.param("when: {tag: {a: b}}, role: web", "when.tag: unknown key; did you mean 'tags'?", id="unknown key"),
    pytest.param("when: {resourcegroup: a}, role: web", "did you mean 'resource_group'?", id="nearest attribute"),
    pytest.param("when: {zzz: a}, role: web", "when.zzz: unknown key; known are tags, vpc,", id="no nearest key"),
    pytest.param("wen: {}, role: web", "wen: unknown key; did you mean 'when'?", id="unknown key of a rule"),
    pytest.param("role: wbe", "role: 'wbe' is not listed under roles; did you mean 'web'?", id="role not listed"),
    pytest.param("role: zzzz", "role: 'zzzz' is not listed under roles", id="role like no other"),
    pytest.param("role: Web", "'Web' has upper-case letters; RAM lower-cases", id="upper-case role"),
    pytest.param("role: 'we*'", "is no role name", id="a glob for a role"),
    pytest.param("role: [web]", "role: must be a role name, found a list", id="a list of roles"),
    pytest.param("then: ignored", "then: must be ignore, not 'ignored'; did you mean 'ignore'?", id="then something"),
    pytest.param("then: ignore, role: web", "either role or then: ignore, not both", id="both"),
    pytest.param("when: {vpc: a}", "gives nothing; write role: NAME, or then: ignore", id="neither"),
    pytest.param("role: web, mode: audti", "mode: must be enforce or attach-only or audit, not 'audti'", id="mode"),
    pytest.param(
        "role: web, mode: off", "mode: must be enforce or attach-only or audit, found a boolean", id="mode off"
    ),
    pytest.param("role: web, foreign_roles: kepe", "did you mean 'keep'?", id="foreign_roles"),
    pytest.param("when: {tags: {a: off}}, role: web", "'off' is read as a boolean; write \"off\" in quotes", id="off"),
    pytest.param("when: {tags: {a: yes}}, role: web", 'write "yes" in quotes', id="yes"),
    pytest.param("when: {tags: {a: 010}}, role: web", "'010' is read as a number; write \"010\"", id="octal"),
    pytest.param("when: {tags: {a: 1.0}}, role: web", "'1.0' is read as a number", id="float"),
    pytest.param("when: {tags: {a: 12:30}}, role: web", "'12:30' is read as a number", id="sexagesimal"),
    pytest.param("when: {tags: {a: 2026-01-01}}, role: web", "'2026-01-01' is read as a date", id="date"),
    pytest.param("when: {tags: {a: }}, role: web", 'when.tags.a: nothing stands here; write ""', id="nothing"),
    pytest.param("when: {tags: {a: null}}, role: web", 'write "null" in quotes', id="null"),
    pytest.param("when: {tags: {a: [b, no]}}, role: web", "when.tags.a[1]: 'no' is read as a boolean", id="in a list"),
    pytest.param("when: {tags: {a: {not: on}}}, role: web", "when.tags.a.not: 'on' is read as", id="in a not"),
    pytest.param("when: {tags: {on: a}}, role: web", "when.tags.on: the key 'on' is read as a boolean", id="a key"),
    pytest.param(
        "when: {tags: {1: a}}, role: web", "the key '1' is read as a number; write \"1\"", id="a number as key"
    ),
    pytest.param("when: {tags: {[a]: b}}, role: web", "a key must be text, found a list", id="a list as key"),
    pytest.param("when: {tags: {a: []}}, role: web", "when.tags.a: an empty list matches nothing", id="empty list"),
    pytest.param("when: {tags: {a: {}}}, role: web", "when.tags.a: empty; write at least one of", id="empty value"),
    pytest.param("when: {tags: {a: {exist: true}}}, role: web", "did you mean 'exists'?", id="exist"),
    pytest.param("when: {tags: {a: {exists: 'true'}}}, role: web", "true or false, without quotes", id="quoted true"),
    pytest.param("when: {tags: {a: {zz: b}}}, role: web", "a value is a text or a glob, a list", id="a value's key"),
    pytest.param("when: {tags: {}}, role: web", "when.tags: empty; write at least one tag", id="no tags"),
    pytest.param(
        "when: {tags: [a]}, role: web", "when.tags: must be a mapping (key: value), found a list", id="tags list"
    ),
    pytest.param("when: {tags: {a: b, A: c}}, role: web", "keys that differ only in case are one", id="keys by case"),
    pytest.param("when: {tags: {'': c}}, role: web", "'' is not a tag key: 1 to 128", id="empty tag key"),
    pytest.param("when: {vpc: ''}, role: web", "when.vpc: an attribute is never an empty text", id="empty attribute"),
    pytest.param("when: {vpc: 5}, role: web", "when.vpc: '5' is read as a number", id="attribute number"),
    pytest.param("when: {any: []}, role: web", "when.any: an empty list of conditions", id="any of nothing"),
    pytest.param("when: {any: {vpc: a}}, role: web", "when.any: must be a list of conditions", id="any of a mapping"),
    pytest.param("when: {any: [{}]}, role: web", "when.any[0]: empty; write at least one of", id="any of an empty one"),
    pytest.param("when: {not: {}}, role: web", "when.not: empty; write at least one of", id="not nothing"),
    pytest.param("when: {not: [{vpc: a}]}, role: web", "when.not: must be a mapping", id="not a list"),
    pytest.param("when: {any: [{vpc: a}, {not: {tag: {}}}]}, role: web", "when.any[1].not.tag: unknown", id="nested"),
    pytest.param("when: [a], role: web", "when: must be a mapping (key: value), found a list", id="when is a list"),
    pytest.param("when: !secret a, role: web", "found the YAML tag or word '!secret a'", id="a YAML tag"),
]


@pytest.mark.parametrize(("rule", "message"), RULE_ERRORS)
def test_a_rule_with_one_mistake_is_reported_once_and_in_place(rule: str, message: str, file_with: Wrap) -> None:
    with pytest.raises(MappingError) as raised:
        load(file_with("  - {name: web tier, " + rule + "}\n"), file="deploy/roles.yaml")

    (problem,) = raised.value.problems
    assert str(problem).startswith("deploy/roles.yaml:4: rule 'web tier': ")
    assert message in str(problem)
    assert (problem.rule, problem.line, problem.severity) == ("web tier", 4, "error")
    assert problem.key.startswith("rules[0]")


REST = "roles: {a: {}}\nrules:\n  - {name: r, role: a}\n"

FILE_ERRORS = [
    pytest.param("", 1, "the file is empty; it needs version: 1, roles and rules", id="empty"),
    pytest.param("# nothing\n", 1, "the file is empty", id="only a comment"),
    pytest.param("---\n", 1, "the file is empty", id="an empty document"),
    pytest.param("- a\n", 1, "must be a mapping (key: value), found a list", id="a list at the top"),
    pytest.param("text\n", 1, "must be a mapping (key: value), found the text 'text'", id="a text at the top"),
    pytest.param(
        "version: 2\n{rest}", 1, "version: must be 1, the only version there is, found a number ('2')", id="2"
    ),
    pytest.param("version: '1'\n{rest}", 1, "version: must be 1, the only version there is, found the text", id="'1'"),
    pytest.param("{rest}", 1, "version: missing", id="no version"),
    pytest.param("version: 1\nrules: [{name: a, then: ignore}]\n", 1, "roles: missing", id="no roles"),
    pytest.param(
        "version: 1\nroles: {}\nrules: [{name: a, then: ignore}]\n", 2, "roles: empty; write the roles", id="0"
    ),
    pytest.param("version: 1\nroles: {a: {}}\n", 1, "rules: missing", id="no rules"),
    pytest.param("version: 1\nroles: {a: {}}\nrules: []\n", 3, "rules: an empty list of rules", id="empty rules"),
    pytest.param("version: 1\n{rest}setings: {}\n", 5, "setings: unknown key; did you mean 'settings'?", id="setings"),
    pytest.param("version: 1\n{rest}version: 1\n", 5, "version: written twice, on lines 1 and 5; keep one", id="twice"),
    pytest.param("version: 1\nroles: {A: {}}\nrules: [{name: a, then: ignore}]", 2, "RAM lower-cases", id="upper case"),
    pytest.param(
        "version: 1\nroles: {a_b: {}}\nrules: [{name: a, then: ignore}]", 2, "1 to 64 of a-z", id="underscore"
    ),
    pytest.param("version: 1\n{rest}  - then: ignore\n", 5, "rules[1].name: missing", id="a rule without a name"),
    pytest.param("version: 1\n{rest}  - {name: 5, then: ignore}\n", 5, "rules[1].name: '5' is read as", id="name 5"),
    pytest.param("version: 1\n{rest}  - {name: ' a', then: ignore}\n", 5, "is not a rule name", id="space in front"),
    pytest.param(
        'version: 1\n{rest}  - {name: "a\\nb", then: ignore}\n', 5, "is not a rule name", id="newline in a name"
    ),
    pytest.param(
        "version: 1\n{rest}  - {name: r, then: ignore}\n", 5, "the rule on line 4 has this one", id="same name"
    ),
    pytest.param(
        "version: 1\n{rest}  - 5\n", 5, "rules[1]: must be a mapping (key: value), found a number", id="rule 5"
    ),
]


@pytest.mark.parametrize(("text", "line", "message"), FILE_ERRORS)
def test_a_file_with_one_mistake_is_reported_once_and_in_place(text: str, line: int, message: str) -> None:
    with pytest.raises(MappingError) as raised:
        load(text.replace("{rest}", REST))

    (problem,) = raised.value.problems
    assert message in str(problem)
    assert problem.line == line


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    text = (
        "version: 1\nroles:\n  web: {polices: []}\nrules:\n"
        "  - name: web tier\n    when: {tag: {a: b}}\n    role: wbe\n"
        "  - name: b\n    when: {tags: {c: off}}\n    then: ignor\n"
        "settings: {mode: audti}\n"
    )

    with pytest.raises(ConfigError) as raised:
        load(text)

    assert str(raised.value).splitlines() == [
        "roles.yaml:3: roles.web.polices: unknown key; did you mean 'policies'?",
        "roles.yaml:6: rule 'web tier': when.tag: unknown key; did you mean 'tags'?",
        "roles.yaml:7: rule 'web tier': role: 'wbe' is not listed under roles; did you mean 'web'?",
        "roles.yaml:9: rule 'b': when.tags.c: 'off' is read as a boolean; write \"off\" in quotes",
        "roles.yaml:10: rule 'b': then: must be ignore, not 'ignor'; did you mean 'ignore'?",
        "roles.yaml:11: settings.mode: must be enforce or attach-only or audit, not 'audti'; did you mean 'audit'?",
    ]


def test_a_problem_knows_its_parts(file_with: Wrap) -> None:
    (problem,) = check(file_with("  - name: w\n    role: web\n    when:\n      vcp: a\n"))[:1]

    assert (problem.file, problem.line, problem.column) == ("roles.yaml", 7, 7)
    assert (problem.rule, problem.key) == ("w", "rules[0].when.vcp")
    assert (problem.message, problem.suggestion) == ("unknown key", "did you mean 'vpc'?")


def test_a_problem_stays_on_one_line_whatever_the_file_holds(file_with: Wrap) -> None:
    for problem in check(file_with('  - {name: "a\\nb", "x\\ny": 1, role: "w\\re"}\n')):
        assert len(str(problem).splitlines()) == 1


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param("  - {name: r, role: web, when: LONG}\n", id="a value"),
        pytest.param("  - {name: LONG, role: wbe}\n", id="a rule's name"),
        pytest.param("  - {name: r, role: web, ? LONG : 1}\n", id="a key"),
    ],
)
def test_a_line_about_a_long_text_shows_both_its_ends(rules: str, file_with: Wrap) -> None:
    (problem, *_) = map(str, check(file_with(rules.replace("LONG", "x" * 20_000))))
    assert "x…x" in problem
    assert len(problem) < 1_200

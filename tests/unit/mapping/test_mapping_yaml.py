"""YAML itself: what cannot be read, what is written in unusual ways, and what would eat the machine."""

from __future__ import annotations

import pytest

from shared.mapping import check, load
from shared.model.instance import Instance

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
LADDER = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200))
MERGES = "a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 10))


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        pytest.param("a:\n\tb: 1\n", 2, 1, "indent with spaces, never with tabs", id="tab"),
        pytest.param("a: [\n", 2, 1, "expected the node content", id="list left open"),
        pytest.param("a: b: c\n", 1, 5, "mapping values are not allowed here", id="two colons"),
        pytest.param("a: 'b\n", 2, 1, "found unexpected end of stream", id="quote left open"),
        pytest.param("a: *b\n", 1, 4, "undefined alias 'b'; a value that begins with * needs quotes", id="alias"),
        pytest.param("a: *-web\n", 1, 4, "a value that begins with * needs quotes", id="glob without quotes"),
        pytest.param("a: {b: ${tags.c}}\n", 1, 9, "needs quotes here", id="template without quotes"),
        pytest.param("a: 1\n---\nb: 2\n", 2, 1, "another document", id="two documents"),
        pytest.param("ab: \x07\n", 1, 5, "the character U+0007 is not allowed", id="control character"),
        pytest.param("a: 1\nb: \ud800\n", 2, 4, "the character U+D800 is not allowed", id="half a character"),
        pytest.param(
            'a: 1\nb: "x\\uD83D"\n', 2, 4, "U+D83D is half a character; write the character itself", id="escaped half"
        ),
        pytest.param('a: !x "\\uDE00"\n', 1, 4, "U+DE00 is half a character", id="escaped half of an unknown kind"),
        pytest.param('"\\uD83D": 1\n', 1, 1, "U+D83D is half a character", id="escaped half in a key"),
        pytest.param('a: "\\UFFFFFFFF"\n', 1, 7, "out of range", id="escape out of range"),
        pytest.param("a: &a [*a]\n", 1, 4, "an alias stands inside the anchor that it repeats", id="cycle"),
        pytest.param("<<: 5\n", 1, 5, "<< merges mappings only", id="merging a number"),
        pytest.param("[" * 5000, 1, 101, "nested more than 100 levels deep", id="nested in brackets"),
        pytest.param(BOMB, 5, 5, "aliases write out to more than 100,000 values", id="billion laughs"),
        pytest.param(MERGES, 6, 14, "aliases write out to more than 100,000 values", id="billion merges"),
        pytest.param(LADDER, 100, 6, "nested more than 100 levels deep", id="nested by aliases"),
    ],
)
def test_what_cannot_be_read_is_one_problem_with_its_place(text: str, line: int, column: int, message: str) -> None:
    (problem,) = check(text)

    assert message in problem.message
    assert (problem.line, problem.column) == (line, column)
    assert str(problem).startswith(f"roles.yaml:{line}: ")


def test_anchors_and_merge_keys_work_and_own_keys_win() -> None:
    mapping = load("""\
version: 1
roles: {web: &any {}, worker: *any}
rules:
  - name: one
    when: &base
      tags: &tags {env: prod, app: web}
      vpc: vpc-1
    role: web
  - name: two
    when:
      <<: *base
      tags: {<<: [{app: x, team: a}, *tags], app: worker}
    role: worker
""")

    def role(**tags: str) -> str:
        return mapping.desired(Instance(instance_id="i", region="r", vpc="vpc-1", tags=tags)).role

    assert role(env="prod", app="web") == "web"
    assert role(env="prod", app="worker", team="a") == "worker"
    assert role(env="prod", app="worker") == ""
    assert role(app="worker", team="a") == ""


def test_a_mistake_behind_an_anchor_is_reported_for_each_rule_that_has_it() -> None:
    problems = check("""\
version: 1
roles: {web: {}}
rules:
  - {name: a, when: &w {vcp: x}, role: web}
  - {name: b, when: *w, role: web}
""")

    assert [(p.rule, p.line, p.key) for p in problems] == [("a", 4, "rules[0].when.vcp"), ("b", 4, "rules[1].when.vcp")]


@pytest.mark.parametrize("mark", ["\ufeff", "%YAML 1.1\n---\n"], ids=["byte order mark", "directive"])
def test_a_file_may_begin_with(mark: str) -> None:
    text = mark + "version: 1\r\nroles: {web: {}}\r\nrules:\r\n- {name: a, role: web}\r\n"

    assert check(text) == ()


def test_an_explicit_string_tag_is_as_good_as_quotes() -> None:
    mapping = load("version: 1\nroles: {web: }\nrules: [{name: a, when: {tags: {x: !!str off}}, role: web}]\n")

    assert mapping.desired(Instance(instance_id="i", region="r", tags={"x": "off"})).role == "web"

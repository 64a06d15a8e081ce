"""A finding stands on the line where it is mended: in JSON, in a template file, in roles.yaml."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping import InlinePolicy, Mapping, load
from shared.policies import Finding, check, lint, lint_text, render, template
from shared.policies.positions import Path, line_at, lines_of, repeated, shown

TEXT = """\
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "*"},
    {
      "Effect": "Allow",
      "Action": [
        "ecs:DescribeInstances",
        "ram:*"
      ],

      "Resource":
        "*"
    }
  ]
}
"""


def places(findings: tuple[Finding, ...]) -> list[tuple[str, int, str]]:
    return [(finding.code, finding.line, finding.path) for finding in findings]


def test_findings_stand_where_the_json_has_them() -> None:
    assert places(lint_text(TEXT)) == [("RK002", 2, "Version"), ("RK102", 9, "Statement[1].Action[1]")]
    assert lint(json.loads(TEXT), text=TEXT) == lint_text(TEXT)


def test_without_the_text_the_line_is_not_known() -> None:
    assert [line for _, line, _ in places(lint(json.loads(TEXT)))] == [0, 0]


def test_what_is_missing_stands_where_it_should_be() -> None:
    text = '\n{"Version": "1",\n "Statement": [\n {},\n {"Effect": "Allow", "Action": "a:B"}]}'

    assert places(lint_text(text)) == [("RK005", 4, "Statement[0]"), ("RK005", 5, "Statement[1]")]
    assert places(lint_text('\n\n{"Version": "1"}')) == [("RK003", 3, "Statement")]


def test_a_finding_in_a_template_file_stands_in_the_file_around_the_document() -> None:
    text = json.dumps({"description": "d", "variables": {}, "document": json.loads(TEXT)}, indent=1)
    line = text.splitlines().index('     "ram:*"') + 1

    assert ("RK102", line, "Statement[1].Action[1]") in places(lint_text(text))


def test_a_list_that_grew_in_rendering_keeps_its_line() -> None:
    shipped = template("sts-assume-role")
    roles = [f"acs:ram:*:1:role/r{number}" for number in range(3)]
    document = render("sts-assume-role", {"role_arn": roles})
    document["Statement"][0]["Resource"][2] = "acs:ram:*:1:role/*"

    (finding,) = lint(document, text=shipped.text)
    assert finding.path == "Statement[0].Resource[2]"
    assert '"Resource"' in shipped.text.splitlines()[finding.line - 1]


TWICE = """{"Version": "1", "Statement": [
 {"Effect": "Deny",
  "Effect": "Allow", "Action": "a:B", "Resource": "*"},
 {"Effect": "Allow", "Action": "a:B", "Resource": "*"}]}"""


def test_a_key_written_twice_is_found_where_it_stands_again() -> None:
    (finding,) = lint_text(TWICE)
    assert (finding.code, finding.message) == ("RK005", "'Effect' is written twice")
    assert (finding.line, finding.path) == (3, "Statement[0].Effect")
    (inside,) = lint_text(f'{{"description": "",\n"document": {TWICE}}}')
    assert (inside.line, inside.path) == (4, "Statement[0].Effect")


def test_what_is_in_both_of_two_objects_of_one_key_is_not_twice() -> None:
    assert repeated('{"a": {"b": 1},\n "a": {"b": 1},\n "b": [{"c": 1}, {"c": 1}],\n "a": {}}') == [
        (("a",), 2),
        (("a",), 4),
    ]


@pytest.mark.parametrize("text", ["", "[" * 100_000, '{"a": NaN}', f"[{'9' * 5000}]", "\ufeff{}"], ids=range(5))
def test_whatever_is_no_json_has_a_line(text: str) -> None:
    (finding,) = lint_text(text)
    assert (finding.code, finding.line) == ("RK001", 1)


def test_a_syntax_error_has_its_line() -> None:
    (finding,) = lint_text('{\n"Version": "1",\n}')
    assert (finding.code, finding.line) == ("RK001", 3)


def test_a_finding_in_roles_yaml_has_the_line_of_the_yaml(mapping_of: Callable[[str], Mapping]) -> None:
    mapping = mapping_of("""\
  web:
    policies:
      - name: own
        document:
          Version: "1"
          Statement:
            - Effect: Allow
              Action:
                - oss:GetObject
                - ram:*
              Resource: "*"
            - {Effect: Allow, Action: "ram:PassRole", Resource: "*"}
""")

    findings = check(mapping, account_id="1")
    assert places(findings) == [
        ("RK102", 12, "Statement[0].Action[1]"),
        ("RK107", 14, "Statement[1].Resource"),
        ("RK108", 14, "Statement[1].Action"),
    ]
    assert str(findings[0]).startswith(
        "roles.yaml:12: error RK102 (ram-all): role 'web', policy 'own': Statement[0].Action[1]: "
    )


def test_an_anchor_counts_where_it_is_written_out() -> None:
    text = """\
version: 1
roles:
  web:
    policies:
      - document: {Version: "1", Statement: [&s {Effect: Allow, Action: "ram:*", Resource: "*"}]}
      - document:
          Version: "1"
          Statement: [*s]
rules: [{name: none, then: ignore}]
"""
    assert [finding.line for finding in check(load(text), account_id="1") if finding.code == "RK102"] == [5, 5]


def test_lines_do_not_keep_two_documents_from_being_equal(mapping_of: Callable[[str], Mapping]) -> None:
    (one,) = mapping_of("  web: {policies: [{document: {Version: '1'}}]}").roles["web"].policies

    assert one == InlinePolicy(document={"Version": "1"}, line=3)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=20,
)


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*at, key))


@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_every_value_has_a_line_and_lines_only_grow(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = "\n\n" + json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    lines = lines_of(text)

    assert set(lines) == set(paths(value))
    numbers = [lines[path] for path in paths(value)]
    assert numbers == sorted(numbers)
    assert numbers[0] == 3
    assert numbers[-1] <= 3 + text.strip("\n").count("\n")


@given(st.text(alphabet='{}[],:"a1\n\\ ', max_size=30))
def test_a_text_of_any_form_is_read_to_its_first_mistake(text: str) -> None:
    lines = lines_of(text)

    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
    assert line_at(lines, ("not", "there")) in (0, lines.get((), 0))


def test_a_path_is_shown_as_people_write_it() -> None:
    assert [shown(path) for path in ((), ("Statement",), ("Statement", 0, "Action", 1))] == [
        "",
        "Statement",
        "Statement[0].Action[1]",
    ]


def test_a_line_about_a_long_text_shows_both_its_ends() -> None:
    (finding, *_) = map(
        str,
        lint_text(
            '{"Version": "1", "Statement": [{"Effect": "LONG", "Action": "oss:GetObject", "Resource": "*"}]}'.replace(
                "LONG", "x" * 20_000
            )
        ),
    )
    assert "x…x" in finding
    assert len(finding) < 1_200

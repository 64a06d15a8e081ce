"""Keys of tags are no globs: somebody who writes one is told so."""

from __future__ import annotations

import pytest

from shared.mapping import check

FILE = "version: 1\nroles: {{web: {{}}}}\nrules:\n  - {{name: w, when: {when}, role: web}}\n"
SAID = "a tag's key is taken as it is written: * and ? are globs in values alone"


@pytest.mark.parametrize(
    ("when", "keys"),
    [
        pytest.param("{tags: {'app*': web}}", ["app*"], id="a star"),
        pytest.param("{tags: {'a?p': web, env: 'x*'}}", ["a?p"], id="a question mark"),
        pytest.param("{any: [{tags: {'*': a}}, {not: {tags: {'b*': b}}}]}", ["*", "b*"], id="nested"),
        pytest.param("{tags: {app: 'web*'}, vpc: 'vpc-*'}", [], id="globs in values"),
    ],
)
def test_a_glob_in_a_key_is_told_of(when: str, keys: list[str]) -> None:
    told = [problem for problem in check(FILE.format(when=when)) if SAID in problem.message]
    assert [problem.key.removeprefix("rules[0].when.tags.") for problem in told] == keys
    assert {(problem.severity, problem.line, problem.rule) for problem in told} <= {("warning", 4, "w")}


def test_a_glob_in_the_key_of_a_placeholder_is_told_of() -> None:
    file = FILE.format(when="{vpc: vpc-1, tags: {'app*': a}}").replace("role: web", "role: '${tags.app*}'")
    assert [problem.key for problem in check(file) if SAID in problem.message] == [
        "rules[0].when.tags.app*",
        "rules[0].role",
    ]

"""What is suggested in place of what is written does what was meant, and never the opposite."""

from __future__ import annotations

import pytest

from shared.mapping import check

FILE = "version: 1\nroles: {web: {}}\nrules:\n  - {name: r, role: web}\n"

CONDITIONS = {
    "not_tags": ("not_tags: {a: b}", "write not: {tags: ...}"),
    "notTags": ("notTags: {a: b}", "write not: {tags: ...}"),
    "no-vpc": ("no-vpc: a", "write not: {vpc: ...}"),
    "vpc_not": ("vpc_not: a", "write not: {vpc: ...}"),
    "an exclamation mark before the key": ("'!vpc': a", "write not: {vpc: ...}"),
    "an exclamation mark after the key": ("'tags!': {a: b}", "write not: {tags: ...}"),
    "excluded tags": ("excluded_tags: {a: b}", "write not: {tags: ...}"),
    "without, misspelt": ("without_tag: {a: b}", "write not: {tags: ...}"),
    "except": ("except: {vpc: a}", "write not: {...}"),
    "or": ("or: [{vpc: a}]", "write any: [{...}, {...}]"),
    "all": ("all: [{vpc: a}]", "write it side by side"),
    "type": ("type: ecs.g7.large", "did you mean 'instance_type'?"),
    "hostname": ("hostname: a", "did you mean 'name'?"),
    "a misspelt key": ("tagz: {a: b}", "did you mean 'tags'?"),
    "like nothing": ("color: a", "known are tags, vpc"),
    "in": ("vpc: {in: [a]}", "write the value itself, or a list of values: [a, b]"),
    "not_in": ("vpc: {not_in: [a]}", "write {not: [a, b]}"),
    "regex": ("name: {regex: a}", "write a glob: * is any text, ? is one character"),
    "absent": ("vpc: {absent: true}", "write {exists: false}"),
    "a negation mark": ("tags: {env: !prod }", "write {not: VALUE} for any other value"),
}


@pytest.mark.parametrize(("condition", "suggestion"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_is_answered_with(condition: str, suggestion: str) -> None:
    (problem,) = check(FILE + f"  - name: s\n    when: {{{condition}}}\n    role: web\n")

    assert (problem.severity, problem.line, problem.rule) == ("error", 6, "s")
    assert suggestion in problem.suggestion


IN_A_RULE = {
    "tags": ("tags: {a: b}", "conditions stand under when: when: {tags: ...}"),
    "vpc": ("vpc: a", "when: {vpc: ...}"),
    "not_tags": ("not_tags: {a: b}", "conditions stand under when; there, write not: {tags: ...}"),
    "if": ("if: {vpc: a}", "did you mean 'when'?"),
    "ignore": ("ignore: true", "write then: ignore"),
    "a misspelt key": ("whne: {vpc: a}", "did you mean 'when'?"),
}


@pytest.mark.parametrize(("key", "suggestion"), IN_A_RULE.values(), ids=IN_A_RULE)
def test_a_key_of_a_rule_is_answered_with(key: str, suggestion: str) -> None:
    (problem,) = check(FILE + f"  - name: s\n    role: web\n    {key}\n")

    assert (problem.severity, problem.line) == ("error", 7)
    assert suggestion in problem.suggestion


POLICIES = {
    "a system policy's name": ("[AliyunX]", "write {system: AliyunX}"),
    "a name as a key": ("[AliyunOSSReadOnlyAccess: ]", "write {system: AliyunOSSReadOnlyAccess}"),
    "no list": ("AliyunX", "write [{system: AliyunX}]"),
    "a template's name": ("[oss-read-only]", "write {template: oss-read-only}"),
    "a template's name as a key": ("[oss-read-only: {bucket: b}]", "write {template: oss-read-only, with: ...}"),
    "a mapping": ("{system: AliyunX}", "write - in front of each policy"),
    "policy": ("[{policy: AliyunX}]", "write {system: NAME} for a policy of Alibaba Cloud's own"),
    "inline": ("[{inline: {}}]", "did you mean 'document'?"),
}


@pytest.mark.parametrize(("policies", "suggestion"), POLICIES.values(), ids=POLICIES)
def test_policies_are_answered_with(policies: str, suggestion: str) -> None:
    (problem,) = check(f"version: 1\nroles:\n  web:\n    policies: {policies}\nrules: [{{name: r, role: web}}]\n")

    assert (problem.severity, problem.line) == ("error", 4)
    assert suggestion in problem.suggestion


def test_roles_in_a_list_are_answered_with_keys() -> None:
    (problem,) = check("version: 1\nroles: [web, db]\nrules: [{name: r, role: web}]\n")
    assert problem.suggestion == "write each as a key: {web: {}, ...}"

"""A role from a tag, where whoever may tag an instance could name any listed role: a warning, and only there."""

from __future__ import annotations

import pytest

from shared.mapping import check

FILE = "version: 1\nroles: {{web: {{}}, worker: {{}}}}\nrules:\n{before}  - name: r\n{when}    role: {role}\n"
SAID = "whoever may tag an instance chooses its role among all that are listed"
EXISTS = "tags: {ram-role: {exists: true}}"
ROLE = "${tags.ram-role}"


def warned(when: str, role: str = ROLE, before: str = "") -> list[int]:
    problems = check(FILE.format(before=before, when=f"    when: {when}\n" if when else "", role=role))
    return [problem.line for problem in problems if SAID in problem.message and problem.severity == "warning"]


@pytest.mark.parametrize(
    ("when", "role"),
    [
        pytest.param("", ROLE, id="no condition"),
        pytest.param(f"{{{EXISTS}}}", ROLE, id="the tag is there"),
        pytest.param("{tags: {ram-role: 'w*'}}", ROLE, id="a glob for the tag"),
        pytest.param("{tags: {app: web}}", ROLE, id="another tag"),
        pytest.param("{tags: {app: [web]}}", "web${tags.x}", id="a part of the name"),
        pytest.param("{tags: {a: [web]}}", "${tags.a}${tags.b}", id="one of two tags in a list"),
        pytest.param(f"{{{EXISTS}, name: web-*}}", ROLE, id="the name, which its owner writes"),
        pytest.param(f"{{{EXISTS}, vpc: {{exists: true}}}}", ROLE, id="any VPC"),
        pytest.param(f"{{{EXISTS}, vpc: vpc-*}}", ROLE, id="any VPC by a glob"),
        pytest.param(f"{{{EXISTS}, resource_group: 'rg-*'}}", ROLE, id="any resource group by a glob"),
        pytest.param(f"{{{EXISTS}, vpc: {{not: vpc-1}}}}", ROLE, id="any VPC but one"),
        pytest.param(f"{{{EXISTS}, not: {{resource_group: rg-1}}}}", ROLE, id="any resource group but one"),
        pytest.param("{any: [{vpc: vpc-1}, {tags: {a: b}}]}", ROLE, id="one way round the VPC"),
    ],
)
def test_a_rule_bound_to_nothing_is_a_warning_at_its_role(when: str, role: str) -> None:
    assert warned(when, role) == [6 if when else 5]


@pytest.mark.parametrize(
    ("when", "role"),
    [
        pytest.param(f"{{{EXISTS}}}", "web", id="no role from a tag"),
        pytest.param(f"{{{EXISTS}, vpc: vpc-1}}", ROLE, id="a VPC"),
        pytest.param(f"{{{EXISTS}, vpc: vpc-bp1*}}", ROLE, id="some VPCs"),
        pytest.param(f"{{{EXISTS}, resource_group: [rg-1, rg-2]}}", ROLE, id="resource groups"),
        pytest.param(f"{{{EXISTS}, region: cn-*}}", ROLE, id="a region"),
        pytest.param(f"{{{EXISTS}, zone: cn-hangzhou-h}}", ROLE, id="a zone"),
        pytest.param(f"{{{EXISTS}, image: m-hardened}}", ROLE, id="an image"),
        pytest.param("{tags: {ram-role: [web, worker]}}", ROLE, id="the tag's values in a list"),
        pytest.param("{tags: {RAM-Role: web}}", ROLE, id="the tag's one value"),
        pytest.param("{any: [{vpc: vpc-1, name: a}, {resource_group: rg-1}]}", ROLE, id="a bound each way"),
        pytest.param("{not: {not: {vpc: vpc-1}}}", ROLE, id="a VPC by two negations"),
    ],
)
def test_a_rule_that_is_bound_is_none(when: str, role: str) -> None:
    assert warned(when, role) == []


@pytest.mark.parametrize(
    ("before", "lines"),
    [
        pytest.param("  - {name: b, when: {vpc: {not: vpc-1}}, then: ignore}\n", [], id="takes all other VPCs"),
        pytest.param("  - {name: b, when: {vpc: vpc-2}, then: ignore}\n", [7], id="takes one other VPC"),
    ],
)
def test_the_rules_before_may_bind_it(before: str, lines: list[int]) -> None:
    assert warned(f"{{{EXISTS}}}", before=before) == lines

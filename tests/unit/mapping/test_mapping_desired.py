"""Which role an instance is to have: conditions, precedence, overrides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.mapping import load
from shared.model.instance import Desired, Instance

Build = Callable[..., Instance]
Wrap = Callable[[str], str]

MATCHES = [
    pytest.param("{tags: {app: web}}", {"tags": {"app": "web"}}, True, id="a tag's value"),
    pytest.param("{tags: {app: web}}", {"tags": {"app": "Web"}}, False, id="values compare with case"),
    pytest.param("{tags: {APP: web}}", {"tags": {"app": "web"}}, True, id="keys compare without case, in the rule"),
    pytest.param("{tags: {app: web}}", {"tags": {"App": "web"}}, True, id="keys compare without case, on the instance"),
    pytest.param("{tags: {app: web}}", {}, False, id="an absent tag has no value"),
    pytest.param('{tags: {app: ""}}', {"tags": {"app": ""}}, True, id="an empty value is a value"),
    pytest.param('{tags: {app: ""}}', {}, False, id="an absent tag is not an empty one"),
    pytest.param("{tags: {env: [prod, stag*]}}", {"tags": {"env": "staging"}}, True, id="a list holds globs"),
    pytest.param("{tags: {env: [prod, staging]}}", {"tags": {"env": "dev"}}, False, id="not in the list"),
    pytest.param("{tags: {app: web, env: prod}}", {"tags": {"app": "web"}}, False, id="all tags must match"),
    pytest.param("{tags: {app: 'web-*'}}", {"tags": {"app": "web-"}}, True, id="* matches nothing too"),
    pytest.param("{tags: {app: 'web-?'}}", {"tags": {"app": "web-"}}, False, id="? matches one character"),
    pytest.param("{tags: {app: 'w?b'}}", {"tags": {"app": "wéb"}}, True, id="? matches any one character"),
    pytest.param("{tags: {app: '*-web-*-x'}}", {"tags": {"app": "a-web-b-web-c-x"}}, True, id="several stars"),
    pytest.param("{tags: {app: 'a*'}}", {"tags": {"app": "a\nb"}}, True, id="* crosses lines"),
    pytest.param("{tags: {app: a}}", {"tags": {"app": "a\n"}}, False, id="a trailing newline counts"),
    pytest.param("{tags: {app: 'a?b'}}", {"tags": {"app": "a?b\n"}}, False, id="a glob matches the whole value"),
    pytest.param("{tags: {app: '[ab]*'}}", {"tags": {"app": "a1"}}, False, id="a bracket is no class"),
    pytest.param("{tags: {app: '[ab]*'}}", {"tags": {"app": "[ab]1"}}, True, id="a bracket is itself"),
    pytest.param("{tags: {app: '.+*'}}", {"tags": {"app": "xx"}}, False, id="a glob is no regular expression"),
    pytest.param("{tags: {app: '*'}}", {"tags": {"app": ""}}, True, id="* matches an empty tag"),
    pytest.param("{tags: {app: '*'}}", {}, False, id="* does not match an absent tag"),
    pytest.param("{tags: {app: {exists: true}}}", {"tags": {"app": ""}}, True, id="an empty tag exists"),
    pytest.param("{tags: {app: {exists: false}}}", {"tags": {"b": ""}}, True, id="exists false on an absent tag"),
    pytest.param("{tags: {app: {exists: false}}}", {"tags": {"APP": ""}}, False, id="exists false on a tag"),
    pytest.param("{tags: {app: {not: web}}}", {}, True, id="an absent tag is not web"),
    pytest.param("{tags: {app: {not: [web, db*]}}}", {"tags": {"app": "db1"}}, False, id="not any of the list"),
    pytest.param("{tags: {app: {not: {not: web}}}}", {"tags": {"app": "web"}}, True, id="not not"),
    pytest.param("{tags: {app: {not: {exists: true}}}}", {}, True, id="not exists"),
    pytest.param("{tags: {app: {exists: true, not: web}}}", {}, False, id="exists and not: absent"),
    pytest.param("{tags: {app: {exists: true, not: web}}}", {"tags": {"app": "x"}}, True, id="exists and not: other"),
    pytest.param("{vpc: vpc-bp1*}", {"vpc": "vpc-bp1x"}, True, id="vpc"),
    pytest.param("{region: cn-hangzhou}", {}, True, id="region"),
    pytest.param("{region: [cn-beijing, us-*]}", {}, False, id="another region"),
    pytest.param("{zone: 'cn-hangzhou-?'}", {"zone": "cn-hangzhou-h"}, True, id="zone"),
    pytest.param("{resource_group: rg-1}", {"resource_group": "rg-1"}, True, id="resource group"),
    pytest.param("{instance_type: ecs.g7.*}", {"instance_type": "ecs.g7.large"}, True, id="instance type"),
    pytest.param("{image: '*x64*'}", {"image": "aliyun_3_x64_20G"}, True, id="image"),
    pytest.param("{name: [a, web-*]}", {"name": "web-1"}, True, id="name"),
    pytest.param("{vpc: {exists: false}}", {}, True, id="no VPC"),
    pytest.param("{vpc: '*'}", {}, False, id="* does not match an attribute that is not there"),
    pytest.param("{vpc: {not: vpc-1}}", {}, True, id="no VPC is not vpc-1"),
    pytest.param("{any: [{vpc: a}, {tags: {b: c}}]}", {"tags": {"b": "c"}}, True, id="any: the second"),
    pytest.param("{any: [{vpc: a}, {tags: {b: c}}]}", {}, False, id="any: none"),
    pytest.param("{any: [{vpc: a, name: b}]}", {"vpc": "a"}, False, id="conditions within any are all needed"),
    pytest.param("{vpc: a, any: [{name: b}]}", {"name": "b"}, False, id="any stands beside the others"),
    pytest.param("{not: {vpc: a, name: b}}", {"vpc": "a"}, True, id="not: not all of them hold"),
    pytest.param("{not: {any: [{vpc: a}, {name: b}]}}", {"vpc": "a"}, False, id="not any"),
    pytest.param("{not: {not: {not: {vpc: a}}}}", {}, True, id="not, three deep"),
]


@pytest.mark.parametrize(("when", "fields", "matches"), MATCHES)
def test_a_rule_matches(when: str, fields: dict[str, Any], matches: bool, file_with: Wrap, an_instance: Build) -> None:
    mapping = load(file_with(f"  - {{name: only, when: {when}, role: web}}\n"))

    desired = mapping.desired(an_instance(**fields))

    assert desired == (Desired(verdict="role", rule="only", role="web") if matches else Desired(verdict="none"))


def test_a_rule_without_conditions_matches_every_instance(file_with: Wrap, an_instance: Build) -> None:
    mapping = load(file_with("  - name: all\n    role: web\n"))

    assert mapping.desired(an_instance()).role == "web"


def test_the_first_rule_that_matches_wins(file_with: Wrap, an_instance: Build) -> None:
    first = "  - {name: first, when: {tags: {a: b}}, role: web}\n"
    second = "  - {name: second, when: {name: n}, role: worker}\n"
    both = an_instance(name="n", tags={"a": "b"})

    assert load(file_with(first + second)).desired(both).rule == "first"
    assert load(file_with(second + first)).desired(both).rule == "second"
    assert load(file_with(first + second)).desired(an_instance(name="n")).rule == "second"


def test_ignore_stops_at_its_rule_and_gives_no_role(file_with: Wrap, an_instance: Build) -> None:
    rules = "  - {name: frozen, when: {tags: {x: y}}, then: ignore}\n  - {name: all, role: web}\n"

    desired = load(file_with(rules)).desired(an_instance(tags={"X": "y"}))

    assert desired == Desired(verdict="ignore", rule="frozen")


def test_a_rule_overrides_the_settings_and_no_rule_falls_back_on_them(file_with: Wrap, an_instance: Build) -> None:
    rules = (
        "  - {name: own, when: {name: own}, role: web, mode: audit, foreign_roles: keep}\n"
        "  - {name: plain, when: {name: plain}, role: web}\n"
        "settings: {mode: attach-only, foreign_roles: replace}\n"
    )
    mapping = load(file_with(rules))

    def answer(name: str) -> tuple[str, str, str]:
        desired = mapping.desired(an_instance(name=name))
        return desired.verdict, desired.mode, desired.foreign_roles

    assert answer("own") == ("role", "audit", "keep")
    assert answer("plain") == ("role", "attach-only", "replace")
    assert answer("other") == ("none", "attach-only", "replace")


def test_listed_roles_are_managed_and_no_others(file_with: Wrap) -> None:
    mapping = load(file_with("  - {name: all, role: web}\n"))

    assert mapping.is_managed("web")
    assert mapping.is_managed("worker")
    assert not mapping.is_managed("Web")
    assert not mapping.is_managed("")


def test_conditions_nest_deeply(file_with: Wrap, an_instance: Build) -> None:
    when = "{not: " * 90 + "{vpc: a}" + "}" * 90

    mapping = load(file_with(f"  - {{name: deep, when: {when}, role: web}}\n"))

    assert mapping.desired(an_instance(vpc="a")).verdict == "role"
    assert mapping.desired(an_instance(vpc="b")).verdict == "none"

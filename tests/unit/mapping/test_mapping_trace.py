"""The trace of an evaluation: it ends as the evaluation does, and each yes or no in it is the evaluation's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mapping import Mapping, load
from shared.mapping.conditions import AllOf, AnyOf, Has, Not
from shared.mapping.near_misses import near_misses
from shared.mapping.trace import Asked, leaves, trace
from shared.model.instance import Instance
from tests.unit.mapping.test_mapping_comparison_properties import MAPPING, WORLD

INSTANCES = st.sampled_from(WORLD)


@settings(max_examples=400)
@given(MAPPING, st.lists(INSTANCES, min_size=1, max_size=8))
def test_the_trace_ends_as_the_evaluation_does(mapping: Mapping, instances: list[Instance]) -> None:
    for instance in instances:
        traced = trace(mapping, instance)
        desired = mapping.desired(instance)
        assert traced.desired == desired
        assert (traced.winner.rule.name if traced.winner else "") == desired.rule
        assert [step.rule for step in traced.steps] == list(mapping.rules)
        first = next((step for step in traced.steps if step.met), None)
        assert first is traced.winner
        assert [step for step in traced.steps if step.decides] == ([first] if first else [])


@settings(max_examples=300)
@given(MAPPING, INSTANCES)
def test_each_condition_follows_from_those_in_it(mapping: Mapping, instance: Instance) -> None:
    def follows(asked: Asked) -> bool:
        inner = [part.met for part in asked.parts]
        if isinstance(asked.condition, AllOf):
            return asked.met == all(inner)
        if isinstance(asked.condition, AnyOf):
            return asked.met == any(inner)
        return not isinstance(asked.condition, Not) or asked.met != inner[0]

    def every(asked: Asked) -> bool:
        return follows(asked) and all(map(every, asked.parts))

    assert all(every(step.asked) for step in trace(mapping, instance).steps)


@settings(max_examples=200)
@given(MAPPING, INSTANCES)
def test_a_test_tells_the_value_that_it_met(mapping: Mapping, instance: Instance) -> None:
    there = {"vpc": instance.vpc or None, **{f"tags.{key}": value for key, value in instance.tags.items()}}
    for step in trace(mapping, instance).steps:
        for leaf, _ in leaves(step.asked):
            assert isinstance(leaf.condition, Has)
            assert leaf.value == there.get(leaf.condition.subject)


NEAR = {
    "case": ("tags: {env: prod}", {"env": "Prod"}, [("case", "")]),
    "a blank": ("tags: {env: prod}", {"env": "prod "}, [("white space", "")]),
    "a separator": ("tags: {team: data-core}", {"team": "data_core"}, [("separators", "")]),
    "a look-alike": ("tags: {env: prod}", {"env": "pr\u043ed"}, [("look-alike characters", "")]),
    "several": ("tags: {env: prod}", {"env": "PR\u041eD "}, [("several of these", "")]),
    "a slip": ("tags: {env: staging}", {"env": "stagign"}, [("spelling", "")]),
    "another number": ("tags: {env: prod-1}", {"env": "prod-2"}, None),
    "of a list": ("tags: {env: [test, prod]}", {"env": "PROD"}, [("case", "")]),
    "of a glob": ("tags: {app: web-*}", {"app": "WEB-1"}, [("case", "")]),
    "of an alternative": ("any: [{tags: {app: db}}, {name: web-*}]", {"app": "DB"}, [("case", "")]),
    "a key": ("tags: {ram-role: {exists: true}}", {"ram_role": "x"}, [("separators", "ram_role")]),
    "a key with a look-alike": ("tags: {env: prod}", {"\u0435nv": "prod"}, [("look-alike characters", "\u0435nv")]),
    "a key and another value": ("tags: {env: prod}", {"\u0435nv": "dev"}, None),
    "something else": ("tags: {env: prod}", {"env": "dev"}, None),
    "nothing": ("tags: {env: prod}", {}, None),
    "what must not be": ("tags: {env: {not: prod}}", {"env": "prod"}, None),
    "nearly what must not be": ("not: {tags: {env: prod}}, vpc: vpc-2", {"env": "PROD"}, None),
    "one of two": ("tags: {env: prod, app: web}", {"env": "prod", "app": "queue"}, []),
    "one of two, the other on account of nothing": ("tags: {env: prod, app: {not: web}}", {}, None),
    "two of three": ("tags: {env: prod, app: web}, vpc: vpc-2", {"env": "prod", "app": "queue"}, None),
    "near both": ("tags: {env: prod, app: web}", {"env": "PROD", "app": "web "}, [("case", ""), ("white space", "")]),
}


@pytest.mark.parametrize(("when", "tags", "found"), [pytest.param(*row, id=name) for name, row in NEAR.items()])
def test_near_misses(
    when: str,
    tags: dict[str, str],
    found: list[tuple[str, str]] | None,
    file_with: Callable[[str], str],
    an_instance: Callable[..., Instance],
) -> None:
    """None: the rule is no near miss; an empty list: one condition of several is not met."""
    mapping = load(file_with(f"  - {{name: r, when: {{{when}}}, role: web}}\n"))
    misses = near_misses(trace(mapping, an_instance(tags=tags, vpc="vpc-1")))
    told = [[(near.likeness, near.key) for near in miss.near] for miss in misses]
    assert told == ([] if found is None else [found])


def test_what_comes_after_the_rule_that_decides_is_no_near_miss(
    file_with: Callable[[str], str], an_instance: Callable[..., Instance]
) -> None:
    rules = "".join(
        f"  - {{name: {app}, when: {{tags: {{app: {app}}}}}, role: web}}\n" for app in ("webb", "web", "weba")
    )
    misses = near_misses(trace(load(file_with(rules)), an_instance(tags={"app": "web"})))
    assert [miss.step.rule.name for miss in misses] == ["webb"]

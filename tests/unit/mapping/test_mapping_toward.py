"""The shortest list of what would have to change for a role: against brute force over a small world, and in a table."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mapping import Mapping, load
from shared.mapping.toward import toward
from shared.model.instance import Instance
from tests.unit.mapping.test_mapping_comparison_properties import MAPPING, WORLD


def distance(one: Instance, other: Instance) -> int:
    """The number of subjects in which two instances of the world differ."""
    return sum(one.tags.get(key) != other.tags.get(key) for key in ("k", "r")) + (one.vpc != other.vpc)


def by_brute_force(mapping: Mapping, instance: Instance, role: str) -> int | None:
    """The fewest changes that get it the role; nobody can take the VPC of an instance away."""
    there = (other for other in WORLD if other.vpc or not instance.vpc)
    got = (other for other in there if (found := mapping.desired(other)).verdict == "role" and found.role == role)
    return min((distance(instance, other) for other in got), default=None)


@settings(max_examples=250, deadline=None)
@given(MAPPING, st.sampled_from(WORLD), st.sampled_from(["a", "b", "ab"]))
def test_the_list_is_the_shortest_and_gets_the_role(mapping: Mapping, instance: Instance, role: str) -> None:
    found = toward(mapping, instance, role)
    least = by_brute_force(mapping, instance, role)

    assert found.proven
    if least is None:
        assert not found.ways, "a way was found that brute force does not know"
    else:
        assert found.ways, "brute force finds a way"
        assert len(found.ways[0].edits) == least
    for way in found.ways:
        desired = mapping.desired(way.instance)
        assert (desired.verdict, desired.role, desired.rule) == ("role", role, way.rule)
        assert len(way.edits) == distance(instance, way.instance)
        assert all(edit.before != edit.after for edit in way.edits)


WAYS = {
    "a value": ({"env": "dev"}, "tags: {env: prod}", [("tags.env", "dev", "prod")]),
    "a tag that is not there": ({}, "tags: {env: prod}", [("tags.env", None, "prod")]),
    "a tag too many": (
        {"env": "prod", "hold": "1"},
        "tags: {env: prod, hold: {exists: false}}",
        [("tags.hold", "1", None)],
    ),
    "the key as the instance has it": ({"Env": "dev"}, "tags: {env: prod}", [("tags.env", "dev", "prod")]),
    "the beginning of a value": ({}, "tags: {app: batch-*}", [("tags.app", None, "batch-1")]),
    "the nearer of two": (
        {"a": "1", "b": "1"},
        "any: [{tags: {x: '1', y: '1'}}, {tags: {a: '1', c: '1'}}]",
        [("tags.c", None, "1")],
    ),
    "nothing": ({"env": "prod"}, "tags: {env: prod}", []),
}


@pytest.mark.parametrize(("tags", "when", "edits"), [pytest.param(*row, id=name) for name, row in WAYS.items()])
def test_ways(
    tags: dict[str, str],
    when: str,
    edits: list[tuple[str, str | None, str | None]],
    file_with: Callable[[str], str],
    an_instance: Callable[..., Instance],
) -> None:
    mapping = load(file_with(f"  - {{name: r, when: {{{when}}}, role: web}}\n"))
    (way,) = toward(mapping, an_instance(tags=tags), "web").ways
    assert [(edit.subject, edit.before, edit.after) for edit in way.edits] == edits
    assert {key for key in way.instance.tags if key in tags} == {key for key in tags if key != "hold"}


def test_an_earlier_rule_that_takes_the_instance_is_got_out_of_the_way(
    file_with: Callable[[str], str], an_instance: Callable[..., Instance]
) -> None:
    mapping = load(
        file_with(
            "  - {name: frozen, when: {tags: {rolekeeper: 'off'}}, then: ignore}\n"
            "  - {name: w, when: {tags: {app: web}}, role: web}\n"
        )
    )
    (way,) = toward(mapping, an_instance(tags={"app": "web", "rolekeeper": "off"}), "web").ways
    assert [(edit.subject, edit.after) for edit in way.edits] == [("tags.rolekeeper", None)]


def test_a_value_that_an_earlier_rule_takes_is_not_the_only_one(
    file_with: Callable[[str], str], an_instance: Callable[..., Instance]
) -> None:
    mapping = load(
        file_with(
            "  - {name: one, when: {tags: {app: web-}}, then: ignore}\n"
            "  - {name: w, when: {tags: {app: web-*, env: {not: dev}}}, role: web}\n"
        )
    )
    (way,) = toward(mapping, an_instance(tags={"app": "queue", "env": "prod"}), "web").ways
    assert [edit.subject for edit in way.edits] == ["tags.app"]
    assert way.instance.tags["app"].startswith("web-")


def test_a_way_that_moves_the_instance_comes_with_one_that_does_not(
    file_with: Callable[[str], str], an_instance: Callable[..., Instance]
) -> None:
    mapping = load(
        file_with(
            "  - {name: at home, when: {vpc: vpc-1}, role: web}\n"
            "  - {name: anywhere, when: {tags: {app: web, env: prod}}, role: web}\n"
        )
    )
    ways = toward(mapping, an_instance(vpc="vpc-2"), "web").ways
    assert [way.rule for way in ways] == ["at home", "anywhere"]
    assert not any(edit.subject == "vpc" for edit in ways[1].edits)


def test_a_search_that_is_given_up_claims_nothing(
    file_with: Callable[[str], str], an_instance: Callable[..., Instance]
) -> None:
    mapping = load(file_with("  - {name: r, when: {tags: {a: x, b: y}}, role: web}\n"))
    found = toward(mapping, an_instance(), "web", effort=3)
    assert (found.ways, found.proven) == ((), False)

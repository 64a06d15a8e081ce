"""The attributes that a mapping asks for: those of all its rules, and no change of another one changes what it wants."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping import Mapping, MappingSettings, load
from shared.mapping.conditions import ATTRIBUTES, AllOf, AnyOf, Condition, Has, Not
from shared.mapping.contents import RoleSpec, Rule
from shared.mapping.role_template import parse_role
from shared.model.instance import Instance

VALUES = ["", "a", "b"]
ATOMS: st.SearchStrategy[Condition] = st.builds(
    Has, st.sampled_from([*ATTRIBUTES, "tags.app"]), st.sampled_from([("a",), ("b",), ("*",)])
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(AllOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=6,
)
NOWHERE = Instance(instance_id="i-1", region="")
FOUND = st.fixed_dictionaries({name: st.sampled_from(VALUES) for name in ATTRIBUTES})


@given(st.lists(CONDITIONS, max_size=4), FOUND, st.data())
def test_a_change_of_what_no_rule_asks_for_changes_nothing(
    conditions: list[Condition], found: dict[str, str], data: st.DataObject
) -> None:
    rules = tuple(Rule(name=str(n), when=when, role=parse_role("web")) for n, when in enumerate(conditions))
    mapping = Mapping(roles={"web": RoleSpec()}, rules=rules, settings=MappingSettings(), hash="")
    instance = msgspec.structs.replace(NOWHERE, **found)
    others = sorted(set(ATTRIBUTES) - mapping.attributes)
    changed = {name: data.draw(st.sampled_from(VALUES)) for name in others}
    assert mapping.desired(msgspec.structs.replace(instance, **changed)) == mapping.desired(instance)


@pytest.mark.parametrize(
    ("when", "asked"),
    [
        pytest.param("{tags: {app: web}}", set(), id="tags"),
        pytest.param("{vpc: vpc-1, name: web-*}", {"vpc", "name"}, id="two"),
        pytest.param("{not: {zone: z}}", {"zone"}, id="not"),
        pytest.param("{any: [{image: i}, {tags: {a: b}, resource_group: g}]}", {"image", "resource_group"}, id="any"),
        pytest.param("{instance_type: {exists: false}}", {"instance_type"}, id="whether it is there"),
    ],
)
def test_a_mapping_knows_what_it_asks_for(file_with: Callable[[str], str], when: str, asked: set[str]) -> None:
    assert load(file_with(f"  - {{name: r, when: {when}, role: web}}\n")).attributes == asked


def test_what_a_role_requires_is_asked_for_too() -> None:
    text = "version: 1\nroles: {web: {require: {image: i-*, imdsv2: true}}}\nrules: [{name: r, when: {vpc: v}, role: web}]\n"
    assert load(text).attributes == {"vpc", "image", "http_tokens"}

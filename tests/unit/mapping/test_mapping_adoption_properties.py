"""Whatever a fleet looks like: the mapping that is learnt from it leaves it as it is, but for the exceptions that are named."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ConfigError
from shared.mapping import check, load
from shared.mapping.adoption import Adoption, adopt
from shared.mapping.conditions import Condition, Has, Not
from shared.mapping.globs import is_literal
from shared.model.instance import Instance
from shared.planning.decide import decide

NOW = datetime(2026, 12, 1, tzinfo=timezone.utc)
KEYS = st.sampled_from(["app", "env", "Team", "ram-role", "host", "a b", "key: x", "rolekeeper"])
VALUES = st.sampled_from(
    ["web", "job", "prod", "dev", "off", "yes", "a*", "x y", "'\"", "é", "", "10", "#", "i-abcdef0123"]
)
ROLES = st.sampled_from(["", "", "web", "job", "frozen", "Admin", "a.b-c"])
KIND: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "tags": st.dictionaries(KEYS, VALUES, max_size=3),
        "vpc": st.sampled_from(["", "vpc-a", "vpc-b"]),
        "zone": st.sampled_from(["z-a", "z-b"]),
        "name": st.sampled_from(["", "web-{}", "job-prod-{}", "x*-{}", "same-name", "a\nb-{}"]),
        "network": st.sampled_from(["vpc", "vpc", "vpc", "classic"]),
        "role": ROLES,
    }
)


@st.composite
def fleets(draw: st.DrawFn) -> list[Instance]:
    """Some kinds of instances, many of each, and a few whose role somebody changed."""
    kinds = draw(st.lists(KIND, min_size=1, max_size=6))
    made: list[Instance] = []
    for kind in kinds:
        for _ in range(draw(st.integers(1, 25))):
            number = len(made)
            tags = {**kind["tags"], **({"host": f"h{number}"} if "host" in kind["tags"] else {})}
            role = kind["role"] if draw(st.integers(0, 30)) else draw(ROLES)
            values = {**kind, "tags": tags, "role": role, "name": kind["name"].format(number)}
            made.append(
                Instance(instance_id=f"i-{number:04}", region="r", created_at=NOW - timedelta(days=9), **values)
            )
    return made


def learnt(fleet: list[Instance]) -> Adoption | None:
    try:
        return adopt(fleet, source="a fleet")
    except ConfigError:
        return None


def changed(text: str, fleet: list[Instance]) -> set[str]:
    """Return the ids of the instances that the engine would do something to, were the mode enforce."""
    mapping = load(text.replace("mode: audit", "mode: enforce"))
    return {
        instance.instance_id
        for instance in fleet
        if decide(
            instance,
            mapping.desired(instance),
            is_managed=mapping.is_managed,
            now=NOW,
            launch_grace=timedelta(minutes=10),
        ).action
        != "none"
    }


@settings(max_examples=120, deadline=None)
@given(fleets())
def test_nothing_is_to_do_but_for_the_exceptions(fleet: list[Instance]) -> None:
    found = learnt(fleet)
    if found is None:
        return
    assert changed(found.text, fleet) == {one.instance_id for one in found.exceptions}
    assert not changed(found.text, fleet) or "EXCEPTIONS" in found.text


@settings(max_examples=80, deadline=None)
@given(fleets())
def test_the_file_is_valid_without_a_warning_and_changes_nothing_as_it_is(fleet: list[Instance]) -> None:
    found = learnt(fleet)
    if found is None:
        return
    assert check(found.text) == ()
    assert found.mapping.settings.mode == "audit"
    assert all(rule.mode is None for rule in found.mapping.rules)


def literals(condition: Condition) -> set[str]:
    if isinstance(condition, Has):
        return set(filter(is_literal, condition.globs))
    parts = (condition.part,) if isinstance(condition, Not) else condition.parts
    return {text for part in parts for text in literals(part)}


@settings(max_examples=80, deadline=None)
@given(fleets())
def test_no_rule_asks_for_an_id_or_a_whole_name_or_gives_what_few_hold(fleet: list[Instance]) -> None:
    found = learnt(fleet)
    if found is None:
        return
    asked = {text for rule in found.mapping.rules for text in literals(rule.when)}
    assert not asked & {instance.instance_id for instance in fleet}
    assert not asked & {instance.name for instance in fleet if instance.name}
    assert not {text for text in asked if text.startswith(("h0", "h1", "i-"))}


@settings(max_examples=40, deadline=None)
@given(fleets(), st.randoms(use_true_random=False))
def test_the_order_of_the_instances_is_no_matter(fleet: list[Instance], chance: random.Random) -> None:
    shuffled = list(fleet)
    chance.shuffle(shuffled)
    found, again = learnt(fleet), learnt(shuffled)
    assert (found.text if found else "") == (again.text if again else "")

"""Overlap against brute force: over a small world, what is called unreachable is so, and what is not is reached."""

from __future__ import annotations

from itertools import product

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mapping.compiled import compile_condition
from shared.mapping.conditions import AllOf, AnyOf, Condition, Has, Not
from shared.mapping.contents import Rule
from shared.mapping.effort import Effort
from shared.mapping.globs import Globs, example, matcher
from shared.mapping.overlap import Overlap
from shared.mapping.solve import Solver
from shared.model.instance import Instance

SMALL = ["", *("".join(chars) for size in (1, 2, 3, 4) for chars in product("abz", repeat=size))]
"""Every value of up to four characters; z stands for a character that no glob names."""

GLOB = st.text("ab*?", max_size=3)
GLOBS = st.lists(GLOB, min_size=1, max_size=3).map(tuple)
ATOMS: st.SearchStrategy[Condition] = st.builds(Has, st.sampled_from(["tags.k", "vpc"]), GLOBS)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(AllOf, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=6,
)

WORTH_TRYING = ["", "a", "b", "z", "aa", "ab", "ba", "bb", "az", "bz", "za", "zb", "zz", "aab", "abz", "zzz", "bab"]
WORLD = [
    (Instance(instance_id="i", region="", vpc=vpc), {} if tag is None else {"k": tag})
    for vpc in WORTH_TRYING
    for tag in [None, *WORTH_TRYING]
]


def matches_in_the_world(conditions: list[Condition]) -> list[list[bool]]:
    """For each instance of the world, which conditions it meets."""
    predicates = [compile_condition(condition) for condition in conditions]
    return [[holds(instance, tags) for holds in predicates] for instance, tags in WORLD]


@settings(max_examples=300)
@given(st.lists(CONDITIONS, min_size=1, max_size=5))
def test_no_instance_reaches_a_rule_called_unreachable(conditions: list[Condition]) -> None:
    overlap = Overlap([Rule(name=str(n), when=condition) for n, condition in enumerate(conditions)])
    reached = {met.index(True) for met in matches_in_the_world(conditions) if True in met}

    unreachable = {index for index, _ in overlap.unreachable()}

    assert not unreachable & reached


@given(st.lists(CONDITIONS, min_size=1, max_size=4))
def test_the_rules_named_as_takers_suffice_and_stand_earlier(conditions: list[Condition]) -> None:
    overlap = Overlap([Rule(name=str(n), when=condition) for n, condition in enumerate(conditions)])

    met_by = matches_in_the_world(conditions)
    for index, cover in overlap.unreachable():
        assert all(taker < index for taker in cover)
        assert all(any(met[taker] for taker in cover) for met in met_by if met[index])


@settings(max_examples=300)
@given(CONDITIONS)
def test_a_witness_meets_the_condition_and_none_means_that_nothing_does(condition: Condition) -> None:
    values = Solver().witness([condition], Effort(1_000_000))
    holds = compile_condition(condition)

    if values is None:
        assert not any(holds(instance, tags) for instance, tags in WORLD)
    else:
        blank = Instance(instance_id="i", region="")
        instance = msgspec.structs.replace(blank, vpc=values.get("vpc", ""))
        assert holds(instance, {"k": values["tags.k"]} if "tags.k" in values else {})


@settings(max_examples=300)
@given(st.frozensets(GLOBS, max_size=2), st.frozensets(GLOBS, max_size=2), st.booleans())
def test_an_example_of_globs_fits_and_none_means_that_no_value_does(
    required: frozenset[Globs], forbidden: frozenset[Globs], empty: bool
) -> None:
    def fits(value: str) -> bool:
        wanted = all(matcher(globs)(value) for globs in required)
        return wanted and not any(matcher(globs)(value) for globs in forbidden) and (empty or value != "")

    found = example(required, forbidden, empty, Effort(1_000_000))

    assert fits(found) if found is not None else not any(map(fits, SMALL))


@given(GLOBS, st.text("ab\n", max_size=5))
def test_a_glob_matches_as_its_definition_says(globs: Globs, value: str) -> None:
    def matches(glob: str, rest: str) -> bool:
        if not glob:
            return not rest
        if glob[0] == "*":
            return any(matches(glob[1:], rest[at:]) for at in range(len(rest) + 1))
        return bool(rest) and glob[0] in ("?", rest[0]) and matches(glob[1:], rest[1:])

    assert matcher(globs)(value) == any(matches(glob, value) for glob in globs)

"""The comparison against brute force: over every instance of a small world, both files are asked, and the differences are the same."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.mapping import Mapping, load
from shared.mapping.comparison import compare
from shared.mapping.treatment import Treatment, treatment
from shared.model.instance import Instance

VALUES = ["", "a", "b", "A", "ab", "ba", "aa", "bb", "z", "az", "zb", "c", "bab", "abb", "zz"]
"""The values of a tag. z stands for each character that no glob names; A for another case."""
WORLD = [
    Instance(
        instance_id="i",
        region="",
        vpc=vpc,
        tags={key: value for key, value in (("k", k), ("r", r)) if value is not None},
    )
    for vpc, k, r in product(VALUES, [None, *VALUES], [None, *VALUES])
]

GLOB = st.sampled_from(["a", "b", "A", "ab", "*", "a*", "*b", "?", "a?", "*a*", "??", "z"])
TEXT = st.one_of(GLOB, st.just(""))


def quoted(text: str) -> str:
    return f"'{text}'"


def value(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A value of a condition, as YAML on one line."""
    plain = st.one_of(
        text.map(quoted), st.lists(text.map(quoted), min_size=1, max_size=3).map(lambda some: f"[{', '.join(some)}]")
    )
    return st.one_of(
        plain, plain.map(lambda one: f"{{not: {one}}}"), st.sampled_from(["{exists: true}", "{exists: false}"])
    )


ATOM = st.one_of(
    value(TEXT).map(lambda one: f"tags: {{k: {one}}}"),
    value(TEXT).map(lambda one: f"tags: {{R: {one}}}"),
    value(GLOB).map(lambda one: f"vpc: {one}"),
    st.tuples(value(TEXT), value(TEXT)).map(lambda two: f"tags: {{K: {two[0]}, r: {two[1]}}}"),
)
WHEN = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda some: f"any: [{', '.join(f'{{{one}}}' for one in some)}]"),
        inner.map(lambda one: f"not: {{{one}}}"),
    ),
    max_leaves=4,
)
GIVES = st.sampled_from(
    [
        "role: a",
        "role: b",
        "role: ab",
        "then: ignore",
        "role: '${tags.k}'",
        "role: '${tags.r}'",
        "role: '${tags.k}${tags.r}'",
        "role: 'a${tags.K}'",
    ]
)
MODE = st.sampled_from(["", "", "", ", mode: audit", ", foreign_roles: replace"])
RULE = st.tuples(
    st.one_of(WHEN.map(lambda when: f"when: {{{when}}}, "), WHEN.map(lambda when: f"when: {{{when}}}, "), st.just("")),
    GIVES,
    MODE,
)
RULES = st.lists(RULE, min_size=1, max_size=4)
HEAD = st.sampled_from(["{a: {}, b: {}, ab: {}}", "{a: {}, b: {}, ab: {}, bab: {}}"])
SETTINGS = st.sampled_from(["", "settings: {mode: audit}\n", "settings: {displace: [old-*]}\n"])


def mapping(head: str, rules: list[tuple[str, str, str]], settings_: str) -> Mapping:
    lines = "".join(
        f"  - {{name: r{number}, {when}{gives}{mode}}}\n" for number, (when, gives, mode) in enumerate(rules)
    )
    return load(f"version: 1\nroles: {head}\nrules:\n{lines}{settings_}")


MAPPING = st.builds(mapping, HEAD, RULES, SETTINGS)


@st.composite
def edited(draw: st.DrawFn) -> tuple[Mapping, Mapping]:
    """A file and a small change of it, as a merge request has one."""
    head, rules, settings_ = draw(HEAD), draw(RULES), draw(SETTINGS)
    after = list(rules)
    place = draw(st.integers(0, len(rules) - 1))
    kind = draw(st.sampled_from(["change", "drop", "add", "move"]))
    if kind in ("change", "add"):
        after[place : place + (kind == "change")] = [draw(RULE)]
    elif kind == "drop" and len(rules) > 1:
        del after[place]
    else:
        after.insert(draw(st.integers(0, len(rules) - 1)), after.pop(place))
    return mapping(head, rules, settings_), mapping(head, after, settings_)


def by_brute_force(old: Mapping, new: Mapping) -> set[tuple[Treatment, Treatment]]:
    pairs = {(treatment(old, instance)[1], treatment(new, instance)[1]) for instance in WORLD}
    return {(before, after) for before, after in pairs if before != after}


def agree(old: Mapping, new: Mapping) -> None:
    found = compare(old, new)
    pairs = {(one.old, one.new) for one in found.differences}

    assert found.undecided == ()
    assert by_brute_force(old, new) <= pairs, "a difference of the world was not found"
    for one in found.differences:
        for pair in one.by:
            assert treatment(old, pair.example) == (pair.old_rule, one.old)
            assert treatment(new, pair.example) == (pair.new_rule, one.new)


@settings(max_examples=60, deadline=None)
@given(MAPPING, MAPPING)
def test_two_files_differ_for_all_that_differs_in_a_small_world_and_each_example_is_true(
    old: Mapping, new: Mapping
) -> None:
    agree(old, new)


@settings(max_examples=60, deadline=None)
@given(edited())
def test_a_file_and_its_edit_too(pair: tuple[Mapping, Mapping]) -> None:
    agree(*pair)


@settings(max_examples=100, deadline=None)
@given(edited(), st.integers(0, 3_000))
def test_with_however_little_effort_what_differs_is_found_or_named_as_undecided(
    pair: tuple[Mapping, Mapping], effort: int
) -> None:
    found, whole = compare(*pair, effort=effort), compare(*pair)
    known = {(one.old, one.new) for one in found.differences} | {(one.old, one.new) for one in found.undecided}
    asked = {(one.old_rule, one.new_rule) for one in found.undecided if None in (one.old, one.new)}

    for one in whole.differences:
        assert (one.old, one.new) in known or asked & {(pair.old_rule, pair.new_rule) for pair in one.by}


@settings(max_examples=50, deadline=None)
@given(MAPPING)
def test_no_file_differs_from_itself(one: Mapping) -> None:
    found = compare(one, one)
    assert (found.differences, found.undecided) == ((), ())

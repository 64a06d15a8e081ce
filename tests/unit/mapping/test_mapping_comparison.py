"""The comparison of two mappings: what differs is told with its rules and an example; what is said to be the same is the same."""

from __future__ import annotations

import pytest

from shared.mapping import Rule, load
from shared.mapping.comparison import Comparison, Difference, compare
from shared.mapping.treatment import Treatment
from shared.model.instance import Desired

ROLES = "version: 1\nroles: {web: {}, worker: {}, batch: {}}\n"


def compared(old: str, new: str, *, effort: int = 3_000_000) -> Comparison:
    """Compare two files, of which the rules and what follows them are given."""
    return compare(load(f"{ROLES}rules:\n{old}"), load(f"{ROLES}rules:\n{new}"), effort=effort)


def told(difference: Difference) -> tuple[str, str, list[tuple[str, str]]]:
    return str(difference.old), str(difference.new), [(pair.old_rule, pair.new_rule) for pair in difference.by]


WEB = "  - {name: web, when: {tags: {app: web}}, role: web}\n"
JOBS = "  - {name: jobs, when: {tags: {kind: job}}, role: worker}\n"

SAME = {
    "the same file": (WEB, WEB),
    "another name": (WEB, WEB.replace("name: web", "name: the web tier")),
    "another order of rules that no instance meets both": (
        WEB + WEB.replace("web", "worker"),
        WEB.replace("web", "worker") + WEB,
    ),
    "one rule for two": (
        WEB + WEB.replace("name: web", "name: x").replace("app: web", "app: site"),
        WEB.replace("app: web", "app: [site, web]"),
    ),
    "a rule that is never reached": (WEB, WEB + WEB.replace("name: web", "name: x").replace("role: web", "role: batch")),
    "another way to say not": (
        "  - {name: a, when: {not: {any: [{tags: {x: '1'}}, {vpc: v}]}}, role: web}\n",
        "  - {name: a, when: {tags: {x: {not: '1'}}, vpc: {not: v}}, role: web}\n",
    ),
    "a glob that says no more": (
        "  - {name: a, when: {tags: {x: ['a*', 'ab*']}}, role: web}\n",
        "  - {name: a, when: {tags: {x: 'a*'}}, role: web}\n",
    ),
    "keys of tags in another case": (WEB, WEB.replace("app:", "APP:")),
    "a template for a list": (
        "  - {name: a, when: {tags: {r: web}}, role: web}\n  - {name: b, when: {tags: {r: batch}}, role: batch}\n",
        "  - {name: t, when: {tags: {r: [web, batch]}}, role: '${tags.r}'}\n",
    ),
    "a template of two tags": (
        "  - {name: a, when: {tags: {x: wor, y: ker}}, role: '${tags.x}${tags.y}'}\n",
        "  - {name: a, when: {tags: {x: wor, y: ker}}, role: worker}\n",
    ),
    "a mode that is that of the settings": (WEB, WEB.replace("role: web", "role: web, mode: enforce")),
    "replace, and nothing that may be displaced": (WEB, WEB.replace("role: web", "role: web, foreign_roles: replace")),
    "a mode of a rule that ignores": (
        "  - {name: a, when: {vpc: v}, then: ignore}\n",
        "  - {name: a, when: {vpc: v}, then: ignore, mode: audit}\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_what_means_the_same_is_the_same(old: str, new: str) -> None:
    assert compared(old, new) == Comparison(differences=(), undecided=())


DIFFERENT = {
    "a rule is gone": (WEB, JOBS, [
        ("role web", "no role", [("web", "")]), ("role web", "role worker", [("web", "jobs")]),
        ("no role", "role worker", [("", "jobs")]),
    ]),
    "a wider value": (WEB, WEB.replace("app: web", "app: 'web*'"), [("no role", "role web", [("", "web")])]),
    "case counts in values": (WEB, WEB.replace("app: web", "app: Web"), [
        ("role web", "no role", [("web", "")]), ("no role", "role web", [("", "web")]),
    ]),
    "an order that matters": (WEB + JOBS, JOBS + WEB, [("role web", "role worker", [("web", "jobs")])]),
    "a rule that ignores": (WEB, "  - {name: f, when: {tags: {app: web, x: 'off'}}, then: ignore}\n" + WEB, [
        ("role web", "left alone (then: ignore)", [("web", "f")]),
    ]),
    "a rule's mode": (WEB, WEB.replace("role: web", "role: web, mode: audit"), [
        ("role web", "role web (mode audit)", [("web", "web")]),
    ]),
    "the mode of the settings, where no rule matches too": (WEB, WEB + "settings: {mode: attach-only}\n", [
        ("role web", "role web (mode attach-only)", [("web", "web")]),
        ("no role", "no role (mode attach-only)", [("", "")]),
    ]),
    "foreign roles, where some may be displaced": (
        WEB + "settings: {displace: [old-*]}\n",
        WEB.replace("role: web", "role: web, foreign_roles: replace") + "settings: {displace: [old-*]}\n",
        [("role web", "role web (replaces foreign roles)", [("web", "web")])],
    ),
    "a template instead of a name": (
        WEB, "  - {name: t, when: {tags: {app: {exists: true}}}, role: '${tags.app}'}\n",
        [
            ("no role", "role batch", [("", "t")]), ("no role", "role worker", [("", "t")]),
            ("no role", "refused: a role that is not listed", [("", "t")]),
        ],
    ),
    "a tag that is missing": (
        "  - {name: t, when: {vpc: v}, role: 'w${tags.x}'}\n", "  - {name: t, when: {vpc: v}, role: web}\n",
        [
            ("role worker", "role web", [("t", "t")]), ("refused: a role that is not listed", "role web", [("t", "t")]),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_is_told_by_the_rules_on_both_sides(
    old: str, new: str, expected: list[tuple[str, str, list[tuple[str, str]]]]
) -> None:
    found = compared(old, new)

    assert sorted(map(told, found.differences)) == sorted(expected)
    assert found.undecided == ()
    assert all(difference.complete for difference in found.differences)


def test_a_role_that_is_listed_anew_is_no_longer_refused() -> None:
    rules = "rules:\n  - {name: t, when: {tags: {r: {exists: true}}}, role: '${tags.r}'}\n"
    (difference,) = compare(
        load(f"version: 1\nroles: {{a: {{}}}}\n{rules}"), load(f"version: 1\nroles: {{a: {{}}, b: {{}}}}\n{rules}")
    ).differences

    assert told(difference) == ("refused: a role that is not listed", "role b", [("t", "t")])
    assert difference.by[0].example.tags == {"r": "b"}


def test_all_that_a_rule_may_say_is_compared() -> None:
    """A new field of a rule, or of what it wants, has to find its place in a Treatment; those of roles and settings are
    found by themselves. `expired` is decided outside a mapping, by the time."""
    assert set(Rule.__struct_fields__) == {"name", "when", "role", "mode", "foreign_roles"}
    assert set(Desired.__struct_fields__) - {"rule", "expired"} == set(Treatment.__struct_fields__) - {"proof"}


def test_where_not_everybody_may_ask_for_a_role_the_tags_that_show_who_does_count() -> None:
    head = "version: 1\nroles: {web: {assignable_by: [user/alice]}}\nrules:\n"
    old = load(f"{head}  - {{name: a, when: {{tags: {{x: {{exists: true}}, y: '1'}}}}, role: web}}\n")
    new = load(
        f"{head}  - {{name: a, when: {{tags: {{x: '*', y: '1'}}, any: [{{zone: z}}, {{tags: {{y: '1'}}}}]}}, role: web}}\n"
    )
    other = load(
        f"{head}  - {{name: a, when: {{any: [{{tags: {{x: '*', y: '1', z: '2'}}}}, {{tags: {{x: '*', y: '1'}}}}]}}, role: web}}\n"
    )

    assert compare(old, new) == Comparison(differences=(), undecided=())
    (difference,) = compare(old, other).differences
    assert told(difference) == ("role web (asked for by tag x, y)", "role web (asked for by tag x, y, z)", [("a", "a")])


def test_without_effort_nothing_is_called_the_same() -> None:
    found = compared(WEB + JOBS, JOBS + WEB, effort=1)

    assert found.differences == ()
    assert ("web", "jobs") in {(question.old_rule, question.new_rule) for question in found.undecided}


def test_a_template_that_can_be_filled_in_too_many_ways_is_undecided_and_not_the_same() -> None:
    role = "a" * 40
    template = "".join(f"${{tags.{key}}}" for key in "abcdefgh")
    head = f"version: 1\nroles: {{{role}: {{}}, web: {{}}}}\nrules:\n"
    one = load(f"{head}  - {{name: t, when: {{vpc: v}}, role: '{template}'}}\n")
    other = load(f"{head}  - {{name: t, when: {{vpc: v}}, role: web}}\n")

    assert compare(one, one) == Comparison(differences=(), undecided=())
    assert f"role {role}" in {str(question.old) for question in compare(one, other).undecided}


def test_of_many_pairs_of_rules_that_do_the_same_only_some_are_named() -> None:
    each = [f"  - {{name: r{number}, when: {{tags: {{a: v{number}}}}}, role: web}}\n" for number in range(30)]

    (difference,) = compared("".join(each), "".join(each).replace("role: web", "role: batch")).differences

    assert len(difference.by) == 20
    assert not difference.complete


def test_many_roles_by_many_tags_are_compared_within_the_effort() -> None:
    """Two hundred rules that give each of two hundred roles by a tag of their own: each meets each, in 1.6 thousand million ways."""
    roles = ", ".join(f"r{number}: {{}}" for number in range(200))
    rules = [f"  - {{name: n{n}, when: {{vpc: 'v{n}*'}}, role: '${{tags.t{n}}}'}}\n" for n in range(200)]
    head = f"version: 1\nroles: {{{roles}}}\nrules:\n"
    one, turned = load(head + "".join(rules)), load(head + "".join(reversed(rules)))

    assert compare(one, one) == Comparison(differences=(), undecided=())
    found = compare(one, turned, effort=100_000)
    assert found.differences or found.undecided


def test_a_role_that_is_listed_no_longer_is_refused() -> None:
    rules = "rules:\n  - {name: t, when: {tags: {r: {exists: true}}}, role: '${tags.r}'}\n"
    (difference,) = compare(
        load(f"version: 1\nroles: {{a: {{}}, b: {{}}}}\n{rules}"), load(f"version: 1\nroles: {{a: {{}}}}\n{rules}")
    ).differences

    assert told(difference) == ("role b", "refused: a role that is not listed", [("t", "t")])

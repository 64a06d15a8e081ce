"""The comparison of two files of 200 rules: CPU seconds of each pair of shapes, and how much was undecided. Judges nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from shared.mapping import Mapping, load
from shared.mapping.comparison import compare

RULES = 200
ROLES = 20


def comparisons() -> list[dict[str, Any]]:
    """Compare files of each shape with themselves, an edit of them, their rules turned round, and another file of that shape."""
    rows = []
    for shape, when in SHAPES.items():
        old, other = _rules(when, 1), _rules(when, 2)
        pairs = {"itself": old, "an edit": _edited(old), "turned round": old[::-1], "another": other}
        for what, rules in pairs.items():
            before, after = _load(old), _load(rules)
            began = time.process_time()
            found = compare(before, after)
            rows.append(
                {
                    "shape": shape,
                    "with": what,
                    "cpu_s": round(time.process_time() - began, 3),
                    "differences": len(found.differences),
                    "undecided": len(found.undecided),
                }
            )
    return rows


def _application(chance: random.Random, number: int) -> str:
    return f"tags: {{app: app-{number}, env: {chance.choice(['prod', '[prod, staging]', 'dev-*'])}}}, vpc: vpc-{chance.randrange(5)}*"


def _tags_and_names(chance: random.Random, number: int) -> str:
    tags = f"t{chance.randrange(40)}: v{chance.randrange(3)}, env: {chance.choice(['prod', 'dev-*'])}"
    return f"tags: {{{tags}}}, name: '{chance.choice('abcd')}*-{chance.randrange(30)}'"


def _a_tag_each(chance: random.Random, number: int) -> str:
    return f"tags: {{t{number}: v}}"


def _any_and_not(chance: random.Random, number: int) -> str:
    parts = f"{{tags: {{t{chance.randrange(30)}: v{chance.randrange(3)}}}}}, {{name: 'x{chance.randrange(9)}*'}}"
    return f"any: [{parts}], not: {{tags: {{env: d{chance.randrange(9)}}}}}"


def _by_tag(chance: random.Random, number: int) -> str:
    return f"tags: {{team: t-{number // 4}*}}"


SHAPES: dict[str, Callable[[random.Random, int], str]] = {
    "an application each": _application,
    "tags and names": _tags_and_names,
    "a tag each, all of which meet": _a_tag_each,
    "any and not, which all meet": _any_and_not,
    "roles by tags": _by_tag,
}


def _rules(when: Callable[[random.Random, int], str], seed: int) -> list[str]:
    chance = random.Random(seed)

    def role(chance: random.Random, number: int) -> str:
        if when is _by_tag:
            return f"'${{tags.role-{chance.randrange(9)}}}'"
        return f"role-{chance.randrange(ROLES)}"

    return [
        f"  - {{name: r{number}, when: {{{when(chance, number)}}}, role: {role(chance, number)}}}\n"
        for number in range(RULES)
    ]


def _edited(rules: list[str]) -> list[str]:
    """As a merge request does: one rule with another role, two in another order, one gone."""
    head, _, _ = rules[10].rpartition("role: ")
    return [*rules[:10], f"{head}role: role-3}}\n", *rules[11:50], rules[51], rules[50], *rules[52:120], *rules[121:]]


def _load(rules: list[str]) -> Mapping:
    roles = ", ".join(f"role-{number}: {{}}" for number in range(ROLES))
    return load(f"version: 1\nroles: {{{roles}}}\nrules:\n{''.join(rules)}")

"""The JSON Schema for editors: up to date, and of one mind with the loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from shared.mapping import MappingError, load, schema

ROOT = Path(__file__).parents[3]
COMMITTED = ROOT / "docs" / "roles.schema.json"
REFRESH = "refresh it: rolekeeper schema > docs/roles.schema.json"

VALIDATOR = jsonschema.Draft202012Validator(schema())
HEAD = "version: 1\nroles: {web: {}, worker: }\nrules:\n"


def test_the_committed_schema_is_up_to_date() -> None:
    assert COMMITTED.read_text() == json.dumps(schema(), indent=2) + "\n", REFRESH


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_shipped_file_is_valid() -> None:
    VALIDATOR.validate(yaml.safe_load((ROOT / "roles.yaml").read_text()))


def verdicts(text: str) -> tuple[bool, bool]:
    """Whether the loader and the schema take the text."""
    document: Any = yaml.safe_load(text)
    try:
        load(text)
    except MappingError:
        return False, VALIDATOR.is_valid(document)
    return True, VALIDATOR.is_valid(document)


RULES = {
    True: [
        "role: web",
        "then: ignore",
        "when: {tags: {a: b, c: [d, 'e*'], f: {exists: true}, g: {not: [h]}, i: {not: {not: j}}}}, role: web",
        'when: {tags: {a: ""}}, role: web',
        "when: {vpc: a, region: b, zone: c, resource_group: d, instance_type: e, image: f, name: g}, role: web",
        "when: {any: [{vpc: a}, {not: {any: [{name: b}]}}]}, role: web",
        "role: web, mode: attach-only, foreign_roles: replace",
        "role: '${tags.r}'",
        "role: 'a-${tags.b c}-${tags.d}.x'",
    ],
    False: [
        "when: {vpc: a}",
        "when: {}, role: web",
        "when: , role: web",
        "role: web, then: ignore",
        "then: ignored",
        "rle: web",
        "role: Web",
        "role: ''",
        "role: 'web*'",
        "role: '${tag.r}'",
        "role: '${tags.}'",
        "role: '${tags. r}'",
        "role: '${tags.r'",
        "role: 5",
        "role: [web]",
        "role: " + "x" * 65,
        "role: web, mode: off",
        "role: web, mode: Audit",
        "role: web, foreign_roles: never",
        "when: [], role: web",
        "when: {tag: {a: b}}, role: web",
        "when: {tags: {}}, role: web",
        "when: {tags: [a]}, role: web",
        "when: {tags: {a: off}}, role: web",
        "when: {tags: {a: 1}}, role: web",
        "when: {tags: {a: }}, role: web",
        "when: {tags: {a: []}}, role: web",
        "when: {tags: {a: [1]}}, role: web",
        "when: {tags: {a: [[b]]}}, role: web",
        "when: {tags: {a: {}}}, role: web",
        "when: {tags: {a: {exists: 'true'}}}, role: web",
        "when: {tags: {a: {exist: true}}}, role: web",
        "when: {tags: {a: {not: []}}}, role: web",
        "when: {tags: {'': a}}, role: web",
        "when: {vpc: ''}, role: web",
        "when: {vpc: ['']}, role: web",
        "when: {vpc: {not: ''}}, role: web",
        "when: {any: []}, role: web",
        "when: {any: [{}]}, role: web",
        "when: {any: {vpc: a}}, role: web",
        "when: {not: {}}, role: web",
        "when: {not: [{vpc: a}]}, role: web",
    ],
}


@pytest.mark.parametrize(("valid", "rule"), [(valid, rule) for valid, rules in RULES.items() for rule in rules])
def test_loader_and_schema_agree_on_a_rule(valid: bool, rule: str) -> None:
    assert verdicts(HEAD + "  - {name: r, " + rule + "}\n") == (valid, valid)


FILES = {
    True: [
        "roles: {a.b-1: {description: x, policies: [{template: t}, {system: S}, {document: {Version: '1'}, name: N}]}}",
        "roles: {a: {policies: [{template: t, with: {b: c, d: [e, f]}}]}}",
        "settings: {}",
        "settings: {displace: [legacy-*, a.b, 'x*', '*-old']}",
        "settings: {launch_grace: 0, brake: {max_removals: 0%, at_least: 0}}",
        "settings: {launch_grace: 1h30m, brake: {max_removals: 100%}, mode: audit, record_unchanged: false}",
    ],
    False: [
        "version: 2",
        "version: '1'",
        "version: ",
        "roles: {}",
        "roles: [a]",
        "roles: {A: {}}",
        "roles: {a_b: {}}",
        "roles: {a: text}",
        "roles: {a: {polices: []}}",
        "roles: {a: {policies: []}}",
        "roles: {a: {policies: [{}]}}",
        "roles: {a: {policies: [{template: t, system: S}]}}",
        "roles: {a: {policies: [{system: S, with: {b: c}}]}}",
        "roles: {a: {policies: [{template: t, name: N}]}}",
        "roles: {a: {policies: [{template: T}]}}",
        "roles: {a: {policies: [{template: t, with: {b: 1}}]}}",
        "roles: {a: {policies: [{template: t, with: {}}]}}",
        "roles: {a: {policies: [{document: {}}]}}",
        "roles: {a: {policies: [{document: {Version: 1}}]}}",
        "rules: []",
        "rules: {}",
        "rules: [{then: ignore}]",
        "rules: [{name: '', then: ignore}]",
        "rules: [{name: ' a', then: ignore}]",
        "rules: [5]",
        "settings: ",
        "settings: {mod: audit}",
        "settings: {displace: []}",
        "settings: {displace: legacy}",
        "settings: {displace: ['*']}",
        "settings: {displace: ['*-*.']}",
        "settings: {displace: [Legacy]}",
        "settings: {displace: ['legacy-?']}",
        "settings: {launch_grace: 90}",
        "settings: {launch_grace: 1d}",
        "settings: {launch_grace: ''}",
        "settings: {brake: {max_removals: 0.2}}",
        "settings: {brake: {max_removals: 101%}}",
        "settings: {brake: {at_least: -1}}",
        "settings: {brake: {at_least: '1'}}",
        "settings: {record_unchanged: 'yes'}",
        "setings: {}",
    ],
}


@pytest.mark.parametrize(("valid", "part"), [(valid, part) for valid, parts in FILES.items() for part in parts])
def test_loader_and_schema_agree_on_a_file(valid: bool, part: str) -> None:
    parts = {"version": "version: 1", "roles": "roles: {a: }", "rules": "rules: [{name: r, then: ignore}]"}
    parts[part.partition(":")[0]] = part

    assert verdicts("\n".join(parts.values()) + "\n") == (valid, valid)


@pytest.mark.parametrize("missing", ["version", "roles", "rules"])
def test_loader_and_schema_agree_that_a_file_needs(missing: str) -> None:
    parts = {"version": "version: 1", "roles": "roles: {a: }", "rules": "rules: [{name: r, then: ignore}]"}
    del parts[missing]

    assert verdicts("\n".join(parts.values()) + "\n") == (False, False)

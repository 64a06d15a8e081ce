"""Patterns in place of more roles than policies hold: the functions work under them everywhere, and still attach listed roles alone."""

from __future__ import annotations

import json

import pytest

from fakecloud.identity import ACCOUNT
from shared.mapping import load
from shared.policies import execution_policies, member_policies
from shared.policies.limits import MAX_CUSTOM
from tests.functional.permissions.estate import FAR, HOME, MEMBER, PLACES, PROJECT, Estate

RULES = f"""\
version: 1
roles: {{web: , {"".join(f"web-application-{number:05}: , " for number in range(600))}}}
rules:
  - {{name: by app, when: {{tags: {{app: web}}}}, role: web}}
  - {{name: by role, when: {{vpc: {{exists: true}}, tags: {{role: {{exists: true}}}}}}, role: "${{tags.role}}"}}
"""
PATTERNS = RULES + "settings: {role_patterns: [web*]}\n"
UNLISTED = "web-of-somebody-else"

patterned = pytest.mark.parametrize("estate", [{"rules": PATTERNS}], indirect=True, ids=[""])


def count(rules: str) -> tuple[int, int]:
    mapping = load(rules)
    own = execution_policies(mapping, account_id=ACCOUNT, region=HOME, project=PROJECT)
    return len(own), len(member_policies(mapping, account_id=MEMBER, regions=[HOME, FAR]))


def test_one_pattern_stands_for_all_the_roles_that_it_covers() -> None:
    assert count(PATTERNS) == (1, 1)
    assert min(count(RULES)) > MAX_CUSTOM


@patterned
def test_roles_covered_by_a_pattern_are_attached_and_taken_off_in_every_place(estate: Estate) -> None:
    estate.timer()
    assert estate.right() == set(PLACES)
    for place, instance in estate.made.items():
        instance.tags = {"role": "web-application-00599"}
        estate.cloud.ram.put_role(place.account_id, "web-application-00599")
    estate.timer()
    assert {instance.role for instance in estate.made.values()} == {"web-application-00599"}
    for instance in estate.made.values():
        instance.tags = {}
    estate.timer()
    assert {instance.role for instance in estate.made.values()} == {""}


@patterned
def test_a_role_of_that_beginning_that_is_not_listed_is_neither_attached_nor_taken_off(estate: Estate) -> None:
    held, *others = estate.made.values()
    held.role, held.tags = UNLISTED, {}
    for place, instance in estate.made.items():
        estate.cloud.ram.put_role(place.account_id, UNLISTED)
        instance.tags = {} if instance is held else {"role": UNLISTED}
    estate.timer()
    assert (held.role, {instance.role for instance in others}) == (UNLISTED, {""})
    assert {record["reason"] for record in estate.records() if record["action"] != "run"} == {"role-not-listed"}
    assert not any(
        UNLISTED in json.dumps(call.params) for call in estate.cloud.calls if call.action.startswith("Attach")
    )

"""Commands on a machine that has not the key for notes: what needs it is left to the functions, and never done another way."""

from __future__ import annotations

import pytest

from fakecloud.cloud import Cloud
from fakecloud.ecs.models import Instance
from fakecloud.identity import ACCOUNT
from shared.proof import Key, Place, sign
from tests.functional.cli.operator import REGION, RULES, Command, make, records, written

KEY = "0123456789abcdef" * 4
NOTE = "rolekeeper-displaced-role"
REPLACING = RULES.replace("settings: {", "settings: {foreign_roles: replace, displace: [foreign], ")


@pytest.fixture(autouse=True)
def _replacing(rolekeeper: Command) -> None:
    from pathlib import Path

    Path("roles.yaml").write_text(REPLACING)


def noted(cloud: Cloud, instance: Instance, key: str = KEY) -> Instance:
    place = Place(account_id=ACCOUNT, region=REGION, instance_id=instance.instance_id)
    cloud.ecs.owner(instance).tag(instance, NOTE, sign([Key(key)], place, "foreign"))
    return instance


def kinds(cloud: Cloud) -> dict[str, Instance]:
    return {
        "to be displaced": make(cloud, 1, "web", role="foreign")[0],
        "to be put back": noted(cloud, make(cloud, 1, role="web")[0]),
        "without a role": noted(cloud, make(cloud, 1)[0]),
        "not ours": make(cloud, 1, role="worker")[0],
        "in sync": noted(cloud, make(cloud, 1, "web", role="web")[0]),
        "missing": make(cloud, 1, "web")[0],
    }


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("words", [["reconcile"], ["remediate", "--all"]], ids=" ".join)
def test_without_the_key_those_are_refused_alone(
    cloud: Cloud, rolekeeper: Command, words: list[str], dry_run: bool
) -> None:
    made = kinds(cloud)
    cloud.ecs.owner(made["not ours"]).tag(made["not ours"], NOTE, "foreign")
    ran = rolekeeper(*words, "--json", "--lift-brake", *(["--dry-run"] if dry_run else []))
    assert ran.code == 1
    refused = {c["instance_id"]: c for c in ran.json()["changes"] if c["reason"] == "no-proof-key"}
    assert set(refused) == {made[k].instance_id for k in ("to be displaced", "to be put back", "without a role")}
    assert all("ROLEKEEPER_PROOF_KEYS" in c["error_message"] for c in refused.values())
    assert (written(cloud) == 0) == dry_run
    after = {name: i.role for name, i in made.items()}
    assert (after["to be displaced"], after["to be put back"], after["without a role"]) == ("foreign", "web", "")
    if not dry_run:
        assert (after["not ours"], after["in sync"], after["missing"]) == ("", "web", "web")
        assert {r["reason"] for r in records(cloud) if r.get("instance_id") == made["not ours"].instance_id} == {
            "note-not-proven"
        }


def test_with_the_key_a_command_does_what_the_functions_do(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLEKEEPER_PROOF_KEYS", KEY)
    made = kinds(cloud)
    ran = rolekeeper("remediate", "--all", "--json", "--lift-brake")
    assert ran.code == 0
    after = {name: i.role for name, i in made.items()}
    assert after == {
        "to be displaced": "web",
        "to be put back": "foreign",
        "without a role": "foreign",
        "not ours": "",
        "in sync": "web",
        "missing": "web",
    }
    assert KEY not in ran.out + ran.err


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("keys", "signed"),
    [
        pytest.param("o" * 64, KEY, id="keys of another deployment"),
        pytest.param(KEY, "n" * 64, id="the functions sign with a newer key already"),
    ],
)
def test_a_note_of_a_key_that_this_machine_has_not_is_left_to_the_functions(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, keys: str, signed: str, dry_run: bool
) -> None:
    """It may be genuine: to take the role off plainly would lose the displaced one."""
    monkeypatch.setenv("ROLEKEEPER_PROOF_KEYS", keys)
    held, bare, made_up = make(cloud, 1, role="web")[0], make(cloud, 1)[0], make(cloud, 1, role="web")[0]
    for instance in (held, bare):
        noted(cloud, instance, signed)
    cloud.ecs.owner(made_up).tag(made_up, NOTE, f"foreign:{Key(keys).id}:AAAAAAAAAAAAAAAAAAAAAA")
    ran = rolekeeper("remediate", "--all", "--json", "--lift-brake", *(["--dry-run"] if dry_run else []))
    assert ran.code == 1
    changes = {c["instance_id"]: c for c in ran.json()["changes"]}
    assert {changes[i.instance_id]["reason"] for i in (held, bare)} == {"no-proof-key"}
    assert f"signed with key {Key(signed).id}, which is not listed" in changes[held.instance_id]["error_message"]
    assert (held.role, bare.role, changes[made_up.instance_id]["reason"]) == ("web", "", "note-not-proven")


@pytest.mark.parametrize(
    ("rules", "key", "warned"),
    [
        pytest.param(REPLACING, "", True, id="replace and displace, no key"),
        pytest.param(REPLACING, KEY, False, id="a key"),
        pytest.param(RULES, "", False, id="nothing is displaced"),
    ],
)
def test_validate_warns_where_a_key_is_needed_and_none_is_at_hand(
    rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, rules: str, key: str, warned: bool
) -> None:
    from pathlib import Path

    Path("roles.yaml").write_text(rules)
    monkeypatch.setenv("ROLEKEEPER_PROOF_KEYS", key)
    ran = rolekeeper("validate", "roles.yaml")
    warnings = ran.out.count("warning: ")
    assert (ran.code, "warning: settings.displace: ROLEKEEPER_PROOF_KEYS" in ran.out) == (0, warned)
    assert f", {warnings} warning" in ran.out, "each is counted"

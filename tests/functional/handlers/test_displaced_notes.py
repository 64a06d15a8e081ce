"""The note of a displaced role: nothing is put back on the word of a tag that we cannot be proven to have written there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from fakecloud.identity import ACCOUNT
from shared.proof import Key, Place, seal, sign
from tests.functional.handlers.world import NOTE, PROOF_KEY, REGION, RULES, World, tagged, timer

ATTACH, DETACH, TAG, UNTAG = "AttachInstanceRamRole", "DetachInstanceRamRole", "TagResources", "UntagResources"
ANOTHER_KEY = "fedcba9876543210" * 4
KEYS = [Key(PROOF_KEY)]


def displaced(world: World) -> Instance:
    """An instance whose foreign role we have displaced, and that no rule gives a role any more."""
    world.map(foreign="replace", shown=True)
    instance = world.instance("web", role="foreign")
    world.run("tags_changed", tagged([instance.instance_id]))
    assert (instance.role, instance.tags[NOTE]) == ("web", world.note(instance, "foreign"))
    world.tag(instance, None, "app")
    return instance


def at(instance_id: str, role: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return sign(KEYS, Place(account_id=account, region=region, instance_id=instance_id), role)


ATTACKS: dict[str, Callable[[str], str]] = {
    "a bare name": lambda name: "foreign",
    "empty": lambda name: "",
    "no role's name": lambda name: "nope!",
    "the form of ours, made up": lambda name: "foreign:abcdef:AAAAAAAAAAAAAAAAAAAAAA",
    "our key's id, made up": lambda name: f"foreign:{KEYS[0].id}:AAAAAAAAAAAAAAAAAAAAAA",
    "of another instance": lambda name: at("i-another", "foreign"),
    "of another region": lambda name: at(name, "foreign", region="cn-beijing"),
    "of another account": lambda name: at(name, "foreign", account="42"),
    "ours, with another role": lambda name: at(name, "other").replace("other", "foreign", 1),
    "of another key": lambda name: sign([Key(ANOTHER_KEY)], Place(account_id=ACCOUNT, region=REGION, instance_id=name), "foreign"),
    "a seal": lambda name: f"foreign:{seal(KEYS, b'foreign')}",
    "with a blank": lambda name: at(name, "foreign") + " ",
    "shortened": lambda name: at(name, "foreign")[:-1],
    "in upper case": lambda name: at(name, "foreign").upper(),
}  # fmt: skip


@pytest.mark.each_value
@pytest.mark.parametrize("by", ["tags_changed", "reconcile"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_note_that_is_not_ours_is_as_good_as_none_and_recorded(world: World, attack: str, by: str) -> None:
    world.map(shown=True)
    instance = world.instance(role="web")
    world.tag(instance, ATTACKS[attack](instance.instance_id))
    run = world.run(by, tagged([instance.instance_id]) if by == "tags_changed" else timer())
    assert run.error is None
    assert (instance.role, ATTACH in run.calls, TAG in run.calls, UNTAG in run.calls) == ("", False, False, False)
    record = world.record(instance.instance_id)
    assert (record["outcome"], record["reason"]) == ("detached", "note-not-proven")
    assert NOTE in record["error_message"]
    again = world.run(by, tagged([instance.instance_id]) if by == "tags_changed" else timer())
    assert (again.error, instance.role, ATTACH in again.calls) == (None, "", False)


@pytest.mark.each_value
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("held", ["", "foreign"])
def test_nor_does_it_attach_or_remove_anything_elsewhere(world: World, attack: str, held: str) -> None:
    world.map(shown=True)
    instance = world.instance(role=held)
    world.tag(instance, ATTACKS[attack](instance.instance_id))
    run = world.run("reconcile", timer())
    assert (instance.role, NOTE in instance.tags) == (held, True)
    assert not {ATTACH, DETACH, TAG, UNTAG} & set(run.calls)


@pytest.mark.parametrize("displace", ["", "displace: [other-*], "], ids=["no displace", "another displace"])
def test_without_displace_no_foreign_role_is_taken_off_or_put_on(world: World, displace: str) -> None:
    """Nothing named is nothing allowed, never everything."""
    world.map(RULES.replace("displace: [foreign], ", displace), foreign="replace", shown=True)
    made = {
        "foreign": world.instance("web", role="foreign"),
        "noted": world.instance(role="web"),
        "bare": world.instance(),
    }
    for instance in made.values():
        world.tag(instance, world.note(instance, "foreign"))
    run = world.run("reconcile", timer())
    assert run.error is None
    assert {name: i.role for name, i in made.items()} == {"foreign": "foreign", "noted": "", "bare": ""}
    assert ATTACH not in run.calls


def test_the_shipped_mapping_gives_no_role_on_the_word_of_a_tag(world: World) -> None:
    world.map(RULES.replace("displace: [foreign], ", "").replace(", foreign_roles: replace", ""), shown=True)
    instance = world.instance(role="worker")
    world.tag(instance, "foreign")
    run = world.run("reconcile", timer())
    assert (instance.role, ATTACH in run.calls) == ("", False)


@pytest.mark.parametrize(
    ("keys", "after"),
    [
        pytest.param(PROOF_KEY, "foreign", id="the same key"),
        pytest.param(f"{ANOTHER_KEY},{PROOF_KEY}", "foreign", id="a new one signs, the old one still verifies"),
        pytest.param(ANOTHER_KEY, "", id="the old one taken away too early"),
        pytest.param("", "", id="no key any more"),
    ],
)
def test_keys_are_rotated(world: World, keys: str, after: str) -> None:
    instance = displaced(world)
    world.env.setenv("ROLEKEEPER_PROOF_KEYS", keys)
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert (run.error, instance.role) == (None, after)
    record = world.records()[-1]
    assert record["reason"] == ("put-back" if after else "note-not-proven")
    assert (NOTE in instance.tags) == (not after), "what is not proven is not ours to remove"


def test_after_a_rotation_new_notes_are_of_the_new_key(world: World) -> None:
    world.map(foreign="replace")
    world.env.setenv("ROLEKEEPER_PROOF_KEYS", f"{ANOTHER_KEY}, {PROOF_KEY}")
    instance = world.instance("web", role="foreign")
    world.run("tags_changed", tagged([instance.instance_id]))
    assert instance.tags[NOTE] == world.note(instance, "foreign", key=ANOTHER_KEY)


def test_functions_without_a_key_displace_without_a_note_and_put_nothing_back(world: World) -> None:
    world.map(foreign="replace", shown=True)
    world.env.setenv("ROLEKEEPER_PROOF_KEYS", "")
    instance = world.instance("web", role="foreign")
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert (instance.role, NOTE in instance.tags, TAG in run.calls) == ("web", False, False)
    world.tag(instance, None, "app")
    world.tag(instance, world.note(instance, "foreign"))
    assert world.run("tags_changed", tagged([instance.instance_id])).error is None
    assert instance.role == ""


def test_a_note_that_was_copied_back_serves_the_same_instance_again(world: World) -> None:
    """What the signature cannot tell: docs/security.md says so."""
    instance = displaced(world)
    kept = instance.tags[NOTE]
    world.run("tags_changed", tagged([instance.instance_id]))
    assert (instance.role, NOTE in instance.tags) == ("foreign", False)
    world.hold(instance, "")
    world.tag(instance, kept)
    world.run("tags_changed", tagged([instance.instance_id]))
    assert instance.role == "foreign"


GONE_FOR_GOOD: dict[str, dict[str, Any]] = {
    "the role is no more": {"code": "InvalidRamRole.NotFound", "status": 404},
    "it is no role for ECS": {"code": "InvalidRamRole.NotEcsRole", "status": 404},
    "we may not pass it": {"code": "InvalidUser.PassRoleForbidden", "status": 403},
    "we may not attach it": {"code": "Forbidden.RAM", "status": 403},
}


@pytest.mark.each_value
@pytest.mark.parametrize("held", ["web", ""], ids=["in place of a listed role", "in place of none"])
@pytest.mark.parametrize("why", GONE_FOR_GOOD)
def test_a_role_that_is_refused_for_good_is_given_up_at_once(world: World, why: str, held: str) -> None:
    """No listed role comes back, and nothing is tried run after run."""
    instance = displaced(world)
    world.hold(instance, held)
    world.cloud.faults.add("error", action=ATTACH, count=None, **GONE_FOR_GOOD[why])
    run = world.run("reconcile", timer())
    assert run.error is None
    record = world.records()[-2]
    assert (record["outcome"], record["reason"]) == ("detached" if held else "failed", "put-back")
    assert (record["error_code"], "foreign" in record["error_message"]) == (GONE_FOR_GOOD[why]["code"], True)
    assert (instance.role, NOTE in instance.tags) == ("", False)
    again = world.run("reconcile", timer())
    assert not {ATTACH, DETACH, TAG, UNTAG} & set(again.calls)


@pytest.mark.each_value
@pytest.mark.parametrize("by", ["tags_changed", "reconcile"])
@pytest.mark.parametrize(
    ("kind", "how"),
    [
        pytest.param("5xx", {}, id="broken"),
        pytest.param("throttle", {}, id="throttled"),
        pytest.param("reset", {}, id="no answer"),
        pytest.param("empty", {}, id="an empty answer"),
        pytest.param("error", {"code": "OperationDenied", "status": 403}, id="a code of the instance's"),
    ],
)
def test_while_attach_fails_throughout_the_note_stays_and_the_next_look_goes_on(
    world: World, kind: Any, how: dict[str, Any], by: str
) -> None:
    instance = displaced(world)
    event = tagged([instance.instance_id]) if by == "tags_changed" else timer()
    world.cloud.faults.add(kind, action=ATTACH, count=None, **how)
    for _ in range(3):
        run = world.run(by, event)
        assert (instance.role, NOTE in instance.tags) == ("", True)
        told = [r for r in world.records() if r.get("instance_id") == instance.instance_id][-1]
        assert (told["outcome"], told["reason"]) in (("retrying", "put-back"), ("failed", "put-back"))
        assert (run.error is not None) == (told["outcome"] == "retrying")
    assert told["outcome"] == ("failed" if kind == "error" else "retrying")
    world.cloud.faults.clear()
    assert world.run("reconcile", timer()).error is None
    assert (instance.role, NOTE in instance.tags) == ("foreign", False)


@pytest.mark.each_value
@pytest.mark.parametrize("by", ["tags_changed", "reconcile"])
@pytest.mark.parametrize("lost", [ATTACH, DETACH])
@pytest.mark.parametrize("kind", ["5xx", "reset", "empty"])
def test_a_note_stays_while_nobody_can_say_which_role_is_on_the_instance(
    world: World, kind: Any, lost: str, by: str
) -> None:
    """Neither the write nor the read after it is answered: the displaced role may be off."""
    world.map(foreign="replace", shown=True)
    instance = world.instance("web", role="foreign")

    def no_answer() -> None:
        for action in (lost, "DescribeInstanceRamRole"):
            world.cloud.faults.add(kind, action=action, count=None)

    world.before(lost, no_answer)
    run = world.run(by, tagged([instance.instance_id]) if by == "tags_changed" else timer())
    assert run.error is not None
    assert instance.tags[NOTE] == world.note(instance, "foreign")
    world.cloud.faults.clear()
    world.run("reconcile", timer())
    assert (instance.role, NOTE in instance.tags) == ("web", True)
    world.tag(instance, None, "app")
    world.run("reconcile", timer())
    assert (instance.role, NOTE in instance.tags) == ("foreign", False)


def test_a_note_that_could_not_be_removed_is_removed_by_the_next_look(world: World) -> None:
    instance = displaced(world)
    world.cloud.faults.add("throttle", action=UNTAG)
    world.run("tags_changed", tagged([instance.instance_id]))
    assert (instance.role, NOTE in instance.tags) == ("foreign", True)
    assert world.run("tags_changed", tagged([instance.instance_id])).error is None
    assert (instance.role, NOTE in instance.tags) == ("foreign", False)


LEFT_OVER = {
    "it was put back by hand": "foreign", "somebody attached another foreign role": "unnamed",
}  # fmt: skip


@pytest.mark.parametrize("how", LEFT_OVER)
def test_a_note_that_is_left_over_puts_nothing_back_later(world: World, how: str) -> None:
    world.cloud.ram.put_role(ACCOUNT, "unnamed")
    instance = displaced(world)
    world.hold(instance, LEFT_OVER[how])
    run = world.run("reconcile", timer())
    assert (run.error, instance.role, NOTE in instance.tags) == (None, LEFT_OVER[how], False)
    assert not {ATTACH, DETACH} & set(run.calls)
    world.hold(instance, "")
    world.run("reconcile", timer())
    assert instance.role == ""


def test_a_note_outlives_a_change_of_the_rule(world: World) -> None:
    instance = displaced(world)
    world.tag(instance, "worker", "app")
    world.run("tags_changed", tagged([instance.instance_id]))
    assert (instance.role, NOTE in instance.tags) == ("worker", True)
    world.tag(instance, None, "app")
    world.run("tags_changed", tagged([instance.instance_id]))
    assert (instance.role, NOTE in instance.tags) == ("foreign", False)


def test_what_is_displaced_again_has_a_note_of_its_own(world: World) -> None:
    """Somebody put a second foreign role on meanwhile: that one comes back."""
    world.map(RULES.replace("[foreign]", "[foreign, unnamed]"), foreign="replace", shown=True)
    world.cloud.ram.put_role(ACCOUNT, "unnamed")
    instance = world.instance("web", role="unnamed")
    world.tag(instance, world.note(instance, "foreign"))
    world.run("tags_changed", tagged([instance.instance_id]))
    assert (instance.role, instance.tags[NOTE]) == ("web", world.note(instance, "unnamed"))
    world.tag(instance, None, "app")
    world.run("tags_changed", tagged([instance.instance_id]))
    assert instance.role == "unnamed"


def test_keys_are_in_no_record_no_line_and_no_tag(world: World) -> None:
    instance = displaced(world)
    world.run("tags_changed", tagged([instance.instance_id]))
    world.env.setenv("ROLEKEEPER_PROOF_KEYS", f"{PROOF_KEY},short-q7Zp")
    run = world.run("tags_changed", tagged([instance.instance_id]))
    told = [*world.printed, str(run.error), str(world.records()), str(instance.tags)]
    assert "ROLEKEEPER_PROOF_KEYS: key 2 of 2" in str(run.error)
    assert not any(PROOF_KEY in text or "q7Zp" in text for text in told)

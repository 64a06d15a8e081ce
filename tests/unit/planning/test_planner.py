"""What the planner makes of one instance: whether it is asked for, whether its role must be read, how a note is signed and judged."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, get_args

import pytest

from shared.mapping import Mapping, load
from shared.model.decision import Drift, Outcome, Reason
from shared.model.instance import DISPLACED_TAG, Instance
from shared.model.plan import Change
from shared.model.trigger import Selection, Trigger
from shared.planning.planner import Planner, Signing
from shared.proof import Key, Place, sign

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
CREATED = Trigger(kind="created", source="state_change")
KEY, OTHER = Key("k" * 32), Key("o" * 32)
RULES = """
version: 1
roles: {web: , worker: , legacy-listed: }
rules:
  - {name: frozen, when: {tags: {app: "off"}}, then: ignore}
  - {name: by tag, when: {tags: {ram-role: {exists: true}}}, role: "${tags.ram-role}"}
  - {name: trial, when: {tags: {app: trial}}, role: web, mode: audit}
  - {name: w, when: {tags: {app: web}}, role: web}
"""
DISPLACES = load(f"{RULES}settings: {{foreign_roles: replace, displace: [legacy-*]}}\n")
KEEPS = load(RULES)
WEB = {"app": "web"}
OURS = Place(account_id="1", region="cn-hangzhou", instance_id="i-1")


def one(note: str | None = None, **given: Any) -> Instance:
    tags = given.pop("tags", {}) | ({} if note is None else {DISPLACED_TAG: note})
    return Instance(**{"instance_id": "i-1", "region": "cn-hangzhou", "tags": tags, **given})


def note(key: Key = KEY, place: Place = OURS, role: str = "legacy-1") -> str:
    return sign((key,), place, role)


def planner(mapping: Mapping = DISPLACES, *, operated: bool = False, **given: Any) -> Planner:
    return Planner(mapping, Signing(account_id="1", keys=(KEY,), operated=operated), lambda: NOW, **given)


@pytest.mark.parametrize(
    ("mapping", "text", "verdict"),
    [
        pytest.param(DISPLACES, None, None, id="no note"),
        pytest.param(DISPLACES, note(), ("proven", "legacy-1"), id="ours"),
        pytest.param(
            DISPLACES,
            note(place=Place(account_id="1", region="cn-hangzhou", instance_id="i-2")),
            ("false", ""),
            id="of another instance",
        ),
        pytest.param(
            DISPLACES,
            note(place=Place(account_id="1", region="cn-beijing", instance_id="i-1")),
            ("false", ""),
            id="of another region",
        ),
        pytest.param(
            DISPLACES,
            note(place=Place(account_id="2", region="cn-hangzhou", instance_id="i-1")),
            ("false", ""),
            id="of another account",
        ),
        pytest.param(DISPLACES, note(OTHER), ("unknown", ""), id="of another key"),
        pytest.param(KEEPS, note(), None, id="roles.yaml displaces none"),
    ],
)
def test_a_note_is_judged_for_its_place(mapping: Mapping, text: str | None, verdict: tuple[str, str] | None) -> None:
    found = Signing(account_id="1", keys=(KEY,)).note(one(text), mapping)
    assert (found and (found.verdict, found.role)) == verdict


@pytest.mark.parametrize("keys", [(), (KEY,)], ids=["no key", "a key"])
@pytest.mark.parametrize("role", ["legacy-1", "worker", ""])
def test_a_note_is_written_where_a_foreign_role_is_displaced(role: str, keys: tuple[Key, ...]) -> None:
    made = Planner(DISPLACES, Signing(account_id="1", keys=keys), lambda: NOW)
    change = made.change(one(tags={"app": "web"}, role=role))
    assert change.action == ("swap" if role else "attach")
    assert change.note == (note() if role == "legacy-1" and keys else "")


@pytest.mark.parametrize(
    ("tags", "text", "operated", "needed"),
    [
        pytest.param({"app": "web"}, None, False, True, id="a rule gives one"),
        pytest.param({"ram-role": "web"}, None, False, True, id="a tag gives one"),
        pytest.param({"ram-role": "x"}, None, False, True, id="it is to be named in a refusal"),
        pytest.param({"app": "off"}, None, False, False, id="ignored"),
        pytest.param({}, None, False, False, id="no rule"),
        pytest.param({}, note(), False, True, id="one is to be given back"),
        pytest.param({}, "x", True, False, id="a note that counts for nothing"),
        pytest.param({}, note(OTHER), False, False, id="a note that no key judges"),
        pytest.param({}, note(OTHER), True, True, id="a note that the functions may judge"),
    ],
)
def test_the_role_is_read_only_where_it_matters(
    tags: dict[str, str], text: str | None, operated: bool, needed: bool
) -> None:
    assert planner(operated=operated).needs_role(one(text, tags=tags)) == needed


@pytest.mark.parametrize(
    ("selection", "may_be", "planned"),
    [
        pytest.param(Selection(), True, True, id="all"),
        pytest.param(
            Selection(rule="w", role="web", drift="missing", tags={"app": "web"}), True, True, id="by everything"
        ),
        pytest.param(Selection(rule="by tag"), False, False, id="another rule"),
        pytest.param(Selection(tags={"app": "x"}), False, False, id="another tag"),
        pytest.param(Selection(role="worker"), True, False, id="a role that it neither has nor is to have"),
        pytest.param(Selection(drift="orphaned"), True, False, id="another drift"),
        pytest.param(Selection(role="XXXX"), True, False, id="a role that nobody has"),
    ],
)
def test_who_is_asked_for(selection: Selection, may_be: bool, planned: bool) -> None:
    made, instance = planner(selection=selection), one(tags={"app": "web"})
    assert made.selection == selection
    assert made.may_be_selected(instance) == may_be
    plan = made.plan([instance])
    assert bool(plan.changes) == planned
    assert made.change(instance).action == "attach", "decided whether asked for or not"


@pytest.mark.parametrize(
    ("role", "tags", "drift"),
    [
        pytest.param("worker", WEB, "wrong", id="another listed role"),
        pytest.param("worker", {}, "orphaned", id="a listed role where none is given"),
        pytest.param("x", WEB, "foreign", id="a foreign one where one is given"),
        pytest.param("x", {}, None, id="a foreign one where none is given"),
        pytest.param("x", {"ram-role": "y"}, None, id="a refusal"),
        pytest.param("x", {"app": "off"}, None, id="ignored"),
        pytest.param("web", WEB, None, id="the role itself"),
    ],
)
def test_who_is_asked_for_by_drift(role: str, tags: dict[str, str], drift: Drift | None) -> None:
    drifts: tuple[Drift, ...] = get_args(Drift)
    plans = {name: planner(selection=Selection(drift=name)).plan([one(role=role, tags=tags)]) for name in drifts}
    assert [name for name, plan in plans.items() if plan.changes or plan.settled] == ([drift] if drift else [])


def test_an_instance_that_is_refused_by_its_tag_is_not_of_the_role_in_it() -> None:
    """What a tag asks for and roles.yaml does not list is nobody's role."""
    instance = one(tags={"ram-role": "x"})
    assert planner(selection=Selection(role="x")).plan([instance]).settled == ()
    assert len(planner().plan([instance]).settled) == 1


@pytest.mark.parametrize("age", [timedelta(minutes=9), timedelta(hours=9)], ids=["young", "old"])
@pytest.mark.parametrize("named", ["i-1", "i-2"])
def test_a_role_stays_at_birth_and_within_the_grace(age: timedelta, named: str) -> None:
    made = planner(causes=lambda instance_id: (CREATED,) if instance_id == named else ())
    change = made.change(one(role="web", created_at=NOW - age))
    assert (change.action == "none") == (named == "i-1" or age < timedelta(minutes=10))


def test_what_an_operators_command_cannot_judge_is_left_to_the_functions() -> None:
    instance = one(note(OTHER), role="web", created_at=NOW - timedelta(hours=9))
    assert planner(operated=True).change(instance).reason.value == "no-proof-key"
    assert planner().change(instance).reason.value == "note-not-proven"
    foreign = one(tags={"app": "web"}, role="legacy-1")
    keyless = Planner(DISPLACES, Signing(operated=True), lambda: NOW)
    assert keyless.change(foreign).reason.value == "no-proof-key"
    assert planner(operated=True).change(foreign).action == "swap"


UNJUST = f"tag {DISPLACED_TAG} counts for nothing: it is not signed"


@pytest.mark.parametrize(
    ("instance", "values"),
    [
        pytest.param(
            one(tags=WEB),
            {"action": "attach", "reason": Reason.MISSING, "rule": "w", "role": "web", "role_after": "web"},
            id="attach",
        ),
        pytest.param(
            one(tags={"app": "trial"}),
            {
                "action": "attach",
                "reason": Reason.MISSING,
                "rule": "trial",
                "role": "web",
                "role_after": "web",
                "mode": "audit",
                "outcome": Outcome.PLANNED,
            },
            id="on trial",
        ),
        pytest.param(
            one(note()),
            {"action": "attach", "reason": Reason.PUT_BACK, "role_after": "legacy-1", "displaced": "legacy-1"},
            id="put back on none",
        ),
        pytest.param(
            one(note(), role="web"),
            {
                "action": "swap",
                "reason": Reason.PUT_BACK,
                "role_before": "web",
                "role_after": "legacy-1",
                "displaced": "legacy-1",
            },
            id="put back",
        ),
        pytest.param(
            one(note(), role="legacy-2"),
            {
                "action": "untag",
                "reason": Reason.FOREIGN_ROLE,
                "role_before": "legacy-2",
                "role_after": "legacy-2",
                "displaced": "legacy-1",
            },
            id="a note that is left over",
        ),
        pytest.param(
            one("x", role="web"),
            {"action": "detach", "reason": Reason.NOTE_NOT_PROVEN, "role_before": "web", "why": UNJUST},
            id="a note that counts for nothing",
        ),
        pytest.param(
            one(note(role="legacy-listed"), role="web"),
            {"action": "detach", "reason": Reason.NO_LONGER_MAPPED, "role_before": "web"},
            id="a note of a listed role",
        ),
        pytest.param(
            one(tags={"app": "off"}, role="web"),
            {
                "action": "none",
                "reason": Reason.IGNORED,
                "rule": "frozen",
                "role_before": "web",
                "role_after": "web",
                "outcome": Outcome.UNCHANGED,
            },
            id="nothing",
        ),
    ],
)
def test_a_change_is_all_that_a_write_and_a_record_need(instance: Instance, values: dict[str, Any]) -> None:
    empty: dict[str, Any] = dict.fromkeys(("rule", "role", "role_before", "role_after", "displaced", "note", "why"), "")
    expected = {"instance_id": "i-1", "region": "cn-hangzhou", "mode": "enforce", "outcome": None, **empty, **values}
    if expected["outcome"] is None:
        expected["facts"] = planner().mapping.facts(instance)
    assert planner().change(instance) == Change(**expected)

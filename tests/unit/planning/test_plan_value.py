"""The plan is a value: plain data, that can be stored and read again, and holds nothing of an instance but what a write needs."""

from __future__ import annotations

from datetime import datetime, timezone
from enum import Enum
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping import load
from shared.model.decision import Outcome, Reason
from shared.model.instance import Instance
from shared.model.plan import Change, Failure, Plan, Result, Step
from shared.model.trigger import Selection
from shared.planning.planner import Planner, Signing
from tests.unit.planning.changes import change, plans, results, steps

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
BIG = "x" * 9_999


@given(st.one_of(plans, steps, results))
def test_a_plan_a_step_and_a_result_survive_json_unchanged(value: Plan | Step | Result) -> None:
    assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value


@pytest.mark.parametrize("kind", [Change, Failure])
def test_a_change_and_a_failure_have_plain_fields_only(kind: type[msgspec.Struct]) -> None:
    """A field that is an object would keep in memory, for each change that waits, whatever is in it."""
    for name, hint in get_type_hints(kind).items():
        for part in get_args(hint) or (hint,):
            is_plain = part in (str, int, bool, type(None)) or isinstance(part, str)  # the latter: of a Literal
            assert is_plain or (isinstance(part, type) and issubclass(part, Enum)), f"{name}: {part}"


def planned(instance: Instance, selection: Selection | None = None) -> Plan:
    mapping = load(
        "version: 1\nroles: {web: , worker: }\nrules:\n- {name: w, when: {tags: {app: web}}, role: web}\n"
        "- {name: b, when: {tags: {app: batch}}, role: worker}\n"
    )
    return Planner(mapping, Signing(), lambda: NOW, selection=selection).plan([instance])


def test_a_plan_keeps_nothing_of_an_instance_but_what_a_write_needs() -> None:
    """Texts of any size that others may write are in no change, whatever fields an instance gets."""
    given: dict[str, Any] = {"instance_id": "i-1", "region": "cn-hangzhou", "role": "worker"}
    texts = [name for name, hint in get_type_hints(Instance).items() if hint is str and name not in given]
    assert {"name", "image", "vpc"} <= set(texts)
    one = Instance(**given | dict.fromkeys(texts, BIG), tags={"app": "web", "more": BIG}, created_at=NOW)
    (kept,) = planned(one).changes
    assert (kept.action, kept.role_before, kept.role_after) == ("swap", "worker", "web")
    assert BIG.encode() not in msgspec.json.encode(kept)


@pytest.mark.parametrize(
    ("role", "selection", "changes", "settled"),
    [
        pytest.param("", None, 1, 0, id="something to do"),
        pytest.param("web", None, 0, 1, id="nothing to do"),
        pytest.param("", Selection(drift="missing"), 1, 0, id="asked for by its drift"),
        pytest.param("", Selection(drift="wrong"), 0, 0, id="not asked for by its drift"),
        pytest.param("", Selection(role="web"), 1, 0, id="asked for by the role it should have"),
        pytest.param("worker", Selection(role="worker"), 1, 0, id="asked for by the role it has"),
        pytest.param("", Selection(role="worker"), 0, 0, id="neither"),
        pytest.param("", Selection(rule="w"), 1, 0, id="asked for by its rule"),
        pytest.param("", Selection(rule="b"), 0, 0, id="not asked for by its rule"),
        pytest.param("", Selection(tags={"app": "web"}), 1, 0, id="asked for by its tags"),
        pytest.param("", Selection(tags={"app": "web", "env": ""}), 0, 0, id="not by all of these tags"),
    ],
)
def test_an_instance_that_is_asked_for_is_in_one_of_the_two(
    role: str, selection: Selection | None, changes: int, settled: int
) -> None:
    plan = planned(Instance(instance_id="i-1", region="cn-hangzhou", tags={"app": "web"}, role=role), selection)
    assert (len(plan.changes), len(plan.settled)) == (changes, settled)
    assert all(done.outcome is not None for done in plan.settled)


@pytest.mark.parametrize(
    ("one", "removes", "displaces", "gains"),
    [
        pytest.param(change(action="attach"), False, False, True, id="attach"),
        pytest.param(change(action="swap"), True, False, False, id="swap"),
        pytest.param(change(action="detach"), True, False, False, id="detach"),
        pytest.param(change(action="swap", reason=Reason.FOREIGN_ROLE), False, True, True, id="displace"),
        pytest.param(
            change(action="swap", reason=Reason.PUT_BACK), True, False, False, id="give a displaced role back"
        ),
        pytest.param(change(action="attach", reason=Reason.PUT_BACK), False, False, False, id="give it back to none"),
        pytest.param(change(action="untag"), False, False, False, id="untag"),
        pytest.param(change(action="none"), False, False, False, id="nothing"),
    ],
)
def test_what_the_brake_counts(one: Change, removes: bool, displaces: bool, gains: bool) -> None:
    assert (one.removes, one.displaces, one.gains) == (removes, displaces, gains)


@given(results)
def test_a_result_failed_or_it_did_not(result: Result) -> None:
    assert result.failed == (result.outcome in (Outcome.FAILED, Outcome.RETRYING))
    assert result.cut_off == (result.failure is not None and result.failure.code == "OutOfTime")

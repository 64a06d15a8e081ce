"""With ROLEKEEPER_PROOF_KEYS set, what is handed over is sealed, and nothing else is taken for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.events.own import handed_over
from shared.model.progress import Progress
from shared.model.trigger import RemediationRequest, Trigger
from shared.proof import Key
from tests.functional.fleet.fleet import Fleet
from tests.functional.fleet.test_forged import CURSORS, KEY, OTHER, crowded, forged
from tests.functional.handlers.world import REGION, timer

HERE = Trigger(
    kind="reconcile", source="timer", region=REGION, progress=Progress(run_id="r", link=1), request=RemediationRequest()
)


def payload(*keys: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(handed_over(HERE, tuple(map(Key, keys))))
    return found


def changed(**values: Any) -> Callable[[], dict[str, Any]]:
    """Sealed by us, and changed since."""

    def make() -> dict[str, Any]:
        made = payload(KEY)
        for path, value in values.items():
            inner = made["rolekeeper"]
            *places, last = path.split("__")
            for place in places:
                inner = inner[place]
            inner[last] = value
        return made

    return make


REFUSED: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "no seal": (payload, "it has no seal"),
    "a seal of another key": (lambda: payload(OTHER), "its seal is of none of the keys"),
    "an empty seal": (lambda: {**payload(), "seal": ""}, "its seal is of none of the keys"),
    "a list": (lambda: {**payload(), "seal": [payload(KEY)["seal"]]}, "its seal is of none of the keys"),
    "nothing": (lambda: {**payload(), "seal": None}, "its seal is of none of the keys"),
    "a long one": (lambda: {**payload(), "seal": payload(KEY)["seal"] * 9}, "its seal is of none of the keys"),
    "the brake lifted": (changed(remedy__lift_brake=True), "its seal is of none of the keys"),
    "another measure": (changed(cursor__managed=7), "its seal is of none of the keys"),
    "another region": (changed(region="cn-beijing"), "its seal is of none of the keys"),
    "another account": (changed(account_id="2"), "its seal is of none of the keys"),
    "an instance more": (changed(cursor__instance_ids=["i-1"]), "its seal is of none of the keys"),
    "a key more": (changed(x=1), "its seal is of none of the keys"),
    "another operator": (changed(remedy__operator="bob"), "its seal is of none of the keys"),
    "a key beside it": (lambda: {**payload(KEY), "x\ny": 1}, "it has other keys beside `rolekeeper`: x y"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_sealed_by_our_key_is_refused_as_a_whole(fleet: Fleet, name: str) -> None:
    wrong = crowded(fleet, KEY)
    make, why = REFUSED[name]
    run = fleet.run("reconcile", make())
    (refused,) = run.result["ignored"]
    assert refused["reason"] == "bad-payload"
    assert why in refused["detail"]
    assert [line["detail"] for line in run.lines] == [refused["detail"]]
    assert (run.error, run.calls) == (None, [])
    assert {i.role for i in wrong} == {"r3"}


@pytest.mark.parametrize("name", CURSORS)
def test_a_forged_one_is_refused_before_it_is_read(fleet: Fleet, name: str) -> None:
    crowded(fleet, KEY)
    run = fleet.run("reconcile", {"rolekeeper": forged("reconcile", {"run_id": "r", **CURSORS[name]}), "seal": "x"})
    assert "seal" in run.result["ignored"][0]["detail"]
    assert run.calls == []


@pytest.mark.parametrize(
    ("keys", "signed"),
    [
        pytest.param((KEY,), (KEY,), id="one key"),
        pytest.param((OTHER, KEY), (KEY,), id="a key that is being replaced"),
        pytest.param((OTHER, KEY), (OTHER, KEY), id="the new one"),
        pytest.param((), (), id="no key, no seal"),
        pytest.param((), (KEY,), id="sealed, and the function has no key any more"),
    ],
)
def test_what_we_sealed_goes_on_and_so_does_all_where_there_is_no_key(
    fleet: Fleet, keys: tuple[str, ...], signed: tuple[str, ...]
) -> None:
    crowded(fleet, *keys)
    made = fleet.instances(5, "r1")
    run = fleet.run("reconcile", payload(*signed))
    assert run.result["ignored"] == []
    assert fleet.right(made) == {"right": 5}


def test_however_the_json_was_written_the_seal_is_of_what_it_says(fleet: Fleet) -> None:
    """A dead letter may have passed through a tool that sorts keys, indents, and escapes."""
    crowded(fleet, KEY)
    body = json.dumps(payload(KEY), indent=3, sort_keys=True)
    assert fleet.run("reconcile", body).result["runs"][0]["run"] == "complete"


def test_a_chain_and_a_spread_over_regions_seal_what_they_hand_over(fleet: Fleet) -> None:
    fleet.ten(shown=True)
    fleet.slow(limit=30)
    fleet.env.setenv("ROLEKEEPER_PROOF_KEYS", KEY)
    fleet.env.setenv("ROLEKEEPER_REGIONS", f"{REGION},cn-beijing")
    fleet.allow(region="*")
    made = [*fleet.instances(1_000, "r0"), *fleet.instances(20, "r1", region="cn-beijing")]
    queue: list[object] = [timer()]
    links = 0
    while queue:
        run = fleet.run("reconcile", queue.pop(0))
        assert (run.error, run.result["ignored"]) == (None, [])
        queue += fleet.waiting()
        links += 1
    assert links > 2
    assert all(json.loads(one.payload)["seal"] for one in fleet.cloud.fc.invocations)
    assert fleet.right(made) == {"right": 1_020}
    assert KEY not in "".join(fleet.printed)

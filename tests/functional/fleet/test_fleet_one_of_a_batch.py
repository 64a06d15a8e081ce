"""One instance for whose sake a call is refused, in every batch call that there is and whatever the code: it fails alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from fakecloud.http import Request, Response
from tests.functional.fleet.fleet import Fleet
from tests.functional.handlers.world import remediate, tagged, timer

ATTACH, DETACH, LOOKUP, DESCRIBE = (
    "AttachInstanceRamRole",
    "DetachInstanceRamRole",
    "DescribeInstanceRamRole",
    "DescribeInstances",
)
TAG, UNTAG = "TagResources", "UntagResources"
DISPLACE = ", foreign_roles: replace, displace: [alien]"


def refuse(fleet: Fleet, action: str, names: list[str], code: str, *, times: int = 10_000) -> None:
    """Refuse each call of the action, as a whole, that names one of these instances: the first `times` of them. Putting r2 back
    is not refused."""
    answer, left = fleet.cloud.handle, [times]
    fleet.env.setenv("ROLEKEEPER_PARALLEL_CALLS", "1")  # so that a call's fault hits no other call

    def handle(request: Request) -> Response:
        named = " ".join(
            value for key, value in request.form().items() if key.startswith(("InstanceIds", "ResourceId."))
        )
        back = (action, request.form().get("RamRoleName")) == (ATTACH, "r2")
        if (
            left[0]
            and not back
            and request.headers.get("x-acs-action") == action
            and any(name in named for name in names)
        ):
            left[0] -= 1
            fleet.cloud.faults.add("error", action=action, code=code, status=403)
        return answer(request)

    fleet.env.setattr(fleet.cloud, "handle", handle)


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "attach": (ATTACH, {"app": "r1"}),
    "detach": (DETACH, {"role": "r2"}),
    "detach of a swap": (DETACH, {"app": "r1", "role": "r2"}),
    "attach of a swap": (ATTACH, {"app": "r1", "role": "r2"}),
    "note of a displaced role": (TAG, {"app": "r1", "role": "alien"}),
    "lookup of roles": (LOOKUP, {"app": "r1"}),
}
"""The call that is refused, and the instances that it is made for."""
CODES = (
    "QuotaExceed.Tags", "Forbidden.RAM", "NoPermission", "OperationDenied", "InvalidParameter", "IncorrectInstanceStatus",
    "TagKey.Duplication", "Unheard.Of",
)  # fmt: skip


BAD: dict[str, Collection[int]] = {
    "the first": (0,),
    "one": (33,),
    "the last": (59,),
    "three": (3, 4, 50),
    "at both ends and in the middle": (0, 1, 29, 30, 58, 59),
    "half of them, one after another": range(30),
    "every second": range(0, 60, 2),
}


@pytest.mark.each_value
@pytest.mark.parametrize("bad", [pytest.param(bad, id=name) for name, bad in BAD.items()])
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", KINDS)
def test_one_that_is_refused_holds_up_no_other(fleet: Fleet, kind: str, code: str, bad: Collection[int]) -> None:
    action, properties = KINDS[kind]
    fleet.cloud.ram.put_role("1234567890123456", "alien")
    fleet.ten(more=DISPLACE)
    made = fleet.instances(60, **properties)
    before = [i.role for i in made]
    names = [made[number].instance_id for number in bad]
    refuse(fleet, action, names, code)
    fleet.run("reconcile", timer())
    left = {
        r["instance_id"]: r["error_code"] for r in fleet.looks() if r["outcome"] in ("failed", "retrying", "refused")
    }
    assert left == dict.fromkeys(names, code)
    good = [i for n, i in enumerate(made) if n not in bad]
    assert fleet.right(good) == {"right": len(good)}
    assert [made[number].role for number in bad] == [before[number] for number in bad]


@pytest.mark.each_value
@pytest.mark.parametrize("code", ["Forbidden.RAM", "Unheard.Of", "InvalidInstanceIds.Malformed"])
@pytest.mark.parametrize("action", [DESCRIBE, LOOKUP])
@pytest.mark.parametrize("way", ["event", "run"])
def test_of_instances_that_are_named_one_that_may_not_be_read_is_recorded_alone(
    fleet: Fleet, action: str, code: str, way: str
) -> None:
    fleet.ten()
    made = fleet.instances(9, "r1")
    names = [i.instance_id for i in made]
    refuse(fleet, action, names[4:5], code)
    run = (
        fleet.run("tags_changed", tagged(names))
        if way == "event"
        else fleet.run("remediate", remediate(instance_ids=names))
    )
    assert run.error is None
    told = {r["instance_id"]: (r["outcome"], r["reason"], r.get("error_code", "")) for r in fleet.looks()}
    assert told.pop(names[4]) == ("failed", "not-observed", code)
    assert set(told.values()) == {("attached", "missing", "")}
    assert fleet.right(made) == {"right": 8, "wrong": 1}


def test_a_full_tag_list_blocks_the_one_instance_alone(fleet: Fleet) -> None:
    fleet.cloud.ram.put_role("1234567890123456", "alien")
    fleet.ten(more=DISPLACE)
    made = fleet.instances(121, "r1", role="alien")
    for number in range(19):
        fleet.cloud.ecs.owner(made[7]).tag(made[7], f"key-{number}", "x")
    fleet.run("reconcile", timer())
    assert fleet.outcomes() == {"swapped": 120, "failed": 1}
    assert fleet.record(made[7].instance_id)["error_code"].startswith("QuotaExceed.Tags")
    assert (made[7].role, {i.role for i in made if i is not made[7]}) == ("alien", {"r1"})


def test_what_is_forbidden_for_all_costs_a_few_calls_more_and_not_a_call_an_instance(fleet: Fleet) -> None:
    fleet.ten()
    fleet.instances(500, "r1")
    fleet.cloud.faults.add("error", action=ATTACH, code="Forbidden.RAM", status=403, count=None)
    run = fleet.run("reconcile", timer())
    assert fleet.outcomes() == {"failed": 500}
    assert run.calls.count(ATTACH) <= 5 * 4


READINGS = [pytest.param({"unknown_instance": shape}, id=shape) for shape in ("request", "item")]


def partial(fleet: Fleet, action: str, one: Instance) -> None:
    """The same in the item of an answer."""
    fleet.cloud.faults.add("partial", action=action, code="InvalidInstanceId.NotFound", instance_ids=[one.instance_id])


@pytest.mark.parametrize("shape", ["request", "item"])
@pytest.mark.parametrize("kind", [name for name in KINDS if name != "lookup of roles"])
@pytest.mark.parametrize("count", [1, 5])
def test_an_instance_that_one_call_does_not_find_and_ecs_shows_is_not_gone(
    fleet: Fleet, kind: str, shape: str, count: int
) -> None:
    """Gone and without a role are told apart by reading; what ECS shows is asked for once more."""
    action, properties = KINDS[kind]
    fleet.cloud.ram.put_role("1234567890123456", "alien")
    fleet.ten(more=DISPLACE)
    made = fleet.instances(count, **properties)
    if shape == "item" and action != TAG:
        partial(fleet, action, made[-1])
    else:
        code = "InvalidResourceId.NotFound" if action == TAG else "InvalidInstanceId.NotFound"
        refuse(fleet, action, [made[-1].instance_id], code, times=1)
    run = fleet.run("remediate", remediate(instance_ids=[i.instance_id for i in made]))
    assert "gone" not in {r["reason"] for r in fleet.looks()}
    if action == TAG:  # not noted, so not displaced: the next try does it
        assert (run.error is not None, made[-1].role) == (True, "alien")
        fleet.run("remediate", remediate(instance_ids=[made[-1].instance_id]))
    assert fleet.right(made) == {"right": count}


@pytest.mark.parametrize("shape", ["request", "item"])
@pytest.mark.parametrize("kind", ["attach", "detach", "detach of a swap", "attach of a swap"])
def test_an_instance_that_is_never_found_and_shown_all_the_time_is_tried_again(
    fleet: Fleet, kind: str, shape: str
) -> None:
    action, properties = KINDS[kind]
    fleet.ten()
    one = fleet.instances(1, **properties)[0]
    if shape == "item":
        fleet.cloud.faults.add(
            "partial", action=action, code="InvalidInstanceId.NotFound", instance_ids=[one.instance_id], count=None
        )
    else:
        refuse(fleet, action, [one.instance_id], "InvalidInstanceId.NotFound")
    run = fleet.run("remediate", remediate(instance_ids=[one.instance_id]))
    assert run.error is not None
    assert fleet.record(one.instance_id)["outcome"] == "retrying"


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("kind", [name for name in KINDS if name != "lookup of roles"])
def test_an_instance_that_is_deleted_meanwhile_is_gone(fleet: Fleet, kind: str, reading: dict[str, Any]) -> None:
    action, properties = KINDS[kind]
    fleet.cloud.ram.put_role("1234567890123456", "alien")
    fleet.cloud.switches.set(reading)
    fleet.ten(more=DISPLACE)
    made = fleet.instances(5, **properties)
    fleet.before(action, lambda: fleet.cloud.ecs.owner(made[-1]).remove(made[-1]))
    run = fleet.run("remediate", remediate(instance_ids=[i.instance_id for i in made]))
    assert run.error is None
    assert fleet.record(made[-1].instance_id)["reason"] == "gone"
    assert fleet.right(made) == {"right": 4}

"""Answers of the cloud with a field of a wrong type, or without it: one bad item costs one instance, and no write goes unrecorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from shared.errors import TransientError
from tests.functional.handlers.world import Run, World, remediate, tagged, timer

ATTACH, DETACH, DESCRIBE, ROLES = (
    "AttachInstanceRamRole",
    "DetachInstanceRamRole",
    "DescribeInstances",
    "DescribeInstanceRamRole",
)
TEXT: tuple[Any, ...] = (7, True, [], ["x"], {"a": 1})
"""None of these is a text."""
HALF = "\ud800"
"""Half of a pair, which JSON can say and UTF-8 cannot."""
LIST: tuple[Any, ...] = (7, "x", {}, {"a": 1}, False)
OBJECT: tuple[Any, ...] = (7, "x", [], ["x"], False)
MISSING = object()

ITEM = [
    (DESCRIBE, "Instances.Instance.0", (*TEXT, None)),
    (DESCRIBE, "Instances.Instance.0.InstanceId", (*TEXT, None, "", MISSING)),
    (DESCRIBE, "Instances.Instance.0.RegionId", (*TEXT, "x", "cn-hangzhou\n", HALF)),
    *[(DESCRIBE, f"Instances.Instance.0.{name}", (*TEXT, HALF)) for name in (
        "ZoneId", "InstanceName", "InstanceNetworkType", "ResourceGroupId", "InstanceType", "ImageId",
        "VpcAttributes.VpcId",
    )],
    (DESCRIBE, "Instances.Instance.0.Tags.Tag.0.TagValue", TEXT),  # another text is another instance to the rules
    (DESCRIBE, "Instances.Instance.0.VpcAttributes", OBJECT),
    (DESCRIBE, "Instances.Instance.0.Tags", OBJECT),
    (DESCRIBE, "Instances.Instance.0.Tags.Tag", LIST),
    (DESCRIBE, "Instances.Instance.0.Tags.Tag.0", (*TEXT, None)),
    (DESCRIBE, "Instances.Instance.0.Tags.Tag.0.TagKey", (*TEXT, None, MISSING)),
    (ROLES, "InstanceRamRoleSets.InstanceRamRoleSet.0", (*TEXT, None)),
    (ROLES, "InstanceRamRoleSets.InstanceRamRoleSet.0.InstanceId", (*TEXT, None, "", MISSING)),
    (ROLES, "InstanceRamRoleSets.InstanceRamRoleSet.0.RamRoleName", TEXT),
    *[(action, f"{action}Results.{action}Result.0{name}", values) for action in (ATTACH, DETACH) for name, values in (
        ("", (*TEXT, None)), (".InstanceId", (*TEXT, None, "", MISSING, "i-of-nobody")), (".Code", ([], {"a": 1}, True, 2.5)),
        (".Success", (7, [], {}, "perhaps")), (".Message", TEXT), (".InstanceRamRoleSets", OBJECT),
    )],
]  # fmt: skip
"""In one item of an answer: the instance that it is about may have to wait, and no other."""
WHOLE = [
    *[(action, "", (None, 7, "x", [], ["x"], {})) for action in (DESCRIBE, ROLES, ATTACH, DETACH)],
    *[(action, "RequestId", (7, ["x"], {"a": 1}, None, MISSING)) for action in (DESCRIBE, ROLES, ATTACH, DETACH)],
    (DESCRIBE, "Instances", (*OBJECT, None, {}, MISSING)),
    (DESCRIBE, "Instances.Instance", (*LIST, None, MISSING)),
    (DESCRIBE, "NextToken", (7, [], {"a": 1}, True)),
    (ROLES, "InstanceRamRoleSets", OBJECT),
    (ROLES, "InstanceRamRoleSets.InstanceRamRoleSet", LIST),
    (ROLES, "TotalCount", (None, -1, "x", [], MISSING)),
    *[(action, f"{action}Results", (*OBJECT, None, MISSING)) for action in (ATTACH, DETACH)],
    *[(action, f"{action}Results.{action}Result", (*LIST, [], None, MISSING)) for action in (ATTACH, DETACH)],
]  # fmt: skip
"""Around the items."""


def by_event(world: World, ids: list[str]) -> Run:
    return world.run("tags_changed", tagged(ids))


def by_reconcile(world: World, ids: list[str]) -> Run:
    return world.run("reconcile", timer())


def by_remediate(world: World, ids: list[str]) -> Run:
    return world.run("remediate", remediate(instance_ids=ids))


FLOWS = [by_event, by_reconcile, by_remediate]
CHANGES = (("web", ""), ("web", "worker"), ("", "web"))
"""What the tags of instances ask for, and what they hold: an attach, a swap and a detach."""
EACH = 3
Flow = Callable[[World, list[str]], Run]


def cases(rows: list[tuple[str, str, tuple[Any, ...]]]) -> list[Any]:
    """Every third row is not slow."""
    return [
        pytest.param(*row, id=f"{row[0]} {row[1] or 'the whole'}", marks=[pytest.mark.slow] if number % 3 else [])
        for number, row in enumerate(rows)
    ]


def altered(world: World, flow: Flow, action: str, path: str, value: Any, count: int | None) -> Counter[str]:
    """Instances of each change through the flow, with the field altered in the first answer or in all; then once more, unaltered.

    The outcomes of the first time, once each instance has its record, and that record says what became of its role.
    """
    world.cloud.faults.clear()
    world.cloud.ecs.reset()
    world.cloud.sls.reset()
    world.add_logstore()
    world.handlers.clear()
    made = {i.instance_id: i for app, held in CHANGES for i in world.instances(EACH, app or "nothing", role=held)}
    before = {name: i.role for name, i in made.items()}
    given = {"missing": True} if value is MISSING else {"value": value}
    fault = world.cloud.faults.add("alter", action=action, path=path, count=count, **given)
    run = flow(world, list(made))
    told = f"{action} {path} = {value!r}, {count}"
    assert fault.hit, told
    assert run.error is None or isinstance(run.error, TransientError), told
    runs = [record for record in world.records() if record["action"] == "run"]
    records = [record for record in world.records() if record["action"] != "run"]
    if not any(one["run"] == "incomplete" for one in runs):
        assert len({record["instance_id"] for record in records}) == len(records) == len(made), told
    changed = {name for name, i in made.items() if i.role != before[name]}
    done = {r["instance_id"] for r in records if r["outcome"] in ("attached", "swapped", "detached")}
    assert changed == done, f"{told}: what was written is recorded"
    world.cloud.faults.clear()
    assert flow(world, list(made)).error is None
    wanted = [app for app, _ in CHANGES for _ in range(EACH)]
    assert [i.role for i in made.values()] == wanted, f"{told}: healed by the next"
    return Counter(record["outcome"] for record in records)


@pytest.mark.each_value
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
@pytest.mark.parametrize(("action", "path", "values"), cases(ITEM))
def test_what_is_wrong_in_one_item_costs_one_instance(
    world: World, flow: Flow, action: str, path: str, values: tuple[Any, ...]
) -> None:
    for value, count in [*((value, 1) for value in values), (values[0], None)]:
        outcomes = altered(world, flow, action, path, value, count)
        carried_out = outcomes["attached"] + outcomes["swapped"] + outcomes["detached"]
        bad = 1 if count else 2  # an item of the first answer; of each, where some are asked for again by halves
        assert carried_out >= outcomes.total() - bad, (value, count, outcomes)


@pytest.mark.each_value
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
@pytest.mark.parametrize(("action", "path", "values"), cases(WHOLE))
def test_what_is_wrong_around_the_items_is_no_answer_and_what_was_written_is_recorded(
    world: World, flow: Flow, action: str, path: str, values: tuple[Any, ...]
) -> None:
    for value, count in [*((value, 1) for value in values), (values[0], None)]:
        altered(world, flow, action, path, value, count)

"""Every sample under events/ through its function, on an emulated fleet that has the instances it names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.functional.handlers.world import ATTRIBUTE_RULES, World

SAMPLES = Path(__file__).parents[3] / "events"
A, B, C = "i-bp1ecr0000000000000a", "i-bp1ecr0000000000000b", "i-bp1ecr0000000000000c"
ALL = {A, B, C}

# file: the functions that take it, and the instances that get their role by it
EXPECTED: dict[str, tuple[tuple[str, ...], set[str]]] = {
    **{f"instance_created/{name}": (("instance_created", "tags_changed"), {A}) for name in (
        "state-created", "state-pending", "state-running", "run-instances-console", "create-instance")},
    "instance_created/run-instances-api": (("instance_created", "tags_changed"), {A, B}),
    "instance_created/run-instances-string": (("instance_created", "tags_changed"), ALL),
    **{f"tags_changed/{name}": (("tags_changed", "instance_created"), {A}) for name in (
        "ecs-untag-resources", "ecs-untag-resources-all", "ecs-add-tags", "ecs-remove-tags", "tag-service-untag-string",
        "cloudmonitor-tag-set", "cloudmonitor-tag-removed", "attach-by-hand", "detach-by-hand", "ecs-join-resource-group",
        "move-resources", "move-resources-list", "ecs-modify-instance-attribute", "ecs-replace-system-disk",
        "ecs-modify-instance-spec", "ecs-modify-prepay-instance-spec", "ecs-modify-instance-vpc-attribute",
        "ecs-modify-instance-metadata-options")},
    **{f"tags_changed/{name}": (("tags_changed", "instance_created"), {A, B}) for name in (
        "ecs-tag-resources", "ecs-tag-resources-console", "tag-service-tag-resources", "tag-service-flattened")},
    "reconcile/timer": (("reconcile",), ALL),
    "reconcile/by-hand": (("reconcile",), ALL),
    "reconcile/lift-brake": (("reconcile",), ALL),
    "reconcile/handed-over": (("reconcile",), {A, B}),
    "remediate/by-rule": (("remediate",), ALL),
    "remediate/by-drift": (("remediate",), ALL),
    "remediate/everywhere": (("remediate",), set()),
    "remediate/instance-ids": (("remediate",), {A, B}),
    "remediate/by-tags": (("remediate",), {A}),
    "remediate/bare": (("remediate",), set()),
    "remediate/all-dry-run": (("remediate",), set()),
    **{f"direct/{name}": (("instance_created",), {A}) for name in (
        "cloudmonitor-state", "cloudmonitor-state-envelope", "actiontrail-old-record", "state-content", "state-raw-data",
        "queue-text", "queue-object", "queue-string", "queue-base64", "queue-raw-data",
        "failure-report")},
    **{f"direct/{name}": (("tags_changed",), {A}) for name in (
        "cloudmonitor-tags", "cloudmonitor-content-string", "cloudmonitor-tags-envelope", "actiontrail-request-json",
        "actiontrail-data-string")},
    "direct/actiontrail-record": (("instance_created",), {A, B}),
    "direct/batch": (("instance_created", "tags_changed"), {A, B}),
}  # fmt: skip
IGNORED = sorted(path.relative_to(SAMPLES).with_suffix("").as_posix() for path in SAMPLES.glob("ignored/*.json"))


def fleet(world: World) -> None:
    """A, B and C, all of app web; A with the tags that the remediation by tags asks for."""
    world.map(ATTRIBUTE_RULES.replace("name: by app", "name: web tier"))  # which one of the samples asks for
    world.env.setenv("ROLEKEEPER_PROOF_KEYS", "")  # the sample of a hand-over has no seal
    asked = json.loads((SAMPLES / "remediate/by-tags.json").read_text())["remediate"]["tags"]
    place = world.cloud.ecs.place("1234567890123456", "cn-hangzhou")
    for name in sorted(ALL):
        tags = {"app": "web", **(asked if name == A else {})}
        place.add(place.new(world.cloud.clock.now() - 3600, instance_id=name, tags=tags))


def test_the_table_names_every_sample() -> None:
    files = {path.relative_to(SAMPLES).with_suffix("").as_posix() for path in SAMPLES.rglob("*.json")}
    assert files == {*EXPECTED, *IGNORED}


@pytest.mark.parametrize(
    ("name", "function"), [(name, function) for name, (functions, _) in EXPECTED.items() for function in functions]
)
def test_a_sample_gives_the_instances_it_names_their_role(world: World, name: str, function: str) -> None:
    fleet(world)
    run = world.run(function, (SAMPLES / f"{name}.json").read_bytes())
    assert run.error is None
    given = {i for i in ALL if world.role(i) == "web"}
    assert given == EXPECTED[name][1]
    attached = {r["instance_id"] for r in world.records() if r.get("outcome") == "attached"}
    assert attached == given
    planned = {r["instance_id"] for r in world.records() if r.get("outcome") == "planned"}
    dry = {"remediate/all-dry-run": ALL, "remediate/everywhere": ALL, "remediate/bare": {A}}
    assert planned == dry.get(name, set())


@pytest.mark.parametrize("function", ["instance_created", "tags_changed"])
@pytest.mark.parametrize("name", IGNORED)
def test_a_sample_that_is_not_for_us_costs_no_call_and_one_line(world: World, name: str, function: str) -> None:
    fleet(world)
    world.env.setenv("ROLEKEEPER_EXECUTION_ROLE", "rolekeeper-fc")
    run = world.run(function, (SAMPLES / f"{name}.json").read_bytes())
    assert run.error is None
    assert run.calls == []
    assert run.result["outcomes"] == {}
    assert [line["ignored"] for line in run.lines] == [i["reason"] for i in run.result["ignored"]]
    assert len(run.lines) == 1
    assert not any(world.role(i) for i in ALL)

"""The whole way of a change: a real SDK's call, ActionTrail's event, the trigger's pattern, the function, the role. Deployed from s.yaml."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.stage import Stage, stage
from fakecloud.ecs.models import Instance
from fakecloud.people import Person
from tests.contract import sdk

ATTRIBUTES = """
version: 1
roles: {web: {description: w}, worker: {description: k}, batch: {description: b, require: {imdsv2: true}}}
rules:
  - {name: by tag, when: {tags: {app: web}}, role: web}
  - {name: with IMDSv2, when: {tags: {app: batch}}, role: batch}
  - {name: by group, when: {resource_group: rg-web}, role: web}
  - {name: by name, when: {name: web-*}, role: web}
  - {name: by image, when: {image: web.vhd}, role: web}
  - {name: by type, when: {instance_type: ecs.g8.*}, role: web}
  - {name: by network, when: {vpc: vpc-web}, role: web}
settings: {launch_grace: "0"}
"""
CALLS = [
    ("join_resource_group", {"resource_id": "ID", "resource_type": "instance", "resource_group_id": "rg-web"}),
    ("modify_instance_attribute", {"instance_id": "ID", "instance_name": "web-7"}),
    ("replace_system_disk", {"instance_id": "ID", "image_id": "web.vhd"}),
    ("modify_instance_spec", {"instance_id": "ID", "instance_type": "ecs.g8.large"}),
    ("modify_prepay_instance_spec", {"instance_id": "ID", "instance_type": "ecs.g8.large"}),
    ("modify_instance_vpc_attribute", {"instance_id": "ID", "vpc_id": "vpc-web", "v_switch_id": "vsw-1"}),
]
NEEDLESS = [
    ("modify_instance_attribute", {"instance_id": "ID", "description": "d"}),
    ("modify_instance_vpc_attribute", {"instance_id": "ID", "v_switch_id": "vsw-2"}),
]


class Field:
    """The deployment, and somebody who makes calls over HTTP as any client does."""

    def __init__(self, on: Stage) -> None:
        self.on, self.people = on, Person(on.url)
        self.host = on.url.partition("://")[2]

    def make(self, **properties: Any) -> Instance:
        return self.on.cloud.ecs.make(**properties)[0]

    def ask(self, action: str, fields: dict[str, str], instance: Instance) -> None:
        given = {key: value.replace("ID", instance.instance_id) for key, value in fields.items()}
        sdk.ecs(sdk.config(endpoint=self.host), action, **given)

    def move(self, *instances: Instance) -> None:
        query = {"ResourceGroupId": "rg-web"}
        for number, instance in enumerate(instances, 1):
            row = {
                "Service": "ecs",
                "ResourceType": "instance",
                "ResourceId": instance.instance_id,
                "RegionId": instance.region,
            }
            query |= {f"Resources.{number}.{key}": value for key, value in row.items()}
        sdk.rpc(sdk.config(endpoint=self.host), "resourcemanager", "MoveResources", query)

    def settled(self) -> list[dict[str, Any]]:
        """Let everything arrive; the results of the invocations since the last time."""
        before = len(self.on.cloud.fc.invocations)
        self.on.cloud.settle()
        ran = list(self.on.cloud.fc.invocations)[before:]
        assert all(one.ok for one in ran), [one.error for one in ran]
        return [json.loads(one.result) for one in ran]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    roles = tmp_path_factory.mktemp("mapping") / "roles.yaml"
    roles.write_text(ATTRIBUTES)
    with stage(roles) as on:
        on.make_roles(on.mapping())
        on.deploy()
        on.cloud.settle()
        yield Field(on)


@pytest.fixture
def field(deployed: Field) -> Iterator[Field]:
    deployed.settled()
    yield deployed
    deployed.settled()
    deployed.on.cloud.switches.attributes_after = 0.0
    deployed.on.cloud.switches.resource_manager_events = "carried"


@pytest.mark.parametrize(("action", "fields"), CALLS, ids=[action for action, _ in CALLS])
def test_a_change_by_a_call_gives_its_role_at_once(field: Field, action: str, fields: dict[str, str]) -> None:
    instance = field.make(status="Stopped")
    field.ask(action, fields, instance)
    assert [ran["outcomes"] for ran in field.settled()] == [{"attached": 1}], (
        "one invocation, and none by our own write"
    )
    assert instance.role == "web"


def test_an_instance_that_becomes_what_a_role_requires_gets_it_at_once(field: Field) -> None:
    instance = field.make(tags={"app": "batch"})
    field.people.tag(instance.instance_id, {"owner": "alice"})
    assert {one for ran in field.settled() for one in ran["outcomes"]} == {"refused"}
    options = {"instance_id": "ID", "http_endpoint": "enabled", "http_tokens": "required"}
    field.ask("modify_instance_metadata_options", options, instance)
    assert [ran["outcomes"] for ran in field.settled()] == [{"attached": 1}]
    assert instance.role == "batch"


@pytest.mark.parametrize(("action", "fields"), NEEDLESS)
def test_a_call_that_changes_nothing_of_ours_invokes_nothing(field: Field, action: str, fields: dict[str, str]) -> None:
    field.ask(action, fields, field.make(status="Stopped"))
    assert field.settled() == []


def test_moved_instances_get_their_role_at_once(field: Field) -> None:
    one, other = field.make(), field.make()
    field.move(one, other)
    assert [ran["outcomes"] for ran in field.settled()] == [{"attached": 2}]
    assert (one.role, other.role) == ("web", "web")


def test_where_moves_are_not_on_the_bus_the_timer_heals(field: Field) -> None:
    field.on.cloud.switches.resource_manager_events = "absent"
    instance = field.make()
    field.move(instance)
    assert field.settled() == []
    field.on.cloud.fc.fire_timer("rolekeeper-reconcile", "reconcile-timer")
    field.settled()
    assert instance.role == "web"


def test_what_is_shown_after_its_event_is_healed_by_the_timer(field: Field) -> None:
    """A change that is an order, or a task, may be recorded before it is done."""
    field.on.cloud.switches.attributes_after = 600.0
    instance = field.make()
    field.ask(*CALLS[1], instance)
    assert [ran["outcomes"] for ran in field.settled()] == [{"unchanged": 1}]
    field.on.cloud.fc.fire_timer("rolekeeper-reconcile", "reconcile-timer")
    field.settled()
    assert instance.role == "web"


def test_a_role_attached_by_hand_is_taken_off_and_our_own_calls_invoke_nothing(field: Field) -> None:
    instance = field.make()
    field.people.attach(instance.instance_id, "worker")
    assert [ran["outcomes"] for ran in field.settled()] == [{"detached": 1}]
    assert instance.role == ""


def test_a_tool_that_puts_its_role_on_again_each_time_is_not_answered_without_end(field: Field) -> None:
    """It sees the role taken off by an event, as we do, and attaches it again: for each of its calls at most one of ours."""
    instance = field.make()
    outcomes: list[str] = []
    for _ in range(8):
        if not instance.role:
            field.people.attach(instance.instance_id, "worker")
        for ran in field.settled():
            outcomes += [*ran["outcomes"], *(one["reason"] for one in ran["ignored"])]
    assert outcomes == ["detached"] * 3 + ["contested"]
    assert instance.role == "worker", "until the timer"

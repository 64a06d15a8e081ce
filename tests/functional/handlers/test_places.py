"""Events whose instances are in two regions, or have ids of the old form, or come back in a failure report: on an emulated cloud."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from fakecloud.identity import ACCOUNT
from shared.events.own import handed_over
from shared.model.progress import Progress
from shared.model.trigger import Trigger
from tests.functional.handlers.world import REGION, World, created, remediate, tagged, trail

BEIJING, OLD = "cn-beijing", "AY121018033933eae8689"


def arns(*instances: Instance, account: str = ACCOUNT) -> dict[str, Any]:
    """A retagging by the Tag service, which may name instances of several regions at once."""
    parameters = {
        f"ResourceARN.{n}": f"arn:acs:ecs:{one.region}:{account}:instance/{one.instance_id}"
        for n, one in enumerate(instances, 1)
    }
    return trail("TagResources", age=1.0, region=REGION, requestParameters=parameters, serviceName="Tag")


def in_queue(event: Any) -> list[Any]:
    data = {"requestId": "r", "messageId": "m", "messageBody": json.dumps(event)}
    return [{"specversion": "1.0", "id": "m", "source": "acs:mns", "type": "mns:Queue:SendMessage", "data": data}]


@pytest.mark.parametrize("way", ["alone", "a batch", "a queue"])
def test_each_instance_gets_its_role_in_its_own_region(world: World, way: str) -> None:
    world.allow(region="*")
    made = [world.instance("web"), world.instance("worker", region=BEIJING), world.instance("web", region=BEIJING)]
    event: Any = arns(*made)
    run = world.run("tags_changed", {"alone": event, "a batch": [event], "a queue": in_queue(event)}[way])
    assert run.error is None
    assert [world.role(i.instance_id) for i in made] == ["web", "worker", "web"]
    assert [world.record(i.instance_id)["region"] for i in made] == [REGION, BEIJING, BEIJING]
    assert run.result["outcomes"] == {"attached": 3}


def test_instances_of_another_account_in_the_same_list_disturb_no_other(world: World) -> None:
    ours, theirs = world.instance("web"), world.instance("web", account="9999999999999999")
    event = arns(ours)
    event["data"]["requestParameters"] |= {
        "ResourceARN.2": f"arn:acs:ecs:{REGION}:9999999999999999:instance/{theirs.instance_id}"
    }
    run = world.run("tags_changed", event)
    assert run.result["outcomes"] == {"attached": 1}
    assert [item["reason"] for item in run.result["ignored"]] == ["foreign-account"]
    assert (ours.role, theirs.role) == ("web", "")


def test_a_region_in_which_we_may_not_look_is_no_region_without_the_instance(world: World) -> None:
    """ECS shows a caller nothing there, and no error."""
    here, there = world.instance("web"), world.instance("web", region=BEIJING)
    run = world.run("tags_changed", arns(here, there))
    assert run.outcome(here.instance_id) == ("attached", "missing")
    assert run.outcome(there.instance_id) == ("failed", "not-observed")
    assert world.record(there.instance_id)["error_code"] == "Forbidden.RAM"


WAYS: dict[str, tuple[str, Any]] = {
    "a launch": ("instance_created", created([OLD])),
    "a retagging": ("tags_changed", tagged([OLD])),
    "a payload": ("remediate", remediate(instance_ids=[OLD])),
    "the whole region": ("reconcile", {"reconcile": {}}),
    "a hand-over": (
        "reconcile",
        handed_over(
            Trigger(kind="reconcile", source="timer", progress=Progress(link=1, listed=True, instance_ids=(OLD,)))
        ),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_instance_of_the_old_form_gets_its_role_by_every_way(world: World, way: str) -> None:
    place = world.cloud.ecs.place(ACCOUNT, REGION)
    place.add(place.new(world.cloud.clock.now() - 3600, instance_id=OLD, tags={"app": "web"}))
    function, event = WAYS[way]
    world.env.setenv("ROLEKEEPER_PROOF_KEYS", "")  # with a key a hand-over has to be sealed
    assert world.run(function, event).error is None
    assert world.role(OLD) == "web"


@pytest.mark.parametrize("function", ["instance_created", "reconcile", "remediate"])
def test_what_failed_to_the_end_is_done_when_its_report_is_given_back(world: World, function: str) -> None:
    made = world.instance("web")
    event = {
        "instance_created": created([made.instance_id]),
        "reconcile": {"reconcile": {}},
        "remediate": remediate(instance_ids=[made.instance_id]),
    }[function]
    report = {
        "timestamp": 1,
        "requestContext": {"condition": "UnhandledInvocationError"},
        "requestPayload": json.dumps(event),
        "responseContext": {"statusCode": 200},
        "responsePayload": "",
    }
    run = world.run(function, report)
    assert run.error is None
    assert run.result["outcomes"] == {"attached": 1}
    assert made.role == "web"

"""The same fact in every shape that a sender may write it: which instances, where, whose, by whom."""

from __future__ import annotations

import json

import pytest

from tests.unit.events.builders import (
    ACCOUNT,
    SAMPLES,
    A,
    B,
    C,
    Json,
    call,
    envelope,
    ignored,
    state,
    tag_event,
    trigger,
)

ARN = f"acs:ecs:cn-hangzhou:{ACCOUNT}:instance/"
MANY = [f"i-bp1{number:017d}" for number in range(100)]
INSTANCE = {"ResourceType": "instance"}


def by_ids(ids: object) -> Json:
    return {"InstanceIdSets": {"InstanceIdSet": ids}}


@pytest.mark.parametrize(
    ("event", "ids"),
    [
        pytest.param(state(), (A,), id="data.resourceId"),
        pytest.param(state(resourceId=None, instanceId=A), (A,), id="data.instanceId"),
        pytest.param(state(resourceId=ARN + A), (A,), id="data.resourceId is an ARN"),
        pytest.param(state(content={"resourceId": B}, resourceId=None), (B,), id="data.content.resourceId"),
        pytest.param(state(content={"resourceId": A}), (A,), id="both, once"),
        pytest.param(state(content=json.dumps({"resourceId": B}), resourceId=""), (B,), id="content is a string"),
        pytest.param(envelope("ecs:Instance:StateChange", json.dumps(state()["data"])), (A,), id="data is a string"),
        pytest.param({"resourceId": A, "state": "Pending"}, (A,), id="data alone"),
        pytest.param(call("RunInstances", responseElements=by_ids(MANY)), tuple(MANY), id="RunInstances of 100"),
        pytest.param(call("RunInstances", responseElements=by_ids([A, B, A])), (A, B), id="an id twice"),
        pytest.param(
            call("RunInstances", responseElements={"instanceIdSets": {"instanceIdSet": [A]}}), (A,), id="camel"
        ),
        pytest.param(call("RunInstances", responseElements={"InstanceIdSets": [A]}), (A,), id="a list at once"),
        pytest.param(
            call("RunInstances", responseElements={"InstanceIdSets": json.dumps([A])}), (A,), id="string list"
        ),
        pytest.param(call("CreateInstance", responseElements={"InstanceId": A}), (A,), id="CreateInstance"),
        pytest.param(
            call("RunInstances", responseElements={"Instances": {"Instance": [{"InstanceId": A}]}}),
            (A,),
            id="Instances",
        ),
        pytest.param(
            call("RunInstances", referencedResources={"ACS::ECS::Instance": [A], "ACS::ECS::Image": ["i-x"]}),
            (A,),
            id="only referencedResources, RunInstances",
        ),
        pytest.param(call("TagResources", referencedResources={"Instance": [B]}), (B,), id="old referencedResources"),
        pytest.param(call("AddTags", resourceType="ACS::ECS::Instance", resourceName=A), (A,), id="resourceName"),
        pytest.param(call("TagResources", {**INSTANCE, "ResourceId": [A, B]}), (A, B), id="ResourceId list"),
        pytest.param(call("TagResources", {**INSTANCE, "ResourceId": A}), (A,), id="one ResourceId"),
        pytest.param(call("TagResources", {"resourceIds": [A], "resourceType": "Instance"}), (A,), id="lower camel"),
        pytest.param(
            call("TagResources", {"ResourceId.10": C, "ResourceId.2": B, "ResourceId.1": A}), (A, B, C), id="by number"
        ),
        pytest.param(
            call("TagResources", {"ResourceId.x.2": B, "ResourceId": C, "ResourceId.9999999999": A}),
            (C, A, B),
            id="by the last number, of nine digits at most",
        ),
        pytest.param(call("TagResources", {"ResourceId": {"1": A, "2": B}}), (A, B), id="an object by number"),
        pytest.param(call("TagResources", {"ResourceIds": {"ResourceId": [A]}}), (A,), id="wrapped list"),
        pytest.param(call("TagResources", {"ResourceId": f"{A},{B}"}), (A, B), id="with commas"),
        pytest.param(call("TagResources", json.dumps({"ResourceId.1": A})), (A,), id="request is a string"),
        pytest.param(
            call("TagResources", requestParameterJson=json.dumps({"ResourceId": [A]})), (A,), id="ParameterJson"
        ),
        pytest.param(call("AddTags", {"ResourceType": "ACS::ECS::Instance", "ResourceId": A}), (A,), id="full type"),
        pytest.param(call("UntagResources", {"ResourceId.1": A, "All": True}), (A,), id="All and no keys"),
        pytest.param(call("TagResources", {"ResourceARN": ["arn:" + ARN + A]}, "Tag"), (A,), id="ARN list"),
        pytest.param(call("TagResources", {"ResourceARN.1": ARN + A}, "Tag"), (A,), id="ARN without arn:"),
        pytest.param(
            call("TagResources", {"ResourceARNs": json.dumps(["arn:" + ARN + B])}, "tag"), (B,), id="ARN string"
        ),
        pytest.param(
            call("UntagResources", {"ResourceARN": "arn:acs:ecs:*:*:instance/" + A}, "Tag"), (A,), id="wildcards"
        ),
        pytest.param(
            call(
                "TagResources",
                {"ResourceARN": [f"arn:acs:ecs:cn-hangzhou:{ACCOUNT}:disk/d-1", "arn:" + ARN + A]},
                "Tag",
            ),
            (A,),
            id="a disk beside an instance",
        ),
        pytest.param(tag_event(), (A,), id="tag event"),
        pytest.param(tag_event(product=""), (A,), id="tag event of no product"),
        pytest.param(tag_event(resourceId=ARN + A), (A,), id="tag event with an ARN"),
        pytest.param(tag_event(product="ECS", resourceType="ALIYUN::ECS::Instance"), (A,), id="tag event in capitals"),
        pytest.param(
            {"product": "tag", "name": "Tag:ChangeOnResource", "resourceId": ARN + A, "content": {"product": "ecs"}},
            (A,),
            id="tag event with its id beside the content",
        ),
        pytest.param({**tag_event(), "type": "tag:Resource:Changed"}, (A,), id="tag event of an unknown type"),
        pytest.param(tag_event()["data"], (A,), id="content of a tag event alone"),
        pytest.param({"content": tag_event()["data"]}, (A,), id="content of a tag event wrapped"),
        pytest.param(
            {"Product": "ECS", "Name": "Instance:StateChange", "Content": {"State": "Running"}, "ResourceId": ARN + A},
            (A,),
            id="CloudMonitor with capital initials",
        ),
    ],
)
def test_the_instances_are_found_in_every_shape(event: Json, ids: tuple[str, ...]) -> None:
    assert trigger(event).instance_ids == ids


@pytest.mark.parametrize("name", ["Created", "Pending", "Running", "Panding", "created", "RUNNING"])
def test_creation_shows_itself_by_several_states(name: str) -> None:
    outcome = trigger(state(state=name))
    assert (outcome.kind, outcome.event_name) == ("created", name)


@pytest.mark.parametrize(
    ("service", "kind"),
    [
        pytest.param({"serviceName": "Ecs"}, "changed", id="ECS by name"),
        pytest.param({"serviceName": ""}, "changed", id="no service at all"),
        pytest.param({"serviceName": "", "eventSource": "ecs.aliyuncs.com"}, "changed", id="ECS by host"),
        pytest.param({"serviceName": "Tag", "eventSource": "tag.cn-hangzhou.aliyuncs.com"}, "changed", id="Tag"),
    ],
)
def test_a_record_is_ours_by_its_service(service: Json, kind: str) -> None:
    assert trigger(call("TagResources", {"ResourceId.1": A}, **{"service": "", **service})).kind == kind


@pytest.mark.parametrize("kind", ["ecs:ActionTrail:ApiCall", "ecs:ActionTrail:ConsoleOperation"])
def test_a_console_launch_counts_as_one_by_api(kind: str) -> None:
    outcome = trigger(envelope(kind, call("RunInstances", responseElements=by_ids([A]))))
    assert (outcome.kind, outcome.event_id, outcome.event_name) == ("created", "event-1", "RunInstances")


@pytest.mark.parametrize(
    ("event", "region"),
    [
        pytest.param(
            envelope("ecs:Instance:StateChange", state()["data"], aliyunregionid="cn-beijing"), "cn-beijing", id="bus"
        ),
        pytest.param(call("AddTags", {"ResourceId": A}, acsRegion="us-west-1"), "us-west-1", id="acsRegion"),
        pytest.param(
            call("AddTags", {"ResourceId": A, "RegionId": "cn-wulanchabu"}, acsRegion=""), "cn-wulanchabu", id="request"
        ),
        pytest.param(
            call("TagResources", {"ResourceARN": f"arn:acs:ecs:eu-central-1:{ACCOUNT}:instance/{A}"}, "Tag"),
            "eu-central-1",
            id="the instance's own ARN goes before the event's region",
        ),
        pytest.param({"resourceId": A, "state": "Created", "regionId": "me-east-1"}, "me-east-1", id="regionId"),
        pytest.param({"resourceId": A, "state": "Created"}, "ap-southeast-1", id="none, so that of the function"),
        pytest.param(
            {"resourceId": A, "state": "Created", "regionId": "evil.example/?"}, "ap-southeast-1", id="no region id"
        ),
    ],
)
def test_the_region_is_that_of_the_event_and_of_the_function_else(event: Json, region: str) -> None:
    assert trigger(event, region="ap-southeast-1").region == region


@pytest.mark.parametrize(
    ("identity", "actor"),
    [
        pytest.param({"type": "ram-user", "userName": "alice"}, "alice", id="RAM user"),
        pytest.param({"type": "assumed-role", "userName": "Deployer:ci"}, "Deployer:ci", id="assumed role"),
        pytest.param({"type": "root-account", "userName": "root"}, "root", id="root"),
        pytest.param({"type": "root-account", "principalId": ACCOUNT}, "root", id="root without a name"),
        pytest.param({"type": "system"}, "system", id="the platform"),
        pytest.param(json.dumps({"type": "ram-user", "userName": "bob"}), "bob", id="identity is a string"),
        pytest.param(None, "", id="nobody stated"),
    ],
)
def test_the_actor_is_named_as_actiontrail_does(identity: object, actor: str) -> None:
    assert trigger(call("AddTags", {"ResourceId": A}, userIdentity=identity)).actor == actor


@pytest.mark.parametrize(
    ("identity", "is_own"),
    [
        pytest.param({"type": "assumed-role", "userName": "rolekeeper-fc:session"}, True, id="our role"),
        pytest.param({"type": "assumed-role", "userName": "RoleKeeper-FC:session"}, True, id="other case"),
        pytest.param({"type": "assumed-role", "userName": "rolekeeper-fc"}, True, id="no session"),
        pytest.param({"userName": "rolekeeper-fc:session"}, True, id="no type"),
        pytest.param({"type": "assumed-role", "userName": "rolekeeper-fc-2:session"}, False, id="longer name"),
        pytest.param({"type": "assumed-role", "userName": "other:rolekeeper-fc"}, False, id="session so called"),
        pytest.param({"type": "ram-user", "userName": "rolekeeper-fc"}, False, id="a user so called"),
    ],
)
def test_only_our_own_role_is_our_own_write(identity: Json, is_own: bool) -> None:
    event = call("AddTags", {"ResourceId": A}, userIdentity=identity)
    if is_own:
        assert ignored(event, own_role="RoleKeeper-fc").reason == "own-write"
    else:
        trigger(event, own_role="RoleKeeper-fc")
    trigger(event)  # without a known role nothing is our own


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(envelope("ecs:Instance:StateChange", state()["data"], aliyunaccountid="9"), id="aliyunaccountid"),
        pytest.param({**state(), "aliyunoriginalaccountid": "9"}, id="routed from another account"),
        pytest.param(call("AddTags", {"ResourceId": A}, recipientAccountId="9"), id="recipientAccountId"),
        pytest.param(call("AddTags", {"ResourceId": A}, recipientAccountId=9), id="a number"),
        pytest.param(call("TagResources", {"ResourceARN": "acs:ecs:*:9:instance/" + A}, "Tag"), id="the ARN alone"),
        pytest.param(
            {**json.loads((SAMPLES / "direct/cloudmonitor-state.json").read_text()), "userId": "9"}, id="userId"
        ),
    ],
)
def test_one_account_that_is_not_ours_makes_an_event_foreign(event: Json) -> None:
    outcome = ignored(event, account_id=ACCOUNT)
    assert (outcome.reason, outcome.account_id) == ("foreign-account", "9")
    assert trigger(event).instance_ids == (A,)  # who does not know its own account judges nobody


def test_the_wildcard_of_an_arn_is_nobodys_account() -> None:
    record = call("UntagResources", {"ResourceARN": "arn:acs:ecs:*:*:instance/" + A}, "Tag", recipientAccountId=None)
    assert trigger(record, account_id=ACCOUNT).account_id == ""


def test_the_account_of_an_arn_counts_where_no_other_is_stated() -> None:
    record = call("UntagResources", {"ResourceARN": ARN + A}, "Tag", recipientAccountId=None)
    assert trigger(record).account_id == ACCOUNT


def test_an_actor_of_another_account_does_not_make_an_event_foreign() -> None:
    who = {"type": "assumed-role", "accountId": "9", "userName": "partner:session"}
    assert trigger(call("AddTags", {"ResourceId": A}, userIdentity=who), account_id=ACCOUNT).actor == "partner:session"


@pytest.mark.parametrize("code", [None, "", pytest.param("absent", id="absent")])
def test_an_empty_error_code_is_no_failure(code: str | None) -> None:
    event = call("AddTags", {"ResourceId": A}, errorCode=code)
    if code == "absent":
        del event["errorCode"]
    assert trigger(event).kind == "changed"


def test_a_timer_may_carry_any_payload() -> None:
    payloads: tuple[object, ...] = ("awesome-fc", "", '{"all": true}', None, {"tags": {}})
    for payload in payloads:
        event = {"triggerTime": "2026-11-23T08:00:00Z", "triggerName": "tick", "payload": payload}
        outcome = trigger(event, region="cn-hangzhou")
        assert (outcome.kind, outcome.region, outcome.event_id) == ("reconcile", "cn-hangzhou", "")

"""Stacks of the component ros: queues and rules from a template, and loud refusals of all else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fakecloud import ros
from fakecloud.cloud import Cloud
from fakecloud.errors import CloudError, NotEmulated
from fakecloud.identity import ACCOUNT

QUEUE = {"Type": "ALIYUN::MNS::Queue", "Properties": {"QueueName": {"Ref": "Name"}, "VisibilityTimeout": 60}}
RULE = {
    "Type": "ALIYUN::EventBridge::Rule",
    "DependsOn": "Queue",
    "Properties": {
        "EventBusName": "default", "RuleName": "r", "FilterPattern": {"Ref": "Pattern"},
        "Targets": [{
            "Id": "t", "Type": "acs.mns.queue",
            "Endpoint": {"Fn::Sub": "acs:mns:cn-hangzhou:" + ACCOUNT + ":queues/${Queue}"},
            "ParamList": [{"ResourceKey": "queue", "Form": "CONSTANT", "Value": {"Ref": "Name"}}],
        }],
    },
}  # fmt: skip
PARAMETERS = {"Name": {"Type": "String", "Default": "q"}, "Pattern": {"Type": "Json"}}
GIVEN = {"Pattern": '{"source": ["acs.test"]}'}


def deploy(
    cloud: Cloud, folder: Path, resources: Any, parameters: Any = None, version: str = "2015-09-01", **props: Any
) -> list[str]:
    template = {"ROSTemplateFormatVersion": version, "Parameters": PARAMETERS, "Resources": resources}
    (folder / "t.yaml").write_text(yaml.safe_dump(template))
    given = GIVEN if parameters is None else parameters
    whole = {"region": "cn-hangzhou", "name": "s", "template": "./t.yaml", "parameters": given, **props}
    return ros.deploy(cloud, whole, folder, ACCOUNT)


def test_a_stack_makes_its_queues_before_the_rules_that_name_them(cloud: Cloud, tmp_path: Path) -> None:
    assert deploy(cloud, tmp_path, {"Rule": RULE, "Queue": QUEUE}) == ["q", "r"]
    assert cloud.mns.queue(ACCOUNT, "cn-hangzhou", "q").limits.visibility_timeout == 60
    rule = cloud.events.bus(ACCOUNT, "cn-hangzhou").rule("r")
    assert rule.pattern.matches({"source": "acs.test"})
    assert not rule.pattern.matches({"source": "acs.ecs"})
    assert rule.targets[0].endpoint.endswith(":queues/q")


def test_deploying_again_updates(cloud: Cloud, tmp_path: Path) -> None:
    deploy(cloud, tmp_path, {"Rule": RULE, "Queue": QUEUE})
    deploy(cloud, tmp_path, {"Rule": RULE, "Queue": QUEUE}, {"Pattern": '{"source": ["acs.ecs"]}'})
    assert cloud.events.bus(ACCOUNT, "cn-hangzhou").rule("r").pattern.matches({"source": "acs.ecs"})


def changed(resource: Any, **properties: Any) -> Any:
    return {**resource, "Properties": {**resource["Properties"], **properties}}


REFUSED = [
    pytest.param({"X": {"Type": "ALIYUN::OSS::Bucket"}}, {}, NotEmulated, "ALIYUN::OSS::Bucket", id="another type"),
    pytest.param({"Q": {**QUEUE, "Count": 2}}, {}, NotEmulated, "Count", id="another key"),
    pytest.param({"Q": changed(QUEUE, Tags=[])}, {}, NotEmulated, "Tags", id="another property"),
    pytest.param({"Queue": QUEUE, "R": changed(RULE, EventBusName="mine")}, {}, NotEmulated, "default bus", id="bus"),
    pytest.param({"Q": changed(QUEUE, QueueName={"Ref": "Nobody"})}, {}, ros.TemplateError, "Nobody", id="no such Ref"),
    pytest.param({"Q": changed(QUEUE, QueueName={"Fn::Join": []})}, {}, NotEmulated, "Fn::Join", id="function"),
    pytest.param({"Q": QUEUE}, {"parameters": {}}, ros.TemplateError, "Pattern has no value", id="parameter missing"),
    pytest.param({"Q": QUEUE}, {"parameters": {"X": 1}}, ros.TemplateError, "parameter X", id="unknown parameter"),
    pytest.param({"Q": QUEUE}, {"version": "2020"}, ros.TemplateError, "2015-09-01", id="version"),
    pytest.param({"Q": QUEUE}, {"policy": "x"}, NotEmulated, "policy", id="another prop of the component"),
    pytest.param({"Q": QUEUE}, {"template": "./none"}, ros.TemplateError, "No such file", id="no template"),
    pytest.param({"R": RULE}, {}, ros.TemplateError, "Queue", id="no queue"),
    pytest.param({"Q": changed(QUEUE, VisibilityTimeout=0)}, {}, CloudError, "visibility_timeout", id="out of bounds"),
]


@pytest.mark.parametrize(("resources", "given", "error", "words"), REFUSED)
def test_what_is_wrong_or_unknown_is_refused(
    cloud: Cloud, tmp_path: Path, resources: Any, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        deploy(cloud, tmp_path, resources, **given)

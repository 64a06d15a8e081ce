"""s.yaml and s.buffered.yaml are what they say: their triggers take the samples meant for them, handlers and variables exist."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from fakecloud.cloud import Cloud
from fakecloud.eventbridge.models import QUEUE
from fakecloud.eventbridge.patterns import Pattern
from fakecloud.fc.s_yaml import load_s_yaml
from shared.reported import BATCH
from shared.settings import PREFIX, Settings, variable

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "events"
ACCOUNT = "1234567890123456"
SAMPLES = sorted(path.relative_to(EVENTS).as_posix() for path in EVENTS.glob("*/*.json"))
BY_EVENTBRIDGE = ("instance_created", "tags_changed")
ONLY_THE_READER_IGNORES = {f"ignored/{name}.json" for name in ("cloudmonitor-own-tag", "attach-refused", "move-vpc")}
"""What a pattern cannot tell: what is in a list, in an answer, under a key with dots."""
TRIGGER_CONFIG = {
    "eventbridge": {"triggerEnable", "asyncInvocationType", "eventSourceConfig", "eventSinkConfig", "runOptions",
                    "eventRuleFilterPattern"},
    "timer": {"cronExpression", "enable", "payload"},
}  # fmt: skip
RUN_OPTIONS = {
    "Default": {"mode", "errorsTolerance", "retryStrategy"},
    "MNS": {"mode", "errorsTolerance", "retryStrategy", "deadLetterQueue", "batchWindow"},
}
Patterns = list[tuple[str, str, Pattern]]


@pytest.fixture(scope="module", params=["s.yaml", "s.buffered.yaml"])
def path(request: pytest.FixtureRequest) -> Path:
    return ROOT / str(request.param)


@pytest.fixture(scope="module")
def functions(path: Path) -> dict[str, dict[str, Any]]:
    """props by the key of the resource, as `s deploy` would have them with an empty environment."""
    document = load_s_yaml(path, {}, ACCOUNT)
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["edition"] == "3.0.0"
    resources = {key: resource for key, resource in document["resources"].items() if resource["component"] != "ros"}
    assert all(resource["component"] == "fc3" for resource in resources.values())
    return {key: resource["props"] for key, resource in resources.items()}


@pytest.fixture(scope="module")
def patterns(path: Path, functions: dict[str, dict[str, Any]]) -> Patterns:
    """(function's key, rule, pattern) of every rule on the bus after a deployment, whether a queue lies between or not."""
    cloud, found = Cloud(), Patterns()
    cloud.fc.deploy(path, code=ROOT, account=ACCOUNT, runner="inline")
    keys = {props["functionName"]: key for key, props in functions.items()}
    for rule in cloud.events.bus(ACCOUNT, "cn-hangzhou").rules.values():
        (target,) = rule.targets
        if target.type == QUEUE:
            queue = cloud.mns.at(target.endpoint)
            (target,) = (stream.target for stream in cloud.events.streams.values() if stream.queue is queue)
        found.append((keys[target.address.name], rule.name, rule.pattern))
    return found


def test_both_routes_take_the_same_events() -> None:
    """Of the patterns there is one truth: the vars of s.yaml."""
    shown = {}
    for name in ("s.yaml", "s.buffered.yaml"):
        cloud = Cloud()
        cloud.fc.deploy(ROOT / name, code=ROOT, account=ACCOUNT, runner="inline")
        shown[name] = sorted(
            json.dumps(json.loads(rule.filter_pattern))
            for rule in cloud.events.bus(ACCOUNT, "cn-hangzhou").rules.values()
        )
    assert shown["s.yaml"] == shown["s.buffered.yaml"]


def test_a_batch_that_is_tried_again_stays_hidden_in_its_queue() -> None:
    cloud = Cloud()
    cloud.fc.deploy(ROOT / "s.buffered.yaml", code=ROOT, account=ACCOUNT, runner="inline")
    assert cloud.events.streams
    for stream in cloud.events.streams.values():
        function = cloud.fc.find("", "", stream.target.address.name)
        assert stream.queue.limits.visibility_timeout > 4 * (function.timeout + 20)
        assert stream.target.dead_letter
        assert stream.count == BATCH, "the report of a batch that failed has to fit into a dead letter"


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_taken_by_the_one_rule_meant_for_it(sample: str, patterns: Patterns) -> None:
    event = json.loads((EVENTS / sample).read_text(encoding="utf-8"))
    taken = [
        (key, name)
        for key, name, pattern in patterns
        if isinstance(event, dict) and "specversion" in event and pattern.matches(event)
    ]
    folder = sample.split("/")[0]
    if sample in ONLY_THE_READER_IGNORES:
        folder = "tags_changed"
    if folder in BY_EVENTBRIDGE:
        assert [key for key, _ in taken] == [folder], f"{sample} is taken by {taken}"
    else:
        assert taken == []


def test_every_rule_takes_at_least_one_sample(patterns: Patterns) -> None:
    events = [json.loads((EVENTS / s).read_text(encoding="utf-8")) for s in SAMPLES if s.startswith(BY_EVENTBRIDGE)]
    idle = [name for _, name, pattern in patterns if not any(pattern.matches(e) for e in events)]
    assert idle == []


def test_the_timer_sample_is_what_the_timer_trigger_sends(functions: dict[str, dict[str, Any]]) -> None:
    (timer,) = (t for t in functions["reconcile"]["triggers"] if t["triggerType"] == "timer")
    sample = json.loads((EVENTS / "reconcile" / "timer.json").read_text(encoding="utf-8"))
    assert set(sample) == {"triggerTime", "triggerName", "payload"}
    assert sample["triggerName"] == timer["triggerName"]


def test_every_handler_imports(functions: dict[str, dict[str, Any]]) -> None:
    for key, props in functions.items():
        module, _, name = props["handler"].rpartition(".")
        assert module == f"functions.{key}"
        assert callable(getattr(importlib.import_module(module), name))
    modules = {path.stem for path in (ROOT / "functions").glob("*.py")} - {"__init__"}
    assert modules == set(functions), "a function is missing in s.yaml, or the other way round"


def test_the_environment_names_exactly_the_settings(functions: dict[str, dict[str, Any]]) -> None:
    known = {variable(field.name) for field in msgspec.structs.fields(Settings)}
    for props in functions.values():
        named = {name for name in props["environmentVariables"] if name.startswith(PREFIX)}
        assert named == known
        others = set(props["environmentVariables"]) - named
        assert others == {"PYTHONPATH"}
        assert not any(name.startswith("FC_") for name in props["environmentVariables"])


def test_the_environment_makes_valid_settings(functions: dict[str, dict[str, Any]]) -> None:
    for props in functions.values():
        env = dict(props["environmentVariables"])
        assert all(isinstance(value, str) for value in env.values())
        settings = Settings.from_env(env)
        assert (settings.account_id, settings.region) == (ACCOUNT, props["region"])
        assert props["role"].endswith(f":role/{settings.execution_role}")
        assert settings.endpoint == "", "a deployment talks to Alibaba Cloud unless told otherwise"


def test_every_function_has_its_limits_its_log_its_role_and_a_place_for_what_fails(
    functions: dict[str, dict[str, Any]],
) -> None:
    for key, props in functions.items():
        assert props["timeout"] >= 60
        assert props["runtime"] == "python3.10"
        assert props["role"] == props["role"].lower(), "the fc3 component lower-cases the role's ARN"
        assert set(props["logConfig"]) == {
            "project",
            "logstore",
            "enableRequestMetrics",
            "enableInstanceMetrics",
            "logBeginRule",
        }
        again = props["asyncInvokeConfig"]
        tasks = {"asyncTask"} if key in ("reconcile", "remediate") else set()  # those that start their own next run
        assert set(again) == {"maxAsyncRetryAttempts", "maxAsyncEventAgeInSeconds", "destinationConfig", *tasks}
        assert again.get("asyncTask", True) is True
        assert again["maxAsyncRetryAttempts"] == 3
        assert again["destinationConfig"]["onFailure"]["destination"].startswith(
            f"acs:mns:{props['region']}:{ACCOUNT}:/queues/"
        )


def test_triggers_have_known_keys_and_eventbridge_ones_stand_last(functions: dict[str, dict[str, Any]]) -> None:
    """fc3 skips the triggers behind an EventBridge trigger that did not change."""
    for props in functions.values():
        types = [trigger["triggerType"] for trigger in props.get("triggers", [])]
        assert types == sorted(types, key=lambda kind: kind == "eventbridge")
        for trigger in props.get("triggers", []):
            assert set(trigger) == {"triggerName", "triggerType", "qualifier", "triggerConfig"}
            config = trigger["triggerConfig"]
            assert set(config) == TRIGGER_CONFIG[trigger["triggerType"]]
            if trigger["triggerType"] == "eventbridge":
                assert set(config["runOptions"]) == RUN_OPTIONS[config["eventSourceConfig"]["eventSourceType"]]
            assert len(trigger["triggerName"]) <= 128
        names = [trigger["triggerName"] for trigger in props.get("triggers", [])]
        assert len(names) == len(set(names))


def test_the_execution_role_in_the_patterns_is_the_one_deployed(
    functions: dict[str, dict[str, Any]], patterns: Patterns
) -> None:
    """Tag events that our own functions cause are dropped by the rule."""
    role = functions["tags_changed"]["environmentVariables"]["ROLEKEEPER_EXECUTION_ROLE"]
    event = json.loads((EVENTS / "tags_changed" / "ecs-tag-resources.json").read_text(encoding="utf-8"))
    ours = [pattern for key, _, pattern in patterns if key == "tags_changed" and pattern.matches(event)]
    assert len(ours) == 1
    event["data"]["userIdentity"] = {"type": "assumed-role", "userName": f"{role}:rolekeeper-tags-changed"}
    assert not ours[0].matches(event)
    event["data"]["userIdentity"] = {"type": "system"}
    assert ours[0].matches(event), "an identity without a user name is somebody else"

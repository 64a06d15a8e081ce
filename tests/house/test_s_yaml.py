"""s.yaml is what it says: its triggers take the samples meant for them, its handlers and variables exist."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from fakecloud.eventbridge.patterns import Pattern, compile_pattern
from fakecloud.fc.s_yaml import load_s_yaml
from shared.settings import PREFIX, Settings, variable

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "events"
ACCOUNT = "1234567890123456"
SAMPLES = sorted(path.relative_to(EVENTS).as_posix() for path in EVENTS.glob("*/*.json"))
BY_EVENTBRIDGE = ("instance_created", "tags_changed")
PROPS = {
    "region", "functionName", "description", "runtime", "handler", "code", "cpu", "memorySize", "diskSize", "timeout",
    "internetAccess", "role", "environmentVariables", "logConfig", "asyncInvokeConfig", "triggers",
}  # fmt: skip
TRIGGER_CONFIG = {
    "eventbridge": {"triggerEnable", "asyncInvocationType", "eventSourceConfig", "eventSinkConfig", "runOptions",
                    "eventRuleFilterPattern"},
    "timer": {"cronExpression", "enable", "payload"},
}  # fmt: skip


@pytest.fixture(scope="module")
def functions() -> dict[str, dict[str, Any]]:
    """props by the key of the resource, as `s deploy` would have them with an empty environment."""
    document = load_s_yaml(ROOT / "s.yaml", {}, ACCOUNT)
    assert yaml.safe_load((ROOT / "s.yaml").read_text(encoding="utf-8"))["edition"] == "3.0.0"
    assert all(resource["component"] == "fc3" for resource in document["resources"].values())
    return {key: resource["props"] for key, resource in document["resources"].items()}


def patterns(functions: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, Pattern]]:
    for key, props in functions.items():
        for trigger in props.get("triggers", []):
            if trigger["triggerType"] == "eventbridge":
                yield key, trigger["triggerName"], compile_pattern(trigger["triggerConfig"]["eventRuleFilterPattern"])


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_taken_by_the_one_trigger_meant_for_it(sample: str, functions: dict[str, dict[str, Any]]) -> None:
    event = json.loads((EVENTS / sample).read_text(encoding="utf-8"))
    taken = [
        (key, name)
        for key, name, pattern in patterns(functions)
        if isinstance(event, dict) and "specversion" in event and pattern.matches(event)
    ]
    folder = sample.split("/")[0]
    if folder in BY_EVENTBRIDGE:
        assert [key for key, _ in taken] == [folder], f"{sample} is taken by {taken}"
    else:
        assert taken == []


def test_every_eventbridge_trigger_takes_at_least_one_sample(functions: dict[str, dict[str, Any]]) -> None:
    events = [json.loads((EVENTS / s).read_text(encoding="utf-8")) for s in SAMPLES if s.startswith(BY_EVENTBRIDGE)]
    idle = [name for _, name, pattern in patterns(functions) if not any(pattern.matches(e) for e in events)]
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
        assert set(props) <= PROPS, "a misspelt key would be dropped in silence by the Serverless Devs CLI"
        assert props["timeout"] >= 60
        assert props["runtime"] == "python3.10"
        assert props["role"] == props["role"].lower(), "the fc3 component lower-cases the role's ARN"
        assert set(props["logConfig"]) == {
            "project", "logstore", "enableRequestMetrics", "enableInstanceMetrics", "logBeginRule",
        }  # fmt: skip
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
            assert set(trigger["triggerConfig"]) == TRIGGER_CONFIG[trigger["triggerType"]]
            assert len(trigger["triggerName"]) <= 128
        names = [trigger["triggerName"] for trigger in props.get("triggers", [])]
        assert len(names) == len(set(names))


def test_the_execution_role_in_the_patterns_is_the_one_deployed(functions: dict[str, dict[str, Any]]) -> None:
    """Tag events that our own functions cause are dropped by the rule."""
    role = functions["tags_changed"]["environmentVariables"]["ROLEKEEPER_EXECUTION_ROLE"]
    event = json.loads((EVENTS / "tags_changed" / "ecs-tag-resources.json").read_text(encoding="utf-8"))
    ours = [pattern for key, _, pattern in patterns(functions) if key == "tags_changed" and pattern.matches(event)]
    assert len(ours) == 1
    event["data"]["userIdentity"] = {"type": "assumed-role", "userName": f"{role}:rolekeeper-tags-changed"}
    assert not ours[0].matches(event)
    event["data"]["userIdentity"] = {"type": "system"}
    assert ours[0].matches(event), "an identity without a user name is somebody else"

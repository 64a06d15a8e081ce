"""s.yaml and its variants have no key that Serverless Devs would drop in silence, and render as the real CLI does."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.building import spelling
from fakecloud.fc.s_yaml import load_s_yaml
from fakecloud.fc.variables import Variables

from .serverless import (
    ACCOUNT,
    ENV,
    PROPS2,
    PROPS3,
    PROPS_ROS,
    ROOT,
    document,
    rendered2,
    rendered3,
    wrong,
    wrong_around,
)

Props = dict[str, dict[str, Any]]
EDITION3 = ["s.yaml", "s.buffered.yaml"]
FILES = [*EDITION3, "s.fc2.yaml"]
SCHEMA = ROOT.parent / "shared" / "reference" / "fc3-schema.json"


def ours3(name: str) -> Props:
    resources = load_s_yaml(ROOT / name, ENV, ACCOUNT)["resources"]
    return {key: resource["props"] for key, resource in resources.items() if resource["component"] != "ros"}


def ours2() -> Props:
    whole = document("s.fc2.yaml")
    assert whole["edition"] == "1.0.0"
    variables = Variables(whole, ROOT, ENV, ACCOUNT)
    return {key: variables.render(service["props"], service) for key, service in whole["services"].items()}


def in_words_of_3(given: Any) -> dict[str, Any]:
    """A function of FC 2.0 as s.yaml would have it."""
    props = copy.deepcopy(given)
    service, function, again = props["service"], props["function"], props["function"]["asyncConfiguration"]
    said: dict[str, Any] = {
        "region": props["region"],
        "role": service["role"],
        "internetAccess": service["internetAccess"],
        "logConfig": service["logConfig"],
        "functionName": function.pop("name"),
        "code": function.pop("codeUri"),
        "asyncInvokeConfig": {
            "maxAsyncRetryAttempts": again["maxAsyncRetryAttempts"],
            "maxAsyncEventAgeInSeconds": again["maxAsyncEventAgeInSeconds"],
            "destinationConfig": {"onFailure": {"destination": again["destination"]["onFailure"]}},
            **({"asyncTask": True} if again.get("statefulInvocation") else {}),
        },
        **{key: value for key, value in function.items() if key != "asyncConfiguration"},
    }
    if "triggers" in props:
        said["triggers"] = [
            {
                "triggerName": t["name"],
                "triggerType": t["type"],
                "qualifier": t["qualifier"],
                "triggerConfig": t["config"],
            }
            for t in props["triggers"]
        ]
    return said


@pytest.mark.parametrize("name", EDITION3)
def test_every_key_is_one_of_fc3(name: str) -> None:
    for key, props in ours3(name).items():
        assert list(wrong(props, PROPS3, key)) == []


def test_every_key_of_the_older_edition_is_one_of_fc() -> None:
    for key, props in ours2().items():
        assert list(wrong(props, PROPS2, key)) == []


def test_every_key_of_the_queues_stack_is_one_of_ros_and_of_its_template() -> None:
    buffer = load_s_yaml(ROOT / "s.buffered.yaml", ENV, ACCOUNT)["resources"]["buffer"]["props"]
    assert list(wrong(buffer, PROPS_ROS)) == []
    assert buffer["parameters"].keys() == document("s.buffered.ros.yaml")["Parameters"].keys()


@pytest.mark.parametrize("name", FILES)
def test_every_key_around_the_props_is_one_of_serverless_devs(name: str) -> None:
    assert list(wrong_around(document(name))) == []


def test_both_editions_deploy_the_same() -> None:
    newer, older = ours3("s.yaml"), {key: in_words_of_3(props) for key, props in ours2().items()}
    for props in newer.values():
        props["environmentVariables"] |= {"ROLEKEEPER_FC_EDITION": "2.0", "ROLEKEEPER_FC_SERVICE": "rolekeeper"}
    assert older == newer


@pytest.mark.parametrize("name", EDITION3)
def test_the_cli_renders_as_the_emulator_does(name: str, tmp_path: Path) -> None:
    assert rendered3(ROOT / name, tmp_path) == ours3(name)


def test_the_older_cli_renders_as_the_emulator_does(tmp_path: Path) -> None:
    assert rendered2(ROOT / "s.fc2.yaml", tmp_path) == ours2()


@pytest.mark.parametrize("name", EDITION3)
def test_the_component_s_schema_takes_it(name: str) -> None:
    if not SCHEMA.exists():
        pytest.skip("the schema of fc3 is not at hand")
    import jsonschema

    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for props in ours3(name).values():
        assert [error.message for error in validator.iter_errors(props)] == []


def test_the_build_knows_the_keys_of_the_component_s_schema() -> None:
    if not SCHEMA.exists():
        pytest.skip("the schema of fc3 is not at hand")
    whole = json.loads(SCHEMA.read_text(encoding="utf-8"))
    by_name = {name: set(definition.get("properties", ())) for name, definition in whole["definitions"].items()}
    assert set(whole["properties"]) == set(spelling.FUNCTION)
    for key, known in spelling.WITHIN.items():
        assert known.keys() == by_name[f"I{key[0].upper()}{key[1:]}"], key
    assert spelling.WITHIN["asyncInvokeConfig"]["destinationConfig"].keys() == by_name["IDestinationConfig"]
    assert spelling.DESTINATION.keys() == by_name["IDestination"]
    assert set(spelling.TRIGGER) == by_name["ITrigger"]
    assert spelling.BY_TRIGGER.keys() == set(whole["definitions"]["ITriggerType"]["enum"])
    assert spelling.BY_TRIGGER["eventbridge"].keys() == by_name["IEventBridge"]
    assert spelling.BY_TRIGGER["timer"].keys() == by_name["ITimerTriggerConfig"]


@pytest.mark.parametrize("name", EDITION3)
def test_the_build_knows_every_key(name: str) -> None:
    assert [said for props in ours3(name).values() for said in spelling.unknown(props)] == []
    tried = 0
    for props in ours3(name).values():
        for *way, key in misspelt(props):
            if "eventSourceParameters" not in way:
                (said,) = spelling.unknown(with_misspelt(props, way, key))
                assert f"{key}x: Function Compute has no such key" in said
                tried += 1
    assert tried > 100


def test_the_bundle_is_made_once_before_a_deployment() -> None:
    build = [{"run": "make build DEPLOYING=1", "path": "./"}]
    newer = document("s.yaml")
    assert newer["actions"] == {"pre-deploy": build}
    assert not any("actions" in resource for resource in newer["resources"].values())
    older = document("s.fc2.yaml")["services"]
    assert [service.get("actions") for service in older.values()] == [{"pre-deploy": build}, None, None, None]
    assert "\nbuild: " in (ROOT / "Makefile").read_text(encoding="utf-8")


def misspelt(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every key, but for names that are free."""
    if isinstance(node, dict):
        for key, value in node.items():
            if path[-1:] != ("environmentVariables",):
                yield (*path, key)
                yield from misspelt(value, (*path, key))
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from misspelt(item, (*path, number))


def with_misspelt(given: Any, way: list[Any], key: str) -> Any:
    broken = copy.deepcopy(given)
    node: Any = broken
    for step in way:
        node = node[step]
    node[f"{key}x"] = node.pop(key)
    return broken


@pytest.mark.parametrize(("functions", "rules"), [(ours3(name), PROPS3) for name in EDITION3] + [(ours2(), PROPS2)])
def test_any_key_that_is_misspelt_is_found(functions: Props, rules: Any) -> None:
    tried = 0
    for props in functions.values():
        for *way, key in misspelt(props):
            broken = with_misspelt(props, way, key)
            assert any(f"{key}x: unknown" in found for found in wrong(broken, rules)), (*way, key)
            tried += 1
    assert tried > 100


@pytest.mark.parametrize(("name", "least"), [("s.yaml", 35), ("s.buffered.yaml", 9), ("s.fc2.yaml", 25)])
def test_any_key_around_the_props_that_is_misspelt_is_found(name: str, least: int) -> None:
    given, tried = document(name), 0
    for *way, key in misspelt(given):
        # Names of resources are free; what is in props and in templates is looked at when it is rendered.
        if way in (["resources"], ["services"]) or "props" in way or (way[:1] == ["template"] and len(way) > 1):
            continue
        found = list(wrong_around(with_misspelt(given, way, key)))
        assert any(f"{key}x: un" in text or f"{key}x." in text for text in found), (*way, key)
        tried += 1
    assert tried >= least


@pytest.mark.parametrize(
    ("name", "way", "added", "found"),
    [
        ("s.yaml", [], {"acess": "default"}, [".acess: unknown"]),
        ("s.yaml", [], {"nme": "rolekeeper"}, [".nme: unknown"]),
        ("s.yaml", [], {"flows": {}}, [".flows: unknown"]),
        ("s.yaml", [], {"services": {}}, [".services: unknown"]),
        ("s.yaml", ["vars"], {"executionrole": "x"}, ["vars.executionrole: unused"]),
        ("s.yaml", ["template"], {"bse": {}}, ["template.bse: unused"]),
        ("s.yaml", ["actions"], {"pre-deplyo": []}, [".actions.pre-deplyo: unknown"]),
        ("s.yaml", ["actions"], {"pre-remove": {"run": "make"}}, [".actions.pre-remove: not a list"]),
        ("s.yaml", ["actions", "pre-deploy", 0], {"pth": "./"}, [".actions.pre-deploy[0].pth: unknown"]),
        ("s.yaml", ["actions", "pre-deploy", 0], {"args": {}}, [".actions.pre-deploy[0].args: unknown"]),
        ("s.yaml", ["resources", "remediate"], {"action": {}}, [".resources.remediate.action: unknown"]),
        ("s.yaml", ["resources", "remediate"], {"access": "x"}, [".resources.remediate.access: unknown"]),
        (
            "s.yaml",
            ["resources", "remediate", "extend"],
            {"overwrite": []},
            [".resources.remediate.extend.overwrite: unknown"],
        ),
        ("s.buffered.yaml", [], {"flows": {}}, [".flows: unknown"]),
        ("s.buffered.yaml", ["vars"], {"regoin": "x"}, ["vars.regoin: unused"]),
        (
            "s.buffered.yaml",
            ["resources"],
            {"tag_changed": {"props": {}}},
            [".resources.tag_changed.component: missing"],
        ),
        ("s.fc2.yaml", ["services", "remediate"], {"acts": "x"}, [".services.remediate.acts: unknown"]),
        ("s.fc2.yaml", [], {"actions": {}}, [".actions: unknown"]),
        ("s.fc2.yaml", [], {"resources": {}}, [".resources: unknown"]),
    ],
)
def test_a_key_that_has_no_place_there_is_found(name: str, way: list[Any], added: Any, found: list[str]) -> None:
    broken = document(name)
    place: Any = broken
    for step in way:
        place = place[step]
    place |= added
    assert list(wrong_around(broken)) == found


@pytest.mark.parametrize(
    ("key", "value"), [("timeout", "60"), ("internetAccess", "true"), ("memorySize", True), ("cpu", 1)]
)
def test_a_value_of_another_kind_is_found(key: str, value: object) -> None:
    props = ours3("s.yaml")["reconcile"] | {key: value}
    assert len(list(wrong(props, PROPS3))) == 1

"""Deploying a Serverless Devs YAML: variables, templates, limits, triggers, and how the API shows the result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from alibabacloud_fc20230330 import models as m3
from alibabacloud_fc20230330.client import Client as Fc3
from alibabacloud_fc_open20210406 import models as m2
from alibabacloud_fc_open20210406.client import Client as Fc2
from alibabacloud_tea_openapi.exceptions import ClientException

from fakecloud.cloud import Cloud
from fakecloud.errors import CloudError, NotEmulated
from fakecloud.fc.s_yaml import YamlError, load_s_yaml, merge
from fakecloud.identity import ACCOUNT

from .conftest import Deploy, handler

DEFINITIONS = Path(__file__).parents[4] / "shared" / "openapi"
PATTERN = '{"source": ["acs.ecs"]}'


def load(tmp_path: Path, text: str, env: dict[str, str] | None = None, region: str = "") -> dict[str, Any]:
    (tmp_path / "s.yaml").write_text("edition: 3.0.0\nname: t\n" + text)
    return load_s_yaml(tmp_path / "s.yaml", env or {}, "42", region)


VARIABLES = [
    pytest.param("${env('X')}", "from env", id="env"),
    pytest.param('${env("X")}', "from env", id="env in double quotes"),
    pytest.param("${env(X)}", "from env", id="env bare"),
    pytest.param("${env('NONE', 'fallback')}", "fallback", id="env with a default"),
    pytest.param("${env('NONE', fallback)}", "fallback", id="env with a bare default"),
    pytest.param("${env('NONE','a, b')}", "a, b", id="a comma in the default"),
    pytest.param("${env('NONE', '')}", "", id="an empty default"),
    pytest.param("${env('X', 'fallback')}", "from env", id="env over the default"),
    pytest.param("${env('NONE', 5)}", 5, id="a default that is a number"),
    pytest.param("${vars.a.b}", "deep", id="vars"),
    pytest.param("${vars.a}", {"b": "deep"}, id="a map of vars"),
    pytest.param("${vars.chain}", "<deep>", id="vars that refer to vars"),
    pytest.param("acs:ram::${config('AccountID')}:role/${vars.a.b}", "acs:ram::42:role/deep", id="inside a text"),
    pytest.param("${file('./rule.json')}", '{"a": [1]}\n', id="file"),
    pytest.param("${json(file('./rule.json'))}", {"a": [1]}, id="json of a file"),
    pytest.param("${env('NONE', ${vars.a.b})}", "deep", id="nested"),
    pytest.param("${this.props.timeout}", 7, id="this"),
    pytest.param("${resources.one.props.timeout}", 7, id="resources"),
    pytest.param("plain $text {x}", "plain $text {x}", id="nothing to do"),
]


@pytest.mark.parametrize(("given", "expected"), VARIABLES)
def test_variables_are_resolved(tmp_path: Path, given: str, expected: Any) -> None:
    (tmp_path / "rule.json").write_text('{"a": [1]}\n')
    text = yaml.safe_dump(
        {
            "vars": {"a": {"b": "deep"}, "chain": "<${vars.a.b}>"},
            "resources": {"one": {"component": "${env('FC3', 'fc3')}", "props": {"timeout": 7, "description": given}}},
        }
    )
    (one,) = load(tmp_path, text, {"X": "from env"})["resources"].values()
    assert one == {"component": "fc3", "props": {"timeout": 7, "description": expected}}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        pytest.param("${env('NONE')}", "NONE is not set", id="env without a default"),
        pytest.param("${vars.b}", "there is no b", id="unknown var"),
        pytest.param("${file('./none')}", "No such file", id="no file"),
        pytest.param("${vars.loop}", "refers to itself", id="a loop"),
        pytest.param("${secret('x')}", "unknown function", id="unknown function"),
        pytest.param("${resources.one.output.arn}", "only env", id="output of a deployment"),
        pytest.param("a ${vars.map}", "cannot stand inside a text", id="a map inside a text"),
        pytest.param("${json(env('NONE', 'x'))}", "is not JSON", id="json of what is none"),
        pytest.param("${json(vars.map)}", "is not JSON", id="json of a map"),
        pytest.param("${env(NONE, [)}", "put it in quotes", id="an argument that is no YAML"),
        pytest.param("${file(5)}", "No such file", id="a file that is a number"),
    ],
)
def test_a_variable_that_cannot_be_resolved_is_named(tmp_path: Path, given: str, reason: str) -> None:
    text = yaml.safe_dump(
        {"vars": {"loop": "x${vars.loop}", "map": {"k": 1}}, "resources": {"one": {"props": {"description": given}}}}
    )
    with pytest.raises(YamlError, match=reason):
        load(tmp_path, text)


def test_a_template_is_merged_key_by_key_and_arrays_are_replaced(tmp_path: Path) -> None:
    text = """
template:
  base:
    timeout: 60
    role: worker
    environmentVariables: {A: a, B: b}
    tags: [{key: x, value: 1}]
resources:
  one:
    component: fc3
    extend: {name: base, ignore: [role, environmentVariables.B]}
    props:
      environmentVariables: {C: c}
      tags: []
"""
    assert load(tmp_path, text)["resources"]["one"]["props"] == {
        "timeout": 60,
        "environmentVariables": {"A": "a", "C": "c"},
        "tags": [],
    }


def test_a_base_file_lies_under_the_file_that_extends_it(tmp_path: Path) -> None:
    base = {"edition": "3.0.0", "vars": {"region": "cn-beijing", "keep": 1}, "resources": {"one": {"props": {"a": 1}}}}
    (tmp_path / "base.yaml").write_text(yaml.safe_dump(base))
    found = load(tmp_path, "extend: base.yaml\nvars: {region: cn-hangzhou}\n")
    assert found["vars"] == {"region": "cn-hangzhou", "keep": 1}
    assert found["resources"]["one"]["props"] == {"a": 1}


def test_another_region_takes_the_place_of_the_yamls(tmp_path: Path) -> None:
    text = "vars: {region: cn-hangzhou}\nresources: {one: {props: {region: '${vars.region}', description: 'in ${vars.region}'}}}\n"
    props = load(tmp_path, text, region="cn-beijing")["resources"]["one"]["props"]
    assert props == {"region": "cn-beijing", "description": "in cn-beijing"}


def test_merging_changes_neither_side() -> None:
    base: dict[str, Any] = {"a": {"b": [1]}}
    merged = merge(base, {"a": {"c": 2}})
    merged["a"]["b"].append(3)
    assert base == {"a": {"b": [1]}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("edition: 1.0.0\n", "edition '1.0.0': only 3.0.0 is known", id="the edition of FC 2.0"),
        pytest.param(
            "resources: {one: {extend: {name: none}}}\n", "there is no map 'none' under template", id="no such template"
        ),
        pytest.param(
            "resources: {one: {extend: base}}\n", "one.extend: 'base': write {name", id="a template by its bare name"
        ),
        pytest.param("resources: {one: {extend: {name: [base]}}}\n", "write {name", id="a template by a list"),
        pytest.param(
            "resources: {one: {extend: {name: base}}}\ntemplate: {base: [1]}\n",
            "there is no map 'base' under template",
            id="a template that is a list",
        ),
        pytest.param(
            "resources: {one: {extend: {name: base, ignore: [1]}}}\ntemplate: {base: {a: 1}}\n",
            "ignore: a list of keys",
            id="a number ignored",
        ),
        pytest.param("resources: {one: {props: {[a]: b}}}\n", ":1: found unhashable key", id="a key that is a list"),
        pytest.param("extend: s.yaml\n", "extend: the file extends itself", id="a file that extends itself"),
        pytest.param("extend: [base.yaml]\n", "extend: .*: the name of a file is needed", id="a list of base files"),
        pytest.param("vars: &a {x: *a}\n", "nested without end", id="an alias inside what it names"),
        pytest.param("[1]\n", "a map is needed at the top", id="no map"),
        pytest.param("a: [\n", ":3: expected", id="no YAML"),
        pytest.param(
            "resources: {one: {component: fc3, props: {timeout: 60, timeout: 30}}}\n",
            "'timeout' is there twice",
            id="a key that is there twice",
        ),
    ],
)
def test_a_yaml_that_is_wrong_is_refused_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    edition = "" if text.startswith(("edition", "[")) else "edition: 3.0.0\n"
    (tmp_path / "s.yaml").write_text(text + edition)
    with pytest.raises(YamlError, match=rf"s\.yaml.*{reason}") as refused:
        load_s_yaml(tmp_path / "s.yaml", {}, "42")
    assert "\n" not in str(refused.value)


def trigger(**config: Any) -> dict[str, Any]:
    whole = {
        "triggerEnable": True,
        "asyncInvocationType": True,
        "eventRuleFilterPattern": PATTERN,
        "eventSourceConfig": {"eventSourceType": "Default"},
        **config,
    }
    return {"triggerName": "created", "triggerType": "eventbridge", "qualifier": "LATEST", "triggerConfig": whole}


WRONG = [
    pytest.param({"timeout": 0}, YamlError, id="timeout too short"),
    pytest.param({"timeout": "60"}, YamlError, id="timeout as text"),
    pytest.param({"memorySize": 500}, YamlError, id="memory no multiple of 64"),
    pytest.param({"memorySize": 64}, YamlError, id="memory too small"),
    pytest.param({"functionName": "1st"}, YamlError, id="name begins with a digit"),
    pytest.param({"functionName": "x" * 65}, YamlError, id="name too long"),
    pytest.param({"runtime": "python3.11"}, NotEmulated, id="no such runtime"),
    pytest.param({"instanceConcurrency": 2}, YamlError, id="concurrency"),
    pytest.param({"environmentVariables": {"FC_X": "1"}}, YamlError, id="reserved prefix"),
    pytest.param({"environmentVariables": {"1X": "1"}}, YamlError, id="name of a variable"),
    pytest.param({"environmentVariables": {"X": "x" * 4096}}, YamlError, id="variables too long"),
    pytest.param({"timeuot": 60}, NotEmulated, id="misspelt key"),
    pytest.param({"handler": ""}, YamlError, id="no handler"),
    pytest.param({"logConfig": "auto"}, NotEmulated, id="logConfig auto"),
    pytest.param({"asyncInvokeConfig": {"maxAsyncRetryAttempts": 9}}, YamlError, id="too many retries"),
    pytest.param({"asyncInvokeConfig": {"maxAsyncEventAgeInSeconds": 0}}, YamlError, id="no age"),
    pytest.param({"asyncInvokeConfig": {"retries": 1}}, NotEmulated, id="misspelt async key"),
    pytest.param({"triggers": [{"triggerName": "h", "triggerType": "http"}]}, NotEmulated, id="http trigger"),
    pytest.param({"triggers": [{"triggerName": "t", "triggerType": "timer"}]}, YamlError, id="timer without cron"),
    pytest.param({"triggers": [trigger(eventRuleFilterPattern={})]}, YamlError, id="pattern as a map"),
    pytest.param({"triggers": [trigger(eventRuleFilterPattern='{"x": ["y"]}')]}, CloudError, id="faulty pattern"),
    pytest.param({"triggers": [trigger(eventSourceConfig={"eventSourceType": "MNS"})]}, NotEmulated, id="MNS"),
    pytest.param({"triggers": [{**trigger(), "triggerName": f"t{n}"} for n in range(51)]}, YamlError, id="51 triggers"),
    pytest.param({"triggers": [trigger(runOptions={"mode": "event-streaming"})]}, NotEmulated, id="streaming"),
]


@pytest.mark.parametrize(("props", "error"), WRONG)
def test_what_fc_would_refuse_is_not_deployed(
    cloud: Cloud, deploy: Deploy, props: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        deploy(handler("return 1"), **props)
    assert not cloud.fc.functions()
    assert not cloud.events.bus(ACCOUNT, "cn-hangzhou").rules


CONFIG = {
    "maxAsyncRetryAttempts": 2,
    "maxAsyncEventAgeInSeconds": 3600,
    "destinationConfig": {"onFailure": {"destination": "acs:mns:x"}, "onSuccess": {}},
}
TICK = {"triggerName": "tick", "triggerType": "timer", "triggerConfig": {"cronExpression": "@every 5m"}}


def test_what_is_deployed_is_shown_by_both_versions(cloud: Cloud, deploy: Deploy, fc3: Fc3, fc2: Fc2) -> None:
    names = deploy(
        handler("return 1"),
        functionName="svc$hello",
        role="Worker",
        timeout=60,
        memorySize=256,
        environmentVariables={"A": "a"},
        asyncInvokeConfig=CONFIG,
        triggers=[trigger(), TICK],
    )
    assert names == ["svc$hello"]
    function = fc3.get_function("svc$hello", m3.GetFunctionRequest()).body
    assert (function.function_name, function.timeout, function.memory_size) == ("svc$hello", 60, 256)
    assert function.role == f"acs:ram::{ACCOUNT}:role/worker"
    assert function.environment_variables == {"A": "a"}
    old = fc2.get_function("svc", "hello", m2.GetFunctionRequest()).body
    assert (old.function_name, old.handler, old.runtime) == ("hello", "index.handler", "python3.10")
    for answer in (
        fc3.get_async_invoke_config("svc$hello", m3.GetAsyncInvokeConfigRequest()).body,
        fc2.get_function_async_invoke_config("svc", "hello", m2.GetFunctionAsyncInvokeConfigRequest()).body,
    ):
        assert (answer.max_async_retry_attempts, answer.max_async_event_age_in_seconds) == (2, 3600)
        assert answer.destination_config.on_failure.destination == "acs:mns:x"
    for listed in (
        fc3.list_triggers("svc$hello", m3.ListTriggersRequest()).body.triggers,
        fc2.list_triggers("svc", "hello", m2.ListTriggersRequest()).body.triggers,
    ):
        assert [one.trigger_name for one in listed] == ["created", "tick"]
    shown = fc3.get_trigger("svc$hello", "created").body
    assert json.loads(shown.trigger_config)["eventRuleFilterPattern"] == PATTERN
    assert shown.source_arn == f"acs:eventbridge:cn-hangzhou:{ACCOUNT}:eventbus/default/rule/svc-hello-created"


def test_functions_are_listed_in_pages_and_by_version(cloud: Cloud, deploy: Deploy, fc3: Fc3, fc2: Fc2) -> None:
    for name in ("b", "a", "svc$c"):
        deploy(handler("return 1"), functionName=name)
    first = fc3.list_functions(m3.ListFunctionsRequest(limit=2)).body
    assert [one.function_name for one in first.functions] == ["a", "b"]
    rest = fc3.list_functions(m3.ListFunctionsRequest(limit=2, next_token=first.next_token)).body
    assert ([one.function_name for one in rest.functions], rest.next_token) == (["svc$c"], None)
    old = fc3.list_functions(m3.ListFunctionsRequest(fc_version="v2")).body
    assert [one.function_name for one in old.functions] == ["svc$c"]
    assert [one.function_name for one in fc2.list_functions("svc", m2.ListFunctionsRequest()).body.functions] == ["c"]
    with pytest.raises(ClientException):
        fc2.list_functions("none", m2.ListFunctionsRequest())


def test_deploying_again_replaces_the_rule_and_removing_takes_it_away(cloud: Cloud, deploy: Deploy) -> None:
    bus = cloud.events.bus(ACCOUNT, "cn-hangzhou")
    deploy(handler("return 1"), triggers=[trigger()])
    deploy(handler("return 1"), triggers=[trigger(eventRuleFilterPattern='{"source": ["acs.tag"]}')])
    assert [rule.filter_pattern for rule in bus.rules.values()] == ['{"source": ["acs.tag"]}']
    cloud.fc.remove("hello")
    assert not bus.rules


@pytest.mark.parametrize(
    ("product", "action", "path"),
    [
        pytest.param("fc", "InvokeFunction", "/2023-03-30/functions/{functionName}/invocations", id="2023"),
        pytest.param(
            "fc-open",
            "InvokeFunction",
            "/2021-04-06/services/{serviceName}/functions/{functionName}/invocations",
            id="2021",
        ),
    ],
)
def test_the_paths_are_those_of_the_published_definition(product: str, action: str, path: str) -> None:
    file = DEFINITIONS / product / f"{action}.json"
    if not file.exists():
        pytest.skip("the published definitions are not here")
    assert json.loads(file.read_text())["definition_2024_06"]["path"] == path

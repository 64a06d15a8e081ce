"""Function instances: started, used again, limited, timed out, ended."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from fakecloud.fc.exceptions import ResourceExhausted

from .conftest import Deploy, handler, invoke

STATE = "import os\ncount = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return [count, os.getpid()]\n"


def test_an_instance_is_used_again_until_its_function_is_deployed_anew(
    cloud: Cloud, deploy: Deploy, runner: str
) -> None:
    deploy(STATE, runner=runner)
    assert [json.loads(invoke(cloud).body)[0] for _ in range(3)] == [1, 2, 3]
    deploy(STATE, runner=runner)
    assert json.loads(invoke(cloud).body)[0] == 1


def test_the_log_of_a_call_is_its_own(cloud: Cloud, deploy: Deploy, runner: str) -> None:
    deploy(handler("print(event.decode() * 100)"), runner=runner)
    for word in ("first", "second", "third"):
        log = invoke(cloud, word.encode()).log
        others = {"first", "second", "third"} - {word}
        assert log.count(word) == 100
        assert not any(other in log for other in others)
        assert "\0" not in log


def test_inline_a_new_deployment_runs_its_new_code(cloud: Cloud, deploy: Deploy) -> None:
    for text in ("old", "newer"):
        deploy(handler(f"return {text!r}"), runtime="python3.12")
        assert invoke(cloud).body.decode() == text


def test_inline_modules_of_another_code_directory_are_not_used(cloud: Cloud, deploy: Deploy, tmp_path: Path) -> None:
    for directory, text in (("one", "from one"), ("two", "from two")):
        (tmp_path / directory / "app").mkdir(parents=True)
        (tmp_path / directory / "app" / "__init__.py").write_text("")
        (tmp_path / directory / "app" / "helper.py").write_text(f"TEXT = {text!r}\n")
        (tmp_path / directory / "app" / "main.py").write_text(
            "from app.helper import TEXT\ndef handler(event, context):\n    return TEXT\n"
        )
        deploy("", handler="app.main.handler", code=tmp_path / directory)
        assert invoke(cloud).body.decode() == text


def test_a_handler_that_takes_too_long_is_ended_and_its_stacks_are_logged(cloud: Cloud, deploy: Deploy) -> None:
    deploy("import time\n" + handler("print('working')\ntime.sleep(60)"), timeout=1, runner="process")
    outcome = invoke(cloud)
    assert outcome.error_type == "UnhandledInvocationError"
    message = json.loads(outcome.body)["errorMessage"]
    assert message.startswith("Function timed out after 1 seconds (maxMemoryUsage: ")
    for text in ("working", "Dumping stack trace after function timeout", "time.sleep(60)"):
        assert text in outcome.log


def test_a_process_that_exits_fails_its_call_and_the_next_gets_a_new_one(cloud: Cloud, deploy: Deploy) -> None:
    body = "print('last words', flush=True)\nif event == b'die':\n    os._exit(3)\nreturn 'alive'"
    deploy("import os\n" + handler(body), runner="process")
    outcome = invoke(cloud, b"die")
    assert json.loads(outcome.body)["errorMessage"].startswith("Process exited unexpectedly before completing request")
    assert "last words" in outcome.log
    assert invoke(cloud).body == b"alive"


def test_an_initializer_runs_once_an_instance_and_its_failure_fails_the_call(
    cloud: Cloud, deploy: Deploy, runner: str, tmp_path: Path
) -> None:
    mark = tmp_path / "marks"
    source = f"""
    import pathlib
    def initialize(context):
        with open({str(mark)!r}, "a") as file:
            print("init", file=file)
        if pathlib.Path({str(mark)!r}).read_text().count("init") == 1:
            raise RuntimeError("not ready")
    def stop(context):
        with open({str(mark)!r}, "a") as file:
            print("stop", file=file)
    def handler(event, context):
        return "served"
    """
    hooks = {"initializer": {"handler": "index.initialize"}, "preStop": {"handler": "index.stop"}}
    deploy(source, runner=runner, instanceLifecycleConfig=hooks)
    assert json.loads(invoke(cloud).body)["errorMessage"] == "not ready"
    assert [invoke(cloud).body for _ in range(2)] == [b"served", b"served"]
    assert mark.read_text().split() == ["init", "init"]
    assert "FC Initialize End RequestId" in cloud.fc.logs[1].text
    assert "FC Invoke End RequestId" in cloud.fc.logs[1].text
    cloud.fc.shutdown()
    assert mark.read_text().split() == ["init", "init", "stop"]


def test_instances_that_run_at_once_are_limited(cloud: Cloud, deploy: Deploy) -> None:
    deploy(handler("return 1"))
    cloud.fc.invoker.instance_limit = 0
    with pytest.raises(ResourceExhausted):
        invoke(cloud)
    cloud.fc.invoker.instance_limit = 1
    assert [invoke(cloud).ok for _ in range(3)] == [True] * 3


def test_calls_at_once_run_in_instances_of_their_own(cloud: Cloud, deploy: Deploy, tmp_path: Path) -> None:
    meeting = f"""
    import os, pathlib, time
    def handler(event, context):
        place = pathlib.Path({str(tmp_path)!r})
        (place / f"here-{{event.decode()}}").touch()
        while len(list(place.glob("here-*"))) < 2:
            time.sleep(0.01)
        return str(os.getpid())
    """
    deploy(meeting, runner="process", timeout=20)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda name: invoke(cloud, name), [b"a", b"b"]))
    assert all(outcome.ok for outcome in outcomes)
    assert len({outcome.body for outcome in outcomes}) == 2

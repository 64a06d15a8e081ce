"""A warm process: connections outlive the invocation, keys do not; a socket that died while it was frozen costs one quiet retry."""

from __future__ import annotations

from typing import Any

import pytest

from shared.gateways import sls
from shared.gateways.clients import Credentials
from shared.settings import Settings
from tests.functional.handlers.world import World, both_shapes, tagged


@pytest.mark.parametrize("action", ["DescribeInstances", "DescribeInstanceRamRole", "PutLogs"])
def test_a_socket_that_died_between_two_invocations_costs_one_quiet_retry(world: World, action: str) -> None:
    first, second = world.instances(2, "web")
    assert world.run("tags_changed", tagged([first.instance_id])).error is None
    world.cloud.faults.add("reset", action=action)
    run = world.run("tags_changed", tagged([second.instance_id]))
    assert run.error is None
    assert run.calls.count(action) == 2
    assert world.record(second.instance_id)["outcome"] == "attached"
    assert [line for line in run.lines if "intent" not in line] == [], "quiet"


def test_sls_that_answers_nothing_twice_is_not_asked_a_third_time(world: World) -> None:
    first, second = world.instances(2, "web")
    world.run("tags_changed", tagged([first.instance_id]))
    world.cloud.faults.add("reset", action="PutLogs", count=None)
    run = world.run("tags_changed", tagged([second.instance_id]))
    assert run.calls.count("PutLogs") == 2
    assert [line["record"]["instance_id"] for line in run.lines if "record" in line] == [second.instance_id]


@both_shapes
@pytest.mark.parametrize("renewed", [False, True], ids=["the same keys", "keys anew"])
def test_a_session_is_the_process_s_and_its_client_lives_as_long_as_its_keys(
    world: World, mocker: Any, renewed: bool
) -> None:
    made = mocker.spy(sls, "client")
    for instance in world.instances(2, "web"):
        assert world.run("tags_changed", tagged([instance.instance_id])).error is None
        assert world.record(instance.instance_id)["outcome"] == "attached"
        if renewed:
            world.cloud.clock.advance(7 * 3600)  # the keys are no longer good for anything
            world.take_keys()
    first, second = made.spy_return_list
    assert first._session is second._session
    assert (first is second) == (not renewed)


@pytest.mark.parametrize(
    ("around", "proxies"),
    [
        pytest.param({"HTTPS_PROXY": "http://proxy:3128"}, {"https": "http://proxy:3128"}, id="a proxy"),
        pytest.param({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".aliyuncs.com"}, {}, id="a proxy for others"),
        pytest.param({}, {}, id="none"),
    ],
)
def test_the_session_keeps_what_the_environment_says_of_proxies_and_certificates(
    monkeypatch: pytest.MonkeyPatch, around: dict[str, str], proxies: dict[str, str]
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in {"REQUESTS_CA_BUNDLE": "/etc/ssl/ours.pem", **around}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sls, "KEPT", {})
    settings = Settings(region="cn-hangzhou", account_id="1", sls_project="records")
    session = sls.client(settings, Credentials(access_key_id="k", access_key_secret="s"))._session
    shown = {name: session.proxies[name] for name in ("http", "https", "all") if name in session.proxies}
    assert (shown, session.verify, session.trust_env) == (proxies, "/etc/ssl/ours.pem", False)

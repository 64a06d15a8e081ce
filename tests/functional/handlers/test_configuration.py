"""Settings, roles.yaml and credentials as a deployment gives them, and what is said where they are wrong."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from fakecloud.identity import ACCOUNT
from shared.app import credentials_from
from shared.errors import ConfigError
from shared.gateways.clients import Credentials
from tests.functional.handlers.world import KEY_VARIABLES, World, both_shapes, created, tagged, timer


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        pytest.param("ROLEKEEPER_REGON", "x", ("ROLEKEEPER_REGON", "ROLEKEEPER_REGION"), id="misspelt"),
        pytest.param(
            "ROLEKEEPER_XYZZY", "x", ("ROLEKEEPER_XYZZY", "known are", "ROLEKEEPER_SLS_PROJECT"), id="unknown"
        ),
        pytest.param("ROLEKEEPER_TIMEOUT_SECONDS", "five", ("ROLEKEEPER_TIMEOUT_SECONDS", "'five'"), id="no number"),
        pytest.param("ROLEKEEPER_ENDPOINT", "localhost:1", ("ROLEKEEPER_ENDPOINT", "http://"), id="no scheme"),
        pytest.param(
            "ROLEKEEPER_ENDPOINT", "http://a:1/b", ("ROLEKEEPER_ENDPOINT", "'http://a:1/b'", "http://HOST"), id="a path"
        ),
        pytest.param(
            "ROLEKEEPER_ENDPOINT", "http://eve:pw@a:1", ("'http://***@a:1'", "http://HOST:PORT"), id="a password"
        ),
        pytest.param(
            "ROLEKEEPER_ENDPOINTS", "ecs=eve:p=/w@a", ("'ecs=***@a'", "SERVICE=HOST"), id="a password of a host"
        ),
        pytest.param("ROLEKEEPER_ROLES_FILE", "nowhere.yaml", ("nowhere.yaml", "ROLEKEEPER_ROLES_FILE"), id="no file"),
    ],
)
def test_a_wrong_setting_is_named_and_no_call_is_made(
    world: World, variable: str, value: str, words: tuple[str, ...]
) -> None:
    instance = world.instance("web")
    world.env.setenv(variable, value)
    run = world.run("instance_created", created([instance.instance_id]))
    assert isinstance(run.error, ConfigError)
    assert all(word in str(run.error) for word in words)
    assert run.calls == []


@both_shapes
@pytest.mark.parametrize("variable", ["REGION", "ACCOUNT_ID"])
def test_region_and_account_come_from_the_context_where_they_are_not_set(world: World, variable: str) -> None:
    instance = world.instance("web")
    world.env.delenv("ROLEKEEPER_" + variable)
    assert world.run("instance_created", created([instance.instance_id])).error is None
    assert instance.role == "web"
    assert world.record(instance.instance_id)["account_id"] == ACCOUNT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("version: 1\nroles: [", "roles", id="no YAML"),
        pytest.param("version: 1\nroles: {}\nrules: []\nsetings: {}", "settings", id="misspelt key"),
        pytest.param(
            "version: 1\nroles: {}\nrules: [{name: a, when: {tags: {a: b}}, role: web}]", "web", id="role not listed"
        ),
    ],
)
def test_a_broken_mapping_is_named_with_its_line_and_no_call_is_made(world: World, text: str, words: str) -> None:
    instance = world.instance("web")
    world.map(text)
    for function, event in (("instance_created", created([instance.instance_id])), ("reconcile", timer())):
        run = world.run(function, event)
        assert isinstance(run.error, ConfigError)
        assert f"roles-{world.mappings}.yaml" in str(run.error)
        assert words in str(run.error)
        assert run.calls == []


def test_a_mapping_that_is_no_text_is_a_config_error(world: World) -> None:
    path = world.folder / "binary.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    world.env.setenv("ROLEKEEPER_ROLES_FILE", str(path))
    assert isinstance(world.run("reconcile", timer()).error, ConfigError)


@both_shapes
def test_without_credentials_the_error_says_where_they_come_from(world: World, mocker: Any) -> None:
    instance = world.instance("web")
    for name in KEY_VARIABLES:
        world.env.delenv(name, raising=False)
    empty = SimpleNamespace(access_key_id="", access_key_secret="", security_token="")
    for shape in (SimpleNamespace(request_id="r"), SimpleNamespace(request_id="r", credentials=empty), None):
        mocker.patch.object(world, "context", return_value=shape)
        run = world.run("instance_created", created([instance.instance_id]))
        assert isinstance(run.error, ConfigError)
        assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in str(run.error)
        assert "context.credentials" in str(run.error)
        assert run.calls == []


def keys(name: str) -> SimpleNamespace:
    return SimpleNamespace(
        access_key_id=f"{name}-id", access_key_secret=f"{name}-secret", security_token=f"{name}-token"
    )


ENV = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret",
       "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token"}  # fmt: skip


@pytest.mark.parametrize(
    ("env", "context", "used"),
    [
        pytest.param(ENV, SimpleNamespace(credentials=keys("context")), "context", id="both"),
        pytest.param(ENV, SimpleNamespace(), "env", id="the environment alone"),
        pytest.param({}, SimpleNamespace(credentials=keys("context")), "context", id="the context alone"),
        pytest.param(
            {**ENV, "ALIBABA_CLOUD_ACCESS_KEY_ID": ""},
            SimpleNamespace(credentials=keys("context")),
            "context",
            id="an empty environment",
        ),
        pytest.param(ENV, SimpleNamespace(credentials=None), "env", id="an empty context"),
        pytest.param(
            ENV, SimpleNamespace(credentials=SimpleNamespace(access_key_id="context-id")), "env", id="half a context"
        ),
    ],
)
def test_the_contexts_keys_go_before_the_environments_and_are_never_mixed(
    env: dict[str, str], context: Any, used: str
) -> None:
    """The context's are of this invocation; the environment's may be of the instance's start, which may be days ago."""
    found = credentials_from(env, context)
    assert found.access_key_id == f"{used}-id"
    assert (found.access_key_secret, found.security_token) == (f"{used}-secret", f"{used}-token")


def test_credentials_show_nothing_of_themselves() -> None:
    shown = repr(Credentials(access_key_id="LTAI-one", access_key_secret="two", security_token="three")) + str(
        Credentials(access_key_id="LTAI-one", access_key_secret="two", security_token="three")
    )
    assert not any(word in shown for word in ("LTAI", "two", "three"))


@both_shapes
@pytest.mark.parametrize("trouble", ["none", "throttle", "5xx", "reset", "html", "wrong secret", "expired token"])
def test_no_credential_ever_shows(world: World, trouble: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Not on stdout or stderr, in a log line, an error, the result or SLS; nor in what the cloud says of a signature."""
    caplog.set_level(logging.DEBUG)
    key = world.cloud.keys.temporary(world.keys.identity, world.cloud.clock.now() + 3600)
    secret = "wrong-secret-of-mine" if trouble == "wrong secret" else key.secret
    before = world.keys.secret
    world.give_keys(replace(key, secret=secret))
    if trouble == "expired token":
        world.cloud.clock.advance(7200)
    elif trouble not in ("none", "wrong secret"):
        world.cloud.faults.add(trouble, action="AttachInstanceRamRole", count=None)
        world.cloud.faults.add(trouble, service="sls", count=None)
    instance = world.instance("web", role="")
    for function, event in (("instance_created", created([instance.instance_id])), ("reconcile", timer())):
        run = world.run(function, event)
        shown = [json.dumps(run.result), str(run.error), repr(run.error), *world.printed, caplog.text]
        shown += [json.dumps(world.records())]
        for word in (key.access_key_id, key.secret, secret, key.token, before):
            assert not any(word in text for text in shown), word
    assert (instance.role == "web") == (trouble == "none")


@both_shapes
def test_a_token_that_has_expired_is_tried_again_with_the_next_ones(world: World) -> None:
    world.give_keys(world.cloud.keys.temporary(world.keys.identity, world.cloud.clock.now() - 1))
    instance = world.instance("web")
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert run.error is not None
    assert "InvalidSecurityToken.Expired" in str(run.error)


def test_clients_are_pointed_at_the_endpoint_that_is_set(world: World) -> None:
    """An emulator over HTTP: every SDK, SLS's too, goes there and nowhere else."""
    hosts: list[str] = []
    answer = world.cloud.handle

    def handle(request: Any) -> Any:
        hosts.append(request.host)
        return answer(request)

    world.env.setattr(world.cloud, "handle", handle)
    world.env.setenv("ROLEKEEPER_ENDPOINT", "http://127.0.0.1:4567")
    instance = world.instance("web")
    run = world.run("instance_created", created([instance.instance_id]))
    assert run.error is None
    assert instance.role == "web"
    assert set(hosts) == {"127.0.0.1:4567", "rolekeeper.127.0.0.1"}  # SLS reads the project from the header Host

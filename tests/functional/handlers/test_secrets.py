"""The functions' keys at the door, and what the cloud says of keys: neither is ever shown, in an error, a log, a result or SLS."""

from __future__ import annotations

import json
import logging
import traceback
from types import SimpleNamespace
from typing import Any

import pytest

from shared.app import credentials_from
from shared.errors import ConfigError
from tests.functional.handlers.world import KEY_VARIABLES, World, created, timer

KEYS = ("LTAI5tSomeKeyOfOurs", "a-secret-that-is-ours", "a-token-that-is-ours")
AROUND = {"a line's end": "{}\n", "blanks": "  {}\t", "CRLF": "{}\r\n", "NBSP": "\xa0{}", "vertical": "\v{}\f"}
WITHIN = {
    "a line's end": "\n", "CR": "\r", "NUL": "\0", "ESC": "\x1b", "DEL": "\x7f", "a blank": " ", "C1": "\x9b", "ZWSP": "\u200b",
    "Chinese": "\u5bc6", "a full-width letter": "\uff21", "half a pair": "\udc80",
}  # fmt: skip


def door(where: str, values: tuple[str, ...]) -> tuple[dict[str, str], Any]:
    """The environment and the context in which these keys are given."""
    if where == "environment":
        return dict(zip(KEY_VARIABLES, values, strict=True)), None
    names = ("access_key_id", "access_key_secret", "security_token")
    return {}, SimpleNamespace(credentials=SimpleNamespace(**dict(zip(names, values, strict=True))))


@pytest.mark.parametrize("where", ["environment", "context"])
@pytest.mark.parametrize("form", AROUND.values(), ids=AROUND)
def test_white_space_around_a_key_does_not_count(where: str, form: str) -> None:
    env, context = door(where, tuple(map(form.format, KEYS)))
    found = credentials_from(env, context)
    assert (found.access_key_id, found.access_key_secret, found.security_token) == KEYS


@pytest.mark.parametrize("where", ["environment", "context"])
@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("char", WITHIN.values(), ids=WITHIN)
def test_a_key_that_cannot_be_one_is_named_by_its_variable_and_never_shown(where: str, place: int, char: str) -> None:
    values = list(KEYS)
    values[place] = values[place][:8] + char + values[place][8:]
    env, context = door(where, tuple(values))
    with pytest.raises(ConfigError) as caught:
        credentials_from(env, context)
    name = KEY_VARIABLES[place] if where == "environment" else ("key_id", "key_secret", "token")[place]
    logged = "".join(traceback.format_exception(caught.value))
    assert name in str(caught.value)
    assert not any(part in logged for value in KEYS for part in (value, value[:8], value[8:]))


@pytest.mark.parametrize("place", range(3))
def test_a_function_with_such_a_key_asks_nothing(world: World, place: int) -> None:
    world.env.setenv(KEY_VARIABLES[place], "abcdefghijkl\rmnop")
    run = world.run("reconcile", timer())
    assert isinstance(run.error, ConfigError)
    assert KEY_VARIABLES[place] in str(run.error)
    assert "mnop" not in "".join(traceback.format_exception(run.error))
    assert run.calls == []


SAID = {
    "an id": "the key LTAI5tRqPZ8xWcYv7NbKmJhG is bad",
    "a session": "STS.NUyaLUZx8Mu5yLvm3p9q and CAIShwJ1q6Ft5B2yfSjIr5eBL9fR1pl30fWdcFDYhXUHTd1nhJD are bad",
    "what was signed": "no match; server string to sign is: POST&%2F&AccessKeyId%3DLTAI5tRqPZ8xWcYv7NbKmJhG",
    "a header": "Authorization: acs LTAI5tRqPZ8xWcYv7NbKmJhG:0cQ4k8Zb7+Hq2/TnVw1yX5pLs3E=",
    "a secret": "AccessKeySecret=x7Kp2QmV9dRt",
}
SHOWN = ("LTAI5", "STS.NUya", "CAIShwJ", "0cQ4k8Zb7", "x7Kp2QmV9dRt")


@pytest.mark.parametrize("text", SAID.values(), ids=SAID)
@pytest.mark.parametrize(
    ("kind", "service", "action"),
    [
        ("error", "ecs", "DescribeInstances"),
        ("error", "ecs", "DescribeInstanceRamRole"),
        ("error", "ecs", "AttachInstanceRamRole"),
        ("partial", "ecs", "AttachInstanceRamRole"),
        ("5xx", "sls", "*"),
    ],
)
def test_what_the_cloud_says_of_keys_goes_no_further(
    world: World, caplog: pytest.LogCaptureFixture, text: str, kind: Any, service: str, action: str
) -> None:
    """And of ours: the text has the keys in use, too."""
    caplog.set_level(logging.DEBUG)
    ours = [world.keys.access_key_id, world.keys.secret, world.keys.token]
    message = f"{text} {' '.join(ours)} \x1b[31m\u202e"
    world.cloud.faults.add(kind, service=service, action=action, code="Odd", message=message, count=None)
    instance = world.instance("web")
    for function, event in (("instance_created", created([instance.instance_id])), ("reconcile", timer())):
        run = world.run(function, event)
        logged = "".join(traceback.format_exception(run.error)) if run.error else ""
        shown = [json.dumps(run.result), logged, *world.printed, caplog.text, *map(str, world.records())]
        for word in (*SHOWN, *ours, "\x1b", "\u202e"):
            assert not any(word in text for text in shown), word
    assert "Odd" in "".join(map(str, [*world.records(), *world.printed]))


def test_a_key_that_somebody_wrote_into_a_tag_is_not_passed_on(world: World) -> None:
    """A rule names the role by a tag; what is no listed role is recorded as it was written, but for keys."""
    token = "CAIShwJ1q6Ft5B2yfSj+Ir5eB/L9fR1pl30fWdcFDYhXUHTd1nhJD=="
    for text in (world.keys.token, token, "LTAI5tRqPZ8xWcYv7NbKmJhG", "no-key"):
        instance = world.instance(tags={"ram-role": text})
        run = world.run("instance_created", created([instance.instance_id]))
        record = world.records()[-1]
        assert (record["reason"], record["role"]) == ("role-not-listed", "no-key" if text == "no-key" else "***")
        assert token[:9] not in json.dumps([run.result, *world.printed])


@pytest.mark.parametrize("debug", ["sdk", "SDK"])
def test_an_sdk_that_is_asked_to_log_its_requests_logs_no_keys(
    world: World, debug: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world.env.setenv("DEBUG", debug)
    instance = world.instance("web")
    world.run("instance_created", created([instance.instance_id]))
    assert "x-acs-action" in caplog.text.lower(), "it does log them"
    for word in (world.keys.access_key_id, world.keys.secret, world.keys.token):
        assert word not in caplog.text + "".join(world.printed)

"""Whose access key a command works with: one of another account writes nothing, anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, Identity
from tests.contract.permissions import callers
from tests.functional.cli.operator import PROJECT, REGION, Command, make, records
from tests.functional.cli.test_fleet_commands import deploy

OTHER = "9999999999999999"
COMMANDS = [
    pytest.param(words, id=" ".join(words))
    for words in (
        ["provision"],
        ["provision", "--dry-run"],
        ["roles"],
        ["reconcile"],
        ["reconcile", "--invoke"],
        ["remediate", "--all"],
        ["remediate", "--all", "--dry-run"],
    )
]


def use(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, identity: Identity) -> None:
    key = cloud.keys.permanent(identity)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", key.access_key_id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", key.secret)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_key_of_another_account_is_refused_before_anything_else_is_called(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    (there,) = make(cloud, 1, "web", account=OTHER)
    use(cloud, monkeypatch, Identity("Account", OTHER))
    ran = rolekeeper(*words)
    assert ran.code == 1
    assert [call.action for call in cloud.calls] == ["GetCallerIdentity"]
    assert f"is of account {OTHER}, but ROLEKEEPER_ACCOUNT_ID says {ACCOUNT}; nothing was done" in ran.err
    assert (ran.out, there.role) == ("", "")


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize("unset", ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"])
def test_without_a_key_the_variable_and_the_account_are_named(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, words: list[str], unset: str
) -> None:
    monkeypatch.delenv(unset)
    ran = rolekeeper(*words)
    assert ran.code == 1
    assert f"no access key: {unset} not set; set those of a key of account {ACCOUNT}" in ran.err
    assert not cloud.calls


@pytest.mark.parametrize("words", COMMANDS)
def test_where_sts_does_not_say_whose_it_is_nothing_is_done(
    cloud: Cloud, rolekeeper: Command, words: list[str]
) -> None:
    cloud.faults.add("5xx", action="GetCallerIdentity", count=None)
    ran = rolekeeper(*words)
    assert ran.code == 1
    assert "GetCallerIdentity: " in ran.err
    assert {call.action for call in cloud.calls} == {"GetCallerIdentity"}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (
            "ALIBABA_CLOUD_ACCESS_KEY_ID",
            "LTAInobody",
            "InvalidAccessKeyId.NotFound: Specified access key is not found.; ALIBABA_CLOUD_ACCESS_KEY_ID is no key of any account",
        ),
        (
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            "wrong",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET is not the secret of the key in ALIBABA_CLOUD_ACCESS_KEY_ID",
        ),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", "left-over", "ALIBABA_CLOUD_SECURITY_TOKEN is not of this key: unset it"),
    ],
)
def test_a_key_that_is_refused_is_told_of_by_its_variable(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    ran = rolekeeper("remediate", "--all")
    assert (ran.code, ran.out) == (1, "")
    assert told in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("endpoint", "look"),
    [
        ("http://127.0.0.1:1", "ROLEKEEPER_ENDPOINT=http://127.0.0.1:1"),
        ("", "the region (cn-hangzhou), the network and its proxies"),
    ],
    ids=["the emulator's", "the cloud's"],
)
def test_where_nothing_answers_the_error_says_where_to_look(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, endpoint: str, look: str
) -> None:
    monkeypatch.setenv("ROLEKEEPER_ENDPOINT", endpoint)
    cloud.faults.add("reset", action="GetCallerIdentity", count=None)
    ran = rolekeeper("provision")
    assert ran.code == 1
    assert ran.err.endswith(f"; nothing was done; look at {look}\n")


def granted(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, *documents: dict[str, Any]) -> None:
    """From here on the commands have the key of a RAM user with these policies, and every call is judged."""
    caller = callers.user(cloud, *[statement for document in documents for statement in document["Statement"]])
    use(cloud, monkeypatch, caller.key.identity)
    cloud.switches.permissions = "on"


def test_a_key_with_what_the_functions_role_has_runs_them_here(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [*make(cloud, 3, "web"), *make(cloud, 2, "web", role="worker"), *make(cloud, 2, role="worker")]
    printed = rolekeeper("policy", "execution-role", "--account", ACCOUNT, "--project", PROJECT)
    granted(cloud, monkeypatch, printed.json())
    assert rolekeeper("remediate", "--all", "--lift-brake").code == 0
    assert [i.role for i in made] == ["web"] * 5 + [""] * 2
    assert {record.get("outcome", "") for record in records(cloud)} == {"attached", "swapped", "detached", ""}


def test_a_key_that_may_invoke_the_function_asks_it(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deploy(cloud, tmp_path, "rolekeeper-reconcile")
    deploy(cloud, tmp_path, "rolekeeper-remediate")
    function = f"acs:fc:{REGION}:{ACCOUNT}:functions/rolekeeper-reconcile"
    granted(cloud, monkeypatch, callers.document(callers.allow("fc:InvokeFunction", function)))
    assert rolekeeper("reconcile", "--invoke").code == 0
    refused = rolekeeper("remediate", "--all", "--invoke")
    assert refused.code == 1
    assert "InvokeFunction" in refused.err
    cloud.settle()
    assert [one.function for one in cloud.fc.invocations if one.source == "api"] == ["rolekeeper-reconcile"]


def test_a_key_with_the_provisioners_policy_provisions(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.ram.reset()
    printed = rolekeeper("policy", "provisioner", "--account", ACCOUNT)
    granted(cloud, monkeypatch, printed.json())
    assert rolekeeper("provision").code == 0
    assert "nothing to do" in rolekeeper("provision").out

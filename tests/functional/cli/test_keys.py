"""Whose access key a command works with: one of another account writes nothing, anywhere."""

from __future__ import annotations

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, Identity
from tests.functional.cli.operator import Command, make

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

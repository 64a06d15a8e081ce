"""An operator's key as it was copied: white space around it does not count; a character within it is refused, and never shown."""

from __future__ import annotations

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ROOT_KEY
from tests.functional.cli.operator import Command, make
from tests.functional.cli.test_keys import COMMANDS

KEY, SECRET, TOKEN = (f"ALIBABA_CLOUD_{name}" for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"))


@pytest.mark.parametrize("form", ["{}\n", " {} ", "{}\r\n", "\t{}"])
def test_white_space_around_a_key_does_not_count(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    (made,) = make(cloud, 1, "web")
    monkeypatch.setenv(KEY, form.format(ROOT_KEY[0]))
    monkeypatch.setenv(SECRET, form.format(ROOT_KEY[1]))
    monkeypatch.setenv(TOKEN, form.format(""))
    assert rolekeeper("remediate", "--all").code == 0
    assert made.role == "web"


@pytest.mark.each_value
@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize("name", [KEY, SECRET, TOKEN])
@pytest.mark.parametrize("char", ["\r", "\n", "\x1b", "\u200b", "密", " "])
def test_a_key_that_cannot_be_one_is_named_and_not_shown(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, words: list[str], name: str, char: str
) -> None:
    monkeypatch.setenv(name, f"qwertyuiop{char}asdfghjkl")
    ran = rolekeeper(*words)
    assert (ran.code, ran.out, cloud.calls.actions()) == (1, "", [])
    assert f"rolekeeper: {name}: " in ran.err
    assert len(ran.err.splitlines()) == 1
    assert "qwertyuiop" not in ran.err
    assert "asdfghjkl" not in ran.err


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize("json", [False, True], ids=["for people", "json"])
def test_what_the_cloud_says_of_keys_is_not_shown(
    cloud: Cloud, rolekeeper: Command, words: list[str], json: bool
) -> None:
    said = f"bad LTAI5tRqPZ8xWcYv7NbK STS.NUyaLUZx8Mu5yLv CAIShwJ1q6Ft5B2yfSjIr {ROOT_KEY[1]} \x1b[31m\u202e"
    for service in ("ecs", "ram", "fc", "sls"):
        cloud.faults.add("error", service=service, code="Odd", message=said, count=None, status=403)
    ran = rolekeeper(*words, *(["--json"] if json else []))
    for word in ("LTAI5", "STS.NU", "CAIShw", ROOT_KEY[1], "\x1b[31m", "\u202e"):
        assert word not in ran.out + ran.err, word
    assert "Odd" in ran.out + ran.err


@pytest.mark.parametrize("json", [False, True], ids=["for people", "json"])
@pytest.mark.parametrize("endpoint", ["http://eve:pa55word@127.0.0.1:1", "ftp://eve:pa55word@127.0.0.1"])
def test_a_password_in_an_address_is_not_shown(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, endpoint: str, json: bool
) -> None:
    monkeypatch.setenv("ROLEKEEPER_ENDPOINT", endpoint)
    cloud.faults.add("reset", count=None)
    ran = rolekeeper("provision", *(["--json"] if json else []))
    assert ran.code == 1
    assert "ROLEKEEPER_ENDPOINT" in ran.out + ran.err
    assert "pa55word" not in ran.out + ran.err

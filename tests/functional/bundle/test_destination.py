"""Where a deployment goes, which `s deploy` is told before it begins."""

from __future__ import annotations

import pytest
from pytest_mock import MockerFixture

from cli.build import EXAMPLE, destination, run
from cli.stage import HOME
from shared.errors import ConfigError


@pytest.mark.parametrize(
    ("env", "said"),
    [
        pytest.param({}, "set ROLEKEEPER_ACCOUNT_ID to your own", id="nothing is set"),
        pytest.param({"ROLEKEEPER_ACCOUNT_ID": EXAMPLE}, f"the account {EXAMPLE} is the example's", id="the example's"),
        pytest.param({"ROLEKEEPER_ACCOUNT_ID": "42"}, "region cn-hangzhou of account 42", id="an account"),
        pytest.param(
            {"ROLEKEEPER_ACCOUNT_ID": "42", "ROLEKEEPER_REGION": "cn-beijing"},
            "region cn-beijing of account 42",
            id="both",
        ),
    ],
)
def test_a_deployment_is_told_where_it_goes_and_never_to_the_example_s_account(
    env: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ROLEKEEPER_ACCOUNT_ID", "ROLEKEEPER_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    try:
        told = destination(HOME / "s.yaml")
    except ConfigError as error:
        told = str(error)
    assert said in told


def test_a_build_that_is_stopped_says_so(mocker: MockerFixture, capsys: pytest.CaptureFixture[str]) -> None:
    mocker.patch("cli.build.make", side_effect=KeyboardInterrupt)
    assert run(roles_file=None, layer=False, python="", deploying=False) == 130
    assert (
        capsys.readouterr().err
        == "rolekeeper: build: stopped; build/bundle is whole: the former one, unless the new one was done\n"
    )

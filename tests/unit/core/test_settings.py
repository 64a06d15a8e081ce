"""Settings from the environment: every error names the variable, and what was probably meant."""

from __future__ import annotations

import pytest

from shared.errors import ConfigError
from shared.settings import Settings

GIVEN = {"ROLEKEEPER_REGION": "cn-hangzhou", "ROLEKEEPER_ACCOUNT_ID": "1"}


def test_what_is_set_counts_and_the_rest_has_defaults() -> None:
    settings = Settings.from_env(
        {**GIVEN, "ROLEKEEPER_SLS_PROJECT": "p", "ROLEKEEPER_LOOK_AGAIN_SECONDS": "0.5", "PATH": "/"}
    )
    assert settings == Settings(region="cn-hangzhou", account_id="1", sls_project="p", look_again_seconds=0.5)


def test_function_compute_fills_in_its_region_and_account() -> None:
    assert Settings.from_env({}, region="cn-beijing", account_id="2") == Settings(region="cn-beijing", account_id="2")


def test_a_variable_wins_over_what_function_compute_says() -> None:
    assert Settings.from_env(GIVEN, region="cn-beijing", account_id="2").region == "cn-hangzhou"


def test_an_empty_variable_is_as_good_as_none() -> None:
    empty = {"ROLEKEEPER_SLS_LOGSTORE": "", "ROLEKEEPER_TIMEOUT_SECONDS": "", "ROLEKEEPER_ENDPOINT": ""}
    assert Settings.from_env({**GIVEN, **empty}) == Settings.from_env(GIVEN)


@pytest.mark.parametrize(
    ("env", "words"),
    [
        pytest.param({"ROLEKEEPER_ACCOUNT_ID": "1"}, ["ROLEKEEPER_REGION", "FC_REGION"], id="no region"),
        pytest.param({"ROLEKEEPER_REGION": "cn-hangzhou"}, ["ROLEKEEPER_ACCOUNT_ID"], id="no account"),
        pytest.param({**GIVEN, "ROLEKEEPER_SLS_PROJCT": "p"}, ["ROLEKEEPER_SLS_PROJCT", "did you mean ROLEKEEPER_SLS_PROJECT?"], id="misspelt"),
        pytest.param({**GIVEN, "ROLEKEEPER_XYZZY": "p"}, ["ROLEKEEPER_XYZZY", "known: "], id="like nothing known"),
        pytest.param({**GIVEN, "ROLEKEEPER_TIMEOUT_SECONDS": "soon"}, ["ROLEKEEPER_TIMEOUT_SECONDS", "'soon'"], id="no number"),
        pytest.param({**GIVEN, "ROLEKEEPER_TIMEOUT_SECONDS": "nan"}, ["ROLEKEEPER_TIMEOUT_SECONDS"], id="not a number"),
        pytest.param({**GIVEN, "ROLEKEEPER_LOOK_AGAIN_SECONDS": "-1"}, ["ROLEKEEPER_LOOK_AGAIN_SECONDS"], id="negative"),
        pytest.param({**GIVEN, "ROLEKEEPER_ENDPOINT": "127.0.0.1:80"}, ["ROLEKEEPER_ENDPOINT", "http://"], id="no scheme"),
    ],
)  # fmt: skip
def test_an_error_names_the_variable(env: dict[str, str], words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(env)
    assert all(word in str(caught.value) for word in words), str(caught.value)

"""Settings from environment variables: what is taken, and what is said of what is not."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from shared.errors import ConfigError
from shared.settings import Settings, variable

HOME = {"ROLEKEEPER_REGION": "cn-hangzhou", "ROLEKEEPER_ACCOUNT_ID": "1234567890123456"}
ROOT = Path(__file__).parents[3]


def test_every_variable_has_its_field() -> None:
    given = {"region": "cn-beijing", "account_id": "42", "roles_file": "r.yaml", "execution_role": "keeper",
             "sls_project": "p", "sls_logstore": "s", "endpoint": "http://127.0.0.1:1", "look_again_seconds": "1.5",
             "timeout_seconds": "9"}  # fmt: skip
    read = Settings.from_env({variable(name): value for name, value in given.items()})
    assert {name: str(value).removesuffix(".0") for name, value in msgspec.structs.asdict(read).items()} == given


def test_other_variables_are_left_alone() -> None:
    env = {**HOME, "PATH": "/bin", "FC_REGION": "x", "ALIBABA_CLOUD_ACCESS_KEY_ID": "k", "XROLEKEEPER_Y": "z"}
    assert Settings.from_env(env) == Settings(region="cn-hangzhou", account_id="1234567890123456")


@pytest.mark.parametrize("empty", ["", " ", "\n"])
@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_an_empty_variable_is_as_good_as_none(name: str, empty: str) -> None:
    read = Settings.from_env({**HOME, variable(name): empty}, region="cn-hangzhou", account_id="1234567890123456")
    assert read == Settings.from_env(HOME)


def test_blanks_around_a_value_do_not_count() -> None:
    assert Settings.from_env({**HOME, "ROLEKEEPER_REGION": " cn-beijing\n"}).region == "cn-beijing"


def test_what_is_set_goes_before_what_function_compute_says() -> None:
    assert Settings.from_env(HOME, region="cn-beijing", account_id="42").region == "cn-hangzhou"
    assert Settings.from_env({}, region="cn-beijing", account_id="42").account_id == "42"


@pytest.mark.parametrize(
    ("env", "words"),
    [
        pytest.param({"ROLEKEEPER_ACCOUNT_ID": "1"}, ("ROLEKEEPER_REGION", "FC_REGION"), id="no region"),
        pytest.param({"ROLEKEEPER_REGION": "r"}, ("ROLEKEEPER_ACCOUNT_ID", "FC_ACCOUNT_ID"), id="no account"),
        pytest.param({**HOME, "ROLEKEEPER_REGOIN": "r"}, ("REGOIN", "did you mean ROLEKEEPER_REGION?"), id="misspelt"),
        pytest.param({**HOME, "ROLEKEEPER_": "r"}, ("ROLEKEEPER_ is not a setting", "known:"), id="no name"),
        pytest.param({**HOME, "ROLEKEEPER_ENDPOINT": "ftp://x"}, ("ROLEKEEPER_ENDPOINT", "'ftp://x'"), id="scheme"),
        *[
            pytest.param({**HOME, "ROLEKEEPER_TIMEOUT_SECONDS": text}, ("ROLEKEEPER_TIMEOUT_SECONDS", repr(text)), id=text)
            for text in ("-1", "nan", "inf", "1e9", "86400", "5s", "0x5", "five")
        ],
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_variable(env: dict[str, str], words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(env)
    assert all(word in str(caught.value) for word in words)


def test_s_yaml_sets_every_variable_and_no_other() -> None:
    text = (ROOT / "s.yaml").read_text(encoding="utf-8")
    block = text[text.index("environmentVariables:") : text.index("logConfig:")]
    assert set(re.findall(r"^ +(ROLEKEEPER_\w+):", block, re.MULTILINE)) == set(
        map(variable, Settings.__struct_fields__)
    )

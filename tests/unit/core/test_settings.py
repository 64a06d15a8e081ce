"""Settings from environment variables: what is taken, and what is said of what is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.errors import ConfigError
from shared.gateways import ecs
from shared.proof import Key
from shared.settings import APIS, Settings, targets, variable

HOME = {"ROLEKEEPER_REGION": "cn-hangzhou", "ROLEKEEPER_ACCOUNT_ID": "1234567890123456"}
ROOT = Path(__file__).parents[3]


def test_every_variable_has_its_field() -> None:
    given = {
        "region": "cn-beijing",
        "account_id": "42",
        "roles_file": "r.yaml",
        "execution_role": "keeper",
        "sls_project": "p",
        "sls_logstore": "s",
        "sls_region": "rus-west-1",
        "endpoints": "ecs=ecs-vpc.{region}.aliyuncs.com, fc.eu-west-1=h:8443",
        "endpoint": "http://127.0.0.1:1",
        "look_again_seconds": "1.5",
        "timeout_seconds": "9",
        "regions": "cn-beijing, us-west-1 ,cn-beijing",
        "accounts": "7=member, 8 = m.2 ,7=member",
        "external_id": "a+b=c,d.e@f:g/h-i_0",
        "fc_edition": "2.0",
        "fc_service": "keeper",
        "proof_keys": f"{'a' * 32}, {'b' * 64} ,{'a' * 32}",
        "parallel_calls": "8",
        "calls_per_minute": "90, DescribeInstances=500",
        "max_calls": "1000",
        "hand_over_seconds": "20",
    }
    read = Settings.from_env({variable(name): value for name, value in given.items()})
    numbers = {
        "look_again_seconds": 1.5,
        "timeout_seconds": 9.0,
        "parallel_calls": 8,
        "max_calls": 1000,
        "hand_over_seconds": 20.0,
        "calls_per_minute": {"": 90, "DescribeInstances": 500},
    }
    lists = {
        "endpoints": {"ecs": "ecs-vpc.{region}.aliyuncs.com", "fc.eu-west-1": "h:8443"},
        "regions": ("cn-beijing", "us-west-1"),
        "accounts": {"7": "member", "8": "m.2"},
        "proof_keys": (Key("a" * 32), Key("b" * 64)),
    }
    assert msgspec.structs.asdict(read) == {**given, **numbers, **lists}


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
        pytest.param(
            {"ROLEKEEPER_ACCOUNT_ID": "1", "FC_FUNCTION_NAME": "f"}, ("ROLEKEEPER_REGION", "FC_REGION"), id="no region"
        ),
        pytest.param(
            {"ROLEKEEPER_REGION": "r", "FC_FUNCTION_NAME": "f"},
            ("ROLEKEEPER_ACCOUNT_ID", "FC_ACCOUNT_ID"),
            id="no account",
        ),
        pytest.param(
            {"ROLEKEEPER_ACCOUNT_ID": "1"}, ("export ROLEKEEPER_REGION=cn-hangzhou",), id="no region on a laptop"
        ),
        pytest.param({"ROLEKEEPER_REGION": "r"}, ("export ROLEKEEPER_ACCOUNT_ID=",), id="no account on a laptop"),
        pytest.param({**HOME, "ROLEKEEPER_REGOIN": "r"}, ("REGOIN", "did you mean ROLEKEEPER_REGION?"), id="misspelt"),
        pytest.param(
            {
                **HOME,
                "ROLEKEEPER_REGOIN": "r",
                "ROLEKEEPER_SLS_PROJEKT": "p",
                "ROLEKEEPER_MAX_CALLS": "few",
                "ROLEKEEPER_ACCOUNTS": "x",
            },
            ("REGOIN", "SLS_PROJEKT", "'few'", "'x'"),
            id="several at once",
        ),
        pytest.param(
            {
                "ROLEKEEPER_REGION": "Peking",
                "ROLEKEEPER_ENDPOINT": "ftp://x",
                "ROLEKEEPER_PARALLEL_CALLS": "0",
                "ROLEKEEPER_SLS_REGION": "x",
                "ROLEKEEPER_FC_EDITION": "2.0",
                "ROLEKEEPER_LOOK": "1",
            },
            (
                "'Peking'",
                "'ftp://x'",
                "'0'",
                "SLS_REGION",
                "FC_SERVICE is not set",
                "ACCOUNT_ID is not set",
                "ROLEKEEPER_LOOK is",
            ),
            id="of every kind at once",
        ),
        pytest.param({**HOME, "ROLEKEEPER_": "r"}, ("ROLEKEEPER_ is not a setting", "known are"), id="no name"),
        pytest.param({**HOME, "ROLEKEEPER_ENDPOINT": "ftp://x"}, ("ROLEKEEPER_ENDPOINT", "'ftp://x'"), id="scheme"),
        pytest.param({**HOME, "ROLEKEEPER_FC_EDITION": "2.0"}, ("ROLEKEEPER_FC_SERVICE", "2.0 needs"), id="no service"),
        *[
            pytest.param({**HOME, variable(name): text}, (variable(name), repr(wrong)), id=f"{name} {text}")
            for name, text, wrong in (
                ("region", "Peking", "Peking"),
                ("region", "cn-hangzhou,cn-beijing", "cn-hangzhou,cn-beijing"),
                ("account_id", "12x", "12x"),
                ("regions", "cn-hangzhou,Peking", "Peking"),
                ("regions", "cn-hangzhou,", ""),
                ("regions", "*", "*"),
                ("regions", "cn-hangzhou;cn-beijing", "cn-hangzhou;cn-beijing"),
                ("regions", "cn-hangzhou,,us-east-1", ""),
                ("accounts", "7=member,8", "8"),
                ("accounts", "seven=member", "seven=member"),
                ("accounts", "7=", "7="),
                ("accounts", "7=Member", "7=Member"),
                ("accounts", "7=a=b", "7=a=b"),
                ("accounts", "7=role/a", "7=role/a"),
                ("accounts", "7=a,7=b", "7=b"),
                ("accounts", "\u0667=a", "\u0667=a"),
                ("accounts", "7=a,", ""),
                ("sls_region", "Peking", "Peking"),
                ("endpoints", "ecs", "ecs"),
                ("endpoints", "ecs=", "ecs="),
                ("endpoints", "oss=h", "oss"),
                ("endpoints", "ecs=https://h", "ecs=https://h"),
                ("endpoints", "ecs=h/p", "ecs=h/p"),
                ("endpoints", "ecs=h,ecs=g", "ecs=g"),
                ("endpoints", "ecs.Peking=h", "ecs.Peking=h"),
                ("endpoints", "ecs=h,", ""),
                ("parallel_calls", "four", "four"),
                ("parallel_calls", "0", "0"),
                ("parallel_calls", "101", "101"),
                ("max_calls", "-1", "-1"),
                ("calls_per_minute", "0", "0"),
                ("calls_per_minute", "100,DescribeInstances=", "DescribeInstances="),
                ("calls_per_minute", "a b=5", "a b=5"),
                ("calls_per_minute", "100,DescribeInstance=5", "DescribeInstance"),
                ("calls_per_minute", "Foo=5", "Foo"),
                ("fc_edition", "3", "3"),
                ("fc_edition", "v2", "v2"),
                ("fc_service", "a/b", "a/b"),
                ("fc_service", "1a", "1a"),
            )
        ],
        *[
            pytest.param(
                {**HOME, "ROLEKEEPER_TIMEOUT_SECONDS": text}, ("ROLEKEEPER_TIMEOUT_SECONDS", repr(text)), id=text
            )
            for text in ("-1", "nan", "inf", "1e9", "86400", "5s", "0x5", "five")
        ],
    ],
)
def test_a_mistake_is_named_with_its_variable(env: dict[str, str], words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(env)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("external_id", "~"),
        ("external_id", "two words"),
        ("external_id", "\xe9\xe9"),
        ("external_id", "x~" * 613),
        ("proof_keys", "~short~"),
        ("proof_keys", "\xe9" * 40),
    ],
)
def test_a_mistake_in_a_secret_is_named_with_its_variable_and_never_with_its_value(name: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({**HOME, variable(name): text})
    assert variable(name) in str(caught.value)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, [("1", "cn-hangzhou")], id="our own alone"),
        pytest.param({"regions": ("us-west-1",)}, [("1", "cn-hangzhou"), ("1", "us-west-1")], id="another region"),
        pytest.param({"accounts": {"2": "m"}}, [("1", "cn-hangzhou"), ("2", "cn-hangzhou")], id="another account"),
        pytest.param(
            {"regions": ("us-west-1", "cn-hangzhou"), "accounts": {"2": "m", "1": "m"}},
            [("1", "cn-hangzhou"), ("1", "us-west-1"), ("2", "cn-hangzhou"), ("2", "us-west-1")],
            id="our own listed",
        ),
    ],
)
def test_the_targets_are_all_regions_of_all_accounts_ours_first_and_none_twice(
    given: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = targets(Settings(region="cn-hangzhou", account_id="1", **given))
    assert [(target.account_id, target.region) for target in found] == expected


def test_s_yaml_sets_every_variable_and_no_other() -> None:
    text = (ROOT / "s.yaml").read_text(encoding="utf-8")
    block = text[text.index("environmentVariables:") : text.index("logConfig:")]
    assert set(re.findall(r"^ +(ROLEKEEPER_\w+):", block, re.MULTILINE)) == set(
        map(variable, Settings.__struct_fields__)
    )


def test_a_rate_of_its_own_can_have_whatever_a_run_asks_ecs_for() -> None:
    """As the gateway says it; DescribeRegions is no part of a run."""
    source = Path(ecs.__file__).read_text(encoding="utf-8")
    asked = set(re.findall(r"(?:_read|_write|_change|_change_tag|_call)\(\s*\"(\w+)\"", source)) - {"DescribeRegions"}
    asked |= set(re.findall(r"partialmethod\(_change, \"(\w+)\"", source))
    assert asked == set(APIS)

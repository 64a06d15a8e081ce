"""The reading of settings from environment variables: each text into its value, each mistake named by its variable. Reads no
environment itself: it is given the mapping."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

import msgspec

from shared.clean import keep
from shared.errors import ConfigError
from shared.proof import Key
from shared.settings.fields import (
    APIS,
    MOST_AT_ONCE,
    PREFIX,
    SECRET,
    VARIABLES,
    CallsPerMinute,
    Endpoints,
    FcEdition,
    Service,
    Settings,
    variable,
)
from shared.settings.formats import ACCOUNT, FORMS, HOST, REGION, ROLE, not_of_form, shown
from shared.suggestions import did_you_mean, suggestion

_WRITTEN = {
    "region": "export ROLEKEEPER_REGION=cn-hangzhou, the region to observe",
    "account_id": "export ROLEKEEPER_ACCOUNT_ID=..., the digits of the id of the account to observe",
}
"""Examples for what has to be set."""


def read(env: Mapping[str, str], *, region: str = "", account_id: str = "") -> Settings:
    """Read the settings. region, account_id: what Function Compute says of itself, where they are unset.

    Raises ConfigError that names every variable that is wrong, or missing.
    """
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    given = {key[len(PREFIX) :].lower(): value for key, value in env.items() if key.startswith(PREFIX)}
    wrong = [f"{variable(name)} is not a setting; {_intended(name)}" for name in given if name not in fields]
    values: dict[str, Any] = {"region": region, "account_id": account_id}
    for name, text in given.items():
        if text.strip() and name in fields:
            try:
                values[name] = _READ[fields[name].type](name, text.strip())
            except ConfigError as error:
                wrong.append(str(error))
    keep(*(values[name] for name in SECRET if isinstance(values.get(name), str)))
    for name, where in (("region", "FC_REGION"), ("account_id", "FC_ACCOUNT_ID")):
        if not values[name]:
            deployed = any(key.startswith("FC_") for key in env)  # its instances have a dozen of these
            wrong.append(
                f"{variable(name)} is not set, nor does Function Compute say it (its context, or {where})"
                if deployed
                else f"{variable(name)} is not set; write {_WRITTEN[name]}"
            )
    wrong += filter(None, (not_of_form(name, values.get(name, ""), variable(name)) for name in FORMS))
    if not 1 <= values.get("parallel_calls", 1) <= MOST_AT_ONCE:
        wrong.append(
            f"{variable('parallel_calls')}: '{values['parallel_calls']}': a run makes 1 to {MOST_AT_ONCE} calls at a time"
        )
    if values.get("fc_edition") == "2.0" and not values.get("fc_service"):
        wrong.append(
            f"{variable('fc_service')} is not set: {variable('fc_edition')} 2.0 needs the name of the service that the "
            "functions are in"
        )
    if wrong:
        raise ConfigError("; ".join(wrong))
    return Settings(**values)


def _intended(name: str) -> str:
    known = [field.upper() for field in Settings.__struct_fields__]
    return did_you_mean(name.upper(), known, PREFIX + "{}") or f"known are {', '.join(VARIABLES)}"


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 86_400:  # also refuses nan
        raise ConfigError(f"{variable(name)}: {text!r} is not a number of seconds from 0 to 86400")
    return number


def _whole(name: str, text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text, re.ASCII):
        raise ConfigError(f"{variable(name)}: {text!r} is not a whole number")
    return int(text)


def _rates(name: str, text: str) -> CallsPerMinute:
    found: CallsPerMinute = {}
    for part in map(str.strip, text.split(",")):
        action, _, number = part.rpartition("=")
        if not re.fullmatch("[A-Za-z]*", action.strip(), re.ASCII) or not re.fullmatch(
            "[1-9][0-9]{0,6}", number.strip()
        ):
            raise ConfigError(
                f"{variable(name)}: {part!r} is neither a number of calls a minute nor API=NUMBER; write "
                "100,DescribeInstances=500"
            )
        if (api := action.strip()) and api not in APIS:
            raise ConfigError(f"{variable(name)}: {api!r} is no API that a run calls; {suggestion(api, APIS)}")
        found[api] = int(number)
    return found


def _edition(name: str, text: str) -> str:
    if text not in ("3.0", "2.0"):
        raise ConfigError(f"{variable(name)}: {text!r} is no edition of Function Compute: write 3.0 or 2.0")
    return text


def _regions(name: str, text: str) -> tuple[str, ...]:
    regions = [part.strip() for part in text.split(",")]
    for region in regions:
        if not re.fullmatch(REGION, region):
            raise ConfigError(f"{variable(name)}: {region!r} is not a region; write them as cn-hangzhou,cn-beijing")
    return tuple(dict.fromkeys(regions))


def _endpoints(name: str, text: str) -> Endpoints:
    found: Endpoints = {}
    for part in map(str.strip, text.split(",")):
        key, _, host = (piece.strip() for piece in part.partition("="))
        service, _, region = key.partition(".")
        if service not in get_args(Service):
            raise ConfigError(
                f"{variable(name)}: {part!r}: {service!r} is no service; {suggestion(service, get_args(Service))}"
            )
        if (region and not re.fullmatch(REGION, region)) or not re.fullmatch(HOST, host.replace("{region}", "region")):
            raise ConfigError(
                f"{variable(name)}: {shown(part)} is not SERVICE=HOST, SERVICE=HOST:PORT or SERVICE.REGION=HOST, with "
                "{region} in the host for each region's; write ecs=ecs-vpc.{region}.aliyuncs.com"
            )
        if found.setdefault(key, host) != host:
            raise ConfigError(f"{variable(name)}: {part!r}: {key} has the host {found[key]!r} already")
    return found


def _accounts(name: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in map(str.strip, text.split(",")):
        account, _, role = (piece.strip() for piece in part.partition("="))
        if not re.fullmatch(ACCOUNT, account) or not re.fullmatch(ROLE, role):
            raise ConfigError(
                f"{variable(name)}: {part!r} is not ACCOUNT=ROLE: the digits of an account's id, and the "
                "lower-case name of the role to assume there"
            )
        if found.setdefault(account, role) != role:
            raise ConfigError(f"{variable(name)}: {part!r}: the account has the role {found[account]!r} already")
    return found


def _proof_keys(name: str, text: str) -> tuple[Key, ...]:
    found: dict[Key, None] = {}
    parts = text.split(",")
    keep(*map(str.strip, parts))
    for position, part in enumerate(parts, 1):
        try:
            found[Key(part.strip())] = None
        except ValueError as error:  # its text and its cause must not show the value
            raise ConfigError(
                f"{variable(name)}: key {position} of {len(parts)}: {error}; make one with "
                "`openssl rand -hex 32`, and separate them by commas"
            ) from None
    return tuple(found)


_READ: dict[Any, Callable[[str, str], Any]] = {
    str: lambda name, text: text,
    float: _number,
    int: _whole,
    CallsPerMinute: _rates,
    Endpoints: _endpoints,
    FcEdition: _edition,
    tuple[str, ...]: _regions,
    Mapping[str, str]: _accounts,
    tuple[Key, ...]: _proof_keys,
}

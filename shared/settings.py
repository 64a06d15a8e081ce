"""Settings: ROLEKEEPER_... environment variables, read once, frozen. Reads nothing itself: it is given the mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from shared.errors import ConfigError

PREFIX = "ROLEKEEPER_"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Each field is the variable ROLEKEEPER_<FIELD IN UPPER CASE>; s.yaml names every one of them."""

    region: str  # the region this deployment looks after, e.g. "cn-hangzhou"
    account_id: str  # events of another account are ignored
    roles_file: str = "roles.yaml"  # relative to the code's folder
    execution_role: str = ""  # our own functions' role: tag events that it caused are ignored
    sls_project: str = ""  # "" = records go to stdout alone
    sls_logstore: str = "rolekeeper-records"
    endpoint: str = ""  # "http://127.0.0.1:PORT" points every SDK client at an emulator; "" = Alibaba Cloud
    look_again_seconds: float = 3.0  # how long one invocation waits for an instance that ECS does not show yet
    timeout_seconds: float = 5.0  # connect and read, each call

    @classmethod
    def from_env(cls, env: Mapping[str, str], *, region: str = "", account_id: str = "") -> Settings:
        """From environment variables; region and account_id are what Function Compute says of itself, where unset.

        Raises ConfigError that names the variable.
        """
        fields = {field.name: field for field in msgspec.structs.fields(cls)}
        given = {key[len(PREFIX) :].lower(): value for key, value in env.items() if key.startswith(PREFIX)}
        for name in given:
            if name not in fields:
                near = get_close_matches(name, fields, 1)
                hint = (
                    f"; did you mean {variable(near[0])}?" if near else f"; known: {', '.join(map(variable, fields))}"
                )
                raise ConfigError(f"{variable(name)} is not a setting{hint}")
        values: dict[str, Any] = {"region": region, "account_id": account_id}
        for name, text in given.items():
            if text.strip():
                values[name] = _READ[fields[name].type](name, text.strip())
        for name, where in (("region", "FC_REGION"), ("account_id", "FC_ACCOUNT_ID")):
            if not values[name]:
                raise ConfigError(f"{variable(name)} is not set, and neither the context nor {where} gives it")
        if values.get("endpoint") and not values["endpoint"].startswith(("http://", "https://")):
            raise ConfigError(f"{variable('endpoint')}: {values['endpoint']!r} must begin with http:// or https://")
        return cls(**values)


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 86_400:  # also refuses nan
        raise ConfigError(f"{variable(name)}: {text!r} is not a number of seconds from 0 to 86400")
    return number


_READ: dict[Any, Callable[[str, str], Any]] = {str: lambda name, text: text, float: _number}

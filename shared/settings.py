"""Settings: ROLEKEEPER_... environment variables, read once, frozen. Reads nothing itself: it is given the mapping."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import msgspec

from shared.clean import keep
from shared.errors import ConfigError
from shared.proof import Key
from shared.suggestions import did_you_mean, suggestion

PREFIX = "ROLEKEEPER_"
FcEdition = Literal["3.0", "2.0"]
CallsPerMinute = dict[str, int]
"""By the API's name; "" = every other."""
Service = Literal["ecs", "sts", "ram", "ims", "fc", "log"]
Endpoints = dict[str, str]
"""SERVICE or SERVICE.REGION -> HOST or HOST:PORT, in which {region} stands for the region."""
CALLS_PER_MINUTE = 100
"""Where nothing is set. The quotas of these APIs are not published (those that are, are 500 to 1,000): look yours up."""

APIS = (
    "DescribeInstances", "DescribeInstanceRamRole", "AttachInstanceRamRole", "DetachInstanceRamRole", "TagResources",
    "UntagResources",
)  # fmt: skip
"""What a run calls: these can have a rate of their own."""
MOST_AT_ONCE = 100
"""Each call under way has a thread and a connection."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Each field is the variable ROLEKEEPER_<FIELD IN UPPER CASE>; s.yaml names every one of them."""

    region: str  # the region this deployment looks after, e.g. "cn-hangzhou"
    account_id: str  # events of another account are ignored
    roles_file: str = "roles.yaml"  # relative to the code's folder
    execution_role: str = ""  # our own functions' role: tag events that it caused are ignored
    sls_project: str = ""  # "" = records go to stdout alone
    sls_logstore: str = "rolekeeper-records"
    sls_region: str = ""  # the region of that project; "" = the deployment's
    endpoint: str = ""  # "http://127.0.0.1:PORT" points every SDK client at an emulator; "" = Alibaba Cloud
    endpoints: Endpoints = {}  # "ecs=ecs-vpc.{region}.aliyuncs.com,ram=HOST": VPC endpoints, and what no map of endpoints knows
    look_again_seconds: float = 3.0  # how long one invocation waits for an instance that ECS does not show yet
    timeout_seconds: float = 5.0  # connect and read, each call
    parallel_calls: int = 4  # of a run: reads, and writes, at once
    calls_per_minute: CallsPerMinute = {}  # of a run: "100" or "100,DescribeInstances=500": for each API
    max_calls: int = 0  # of a run: a hard budget; 0 = none
    hand_over_seconds: float = 30.0  # before the function's limit: a run takes no more pages and hands over
    regions: tuple[str, ...] = ()  # "cn-hangzhou,cn-beijing": looked after from here; () = the deployment's own alone
    accounts: Mapping[str, str] = {}  # "111122223333=rolekeeper-member": account id -> RAM role to assume there
    external_id: str = ""  # what the trust policies of those roles ask for; "" = nothing
    proof_keys: tuple[
        Key, ...
    ] = ()  # secret: the first signs the notes on instances, all verify; () = no note is believed
    fc_edition: FcEdition = "3.0"  # of Function Compute, whose API invokes our functions
    fc_service: str = ""  # the service that FC 2.0 has our functions in

    @classmethod
    def from_env(cls, env: Mapping[str, str], *, region: str = "", account_id: str = "") -> Settings:
        """From environment variables; region and account_id are what Function Compute says of itself, where unset.

        Raises ConfigError that names every variable that is wrong, or missing.
        """
        fields = {field.name: field for field in msgspec.structs.fields(cls)}
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
                wrong.append(f"{variable(name)} is not set, nor does Function Compute say it (its context, or {where})"
                             if deployed else f"{variable(name)} is not set; write {_WRITTEN[name]}")  # fmt: skip
        wrong += filter(None, (_not_of_form(name, values.get(name, ""), variable(name)) for name in _FORMS))
        if not 1 <= values.get("parallel_calls", 1) <= MOST_AT_ONCE:
            wrong.append(
                f"{variable('parallel_calls')}: '{values['parallel_calls']}': a run makes 1 to {MOST_AT_ONCE} calls at a time"
            )
        if values.get("fc_edition") == "2.0" and not values.get("fc_service"):
            wrong.append(f"{variable('fc_service')} is not set: {variable('fc_edition')} 2.0 needs the name of the service that the "
                         "functions are in")  # fmt: skip
        if wrong:
            raise ConfigError("; ".join(wrong))
        return cls(**values)


class Target(msgspec.Struct, frozen=True):
    """One region of one account: what a run looks after."""

    account_id: str
    region: str


def targets(settings: Settings) -> tuple[Target, ...]:
    """Every account in every region, each once; the deployment's own account and region first."""
    regions = dict.fromkeys((settings.region, *settings.regions))
    accounts = dict.fromkeys((settings.account_id, *settings.accounts))
    return tuple(Target(account, region) for account in accounts for region in regions)


def member_role(settings: Settings, account_id: str) -> str:
    """The role to assume in that account, "" in the deployment's own. Raises ConfigError where it is not listed."""
    if account_id == settings.account_id:
        return ""
    if account_id not in settings.accounts:
        raise ConfigError(f"account {account_id} is neither this deployment's own nor listed in {variable('accounts')}: "
                          f"{', '.join(settings.accounts) or 'none is'}; list it there as ACCOUNT=ROLE")  # fmt: skip
    return settings.accounts[account_id]


def check(name: str, text: str, where: str) -> None:
    """Whether a text, if there is one, has the form of that field, if it has one. where: it was given. Raises ConfigError."""
    if wrong := _not_of_form(name, text, where):
        raise ConfigError(wrong)


def _not_of_form(name: str, text: str, where: str) -> str:
    pattern, meaning = _FORMS.get(name, (".*", ""))
    if not text or re.fullmatch(pattern, text, re.ASCII):
        return ""
    return f"{where}: {'it' if name in SECRET else _shown(text)} is not {meaning}"


def _shown(text: str) -> str:
    """In quotes, without the password of an address."""
    return repr(re.sub(r"(://|=).*@", r"\1***@", text))


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


VARIABLES = tuple(variable(name) for name in Settings.__struct_fields__)
"""Every one there is."""

SECRET = ("external_id", "proof_keys")
"""Settings whose values are never shown."""

REGION = r"[a-z]{2,10}(?:-[a-z0-9]{1,20}){1,5}"
"""A region's id: cn-hangzhou, rus-west-1."""
_HOST = r"(?i:[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)(:[0-9]{1,5})?"
_ACCOUNT = r"[0-9]{1,20}"
_ROLE = r"[a-z0-9.-]{1,64}"
_WRITTEN = {
    "region": "export ROLEKEEPER_REGION=cn-hangzhou, the region to look at",
    "account_id": "export ROLEKEEPER_ACCOUNT_ID=..., the digits of the id of the account to look at",
}
_FORMS = {
    "region": (REGION, "a region; write it as cn-hangzhou"),
    "sls_region": (REGION, "a region; write it as cn-hangzhou"),
    "account_id": (_ACCOUNT, "the digits of an account's id"),
    "endpoint": (rf"https?://({_HOST}|\[[0-9A-Fa-f:]+\](:[0-9]{{1,5}})?)/?", "an address; write http://HOST:PORT"),
    "external_id": (r"[\w+=,.@:/-]{2,1224}", "2 to 1224 letters, digits or any of +=,.@:/-_"),  # AssumeRole API page
    "fc_service": (r"[A-Za-z_][A-Za-z0-9_-]{0,127}", "a service of Function Compute 2.0"),
}


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
            raise ConfigError(f"{variable(name)}: {part!r} is neither a number of calls a minute nor API=NUMBER; write "
                              "100,DescribeInstances=500")  # fmt: skip
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
        if (region and not re.fullmatch(REGION, region)) or not re.fullmatch(_HOST, host.replace("{region}", "region")):
            raise ConfigError(f"{variable(name)}: {_shown(part)} is not SERVICE=HOST, SERVICE=HOST:PORT or SERVICE.REGION=HOST, with "
                              "{region} in the host for each region's; write ecs=ecs-vpc.{region}.aliyuncs.com")  # fmt: skip
        if found.setdefault(key, host) != host:
            raise ConfigError(f"{variable(name)}: {part!r}: {key} has the host {found[key]!r} already")
    return found


def _accounts(name: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in map(str.strip, text.split(",")):
        account, _, role = (piece.strip() for piece in part.partition("="))
        if not re.fullmatch(_ACCOUNT, account) or not re.fullmatch(_ROLE, role):
            raise ConfigError(f"{variable(name)}: {part!r} is not ACCOUNT=ROLE: the digits of an account's id, and the "
                              "lower-case name of the role to assume there")  # fmt: skip
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
            raise ConfigError(f"{variable(name)}: key {position} of {len(parts)}: {error}; make one with "
                              "`openssl rand -hex 32`, and separate them by commas") from None  # fmt: skip
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

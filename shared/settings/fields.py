"""The settings as values: one field a ROLEKEEPER_... variable, frozen. Reads no environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from shared.proof import Key

PREFIX = "ROLEKEEPER_"
FcEdition = Literal["3.0", "2.0"]
CallsPerMinute = dict[str, int]
"""By the API's name; "" = every other."""
Service = Literal["ecs", "sts", "ram", "ims", "fc", "log"]
Endpoints = dict[str, str]
"""SERVICE or SERVICE.REGION -> HOST or HOST:PORT, in which {region} stands for the region."""
CALLS_PER_MINUTE = 100
"""The rate where nothing is set. The quotas of these APIs are not published (those that are, are 500 to 1,000): look yours up."""

APIS = (
    "DescribeInstances", "DescribeInstanceRamRole", "AttachInstanceRamRole", "DetachInstanceRamRole", "TagResources",
    "UntagResources",
)  # fmt: skip
"""The APIs that a run calls: these can have a rate of their own."""
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
        """Read environment variables; region and account_id are what Function Compute says of itself, where unset.

        Raises ConfigError that names every variable that is wrong, or missing.
        """
        from shared.settings.environment import read  # reads into this class

        return read(env, region=region, account_id=account_id)


def variable(name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + name.upper()


VARIABLES = tuple(variable(name) for name in Settings.__struct_fields__)
"""Every one there is."""

SECRET = ("external_id", "proof_keys")
"""Settings whose values are never shown."""

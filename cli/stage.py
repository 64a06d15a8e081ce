"""A stage for demo and replay: the emulated cloud served on this machine, with rolekeeper deployed on it from s.yaml."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cli.files import text
from fakecloud.cloud import Cloud
from fakecloud.fc.models import Outcome
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.server import Server
from shared import policies
from shared.errors import ConfigError
from shared.gateways.account_holders import AccountHolders
from shared.gateways.clients import Credentials
from shared.gateways.ram import RamGateway
from shared.gateways.sls_admin import SlsAdmin
from shared.mapping import Mapping as RoleMapping
from shared.mapping import load
from shared.settings import PREFIX, Settings
from shared.setup import DesiredState, Provisioned, Provisioner, RamAccount

HOME = Path(__file__).resolve().parent.parent
REGION = "cn-hangzhou"
PROJECT = "rolekeeper"
PAGE = 100
"""Logs that one GetLogs shows."""
EXECUTION_ROLE = "rolekeeper-fc"
FUNCTIONS = {
    "instance_created": "rolekeeper-instance-created", "tags_changed": "rolekeeper-tags-changed",
    "reconcile": "rolekeeper-reconcile", "remediate": "rolekeeper-remediate",
}  # fmt: skip


class Stage:
    """The parts of the play. Use stage(), which opens and closes it."""

    def __init__(self, cloud: Cloud, url: str, roles_file: Path) -> None:
        self.cloud, self.url, self.roles_file = cloud, url, roles_file
        self.began = int(time.time())
        self.settings = Settings(
            region=REGION, account_id=ACCOUNT, endpoint=url, sls_project=PROJECT, execution_role=EXECUTION_ROLE
        )
        self._operator = Credentials(access_key_id=ROOT_KEY[0], access_key_secret=ROOT_KEY[1])
        self.logs = SlsAdmin(self.settings, self._operator)
        self.ram = RamGateway(self.settings, self._operator)

    def mapping(self) -> RoleMapping:
        return load(text(self.roles_file), file=str(self.roles_file))

    def make_roles(self, mapping: RoleMapping) -> Provisioned:
        """The functions' execution role, then the roles of the mapping, as `rolekeeper provision` makes them."""
        self.ram.create_role(EXECUTION_ROLE, "rolekeeper's functions", policies.trust("fc"))
        allowed = policies.execution_policies(mapping, account_id=ACCOUNT, region=REGION, project=PROJECT)
        for number, document in enumerate(allowed, 1):
            self.ram.create_policy(f"{EXECUTION_ROLE}-{number}", "what rolekeeper's functions need", document)
            self.ram.attach(EXECUTION_ROLE, "Custom", f"{EXECUTION_ROLE}-{number}")
        return self.provision(mapping)

    def provision(self, mapping: RoleMapping) -> Provisioned:
        provisioner = Provisioner(
            RamAccount(ram=self.ram, holders=AccountHolders(self.settings, self._operator)),
            DesiredState(
                desired=policies.desired(mapping, account_id=ACCOUNT, file=str(self.roles_file)),
                file=str(self.roles_file),
            ),
            pause=self.cloud.clock.advance,
        )
        return provisioner.apply(provisioner.propose())

    def deploy(self, env: Mapping[str, str] | None = None) -> list[str]:
        """Do what `s deploy` would do with s.yaml; return the names of the functions."""
        more = {
            "ROLEKEEPER_ENDPOINT": self.url,
            "ROLEKEEPER_REGION": REGION,
            "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
            "ROLEKEEPER_SLS_PROJECT": PROJECT,
            "ROLEKEEPER_ROLES_FILE": str(self.roles_file.resolve()),
            **(env or {}),
        }
        return self.cloud.fc.deploy(HOME / "s.yaml", code=HOME, account=ACCOUNT, region=REGION, env=more)

    def invoke(self, function: str, payload: bytes) -> Outcome:
        """Run a function with a payload, as `s invoke` does."""
        return self.cloud.fc.invoke(self.cloud.fc.find(ACCOUNT, REGION, FUNCTIONS[function]), payload)

    def records(self, query: str = "*") -> list[Mapping[str, str]]:
        """Every record in SLS that a query finds, asked through the SLS client: page by page, for one has 100."""
        found: list[Mapping[str, str]] = []
        until = int(time.time()) + 60
        while page := self.logs.query(query, self.began - 1, until, lines=PAGE, offset=len(found)):
            found += page
            if len(page) < PAGE:
                break
        return found


@contextmanager
def stage(roles_file: Path) -> Iterator[Stage]:
    """Open a stage with its logstore made; everything on it ends with the block.

    Nothing on it leaves this machine, so this process forgets meanwhile what its environment says of another one: the settings of a
    deployment, which s.yaml would take, and the proxies, through which the SDKs would send even calls to 127.0.0.1.
    """
    if os.name != "posix":
        raise ConfigError("the emulator runs functions on Linux and macOS; on Windows, use WSL")
    forgotten = {name: os.environ.pop(name) for name in list(os.environ) if _is_of_elsewhere(name)}
    try:
        cloud = Cloud()
        cloud.switches.permissions = "on"  # every call is judged by its caller's policies, the functions' too
        with Server(cloud, runs_clock=False) as server:
            opened = Stage(cloud, server.url, roles_file)
            opened.logs.ensure()
            yield opened
    finally:
        os.environ.update(forgotten)


def _is_of_elsewhere(name: str) -> bool:
    return name.startswith(PREFIX) or name.lower() in ("http_proxy", "https_proxy", "all_proxy")

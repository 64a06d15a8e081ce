"""A fresh account and its operator."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT, ROOT_KEY
from shared.gateways.account_holders import AccountHolders
from shared.gateways.clients import Credentials
from shared.gateways.ims import account_summary
from shared.gateways.ram import RamGateway
from shared.mapping import load
from shared.policies import DesiredRam, desired
from shared.settings import Settings
from shared.setup import DesiredState, Provisioned, Provisioner, RamAccount, limits

WRITES = ("Create", "Update", "Delete", "Attach", "Detach", "Tag", "Untag", "Set")


class Account:
    """Provisions texts of roles.yaml into the emulated account and shows what RAM then holds."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        settings = Settings(region="cn-hangzhou", account_id=ACCOUNT)
        keys = Credentials(access_key_id=ROOT_KEY[0], access_key_secret=ROOT_KEY[1])
        self.ram, self.holders = RamGateway(settings, keys), AccountHolders(settings, keys)
        self.limits = lambda: limits(account_summary(settings, keys))

    def provision(self, text: str, *, dry_run: bool = False, **how: Any) -> Provisioned:
        """The journal begins anew. Pauses take no time."""
        self.cloud.calls.clear()
        account = {name: how.pop(name, getattr(self, name)) for name in ("ram", "holders", "limits")}
        pause = how.pop("pause", self.cloud.clock.advance)
        wanted = DesiredState(desired=self.desired(text), file="roles.yaml", **{"account_id": ACCOUNT, **how})
        provisioner = Provisioner(RamAccount(**account), wanted, pause=pause)
        proposed = provisioner.propose()
        return proposed if dry_run else provisioner.apply(proposed)

    @staticmethod
    @cache
    def desired(text: str) -> DesiredRam:
        return desired(load(text), account_id=ACCOUNT)

    def before(self, action: str, do: Callable[[], Any], number: int = 1) -> None:
        """Do something once, directly before the account's call of that name and number is answered."""
        answer, left = self.cloud.handle, [number]

        def handle(request: Request) -> Response:
            left[0] -= request.headers.get("x-acs-action") == action
            if left[0] == 0 and request.headers.get("x-acs-action") == action:
                left[0] = -1
                do()
            return answer(request)

        self.cloud.handle = handle  # type: ignore[method-assign]

    def attached(self, role: str) -> set[str]:
        """The names of its policies."""
        found = self.cloud.ram.role(ACCOUNT, role)
        return {name for _, name in found.attached} if found else set()

    def writes(self) -> list[str]:
        return [call.action for call in self.cloud.calls if call.action.startswith(WRITES)]

    def holds(self) -> dict[str, Any]:
        """Everything of ours in RAM that a role's permissions, and later runs, depend on."""
        state = self.cloud.ram.account(ACCOUNT)
        return {
            role.name: (
                role.trust_text,
                role.description,
                sorted(role.attached),
                self.cloud.ram.policies_of_role(ACCOUNT, role.name),
                state.tags["role"].of(role.name),
            )
            for role in state.roles.values()
        }


@pytest.fixture
def account(cloud: Cloud, mocker: MockerFixture) -> Account:
    """Nor do the SDK's own pauses before another try take time."""
    mocker.patch("time.sleep", cloud.clock.advance)
    return Account(cloud)


@pytest.fixture
def roles() -> Callable[..., str]:
    """A roles.yaml with these policies, in YAML's flow style, by role."""

    def text(**policies: str) -> str:
        lines = [
            f"  {name}: {{description: The {name} role, policies: [{listed}]}}" for name, listed in policies.items()
        ]
        rules = [f"  - {{name: {name}, when: {{tags: {{app: {name}}}}}, role: {name}}}" for name in policies]
        return "\n".join(["version: 1", "roles:", *lines, "rules:", *rules]) + "\n"

    return text

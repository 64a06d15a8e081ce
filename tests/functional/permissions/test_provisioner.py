"""A key with the policy of `rolekeeper policy provisioner` provisions the listed roles; nothing in that policy can be left out."""

from __future__ import annotations

from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from shared.errors import CloudCallError
from shared.gateways.account_holders import AccountHolders
from shared.gateways.clients import Credentials
from shared.gateways.ram import RamGateway
from shared.mapping import load
from shared.policies import desired, lint, provisioner_policies
from shared.settings import Settings
from shared.setup import DesiredState, Provisioner, ProvisionError, RamAccount
from tests.contract.permissions import callers
from tests.functional.permissions.test_least_privilege import Document, without

LOGS, OSS = "AliyunLogReadOnlyAccess", "AliyunOSSReadOnlyAccess"


def roles(bucket: str, *system: str, description: str = "d") -> str:
    """roles.yaml of two roles: web, which another tool made, and worker."""
    policies = ", ".join(
        [f"{{template: oss-read-only, with: {{bucket: {bucket}}}}}", *(f"{{system: {name}}}" for name in system)]
    )
    return f"""
version: 1
roles:
  web: {{description: {description}, policies: [{policies}]}}
  worker: {{description: {description}, policies: [{{system: {OSS}}}]}}
rules: [{{name: web, role: web}}]
"""


FIRST = roles("one", LOGS, OSS)
LATER = roles("two", OSS, description="e")
(POLICY,) = provisioner_policies(load(FIRST), account_id=ACCOUNT)
CASES = dict(without(POLICY))


class Operator:
    def __init__(self, cloud: Cloud, policy: Document) -> None:
        self.cloud = cloud
        key = callers.user(cloud, *policy["Statement"]).key
        settings = Settings(region="cn-hangzhou", account_id=ACCOUNT)
        keys = Credentials(access_key_id=key.access_key_id, access_key_secret=key.secret)
        self.ram, self.holders = RamGateway(settings, keys), AccountHolders(settings, keys)
        cloud.switches.permissions = "on"

    def provision(self, text: str, **how: Any) -> bool:
        """Whether RAM then holds what the text says, by what the next run would do."""
        try:
            for expected in (True, False):
                provisioner = Provisioner(
                    RamAccount(ram=self.ram, holders=self.holders),
                    DesiredState(desired=desired(load(text), account_id=ACCOUNT), file="roles.yaml", **how),
                    pause=self.cloud.clock.advance,
                )
                proposed = provisioner.propose()
                if bool(proposed.plan.actions) != expected:
                    return False
                provisioner.apply(proposed)
        except (CloudCallError, ProvisionError):
            return False
        return True

    def does(self) -> dict[str, bool]:
        """Each thing that a provision may have to do; whether it worked."""
        self.cloud.ram.put_role(ACCOUNT, "web")
        return {
            "make roles and policies, adopt a role": self.provision(FIRST, adopt=("web",)),
            "a new version, another description, a policy less": self.provision(LATER),
            "a policy of ours less": self.provision(
                LATER.replace("{template: oss-read-only, with: {bucket: two}}, ", "")
            ),
        }


def test_it_is_enough_for_everything(cloud: Cloud) -> None:
    done = Operator(cloud, POLICY).does()
    assert all(done.values()), done


@pytest.mark.parametrize("case", CASES)
def test_nothing_in_it_can_be_left_out(cloud: Cloud, case: str) -> None:
    done = Operator(cloud, CASES[case]).does()
    assert not all(done.values()), "it works without: the policy allows more than it needs"


def test_it_covers_no_other_role_and_no_other_policy_of_alibaba_cloud(cloud: Cloud) -> None:
    operator = Operator(cloud, POLICY)
    assert (
        operator.provision(FIRST.replace("worker", "other").replace("web:", "else:").replace("role: web", "role: else"))
        is False
    )
    assert operator.provision(roles("one", "AliyunECSReadOnlyAccess")) is False
    assert cloud.ram.role(ACCOUNT, "else") is None or not cloud.ram.policies_of_role(ACCOUNT, "else")


def test_no_role_can_be_given_it() -> None:
    """The lint refuses it to every role of roles.yaml: who holds it decides what the roles may do."""
    assert {finding.code for finding in lint(POLICY)} >= {"RK109", "RK110"}

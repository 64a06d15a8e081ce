"""The overview of an account that IMS gives: the numbers and quotas of RAM."""

from __future__ import annotations

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from shared.gateways.clients import Credentials
from shared.gateways.ims import account_summary
from shared.settings import Settings
from tests.contract.permissions.callers import allow, user


def summary(cloud: Cloud, *statements: object) -> dict[str, int]:
    key = user(cloud, *statements).key  # type: ignore[arg-type]
    keys = Credentials(access_key_id=key.access_key_id, access_key_secret=key.secret)
    return account_summary(Settings(region="cn-hangzhou", account_id=ACCOUNT), keys)


def test_it_counts_roles_and_policies_and_tells_the_quotas(cloud: Cloud) -> None:
    cloud.ram.put_role(ACCOUNT, "web", policies=[{"Version": "1", "Statement": [allow("oss:GetObject", "*")]}])
    cloud.ram.quotas.roles = 1200
    told = summary(cloud)
    assert (told["Roles"], told["RolesQuota"], told["Policies"], told["PoliciesQuota"]) == (1, 1200, 1, 1500)
    assert (told["AttachedPoliciesPerRoleQuota"], told["AttachedSystemPoliciesPerRoleQuota"]) == (10, 20)
    assert (told["VersionsPerPolicyQuota"], told["PolicySizeQuota"]) == (5, 6144)


def test_it_needs_its_own_permission_on_all_resources(cloud: Cloud) -> None:
    cloud.switches.permissions = "on"
    assert summary(cloud, allow("ram:GetAccountSummary", "*"))["Roles"] == 0

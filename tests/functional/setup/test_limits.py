"""RAM's limits against what is on the account: known before the first write, with the way out; pruning makes room first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.identity import ACCOUNT
from shared.setup import Limits, ProvisionError
from tests.functional.setup.conftest import Account

Roles = Callable[..., str]
READ, PUT, LOGS = (
    "{template: oss-read-only, with: {bucket: one}}",
    "{template: cms-put-metrics}",
    "{system: AliyunLogReadOnlyAccess}",
)
ANY = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Resource": "*"}]}


def full_of_custom(account: Account) -> None:
    account.cloud.ram.put_role(ACCOUNT, "web", policies=[ANY] * 10)


def full_of_system(account: Account) -> None:
    from fakecloud.ram.system_policies import SYSTEM_POLICIES

    names = [name for name in SYSTEM_POLICIES if name.startswith("Aliyun") and name != "AliyunLogReadOnlyAccess"]
    account.cloud.ram.put_role(ACCOUNT, "web", policies=names[:20])


def full_of_tags(account: Account) -> None:
    account.cloud.ram.put_role(ACCOUNT, "web")
    state = account.cloud.ram.account(ACCOUNT)
    state.tags["role"].put("web", [(f"tag-{n}", "x") for n in range(20)], 20)


def policy_full_of_tags(account: Account) -> None:
    account.cloud.ram.put_role(ACCOUNT, "web")
    account.ram.create_policy("rolekeeper-web-oss-read-only", "", ANY)
    state = account.cloud.ram.account(ACCOUNT)
    state.tags["policy"].remove(("Custom", "rolekeeper-web-oss-read-only"))
    state.tags["policy"].put(("Custom", "rolekeeper-web-oss-read-only"), [(f"tag-{n}", "x") for n in range(20)], 20)


def account_full_of_roles(account: Account) -> None:
    for number in range(999):
        account.cloud.ram.put_role(ACCOUNT, f"theirs-{number}")
    account.cloud.ram.put_role(ACCOUNT, "web")


def account_full_of_policies(account: Account) -> None:
    account.cloud.ram.put_role(ACCOUNT, "web", policies=[ANY] * 3)
    account.cloud.ram.quotas.custom_policies = 3


def short_documents(account: Account) -> None:
    account.cloud.ram.put_role(ACCOUNT, "web")
    account.cloud.ram.quotas.policy_document = 100


FULL = [
    pytest.param(full_of_custom, r"role 'web': it would hold 11 custom policies, 1 of roles\.yaml and 10 .*RAM takes 10.*--prune: web-1, ", id="custom policies of a role"),
    pytest.param(full_of_system, r"role 'web': it would hold 21 system policies.*RAM takes 20.*--prune: Aliyun", id="system policies of a role"),
    pytest.param(full_of_tags, r"role 'web': it has 20 tags.*take one off", id="tags of a role"),
    pytest.param(policy_full_of_tags, r"policy 'rolekeeper-web-oss-read-only': it has 20 tags.*take one off", id="tags of a policy"),
    pytest.param(account_full_of_roles, r"the account has 1000 roles of the 1000 .*1 are to be made.*Quota Center", id="roles of an account"),
    pytest.param(account_full_of_policies, r"the account has 3 policies of the 3 .*2 are to be made.*Quota Center", id="policies of an account"),
    pytest.param(short_documents, r"role 'web': policy 'rolekeeper-web-oss-read-only' .*this account takes 100; split it", id="size of a policy"),
]  # fmt: skip


@pytest.mark.parametrize(("fill", "says"), FULL)
def test_what_ram_would_refuse_stops_it_before_any_write(
    account: Account, roles: Roles, fill: Callable[[Account], None], says: str
) -> None:
    fill(account)
    before = account.holds()
    with pytest.raises(ProvisionError, match=says):
        account.provision(roles(web=f"{READ}, {LOGS}", worker=PUT), adopt=["web"])
    assert (account.writes(), account.holds()) == ([], before)


@pytest.mark.parametrize("fill", [full_of_custom, full_of_system], ids=["custom", "system"])
def test_the_way_out_of_a_full_role_works(account: Account, roles: Roles, fill: Callable[[Account], None]) -> None:
    fill(account)
    account.provision(roles(web=f"{READ}, {LOGS}"), adopt=["web"], prune=True)
    assert account.attached("web") == {"rolekeeper-web-oss-read-only", "AliyunLogReadOnlyAccess"}
    assert account.provision(roles(web=f"{READ}, {LOGS}")).plan.actions == ()


def test_a_quota_that_was_raised_counts(account: Account, roles: Roles) -> None:
    account_full_of_roles(account)
    account.cloud.ram.quotas.roles = 2000
    account.provision(roles(web=LOGS, worker=PUT), adopt=["web"])
    assert account.cloud.ram.role(ACCOUNT, "worker") is not None


def test_where_the_quotas_cannot_be_read_it_warns_and_goes_on(account: Account, roles: Roles) -> None:
    account_full_of_roles(account)
    account.cloud.ram.quotas.roles = 2000
    ended = account.provision(roles(web=LOGS, worker=PUT), adopt=["web"], limits=Limits, dry_run=True)
    (warning,) = ended.plan.warnings
    assert "the account has 1000 roles and would have 1001" in warning


def full_of_orphan_roles(account: Account, roles: Roles) -> None:
    account.provision(roles(**{f"old-{n}": LOGS for n in range(5)}))
    for number in range(995):
        account.cloud.ram.put_role(ACCOUNT, f"theirs-{number}")


def full_of_orphan_policies(account: Account, roles: Roles) -> None:
    account.provision(roles(**{f"old-{n}": PUT for n in range(4)}))
    account.cloud.ram.quotas.custom_policies = 4


def full_of_policies_that_listed_roles_drop(account: Account, roles: Roles) -> None:
    account.provision(roles(web="{template: kms-decrypt, with: {key: k-1}}", worker=READ))
    account.cloud.ram.quotas.custom_policies = 2


@pytest.mark.parametrize(
    "fill",
    [full_of_orphan_roles, full_of_orphan_policies, full_of_policies_that_listed_roles_drop],
    ids=["roles", "policies", "policies that listed roles still hold"],
)
def test_pruning_makes_room_first(account: Account, roles: Roles, fill: Callable[[Account, Roles], Any]) -> None:
    fill(account, roles)
    text = roles(web=f"{READ}, {LOGS}", worker=PUT)
    with pytest.raises(ProvisionError, match="--prune deletes|Quota Center"):
        account.provision(text)
    assert account.writes() == []
    account.provision(text, prune=True)
    assert account.attached("web") == {"rolekeeper-web-oss-read-only", "AliyunLogReadOnlyAccess"}
    assert account.provision(text, prune=True).plan.actions == ()


def test_where_pruning_cannot_make_room_it_says_what_stays_and_why(account: Account, roles: Roles) -> None:
    full_of_orphan_roles(account, roles)
    for number in range(5):
        account.cloud.ecs.make(1, role=f"old-{number}")
    with pytest.raises(
        ProvisionError, match=r"--prune makes no more room \(kept: role old-0: 1 instance still holds it; .*Quota"
    ):
        account.provision(roles(web=LOGS), prune=True)
    assert account.writes() == []


def test_a_policy_from_a_file_with_a_very_long_name_is_made(account: Account) -> None:
    from shared.mapping import load
    from shared.policies import desired
    from shared.setup import DesiredState, Provisioner, RamAccount

    inline = '{name: own, document: {Version: "1", Statement: [{Effect: Allow, Action: "oss:GetObject", Resource: "acs:oss:*:*:b/*"}]}}'
    wanted = desired(
        load(f"version: 1\nroles: {{web: {{policies: [{inline}]}}}}\nrules: [{{name: w, role: web}}]\n"),
        account_id=ACCOUNT,
        file=f"{'folder/' * 200}roles.yaml",
    )
    made = Provisioner(
        RamAccount(ram=account.ram, holders=account.holders),
        DesiredState(desired=wanted, file="roles.yaml"),
        pause=account.cloud.clock.advance,
    )
    made.apply(made.propose())
    assert account.attached("web") == {"rolekeeper-web-own"}

"""Provisioning through the real RAM client: RAM holds what roles.yaml says, with no call too many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fakecloud.identity import ACCOUNT
from shared.policies import PolicyError
from shared.provision import ProvisionError
from tests.functional.provision.conftest import Account

ROLES_YAML = (Path(__file__).parents[3] / "roles.yaml").read_text(encoding="utf-8")
Roles = Callable[..., str]
READ = "{template: oss-read-only, with: {bucket: BUCKET}}"
LOGS = "{system: AliyunLogReadOnlyAccess}"


def read(bucket: str) -> str:
    return READ.replace("BUCKET", bucket)


def test_an_empty_account_gets_everything_in_the_file(account: Account) -> None:
    ended = account.provision(ROLES_YAML)
    assert {change.role for change in ended.changes} == {"web-reader", "worker", "batch", "log-shipper"}
    for wanted in account.desired(ROLES_YAML).roles:
        role = account.cloud.ram.role(ACCOUNT, wanted.name)
        assert role is not None
        assert role.trusts_service("ecs.aliyuncs.com")
        assert sorted(role.attached) == sorted((policy.type, policy.name) for policy in wanted.policies)


def test_the_second_run_has_nothing_to_do_and_writes_nothing(account: Account) -> None:
    account.provision(ROLES_YAML)
    ended = account.provision(ROLES_YAML)
    assert (ended.plan.actions, ended.done, ended.changes) == ((), (), ())
    assert account.writes() == []


def test_it_reads_one_listing_and_only_what_the_file_names(account: Account) -> None:
    for number in range(1_000):  # others' roles, as many as an account may have but for ours
        account.cloud.ram.account(ACCOUNT).quotas.roles = 2_000
        account.cloud.ram.put_role(ACCOUNT, f"theirs-{number}")
    account.provision(ROLES_YAML)
    account.provision(ROLES_YAML)
    counted = account.cloud.calls.count()
    desired = account.desired(ROLES_YAML)
    custom = {policy.name for role in desired.roles for policy in role.policies if policy.type == "Custom"}
    assert counted["ListRoles"] == 2, "1,004 roles: one call for each 1,000"
    assert counted["GetRole"] == counted["ListPoliciesForRole"] == len(desired.roles)
    assert counted["GetPolicy"] == len(custom)
    assert counted["ListTagResources"] == 1


def test_a_document_that_differs_in_meaning_becomes_a_new_version_in_force(account: Account, roles: Roles) -> None:
    inline = (
        '{name: own, document: {Version: "1", Statement: [{Effect: Allow, Action: %s, Resource: "acs:oss:*:*:b/*"}]}}'
    )
    account.provision(roles(web=inline % '["oss:GetObject", "oss:PutObject"]'))
    account.provision(roles(web=inline % '["oss:PutObject", "oss:GetObject"]'))
    assert account.writes() == [], "order means nothing"
    ended = account.provision(roles(web=inline % '"oss:GetObject"'))
    assert account.writes() == ["CreatePolicyVersion"]
    (change,) = ended.changes
    assert (change.gains, change.losses) == ((), ("Allow oss:PutObject on acs:oss:*:*:b/*",))
    (document,) = account.cloud.ram.policies_of_role(ACCOUNT, "web")
    assert "oss:PutObject" not in str(document)


def test_the_sixth_version_retires_the_oldest_that_is_not_in_force(account: Account, roles: Roles) -> None:
    inline = '{name: own, document: {Version: "1", Statement: [{Effect: Allow, Action: "oss:GetObject", Resource: "acs:oss:*:*:b%s/*"}]}}'
    for number in range(8):
        account.provision(roles(web=inline % number))
    (policy,) = [p for (kind, _), p in account.cloud.ram.account(ACCOUNT).policies.items() if kind == "Custom"]
    assert len(policy.versions) == 5
    assert "b7" in str(account.cloud.ram.policies_of_role(ACCOUNT, "web"))


def test_a_policy_that_the_file_no_longer_lists_is_taken_off_and_told_of(account: Account, roles: Roles) -> None:
    account.provision(roles(web=f"{read('one')}, {{template: cms-put-metrics}}"))
    ended = account.provision(roles(web=read("one")))
    assert account.writes() == ["DetachPolicyFromRole"]
    assert len(ended.plan.orphan_policies) == 1
    role = account.cloud.ram.role(ACCOUNT, "web")
    assert role is not None
    assert len(role.attached) == 1


def test_a_policy_that_somebody_attached_by_hand_stays_and_is_told_of(account: Account, roles: Roles) -> None:
    account.provision(roles(web=read("one")))
    account.ram.attach("web", "System", "AliyunOSSFullAccess")
    ended = account.provision(roles(web=read("one")))
    assert account.writes() == []
    assert ended.plan.unlisted == (("web", ("System", "AliyunOSSFullAccess")),)
    pruned = account.provision(roles(web=read("one")), prune=True)
    assert account.writes() == ["DetachPolicyFromRole"]
    assert pruned.plan.unlisted == ()


def test_trust_and_description_follow_the_file(account: Account, roles: Roles) -> None:
    account.provision(roles(web=LOGS))
    account.ram.update_role("web", description="changed by hand")
    ended = account.provision(roles(web=LOGS))
    assert account.writes() == ["UpdateRole"]
    assert ended.changes == ()
    foreign = {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["fc.aliyuncs.com"]}}],
    }
    account.ram.update_role("web", trust=foreign)
    ended = account.provision(roles(web=LOGS))
    (change,) = ended.changes
    assert change.gains == ("trust: Service ecs.aliyuncs.com",)
    assert change.losses == ("trust: Service fc.aliyuncs.com",)


def test_a_role_of_somebody_else_is_not_touched_unless_adopted(account: Account, roles: Roles) -> None:
    account.cloud.ram.put_role(ACCOUNT, "web", services=("fc.aliyuncs.com",))
    before = account.holds()
    with pytest.raises(ProvisionError, match=r"role 'web' is there and not rolekeeper's.*--adopt web"):
        account.provision(roles(web=read("one"), worker=LOGS))
    assert (account.writes(), account.holds()) == ([], before)
    account.provision(roles(web=read("one"), worker=LOGS), adopt=["web"])
    account.provision(roles(web=read("one"), worker=LOGS))
    assert account.writes() == [], "adopted for good"


def test_a_policy_of_somebody_else_with_our_name_is_not_touched_unless_adopted(account: Account, roles: Roles) -> None:
    (wanted,) = account.desired(roles(web=read("one"))).roles[0].policies
    document = {"Version": "1", "Statement": [{"Effect": "Deny", "Action": "oss:*", "Resource": "*"}]}
    account.ram._call("CreatePolicy", policy_name=wanted.name, policy_document=str(document).replace("'", '"'))
    with pytest.raises(
        ProvisionError, match=rf"policy '{wanted.name}' \(template oss-read-only.*\) is there and not rolekeeper's"
    ):
        account.provision(roles(web=read("one")))
    assert account.writes() == []
    account.provision(roles(web=read("one")), adopt=["web"])
    assert "oss:GetObject" in str(account.cloud.ram.policies_of_role(ACCOUNT, "web"))


def test_adopting_a_role_that_the_file_does_not_list_is_an_error(account: Account, roles: Roles) -> None:
    with pytest.raises(ProvisionError, match=r"roles\.yaml lists no such role"):
        account.provision(roles(web=LOGS), adopt=["wbe"])


def test_orphans_are_told_of_and_removed_only_when_asked(account: Account, roles: Roles) -> None:
    account.cloud.ram.put_role(ACCOUNT, "theirs")
    account.provision(roles(web=read("one"), worker=f"{read('two')}, {LOGS}"))
    ended = account.provision(roles(web=read("one")))
    assert account.writes() == []
    assert ended.plan.orphan_roles == ("worker",)
    account.provision(roles(web=read("one")), prune=True)
    assert account.cloud.ram.role(ACCOUNT, "worker") is None
    assert account.cloud.ram.role(ACCOUNT, "theirs") is not None
    assert len([1 for kind, _ in account.cloud.ram.account(ACCOUNT).policies if kind == "Custom"]) == 1
    account.provision(roles(web=read("one")), prune=True)
    assert account.writes() == []


def test_a_dry_run_writes_nothing_and_plans_what_the_run_does(account: Account) -> None:
    planned = account.provision(ROLES_YAML, dry_run=True)
    assert account.writes() == []
    done = account.provision(ROLES_YAML)
    assert planned.plan.actions == done.done
    assert account.writes() == [action.call for action in done.done]


def test_a_full_role_loses_a_policy_before_it_gains_another(account: Account, roles: Roles) -> None:
    account.provision(roles(web=", ".join(read(f"bucket-{n}") for n in range(10))))
    account.provision(roles(web=", ".join(read(f"bucket-{n}") for n in range(5, 15))))
    role = account.cloud.ram.role(ACCOUNT, "web")
    assert role is not None
    assert len(role.attached) == 10


def test_the_eleventh_policy_is_refused_before_any_call(account: Account, roles: Roles) -> None:
    with pytest.raises(PolicyError, match="web"):
        account.provision(roles(web=", ".join(read(f"bucket-{n}") for n in range(11))))
    assert len(account.cloud.calls) == 0

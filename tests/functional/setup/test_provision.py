"""Provisioning through the real RAM client: RAM holds what roles.yaml says, with no call too many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakecloud.identity import ACCOUNT
from shared.policies import PolicyError
from shared.setup import ProvisionError
from tests.functional.setup.conftest import Account

ROLES_YAML = (Path(__file__).parents[3] / "roles.yaml").read_text(encoding="utf-8")
Roles = Callable[..., str]
READ = "{template: oss-read-only, with: {bucket: BUCKET}}"
LOGS, OTS = "{system: AliyunLogReadOnlyAccess}", "{system: AliyunOTSReadOnlyAccess}"


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
    system = {policy.name for role in desired.roles for policy in role.policies if policy.type == "System"}
    assert counted["ListRoles"] == 2, "1,004 roles: one call for each 1,000"
    assert counted["GetRole"] == counted["ListPoliciesForRole"] == len(desired.roles)
    assert counted["GetPolicy"] == len(custom) + len(system)
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


def test_a_system_policy_that_rolekeeper_attached_is_taken_off_with_its_line(account: Account, roles: Roles) -> None:
    account.provision(roles(web=f"{read('one')}, {LOGS}, {OTS}"))
    ended = account.provision(roles(web=f"{read('one')}, {OTS}"))
    assert account.writes() == ["DetachPolicyFromRole", "TagResources"]
    (change,) = ended.changes
    assert "Allow log:Get* on *" in change.losses, "what its document allows, not its name alone"
    assert not any("ots:" in line for line in change.losses)
    account.provision(roles(web=f"{read('one')}, {OTS}"))
    assert account.writes() == []


def test_a_system_policy_attached_by_hand_stays_even_where_it_was_listed_meanwhile(
    account: Account, roles: Roles
) -> None:
    account.provision(roles(web=OTS))
    account.ram.attach("web", "System", "AliyunLogReadOnlyAccess")
    account.provision(roles(web=f"{OTS}, {LOGS}"))
    ended = account.provision(roles(web=OTS))
    assert account.writes() == []
    assert ended.plan.unlisted == (("web", ("System", "AliyunLogReadOnlyAccess")),)


def test_a_system_policy_taken_off_and_put_on_again_by_hand_is_no_longer_rolekeepers(
    account: Account, roles: Roles
) -> None:
    account.provision(roles(web=f"{OTS}, {LOGS}"))
    account.ram.detach("web", "System", "AliyunLogReadOnlyAccess")
    account.provision(roles(web=OTS))
    assert account.writes() == ["TagResources"], "the note forgets it"
    account.ram.attach("web", "System", "AliyunLogReadOnlyAccess")
    ended = account.provision(roles(web=OTS))
    assert (account.writes(), len(ended.plan.unlisted)) == ([], 1)


def test_twenty_system_policies_can_give_way_to_others(account: Account, roles: Roles) -> None:
    from fakecloud.ram.system_policies import SYSTEM_POLICIES

    names = [name for name in SYSTEM_POLICIES if name.startswith("Aliyun")]
    first, second = ((", ".join(f"{{system: {name}}}" for name in part)) for part in (names[:20], names[-20:]))
    account.provision(roles(web=first))
    account.provision(roles(web=second))
    role = account.cloud.ram.role(ACCOUNT, "web")
    assert role is not None
    assert {name for _, name in role.attached} == set(names[-20:])
    account.provision(roles(web=second))
    assert account.writes() == []


def test_a_system_policy_that_does_not_exist_stops_it_before_any_write(account: Account, roles: Roles) -> None:
    with pytest.raises(
        ProvisionError,
        match=r"roles\.yaml: role 'web': there is no system policy 'AliyunLogReadAccess'; did you mean 'AliyunLogReadOnlyAccess'\\?",
    ):
        account.provision(roles(web="{system: AliyunLogReadAccess}", worker=LOGS))
    assert account.writes() == []


def test_a_new_version_whose_answer_was_lost_is_not_made_twice(account: Account, roles: Roles) -> None:
    account.provision(roles(web=read("one")))
    account.cloud.faults.add("reset", action="CreatePolicyVersion", count=1, lost_answer=True)
    account.provision(roles(web=read("two")))
    assert account.writes() == ["CreatePolicyVersion"]
    (policy,) = [p for (kind, _), p in account.cloud.ram.account(ACCOUNT).policies.items() if kind == "Custom"]
    assert len(policy.versions) == 2


def test_a_role_made_by_somebody_else_in_the_meantime_is_not_taken_for_ours(account: Account, roles: Roles) -> None:
    answer = account.cloud.handle

    def handle(request: Any) -> Any:
        if request.headers.get("x-acs-action") == "CreateRole" and account.cloud.ram.role(ACCOUNT, "web") is None:
            account.cloud.ram.put_role(ACCOUNT, "web")
            account.cloud.faults.add("5xx", action="CreateRole", count=1)
        return answer(request)

    account.cloud.handle = handle  # type: ignore[method-assign]
    with pytest.raises(ProvisionError, match="role 'web' is there and not rolekeeper's"):
        account.provision(roles(web=LOGS))
    assert account.writes() == ["CreateRole"]


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
    account.cloud.ram.put_role(ACCOUNT, "web", services=("ess.aliyuncs.com",))
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
    account.ram._write("CreatePolicy", PolicyName=wanted.name, PolicyDocument=str(document).replace("'", '"'))
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


def test_a_role_that_an_instance_of_any_region_holds_is_kept(account: Account, roles: Roles) -> None:
    account.provision(roles(web=LOGS, worker=read("two")))
    account.cloud.ecs.make(1, role="worker", region="cn-shanghai")
    ended = account.provision(roles(web=LOGS), prune=True)
    assert account.writes() == []
    assert ended.plan.kept == (
        "role worker: 1 instance still holds it",
        "policy rolekeeper-worker-oss-read-only: 1 role or user still holds it",
    )


def test_a_policy_that_somebody_elses_role_holds_is_kept(account: Account, roles: Roles) -> None:
    account.provision(roles(web=f"{LOGS}, {read('one')}"))
    account.cloud.ram.put_role(ACCOUNT, "theirs", policies=["rolekeeper-web-oss-read-only"])
    ended = account.provision(roles(web=LOGS), prune=True)
    assert account.writes() == ["DetachPolicyFromRole"]
    assert ended.plan.kept == ("policy rolekeeper-web-oss-read-only: 1 role or user still holds it",)


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

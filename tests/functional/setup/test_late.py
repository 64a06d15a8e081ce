"""RAM shows late what was just made, and still has what was just removed: "not yet", tried again within bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.setup import ProvisionError
from tests.functional.setup.conftest import Account

Roles = Callable[..., str]
READ, LOGS = "{template: oss-read-only, with: {bucket: one}}", "{system: AliyunLogReadOnlyAccess}"
PUT = "{template: cms-put-metrics}"
FULL = ", ".join(f"{{template: oss-read-only, with: {{bucket: bucket-{n}}}}}" for n in range(10))


def story(roles: Roles, name: str) -> tuple[str, str, bool]:
    """What was there before, what is to be, and whether it prunes."""
    before = roles(web=f"{READ}, {LOGS}", worker=PUT)
    return {
        "new": ("", roles(web=f"{READ}, {LOGS}"), False),
        "changed": (
            before,
            roles(web=f"{READ.replace('one', 'two')}, {{system: AliyunOTSReadOnlyAccess}}", worker=PUT),
            False,
        ),
        "pruned": (before, roles(web=READ), True),
        "full": (roles(web=FULL), roles(web=FULL.replace("bucket-", "other-")), False),
    }[name]


LATE = [
    pytest.param("new", "AttachPolicyToRole", "EntityNotExist.Role", 404, id="the role, to an attach"),
    pytest.param("new", "AttachPolicyToRole", "EntityNotExist.Policy", 404, id="the policy, to an attach"),
    pytest.param("new", "GetRole", "EntityNotExist.Role", 404, id="the role, to the reading back"),
    pytest.param("new", "ListPoliciesForRole", "EntityNotExist.Role", 404, id="the role, to the reading back of its policies"),
    pytest.param("new", "GetPolicy", "EntityNotExist.Policy", 404, id="the policy, to the reading back"),
    pytest.param("new", "ListTagResources", "EntityNotExist.Policy", 404, id="the policy, to the reading back of tags"),
    pytest.param("changed", "CreatePolicyVersion", "EntityNotExist.Policy", 404, id="the policy, to a new version"),
    pytest.param("changed", "TagResources", "EntityNotExist.Role", 404, id="the role, to a tag"),
    pytest.param("pruned", "DeleteRole", "DeleteConflict.Role.Policy", 409, id="a detached policy, to the deletion of its role"),
    pytest.param("pruned", "DeletePolicy", "DeleteConflict.Policy.Role", 409, id="a deleted role, to the deletion of its policy"),
    pytest.param("full", "AttachPolicyToRole", "LimitExceeded.Role.Policy", 409, id="a detached policy, to the attach in its place"),
]  # fmt: skip


@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize(("name", "action", "code", "status"), LATE)
def test_what_ram_does_not_know_yet_is_asked_for_again(
    account: Account, roles: Roles, name: str, action: str, code: str, status: int, times: int
) -> None:
    before, text, prune = story(roles, name)
    if before:
        account.provision(before)
    proposal = account.provision(text, prune=prune, dry_run=True)
    reads = account.cloud.calls.count()[action] if action.startswith(("Get", "List")) else 0
    fault = account.cloud.faults.add("error", action=action, code=code, status=status, count=times, after=reads)
    ended = account.provision(text, prune=prune)
    assert fault.hit == times, "the call is made"
    assert ended.done == proposal.plan.actions
    assert account.provision(text, prune=prune).plan.actions == ()


@pytest.mark.parametrize(("name", "action", "code", "status"), LATE)
def test_what_ram_never_shows_is_given_up_and_told(
    account: Account, roles: Roles, name: str, action: str, code: str, status: int
) -> None:
    before, text, prune = story(roles, name)
    if before:
        account.provision(before)
    account.provision(text, prune=prune, dry_run=True)
    reads = account.cloud.calls.count()[action] if action.startswith(("Get", "List")) else 0
    account.cloud.faults.add("error", action=action, code=code, status=status, count=None, after=reads)
    with pytest.raises(ProvisionError, match=r"roles\.yaml: .*run the same command again"):
        account.provision(text, prune=prune)
    assert account.cloud.calls.count()[action] < 40
    account.cloud.faults.clear()
    account.provision(text, prune=prune)
    assert account.provision(text, prune=prune).plan.actions == ()


def test_a_role_that_somebody_elses_policy_keeps_from_deletion_is_no_delay(account: Account, roles: Roles) -> None:
    account.provision(roles(web=READ))
    account.cloud.faults.add("error", action="AttachPolicyToRole", code="NoPermission", status=403)
    with pytest.raises(ProvisionError, match="NoPermission"):
        account.provision(roles(web=f"{READ}, {LOGS}"))
    assert account.cloud.calls.count()["AttachPolicyToRole"] == 1, "a refusal that stays is asked for once"


@pytest.mark.each_value
@pytest.mark.parametrize("seconds", [0.5, 4.0, 14.0])
@pytest.mark.parametrize("name", ["new", "changed", "pruned", "full"])
def test_where_ram_shows_all_changes_late_it_ends_as_elsewhere(
    account: Account, roles: Roles, name: str, seconds: float
) -> None:
    before, text, prune = story(roles, name)
    if before:
        account.provision(before)
    account.cloud.switches.ram_visible_after = seconds
    account.provision(text, prune=prune)
    for wanted in account.desired(text).roles:
        assert account.attached(wanted.name) == {policy.name for policy in wanted.policies}
    account.cloud.clock.advance(seconds)
    ended = account.provision(text, prune=prune)
    assert (ended.done, ended.plan.unlisted) == ((), ())

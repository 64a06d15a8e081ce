"""What happens between reading and writing: instances launched, policies attached, another provision at the same time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.ram.models import User
from fakecloud.wire import installed
from shared.gateways.ram import NOTE_OF_ONE
from shared.setup import ProvisionError
from shared.setup.notes import mark
from tests.functional.setup.conftest import Account

Roles = Callable[..., str]
READ, PUT, LOGS, OTS = (
    "{template: oss-read-only, with: {bucket: one}}",
    "{template: cms-put-metrics}",
    "{system: AliyunLogReadOnlyAccess}",
    "{system: AliyunOTSReadOnlyAccess}",
)


def launch(account: Account) -> None:
    account.cloud.ecs.make(1, role="worker", region="cn-shanghai")


def attach_by_hand(account: Account) -> None:
    account.ram.attach("worker", "System", "AliyunOTSReadOnlyAccess")


def share_the_policy(account: Account) -> None:
    account.cloud.ram.put_role(ACCOUNT, "theirs", policies=["rolekeeper-worker-oss-read-only"])


def share_with_a_user(account: Account) -> None:
    state = account.cloud.ram.account(ACCOUNT)
    state.add_user(User(ACCOUNT, "eve", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"))
    state.attach(state.user("eve"), "Custom", "rolekeeper-worker-oss-read-only", "2026-01-01T00:00:00Z")


def take_over(account: Account) -> None:
    account.ram.untag("worker", ["managed-by"])


MEANWHILE = [
    pytest.param(launch, "GetRole", 2, "role worker: 1 instance still holds it", id="an instance, before the first detach"),
    pytest.param(launch, "DetachPolicyFromRole", 2, "role worker: 1 instance still holds it", id="an instance, between the detaches"),
    pytest.param(attach_by_hand, "DetachPolicyFromRole", 2, "role worker: somebody attached AliyunOTSReadOnlyAccess", id="another policy"),
    pytest.param(take_over, "DetachPolicyFromRole", 2, "role worker: somebody took the tag", id="the tag taken off"),
]  # fmt: skip


@pytest.mark.parametrize(("happens", "action", "number", "why"), MEANWHILE)
def test_a_role_that_is_needed_again_keeps_all_it_had(
    account: Account, roles: Roles, happens: Callable[[Account], None], action: str, number: int, why: str
) -> None:
    account.provision(roles(web=LOGS, worker=f"{READ}, {LOGS}"))
    had = account.attached("worker")
    account.before(
        action if number > 1 else "ListPolicies", lambda: happens(account), number=1 if number == 1 else number
    )
    ended = account.provision(roles(web=LOGS), prune=True)
    assert account.attached("worker") >= had
    assert ended.kept[0].startswith(why)


@pytest.mark.parametrize(
    ("happens", "who"), [(share_the_policy, "role theirs"), (share_with_a_user, "user eve")], ids=["a role", "a user"]
)
def test_a_policy_that_somebody_came_to_hold_is_kept(
    account: Account, roles: Roles, happens: Callable[[Account], None], who: str
) -> None:
    account.provision(roles(web=LOGS, worker=READ))
    account.before("DeleteRole", lambda: happens(account))
    ended = account.provision(roles(web=LOGS), prune=True)
    assert account.cloud.ram.role(ACCOUNT, "worker") is None
    assert ended.kept == (f"policy rolekeeper-worker-oss-read-only: {who} still holds it",)


def test_a_policy_that_somebody_came_to_hold_in_the_last_moment_is_kept(account: Account, roles: Roles) -> None:
    account.provision(roles(web=LOGS, worker=READ))
    account.before("DeletePolicy", lambda: share_the_policy(account))
    ended = account.provision(roles(web=LOGS), prune=True)
    assert ended.kept == ("policy rolekeeper-worker-oss-read-only: 1 role or user still holds it",)


def test_what_somebody_else_has_deleted_meanwhile_is_done(account: Account, roles: Roles) -> None:
    account.provision(roles(web=LOGS, worker=READ))
    account.before("DescribeRegions", lambda: account.provision(roles(web=LOGS), prune=True))
    account.provision(roles(web=LOGS), prune=True)
    assert account.cloud.ram.role(ACCOUNT, "worker") is None


def test_an_older_version_is_not_pushed_out_for_one_that_somebody_has_made(account: Account, roles: Roles) -> None:
    two = roles(web=READ.replace("one", "two"))
    account.provision(roles(web=READ))
    account.before("GetPolicy", lambda: account.provision(two), number=2)
    account.provision(two)
    (policy,) = [p for (kind, _), p in account.cloud.ram.account(ACCOUNT).policies.items() if kind == "Custom"]
    assert len(policy.versions) == 2


FILES: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "each adds a system policy": ({"web": READ}, {"web": f"{READ}, {LOGS}"}, {"web": f"{READ}, {OTS}"}),
    "one adds, one takes off": ({"web": f"{READ}, {LOGS}"}, {"web": READ}, {"web": f"{READ}, {LOGS}, {OTS}"}),
    "both make the role": ({}, {"web": LOGS}, {"web": f"{OTS}, {READ}"}),
    "an old note comes true": ({"web": f"{PUT}, {LOGS}"}, {"web": OTS}, {"web": f"{LOGS}, {OTS}"}),
    "the same file": ({"web": PUT}, {"web": f"{READ}, {LOGS}"}, {"web": f"{READ}, {LOGS}"}),
}
"""Before, and what each of two provisions wants."""


def calls_of(name: str) -> list[str]:
    """What the outer provision calls when it is alone."""
    before, outer, _ = FILES[name]
    alone = Account(Cloud())
    with installed(alone.cloud):
        if before:
            alone.provision(text(before))
        alone.provision(text(outer))
    return [call.action for call in alone.cloud.calls if call.service == "ram"]


def text(listed: dict[str, str]) -> str:
    lines = [f"  {name}: {{policies: [{policies}]}}" for name, policies in listed.items()]
    return "\n".join(["version: 1", "roles:", *lines, "rules: [{name: w, role: web}]"]) + "\n"


BETWEEN = [
    pytest.param(name, n, id=f"{name}-{n}-{action}", marks=[] if calls.index(action) == n else [pytest.mark.slow])
    for name, calls in {name: calls_of(name) for name in FILES}.items()
    for n, action in enumerate(calls)
]
"""The first call of each kind is not slow."""


@pytest.mark.parametrize(("name", "place"), BETWEEN)
def test_of_two_provisions_at_once_no_permission_stays_for_good(account: Account, name: str, place: int) -> None:
    before, outer, inner = FILES[name]
    if before:
        account.provision(text(before))
    if name.startswith("an old note"):
        account.ram.detach("web", "System", "AliyunLogReadOnlyAccess")
        account.ram.claim("role", "web", note="none", more={NOTE_OF_ONE + mark("AliyunLogReadOnlyAccess"): "old"})
    answer, seen = account.cloud.handle, [0]

    def handle(request: Any) -> Any:
        if "ram" in request.host:
            seen[0] += 1
            if seen[0] == place + 1:
                seen[0] = 1_000_000
                account.provision(text(inner))
        return answer(request)

    account.cloud.handle = handle  # type: ignore[method-assign]
    try:
        account.provision(text(outer))
    except ProvisionError as stopped:
        assert "run the same command again" in str(stopped)
    account.cloud.handle = answer  # type: ignore[method-assign]
    for wanted in (outer, {"web": PUT}):
        ended = account.provision(text(wanted))
        assert ended.plan.unlisted == (), "what neither run would count as its own"
        assert account.attached("web") == {policy.name for policy in account.desired(text(wanted)).roles[0].policies}


def test_a_run_that_stops_leaves_noted_what_it_has_attached(account: Account) -> None:
    """Another provision, in between, takes a note of what is not attached yet for an old one, and strikes it out."""
    account.provision(text({"web": PUT}))
    account.before("AttachPolicyToRole", lambda: account.provision(text({"web": PUT})))
    account.cloud.faults.add("error", action="AttachPolicyToRole", code="NoPermission", status=403, after=1)
    with pytest.raises(ProvisionError, match="NoPermission"):
        account.provision(text({"web": f"{PUT}, {LOGS}, {OTS}"}))
    assert account.attached("web") >= {"AliyunLogReadOnlyAccess"}
    assert account.provision(text({"web": PUT})).plan.unlisted == ()
    assert account.attached("web") == {"rolekeeper-web-cms-put-metrics"}

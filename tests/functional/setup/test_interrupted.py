"""Provisioning stopped anywhere: what was done is told, the same command goes on, and ends where a clean run ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from fakecloud.cloud import Cloud
from fakecloud.http import Request, Response
from shared.setup import ProvisionError
from shared.setup.state import Call
from tests.functional.setup.conftest import Account

SHIPPED = (Path(__file__).parents[3] / "roles.yaml").read_text(encoding="utf-8")
OLD, NEW = (
    f"""
version: 1
roles:
  web: {{description: {what}, policies: [{web}]}}
  {other}: {{policies: [{{template: cms-put-metrics}}]}}
rules: [{{name: w, when: {{tags: {{a: b}}}}, role: web}}, {{name: o, role: {other}}}]
"""
    for what, web, other in (
        (
            "old",
            "{template: oss-read-only, with: {bucket: one}}, {system: AliyunLogReadOnlyAccess}, {system: AliyunMNSReadOnlyAccess}, {template: log-read, with: {project: p-1, logstore: s-1}}",
            "gone",
        ),
        (
            "new",
            "{template: oss-read-only, with: {bucket: two}}, {system: AliyunOTSReadOnlyAccess}, {system: AliyunMNSReadOnlyAccess}, {template: kms-decrypt, with: {key: k-1}}",
            "come",
        ),
    )
)
"""Between them: every call that provisioning makes, but for UpdateRole's trust."""
STORIES = {"shipped": ("", SHIPPED), "changed": (OLD, NEW)}


def begin(account: Account, story: str) -> str:
    """What was there before; the text that is then to be provisioned."""
    before, text = STORIES[story]
    if before:
        account.provision(before)
    account.cloud.calls.clear()
    return text


def clean(story: str) -> tuple[dict[str, Any], list[str]]:
    """What an undisturbed run leaves, and the calls that it makes. On a cloud of its own."""
    from fakecloud.wire import installed

    other = Account(Cloud())
    with installed(other.cloud):
        other.provision(begin(other, story), prune=True)
    return other.holds(), [call.action for call in other.cloud.calls if call.service == "ram"]


CLEAN = {story: clean(story) for story in STORIES}
MADE = [(story, number, action) for story, (_, calls) in CLEAN.items() for number, action in enumerate(calls)]
FIRST = {action: (story, number) for story, number, action in reversed(MADE)}
EVERY = [
    pytest.param(
        story,
        number,
        id=f"{story}-{number}-{action}",
        marks=[] if FIRST[action] == (story, number) else [pytest.mark.slow],
    )
    for story, number, action in MADE
]
"""Each call of each story; the first of each kind is not slow."""


def test_the_stories_have_every_kind_of_call() -> None:
    writes = {action for _, calls in CLEAN.values() for action in calls if not action.startswith(("Get", "List"))}
    assert writes == set(get_args(Call)) - {"UntagResources"}, "which stands in test_meanwhile.py"


@pytest.mark.each_value
@pytest.mark.parametrize(("story", "call"), EVERY)
@pytest.mark.parametrize(
    ("kind", "lost"),
    [
        pytest.param("5xx", False, id="5xx"),
        pytest.param("empty", False, id="empty answer"),
        pytest.param("reset", True, id="carried out, answer lost"),
    ],
)
def test_a_call_that_fails_for_now_is_made_again(
    account: Account, story: str, call: int, kind: Any, lost: bool
) -> None:
    text = begin(account, story)
    account.cloud.faults.add(kind, service="ram", after=call, count=1, lost_answer=lost)
    account.provision(text, prune=True)
    assert account.holds() == CLEAN[story][0]


@pytest.mark.parametrize(("story", "call"), EVERY)
def test_a_throttle_is_waited_for(account: Account, story: str, call: int) -> None:
    text = begin(account, story)
    account.cloud.faults.add("throttle", service="ram", after=call, count=3)
    account.provision(text, prune=True)
    assert account.holds() == CLEAN[story][0]


@pytest.mark.parametrize(("story", "call"), EVERY)
def test_a_refusal_stops_it_and_says_what_was_done_and_a_second_run_finishes(
    account: Account, story: str, call: int
) -> None:
    text = begin(account, story)
    account.cloud.faults.add("error", service="ram", after=call, count=1, code="NoPermission", status=403)
    with pytest.raises(ProvisionError, match="NoPermission") as stopped:
        account.provision(text, prune=True)
    assert [action.call for action in stopped.value.done] == [
        c.action for c in account.cloud.calls if c.action in {a.call for a in stopped.value.done} and c.status == 200
    ]
    account.provision(text, prune=True)
    assert account.holds() == CLEAN[story][0]


@pytest.mark.each_value
@pytest.mark.parametrize(("story", "call"), EVERY)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_call_a_second_run_finishes(
    account: Account, monkeypatch: pytest.MonkeyPatch, story: str, call: int, when: str
) -> None:
    text = begin(account, story)

    class Killed(BaseException):
        pass

    answer: Callable[[Request], Response] = account.cloud.handle
    seen = [0]

    def handle(request: Request) -> Response:
        seen[0] += 1
        hit = seen[0] == call + 1
        if hit and when == "before":
            raise Killed
        response = answer(request)
        if hit:
            raise Killed
        return response

    with monkeypatch.context() as patched:
        patched.setattr(account.cloud, "handle", handle)
        with pytest.raises(Killed):
            account.provision(text, prune=True)
    account.provision(text, prune=True)
    assert account.holds() == CLEAN[story][0]


def test_ram_that_stays_unavailable_is_given_up_with_a_word_on_what_to_do(account: Account) -> None:
    account.cloud.faults.add("throttle", service="ram", after=10, count=None)
    with pytest.raises(ProvisionError, match="tried 5 times; run the same command again") as stopped:
        account.provision(SHIPPED)
    assert stopped.value.done


def test_a_quota_that_fills_meanwhile_names_the_role(account: Account) -> None:
    account.before("CreateRole", lambda: setattr(account.cloud.ram.quotas, "roles", 2))
    with pytest.raises(ProvisionError, match=r"CreateRole: role batch: .*LimitExceeded\.Role") as stopped:
        account.provision(SHIPPED)
    assert {action.role for action in stopped.value.done} == {"web-reader", "worker"}

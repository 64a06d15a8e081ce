"""Provisioning stopped anywhere: what was done is told, the same command goes on, and ends where a clean run ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.http import Request, Response
from shared.provision import ProvisionError
from tests.functional.provision.conftest import Account

TEXT = (Path(__file__).parents[3] / "roles.yaml").read_text(encoding="utf-8")


def clean() -> tuple[dict[str, Any], int]:
    """What an undisturbed run leaves, and how many calls it makes. On a cloud of its own."""
    from fakecloud.wire import installed

    other = Account(Cloud())
    with installed(other.cloud):
        other.provision(TEXT)
    return other.holds(), len(other.cloud.calls)


END, CALLS = clean()
EVERY = range(CALLS)


@pytest.mark.parametrize("call", EVERY)
@pytest.mark.parametrize(
    ("kind", "lost"),
    [
        pytest.param("5xx", False, id="5xx"),
        pytest.param("empty", False, id="empty answer"),
        pytest.param("reset", True, id="carried out, answer lost"),
    ],
)
def test_a_call_that_fails_for_now_is_made_again(account: Account, kind: Any, lost: bool, call: int) -> None:
    account.cloud.faults.add(kind, service="ram", after=call, count=1, lost_answer=lost)
    account.provision(TEXT)
    assert account.holds() == END


@pytest.mark.parametrize("call", EVERY)
def test_a_throttle_is_waited_for(account: Account, call: int) -> None:
    account.cloud.faults.add("throttle", service="ram", after=call, count=3)
    account.provision(TEXT)
    assert account.holds() == END


@pytest.mark.parametrize("call", EVERY)
def test_a_refusal_stops_it_and_says_what_was_done_and_a_second_run_finishes(account: Account, call: int) -> None:
    account.cloud.faults.add("error", service="ram", after=call, count=1, code="NoPermission", status=403)
    with pytest.raises(ProvisionError, match="NoPermission") as stopped:
        account.provision(TEXT)
    assert [action.call for action in stopped.value.done] == [
        c.action for c in account.cloud.calls if c.action in {a.call for a in stopped.value.done} and c.status == 200
    ]
    account.provision(TEXT)
    assert account.holds() == END


@pytest.mark.parametrize("call", EVERY)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_call_a_second_run_finishes(
    account: Account, monkeypatch: pytest.MonkeyPatch, call: int, when: str
) -> None:
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
            account.provision(TEXT)
    account.provision(TEXT)
    assert account.holds() == END


def test_ram_that_stays_unavailable_is_given_up_with_a_word_on_what_to_do(account: Account) -> None:
    account.cloud.faults.add("throttle", service="ram", after=8, count=None)
    with pytest.raises(ProvisionError, match="tried 5 times; run the same command again") as stopped:
        account.provision(TEXT)
    assert stopped.value.done


def test_a_quota_that_is_full_names_the_role(account: Account) -> None:
    account.cloud.ram.quotas.roles = 2
    with pytest.raises(ProvisionError, match=r"CreateRole: role batch: .*LimitExceeded\.Role") as stopped:
        account.provision(TEXT)
    assert {action.role for action in stopped.value.done} == {"web-reader", "worker"}

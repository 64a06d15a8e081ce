"""Something happens right before, or right after, the n-th call that a real client makes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from Tea.exceptions import TeaException

from fakecloud.between import Between, Moment
from fakecloud.cloud import Cloud
from tests.contract import sdk


class Killed(BaseException):
    """The end of a process."""


def call(action: str = "describe_regions") -> None:
    sdk.ecs(sdk.config(), action, **({} if action == "describe_regions" else {"region_id": "cn-hangzhou"}))


def test_it_happens_before_the_nth_call_and_once(cloud: Cloud) -> None:
    seen: list[list[str]] = []
    moment = cloud.between.before(2, lambda: seen.append(cloud.calls.actions()))
    assert moment.met == ""
    for _ in range(4):
        call()
    assert seen == [["DescribeRegions"]]
    assert moment.met == "ecs DescribeRegions"


def test_it_happens_after_the_nth_call_was_carried_out(cloud: Cloud) -> None:
    seen: list[list[str]] = []
    cloud.between.after(2, lambda: seen.append(cloud.calls.actions()))
    for _ in range(4):
        call()
    assert seen == [["DescribeRegions", "DescribeRegions"]]


def test_calls_of_one_action_alone_are_counted(cloud: Cloud) -> None:
    seen: list[list[str]] = []
    cloud.between.before(1, lambda: seen.append(cloud.calls.actions()), service="ecs", action="DescribeInstances")
    call()
    call("describe_instances")
    assert seen == [["DescribeRegions"]]


def test_what_happens_may_make_calls_which_are_not_counted_but_for_its_own_moments(cloud: Cloud) -> None:
    seen: list[tuple[str, int]] = []

    def meanwhile() -> None:
        cloud.between.before(2, lambda: seen.append(("within", len(cloud.calls))))
        call()
        call()

    cloud.between.before(2, lambda: seen.append(("later", len(cloud.calls))))
    cloud.between.before(1, meanwhile)
    call()
    call()
    assert seen == [("within", 1), ("later", 3)]


@pytest.mark.parametrize(
    ("ask", "carried_out"), [(Between.before, False), (Between.after, True)], ids=["before", "after"]
)
def test_a_process_can_end_at_a_call(
    cloud: Cloud, ask: Callable[[Between, int, Callable[[], None]], Moment], carried_out: bool
) -> None:
    def kill() -> None:
        raise Killed

    ask(cloud.between, 1, kill)
    with pytest.raises(Killed):
        call()
    assert bool(len(cloud.calls)) is carried_out
    call()


def test_it_happens_after_a_call_that_a_fault_hit(cloud: Cloud) -> None:
    cloud.faults.add("throttle")
    moment = cloud.between.after(1, lambda: None)
    with pytest.raises(TeaException):
        call()
    assert moment.met == "ecs DescribeRegions"


def test_nothing_happens_any_more_once_cleared(cloud: Cloud) -> None:
    moment = cloud.between.before(1, lambda: None)
    cloud.reset()
    call()
    assert moment.met == ""


def test_there_is_no_call_before_the_first(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="the first call is 1, not 0"):
        cloud.between.before(0, lambda: None)

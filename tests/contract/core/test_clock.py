"""The clock: one task at a time in order, and side by side those that wait for others, where real time passes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fakecloud.clock import Clock


@contextmanager
def ticking(clock: Clock) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=clock.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


def test_tasks_that_wait_run_side_by_side_up_to_the_limit() -> None:
    clock, go, inside, done = Clock(), threading.Event(), list[int](), threading.Semaphore(0)
    clock.most_beside = lambda: 3
    most = list[int]()

    def task() -> None:
        inside.append(1)
        most.append(len(inside))
        done.release()
        go.wait(10)
        inside.pop()

    for _ in range(6):
        clock.later(0, task, beside=True)
    with ticking(clock):
        assert all(done.acquire(timeout=10) for _ in range(3)), "three are inside at once"
        time.sleep(0.1)  # time for a fourth to begin, if it could
        go.set()
        assert all(done.acquire(timeout=10) for _ in range(3))
    assert max(most) == 3


def test_a_task_that_waits_holds_up_nobody_else() -> None:
    clock, go, done = Clock(), threading.Event(), threading.Event()

    def wait() -> None:
        assert go.wait(10)
        done.set()

    clock.later(0, wait, beside=True)
    clock.later(0, go.set)
    with ticking(clock):
        assert done.wait(10)


def test_settling_runs_all_in_order_in_one_thread() -> None:
    clock, seen = Clock(), list[tuple[int, int]]()
    for number in range(20):
        clock.later(number // 7, lambda n=number: seen.append((n, threading.get_ident())), beside=bool(number % 2))  # type: ignore[misc]
    assert clock.settle() == 20
    assert seen == [(number, threading.get_ident()) for number in range(20)]


def test_settling_waits_for_what_runs_side_by_side_and_for_what_it_leaves_behind() -> None:
    clock, inside, go, seen = Clock(), threading.Event(), threading.Event(), list[str]()

    def task() -> None:
        inside.set()
        go.wait(10)
        seen.append("beside")
        clock.later(60, lambda: seen.append("left behind"))

    clock.later(0, task, beside=True)
    with ticking(clock):
        assert inside.wait(10)
        threading.Timer(0.05, go.set).start()
        clock.settle()
    assert seen == ["beside", "left behind"]


def test_a_failing_task_is_told_and_the_others_go_on(capfd: pytest.CaptureFixture[str]) -> None:
    clock, done = Clock(), threading.Event()

    def fail() -> None:
        raise RuntimeError("a bad task")

    clock.later(0, fail, beside=True)
    clock.later(0, done.set, beside=True)
    with ticking(clock):
        assert done.wait(10)
    clock.settle()
    assert "a bad task" in capfd.readouterr().err

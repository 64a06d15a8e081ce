"""After each test: nothing that was printed, logged or recorded meanwhile shows a key that was used. A plugin of tests/conftest.py.

Used is what the emulator gave out as a secret or a token, what the product worked with as credentials, and every proof key. Searched
is what pytest captured, what a test read of it or of another process, and in each emulated cloud what is in SLS, in the functions'
logs and answers, and in queues. A test that prints keys on purpose is marked shows_keys.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Generator, Iterator
from functools import wraps
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import KeyRing
from fakecloud.mns.models import Queue
from shared import clean, proof
from shared.gateways import clients

SHORTEST, FEWEST = 8, 4
"""Characters, and different ones: a simpler secret, which only a test has, is part of too many words."""
RECENT = 50
"""Secrets that are searched for: a test uses a few, and those of thousands of tests would cost more than the tests."""
SECRETS: dict[str, None] = {}
TEXTS: list[tuple[str, str]] = []
CLOUDS: list[Cloud] = []


def _noting(owner: Any, name: str, note: Callable[..., None]) -> None:
    """Have each call of owner.name noted, with its answer first."""
    was = getattr(owner, name)

    @wraps(was)
    def called(*args: Any, **options: Any) -> Any:
        answer = was(*args, **options)
        note(answer, *args)
        return answer

    setattr(owner, name, called)


def _use(*secrets: str) -> None:
    for secret in secrets:
        if len(secret) >= SHORTEST and len(set(secret)) >= FEWEST:
            SECRETS.pop(secret, None)
            SECRETS[secret] = None


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")


_noting(KeyRing, "add", lambda key, *_: _use(key.secret, key.token))
_noting(clients, "keep", lambda _, *secrets: _use(*secrets))
_noting(proof.Key, "__init__", lambda _, self, secret: _use(secret))
_noting(Cloud, "__init__", lambda _, self, *rest: CLOUDS.append(self))
_noting(Queue, "send", lambda _, queue, body, *rest: TEXTS.append((f"queue {queue.name}", body)))
_noting(
    pytest.CaptureFixture,
    "readouterr",
    lambda read, *_: TEXTS.append(("what the test read", _text(read.out) + _text(read.err))),
)
_noting(subprocess.Popen, "communicate", lambda told, *_: TEXTS.append(("another process", "".join(map(_text, told)))))


def recorded(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """What is written down in an emulated cloud, and where."""
    for project in list(cloud.sls.state.projects.values()):
        for store in project.logstores.values():
            yield f"SLS, {project.name}/{store.name}", "".join(str(log.answer()) for log in store.logs)
    for entry in list(cloud.fc.logs):
        yield f"the log of {entry.function}", entry.text
    for ran in list(cloud.fc.invocations):
        yield f"the answer of {ran.function}", f"{_text(ran.result)} {ran.error}"


def leaks() -> list[str]:
    """Where a secret shows; the secret itself is not told."""
    texts = [*TEXTS, *(found for cloud in CLOUDS for found in recorded(cloud))]
    return sorted({where for where, text in texts for secret in SECRETS if secret in text})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    TEXTS.extend(report.sections)
    if report.when == "teardown":
        found = [] if item.get_closest_marker("shows_keys") else leaks()
        for oldest in list(SECRETS)[:-RECENT]:
            del SECRETS[oldest]
        clean._known.clear()  # the next test begins as a process does
        TEXTS.clear()
        CLOUDS.clear()
        if found:
            report.outcome, report.longrepr = "failed", f"a key that was used shows in: {', '.join(found)}"
    return report

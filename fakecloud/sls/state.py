"""All projects of the emulated SLS, and which of them a call means. No wire format."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from fakecloud.service import Call
from fakecloud.sls import exceptions as errors
from fakecloud.sls.address import address
from fakecloud.sls.models import Limits, Log, Logstore, Project, check_project_name


class State:
    """clock: gives the emulated time in seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.limits = Limits()
        self.projects: dict[tuple[str, str], Project] = {}
        self.numbers = itertools.count()

    def now(self) -> int:
        return int(self.clock())

    def region(self, call: Call) -> str:
        return address(call.request.host).region

    def project(self, call: Call) -> Project:
        """Raises ProjectNotExist; Unauthorized for a project of another account."""
        name, region = address(call.request.host)
        project = self.projects.get((region, name))
        if project is None:
            raise errors.ProjectNotExist(name)
        if project.account != call.account:
            raise errors.Unauthorized(f"The account {call.account} has no project {name}.")
        return project

    def logstore(self, call: Call) -> Logstore:
        return self.project(call).logstore(call.args["logstore"])

    def all(self, call: Call) -> list[Project]:
        """The caller's projects of the region, by name."""
        region = self.region(call)
        return [p for _, p in sorted(self.projects.items()) if p.region == region and p.account == call.account]

    def add(self, project: Project) -> None:
        """Names are taken for the whole region, across accounts (CreateProject API page)."""
        check_project_name(project.name)
        if (project.region, project.name) in self.projects:
            raise errors.ProjectAlreadyExist(project.name)
        if sum(p.account == project.account for p in self.projects.values()) >= self.limits.projects:
            raise errors.ProjectQuotaExceed()
        self.projects[project.region, project.name] = project

    def remove(self, project: Project) -> None:
        del self.projects[project.region, project.name]

    def find(self, project: str, logstore: str) -> Logstore:
        """By name alone, in whichever region it is: for other services of the emulator and for tests."""
        for (_, name), found in sorted(self.projects.items()):
            if name == project:
                return found.logstore(logstore)
        raise errors.ProjectNotExist(project)

    def write(
        self,
        store: Logstore,
        topic: str,
        source: str,
        tags: dict[str, str],
        logs: list[tuple[int, int, dict[str, str]]],
    ) -> None:
        """Logs as (seconds, nanoseconds, contents)."""
        store.write([Log(at, ns, next(self.numbers), topic, source, tags, fields) for at, ns, fields in logs])

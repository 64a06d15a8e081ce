"""One cell of the table of faults of `rolekeeper provision`: one of its calls meets one fault, and what came of it. Asserts nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import Command
from tests.torture.fault_cells import NO_ANSWER, VALUES

OLD, NEW = (
    f"""
version: 1
roles:
  alpha: {{description: {what}, policies: [{first}]}}
  {other}: {{policies: [{{template: cms-put-metrics}}]}}
rules: [{{name: a, when: {{tags: {{a: b}}}}, role: alpha}}, {{name: o, when: {{tags: {{o: p}}}}, role: {other}}}]
"""
    for what, first, other in (
        ("old", "{template: oss-read-only, with: {bucket: one}}, {system: AliyunLogReadOnlyAccess}", "gone"),
        ("new", "{template: oss-read-only, with: {bucket: two}}, {system: AliyunOTSReadOnlyAccess}", "come"),
    )
)
"""Between them a role and a policy come and go, and a description, a policy and an attachment change."""
CODES = {"NoPermission": 403, "InvalidAccessKeyId.NotFound": 404}
MORE_CODES = {
    "CreateRole": {"EntityAlreadyExists.Role": 409, "LimitExceeded.Role": 409},
    "CreatePolicy": {"EntityAlreadyExists.Policy": 409, "LimitExceeded.Policy": 409},
    "CreatePolicyVersion": {"LimitExceeded.Policy.Version": 409, "EntityNotExist.Policy": 404},
    "AttachPolicyToRole": {"EntityAlreadyExists.Role.Policy": 409, "LimitExceeded.Role.Policy": 409},
    "DetachPolicyFromRole": {"EntityNotExist.Role.Policy": 404},
    "DeleteRole": {"DeleteConflict.Role.Policy": 409, "EntityNotExist.Role": 404},
    "DeletePolicy": {"DeleteConflict.Policy.Role": 409, "EntityNotExist.Policy": 404},
    "UpdateRole": {"EntityNotExist.Role": 404}, "GetRole": {"EntityNotExist.Role": 404},
    "GetPolicy": {"EntityNotExist.Policy": 404},
}  # fmt: skip
"""Codes of the API pages, with their HTTP status."""
WRITES = ("Create", "Update", "Delete", "Attach", "Detach", "Tag", "Untag")


@dataclass(frozen=True)
class Fault:
    call: str
    name: str
    times: str


@dataclass(frozen=True)
class Cell:
    """In the words of the table. rolekeeper: how the command ended. holds: what RAM has then. then: after one more command."""

    ended: str
    holds: str
    then: str


class Stage:
    """The account as the old roles.yaml left it, again and again; and the new one, provisioned by the command."""

    def __init__(self, cloud: Cloud, rolekeeper: Command) -> None:
        self.cloud, self.rolekeeper = cloud, rolekeeper
        self.places: dict[str, dict[str, str]] = {}
        self._provision(OLD)
        self._old = copy.deepcopy(cloud.ram.account(ACCOUNT))
        self.before = self._holds()
        cloud.calls.clear()
        self._provision(NEW)
        self.wanted = self._holds()
        self.calls = list(dict.fromkeys(call.action for call in cloud.calls))

    def play(self, fault: Fault) -> Cell | None:
        """None: no such call is made."""
        self._begin()
        injected = self._inject(fault)
        code, told = self._provision(NEW)
        holds = self._named()
        self.cloud.faults.clear()
        if not injected.hit:
            return None
        again, more = self._provision(NEW)
        ended = "well" if code == 0 else "the call named" if fault.call in told else "not well"
        return Cell(ended, holds, self._named() if again == 0 else f"{again}: {more.splitlines()[-1]}")

    def faults(self, call: str) -> Iterator[Fault]:
        """Every fault that is tried at a call."""
        kinds = ["throttle", *NO_ANSWER]
        if call.startswith(WRITES):
            kinds += [f"{kind} after" for kind in NO_ANSWER]
        for name in (*kinds, *CODES, *MORE_CODES.get(call, {})):
            for times in ("once", "always"):
                yield Fault(call, name, times)

    def _begin(self) -> None:
        self.cloud.faults.clear()
        self.cloud.ram._accounts[ACCOUNT] = copy.deepcopy(self._old)

    def _provision(self, text: str) -> tuple[int, str]:
        with open("provision.yaml", "w", encoding="utf-8") as file:
            file.write(text)
        ran = self.rolekeeper("provision", "--prune", "--roles-file", "provision.yaml")
        return ran.code, ran.err or ran.out or "nothing"

    def _inject(self, fault: Fault) -> Any:
        how: dict[str, Any] = {"action": fault.call, "count": 1 if fault.times == "once" else None}
        place, _, kind = fault.name.partition(": ")
        if kind:
            return self.cloud.faults.add("alter", path=place, value=VALUES[kind], **how)
        kind = fault.name.removesuffix(" after")
        if kind in (*NO_ANSWER, "throttle"):
            return self.cloud.faults.add(kind, lost_answer=kind != fault.name, **how)  # type: ignore[arg-type]
        status = (CODES | MORE_CODES.get(fault.call, {}))[kind]
        return self.cloud.faults.add("error", code=kind, status=status, **how)

    def _named(self) -> str:
        holds = self._holds()
        return "before" if holds == self.before else "wanted" if holds == self.wanted else "a part"

    def _holds(self) -> dict[str, Any]:
        state = self.cloud.ram.account(ACCOUNT)
        return {
            role.name: (
                role.trust_text,
                role.description,
                sorted(role.attached),
                self.cloud.ram.policies_of_role(ACCOUNT, role.name),
                state.tags["role"].of(role.name),
            )
            for role in state.roles.values()
        }

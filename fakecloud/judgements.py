"""Judges what a caller asks for by the caller's own RAM policies, and keeps a journal of it. Knows no action of any service."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fakecloud.errors import CloudError
from fakecloud.identity import Identity
from fakecloud.ram.judge import Decision, Layer, judge

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Need:
    """A need of a call: an action on a resource. context: its condition keys beyond those of every request."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    caller: Identity
    action: str
    resource: str
    decision: Decision

    @property
    def allowed(self) -> bool:
        return self.decision.allowed

    def detail(self) -> dict[str, str]:
        """AccessDeniedDetail: fields and values as RAM's DecodeDiagnosticMessage page has them.

        The real EncodedDiagnosticMessage is sealed; here it is base64 of JSON and names the resource.
        """
        caller = self.caller
        role = caller.kind == "AssumedRoleUser"
        message = json.dumps({"AuthAction": self.action, "AuthResource": self.resource})
        return {
            "AuthAction": self.action,
            "AuthPrincipalType": "AssumedRoleUser" if role else "SubUser",
            "AuthPrincipalOwnerId": caller.account,
            "AuthPrincipalDisplayName": f"{caller.name}:{caller.session}" if role else caller.principal_id,
            "PolicyType": self.decision.policy_type,
            "NoPermissionType": self.decision.verdict,
            "EncodedDiagnosticMessage": base64.b64encode(message.encode()).decode(),
        }


class Refused(CloudError):
    """The refusal that a caller without permission gets. Each service has its own code and words as a subclass."""

    status = 403

    def __init__(self, judgement: Judgement, message: str = "", *, status: int = 0) -> None:
        super().__init__(message, status=status)
        self.extra: dict[str, Any] = {"AccessDeniedDetail": judgement.detail()}


class Judgements:
    """The journal: the last 100,000 judgements since the cloud's reset, oldest first."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._kept: deque[Judgement] = deque(maxlen=KEPT)

    def clear(self) -> None:
        self._kept.clear()

    def __iter__(self) -> Iterator[Judgement]:
        return iter(list(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def refused(self, caller: Identity, needs: Iterable[Need]) -> Judgement | None:
        """The first need that the caller's policies do not allow; None where all are. An account itself may do all."""
        if caller.kind == "Account":
            return None
        with self.cloud.lock:
            layers, common = self._layers(caller), self._context(caller)
            fold = self.cloud.switches.role_name_in_policy == "case-ignored"
            minds = self.cloud.switches.tag_key_in_condition == "as-written"
            for need in needs:
                context = {**common, **need.context}
                decision = judge(layers, need.action, need.resource, context, fold_roles=fold, tag_case=minds)
                judgement = Judgement(caller, need.action, need.resource, decision)
                self._kept.append(judgement)
                if not judgement.allowed:
                    return judgement
        return None

    def _layers(self, caller: Identity) -> list[Layer]:
        """Session policies narrow the role: each is a layer of its own (page "How RAM evaluates policies", step 2)."""
        ram = self.cloud.ram
        if caller.kind == "RAMUser":
            return [("AccountLevelIdentityBasedPolicy", ram.policies_of_user(caller.account, caller.name))]
        sessions: list[Layer] = [("SessionPolicy", [json.loads(text)]) for text in caller.session_policies]
        return [*sessions, ("AccountLevelIdentityBasedPolicy", ram.policies_of_role(caller.account, caller.name))]

    def _context(self, caller: Identity) -> dict[str, str]:
        """The condition keys that every request has (page "Policy elements", common condition keys).

        The emulator stands for HTTPS endpoints on this machine. A role is its own principal, not its session.
        """
        kind, name = ("user", caller.name) if caller.kind == "RAMUser" else ("role", caller.name.lower())
        return {
            "acs:CurrentTime": self.cloud.clock.stamp(),
            "acs:SourceIp": "127.0.0.1",
            "acs:SecureTransport": "true",
            "acs:MFAPresent": "false",
            "acs:PrincipalARN": f"acs:ram::{caller.account}:{kind}/{name}",
        }

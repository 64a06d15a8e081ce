"""The common base of every emulated service: a call in, an answer out. No rules of any service."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fakecloud.errors import CloudError
from fakecloud.faults import Fault
from fakecloud.http import Request, Response
from fakecloud.identity import Identity

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud


@dataclass(slots=True)
class Call:
    """One call while it is worked on. args: the parsed parameters. fault: a partial fault for the model to apply."""

    cloud: Cloud
    service: str
    action: str
    request: Request
    identity: Identity = field(default=Identity("Account", ""))
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()).upper())
    args: dict[str, Any] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)  # as sent, flat: what ActionTrail records
    fault: Fault | None = None
    fault_used: bool = False

    def unlucky(self, members: Iterable[str]) -> set[str]:
        """Return which members of this call's batch a partial fault hits: those it names, else the first `items` of them."""
        if self.fault is None:
            return set()
        batch = list(members)
        hit = set(batch) & set(self.fault.instance_ids) if self.fault.instance_ids else set(batch[: self.fault.items])
        self.fault_used = self.fault_used or bool(hit)
        return hit

    def injected(self) -> CloudError:
        """Return what a member that the partial fault hits fails with."""
        fault = self.fault or Fault("partial")
        return CloudError(fault.message or "Injected.", code=fault.code or "InternalError", status=fault.status or 500)

    @property
    def account(self) -> str:
        return self.identity.account


class Service(Protocol):
    """A service of the emulated cloud, as the dispatch in cloud.py uses it."""

    name: str
    locked: bool  # whether respond() runs under the cloud's lock; False for those that wait for others (fc)

    def matches(self, request: Request) -> bool:
        """Return whether the request is for this service."""

    def action(self, request: Request) -> str:
        """The action's name for the journal and the faults; never raises."""

    def authenticate(self, call: Call) -> Identity:
        """The caller; raises CloudError."""

    def respond(self, call: Call) -> Response:
        """Carry the call out; raises CloudError."""

    def refuse(self, call: Call, error: CloudError) -> Response:
        """The error in this service's own form."""

    def throttled(self) -> CloudError:
        """This service's own throttling error."""

    def broken(self) -> CloudError:
        """This service's own 5xx error."""

    def reset(self) -> None:
        """Forget all state."""

"""Facts that a destructive call rests on, asked again directly before it: what was read for the plan may be minutes old.

Between the answer and the call that follows it there is a window of one call, which no means of RAM closes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from shared.errors import PermanentError
from shared.gateways.ram import RamGateway, is_ours
from shared.policies import DesiredRam, same
from shared.setup.send import REMOVALS
from shared.setup.state import Action

NOT_NEEDED = "somebody else has done it"


class Recheck:
    """holders: how many instances hold a role."""

    def __init__(self, ram: RamGateway, desired: DesiredRam, holders: Callable[[str], int]) -> None:
        self._ram, self._holders = ram, holders
        self._listed = {role.name for role in desired.roles}
        self._asked: set[str] = set()

    def is_orphan(self, action: Action) -> bool:
        """Return whether the call is about a role that the file does not list."""
        return bool(action.role) and action.role not in self._listed

    def why_not(self, action: Action, done: Sequence[Action]) -> str:
        """Return why this call must not be made after all; "" where nothing has changed. done: what this run did before.

        Raises PermanentError, TransientError or Throttled.
        """
        if self.is_orphan(action) and (action.call == "DeleteRole" or action.role not in self._asked):
            self._asked.add(action.role)
            return self._role(action, done)
        if action.call == "DeletePolicy":
            return self._policy(action.policy, done)
        if action.call == "CreatePolicyVersion":  # one version too many would push out an older one
            document = self._ram.document(action.policy)
            return NOT_NEEDED if document is not None and same(document, action.document or {}) else ""
        return ""

    def undoing(self, action: Action, done: Sequence[Action]) -> Iterator[Action]:
        """The calls that give a role that is kept what this run has taken off it."""
        for before in done:
            if self.is_orphan(action) and before.role == action.role and before.call == "DetachPolicyFromRole":
                yield Action(
                    call="AttachPolicyToRole", role=before.role, policy=before.policy, policy_type=before.policy_type
                )

    def _role(self, action: Action, done: Sequence[Action]) -> str:
        try:
            on = set(self._ram.attached(action.role))
        except PermanentError as error:
            if error.code.startswith("EntityNotExist"):
                return NOT_NEEDED
            raise
        if not is_ours(self._ram.tags("role", [action.role]).get(action.role, {})):
            return "somebody took the tag managed-by=rolekeeper off meanwhile"
        off = {(b.policy_type, b.policy) for b in done if b.role == action.role}  # RAM may still show them
        if action.call == "DeleteRole" and (added := sorted(on - off)):
            return f"somebody attached {added[0][1]} to it meanwhile"
        if count := self._holders(action.role):
            return f"{count} instance{'s hold' if count > 1 else ' still holds'} it"
        return ""

    def _policy(self, policy: str, done: Sequence[Action]) -> str:
        if self._ram.document(policy) is None:
            return NOT_NEEDED
        if not is_ours(self._ram.tags("policy", [policy]).get(policy, {})):
            return "somebody took the tag managed-by=rolekeeper off meanwhile"
        off: dict[str, bool] = {}  # what this run has let go of it: RAM may still show that
        for before in done:
            if before.call == "DeleteRole" or before.policy == policy:
                off[f"role {before.role}"] = before.call in REMOVALS
        if others := sorted(name for name in self._ram.holders_of(policy) if not off.get(name)):
            return f"{others[0]} still holds it"
        return ""

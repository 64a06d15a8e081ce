"""The permissions of a listed role beyond the file: who else may take it, and what else it may do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.policies import DesiredRam, reach_of_system
from shared.setup.diff import principals
from shared.setup.state import Attachment, RamState


def beyond(state: RamState, desired: DesiredRam, unlisted: Iterable[tuple[str, Attachment]]) -> Iterator[str]:
    """A sentence each. unlisted: role and policy, for what rolekeeper did not attach and does not take off unasked."""
    for role in desired.roles:
        held = state.roles.get(role.name)
        for line in sorted(principals(held.trust) - principals(role.trust)) if held else ():
            if not line.startswith("Deny "):
                yield f"role {role.name}: {line} may take it too, which roles.yaml does not say: provision ends that"
    for name, (kind, policy) in unlisted:
        reach = reach_of_system(policy) if kind == "System" else ""
        yield (
            f"role {name} also holds the {kind.lower()} policy {policy}{f' ({reach})' if reach else ''}, which roles.yaml does not "
            "list: --prune takes it off"
        )

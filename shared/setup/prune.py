"""Pruning: what is ours and what nothing in the file wants, removed where nobody holds it any more. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from shared.setup.protected import Protected, why_kept, why_protected
from shared.setup.state import Action, RamState


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """first: calls that wait for nothing, so that they make room. last: those that come after the listed roles have let go
    of a policy. kept: what stays, and why."""

    first: tuple[Action, ...] = ()
    last: tuple[Action, ...] = ()
    kept: tuple[str, ...] = ()


def pruned(state: RamState, changes: Sequence[Action], protected: Protected, account_id: str) -> Pruned:
    """changes: what is done with the listed roles; that takes policies off too."""
    first: list[Action] = []
    kept: list[str] = []
    for role, attached in state.orphan_roles.items():
        if why := why_protected(role, protected) or why_kept(state.orphan_trusts.get(role, {}), account_id):
            kept.append(f"role {role}: {why}; delete it by hand if nothing needs it")
            continue
        if count := state.holders.get(role, 0):
            kept.append(f"role {role}: {count} instance{'s hold' if count > 1 else ' still holds'} it")
            continue
        first += [
            Action(call="DetachPolicyFromRole", role=role, policy=name, policy_type=kind)
            for kind, name in sorted(attached)
        ]
        first.append(Action(call="DeleteRole", role=role))
    freed, later = _taken_off(first), _taken_off(changes)
    last: list[Action] = []
    for policy, holders in state.orphan_policies.items():
        if left := holders - freed[policy] - later[policy]:
            kept.append(f"policy {policy}: {left} role{'s or users hold' if left > 1 else ' or user still holds'} it")
        else:
            (last if later[policy] else first).append(Action(call="DeletePolicy", policy=policy))
    return Pruned(first=tuple(first), last=tuple(last), kept=tuple(kept))


def with_room(changes: Sequence[Action], removals: Pruned) -> tuple[Action, ...]:
    """The calls where the account has no room for another policy: what custom policies go is gone before any comes."""

    def goes(action: Action) -> bool:
        return action.call == "DetachPolicyFromRole" and action.policy_type == "Custom"

    return (*removals.first, *filter(goes, changes), *removals.last, *(a for a in changes if not goes(a)))


def _taken_off(actions: Iterable[Action]) -> Counter[str]:
    return Counter(
        action.policy for action in actions if action.call == "DetachPolicyFromRole" and action.policy_type == "Custom"
    )

"""Pruning: what is ours and what nothing in the file wants, removed where nobody holds it any more. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shared.provision.state import Action, RamState


def pruned(state: RamState, before: Sequence[Action]) -> tuple[tuple[Action, ...], tuple[str, ...]]:
    """The calls, and what is kept and why. before: the calls that come first; they take policies off too."""
    calls: list[Action] = []
    kept: list[str] = []
    for role, attached in state.orphan_roles.items():
        if count := state.holders.get(role, 0):
            kept.append(f"role {role}: {count} instance{'s hold' if count > 1 else ' still holds'} it")
            continue
        calls += [
            Action(call="DetachPolicyFromRole", role=role, policy=name, policy_type=kind)
            for kind, name in sorted(attached)
        ]
        calls.append(Action(call="DeleteRole", role=role))
    off = Counter(
        action.policy
        for action in (*before, *calls)
        if action.call == "DetachPolicyFromRole" and action.policy_type == "Custom"
    )
    for policy, holders in state.orphan_policies.items():
        if left := holders - off[policy]:
            kept.append(f"policy {policy}: {left} role{'s or users hold' if left > 1 else ' or user still holds'} it")
        else:
            calls.append(Action(call="DeletePolicy", policy=policy))
    return tuple(calls), tuple(kept)

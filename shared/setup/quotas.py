"""RAM's limits against what is on the account and what a plan would put there: known before the first call. Pure.

Source: RAM "Limits"; GetAccountSummary says the quotas of an account, most of which can be raised in Quota Center.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from shared.policies import DesiredRam, compact
from shared.setup.notes import MAX_TAGS
from shared.setup.state import Action, RamState

ROLES = 1000
"""Of an account, where nobody has raised it. The same of policies cannot be held against their number: who provisions may
not list them."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """roles, policies: most of an account, and how many policies it has; None: unknown. custom, system: most on one role.

    document: characters of a policy.
    """

    roles: int | None = None
    policies: int | None = None
    policies_held: int = 0
    custom: int = 10
    system: int = 20
    document: int = 6144


def limits(summary: Mapping[str, int]) -> Limits:
    """The limits of an account from its GetAccountSummary; what is not in it is as documented, or unknown."""
    known = {
        "roles": summary.get("RolesQuota"),
        "policies": summary.get("PoliciesQuota") if "Policies" in summary else None,
        "policies_held": summary.get("Policies"),
        "custom": summary.get("AttachedPoliciesPerRoleQuota"),
        "system": summary.get("AttachedSystemPoliciesPerRoleQuota"),
        "document": summary.get("PolicySizeQuota"),
    }
    return Limits(**{name: number for name, number in known.items() if number is not None})


def short_of_policies(state: RamState, actions: Sequence[Action], limits: Limits) -> bool:
    """Return whether the account would have too many policies at some point of these calls."""
    return limits.policies is not None and _highest(
        limits.policies_held, actions, "CreatePolicy", "DeletePolicy"
    ) > max(limits.policies, limits.policies_held)


def exceeded(
    state: RamState, desired: DesiredRam, actions: Sequence[Action], limits: Limits, kept: Sequence[str] | None = None
) -> Iterator[str]:
    """Yield what RAM would refuse for its limits, and the way out. kept: what pruning leaves, and why; None: it does not prune."""
    yield from _account(state, actions, limits, kept)
    yield from _attachments(state, desired, actions, limits)
    yield from _tags(state, actions)
    for action in actions:
        if action.call in ("CreatePolicy", "CreatePolicyVersion"):
            text = compact(action.document or {})
            if (size := max(len(text), len(text.encode("utf-8", "surrogatepass")))) > limits.document:
                yield (
                    f"role '{action.role}': policy '{action.policy}' ({action.source}) has {size} characters, and this account "
                    f"takes {limits.document}; split it, or have the quota raised (Quota Center, Resource Access Management)"
                )


def uncertain(state: RamState, actions: Sequence[Action], limits: Limits) -> Iterator[str]:
    """Yield what RAM may refuse, where the quotas of the account cannot be read."""
    highest = _highest(len(state.names), actions, "CreateRole", "DeleteRole")
    if limits.roles is None and highest > max(ROLES, len(state.names)):
        yield (
            f"the account has {len(state.names)} roles and would have {highest}: RAM takes {ROLES}, where that quota was not "
            "raised; whether it was cannot be read (ram:GetAccountSummary)"
        )


def _account(state: RamState, actions: Sequence[Action], limits: Limits, kept: Sequence[str] | None) -> Iterator[str]:
    ours = {"roles": len(state.orphan_roles), "policies": len(state.orphan_policies)}
    for what, held, most, create, delete in (
        ("roles", len(state.names), limits.roles, "CreateRole", "DeleteRole"),
        ("policies", limits.policies_held, limits.policies, "CreatePolicy", "DeletePolicy"),
    ):
        highest = _highest(held, actions, create, delete)
        if most is not None and highest > max(most, held):
            made = sum(action.call == create for action in actions)
            prune = f"--prune deletes {ours[what]} that roles.yaml no longer lists; or " if ours[what] else ""
            if kept is not None:
                prune = f"--prune makes no more room (kept: {'; '.join(kept)}); " if kept else ""
            yield (
                f"the account has {held} {what} of the {most} that it may have, and {made} are to be made; {prune}delete what "
                "nobody needs, or have the quota raised (Quota Center, Resource Access Management)"
            )


def _highest(held: int, actions: Sequence[Action], create: str, delete: str) -> int:
    """The most there are at any time, not before something is made."""
    highest = count = held
    for action in actions:
        count += (action.call == create) - (action.call == delete)
        highest = max(highest, count) if action.call == create else highest
    return highest


def _attachments(state: RamState, desired: DesiredRam, actions: Sequence[Action], limits: Limits) -> Iterator[str]:
    listed = {role.name: {(policy.type, policy.name) for policy in role.policies} for role in desired.roles}
    attached = {name: Counter(kind for kind, _ in role.attached) for name, role in state.roles.items()}
    most = {"Custom": limits.custom, "System": limits.system}
    seen: set[tuple[str, str]] = set()
    for action in actions:
        on, kind = attached.setdefault(action.role, Counter()), action.policy_type
        on[kind] += (action.call == "AttachPolicyToRole") - (action.call == "DetachPolicyFromRole")
        if action.call != "AttachPolicyToRole" or on[kind] <= most[kind] or (action.role, kind) in seen:
            continue
        seen.add((action.role, kind))
        held = state.roles[action.role].attached if action.role in state.roles else frozenset()
        others = sorted(name for type_, name in held - listed.get(action.role, set()) if type_ == kind)
        wanted = sum(type_ == kind for type_, _ in listed.get(action.role, ()))
        out = (
            f"take off what it can do without, or all of these with --prune: {', '.join(others)}; or " if others else ""
        )
        yield (
            f"role '{action.role}': it would hold {wanted + len(others)} {kind.lower()} policies, {wanted} of roles.yaml and "
            f"{len(others)} that are on it besides; RAM takes {most[kind]}; {out}list fewer in roles.yaml"
        )


def _tags(state: RamState, actions: Sequence[Action]) -> Iterator[str]:
    """Only what is adopted can be too full: notes know how much room there is."""
    for action in actions:
        if action.call != "TagResources" or action.note or action.noted:
            continue
        if action.policy:
            what, has = f"policy '{action.policy}'", state.policies[action.policy].tags
        else:
            what, has = f"role '{action.role}'", state.roles[action.role].tags
        if has >= MAX_TAGS:
            yield f"{what}: it has {has} tags and would get managed-by=rolekeeper; RAM takes {MAX_TAGS}: take one off first"

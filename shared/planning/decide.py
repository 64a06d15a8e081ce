"""The decision table of docs/mapping.md: one function, in the table's order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.model.decision import Drift, Outcome, Reason
from shared.model.instance import DISPLACED_TAG, Desired, Instance
from shared.model.plan import Action, Change
from shared.proof import Judgement

SET_KEY = "set ROLEKEEPER_PROOF_KEYS as the deployment has it, or let the deployed functions do it (--invoke)"
UNJUDGED = "whether a foreign role was displaced here cannot be judged by its note"
NO_KEY = f"a foreign role is to be displaced here, and there is no key to sign its note with; {SET_KEY}"


def decide(
    instance: Instance,
    desired: Desired,
    *,
    is_managed: Callable[[str], bool],
    now: datetime,
    launch_grace: timedelta,
    may_displace: Callable[[str], bool] = lambda role: False,
    note: Judgement | None = None,
    needs_key: bool = False,
    has_key: bool = False,
    at_birth: bool = False,
) -> Change:
    """Return one row of the decision table.

    is_managed: whether a role is listed in roles.yaml; any other on an instance is foreign. may_displace: whether a foreign role
    may be taken off for a listed one, and put back. note: the worth of the instance's note of a displaced role. needs_key: the
    caller must not do without the key for notes, and leaves to the functions what that concerns. has_key: whether there is one
    to sign with. at_birth: the trigger is the instance's creation.
    """
    held, wanted = instance.role, desired.role if desired.verdict == "role" else ""
    audit, over = desired.mode == "audit", desired.expired

    def nothing(outcome: Outcome, reason: Reason, why: str = "") -> Change:
        return change("none", reason, held, outcome, why=why)

    def do(action: Action, reason: Reason, role_after: str, displaced: str = "", why: str = "") -> Change:
        return change(action, reason, role_after, Outcome.PLANNED if audit else None, displaced, why)

    def change(
        action: Action, reason: Reason, role_after: str, outcome: Outcome | None, displaced: str = "", why: str = ""
    ) -> Change:
        return Change(
            instance_id=instance.instance_id,
            region=instance.region,
            action=action,
            reason=reason,
            rule=desired.rule,
            role=desired.role,
            role_before=held,
            role_after=role_after,
            mode=desired.mode,
            outcome=outcome,
            displaced=displaced,
            why=why,
        )

    def stays(outcome: Outcome) -> Change:
        """A foreign role. One that is on it again, or came after the one that we had displaced, makes the note untrue."""
        if displaced and not audit:
            return do("untag", Reason.FOREIGN_ROLE, held, displaced)
        return nothing(outcome, Reason.FOREIGN_ROLE)

    foreign = bool(held) and not is_managed(held)
    displaced = note.role if note and not is_managed(note.role) and may_displace(note.role) else ""  # "" = not proven
    unjudged = f"{UNJUDGED}: {note.why}; {SET_KEY}" if needs_key and note and note.verdict == "unknown" else ""
    if desired.verdict == "ignore":
        return nothing(Outcome.UNCHANGED, Reason.IGNORED)
    if desired.verdict == "refused":
        return nothing(Outcome.REFUSED, Reason.ROLE_NOT_LISTED)
    if wanted and instance.network == "classic":
        return nothing(Outcome.SKIPPED, Reason.NOT_IN_VPC)
    if held == wanted == "" and instance.network == "vpc":  # what was begun is brought to its end, by any observer
        if displaced:
            return do("attach", Reason.PUT_BACK, displaced, displaced)
        if unjudged:
            return nothing(Outcome.REFUSED, Reason.NO_PROOF_KEY, unjudged)
    if held == wanted:
        return nothing(Outcome.UNCHANGED, Reason.IN_SYNC if wanted else Reason.EXPIRED if over else Reason.NO_RULE)
    if not held:
        return do("attach", Reason.MISSING, wanted)
    if foreign and not wanted:
        return stays(Outcome.UNCHANGED)
    if foreign and (desired.foreign_roles == "keep" or not may_displace(held)):
        return stays(Outcome.SKIPPED)
    if not wanted and not over and (at_birth or _young(instance, now, launch_grace)):
        return nothing(Outcome.UNCHANGED, Reason.YOUNG)
    if desired.mode == "attach-only":
        return nothing(Outcome.SKIPPED, Reason.ATTACH_ONLY)
    if not wanted:
        if displaced:
            return do("swap", Reason.PUT_BACK, displaced, displaced)
        if unjudged:
            return nothing(Outcome.REFUSED, Reason.NO_PROOF_KEY, unjudged)
        if note and note.verdict != "proven":
            why = f"tag {DISPLACED_TAG} counts for nothing: {note.why}"
            return do("detach", Reason.NOTE_NOT_PROVEN, "", why=why)
        return do("detach", Reason.EXPIRED if over else Reason.NO_LONGER_MAPPED, "")
    if foreign and needs_key and not has_key and not audit:
        return nothing(Outcome.REFUSED, Reason.NO_PROOF_KEY, NO_KEY)
    return do("swap", Reason.FOREIGN_ROLE if foreign else Reason.WRONG, wanted)


def _young(instance: Instance, now: datetime, launch_grace: timedelta) -> bool:
    """ECS gives the creation time without seconds, so up to a minute too early; one ahead of our clock is young. 0: no grace."""
    return instance.created_at is not None and bool(launch_grace) and now - instance.created_at < launch_grace


def drift(instance: Instance, desired: Desired, is_managed: Callable[[str], bool]) -> Drift | None:
    """Return how the instance differs from what the file wants, whatever the modes let us do about it."""
    held, wanted = instance.role, desired.role if desired.verdict == "role" else ""
    if desired.verdict in ("ignore", "refused") or held == wanted:
        return None
    if not held:
        return "missing" if instance.network == "vpc" else None
    if is_managed(held):
        return "wrong" if wanted else "orphaned"
    return "foreign" if wanted else None

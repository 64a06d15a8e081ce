"""The end of an observation, and its reason."""

from __future__ import annotations

from enum import Enum
from typing import Literal


class Outcome(str, Enum):
    """The outcome of the observation of one instance."""

    ATTACHED = "attached"
    SWAPPED = "swapped"
    DETACHED = "detached"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    PLANNED = "planned"  # dry run or audit: what would have been done
    REFUSED = "refused"  # a guard of ours said no
    FAILED = "failed"  # permanent
    RETRYING = "retrying"  # transient: the invocation raises


class Reason(str, Enum):
    """The reason; a closed list. docs/mapping.md explains each."""

    MISSING = "missing"  # no role on it, a rule gives one
    WRONG = "wrong"  # another managed role on it than the rule gives
    NO_LONGER_MAPPED = "no-longer-mapped"  # a managed role on it, no rule gives one
    IN_SYNC = "in-sync"
    NO_RULE = "no-rule"
    IGNORED = "ignored"
    FOREIGN_ROLE = "foreign-role"
    YOUNG = "young"
    ATTACH_ONLY = "attach-only"
    NOT_IN_VPC = "not-in-vpc"
    NOT_VISIBLE_YET = "not-visible-yet"
    GONE = "gone"
    ROLE_NOT_LISTED = "role-not-listed"
    NOT_OBSERVED = "not-observed"  # the observation itself failed: error_code says why
    PUT_BACK = "put-back"  # no rule gives a role any more, and a proven note says which foreign role we had displaced
    NOTE_NOT_PROVEN = "note-not-proven"  # the same, but nothing proves that the note is ours: it counts for nothing
    NO_PROOF_KEY = "no-proof-key"  # refused: a command has no key to sign or to judge the note with
    EXPIRED = (
        "expired"  # the tag ram-role-until names a time that is over: no role is given, and a managed one is taken off
    )
    EXPIRES_SOON = "expires-soon"  # unchanged: it will be over before long
    UNTIL_UNREADABLE = "until-unreadable"  # refused: the tag names no time
    NOT_ASSIGNABLE = "not-assignable"  # refused: nobody who may (assignable_by) has asked for this role here
    REQUIREMENT_NOT_MET = "requirement-not-met"  # refused: the instance is not what the role requires
    BRAKE = "brake"  # refused: the run would take off or replace too many roles at once
    CANARY = "canary"  # refused: one of the first instances of a remediation failed
    MAX_ERRORS = "max-errors"  # refused: a remediation has met more errors than it may
    MAX_CALLS = "max-calls"  # refused: the run's budget of calls is spent
    STOPPED = "stopped"  # refused: who ran it has stopped the run
    CHANGED_SINCE_PLAN = "changed-since-plan"  # refused: the plan that is applied says something else of it


Drift = Literal["missing", "wrong", "foreign", "orphaned"]
"""The drift of an instance from roles.yaml: no role where a rule gives one; another listed role; a role of somebody else
where a rule gives one; a listed role where no rule gives one."""

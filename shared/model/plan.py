"""The plan as a value: what is to be done about each instance, the calls that do it, and how each ended. It can be printed,
stored and carried out by any executor."""

from __future__ import annotations

from typing import Literal

import msgspec

from shared.errors import CloudCallError, OutOfTime, Throttled, TransientError
from shared.model.decision import Outcome, Reason
from shared.model.instance import Mode

Action = Literal["attach", "detach", "swap", "untag", "none"]
"""untag: the role stays, and the note of one that is displaced no more is removed."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one instance, and its reason: the roles before and after are all that an executor needs.

    outcome: None where something is to be done; else nothing is, and the observation has ended so.
    """

    instance_id: str
    region: str
    action: Action
    reason: Reason
    rule: str = ""
    role: str = ""  # what roles.yaml gives
    role_before: str = ""
    role_after: str = ""  # when it has been carried out
    mode: Mode = "enforce"
    outcome: Outcome | None = None
    displaced: str = (
        ""  # the foreign role that a proven note names: it is given back, or (untag) somebody else has seen to it
    )
    note: str = ""  # what is written on the instance before its foreign role is displaced; "" = nothing
    asked_by: str = ""  # id of the event that proves who asked for the role, where the role asks for proof
    why: str = ""  # for the operator, where the reason does not say it all
    facts: str = ""  # where something is to be done: a digest of what rules read of the instance, see Mapping.facts
    approved: bool = False  # a plan that an operator applies says so: it is carried out as it is, or not at all

    @property
    def removes(self) -> bool:
        """Return whether it takes a listed role off: what the brake counts. Displacing a foreign role is not that."""
        return self.action in ("swap", "detach") and not self.displaces

    @property
    def displaces(self) -> bool:
        """Return whether it takes a foreign role off."""
        return self.action == "swap" and self.reason is Reason.FOREIGN_ROLE

    @property
    def gains(self) -> bool:
        """Return whether the instance, which holds no listed role, is given one."""
        return self.reason in (Reason.MISSING, Reason.FOREIGN_ROLE) and self.action in ("attach", "swap")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The plan for some instances: their changes, and what is settled without a call."""

    changes: tuple[Change, ...] = ()
    settled: tuple[Change, ...] = ()


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that are carried out together: they share action, region, the role to take off and the role to put on.

    attach: one AttachInstanceRamRole. detach: one DetachInstanceRamRole by name. swap: the one, then the other. untag: one
    UntagResources; its `attach` is the role that the notes name. displaces: the role taken off is foreign, and is noted on the
    instance first. puts_back: the role put on (by a swap or an attach) is such a one.
    """

    action: Action
    region: str
    detach: str
    attach: str
    changes: tuple[Change, ...]
    displaces: bool = False
    puts_back: bool = False


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """The failure of one instance of a batch, in the cloud's words.

    transient: another try may succeed. lost: the whole call gave no answer, so it may have been carried out. gone: ECS was
    asked, and does not show the instance any more.
    """

    code: str
    message: str
    transient: bool = False
    lost: bool = False
    gone: bool = False

    @classmethod
    def of(cls, error: CloudCallError, *, lost: bool = False) -> Failure:
        transient, unsent = isinstance(error, TransientError), isinstance(error, (Throttled, OutOfTime))
        return cls(code=error.code, message=str(error), transient=transient, lost=lost and transient and not unsent)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one change.

    gap_ms: a swap's time without a role. unread: `role_after` is only the one before, for which role it holds now could not be
    read. unsure: it lost a role, and whether its tags were changed meanwhile has to be read once more. request_ids: of the calls that were made
    for it.
    """

    change: Change
    outcome: Outcome
    reason: Reason
    role_after: str
    failure: Failure | None = None
    request_ids: tuple[str, ...] = ()
    gap_ms: int | None = None
    unread: bool = False
    unsure: bool = False

    @property
    def failed(self) -> bool:
        """Return whether it counts as an error of the run."""
        return self.outcome in (Outcome.FAILED, Outcome.RETRYING)

    @property
    def cut_off(self) -> bool:
        """Return whether it was not carried out, or not to its end, for want of time: the next invocation observes it again."""
        return self.failure is not None and self.failure.code == OutOfTime.CODE

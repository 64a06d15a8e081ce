"""Second looks: tags once more, right after a role is taken off, and before a step that rests on an old observation, so that no
removal rests on tags that were changed meanwhile.

Whoever changes a tag sets off an event, whose handler reads the role after that change. Our last look follows our last write: so
we see the change ourselves, or it came later, and its own handler sees what we wrote. The role is not read again: a detach names
it, and an attach fails where there is one.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.errors import BudgetSpent, CloudCallError, Interrupted, OutOfTime
from shared.gateways.ecs import EcsGateway
from shared.gateways.exact_reads import GONE_CODE, Shown, described
from shared.model.decision import Outcome, Reason
from shared.model.plan import Change, Failure, Result
from shared.model.plan_file import Approved
from shared.planning.guards import plan_differs
from shared.planning.planner import Planner
from shared.planning.records import not_begun, refused, settled

replace = msgspec.structs.replace


class Again(msgspec.Struct):
    """The findings of a second look. same: changes that are as they were. others: to be carried out in their place. results: of those
    for which nothing is to be done any more, or which could not be looked at."""

    same: list[Change] = msgspec.field(default_factory=list)
    others: list[Change] = msgspec.field(default_factory=list)
    results: list[Result] = msgspec.field(default_factory=list)


def look_before(ecs: EcsGateway, planner: Planner, changes: Sequence[Change]) -> Again:
    """Decide again on changes that rest on what was read some time ago. Raises BudgetSpent, OutOfTime and Interrupted."""
    found = Again()
    try:
        shown = described(ecs, [change.instance_id for change in changes])
    except (BudgetSpent, OutOfTime, Interrupted):
        raise
    except CloudCallError as error:
        shown = Shown(unread=dict.fromkeys((change.instance_id for change in changes), error))
    for change in changes:
        name = change.instance_id
        if name in shown.unread:
            found.results.append(not_begun(change, shown.unread[name]))
        elif name not in shown.instances:
            gone = Failure(code=GONE_CODE, message="it has been deleted", gone=True)
            ended = Result(change=change, outcome=Outcome.UNCHANGED, reason=Reason.GONE, role_after="", failure=gone)
            found.results.append(ended)
        else:
            new = planner.change(replace(shown.instances[name], role=change.role_before))
            differs = plan_differs(new, Approved.of(change)) if change.approved else ""
            if new.outcome is not None:
                found.results.append(settled(new))
            elif differs:  # the plan is not asked again: it says what is done, or nothing is
                found.results.append(refused(change, Reason.CHANGED_SINCE_PLAN, differs))
            elif (new.action, new.role_after) == (change.action, change.role_after):
                found.same.append(replace(new, approved=change.approved))
            else:
                found.others.append(new)
    return found


def look_after(ecs: EcsGateway, planner: Planner, results: Sequence[Result]) -> Again:
    """Decide again on instances that lost a role just now. Raises nothing.

    In the answer are the changes that correct what was done, and the results; of an instance that could not be looked at, with
    the reason, and where another try may tell, marked `unsure`.
    """
    removed = [r.change.instance_id for r in results if r.outcome in (Outcome.SWAPPED, Outcome.DETACHED)]
    found, shown = Again(), Shown()
    try:
        shown = described(ecs, removed) if removed else shown
    except CloudCallError as error:
        shown = Shown(unread=dict.fromkeys(removed, error))
    for result in results:
        name = result.change.instance_id
        if name in shown.unread:
            failure = Failure.of(shown.unread[name])
            message = f"its tags could not be looked at again: {failure.message}"
            told = result.failure or replace(failure, message=message)
            result = replace(result, failure=told, unsure=failure.transient)
        elif name in shown.instances:
            old, role = result.change, result.role_after
            new = replace(planner.change(replace(shown.instances[name], role=role)), approved=old.approved)
            if new.outcome is None and new.action != "untag":
                beyond = new.approved and new.role_after not in ("", old.role_before, role)
                found.others += [] if beyond else [new]
                found.results += [refused(new, Reason.CHANGED_SINCE_PLAN, plan_differs(new, None))] if beyond else []
        found.results.append(result)
    return found

"""Work that goes on in another invocation of our own functions. Function Compute refuses a task id that it has seen, so the very same
work is started once, however often it is handed over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

from shared.bounds import BOUNDS
from shared.clock import CLOCK
from shared.engine.context import Context
from shared.engine.timed_runs import prefix
from shared.errors import CloudCallError
from shared.events.own import handed_over
from shared.gateways.fc import functions_gateway
from shared.lines import say
from shared.model.progress import Progress
from shared.model.trigger import RemediationRequest, Trigger
from shared.settings import Target

RUN_ID = 100  # characters of a run's id besides `run-`
TASK_ID = 128  # characters of a task's id (FC, "Task deduplication")
LINK = 16  # of them, for the number of the invocation
_OTHERS = re.compile(r"[^A-Za-z0-9_-]")


def run_id(request_id: str, target: Target, number: int) -> str:
    """Return the same id for the same invocation delivered again. number: of the request in the invocation, from 1."""
    name = f"{request_id or int(CLOCK.wall() * 1e9)}-{target.account_id}-{target.region}"
    return f"run-{_short(name + (f'-{number}' if number > 1 else ''), RUN_ID)}"


def tasks_of(target: Target, own_id: str, *, timed: bool) -> str:
    """Return the beginning of the task ids of one run, `own_id`, over one region of one account.

    timed: whether the run is the timer's: those of a place are found by their beginning.
    """
    begin = prefix(target.account_id, target.region) if timed else f"hand-{target.account_id}_{target.region}_"
    return begin + _short(own_id, TASK_ID - len(begin) - LINK)


def _short(name: str, most: int) -> str:
    """In characters of a task id, and no longer; a digest of the whole in place of what is cut, so that two never become one."""
    plain = _OTHERS.sub("-", name)
    return plain if len(plain) <= most else f"{plain[: most - 17]}-{sha256(name.encode()).hexdigest()[:16]}"


def start(
    context: Context, trigger: Trigger, task_id: str, *, function: str = "", delay: float = 0.0
) -> CloudCallError | None:
    """Start an invocation of our own function, or of that one; return why it could not be done, where it could not.

    delay: seconds that it is kept back.
    """
    functions = functions_gateway(context.settings, context.credentials, function or context.function)
    try:
        functions.start(handed_over(trigger, context.settings.proof_keys), task_id, delay=delay)
    except CloudCallError as error:
        return error
    return None


def leave_to_remediate(context: Context, left: Mapping[str, Sequence[str]]) -> bool:
    """Start an invocation of remediate for each region, and for each 2,000 of its instances; return whether all were started.

    For an event's invocation whose request is so large that the report of its failure would be lost: each of these has retries
    and a dead letter of its own, which names the instances. left: by region.
    """
    from shared.policies.execution import STARTED  # nearly no invocation comes here

    settings, request_id = context.settings, context.record.request_id
    reason = f"left by the request {request_id}, which is too large for a dead letter"
    for region, names in left.items():
        for first in range(0, len(names), BOUNDS.handed_over):
            name = _OTHERS.sub("-", f"again-{request_id}-{region}-{first}")[:100]
            ids = tuple(names[first : first + BOUNDS.handed_over])
            trigger = Trigger(
                kind="remediate",
                source="own",
                region=region,
                account_id=settings.account_id,
                event_name="again",
                request=RemediationRequest(everything=True, reason=reason),
                progress=Progress(run_id=name, link=1, listed=True, instance_ids=ids),
            )
            error = start(context, trigger, f"{name}-1", function=STARTED[1])
            if error:
                say(
                    {"not_left_to_remediate": len(names), "region": region, "why": str(error), "request_id": request_id}
                )
                return False
            say({"left_to_remediate": list(ids), "region": region, "request_id": request_id})
    return True

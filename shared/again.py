"""Instances that an event's invocation has to try again, left to remediate: where the request is so large that the report of its
failure would be lost. Looks at no instance itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from shared.bounds import BOUNDS
from shared.errors import CloudCallError
from shared.events.own import handed_over
from shared.gateways.clients import Credentials
from shared.gateways.fc import functions_gateway
from shared.lines import say
from shared.model.progress import Cursor
from shared.model.trigger import Remedy, Trigger
from shared.settings import Settings


def leave_to_remediate(
    settings: Settings, credentials: Credentials, request_id: str, left: Mapping[str, Sequence[str]]
) -> bool:
    """Start an invocation of remediate for each region, and for each 2,000 of its instances; whether all have been started.

    Each has retries and a dead letter of its own, which names the instances. left: by region. Function Compute refuses a task id
    that it has seen, so an event's invocation that is tried again starts none twice.
    """
    from shared.policies.execution import STARTED  # nearly no invocation comes here

    remediate = functions_gateway(settings, credentials, STARTED[1])
    reason = f"left by the request {request_id}, which is too large for a dead letter"
    for region, names in left.items():
        for start in range(0, len(names), BOUNDS.handed_over):
            run_id = re.sub(r"[^A-Za-z0-9_-]", "-", f"again-{request_id}-{region}-{start}")[:100]
            cursor = Cursor(
                run_id=run_id, link=1, listed=True, instance_ids=tuple(names[start : start + BOUNDS.handed_over])
            )
            trigger = Trigger(
                kind="remediate", source="own", region=region, account_id=settings.account_id, event_name="again",
                remedy=Remedy(everything=True, reason=reason), cursor=cursor,
            )  # fmt: skip
            try:
                remediate.start(handed_over(trigger, settings.proof_keys), f"{run_id}-1")
            except CloudCallError as error:
                say(
                    {"not_left_to_remediate": len(names), "region": region, "why": str(error), "request_id": request_id}
                )
                return False
            say({"left_to_remediate": list(cursor.instance_ids), "region": region, "request_id": request_id})
    return True

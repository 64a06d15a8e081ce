"""The refusal of SLS to a caller without permission; what a call needs is in its routes (Sls.needs)."""

from __future__ import annotations

from fakecloud.errors import CloudError
from fakecloud.judgements import Judgement, Need, Refused
from fakecloud.service import Call


class Unauthorized(Refused):
    """Code and text: Simple Log Service, "denied by sts or ram". The status, 401 or 403, is a switch."""

    code = "Unauthorized"


def needs(call: Call) -> list[Need]:
    return [Need(*call.cloud.sls.needs(call))]


def refusal(call: Call, judgement: Judgement) -> CloudError:
    text = f"denied by sts or ram, action: {judgement.action}, resource: {judgement.resource}"
    return Unauthorized(judgement, text, status=call.cloud.switches.sls_unauthorized_status)

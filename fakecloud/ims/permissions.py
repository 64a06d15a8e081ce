"""The needs of each IMS call in the caller's policies, and how IMS refuses. Judges nothing itself.

Source: GetAccountSummary API page: the action is RAM's, on all resources. The code of a refusal is a guess: RAM's.
"""

from __future__ import annotations

from fakecloud.errors import CloudError, NotEmulated
from fakecloud.judgements import Judgement, Need
from fakecloud.ram.permissions import NoPermission
from fakecloud.service import Call

ACTIONS = {"GetAccountSummary": "ram:GetAccountSummary"}


def needs(call: Call) -> list[Need]:
    if call.action not in ACTIONS:
        raise NotEmulated(f"the permissions of the IMS action {call.action}")
    return [Need(ACTIONS[call.action], "*")]


def refusal(call: Call, judgement: Judgement) -> CloudError:
    return NoPermission(judgement)

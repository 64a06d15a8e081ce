"""The needs of each call of Resource Management in the caller's policies, and how it refuses. Judges nothing itself.

The MoveResources API page named no action until 2025; the call's own name, on all resources, is a guess. So is the refusal: RAM's.
"""

from __future__ import annotations

from fakecloud.errors import CloudError, NotEmulated
from fakecloud.judgements import Judgement, Need
from fakecloud.ram.permissions import NoPermission
from fakecloud.service import Call

ACTIONS = {"MoveResources": "resourcemanager:MoveResources"}


def needs(call: Call) -> list[Need]:
    if call.action not in ACTIONS:
        raise NotEmulated(f"the permissions of the action {call.action} of Resource Management")
    return [Need(ACTIONS[call.action], "*")]


def refusal(call: Call, judgement: Judgement) -> CloudError:
    return NoPermission(judgement)

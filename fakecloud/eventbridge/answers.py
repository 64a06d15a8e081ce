"""The frame of EventBridge's answers. No rules."""

from __future__ import annotations

from typing import Any

from fakecloud.parsing import digits


def success(data: Any) -> dict[str, Any]:
    """EventBridge's answers: Code, Message, Success and Data."""
    return {"Code": "Success", "Message": "success", "Success": True, "Data": data}


def page(members: list[Any], limit: int, token: str | None) -> tuple[list[Any], str | None]:
    """One page of members and the NextToken, None after the last. The token is the offset, as the samples show it."""
    start = digits(token or "") or 0
    more = start + limit < len(members)
    return members[start : start + limit], str(start + limit) if more else None

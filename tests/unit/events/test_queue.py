"""Events that came through a queue are what stands in the message; what is no message stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.queue import unwrapped

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def message(body: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "type": "mns:Queue:SendMessage", "data": {"messageId": "m", "messageBody": body}}


LEFT = [
    pytest.param("text", id="no object"),
    pytest.param({"type": "ecs:Instance:StateChange", "data": {"messageBody": "{}"}}, id="another event"),
    pytest.param(message("hello"), id="a body that is no JSON"),
    pytest.param(message("e30"), id="no Base64"),
    pytest.param(message("aGVsbG8="), id="Base64 of no JSON"),
    pytest.param(message(None), id="no body"),
    pytest.param(message(7), id="a number"),
]


@pytest.mark.parametrize("member", LEFT)
def test_what_is_no_message_with_an_event_stays_as_it_is(member: object) -> None:
    assert unwrapped(member) is member


@given(body=JSON)
def test_whatever_the_body_it_never_raises(body: Any) -> None:
    unwrapped(message(body))
    unwrapped(body)

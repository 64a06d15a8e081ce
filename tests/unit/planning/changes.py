"""Changes as tests make them, and as hypothesis does: whatever a change may be."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from shared.model.decision import Outcome, Reason
from shared.model.instance import Mode
from shared.model.plan import Action, Change, Failure, Plan, Result, Step

REASONS = {
    "attach": Reason.MISSING, "detach": Reason.NO_LONGER_MAPPED, "swap": Reason.WRONG, "untag": Reason.FOREIGN_ROLE,
    "none": Reason.IN_SYNC,
}  # fmt: skip
ROLES: dict[Action, tuple[str, str]] = {
    "attach": ("", "web"), "detach": ("web", ""), "swap": ("worker", "web"), "untag": ("alien", "alien"), "none": ("web", "web"),
}  # fmt: skip
"""Before and after."""


def change(name: str = "i-1", action: Action = "attach", **given: Any) -> Change:
    before, after = ROLES[action]
    values: dict[str, Any] = {
        "reason": REASONS[action],
        "rule": "r",
        "role": "" if action == "detach" else "web",
        "role_before": before,
        "role_after": after,
        "outcome": Outcome.UNCHANGED if action == "none" else None,
    }
    return Change(**{"instance_id": name, "region": "cn-hangzhou", "action": action, **values, **given})


texts = st.text(max_size=8)
changes = st.builds(
    Change,
    instance_id=texts,
    region=texts,
    action=st.sampled_from(get_args(Action)),
    reason=st.sampled_from(Reason),
    rule=texts,
    role=texts,
    role_before=texts,
    role_after=texts,
    mode=st.sampled_from(get_args(Mode)),
    outcome=st.none() | st.sampled_from(Outcome),
    displaced=texts,
    note=texts,
    why=texts,
)
plans = st.builds(
    Plan, changes=st.lists(changes, max_size=3).map(tuple), settled=st.lists(changes, max_size=3).map(tuple)
)
steps = st.builds(
    Step,
    action=st.sampled_from(get_args(Action)),
    region=texts,
    detach=texts,
    attach=texts,
    changes=st.lists(changes, max_size=3).map(tuple),
    displaces=st.booleans(),
    puts_back=st.booleans(),
)
failures = st.builds(
    Failure, code=texts, message=texts, transient=st.booleans(), lost=st.booleans(), gone=st.booleans()
)
results = st.builds(
    Result,
    change=changes,
    outcome=st.sampled_from(Outcome),
    reason=st.sampled_from(Reason),
    role_after=texts,
    failure=st.none() | failures,
    request_ids=st.lists(texts, max_size=2).map(tuple),
    gap_ms=st.none() | st.integers(0, 99),
    unread=st.booleans(),
    unsure=st.booleans(),
)

"""Whatever RAM holds and whatever is wanted: plans end where they should, from wherever they were stopped."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.policies import DesiredPolicy, DesiredRam, DesiredRole, trust
from shared.setup import Action, PolicyState, RamState, RoleState, plan
from shared.setup.actions import MAX_ATTACHED
from shared.setup.notes import MAX_TAGS, note

SYSTEM = [f"Aliyun{n}Access" for n in range(24)]
CUSTOM = [f"rolekeeper-web-{n}" for n in range(14)]
READ: dict[str, Any] = {name: {"Version": "1", "Statement": []} for name in SYSTEM}


def document(number: int) -> dict[str, Any]:
    return {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "oss:GetObject", "Resource": f"acs:oss:*:*:b{number}/*"}],
    }


def carried_out(state: RamState, action: Action) -> RamState:
    """RAM after one call, as far as these plans use it; its limits are asserted."""
    roles, policies = dict(state.roles), dict(state.policies)
    role = roles.get(action.role)
    key = (action.policy_type, action.policy)
    match action.call:
        case "CreateRole":
            assert role is None
            roles[action.role] = RoleState(
                description="", trust=action.document or {}, ours=True, note=action.note, tags=2
            )
        case "TagResources":
            assert role is not None
            assert role.noted.isdisjoint(action.noted)
            noted = role.noted | set(action.noted)
            assert len(noted) + 2 <= MAX_TAGS, "with managed-by and the note of many"
            roles[action.role] = msgspec.structs.replace(
                role, note=action.note or role.note, noted=noted, tags=2 + len(noted)
            )
        case "UntagResources":
            assert role is not None
            assert role.noted >= set(action.noted)
            noted = role.noted - set(action.noted)
            roles[action.role] = msgspec.structs.replace(role, noted=noted, tags=2 + len(noted))
        case "CreatePolicy" | "CreatePolicyVersion":
            policies[action.policy] = PolicyState(document=action.document or {}, ours=True)
        case "AttachPolicyToRole":
            assert role is not None
            assert key not in role.attached
            attached = role.attached | {key}
            assert sum(kind == action.policy_type for kind, _ in attached) <= MAX_ATTACHED[action.policy_type]
            roles[action.role] = msgspec.structs.replace(role, attached=attached)
        case "DetachPolicyFromRole":
            assert role is not None
            assert key in role.attached
            roles[action.role] = msgspec.structs.replace(role, attached=role.attached - {key})
        case other:
            raise AssertionError(f"not in these plans: {other}")
    return msgspec.structs.replace(state, roles=roles, policies=policies)


def run(state: RamState, desired: DesiredRam, stop: int = 10_000) -> RamState:
    for action in plan(state, desired).actions[:stop]:
        state = carried_out(state, action)
    return state


@st.composite
def files(draw: st.DrawFn) -> DesiredRam:
    system = draw(st.lists(st.sampled_from(SYSTEM), max_size=20, unique=True))
    custom = draw(
        st.lists(st.tuples(st.sampled_from(CUSTOM), st.integers(0, 2)), max_size=10, unique_by=lambda p: p[0])
    )
    policies = [DesiredPolicy(type="System", name=name) for name in system]
    policies += [DesiredPolicy(type="Custom", name=name, document=document(n)) for name, n in custom]
    return DesiredRam(roles=(DesiredRole(name="web", description="", trust=trust("ecs"), policies=tuple(policies)),))


EMPTY = RamState(system=READ)


@given(history=st.lists(st.tuples(files(), st.integers(0, 40)), max_size=4), last=files())
def test_however_often_it_was_stopped_the_role_ends_with_what_is_wanted_and_nothing_is_left_to_do(
    history: list[tuple[DesiredRam, int]], last: DesiredRam
) -> None:
    state = EMPTY
    for wanted, stop in history:
        state = run(state, wanted, stop)
    state = run(state, last)
    assert plan(state, last).actions == ()
    (role,) = last.roles
    assert state.roles["web"].attached == {(policy.type, policy.name) for policy in role.policies}
    assert plan(state, last).unlisted == ()


@given(
    by_hand=st.sets(st.sampled_from(SYSTEM), min_size=1, max_size=3),
    history=st.lists(files(), max_size=3),
    stop=st.integers(0, 40),
)
def test_what_somebody_attached_by_hand_is_never_taken_off(
    by_hand: set[str], history: list[DesiredRam], stop: int
) -> None:
    held = RoleState(
        description="", trust=trust("ecs"), ours=True, attached=frozenset(("System", n) for n in by_hand), note=note([])
    )
    state = msgspec.structs.replace(EMPTY, roles={"web": held})
    for wanted in history:
        few = tuple(p for p in wanted.roles[0].policies if p.type == "Custom" or p.name in SYSTEM[:17])
        state = run(state, DesiredRam(roles=(msgspec.structs.replace(wanted.roles[0], policies=few),)), stop)
    assert by_hand <= {name for kind, name in state.roles["web"].attached if kind == "System"}

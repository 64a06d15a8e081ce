"""What a role gains and loses, in actions and resources."""

from __future__ import annotations

from typing import Any

import pytest

from shared.policies import DesiredPolicy, DesiredRam, DesiredRole, trust
from shared.setup import PolicyState, RamState, RoleState, diff, plan
from shared.setup.notes import note


def document(*actions: str, **more: Any) -> dict[str, Any]:
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}]}


def role(**fields: Any) -> RoleState:
    return RoleState(**{"description": "", "trust": trust("ecs"), "ours": True, **fields})


def trusting(**fields: Any) -> dict[str, Any]:
    (statement,) = trust("ecs")["Statement"]
    return {"Version": "1", "Statement": [{**statement, **fields}]}


def wanted(*policies: DesiredPolicy) -> DesiredRam:
    return DesiredRam(roles=(DesiredRole(name="web", description="", trust=trust("ecs"), policies=policies),))


OWN = DesiredPolicy(type="Custom", name="own", document=document("oss:GetObject", "oss:PutObject"))
LOGS = DesiredPolicy(type="System", name="Logs")
HELD = role(attached=frozenset({("Custom", "own"), ("System", "Logs")}), note=note(["Logs"]))
POLICIES = {"own": PolicyState(document=document("oss:GetObject", "oss:ListObjects"), ours=True)}
READ = {"Logs": document("log:Get*")}
OTHERS: dict[str, Any] = {"Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ["acs:ram::1:root"]}},
    {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": {"RAM": "acs:ram::1:user/a"}},
]}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "desired", "gains", "losses"),
    [
        pytest.param(
            RamState(),
            wanted(OWN),
            ["Allow oss:GetObject on *", "Allow oss:PutObject on *", "trust: Service ecs.aliyuncs.com"],
            [],
            id="a new role",
        ),
        pytest.param(
            RamState(roles={"web": HELD}, policies=POLICIES, system=READ),
            wanted(OWN, LOGS),
            ["Allow oss:PutObject on *"],
            ["Allow oss:ListObjects on *"],
            id="another document",
        ),
        pytest.param(
            RamState(roles={"web": HELD}, policies=POLICIES, system=READ),
            wanted(OWN),
            ["Allow oss:PutObject on *"],
            ["Allow log:Get* on *", "Allow oss:ListObjects on *"],
            id="a system policy less",
        ),
        pytest.param(
            RamState(roles={"web": role()}, system=READ),
            wanted(LOGS),
            ["Allow log:Get* on *"],
            [],
            id="a system policy more",
        ),
        pytest.param(
            RamState(roles={"web": role(attached=frozenset({("Custom", "theirs")}))}),
            wanted(),
            [],
            [],
            id="what stays on the role is no loss",
        ),
        pytest.param(
            RamState(roles={"web": role(trust=OTHERS)}),
            wanted(),
            ["trust: Service ecs.aliyuncs.com"],
            ["trust: Deny RAM acs:ram::1:user/a", "trust: RAM acs:ram::1:root"],
            id="another trust",
        ),
        pytest.param(
            RamState(roles={"web": role(trust={"Statement": "x"})}),
            wanted(),
            ["trust: Service ecs.aliyuncs.com"],
            [],
            id="a trust that is none",
        ),
        pytest.param(
            RamState(roles={"web": role(trust=trusting(Condition={"Bool": {"acs:SecureTransport": "true"}}))}),
            wanted(),
            ["trust: Service ecs.aliyuncs.com"],
            ['trust: Service ecs.aliyuncs.com if {"Bool":{"acs:SecureTransport":["true"]}}'],
            id="a trust that loses its condition",
        ),
        pytest.param(
            RamState(roles={"web": role(trust=trusting(Action=["sts:AssumeRole", "sts:SetSourceIdentity"]))}),
            wanted(),
            [],
            ["trust: Service ecs.aliyuncs.com may sts:SetSourceIdentity"],
            id="a trust with another action",
        ),
    ],
)
def test_gains_and_losses(state: RamState, desired: DesiredRam, gains: list[str], losses: list[str]) -> None:
    changes = diff(state, desired, plan(state, desired))
    assert [(list(change.gains), list(change.losses)) for change in changes] == (
        [(gains, losses)] if gains or losses else []
    )


def test_one_permission_that_two_policies_grant_is_not_lost_with_one_of_them() -> None:
    twice = DesiredPolicy(type="Custom", name="twice", document=document("oss:GetObject"))
    state = RamState(
        roles={"web": role(attached=frozenset({("Custom", "own"), ("Custom", "twice")}))},
        policies={
            "own": PolicyState(document=document("oss:GetObject"), ours=True),
            "twice": PolicyState(document=document("oss:GetObject"), ours=True),
        },
    )
    assert diff(state, wanted(twice), plan(state, wanted(twice))) == ()


def test_pruning_loses_what_somebody_attached_by_hand() -> None:
    by_hand = frozenset({("System", "Logs"), ("Custom", "unread")})
    state = RamState(roles={"web": role(attached=by_hand)}, system=READ)
    (change,) = diff(state, wanted(), plan(state, wanted(), prune=True))
    assert (change.gains, change.losses) == ((), ("Allow log:Get* on *", "custom policy unread"))

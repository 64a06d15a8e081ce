"""Other regions and accounts under the policies exactly as rendered: enough, and nothing in them can be left out."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import structs

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from shared.clock import CLOCK
from shared.engine.executors import Cloud as Executor
from shared.engine.missing import MissingRoles
from shared.engine.step_writer import StepWriter
from shared.errors import CloudCallError, PermanentError
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.sessions import Sessions
from shared.mapping import load
from shared.model.decision import Reason
from shared.model.instance import DISPLACED_TAG
from shared.model.plan import Change, Step
from shared.planning.planner import Planner, Signing
from shared.policies import execution_role, grants, member_policies, member_trust, reach
from shared.settings import Settings, Target, targets

MEMBER, THIRD, FC_ROLE, ROLE = "2222222222222222", "3333333333333333", "rolekeeper-fc", "rolekeeper-member"
REGIONS = ("cn-hangzhou", "cn-beijing")
MAPPING = load(
    "version: 1\nroles:\n  web:\n  worker:\nrules: [{name: all, role: web, foreign_roles: replace}]\n"
    "settings: {displace: [legacy-*, old]}\n"
)
FOREIGN = ("Legacy-1", "old")
SETTINGS = Settings(
    region=REGIONS[0], account_id=ACCOUNT, regions=REGIONS, accounts={MEMBER: ROLE, THIRD: ROLE}, external_id="s3cret"
)
Document = dict[str, Any]


def own_policy() -> Document:
    home = {"account_id": ACCOUNT, "region": SETTINGS.region, "project": "rolekeeper"}
    return execution_role(MAPPING, **home, **reach(SETTINGS))  # type: ignore[arg-type]


def member_policy(account: str) -> Document:
    """The policies in one: whether all of them together can be done without a part does not depend on how they are cut."""
    documents = member_policies(MAPPING, account_id=account, regions=REGIONS)
    return {"Version": "1", "Statement": [statement for part in documents for statement in part["Statement"]]}


def without(document: Document) -> Iterator[tuple[str, Document]]:
    """The document without each of its actions and resources in turn."""
    for number, statement in enumerate(document["Statement"]):
        for part in ("Action", "Resource"):
            for member in statement[part]:
                less = copy.deepcopy(document)
                left = [m for m in statement[part] if m != member]
                if left:
                    less["Statement"][number][part] = left
                else:
                    del less["Statement"][number]
                yield f"{number} {statement['Action'][0]} without {part} {member}", less


class World:
    """Our account and two others, each with instances in two regions."""

    def __init__(self, cloud: Cloud, own: Document, member: Document) -> None:
        self.cloud = cloud
        cloud.ram.put_role(ACCOUNT, FC_ROLE, services=("fc.aliyuncs.com",), policies=(own,))
        for account in (MEMBER, THIRD):
            made = cloud.ram.put_role(
                account, ROLE, policies=(member if account == MEMBER else member_policy(account),)
            )
            trusts = member_trust(account_id=ACCOUNT, execution_role=FC_ROLE, external_id="s3cret")
            made.trust_text = json.dumps(trusts)
            made.trust = cloud.ram.trust_document("AssumeRolePolicyDocument", made.trust_text)
        for account in (ACCOUNT, MEMBER, THIRD):
            for role in (*MAPPING.roles, *FOREIGN):
                cloud.ram.put_role(account, role)
        key = cloud.sts.assume_for_service(ACCOUNT, FC_ROLE, "fc.aliyuncs.com", "rolekeeper-reconcile", 3600)
        self.own = Credentials(access_key_id=key.access_key_id, access_key_secret=key.secret, security_token=key.token)
        cloud.switches.permissions = "on"

    def sessions(self, target: Target, settings: Settings = SETTINGS) -> Sessions:
        return Sessions(settings, self.own, target.account_id, target.region, MAPPING)

    def ecs(self, target: Target) -> EcsGateway:
        """As runs make it."""
        sessions = self.sessions(target)
        return EcsGateway(SETTINGS, sessions.reads(), target.region, keys=sessions)

    def assumed(self) -> int:
        return sum(call.action == "AssumeRole" for call in self.cloud.calls)

    def policy(self, keys: Credentials) -> str:
        """The session policy that came with the keys."""
        held = self.cloud.keys.find(keys.access_key_id)
        assert held is not None
        (text,) = held.identity.session_policies
        return text

    def looks_after(self, target: Target) -> bool:
        """Whether a run can see an instance and its role, attach each role, find it by that, and take it off again."""
        (instance,) = self.cloud.ecs.make(1, account=target.account_id, region=target.region)
        ids = [instance.instance_id]
        try:
            ecs = self.ecs(target)
            for role in MAPPING.roles:
                attach = ecs.attach(role, ids)
                seen = [found.instance_id for found in ecs.instances(ids)]
                held, holders = ecs.roles(ids), ecs.holders(role)
                detach = ecs.detach(role, ids)
                if not (attach.done == detach.done == set(ids) and seen == ids and held == {ids[0]: role}):
                    return False
                if holders != (ids, 1):
                    return False
        except CloudCallError:
            return False
        return instance.role == ""

    def displaces(self, target: Target, role: str) -> bool:
        """Whether a run can put a listed role in the place of a foreign one, and give it back."""
        (instance,) = self.cloud.ecs.make(1, account=target.account_id, region=target.region, role=role)
        writer = StepWriter(self.ecs(target), lambda *intent: None, MissingRoles())
        there = swap(instance, target, role, "web", Reason.FOREIGN_ROLE, note=f"a note of {role}")
        writer.swap(structs.replace(there, displaces=True))
        noted = (instance.role, dict(instance.tags))
        back = swap(instance, target, "web", role, Reason.PUT_BACK, displaced=role)
        writer.swap(structs.replace(back, puts_back=True))
        return noted == ("web", {DISPLACED_TAG: f"a note of {role}"}) and (instance.role, instance.tags) == (role, {})


def swap(instance: Any, target: Target, before: str, after: str, reason: Reason, **given: Any) -> Step:
    change = Change(
        instance_id=instance.instance_id,
        region=target.region,
        action="swap",
        reason=reason,
        role_before=before,
        role_after=after,
        **given,
    )
    return Step(action="swap", region=target.region, detach=before, attach=after, changes=(change,))


def works(world: World) -> bool:
    try:
        return all(
            world.looks_after(target) and all(world.displaces(target, role) for role in FOREIGN)
            for target in targets(SETTINGS)
        )
    except CloudCallError:
        return False


OURS = {
    case: less
    for case, less in without(own_policy())
    if not any(service in case for service in ("log:", "mns:", "fc:"))  # what test_least_privilege looks at
}
THEIRS = dict(without(member_policy(MEMBER)))


def test_the_rendered_policies_are_enough(cloud: Cloud) -> None:
    assert works(World(cloud, own_policy(), member_policy(MEMBER)))


@pytest.mark.parametrize("case", OURS)
def test_nothing_in_our_own_role_can_be_left_out(cloud: Cloud, case: str) -> None:
    assert not works(World(cloud, OURS[case], member_policy(MEMBER))), "it works without"


@pytest.mark.parametrize("case", THEIRS)
def test_nothing_in_the_members_role_can_be_left_out(cloud: Cloud, case: str) -> None:
    assert not works(World(cloud, own_policy(), THEIRS[case])), "it works without"


@pytest.fixture
def world(cloud: Cloud) -> World:
    return World(cloud, own_policy(), member_policy(MEMBER))


def test_our_own_account_is_looked_after_with_our_own_keys(world: World) -> None:
    sessions = world.sessions(Target(ACCOUNT, "cn-beijing"))
    assert sessions.reads() is sessions.writes("web") is sessions.writes("foreign") is world.own
    assert world.assumed() == 0


def test_a_role_is_assumed_once_for_each_thing_it_is_for(world: World) -> None:
    sessions = world.sessions(Target(MEMBER, REGIONS[0]))
    keys = [sessions.reads(), sessions.writes("web"), sessions.writes("worker")]
    assert [sessions.reads(), sessions.writes("web"), sessions.writes("worker")] == keys
    assert len({key.access_key_id for key in keys}) == world.assumed() == 3
    world.sessions(Target(MEMBER, REGIONS[0])).reads()
    assert world.assumed() == 4, "keys are not kept beyond their run"


def test_keys_that_were_refused_are_asked_for_again(world: World) -> None:
    sessions = world.sessions(Target(MEMBER, REGIONS[0]))
    world.cloud.faults.add("throttle", action="AssumeRole")
    with pytest.raises(CloudCallError, match="AssumeRole: Throttling"):
        sessions.reads()
    assert sessions.reads().access_key_id.startswith("STS.")


@pytest.mark.parametrize(
    ("role", "named"),
    [
        pytest.param("web", "role/web", id="listed"),
        pytest.param("old", "role/old", id="foreign"),
        pytest.param("Legacy-1", "role/legacy-1", id="foreign, in upper case"),
    ],
)
def test_a_session_is_for_one_region_and_one_role_and_tags_where_roles_are_displaced(
    world: World, role: str, named: str
) -> None:
    """Also the foreign role's: where it is put on an instance without a role, there is no other to remove its note with."""
    text = world.policy(world.sessions(Target(MEMBER, "cn-beijing")).writes(role))
    roles = {resource for _, _, resource, _ in grants(json.loads(text)) if ":role/" in resource}
    assert roles == {f"acs:ram:*:{MEMBER}:{named}"}
    assert "cn-beijing" in text
    assert "cn-hangzhou" not in text
    assert "ecs:UntagResources" in text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("rules: [{name: w, role: web}]\nsettings: {displace: [old]}", id="foreign roles are kept"),
        pytest.param("rules: [{name: w, role: web, foreign_roles: replace}]", id="none is named"),
    ],
)
def test_no_session_tags_or_is_for_a_foreign_role_where_the_policies_let_none_be_displaced(
    world: World, text: str
) -> None:
    sessions = Sessions(SETTINGS, world.own, MEMBER, REGIONS[0], load(f"version: 1\nroles: {{web: }}\n{text}\n"))
    assert "TagResources" not in world.policy(sessions.writes("web"))
    with pytest.raises(PermanentError, match="RoleNotListed"):
        sessions.writes("old")


@pytest.mark.parametrize("role", ["admin", "legacy", "older", "*", ""])
def test_a_role_that_is_neither_listed_nor_displaced_is_never_written_elsewhere(world: World, role: str) -> None:
    with pytest.raises(
        PermanentError, match=f"role '{re.escape(role)}' is not listed in roles.yaml, .* in account {MEMBER}"
    ):
        world.sessions(Target(MEMBER, REGIONS[0])).writes(role)
    assert world.assumed() == 0


def test_an_account_that_is_not_listed_is_never_looked_after(world: World) -> None:
    with pytest.raises(PermanentError, match="account 42 is neither .* ROLEKEEPER_ACCOUNTS: 2222222222222222, 333"):
        world.sessions(Target("42", REGIONS[0]))


def test_keys_that_cannot_be_had_are_missed_before_a_role_is_taken_off(world: World) -> None:
    target = Target(MEMBER, REGIONS[0])
    (instance,) = world.cloud.ecs.make(1, account=MEMBER, region=target.region, role="worker")
    world.cloud.faults.add("throttle", action="AssumeRole", after=2, count=None)  # to read, and to attach
    planner = Planner(MAPPING, Signing(), CLOCK.now)
    execute = Executor(world.ecs(target), planner, lambda *intent: None, None, MissingRoles())
    (done,) = execute(swap(instance, target, "worker", "web", Reason.WRONG), CLOCK.monotonic())
    assert (done.outcome, done.role_after, instance.role) == ("retrying", "worker", "worker")
    assert "DetachInstanceRamRole" not in world.cloud.calls.actions()


def test_a_session_touches_no_other_region_whatever_the_role_may(cloud: Cloud) -> None:
    anything = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}
    world = World(cloud, own_policy(), anything)
    (instance,) = cloud.ecs.make(1, account=MEMBER, region="cn-beijing")
    here, there = (world.sessions(Target(MEMBER, region)).writes("web") for region in REGIONS)
    with pytest.raises(PermanentError, match=r"Forbidden\.RAM"):
        EcsGateway(SETTINGS, here, "cn-beijing").attach("web", [instance.instance_id])
    assert instance.role == ""
    EcsGateway(SETTINGS, there, "cn-beijing").attach("web", [instance.instance_id])
    assert instance.role == "web"


def test_a_deployment_without_the_external_id_gets_in_nowhere(world: World) -> None:
    bare = Settings(region=REGIONS[0], account_id=ACCOUNT, accounts=SETTINGS.accounts)
    with pytest.raises(PermanentError, match="AssumeRole: NoPermission"):
        world.sessions(Target(MEMBER, REGIONS[0]), bare).reads()

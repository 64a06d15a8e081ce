"""Other regions and accounts under the policies exactly as rendered: enough, and nothing in them can be left out."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from shared.errors import CloudCallError, ConfigError, PermanentError
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.mapping import load
from shared.policies import execution_role, member_policies, member_trust, reach
from shared.sessions import Sessions
from shared.settings import Settings, Target, targets

MEMBER, THIRD, FC_ROLE, ROLE = "2222222222222222", "3333333333333333", "rolekeeper-fc", "rolekeeper-member"
REGIONS = ("cn-hangzhou", "cn-beijing")
MAPPING = load(
    "version: 1\nroles:\n  web:\n  worker:\nrules: [{name: a, when: {zone: z}, role: web}, {name: b, role: worker}]\n"
    "settings: {foreign_roles: replace, displace: [legacy]}\n"
)
SETTINGS = Settings(
    region=REGIONS[0], account_id=ACCOUNT, regions=REGIONS, accounts={MEMBER: ROLE, THIRD: ROLE}, external_id="s3cret"
)  # fmt: skip
Document = dict[str, Any]


def own_policy() -> Document:
    home = {"account_id": ACCOUNT, "region": SETTINGS.region, "project": "rolekeeper"}
    return execution_role(MAPPING, **home, **reach(SETTINGS))  # type: ignore[arg-type]


def member_policy(account: str) -> Document:
    documents = member_policies(MAPPING, account_id=account, regions=REGIONS)
    return {"Version": "1", "Statement": [statement for document in documents for statement in document["Statement"]]}


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
                yield f"{statement['Action'][0]} without {part} {member}", less


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
            for role in (*MAPPING.roles, "legacy"):
                cloud.ram.put_role(account, role)
        key = cloud.sts.assume_for_service(ACCOUNT, FC_ROLE, "fc.aliyuncs.com", "rolekeeper-reconcile", 3600)
        self.own = Credentials(access_key_id=key.access_key_id, access_key_secret=key.secret, security_token=key.token)
        cloud.switches.permissions = "on"

    def sessions(self, target: Target, settings: Settings = SETTINGS, **given: Any) -> Sessions:
        given = {"displaces": MAPPING.may_displace, **given}
        return Sessions(settings, self.own, target.account_id, target.region, MAPPING.roles, **given)

    def assumed(self) -> int:
        return sum(call.action == "AssumeRole" for call in self.cloud.calls)

    def looks_after(self, target: Target) -> bool:
        """Whether a run can see an instance and its role, attach each role, and take it off again."""
        sessions = self.sessions(target)
        (instance,) = self.cloud.ecs.make(1, account=target.account_id, region=target.region)
        ids = [instance.instance_id]
        try:
            for role in (*MAPPING.roles, "legacy"):
                attach = EcsGateway(SETTINGS, sessions.writes(role), target.region).attach(role, ids)
                reads = EcsGateway(SETTINGS, sessions.reads(), target.region)
                seen = [found.instance_id for found in reads.instances(ids)]
                held = reads.roles(ids)
                detach = EcsGateway(SETTINGS, sessions.writes(role), target.region).detach(role, ids)
                if not (attach.done == detach.done == set(ids) and seen == ids and held == {ids[0]: role}):
                    return False
        except CloudCallError:
            return False
        return instance.role == ""

    def tags(self, target: Target) -> bool:
        """Whether a session that writes can tag and untag an instance."""
        from alibabacloud_ecs20140526 import models
        from alibabacloud_ecs20140526.client import Client
        from Tea.exceptions import TeaException

        from shared.gateways.clients import config

        (instance,) = self.cloud.ecs.make(1, account=target.account_id, region=target.region)
        client: Any = Client(config(SETTINGS, self.sessions(target).writes("web"), region=target.region))
        on = {"region_id": target.region, "resource_type": "instance", "resource_id": [instance.instance_id]}
        try:
            tag = models.TagResourcesRequestTag(key="rolekeeper", value="x")
            client.tag_resources(models.TagResourcesRequest(**on, tag=[tag]))
            client.untag_resources(models.UntagResourcesRequest(**on, tag_key=["rolekeeper"]))
        except TeaException:
            return False
        return True


def works(world: World) -> bool:
    return all(map(world.looks_after, targets(SETTINGS))) and all(map(world.tags, targets(SETTINGS)))


OURS = {
    case: less
    for case, less in without(own_policy())
    if case.split()[0]
    in ("ecs:AttachInstanceRamRole", "ecs:DescribeInstances", "ram:PassRole", "sts:AssumeRole", "ecs:TagResources")
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


@pytest.mark.parametrize("tags", [True, False])
def test_a_session_is_for_one_region_one_role_and_tags_on_request(world: World, tags: bool) -> None:
    keys = world.sessions(Target(MEMBER, "cn-beijing"), tags=tags).writes("web")
    held = world.cloud.keys.find(keys.access_key_id)
    assert held is not None
    (text,) = held.identity.session_policies
    assert "role/web" in text
    assert "cn-beijing" in text
    assert not any(word in text for word in ("worker", "cn-hangzhou"))
    assert ("ecs:TagResources" in text) is tags


def test_a_role_outside_the_mapping_is_never_written_elsewhere(world: World) -> None:
    with pytest.raises(PermanentError, match=f"role 'admin' is not listed in roles.yaml, .* in account {MEMBER}"):
        world.sessions(Target(MEMBER, REGIONS[0])).writes("admin")
    assert world.assumed() == 0


def test_an_account_that_is_not_listed_is_never_looked_after(world: World) -> None:
    with pytest.raises(ConfigError, match="account 42 is neither .* ROLEKEEPER_ACCOUNTS: 2222222222222222, 333"):
        world.sessions(Target("42", REGIONS[0]))


def test_a_deployment_without_the_external_id_gets_in_nowhere(world: World) -> None:
    bare = Settings(region=REGIONS[0], account_id=ACCOUNT, accounts=SETTINGS.accounts)
    with pytest.raises(PermanentError, match="AssumeRole: NoPermission"):
        world.sessions(Target(MEMBER, REGIONS[0]), bare).reads()

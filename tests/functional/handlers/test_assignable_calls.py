"""Who asked for a role, the whole way: a real SDK's call by somebody, ActionTrail's event, the trigger's pattern, the function, the role."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cli.stage import Stage, stage
from fakecloud.ecs.models import Instance
from fakecloud.identity import ACCOUNT, Identity
from tests.contract import sdk

GUARDED = """
version: 1
roles: {web: {description: w, assignable_by: [user/ops-*, role/deployer]}}
rules: [{name: by tag, when: {tags: {app: web, env: prod}}, role: web}]
settings: {launch_grace: "0"}
"""
TAGS = {"app": "web", "env": "prod"}
OPS, DEV = Identity("RAMUser", ACCOUNT, "ops-1"), Identity("RAMUser", ACCOUNT, "dev-1")
DEPLOYER, IMITATOR = (Identity("AssumedRoleUser", ACCOUNT, name, "ops-1") for name in ("deployer", "dev"))


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    roles = tmp_path_factory.mktemp("mapping") / "roles.yaml"
    roles.write_text(GUARDED)
    with stage(roles) as on:
        on.make_roles(on.mapping())
        on.deploy()
        on.cloud.settle()
        yield on


def ask(on: Stage, who: Identity, action: str, **fields: object) -> dict[str, object]:
    """One call by somebody, and all that follows from it."""
    key = on.cloud.keys.permanent(who)
    host = on.url.partition("://")[2]
    on.cloud.switches.permissions = "off"  # whatever their policies say
    config = sdk.config(endpoint=host, access_key_id=key.access_key_id, access_key_secret=key.secret)
    made = sdk.ecs(config, action, **fields)
    on.cloud.switches.permissions = "on"
    on.cloud.settle()
    return made


def tags(on: Stage, who: Identity, instance: Instance, **given: str) -> None:
    ask(on, who, "tag_resources", resource_type="instance", resource_id=[instance.instance_id], tag=given)


@pytest.mark.parametrize(
    ("who", "role"),
    [(OPS, "web"), (DEPLOYER, "web"), (DEV, ""), (IMITATOR, "")],
    ids=lambda one: getattr(one, "arn", one),
)
def test_the_tags_of_who_may_give_the_role_and_those_of_others_do_not(
    deployed: Stage, who: Identity, role: str
) -> None:
    (instance,) = deployed.cloud.ecs.make(1)
    tags(deployed, who, instance, **TAGS)
    assert instance.role == role


@pytest.mark.parametrize(("who", "role"), [(OPS, "web"), (DEV, "")], ids=["may", "may not"])
def test_so_do_the_tags_of_a_launch(deployed: Stage, who: Identity, role: str) -> None:
    made = ask(
        deployed,
        who,
        "run_instances",
        instance_type="ecs.g7.large",
        image_id="m-1",
        v_switch_id="vsw-1",
        security_group_id="sg-1",
        tag=TAGS,
    )
    (name,) = json.loads(json.dumps(made))["InstanceIdSets"]["InstanceIdSet"]
    instance = deployed.cloud.ecs.instance(name)
    assert instance
    assert instance.role == role


def test_two_people_s_tags_do_not_add_up_and_one_call_sets_it_right(deployed: Stage) -> None:
    (instance,) = deployed.cloud.ecs.make(1)
    tags(deployed, DEV, instance, env="prod")
    tags(deployed, OPS, instance, app="web")
    assert instance.role == ""
    tags(deployed, OPS, instance, **TAGS)
    assert instance.role == "web"
    tags(deployed, DEV, instance, env="test")
    assert instance.role == ""
    tags(deployed, DEV, instance, env="prod")
    assert instance.role == ""

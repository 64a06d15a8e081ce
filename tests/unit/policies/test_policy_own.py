"""The policies of rolekeeper's own functions and of the people who may hand the roles out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping import Mapping, MappingError, load
from shared.policies import (
    PolicyError,
    RenderError,
    compact,
    execution_policies,
    execution_role,
    grants,
    lint,
    pass_policies,
    pass_role,
    reach,
    template,
)
from shared.settings import Settings

ROOT = Path(__file__).parents[3]
ACCOUNT = "1234567890123456"
ECS = '{"StringEquals":{"acs:Service":["ecs.aliyuncs.com"]}}'
STARTED = f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/rolekeeper"
INSTANCES = f"acs:ecs:cn-hangzhou:{ACCOUNT}:instance/*"


@pytest.fixture
def two(mapping_of: Callable[[str], Mapping]) -> Mapping:
    return mapping_of("  web:\n  team.worker:")


@pytest.fixture
def many(mapping_of: Callable[[str], Mapping]) -> Mapping:
    return mapping_of("".join(f"  role-{number:03}-{'x' * 40}:\n" for number in range(150)))


def roles_of(*names: str) -> set[str]:
    return {f"acs:ram:*:{ACCOUNT}:role/{name}" for name in names}


def allowed(document: dict[str, Any], action: str) -> set[str]:
    return {resource for _, what, resource, _ in grants(document) if what == action}


def test_the_functions_may_do_what_they_do_and_no_more(two: Mapping) -> None:
    document = execution_role(two, account_id=ACCOUNT, region="cn-hangzhou", project="rolekeeper")

    listed = roles_of("web", "team.worker")
    log = f"acs:log:cn-hangzhou:{ACCOUNT}:project/rolekeeper/logstore/rolekeeper-"
    assert {action: allowed(document, action) for _, action, _, _ in grants(document)} == {
        "ecs:AttachInstanceRamRole": {INSTANCES, *listed},
        "ecs:DetachInstanceRamRole": {INSTANCES, *listed},
        "ecs:DescribeInstances": {INSTANCES},
        "ecs:DescribeInstanceRamRole": {INSTANCES, *listed},
        "ram:PassRole": listed,
        "log:PostLogStoreLogs": {log + "records", log + "functions"},
        "mns:SendMessage": {f"acs:mns:cn-hangzhou:{ACCOUNT}:/queues/rolekeeper-dead-letters/messages"},
        "fc:InvokeFunction": {f"{STARTED}-reconcile", f"{STARTED}-remediate"},
        "fc:ListAsyncTasks": {f"{STARTED}-reconcile/async-tasks/*"},
    }
    assert {(effect, condition) for effect, action, _, condition in grants(document) if action == "ram:PassRole"} == {
        ("Allow", ECS)
    }
    assert lint(document, kind="pass-role") == ()


REPLACING = """\
version: 1
roles: {web: {}}
rules: [{name: w, role: web, foreign_roles: replace}]
"""
WHERE = {"account_id": ACCOUNT, "region": "cn-hangzhou", "project": "rolekeeper"}


def test_foreign_roles_that_may_be_displaced_are_allowed_too() -> None:
    mapping = load(REPLACING + "settings: {displace: [legacy-*, old, old]}\n")
    document = execution_role(mapping, **WHERE)

    both = roles_of("web", "legacy-*", "old")
    assert allowed(document, "ram:PassRole") == both
    for action in ("ecs:AttachInstanceRamRole", "ecs:DetachInstanceRamRole"):
        assert allowed(document, action) == {INSTANCES, *both}
    for action in ("ecs:TagResources", "ecs:UntagResources"):
        assert allowed(document, action) == {INSTANCES}
    assert {condition for _, action, _, condition in grants(document) if action == "ram:PassRole"} == {ECS}
    far = execution_role(mapping, **WHERE, other_regions=("us-west-1",))
    assert (
        allowed(far, "ecs:TagResources")
        == allowed(far, "ecs:DescribeInstances")
        == {INSTANCES, INSTANCES.replace("cn-hangzhou", "us-west-1")}
    )
    shared_out = execution_policies(mapping, **WHERE)
    assert len(shared_out) == 2
    assert {grant for part in shared_out for grant in grants(part)} == set(grants(document))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(REPLACING, id="replace, and no role named"),
        pytest.param(
            REPLACING.replace("replace", "keep") + "settings: {displace: [legacy-*]}\n",
            id="named, and nothing replaces",
        ),
    ],
)
def test_no_foreign_role_is_allowed_unasked(text: str) -> None:
    (document,) = execution_policies(load(text), **WHERE)
    assert allowed(document, "ram:PassRole") == roles_of("web")
    assert not allowed(document, "ecs:TagResources")


@given(st.lists(st.from_regex(r"[a-z0-9.*-]{1,64}", fullmatch=True), min_size=1, max_size=5))
def test_whatever_is_displaced_no_policy_ever_covers_every_role(names: list[str]) -> None:
    try:
        mapping = load(REPLACING + f"settings: {{displace: {json.dumps(names)}}}\n")
    except MappingError:
        return
    for document in execution_policies(mapping, **WHERE):
        for resource in allowed(document, "ram:PassRole"):
            assert resource.partition(":role/")[2].strip("*.-?")


def test_the_defaults_are_the_names_of_s_yaml() -> None:
    deployed = (ROOT / "s.yaml").read_text(encoding="utf-8")
    shipped = template("execution-role").variables

    for name in ("logstore", "function_logstore", "queue"):
        assert re.search(rf"\b{shipped[name].default}\b", deployed)
    assert f"executionRole: {template('deployer').variables['execution_role'].default} " in deployed


def test_other_names_may_be_given(two: Mapping) -> None:
    document = execution_role(two, account_id=ACCOUNT, region="cn-hangzhou", project="rolekeeper", queue="lost")

    assert allowed(document, "mns:SendMessage") == {f"acs:mns:cn-hangzhou:{ACCOUNT}:/queues/lost/messages"}
    with pytest.raises(RenderError, match="execution role: .*variable 'queu' is not one"):
        execution_role(two, account_id=ACCOUNT, region="cn-hangzhou", project="rolekeeper", queu="lost")


@pytest.mark.parametrize(
    ("given", "regions", "assumed", "started"),
    [
        pytest.param({}, ["cn-hangzhou"], set(), "functions/", id="by default"),
        pytest.param(
            {"regions": ("cn-hangzhou", "us-west-1")},
            ["cn-hangzhou", "us-west-1"],
            set(),
            "functions/",
            id="another region",
        ),
        pytest.param(
            {"accounts": {"2": "member", ACCOUNT: "member"}},
            ["cn-hangzhou"],
            {"acs:ram::2:role/member"},
            "functions/",
            id="another account",
        ),
        pytest.param(
            {"fc_edition": "2.0", "fc_service": "keeper"},
            ["cn-hangzhou"],
            set(),
            "services/keeper/functions/",
            id="FC 2.0",
        ),
    ],
)
def test_the_functions_reach_what_the_settings_list(
    two: Mapping, given: dict[str, Any], regions: list[str], assumed: set[str], started: str
) -> None:
    settings = Settings(region="cn-hangzhou", account_id=ACCOUNT, **given)
    document = execution_role(two, account_id=ACCOUNT, region="cn-hangzhou", project="rolekeeper", **reach(settings))

    instances = {f"acs:ecs:{region}:{ACCOUNT}:instance/*" for region in regions}
    assert allowed(document, "ecs:DescribeInstances") == instances
    for action in ("ecs:AttachInstanceRamRole", "ecs:DescribeInstanceRamRole"):
        assert allowed(document, action) == instances | roles_of("web", "team.worker")
    assert allowed(document, "sts:AssumeRole") == assumed
    (looks,) = (s["Resource"] for s in document["Statement"] if "ecs:DescribeInstances" in s["Action"])
    assert len(looks) == len(regions), "none stands there twice"
    functions = {f"acs:fc:cn-hangzhou:{ACCOUNT}:{started}rolekeeper-{name}" for name in ("reconcile", "remediate")}
    assert allowed(document, "fc:InvokeFunction") == functions
    listing = {
        action: allowed(document, action) for _, action, _, _ in grants(document) if action.startswith("fc:List")
    }
    tasks = f"acs:fc:cn-hangzhou:{ACCOUNT}:{started}rolekeeper-reconcile"
    assert listing == (
        {"fc:ListStatefulAsyncInvocations": {f"{tasks}/stateful-async-invocations/*"}}
        if "fc_edition" in given
        else {"fc:ListAsyncTasks": {f"{tasks}/async-tasks/*"}}
    )
    assert lint(document, kind="pass-role") == ()


def test_the_functions_write_records_where_the_settings_say(two: Mapping) -> None:
    settings = Settings(region="cn-hangzhou", account_id=ACCOUNT, sls_logstore="audit")
    document = execution_role(two, account_id=ACCOUNT, region="cn-hangzhou", project="rolekeeper", **reach(settings))

    log = f"acs:log:cn-hangzhou:{ACCOUNT}:project/rolekeeper/logstore/"
    assert allowed(document, "log:PostLogStoreLogs") == {log + "audit", log + "rolekeeper-functions"}


def test_what_the_functions_start_is_what_s_yaml_has_with_task_ids() -> None:
    resources = yaml.safe_load((ROOT / "s.yaml").read_text(encoding="utf-8"))["resources"].values()
    tasks = {r["props"]["functionName"] for r in resources if r["props"].get("asyncInvokeConfig", {}).get("asyncTask")}

    started = {f"functions/{name}" for name in tasks}
    assert set(reach(Settings(region="r", account_id="1"))["functions"]) == started
    assert set(template("execution-role").variables["functions"].default or ()) == started


def test_a_user_may_hand_out_all_listed_roles_or_some(two: Mapping) -> None:
    assert allowed(pass_role(two, account_id=ACCOUNT), "ram:PassRole") == roles_of("web", "team.worker")
    some = pass_role(two, account_id=ACCOUNT, roles=["web"], region="cn-hangzhou")
    assert allowed(some, "ram:PassRole") == roles_of("web")
    assert allowed(some, "ecs:AttachInstanceRamRole") == {INSTANCES, *roles_of("web")}
    assert allowed(some, "ecs:DetachInstanceRamRole") == {INSTANCES, *roles_of("web")}
    assert lint(some, kind="pass-role") == ()


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        pytest.param(["admin"], "role 'admin' is not listed in roles.yaml; list it there", id="not listed"),
        pytest.param(["wep"], r"did you mean 'web'\?", id="misspelt"),
        pytest.param(["*"], "'\\*' is not listed", id="wildcard"),
        pytest.param([], "variable 'roles' is an empty list", id="none"),
    ],
)
def test_a_role_that_is_not_listed_is_never_passed(roles: list[str], message: str, two: Mapping) -> None:
    with pytest.raises(RenderError, match=message):
        pass_role(two, account_id=ACCOUNT, roles=roles)


def test_more_roles_than_one_policy_holds_are_an_error_or_several_policies(many: Mapping) -> None:
    where = {"account_id": ACCOUNT, "region": "cn-hangzhou"}
    with pytest.raises(PolicyError, match="policy 'execution-role' for 150 roles: .* over the 6144"):
        execution_role(many, **where, project="rolekeeper")
    with pytest.raises(PolicyError, match="policy 'operator-pass-role' for 150 roles"):
        pass_role(many, **where)

    for documents in (execution_policies(many, **where, project="rolekeeper"), pass_policies(many, **where)):
        sizes = [len(compact(document)) for document in documents]
        assert max(sizes) <= 6144
        assert min(sizes[:-1]) > 5900
        passed = [allowed(document, "ram:PassRole") for document in documents]
        assert sum(map(len, passed)) == 150
        assert set().union(*passed) == roles_of(*many.roles)


def test_few_roles_make_one_policy(two: Mapping) -> None:
    assert pass_policies(two, account_id=ACCOUNT) == (pass_role(two, account_id=ACCOUNT),)

"""Who may give which tag: what docs/security.md advises holds whether or not RAM minds the case of a tag's key in a condition."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from Tea.exceptions import TeaException

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from shared.mapping import load
from shared.model.instance import Instance
from tests.contract.permissions.callers import HZ, Caller, allow, deny, user

ADVICE = (
    (Path(__file__).parents[3] / "docs" / "security.md")
    .read_text(encoding="utf-8")
    .partition("## Keeping a tag key")[2]
)
NO_TAGGING, NO_SUCH_KEY = (json.loads(block)["Statement"] for block in re.findall("```json\n(.*?)```", ADVICE, re.S))
GIVES = [
    "ecs:TagResources",
    "ecs:AddTags",
    "ecs:CreateTags",
    "tag:TagResources",
    "ecs:RunInstances",
    "ecs:CreateInstance",
]
REFUSED = ("Forbidden.RAM", "NoPermission.Operator")
SETTINGS = pytest.mark.parametrize("setting", ["case-ignored", "as-written"])


def spellings(key: str) -> list[str]:
    return sorted({"".join(letters) for letters in product(*((char.lower(), char.upper()) for char in key))})


def denied(key: str) -> dict[str, Any]:
    return deny(GIVES, "*", {"StringLike": {f"acs:RequestTag/{key}": "*"}})


def tag_resources(caller: Caller, one: str, key: str) -> object:
    return caller.ecs("tag_resources", resource_type="instance", resource_id=[one], tag={key: "admin"})


def add_tags(caller: Caller, one: str, key: str) -> object:
    asked = {"RegionId": "cn-hangzhou", "ResourceType": "instance", "ResourceId": one}
    return caller.rpc(
        "ecs", "AddTags", **asked, **{"Tag.1.Key": "owner", "Tag.1.Value": "me", "Tag.2.Key": key, "Tag.2.Value": ""}
    )


def tag_service(caller: Caller, one: str, key: str) -> object:
    arn = f"arn:acs:ecs:cn-hangzhou:{ACCOUNT}:instance/{one}"
    return caller.rpc(
        "tag", "TagResources", RegionId="cn-hangzhou", Tags=json.dumps({key: "admin"}), **{"ResourceARN.1": arn}
    )


def launch(caller: Caller, one: str, key: str) -> object:
    return caller.ecs("run_instances", tag={key: "admin"})


def create(caller: Caller, one: str, key: str) -> object:
    return caller.ecs("create_instance", image_id="m-1", instance_type="ecs.g6.large", tag={key: "admin"})


WAYS: list[Callable[[Caller, str, str], object]] = [tag_resources, add_tags, tag_service, launch, create]


def given(caller: Caller, one: str, keys: list[str]) -> set[tuple[str, str]]:
    """Which keys the caller can give, and how."""
    done = set()
    for way, key in product(WAYS, keys):
        try:
            way(caller, one, key)
        except TeaException as refused:
            if refused.code in REFUSED:
                continue
            assert refused.code == "TagKey.Duplication", "another spelling is on it: it was allowed to try"
        done.add((way.__name__, key))
    return done


@SETTINGS
@pytest.mark.parametrize(
    ("statements", "keys"),
    [
        pytest.param(NO_TAGGING, spellings("env"), id="who should not choose may not tag"),
        pytest.param(NO_SUCH_KEY, spellings("角色"), id="a key without case"),
        pytest.param(
            [denied(spelling) for spelling in spellings("env")], spellings("env"), id="a statement a spelling"
        ),
    ],
)
def test_what_is_advised_holds_under_both_settings(
    judging: Cloud, one: str, setting: str, statements: list[dict[str, Any]], keys: list[str]
) -> None:
    judging.switches.set({"tag_key_in_condition": setting})
    someone = user(judging, allow(["ecs:*", "tag:*"], "*"), *statements)
    assert given(someone, one, keys) == set()


@pytest.mark.parametrize("key", ["env", "角色"])
def test_every_one_of_these_spellings_chooses(key: str) -> None:
    mapping = load(
        f"version: 1\nroles:\n  admin:\nrules: [{{name: r, when: {{tags: {{{key}: admin}}}}, role: admin}}]\n"
    )
    for spelling in spellings(key):
        seen = Instance(instance_id="i-1", region="cn-hangzhou", tags={spelling: "admin"})
        assert mapping.desired(seen).verdict == "role"


@SETTINGS
def test_a_deny_on_one_spelling_holds_under_one_setting_alone(judging: Cloud, one: str, setting: str) -> None:
    judging.switches.set({"tag_key_in_condition": setting})
    someone = user(judging, allow(["ecs:*", "tag:*"], "*"), denied("env"))
    got = {key for _, key in given(someone, one, spellings("env"))}
    assert got == (set() if setting == "case-ignored" else set(spellings("env")) - {"env"})


@SETTINGS
def test_other_keys_may_be_given_and_no_tag_be_removed(judging: Cloud, one: str, setting: str) -> None:
    judging.switches.set({"tag_key_in_condition": setting})
    someone = user(judging, allow(["ecs:*", "tag:*"], "*"), *NO_SUCH_KEY)
    assert {way for way, _ in given(someone, one, ["team"])} == {way.__name__ for way in WAYS}
    arn = f"arn:acs:ecs:cn-hangzhou:{ACCOUNT}:instance/{one}"
    for action, asked in (
        ("ecs", {"ResourceType": "instance", "ResourceId.1": one, "TagKey.1": "team"}),
        ("tag", {"ResourceARN.1": arn, "TagKey.1": "team"}),
    ):
        with pytest.raises(TeaException) as caught:
            someone.rpc(action, "UntagResources", RegionId="cn-hangzhou", **asked)
        assert caught.value.code in REFUSED


@pytest.mark.parametrize("setting", ["filled", "absent"])
def test_whether_reads_know_the_tags_of_an_instance_is_a_switch(judging: Cloud, one: str, setting: str) -> None:
    judging.switches.set({"resource_tag_in_reads": setting})
    team = {"StringEquals": {"acs:ResourceTag/team": "dev"}}
    someone = user(judging, allow(["ecs:DescribeInstances", "ecs:StopInstance"], "*", team))
    seen = someone.ecs("describe_instances", instance_ids=[one])["Instances"]["Instance"]
    assert len(seen) == (setting == "filled")
    someone.ecs("stop_instance", instance_id=one)


@SETTINGS
@pytest.mark.parametrize(("written", "allowed"), [("team", True), ("Team", False), ("TEAM", False)])
def test_the_tags_of_the_instance_are_compared_so_too(
    judging: Cloud, one: str, setting: str, written: str, allowed: bool
) -> None:
    judging.switches.set({"tag_key_in_condition": setting})
    someone = user(
        judging, allow("ecs:StopInstance", f"{HZ}/{one}", {"StringEquals": {f"acs:ResourceTag/{written}": "dev"}})
    )
    may = allowed or setting == "case-ignored"
    if may:
        someone.ecs("stop_instance", instance_id=one)
    else:
        with pytest.raises(TeaException, match="Forbidden.RAM"):
            someone.ecs("stop_instance", instance_id=one)

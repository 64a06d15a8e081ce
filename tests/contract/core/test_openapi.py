"""The declared actions of ECS and the Tag service against the published API definitions."""

from __future__ import annotations

from fakecloud.cloud import Cloud
from tests.contract import openapi


def test_ecs_declares_what_is_published(cloud: Cloud) -> None:
    # AddTags and RemoveTags are the older forms, the others of no call that rolekeeper makes: no definitions are at hand.
    others = ["JoinResourceGroup", "ModifyInstanceAttribute", "ModifyInstanceSpec", "ModifyInstanceVpcAttribute"]
    others += ["ModifyPrepayInstanceSpec", "ReplaceSystemDisk", "ModifyInstanceMetadataOptions"]
    assert openapi.check(cloud.ecs, "ecs", unpublished=["AddTags", "RemoveTags", *others]) == 15


def test_the_tag_service_declares_what_is_published(cloud: Cloud) -> None:
    assert openapi.check(cloud.tag, "tag") == 3

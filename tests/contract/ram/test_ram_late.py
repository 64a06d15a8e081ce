"""RAM that shows its changes late, where the switch says so: reads, and what the checks of a write see."""

from __future__ import annotations

from typing import Any

import pytest

from fakecloud.cloud import Cloud

ON = {"policy_type": "System", "policy_name": "AliyunLogReadOnlyAccess", "role_name": "web"}


@pytest.fixture
def late(cloud: Cloud) -> Cloud:
    cloud.switches.ram_visible_after = 10.0
    return cloud


def test_what_was_made_is_shown_after_a_while(late: Cloud, ask: Any, refused: Any, role: Any) -> None:
    role("web")
    assert refused("get_role", role_name="web") == (404, "EntityNotExist.Role")
    assert ask("list_roles")["Roles"]["Role"] == []
    assert refused("attach_policy_to_role", **ON) == (404, "EntityNotExist.Role")
    assert refused("create_role", role_name="web", assume_role_policy_document="{}")[0] in (400, 409)
    late.clock.advance(10)
    assert ask("get_role", role_name="web")["Role"]["RoleName"] == "web"
    ask("attach_policy_to_role", **ON)
    assert ask("list_policies_for_role", role_name="web")["Policies"]["Policy"] == []


def test_what_was_removed_is_in_the_way_for_a_while(late: Cloud, ask: Any, refused: Any, role: Any) -> None:
    role("web")
    late.clock.advance(10)
    ask("attach_policy_to_role", **ON)
    late.clock.advance(10)
    ask("detach_policy_from_role", **ON)
    assert refused("delete_role", role_name="web") == (409, "DeleteConflict.Role.Policy")
    late.clock.advance(10)
    ask("delete_role", role_name="web")
    assert ask("get_role", role_name="web")["Role"]["RoleName"] == "web"
    late.clock.advance(10)
    assert refused("get_role", role_name="web") == (404, "EntityNotExist.Role")


def test_unset_everything_is_shown_at_once(cloud: Cloud, ask: Any, role: Any) -> None:
    role("web")
    ask("attach_policy_to_role", **ON)
    assert len(ask("list_policies_for_role", role_name="web")["Policies"]["Policy"]) == 1

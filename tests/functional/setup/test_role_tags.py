"""Whose a role is, where ListRoles shows no tags: its published definition has none in the answer."""

from __future__ import annotations

from collections.abc import Callable

from fakecloud.identity import ACCOUNT
from tests.functional.setup.conftest import Account

Roles = Callable[..., str]
READ, OTHER = (f"{{template: oss-read-only, with: {{bucket: {bucket}}}}}" for bucket in ("one", "two"))
LOGS = "{system: AliyunLogReadOnlyAccess}"


def test_where_the_listing_shows_no_tags_roles_are_ours_all_the_same(account: Account, roles: Roles) -> None:
    account.cloud.switches.list_roles_tags = "absent"
    account.cloud.ram.put_role(ACCOUNT, "theirs")
    account.provision(roles(web=f"{READ}, {LOGS}", worker=OTHER))
    account.provision(roles(web=f"{READ}, {LOGS}", worker=OTHER))
    assert account.writes() == []
    ended = account.provision(roles(web=READ))
    assert account.writes() == ["DetachPolicyFromRole", "TagResources"], "the system policy that the note has"
    assert ended.plan.orphan_roles == ("worker",)


def test_more_tags_than_one_page_has_are_all_read(account: Account) -> None:
    names = {f"role-{number:03}" for number in range(120)}
    for name in names:
        account.cloud.ram.put_role(ACCOUNT, name)
        account.ram.claim("role", name, note=name)
    account.cloud.ram.put_role(ACCOUNT, "theirs")
    account.cloud.switches.list_roles_tags = "absent"
    listed = account.ram.roles()
    assert {role.name: role.note for role in listed if role.ours} == {name: name for name in names}
    assert len(listed) == 121

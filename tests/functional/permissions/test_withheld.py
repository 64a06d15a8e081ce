"""One deployment for several accounts: what one of them withholds is told with the cloud's code, and disturbs no other."""

from __future__ import annotations

import pytest

from shared.model.instance import DISPLACED_TAG
from shared.settings import Target
from tests.functional.permissions.estate import FAR, FOREIGN, MEMBER, PLACES, REPLACING, RULES, Estate

WITHHELD = {
    "ram:PassRole": "InvalidUser.PassRoleForbidden",
    "ecs:AttachInstanceRamRole": "Forbidden.RAM",
    "ecs:DescribeInstanceRamRole": "Forbidden.RAM",
    "ecs:DescribeInstances": "Forbidden.RAM",
}


@pytest.mark.parametrize("action", WITHHELD)
def test_what_an_account_withholds_is_told_with_the_clouds_code_and_disturbs_no_other(
    estate: Estate, action: str
) -> None:
    estate.member(without=action)
    estate.timer()
    theirs = {place for place in PLACES if place.account_id == MEMBER}
    assert estate.right() == set(PLACES) - theirs
    told = [record for record in estate.records() if record.get("error_code")]
    assert {(r["account_id"], r["error_code"]) for r in told} == {(MEMBER, WITHHELD[action])}
    assert {Target(r["account_id"], r["region"]) for r in told} == theirs
    assert all(one.ok for one in estate.cloud.fc.invocations)


@pytest.mark.parametrize("action", WITHHELD)
def test_instances_that_an_operator_names_are_not_gone_where_we_may_not_look(estate: Estate, action: str) -> None:
    estate.member(without=action)
    there = Target(MEMBER, FAR)
    asked = {"instance_ids": [estate.made[there].instance_id], "account_id": MEMBER, "region": FAR}
    result = estate.ask("rolekeeper-remediate", {"remediate": asked})
    assert result["outcomes"] == {"failed": 1}
    assert [r["error_code"] for r in estate.records() if r["action"] != "run"] == [WITHHELD[action]]
    assert estate.right() == set()


def test_instances_that_are_gone_are_gone_in_another_account_too(estate: Estate) -> None:
    asked = {"instance_ids": ["i-gone"], "account_id": MEMBER, "region": FAR}
    result = estate.ask("rolekeeper-remediate", {"remediate": asked})
    assert (result["outcomes"], result["records"][0]["reason"]) == ({"failed": 1}, "gone")


@pytest.mark.parametrize("estate", [{"rules": REPLACING}], indirect=True)
def test_foreign_roles_are_displaced_and_put_back_in_every_place(estate: Estate) -> None:
    for instance in estate.made.values():
        estate.cloud.ecs.set_role(estate.cloud.ecs.owner(instance), instance, FOREIGN)
    estate.timer()
    assert {(i.role, i.tags[DISPLACED_TAG].partition(":")[0]) for i in estate.made.values()} == {("web", FOREIGN)}
    assert len({i.tags[DISPLACED_TAG] for i in estate.made.values()}) == len(PLACES), "each is of its instance alone"
    for instance in estate.made.values():
        estate.cloud.ecs.owner(instance).tag(instance, "app", None)
    estate.timer()
    assert {(i.role, i.tags.get(DISPLACED_TAG)) for i in estate.made.values()} == {(FOREIGN, None)}
    back = [r for r in estate.records() if r.get("reason") == "put-back"]
    assert {Target(r["account_id"], r["region"]) for r in back} == set(PLACES)


@pytest.mark.parametrize("estate", [{"rules": REPLACING}], indirect=True)
def test_a_foreign_role_stays_where_the_account_was_not_told_that_it_may_be_displaced(estate: Estate) -> None:
    """Its policies were rendered before roles.yaml said so."""
    estate.member(RULES)
    for instance in estate.made.values():
        estate.cloud.ecs.set_role(estate.cloud.ecs.owner(instance), instance, FOREIGN)
    estate.timer()
    theirs = {place for place in PLACES if place.account_id == MEMBER}
    assert estate.right() == set(PLACES) - theirs
    assert {(i.role, i.tags.get(DISPLACED_TAG)) for p, i in estate.made.items() if p in theirs} == {(FOREIGN, None)}
    failed = [r for r in estate.records() if r.get("outcome") == "failed"]
    assert {(Target(r["account_id"], r["region"]), r["error_code"]) for r in failed} == {
        (p, "Forbidden.RAM") for p in theirs
    }

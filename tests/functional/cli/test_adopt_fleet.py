"""The way from an emulated fleet that holds roles by hand: snapshot, adopt, plan, compare, each by its command."""

from __future__ import annotations

from pathlib import Path

from fakecloud.cloud import Cloud
from tests.functional.cli.operator import Command, written

KINDS = (("web", "prod", "web", 240), ("web", "dev", "", 160), ("job", "prod", "worker", 250), ("db", "prod", "", 340))


def fleet(cloud: Cloud) -> None:
    """A thousand instances: two roles by application and environment, seven oversights, and three with a role of somebody else."""
    for app, env, role, count in KINDS:
        cloud.ecs.make(count, tags={"app": app, "env": env}, role=role, name=f"{app}-{env}")
    cloud.ecs.make(7, tags={"app": "web", "env": "prod"}, name="forgotten")
    cloud.ecs.make(3, tags={"app": "db", "env": "prod"}, role="foreign", name="db-prod")


def test_a_fleet_becomes_a_mapping_by_which_nothing_is_to_do_but_for_its_exceptions(
    cloud: Cloud, rolekeeper: Command
) -> None:
    fleet(cloud)
    before = written(cloud)
    assert rolekeeper("snapshot", "-o", "fleet.json").code == 0
    made = rolekeeper("adopt", "--snapshot", "fleet.json", "-o", "first.yaml", "--json")
    assert (made.code, made.err) == (0, "")
    found = made.json()
    assert (found["instances"], len(found["exceptions"]), found["roles"]) == (1000, 7, ["web", "worker"])
    assert {one["name"] for one in found["exceptions"]} == {"forgotten"}
    assert [one["role"] for one in found["left"]] == ["foreign"]
    assert written(cloud) == before

    audited = rolekeeper("plan", "--roles-file", "first.yaml", "--snapshot", "fleet.json")
    assert audited.code == 0, audited.out
    text = Path("first.yaml").read_text(encoding="utf-8")
    Path("enforced.yaml").write_text(text.replace("mode: audit", "mode: enforce"), encoding="utf-8")
    planned = rolekeeper("plan", "--roles-file", "enforced.yaml", "--snapshot", "fleet.json", "--json").json()
    ids = {one["instance_id"] for group in planned["groups"] for one in group["instances"]}
    assert ids == {one["instance_id"] for one in found["exceptions"]}


def test_two_mappings_are_compared_on_the_fleet_as_its_plans_differ(cloud: Cloud, rolekeeper: Command) -> None:
    fleet(cloud)
    rolekeeper("snapshot", "-o", "fleet.json")
    rolekeeper("adopt", "--snapshot", "fleet.json", "-o", "first.yaml")
    text = Path("first.yaml").read_text(encoding="utf-8").replace("mode: audit", "mode: enforce")
    Path("old.yaml").write_text(text, encoding="utf-8")
    Path("new.yaml").write_text(text.replace("app: job", "app: jobs"), encoding="utf-8")
    compared = rolekeeper("compare", "old.yaml", "new.yaml", "--snapshot", "fleet.json", "--json")
    assert compared.code == 2
    affected = {one["instance_id"] for difference in compared.json()["differences"] for one in difference["instances"]}
    assert len(affected) == 250

    def changed(file: str) -> set[str]:
        planned = rolekeeper("plan", "--roles-file", file, "--snapshot", "fleet.json", "--json").json()
        return {one["instance_id"] for group in planned["groups"] for one in group["instances"]}

    assert changed("new.yaml") ^ changed("old.yaml") == affected

"""`rolekeeper snapshot`: a region's fleet in a file, as ECS shows it; a file that cannot be had is one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from shared.model.instance import Instance
from shared.model.snapshot import Snapshot
from tests.functional.cli.operator import REGION, Command, make, written


def fleet(file: Path) -> dict[str, Instance]:
    found = Snapshot(file.read_bytes().splitlines(keepends=True), file.name)
    assert (found.header.account_id, found.header.region) == (ACCOUNT, REGION)
    return {instance.instance_id: instance for instance in found.instances()}


def test_a_snapshot_has_each_instance_with_tags_attributes_and_role(
    cloud: Cloud, rolekeeper: Command, tmp_path: Path
) -> None:
    made = [*make(cloud, 120, "web", role="web"), *make(cloud, 130, "other", role="foreign"), *make(cloud, 3)]
    ran = rolekeeper("snapshot", "-o", "fleet.json")
    assert (ran.code, ran.out) == (0, f"fleet.json: 253 instances of {REGION} of account {ACCOUNT}; 10 calls\n")
    assert written(cloud) == 0
    found = fleet(tmp_path / "fleet.json")
    assert {i.instance_id: (i.role, dict(i.tags), i.name, i.vpc) for i in found.values()} == {
        i.instance_id: (i.role or "", dict(i.tags), i.name, i.vpc) for i in made
    }
    assert (tmp_path / "fleet.json").stat().st_mode & 0o077 == 0


def test_an_empty_region_is_an_empty_file(rolekeeper: Command, tmp_path: Path) -> None:
    told = rolekeeper("snapshot", "-o", "fleet.json", "--json").json()
    assert (told["instances"], told["region"], told["exit_code"]) == (0, REGION, 0)
    assert fleet(tmp_path / "fleet.json") == {}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(
            ("-o", "roles.yaml"),
            "-o: roles.yaml: is there already, and is no file of this kind; it stays",
            id="a file of another kind",
        ),
        pytest.param(("-o", "-"), "-o: '-' is no file; name one", id="standard output"),
        pytest.param(("-o", "no/such/fleet.json"), "No such file or directory", id="no folder"),
        pytest.param(("-o", "."), "is no file, but a directory, a pipe or a device", id="a folder"),
        pytest.param(("-o", "fleet.json", "--region", ""), "snapshot: --region: empty", id="empty option"),
        pytest.param(
            ("-o", "fleet.json", "--account", "99"), "account 99 is neither this deployment's own", id="account"
        ),
        pytest.param(("-o", "fleet.json", "--region", "cn-nowhere"), "InvalidRegionId", id="no region"),
    ],
)
def test_what_cannot_be_written_or_read_is_one_line(
    rolekeeper: Command, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    before = sorted(tmp_path.iterdir())
    ran = rolekeeper("snapshot", *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert says in ran.err
    assert sorted(tmp_path.iterdir()) == before


def test_a_listing_that_begins_again_is_written_once(cloud: Cloud, rolekeeper: Command, tmp_path: Path) -> None:
    made = make(cloud, 250, "web", role="web")
    cloud.faults.add("error", action="DescribeInstances", code="InvalidNextToken", status=400, after=2, count=1)
    ran = rolekeeper("snapshot", "-o", "fleet.json")
    assert ran.code == 0, ran.err
    assert set(fleet(tmp_path / "fleet.json")) == {instance.instance_id for instance in made}
    assert len((tmp_path / "fleet.json").read_bytes().splitlines()) == len(made) + 2


def test_a_file_that_was_there_stays_where_ecs_refuses(cloud: Cloud, rolekeeper: Command, tmp_path: Path) -> None:
    (tmp_path / "fleet.json").write_text(before := '{"rolekeeper_snapshot":1}')
    make(cloud, 3)
    cloud.faults.add("error", action="DescribeInstances", code="Forbidden.RAM", status=403, count=None)
    assert rolekeeper("snapshot", "-o", "fleet.json").code == 1
    assert (tmp_path / "fleet.json").read_text() == before


def test_a_role_that_cannot_be_read_is_said(cloud: Cloud, rolekeeper: Command, tmp_path: Path) -> None:
    make(cloud, 3, "web", role="web")
    cloud.faults.add("error", action="DescribeInstanceRamRole", code="Odd", status=403, count=None)
    ran = rolekeeper("snapshot", "-o", "fleet.json")
    assert ran.code == 1
    assert "3 of them could not be read" in ran.out
    assert all("Odd" in str(instance.unread) for instance in fleet(tmp_path / "fleet.json").values())

"""`rolekeeper adopt`: the file that it makes is valid, fits the fleet, and is not made where nothing can be learnt."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from shared.model.instance import Instance
from shared.model.snapshot import Header, written
from tests.functional.cli.inside import inside as run

HEADER = Header(
    rolekeeper_snapshot=1,
    account_id="1234567890123456",
    region="cn-hangzhou",
    made_at=datetime(2026, 12, 1, 8, 0, tzinfo=timezone.utc),
)
APPS = ("web", "api", "batch", "db", "search")


def fleet(count: int) -> list[Instance]:
    """Instances of five applications in three environments; some were forgotten, some hold what somebody put on by hand."""
    made = []
    for number in range(count):
        app, env = APPS[number % len(APPS)], ("prod", "prod", "dev")[number // 5 % 3]
        role = "" if app == "db" else "developer" if env == "dev" else f"{app}-role"
        role = "" if number % 97 == 1 else "Legacy-Admin" if number % 101 == 5 else role
        made.append(
            Instance(
                instance_id=f"i-bp{number:06}",
                region="cn-hangzhou",
                zone=f"cn-hangzhou-{'hij'[number % 3]}",
                name=f"{app}-{env}-{number:04}",
                vpc=f"vpc-{env}",
                tags={"app": app, "env": env, "host": f"h{number}"},
                role=role,
            )
        )
    return made


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    file = tmp_path / "fleet.json"
    file.write_bytes(b"".join(written(HEADER, fleet(1000))))
    return file


def test_the_file_is_valid_and_its_exceptions_are_told_first(tmp_path: Path, snapshot: Path) -> None:
    ran = run("adopt", "--snapshot", "fleet.json", "-o", "roles.yaml", cwd=tmp_path)
    told = ran.stdout.decode().splitlines()
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert told[0] == "EXCEPTIONS: 9 instances would change with mode enforce"
    assert told[1] == "  i-bp000001 api-prod-0001: holds no role, rule api-role gives api-role"
    assert "  Legacy-Admin on 10 instances: its name cannot be listed" in told
    assert told[-3].startswith("roles.yaml: 5 roles, 5 rules, hash ")
    assert told[-2] == "981 of 1,000 instances have what it gives them; nothing was changed"
    assert (
        told[-1]
        == "next: rolekeeper validate roles.yaml; rolekeeper plan --roles-file roles.yaml --snapshot fleet.json"
    )
    checked = run("validate", "roles.yaml", cwd=tmp_path)
    assert checked.returncode == 0
    assert "warning" not in checked.stdout.decode()


def test_json_has_every_exception_and_the_file_too(tmp_path: Path, snapshot: Path) -> None:
    found = json.loads(run("adopt", "--snapshot", "fleet.json", "-o", "roles.yaml", "--json", cwd=tmp_path).stdout)
    assert len(found["exceptions"]) == 9
    assert found["exceptions"][0] == {
        "instance_id": "i-bp000001",
        "name": "api-prod-0001",
        "held": "",
        "wanted": "api-role",
        "rule": "api-role",
    }
    assert found["left"] == [{"role": "Legacy-Admin", "instances": 10, "why": "its name cannot be listed"}]
    assert (found["instances"], found["described"], found["unread"], found["warnings"]) == (1000, 981, [], [])
    text = (tmp_path / "roles.yaml").read_text()
    assert all(one["instance_id"] in text for one in found["exceptions"])
    assert text.startswith(
        "# Learnt by `rolekeeper adopt` from fleet.json: cn-hangzhou, account 1234567890123456, 2026-12-01"
    )


def test_what_was_learnt_is_the_same_as_itself_and_differs_from_less(tmp_path: Path, snapshot: Path) -> None:
    run("adopt", "--snapshot", "fleet.json", "-o", "roles.yaml", cwd=tmp_path)
    text = (tmp_path / "roles.yaml").read_text()
    (tmp_path / "enforced.yaml").write_text(text.replace("mode: audit", "mode: enforce"))
    assert run("compare", "roles.yaml", "roles.yaml", cwd=tmp_path).returncode == 0
    assert run("compare", "roles.yaml", "enforced.yaml", "--snapshot", "fleet.json", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("instances", "said"),
    [
        (
            [Instance(instance_id=f"i-{n}", region="r", role="web" if n % 2 else "") for n in range(9)],
            "no tag or attribute tells",
        ),
        ([Instance(instance_id="i-1", region="r", tags={"app": "web"})], "none of its 1 instances holds a role"),
        ([], "none of its 0 instances holds a role"),
    ],
    ids=["nothing tells them apart", "no role", "nobody"],
)
def test_where_nothing_can_be_learnt_there_is_one_error_and_no_file(
    tmp_path: Path, instances: list[Instance], said: str
) -> None:
    (tmp_path / "fleet.json").write_bytes(b"".join(written(HEADER, instances)))
    ran = run("adopt", "--snapshot", "fleet.json", "-o", "roles.yaml", cwd=tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr.count(b"\n")) == (1, b"", 1)
    assert ran.stderr.decode().startswith("rolekeeper: fleet.json: ")
    assert said in ran.stderr.decode()
    assert not (tmp_path / "roles.yaml").exists()


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path, snapshot: Path) -> None:
    (tmp_path / "roles.yaml").write_text("mine")
    ran = run("adopt", "--snapshot", "fleet.json", "-o", "roles.yaml", cwd=tmp_path)
    assert (ran.returncode, (tmp_path / "roles.yaml").read_text()) == (1, "mine")
    assert (
        ran.stderr.decode()
        == "rolekeeper: roles.yaml: is there already, and adopt writes over no file: name another with -o\n"
    )


def test_a_place_where_nothing_can_be_written_is_one_error(tmp_path: Path, snapshot: Path) -> None:
    ran = run("adopt", "--snapshot", "fleet.json", "-o", "no/such/roles.yaml", cwd=tmp_path)
    assert (ran.returncode, ran.stderr.decode()) == (
        1,
        "rolekeeper: no/such/roles.yaml: cannot be written: No such file or directory\n",
    )


def test_a_snapshot_cut_short_makes_no_file(tmp_path: Path, snapshot: Path) -> None:
    snapshot.write_bytes(snapshot.read_bytes()[:-30])
    ran = run("adopt", "--snapshot", "fleet.json", "-o", "roles.yaml", cwd=tmp_path)
    assert (ran.returncode, ran.stderr.count(b"\n")) == (1, 1)
    assert not (tmp_path / "roles.yaml").exists()

"""A first roles.yaml learnt from a fleet: the rules that a person would write, and who they are wrong for."""

from __future__ import annotations

import pytest

from shared.errors import ConfigError, PermanentError
from shared.mapping import check
from shared.mapping.adoption import Adoption, adopt
from shared.model.instance import Instance


def some(count: int, role: str = "", *, first: int = 0, **fields: object) -> list[Instance]:
    """Return so many instances with ids of their own; {n} in a name is the number of the instance."""
    made = []
    for number in range(first, first + count):
        values = {"name": "", "tags": {}, **fields, "role": role}
        values["name"] = str(values["name"]).replace("{n}", str(number))
        place = f"i-{role}{number:04}{hash(str(fields)) % 10_000:04}"
        made.append(Instance(instance_id=place, region="cn-hangzhou", **values))  # type: ignore[arg-type]
    return made


def rules(found: Adoption) -> list[tuple[str, str]]:
    """Return the condition and the role of each rule as the file has them, but for that of the way out."""
    lines = [line.strip() for line in found.text.splitlines()]
    whens = [line.removeprefix("when: ").partition("  #")[0] for line in lines if line.startswith("when: ")]
    roles = [line.removeprefix("role: ") for line in lines if line.startswith("role: ")]
    return list(zip(whens[1:], roles, strict=True))


WEB = some(10, "pages", tags={"app": "web"})
JOB = some(10, "jobs", tags={"app": "job"})
DB = some(10, tags={"app": "db"})

LEARNT = {
    "a tag for a role": ([*WEB, *JOB, *DB], [("{tags: {app: job}}", "jobs"), ("{tags: {app: web}}", "pages")]),
    "a tag rather than a name": (
        [*some(10, "web", name="front-{n}", tags={"app": "web"}), *some(10, name="back-{n}", tags={"app": "db"})],
        [("{tags: {app: web}}", "web")],
    ),
    "a tag rather than a VPC, a zone, an image": (
        [
            *some(10, "web", tags={"app": "web"}, vpc="vpc-a", zone="z-a", image="img-a"),
            *some(10, tags={"app": "db"}, vpc="vpc-b", zone="z-b", image="img-b"),
        ],
        [("{tags: {app: web}}", "web")],
    ),
    "the beginning of a name, where there is nothing else": (
        [*some(10, "web", name="web-prod-{n}"), *some(10, name="db-prod-{n}")],
        [('{name: "web-*"}', "web")],
    ),
    "two tags together": (
        [
            *some(10, "web", tags={"app": "web", "env": "prod"}),
            *some(10, tags={"app": "web", "env": "dev"}),
            *some(10, tags={"app": "db", "env": "prod"}),
        ],
        [("{tags: {app: web, env: prod}}", "web")],
    ),
    "values in a list": (
        [*WEB, *some(10, "pages", first=20, tags={"app": "site"}), *DB],
        [("{tags: {app: [site, web]}}", "pages")],
    ),
    "a tag that names the role": (
        [*some(5, "web", tags={"ram-role": "web"}), *some(5, "job", tags={"ram-role": "job"}), *DB],
        [("{tags: {ram-role: [job, web]}}", "${tags.ram-role}")],
    ),
    "a VPC": ([*some(10, "web", vpc="vpc-a"), *some(10, vpc="vpc-b")], [("{vpc: vpc-a}", "web")]),
    "a key as it is written": ([*some(9, "web", tags={"App": "web"}), *some(9, tags={"App": "db"})], [('{tags: {"App": web}}', "web")]),
    "a word that YAML takes for something else": (
        [*some(9, "web", tags={"on": "yes"}), *some(9, tags={"on": "no"})],
        [('{tags: {"on": "yes"}}', "web")],
    ),
    "a role that is called as the rule for the way out": (
        [*some(9, "frozen", tags={"app": "web"}), *DB],
        [("{tags: {app: web}}", "frozen")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fleet", "expected"), LEARNT.values(), ids=LEARNT)
def test_the_rules_are_few_and_such_as_people_write(fleet: list[Instance], expected: list[tuple[str, str]]) -> None:
    found = adopt(fleet, source="a fleet")
    assert rules(found) == expected
    assert found.exceptions == ()
    assert found.described == len(fleet)
    assert check(found.text) == ()


def test_an_oversight_is_an_exception_and_no_rule() -> None:
    forgotten = some(1, tags={"app": "web"})
    by_hand = some(1, "jobs", tags={"app": "web"}, first=50)
    found = adopt([*some(60, "pages", tags={"app": "web"}), *JOB, *forgotten, *by_hand, *DB], source="a fleet")

    assert rules(found) == [("{tags: {app: job}}", "jobs"), ("{tags: {app: web}}", "pages")]
    assert [(one.held, one.wanted, one.rule) for one in found.exceptions] == [
        ("", "pages", "pages"),
        ("jobs", "pages", "pages"),
    ]
    assert all(one.instance_id in found.text for one in found.exceptions)
    assert "mode: audit" in found.text


def test_nothing_that_names_one_instance_alone_is_a_condition() -> None:
    fleet = [
        Instance(
            instance_id=f"i-{n}", region="r", name=f"box{n}", tags={"host": f"h{n}", "id": f"i-abc{n:06}"}, role=role
        )
        for n, role in enumerate(["web"] * 5 + [""] * 5)
    ]
    with pytest.raises(ConfigError, match="no tag or attribute tells their holders from others"):
        adopt(fleet, source="a fleet")


def test_a_role_of_which_nothing_is_learnt_is_not_listed_and_so_stays() -> None:
    odd = some(3, "odd", tags={"app": "db"}, first=100)
    capital = some(4, "Admin", tags={"app": "admin"})
    found = adopt([*WEB, *DB, *odd, *capital], source="a fleet")

    assert list(found.mapping.roles) == ["pages"]
    assert [(one.role, one.instances, one.why) for one in found.left] == [
        ("Admin", 4, "its name cannot be listed"),
        ("odd", 3, "nothing tells its holders from others"),
    ]
    assert found.exceptions == ()
    assert found.described == 20


def test_an_instance_that_could_not_be_read_teaches_nothing() -> None:
    unread = [Instance(instance_id="i-x", region="r", role="odd", unread=PermanentError("snapshot", "Odd", "no"))]
    found = adopt([*WEB, *DB, *unread], source="a fleet")
    assert (found.instances, list(found.mapping.roles)) == (20, ["pages"])


@pytest.mark.parametrize(
    ("fleet", "said"),
    [
        pytest.param([], "none of its 0 instances holds a role", id="nobody"),
        pytest.param(DB, "none of its 10 instances holds a role", id="no roles"),
        pytest.param(some(9, "Admin", tags={"app": "x"}), "names that roles.yaml cannot list", id="capital letters"),
        pytest.param([*some(9, "web"), *some(9)], "no tag or attribute tells", id="all alike"),
        pytest.param(
            [*some(9, "web"), *some(9, "job", tags={})], "hold 2 roles, and no tag", id="two roles, all alike"
        ),
    ],
)
def test_where_nothing_can_be_learnt_that_is_said_and_why(fleet: list[Instance], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        adopt(fleet, source="a fleet")


def test_what_others_wrote_does_not_leave_its_comment() -> None:
    evil = some(1, name="x\nroles: {evil: {}}", tags={"app": "web"}, first=999)
    found = adopt([*some(60, "web", tags={"app": "web"}), *DB, *evil], source="a\nfleet")
    assert list(found.mapping.roles) == ["web"]
    assert len(found.exceptions) == 1
    assert check(found.text) == ()

"""`rolekeeper test`: the cases of roles.test.yaml, judged; what failed stands first, and the exit code says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.functional.cli.inside import inside

ROLES = """
version: 1
roles:
  web: {description: w}
  worker: {description: k}
  guarded: {description: g, require: {imdsv2: true}, assignable_by: [user/alice]}
rules:
  - {name: guards, when: {tags: {app: guarded}}, role: guarded}
  - {name: off, when: {tags: {rolekeeper: "off"}}, then: ignore}
  - {name: on trial, when: {tags: {app: trial}}, role: web, mode: audit}
  - {name: Web tier, when: {tags: {app: web}, vpc: vpc-a}, role: web}
  - {name: by tag, when: {tags: {ram-role: {exists: true}}}, role: "${tags.ram-role}"}
""".replace("name: off", 'name: "off"')


UNREACHED = ["guards", "off", "on trial", "by tag"]


class Ran:
    def __init__(self, folder: Path, body: str, *words: str) -> None:
        (folder / "roles.yaml").write_text(ROLES)
        (folder / "roles.test.yaml").write_text(f"version: 1\ncases:\n{body}")
        ran = inside("test", *words, cwd=folder)
        self.code, self.out, self.err = ran.returncode, ran.stdout.decode(), ran.stderr.decode()

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


def case(instance: str, expect: str, name: str = "one") -> str:
    return f"  - {{name: {name}, instance: {instance}, expect: {expect}}}\n"


WEB = "{tags: {app: web}, vpc: vpc-a}"
JUDGED = {
    "a role": (WEB, "{role: web}", []),
    "a role by its rule": (WEB, "{role: web, rule: Web tier, mode: enforce}", []),
    "another role": (WEB, "{role: worker}", [("result", "role worker", "role web")]),
    "another rule": (WEB, "{role: web, rule: on trial}", [("rule", "on trial", "Web tier")]),
    "another mode": (WEB, "{role: web, mode: audit}", [("mode", "audit", "enforce")]),
    "none": ("{tags: {app: web}}", "none", []),
    "none, but a role": (WEB, "none", [("result", "no rule matches", "role web")]),
    "a role, but none": ("{vpc: vpc-b}", "{role: web}", [("result", "role web", "no rule matches")]),
    "ignored": ("{tags: {rolekeeper: 'off', app: web}}", "{then: ignore, rule: 'off'}", []),
    "refused": ("{tags: {ram-role: admin}}", "refused", []),
    "refused, and the role": ("{tags: {ram-role: admin}}", "{then: refused, role: admin, rule: by tag}", []),
    "refused, another role": (
        "{tags: {ram-role: admin}}",
        "{then: refused, role: root}",
        [("result", "refused, as role 'root' is not listed", "refused, as role 'admin' is not listed")],
    ),
    "the change": ("{tags: {app: web}, role: worker}", "{then: none, action: detach, reason: no-longer-mapped}", []),
    "a young instance": ("{tags: {app: web}, role: worker, age: 1m}", "{then: none, action: none, reason: young}", []),
    "no role outside a VPC": (
        "{tags: {app: web}, vpc: vpc-a, network: classic}",
        "{role: web, action: none, reason: not-in-vpc}",
        [],
    ),
    "what a role requires": ("{tags: {app: guarded}, imdsv2: true}", "{role: guarded}", []),
    "what it requires is not met": (
        "{tags: {app: guarded}, imdsv2: false}",
        "{then: refused, role: guarded, rule: guards, reason: requirement-not-met}",
        [],
    ),
    "a guard refuses what was expected": (
        "{tags: {app: guarded}}",
        "{role: guarded}",
        [("result", "role guarded", "refused (requirement-not-met) for role guarded")],
    ),
    "asked for by whom it may": ("{tags: {app: guarded}, imdsv2: true, tagged_by: user/alice}", "{role: guarded}", []),
    "asked for by somebody else": (
        "{tags: {app: guarded}, imdsv2: true, tagged_by: user/bob}",
        "{then: refused, reason: not-assignable}",
        [],
    ),
    "asked for by nobody known": (
        "{tags: {app: guarded}, imdsv2: true, tagged_by: nobody}",
        "{then: refused, reason: not-assignable}",
        [],
    ),
    "its time is over": (
        "{tags: {app: web, ram-role-until: 2025-12-31T23:59Z}, vpc: vpc-a, role: web}",
        "{then: none, action: detach, reason: expired}",
        [],
    ),
    "its time is over, and that was not expected": (
        "{tags: {app: web, ram-role-until: 2025-12-31T23:59Z}, vpc: vpc-a}",
        "{role: web}",
        [("result", "role web", "no role: the time of its tag ram-role-until is over")],
    ),
    "another change": (
        "{tags: {app: web}, vpc: vpc-a, role: worker}",
        "{role: web, action: attach}",
        [("action", "attach", "swap")],
    ),
}


@pytest.mark.parametrize(("instance", "expect", "differences"), JUDGED.values(), ids=list(JUDGED))
def test_a_case_is_judged_as_the_functions_decide(
    tmp_path: Path, instance: str, expect: str, differences: list[tuple[str, str, str]]
) -> None:
    ran = Ran(tmp_path, case(instance, expect), "--json")
    (found,) = ran.json()["cases"]
    assert [(d["what"], d["expected"], d["got"]) for d in found["differences"]] == differences
    assert ran.code == (1 if differences else 0)
    assert found["passed"] == (not differences)


def test_what_failed_stands_first_with_its_line_what_was_expected_and_what_came(tmp_path: Path) -> None:
    ran = Ran(tmp_path, case(WEB, "{role: web}", "right") + case(WEB, "{role: worker}", "wrong"))
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert '  rule 4, "Web tier" -> web: it decides' in lines
    assert "     yes  tag app is web: it is web" in lines
    assert lines[0] == "FAILED wrong (roles.test.yaml:4)"
    assert lines[1].split() == ["result:", "expected", "role", "worker"]
    assert lines[2].split() == ["got", "role", "web"]
    assert lines[-1] == "roles.test.yaml: 2 cases, 1 failed; 1 of 5 rules reached"
    assert "right" not in ran.out


def test_a_rule_that_no_case_reaches_is_said_and_is_an_error_under_strict(tmp_path: Path) -> None:
    body = case(WEB, "{role: web}")
    assert Ran(tmp_path, body).code == 0
    assert Ran(tmp_path, body, "--coverage").code == 0
    ran = Ran(tmp_path, body, "--strict")
    assert ran.code == 1
    assert ran.out.splitlines()[:4] == [f"no case reaches rule '{name}'" for name in UNREACHED]
    assert Ran(tmp_path, body, "--json").json()["unreached"] == UNREACHED


def test_coverage_shows_each_rule_first_those_that_no_case_reaches(tmp_path: Path) -> None:
    shown = Ran(tmp_path, case(WEB, "{role: web}"), "--coverage").out.splitlines()
    assert [line.split() for line in shown[1:6]] == [
        ["none", "guards"],
        ["none", "off"],
        ["none", "on", "trial"],
        ["none", "by", "tag"],
        ["1", "Web", "tier"],
    ]


def test_a_mistake_in_the_file_is_said_with_its_line_and_nothing_is_judged(tmp_path: Path) -> None:
    ran = Ran(tmp_path, case(WEB, "{role: wbe}"))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("rolekeeper: roles.test.yaml:3: case 'one': expect.role: 'wbe' is not among the roles")
    assert ran.err.endswith("did you mean 'web'?\n")


def test_the_sample_passes_and_reaches_every_rule() -> None:
    ran = inside("test", "--strict")
    assert ran.returncode == 0, ran.stdout.decode()


def test_the_file_of_cases_is_sought_beside_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "my.yml").write_text(ROLES)
    (tmp_path / "there" / "my.test.yml").write_text(f"version: 1\ncases:\n{case(WEB, '{role: web}')}")
    ran = inside("test", "--roles-file", "there/my.yml", cwd=tmp_path)
    assert ran.stdout.decode().startswith("there/my.test.yml: 1 case, none failed")


def test_junit_xml_has_a_testcase_a_case_and_one_for_the_rules_under_strict(tmp_path: Path) -> None:
    body = case(WEB, "{role: web}", "right") + case(WEB, "{role: worker}", '"wr<on&g \\u202E[1m"')
    assert Ran(tmp_path, body, "--junit", "j.xml", "--strict").code == 1
    suite = ElementTree.parse(tmp_path / "j.xml").getroot()[0]
    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "3", "2")
    found = {each.get("name"): [failure.text for failure in each] for each in suite}
    assert list(found) == ["right", "wr<on&g \\u202e[1m", "every rule is reached by a case"]
    right, wrong, rules = found.values()
    assert right == []
    assert str(wrong[0]).startswith("  result: expected role worker\n          got      role web\n  rule 4, ")
    assert rules == ["\n".join(f"no case reaches rule '{name}'" for name in UNREACHED)]
    assert suite[0].get("file") == "roles.test.yaml"
    assert suite[0].get("line") == "3"


def test_junit_xml_takes_no_other_file_s_place(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine", encoding="utf-8")
    ran = Ran(tmp_path, case(WEB, "{role: web}"), "--junit", "mine.yaml")
    assert (ran.code, (tmp_path / "mine.yaml").read_text(encoding="utf-8")) == (1, "mine")
    assert ran.err == "rolekeeper: --junit: mine.yaml: is there already, and is no XML; it stays: name another\n"


def test_junit_xml_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    ran = Ran(tmp_path, case(WEB, "{role: web}"), "--junit", "no/such/j.xml")
    assert (ran.code, ran.err) == (
        1,
        "rolekeeper: --junit: no/such/j.xml: cannot be written: No such file or directory\n",
    )


def snapshot(folder: Path) -> None:
    made_at, created = "2026-12-01T00:00:00Z", "2026-11-30T23:55Z"
    fleet = [
        {"rolekeeper_snapshot": 1, "account_id": "1", "region": "cn-hangzhou", "made_at": made_at},
        {"instance_id": "i-web", "tags": {"App": "web", "env": "prod"}, "vpc": "vpc-a", "role": "worker"},
        {"instance_id": "i-young", "tags": {}, "role": "web", "created_at": created.replace("Z", ":00Z")},
        {"instance_id": "i-unread", "unread": "no answer"},
        {"instances": 3},
    ]
    (folder / "fleet.json").write_text("".join(json.dumps(line) + "\n" for line in fleet))


FROM_SNAPSHOT = {
    "as it is": ("{from: i-web}", "{role: web, rule: Web tier, action: swap}"),
    "in another VPC": ("{from: i-web, vpc: vpc-b}", "none"),
    "with another tag": ("{from: i-web, tags: {app: trial}}", "{role: web, mode: audit}"),
    "as young as it was then": ("{from: i-young}", "{then: none, action: none, reason: young}"),
    "older": ("{from: i-young, age: 1h}", "{then: none, action: detach}"),
}


@pytest.mark.parametrize(("instance", "expect"), FROM_SNAPSHOT.values(), ids=list(FROM_SNAPSHOT))
def test_an_instance_of_a_snapshot_has_what_is_not_written(tmp_path: Path, instance: str, expect: str) -> None:
    snapshot(tmp_path)
    ran = Ran(tmp_path, case(instance, expect), "--snapshot", "fleet.json")
    assert ran.code == 0, ran.out + ran.err


NOT_THERE = {
    "without a snapshot": ([], "i-web", "instance.from names an instance of a snapshot: give it with --snapshot FILE"),
    "another id": (["--snapshot", "fleet.json"], "i-gone", "instance.from: i-gone is not there in fleet.json"),
    "one that was not read": (["--snapshot", "fleet.json"], "i-unread", "i-unread was not read in fleet.json"),
    "no snapshot": (["--snapshot", "roles.yaml"], "i-web", "no snapshot of rolekeeper's"),
}


@pytest.mark.parametrize(("words", "name", "message"), NOT_THERE.values(), ids=list(NOT_THERE))
def test_an_instance_that_is_not_there_is_one_error(tmp_path: Path, words: list[str], name: str, message: str) -> None:
    snapshot(tmp_path)
    ran = Ran(tmp_path, case(f"{{from: {name}}}", "none"), *words)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert message in ran.err

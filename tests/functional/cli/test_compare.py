"""`rolekeeper compare`: what it says of two files, its exit codes, and a comment that obeys nobody who wrote a name."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from cli.view.examples import code_span
from shared.errors import PermanentError
from shared.model.instance import Instance
from shared.model.snapshot import Header, written
from tests.functional.cli.inside import inside as run

OLD = """\
version: 1
roles:
  web:
    policies: [{template: oss-read-only, with: {bucket: assets}}]
  batch:
    policies: [{template: oss-read-only, with: {bucket: jobs}}, {system: AliyunOTSReadOnlyAccess}]
rules:
  - {name: web tier, when: {tags: {app: web}}, role: web}
  - {name: jobs, when: {tags: {app: job}}, role: batch}
"""


@pytest.fixture
def files(tmp_path: Path) -> Any:
    def compared(new: str, *words: str, old: str = OLD, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        (tmp_path / "old.yaml").write_text(old, encoding="utf-8")
        (tmp_path / "new.yaml").write_text(new, encoding="utf-8")
        return run("compare", "old.yaml", "new.yaml", *words, cwd=tmp_path, stdin=stdin)

    return compared


def test_two_files_that_mean_the_same_end_with_0(files: Any) -> None:
    ran = files(OLD.replace("web tier", "pages"))
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.decode().splitlines()[-1] == (
        "same: no instance whatever is treated differently: proven (rules are written, named or ordered differently)"
    )


def test_a_difference_is_told_with_its_rules_an_example_and_permissions(files: Any) -> None:
    ran = files(OLD.replace("{app: web}", "{app: [web, job]}"))
    assert ran.returncode == 2
    assert ran.stdout.decode().splitlines()[2:] == [
        "",
        "1. role batch -> role web",
        '   rule jobs -> rule "web tier"',
        "     for example: tag app=job",
        "   + Allow oss:GetObject on acs:oss:*:0000000000000000:assets/*",
        "   + Allow oss:ListObjects on acs:oss:*:0000000000000000:assets",
        "   - Allow oss:GetObject on acs:oss:*:0000000000000000:jobs/*",
        "   - Allow oss:ListObjects on acs:oss:*:0000000000000000:jobs",
        "   - system policy AliyunOTSReadOnlyAccess",
        "",
        "differs: 1 change in how instances are treated",
    ]


def test_a_role_that_may_do_more_differs_though_no_instance_gets_another(files: Any) -> None:
    ran = files(OLD.replace("bucket: jobs", "bucket: all-jobs"))
    told = ran.stdout.decode()
    assert ran.returncode == 2
    assert "role batch: whoever holds it may do other things\n   + Allow oss:GetObject on" in told
    assert told.splitlines()[-1] == (
        "differs: 1 role that differs; but for that no instance whatever is treated differently: proven"
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("settings: {launch_grace: 90s}", "settings: launch_grace: 10m -> 1m30s"),
        (
            "settings: {brake: {at_least: 3}}",
            "settings: brake: max_removals 20%, at_least 10 -> max_removals 20%, at_least 3",
        ),
        ("settings: {displace: [old-*]}", "settings: displace: none -> old-*"),
        ("settings: {role_patterns: ['web*']}", "settings: role_patterns: none -> web*"),
        ("settings: {record_unchanged: true}", "settings: record_unchanged: false -> true"),
        ("settings: {brake: {max_removals: 20.00000001%}}", "at_least 10 -> max_removals 20.00000001%, at_least 10"),
    ],
    ids=["grace", "brake", "displace", "patterns", "records", "a small share"],
)
def test_a_setting_that_differs_is_told(files: Any, change: str, expected: str) -> None:
    ran = files(f"{OLD}{change}\n")
    assert ran.returncode == 2
    assert expected in ran.stdout.decode()


def test_what_is_undecided_is_told_first_and_is_not_the_same(files: Any) -> None:
    jobs_first = OLD.replace("{app: web}", "{app: web, x: y}")
    with mock.patch("cli.compare.MAX_EFFORT", 1):
        ran = files(jobs_first)
        as_comment = files(jobs_first, "--markdown")
    lines = ran.stdout.decode().splitlines()
    assert ran.returncode == 1
    assert lines[3].startswith("NOT DECIDED: ")
    assert '  rule "web tier" -> no rule: perhaps role web -> no role' in lines
    assert lines[-1].startswith("undecided: nothing was found to differ, and ")
    assert as_comment.stdout.decode().startswith("### rolekeeper: NOT DECIDED")


def test_json_has_all_of_it(files: Any) -> None:
    found = json.loads(files(OLD.replace("{app: web}", "{app: [web, job]}"), "--json").stdout)
    (one,) = found["differences"]
    assert found["result"] == "differs"
    assert (one["old"]["role"], one["new"]["role"], one["all_rules_named"]) == ("batch", "web", True)
    assert one["rules"] == [{"old": "jobs", "new": "web tier", "example": {"tags": {"app": "job"}}}]
    assert "system policy AliyunOTSReadOnlyAccess" in one["losses"]
    assert (found["roles"], found["settings"], found["undecided"]) == ([], [], [])


def test_a_mapping_may_come_from_standard_input(tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text(OLD)
    assert run("compare", "-", "new.yaml", cwd=tmp_path, stdin=OLD.encode()).returncode == 0
    ran = run("compare", "-", "-", cwd=tmp_path, stdin=OLD.encode())
    assert (ran.returncode, ran.stderr.count(b"\n")) == (1, 1)


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        ("version: 1\n", [], "new.yaml:1: roles: missing"),
        (OLD.replace("bucket: jobs", "bukket: jobs"), [], "oss-read-only"),
        (OLD, ["--json", "--markdown"], "not both"),
        (OLD, ["--ids"], "with --snapshot alone"),
        (OLD, ["--snapshot", "none.json"], "none.json: cannot be read"),
        (OLD, ["--effort", "0"], "--effort"),
        (OLD, ["--effort", "x"], "--effort"),
    ],
    ids=[
        "not a mapping",
        "a policy that cannot be made",
        "two forms",
        "ids of none",
        "no fleet",
        "no effort",
        "no number",
    ],
)
def test_bad_input_is_an_error_and_nothing_else(files: Any, content: str, words: list[str], said: str) -> None:
    ran = files(content, *words)
    assert ran.returncode == 1
    assert said in (ran.stderr + ran.stdout).decode()
    assert b"Traceback" not in ran.stderr


FLEET = [
    Instance(instance_id=f"i-{n}", region="cn-hangzhou", name=f"n-{n}", tags={"app": app}, role=role)
    for n, (app, role) in enumerate([("web", "web")] * 8 + [("job", "batch")] * 2 + [("db", "")] * 3)
]
HEADER = Header(
    rolekeeper_snapshot=1,
    account_id="1234567890123456",
    region="cn-hangzhou",
    made_at=datetime(2026, 12, 1, 8, 0, tzinfo=timezone.utc),
)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    file = tmp_path / "fleet.json"
    file.write_bytes(b"".join(written(HEADER, FLEET)))
    return file


def test_with_a_fleet_its_instances_are_counted_and_named(files: Any, fleet: Path) -> None:
    ran = files(OLD.replace("{app: web}", "{app: web, tier: '1'}"), "--snapshot", "fleet.json")
    told = ran.stdout.decode()
    assert ran.returncode == 2
    assert "fleet: fleet.json, 13 instances of cn-hangzhou, account 1234567890123456, 2026-12-01 08:00:00Z\n" in told
    assert "   in the fleet: 8 instances\n     i-0 n-0, holds web\n" in told
    assert "     ... and 3 more (--ids shows all)\n" in told
    assert told.endswith("; 8 of 13 instances of the fleet are treated differently\n")
    all_of_them = files(
        OLD.replace("{app: web}", "{app: web, tier: '1'}"), "--snapshot", "fleet.json", "--ids"
    ).stdout.decode()
    assert "i-7 n-7, holds web" in all_of_them
    assert "more (--ids" not in all_of_them


def test_what_happens_to_nobody_in_the_fleet_still_differs(files: Any, fleet: Path) -> None:
    ran = files(OLD.replace("{app: web}", "{app: [web, site]}"), "--snapshot", "fleet.json")
    assert ran.returncode == 2
    assert "   in the fleet: none\n" in ran.stdout.decode()
    assert ran.stdout.decode().endswith("; none of 13 instances of the fleet are treated differently\n")


def test_what_hits_the_fleet_is_read_before_what_hits_nobody(files: Any, fleet: Path) -> None:
    site = "  - {name: site, when: {tags: {site: a}}, role: batch}\n"
    changed = OLD.replace("rules:\n", f"rules:\n{site}").replace("{app: web}", "{app: web, tier: '1'}")
    told = [
        line for line in files(changed, "--snapshot", "fleet.json").stdout.decode().splitlines() if "fleet:" in line
    ]
    nobody = [line.endswith("none") for line in told[1:]]
    assert nobody == sorted(nobody)
    assert set(nobody) == {True, False}


def test_the_fleet_proves_what_the_search_did_not_decide(files: Any, fleet: Path) -> None:
    with mock.patch("cli.compare.MAX_EFFORT", 1):
        ran = files(OLD.replace("app: web", "app: wep"), "--snapshot", "fleet.json", "--json")
    found = json.loads(ran.stdout)
    (one,) = found["differences"]
    assert ran.returncode == 2
    assert (one["old"]["text"], one["new"]["text"], len(one["instances"])) == ("role web", "no role", 8)
    assert ("role web", "no role") not in {(q["old"]["text"], q["new"]["text"]) for q in found["undecided"]}
    assert found["fleet"]["changed"] == 8


def test_the_holders_of_a_role_that_is_listed_no_longer_are_counted(files: Any, fleet: Path) -> None:
    lines = [line for line in OLD.splitlines() if "batch" not in line and "jobs" not in line]
    ran = files("\n".join(lines), "--snapshot", "fleet.json")
    assert (
        "role batch: listed no longer: it is foreign now, and stays where it is (2 instances of the fleet)"
        in ran.stdout.decode()
    )


def test_instances_that_could_not_be_read_are_named_first(files: Any, tmp_path: Path) -> None:
    unread = Instance(instance_id="i-x", region="cn-hangzhou", unread=PermanentError("snapshot", "Odd", "no"))
    (tmp_path / "fleet.json").write_bytes(b"".join(written(HEADER, [*FLEET, unread])))
    told = files(OLD, "--snapshot", "fleet.json").stdout.decode()
    assert told.splitlines()[4:6] == [
        "NOT OBSERVED: 1 instance of the fleet could not be read when the snapshot was made",
        "  i-x",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", "no snapshot of rolekeeper's"),
        (b"".join(written(HEADER, FLEET))[:-40], "fleet.json:"),
        (b"".join([*written(HEADER, FLEET)][:-1]), "it was cut short"),
    ],
    ids=["none", "half a line", "no last line"],
)
def test_a_snapshot_that_is_none_is_one_error(files: Any, tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "fleet.json").write_bytes(content)
    ran = files(OLD, "--snapshot", "fleet.json")
    assert (ran.returncode, ran.stdout, ran.stderr.count(b"\n")) == (1, b"", 1)
    assert said in ran.stderr.decode()


HOSTILE = "`x`** <img src=x onerror=a> [l](http://e) @all #1 | & ``` \u202e"


def test_a_comment_shows_what_others_wrote_and_nothing_of_it_is_markup(files: Any) -> None:
    name = json.dumps(HOSTILE.replace("\u202e", ""))
    new = OLD.replace("name: web tier", f"name: {name}").replace("{app: web}", f"{{app: {name}}}")
    ran = files(new, "--markdown")
    told = ran.stdout.decode()
    assert ran.returncode == 2
    assert told.startswith("### rolekeeper: instances or roles change\n\nDiffers: ")
    for line in told.splitlines():
        assert "onerror" not in outside_of_code(line)
        assert "@all" not in outside_of_code(line)


def test_a_comment_shows_a_tag_s_key_that_proves_who_asks_as_code(files: Any) -> None:
    """A mapping of a merge request may name any tag: the comment that judges it must not be written by it."""
    new = OLD.replace("  web:\n", "  web:\n    assignable_by: [user/ops]\n", 1)
    new = new.replace("{app: web}", '{"x** <img onerror=e> @all": web}')
    told = files(new, "--markdown").stdout.decode()
    assert "asked for by tag x" in told
    markup = "".join(map(outside_of_code, told.splitlines()))
    assert ("onerror" in markup, "@all" in markup) == (False, False)


def outside_of_code(line: str) -> str:
    """Return what of a line CommonMark reads as markup: code spans end with as many backticks as they begin with."""
    rest, out = line, ""
    while "`" in rest:
        before, _, after = rest.partition("`")
        ticks = len(after) - len(after.lstrip("`")) + 1
        body, fence = after[ticks - 1 :], "`" * ticks
        at = next(
            (
                i
                for i in range(len(body))
                if body.startswith(fence, i) and body[i - 1 : i] != "`" and body[i + ticks : i + ticks + 1] != "`"
            ),
            None,
        )
        if at is None:
            return out + rest
        out, rest = out + before, body[at + ticks :]
    return out + rest


@pytest.mark.parametrize("text", ["a", "`", "a`", "``a`b", "", " ", "`` ` ```", "a\nb", "\u202ea", "a" * 1000])
def test_a_code_span_holds_the_whole_text(text: str) -> None:
    made = code_span(text)
    assert outside_of_code(made) == ""
    assert "\n" not in made
    assert "\u202e" not in made


def test_a_long_comment_is_cut_and_says_so(files: Any) -> None:
    rules = "".join(
        f"  - {{name: '{'n' * 100}{n}', when: {{tags: {{a{n}: {'v' * 70}}}}}, role: r{n}}}\n" for n in range(60)
    )
    roles = "".join(f"  r{n}: {{}}\n" for n in range(60))
    head = f"version: 1\nroles:\n{roles}rules:\n"
    told = files(
        head + "".join(reversed(rules.splitlines(keepends=True))), "--markdown", old=head + rules
    ).stdout.decode()
    assert len(told) < 65_536
    assert "**Cut:" in told.splitlines()[-1]

"""Guards of a role and the setting `until`, as they are written: what is read, what is refused with which words, what is warned of."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping import MappingError, check, load
from shared.mapping.contents import Until
from shared.mapping.file_changes import role_changes, setting_changes
from shared.mapping.until import end_of
from shared.model.instance import Instance

FILE = """
version: 1
roles:
  web: ROLE
rules:
  - {name: web, when: {tags: {app: web}}, role: web}
"""
SETTING = FILE.replace("ROLE", "{}") + "settings: {until: UNTIL}\n"

MISTAKES = (
    ("{assignable_by: alice}", "roles.web.assignable_by: must be a list of actors, found the text 'alice'; write [alice]"),
    ("{assignable_by: [alice]}", "write user/alice or role/alice"),
    ("{assignable_by: [users/alice]}", "write user/alice"),
    ("{assignable_by: [Role/x]}", "write role/x"),
    ("{assignable_by: [role/x/session]}", "write the role's name without its session"),
    ("{assignable_by: ['role/x:session']}", "write the role's name without its session"),
    ("{assignable_by: [ram-user]}", "write user/NAME"),
    ("{assignable_by: [Root]}", "write root"),
    ("{assignable_by: [user/оps]}", "after user/ or role/ there are"),
    ("{assignable_by: [1234567890123456]}", "is read as a number"),
    ("{assignable_by: []}", "an empty list of actors"),
    ("{assignabel_by: [root]}", "did you mean 'assignable_by'?"),
    ("{require: {}}", "empty; write at least one of"),
    ("{require: {vcp: x}}", "did you mean 'vpc'?"),
    ("{require: {tags: {a: b}}}", "it can be no requirement"),
    ("{require: {name: x}}", "it can be no requirement"),
    ("{require: {imdsv2: false}}", "must be true"),
    ("{require: {imdsv2: required}}", "must be true, found the text 'required'"),
    ("{require: {http_tokens: required}}", "did you mean 'imdsv2'?"),
    ("{require: {region: ''}}", "never an empty text"),
)  # fmt: skip
NO_TIMES = (
    "", "never", "2026-12-31", "2026-12-31T18:00", "2026-12-31 18:00Z", "31.12.2026", "2026-12-31T18Z", "2026-02-30T10:00Z", "2026-13-01T10:00Z",
    "2026-12-31T25:00Z", "2026-12-31T18:00z", "2026-12-31T18:00+8", "2026-12-31T18:00 CST", "1798711200", "２026-12-31T10:00Z", "2026-12-31T10:00Z\nx",
    "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "2026-12-31T18:00+99:00", "20261231T1000Z", "+24h",
)  # fmt: skip


def file(role: str) -> str:
    return FILE.replace("ROLE", role)


def texts(text: str) -> list[str]:
    return [str(problem) for problem in check(text)]


@pytest.mark.parametrize(("role", "told"), MISTAKES)
def test_a_mistake_is_told_with_its_line_and_what_to_write(role: str, told: str) -> None:
    (problem,) = (text for text in texts(file(role)) if ": warning: " not in text)
    assert problem.startswith("roles.yaml:4: roles.web")
    assert told in problem
    with pytest.raises(MappingError):
        load(file(role))


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("{tag: ''}", "is not a tag key"),
        ("{tag: 5}", "read as a number"),
        ("{warn: soon}", "must be a duration"),
        ("{tags: x}", "did you mean 'tag'?"),
        ("2026", "must be a mapping"),
    ],
)
def test_so_is_one_in_the_setting(until: str, told: str) -> None:
    (problem,) = texts(SETTING.replace("UNTIL", until))
    assert problem.startswith("roles.yaml:7: settings.until")
    assert told in problem


@pytest.mark.parametrize(
    ("glob", "told"),
    [
        ("*", "every caller"),
        ("user/*", "every RAM user"),
        ("role/?*", "every RAM role"),
        ("user/...*", "every RAM user"),
    ],
)
def test_a_glob_that_is_everybody_is_a_warning(glob: str, told: str) -> None:
    (problem,) = texts(file(f"{{assignable_by: [root, '{glob}']}}"))
    assert "roles.yaml:4: warning: roles.web.assignable_by[1]: " in problem
    assert told in problem


@pytest.mark.parametrize("when", ["", "when: {vpc: vpc-1}, ", "when: {tags: {app: web}, name: web-*}, "])
def test_a_rule_by_which_no_call_can_ask_is_a_warning(when: str) -> None:
    text = file("{assignable_by: [root]}").replace("when: {tags: {app: web}}, ", when)
    (problem,) = texts(text)
    assert problem.startswith("roles.yaml:6: warning: rule 'web': role: the role is assignable_by some")


@pytest.mark.parametrize(
    "role", ["{assignable_by: [user/a-*, role/B, root]}", "{require: {vpc: [a, b*], imdsv2: true}}"]
)
def test_what_is_right_has_no_problem_and_another_hash(role: str) -> None:
    assert texts(file(role)) == []
    assert load(file(role)).hash != load(file("{}")).hash


def test_a_setting_that_is_written_out_has_the_hash_of_the_default() -> None:
    default = SETTING.replace("UNTIL", "{tag: ram-role-until, warn: 24h}")
    assert load(default).hash == load(file("{}")).hash
    assert load(default.replace("24h", "2h")).hash != load(default).hash


def test_files_that_differ_in_a_guard_alone_differ() -> None:
    old, new = load(file("{}")), load(file("{assignable_by: [root], require: {vpc: {not: [a, b]}, imdsv2: true}}"))
    assert [(change.name, change.old, change.new) for change in role_changes(old, new)] == [
        ("assignable_by", "none", "root"),
        ("require", "none", "vpc: not a or b, imdsv2: required"),
    ]
    (change,) = setting_changes(old, load(SETTING.replace("UNTIL", "{tag: Bis, warn: 90m}")))
    assert (change.old, change.new) == ("tag ram-role-until, warn 24h", "tag bis, warn 1h30m")


def test_a_role_that_requires_an_attribute_makes_its_changes_news() -> None:
    assert load(file("{require: {resource_group: rg-1, imdsv2: true}}")).attributes == {"resource_group", "http_tokens"}


def end(text: str, key: str = "Ram-Role-Until") -> datetime | None:
    found = end_of(Instance(instance_id="i-1", region="r", tags={key: text}), Until())
    assert found is not None
    return found.at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-12-31T18:00+08:00", datetime(2026, 12, 31, 10, tzinfo=timezone.utc)),
        ("2026-12-31T10:00Z", datetime(2026, 12, 31, 10, tzinfo=timezone.utc)),
        (" 2026-12-31T10:00:30.5Z ", datetime(2026, 12, 31, 10, 0, 30, tzinfo=timezone.utc)),
        ("2026-12-31T10:00:30-0330", datetime(2026, 12, 31, 13, 30, 30, tzinfo=timezone.utc)),
        ("2024-02-29T00:00Z", datetime(2024, 2, 29, tzinfo=timezone.utc)),
    ],
)
def test_a_time_with_a_zone_is_read(text: str, at: datetime) -> None:
    assert end(text) == at


@pytest.mark.parametrize("text", NO_TIMES)
def test_any_other_text_is_none(text: str) -> None:
    assert end(text) is None


@given(st.text())
def test_no_text_is_too_odd_and_each_is_shown_harmlessly(text: str) -> None:
    found = end_of(Instance(instance_id="i-1", region="r", tags={"ram-role-until": text}), Until())
    assert found is not None
    assert found.told.isprintable()
    assert len(found.told) < 200


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_every_time_that_is_written_is_read_back(at: datetime, minutes: int) -> None:
    written = at.replace(tzinfo=timezone(timedelta(minutes=minutes)), microsecond=0)
    assert end(written.isoformat()) == written


def test_an_instance_without_the_tag_has_no_end() -> None:
    assert end_of(Instance(instance_id="i-1", region="r", tags={"until": "x"}), Until()) is None

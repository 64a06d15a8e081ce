"""settings.displace: which foreign roles `replace` may take off; and what is told where it and `replace` do not meet."""

from __future__ import annotations

import pytest

from shared.mapping import MappingError, check, load

FILE = """\
version: 1
roles: {{web: {{}}}}
rules:
  - {{name: w, when: {{tags: {{a: b}}}}, role: web{rule}}}
settings: {{{settings}}}
"""
REPLACE = "foreign_roles: replace"


def file(settings: str = REPLACE, rule: str = "") -> str:
    return FILE.format(settings=settings, rule=f", {rule}" if rule else "")


@pytest.mark.parametrize(
    ("displace", "role", "may"),
    [
        pytest.param("", "anything", False, id="none named, so none"),
        pytest.param("[legacy]", "legacy", True, id="by name"),
        pytest.param("[legacy]", "legacy-1", False, id="a longer name"),
        pytest.param("[legacy-*]", "legacy-1", True, id="a glob"),
        pytest.param("[legacy-*]", "old-legacy-1", False, id="a glob is for the whole name"),
        pytest.param("[one, '*-old']", "web-old", True, id="the second of two"),
        pytest.param("[ecsrole*]", "EcsRoleOfMine", True, id="whatever the case of the role"),
        pytest.param("[a.b]", "axb", False, id="a dot is a dot"),
    ],
)
def test_a_foreign_role_may_be_displaced(displace: str, role: str, may: bool) -> None:
    mapping = load(file(f"{REPLACE}, displace: {displace}" if displace else REPLACE))
    assert mapping.may_displace(role) is may


@pytest.mark.parametrize(
    ("settings", "rule", "replaces"),
    [
        pytest.param(REPLACE, "", True, id="the settings say so"),
        pytest.param("", REPLACE, True, id="the rule says so"),
        pytest.param(REPLACE, "foreign_roles: keep", False, id="the only rule says otherwise"),
        pytest.param("", "", False, id="nothing says so"),
    ],
)
def test_whether_a_mapping_replaces(settings: str, rule: str, replaces: bool) -> None:
    assert load(file(settings, rule)).replaces is replaces


def test_a_rule_that_gives_no_role_replaces_none() -> None:
    assert not load(file("").replace("role: web", f"then: ignore, {REPLACE}")).replaces


@pytest.mark.parametrize(
    ("displace", "message"),
    [
        pytest.param(
            "['*']",
            "displace[0]: '*' is not the name of a foreign role, or a glob with *: it takes in every role of the account",
            id="any role",
        ),
        pytest.param("[ok, '*-**']", "displace[1]: '*-**' is not", id="any role, in disguise"),
        pytest.param("[Legacy]", "write it in lower case; role names compare without case here", id="upper case"),
        pytest.param("['legacy-?']", "1 to 64 of a-z, 0-9, '.' and '-', and * for any of them", id="a question mark"),
        pytest.param(
            "[web]", "'web' is listed under roles; only roles that are not can be displaced", id="a listed role"
        ),
        pytest.param("[]", "an empty list of foreign roles", id="nobody"),
        pytest.param("legacy", "must be a list of foreign roles, found the text 'legacy'", id="no list"),
        pytest.param("[1]", "'1' is read as a number; write \"1\" in quotes", id="a number"),
    ],
)
def test_what_cannot_be_displaced_is_an_error(displace: str, message: str) -> None:
    with pytest.raises(MappingError) as refused:
        load(file(f"{REPLACE}, displace: {displace}"))
    assert message in str(refused.value)
    assert "settings.displace" in str(refused.value)


def test_a_misspelt_key_is_recognised() -> None:
    with pytest.raises(MappingError, match=r"settings\.displaces: unknown key; did you mean 'displace'"):
        load(file("displaces: [a]"))


@pytest.mark.parametrize(
    ("settings", "rule", "place"),
    [
        pytest.param(REPLACE, "", "roles.yaml:5: warning: settings.foreign_roles: ", id="in the settings"),
        pytest.param("", REPLACE, "roles.yaml:4: warning: rule 'w': foreign_roles: ", id="in a rule"),
    ],
)
def test_replace_without_displace_is_a_warning_that_names_the_mend(settings: str, rule: str, place: str) -> None:
    (problem,) = check(file(settings, rule))
    assert str(problem).startswith(f"{place}the functions' role will not allow it")
    assert "list those under settings.displace" in str(problem)


def test_displace_without_replace_is_a_warning() -> None:
    (problem,) = check(file("displace: [a]"))
    assert str(problem).startswith("roles.yaml:5: warning: settings.displace: of no use")


BROAD = {
    "two letters anywhere": ["*a*", "*e*"],
    "one letter anywhere": ["*q*"],
    "one letter, and a hyphen": ["*-x*"],
    "every first letter": [f"{letter}*" for letter in "abcdefghijklmnopqrstuvwxyz"],
    "the usual last letters": ["*r", "*d", "*n", "*t"],
    "every environment": ["*-prod", "*-dev", "*-test"],
    "one broad among narrow ones": ["legacy-*", "*o*"],
}


@pytest.mark.parametrize("displace", BROAD.values(), ids=BROAD)
def test_globs_that_take_in_most_names_are_a_warning(displace: list[str]) -> None:
    (problem,) = check(file(f"{REPLACE}, displace: {displace}"))
    assert str(problem).startswith("roles.yaml:5: warning: settings.displace: together these take in ")
    assert "name the roles, or write the beginning that they share" in problem.message


def test_what_is_said_of_the_share_is_true() -> None:
    said = {glob: check(file(f"{REPLACE}, displace: ['{glob}']"))[0].message for glob in ("*a*", "*7*")}
    assert "every role that has one certain character in its name" in said["*7*"]
    assert "%" not in said["*a*"] + said["*7*"], "of half of the names or more alone"


NARROW = {
    "a beginning": ["legacy-*"],
    "several beginnings": ["legacy-*", "old-*", "app-*", "team.a-*"],
    "an end": ["*-old"],
    "an environment": ["*-prod"],
    "a word": ["*admin*"],
    "names": ["a", "e", "administrator"],
    "service roles": ["aliyun*"],
}


@pytest.mark.parametrize("displace", NARROW.values(), ids=NARROW)
def test_the_two_together_are_fine(displace: list[str]) -> None:
    assert check(file(f"{REPLACE}, displace: {displace}")) == ()


@pytest.mark.parametrize(
    ("patterns", "place", "said"),
    [
        pytest.param(
            "[other-*]", "settings.role_patterns[0]: ", "'other-*' covers no role that is listed", id="of no use"
        ),
        pytest.param(
            "[web*, db-*]", "settings.role_patterns[1]: ", "'db-*' covers no role that is listed", id="one of two"
        ),
    ],
)
def test_a_pattern_that_stands_for_nothing_is_a_warning(patterns: str, place: str, said: str) -> None:
    (problem,) = check(file(f"role_patterns: {patterns}"))
    assert str(problem).startswith(f"roles.yaml:5: warning: {place}")
    assert said in problem.message


@pytest.mark.parametrize("patterns", ["['*']", "['we*']", "[web]", "['*-web']", "[]", "[Web*]"])
def test_what_is_no_pattern_is_an_error(patterns: str) -> None:
    with pytest.raises(MappingError, match=r"settings\.role_patterns"):
        load(file(f"role_patterns: {patterns}"))


def test_the_hash_knows_what_is_displaced_and_not_in_which_order() -> None:
    hashes = [load(file(f"displace: {names}")).hash for names in ("[a, b-*]", "[b-*, a, a]", "[a, c-*]")]
    assert hashes[0] == hashes[1] != hashes[2]

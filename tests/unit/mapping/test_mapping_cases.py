"""The cases of roles.test.yaml: read as strictly as roles.yaml, with rows, and with every mistake in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping import MappingError, load
from shared.mapping.cases import Case, load_cases
from shared.mapping.described import NOW
from shared.mapping.expectation import Expectation

MAPPING = load(
    "version: 1\nroles: {web: {}, worker: {}}\nrules:\n"
    "  - {name: web tier, when: {tags: {app: web}}, role: web}\n"
    "  - {name: off, when: {tags: {rolekeeper: 'off'}}, then: ignore}\n".replace("name: off", "name: 'off'")
)


def cases(body: str) -> tuple[Case, ...]:
    return load_cases(f"version: 1\ncases:\n  - {{name: one, {body}}}\n", MAPPING, file="t.yaml")


MISTAKES = [
    pytest.param("instance: {}, expct: none", "expct: unknown key; did you mean 'expect'?", id="key of a case"),
    pytest.param("instance: {}, table: [], expect: none", "table: unknown key; did you mean 'rows'?", id="table"),
    pytest.param("instance: {tag: {a: b}}, expect: none", "instance.tag: unknown key; did you mean 'tags'?", id="tag"),
    pytest.param("instance: {vcp: a}, expect: none", "instance.vcp: unknown key; did you mean 'vpc'?", id="vpc"),
    pytest.param("instance: {type: a}, expect: none", "did you mean 'instance_type'?", id="another word"),
    pytest.param("instance: {instance_id: i-a}, expect: none", "did you mean 'id'?", id="instance_id"),
    pytest.param("instance: {ram_role: web}, expect: none", "did you mean 'role', the RAM role", id="ram_role"),
    pytest.param("instance: {not: {vpc: a}}, expect: none", "conditions are for roles.yaml", id="a condition"),
    pytest.param("instance: {zzz: a}, expect: none", "known are tags, vpc,", id="a key like no other"),
    pytest.param("instance: {vpc: vpc-*}, expect: none", "instance.vpc: 'vpc-*' is a glob", id="a glob"),
    pytest.param("instance: {vpc: [a, b]}, expect: none", "found a list; an instance has one value", id="a list"),
    pytest.param("instance: {vpc: ''}, expect: none", "instance.vpc: empty; leave it out", id="empty attribute"),
    pytest.param("instance: {tags: {a: off}}, expect: none", "'off' is read as a boolean", id="a bare off"),
    pytest.param("instance: {tags: {a: b, A: c}}, expect: none", "differ only in case are one", id="keys by case"),
    pytest.param("instance: {tags: [a]}, expect: none", "instance.tags: must be a mapping", id="tags list"),
    pytest.param("instance: {network: clasic}, expect: none", "did you mean 'classic'?", id="network"),
    pytest.param("instance: {age: 5}, expect: none", "instance.age: must be a duration such as 10m", id="age"),
    pytest.param("instance: {id: x}, expect: none", "'x' is not an instance id", id="id"),
    pytest.param("instance: [], expect: none", "instance: must be a mapping (key: value), found a list", id="no mapping"),
    pytest.param("expect: none", "instance: missing: write instance:", id="no instance"),
    pytest.param("instance: {}", "expect: missing: write expect:", id="no expect"),
    pytest.param("instance: {}, expect: nnoe", "found the text 'nnoe'; did you mean 'none'?", id="a word"),
    pytest.param("instance: {}, expect: web", "found the text 'web'; write {role: web}", id="a role alone"),
    pytest.param("instance: {}, expect: ", "expect: none where no rule should match", id="nothing"),
    pytest.param("instance: {}, expect: {role: wbe}", "expect.role: 'wbe' is not among the roles of the mapping; did you mean 'web'?", id="role"),
    pytest.param("instance: {}, expect: {role: web, rule: web tire}", "expect.rule: 'web tire' is not among the rules of the mapping; did you mean 'web tier'?", id="rule"),
    pytest.param("instance: {}, expect: {rule: web tier}", "expect: says neither role nor then", id="a rule alone"),
    pytest.param("instance: {}, expect: {then: ignroe}", "then: must be none or ignore or refused, not 'ignroe'; did you mean 'ignore'?", id="then"),
    pytest.param("instance: {}, expect: {none: true}", "expect.none: unknown key; write then: none", id="none as a key"),
    pytest.param("instance: {}, expect: {then: none, role: web}", "then: none gives no role", id="none and a role"),
    pytest.param("instance: {}, expect: {then: none, rule: web tier}", "means that no rule matches", id="none and a rule"),
    pytest.param("instance: {}, expect: {role: web, mode: audti}", "mode: must be enforce or", id="mode"),
    pytest.param("instance: {}, expect: {role: web, action: atach}", "did you mean 'attach'?", id="action"),
    pytest.param("instance: {}, expect: {role: web, reason: mising}", "did you mean 'missing'?", id="reason"),
    pytest.param("instance: {}, expect: none, rows: [{expcet: none}]", "rows[0].expcet: unknown key", id="key of a row"),
    pytest.param("instance: {}, expect: none, rows: []", "rows: an empty list of rows", id="no rows"),
    pytest.param("instance: {}, rows: [{name: a}]", "rows[0].expect: missing, here and in the case", id="row lacks it"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message"), MISTAKES)
def test_a_mistake_is_reported_once_with_line_case_and_suggestion(body: str, message: str) -> None:
    with pytest.raises(MappingError) as raised:
        cases(body)
    (problem,) = raised.value.problems
    assert str(problem).startswith("t.yaml:3: case 'one': ")
    assert message in str(problem)
    assert problem.column > 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "t.yaml:1: the file is empty; it needs version: 1 and cases", id="empty"),
        pytest.param("cases: [", "t.yaml:1: not valid YAML", id="no YAML"),
        pytest.param("cases: [{name: a, instance: {}, expect: none}]", "version: missing", id="no version"),
        pytest.param("version: 1\ncases: []", "cases: an empty list of cases", id="no cases"),
        pytest.param("version: 1\ntests: []", "did you mean 'cases'?", id="tests"),
    ],
)
def test_a_file_that_is_no_file_of_cases_is_refused(text: str, message: str) -> None:
    with pytest.raises(MappingError) as raised:
        load_cases(text, MAPPING, file="t.yaml")
    assert message in str(raised.value)


def test_two_cases_of_one_name_are_refused() -> None:
    case = "  - {name: one, instance: {}, expect: none}\n"
    with pytest.raises(MappingError, match=r"t.yaml:4: case 'one': name: .* the case on line 3 has this one already"):
        load_cases(f"version: 1\ncases:\n{case}{case}", MAPPING, file="t.yaml")


EXPECTED = {
    "none": Expectation(verdict="none"),
    "ignore": Expectation(verdict="ignore"),
    "refused": Expectation(verdict="refused"),
    "{role: web}": Expectation(verdict="role", role="web"),
    "{role: web, rule: web tier, mode: audit}": Expectation(verdict="role", role="web", rule="web tier", mode="audit"),
    "{then: ignore, rule: 'off'}": Expectation(verdict="ignore", rule="off"),
    "{then: refused, role: admin}": Expectation(verdict="refused", role="admin"),
    "{then: none, action: detach, reason: no-longer-mapped}": Expectation(
        verdict="none", action="detach", reason="no-longer-mapped"
    ),
}


@pytest.mark.parametrize(("text", "expected"), EXPECTED.items(), ids=list(EXPECTED))
def test_what_is_expected(text: str, expected: Expectation) -> None:
    (case,) = cases(f"instance: {{}}, expect: {text}")
    assert case.expect == expected


def test_an_instance_has_what_is_written_and_nothing_else() -> None:
    (case,) = cases(
        "instance: {id: i-a, tags: {App: web, empty: ''}, vpc: v, name: n, role: worker, network: classic, age: 5m}, expect: none"
    )
    made = case.instance
    assert (made.instance_id, made.tags, made.vpc, made.name) == ("i-a", {"App": "web", "empty": ""}, "v", "n")
    assert (made.role, made.network, made.region, made.zone) == ("worker", "classic", "", "")
    assert made.created_at is not None
    assert (NOW - made.created_at).total_seconds() == 300


def test_a_row_changes_the_case_tag_by_tag() -> None:
    base, changed = cases(
        "instance: {tags: {app: web, env: dev}, vpc: v}, expect: {role: web}, "
        "rows: [{name: as it is}, {instance: {tags: {APP: x}, zone: z}, expect: none}]"
    )
    assert (base.name, dict(base.instance.tags), base.expect.role) == (
        "one / as it is",
        {"app": "web", "env": "dev"},
        "web",
    )
    assert (changed.name, dict(changed.instance.tags)) == ("one / row 2", {"APP": "x", "env": "dev"})
    assert (changed.instance.vpc, changed.instance.zone, changed.expect.verdict) == ("v", "z", "none")


SAMPLE = (
    "version: 1\ncases:\n  - name: one\n    instance: {tags: {app: web}, vpc: v, age: 5m}\n    expect: {role: web, rule: web tier}\n"
    "    rows: [{name: a, instance: {imdsv2: true}}, {expect: none}]\n"
)
PIECES = st.sampled_from(
    [*"{}[]:-,&*!|>'\"#% \n\t", "null", "off", "1", "rows", "expect", "from", "<<", "\u2028", "i-a", "none"]
)


@given(st.lists(st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 8), PIECES), min_size=1, max_size=4))
def test_whatever_is_written_is_read_or_refused_with_its_place(changes: list[tuple[int, int, str]]) -> None:
    text = SAMPLE
    for place, cut, piece in changes:
        text = text[:place] + piece + text[place + cut :]
    try:
        found = load_cases(text, MAPPING, file="t.yaml")
    except MappingError as error:
        assert error.problems
        assert all(str(problem).startswith("t.yaml:") and problem.line >= 1 for problem in error.problems)
    else:
        assert all(case.name and case.expect.verdict for case in found)

"""`rolekeeper test --new`: one case a rule, found by the solver; what is written passes as it stands."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.cases import judge
from cli.new_cases import written
from shared.mapping import load
from shared.mapping.cases import load_cases
from shared.mapping.witnesses import Example, examples
from tests.functional.cli.every import ROOT
from tests.functional.cli.inside import inside

RULES = """
version: 1
roles: {web: {}, worker: {}, app-web: {}, strict: {require: {vpc: vpc-z*, imdsv2: true}, assignable_by: [user/al*]}}
rules:
  - {name: required, when: {tags: {app: strict}}, role: strict}
  - {name: never met, when: {tags: {app: other}, vpc: vpc-y}, role: strict}
  - {name: "off", when: {tags: {rolekeeper: "off"}}, then: ignore}
  - {name: 'text: of "YAML", #1', when: {tags: {App: "yes", empty: ""}}, role: web}
  - {name: 中文规则, when: {tags: {团队: "中*"}, name: "a?c"}, role: worker, mode: audit}
  - {name: by tag, when: {tags: {app: "*"}, vpc: vpc-*}, role: "app-${tags.app}"}
  - {name: never listed, when: {tags: {x: {exists: true}}}, role: "x-${tags.x}"}
  - {name: again off, when: {tags: {rolekeeper: "off"}}, role: web}
  - {name: rest, when: {not: {region: cn-beijing}}, role: worker}
"""


def test_what_it_writes_has_a_case_a_rule_and_passes(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text(RULES, encoding="utf-8")
    made = inside("test", "--new", cwd=tmp_path)
    assert made.returncode == 0, made.stderr.decode()
    first, last = made.stdout.decode().splitlines()
    assert first.startswith("no case for rule 'again off': no instance was found that gets through to it")
    assert last == "roles.test.yaml: 9 cases for 9 rules; read them, then run: rolekeeper test"
    ran = inside("test", "--json", cwd=tmp_path)
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["failed"], told["unreached"]) == (0, 0, ["again off"])
    by_name = {case["name"]: (case["verdict"], case["role"], case["mode"]) for case in told["cases"]}
    assert by_name == {
        "required": ("role", "strict", "enforce"),
        "never met": ("refused", "strict", "enforce"),
        "off": ("ignore", "", "enforce"),
        'text: of "YAML", #1': ("role", "web", "enforce"),
        "中文规则": ("role", "worker", "audit"),
        "by tag": ("role", "app-web", "enforce"),
        "never listed": ("refused", by_name["never listed"][1], "enforce"),
        "rest": ("role", "worker", "enforce"),
        "no rule matches": ("none", "", "enforce"),
    }


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "roles.test.yaml").write_text("mine")
    ran = inside("test", "--new", cwd=tmp_path)
    assert ran.returncode == 1
    assert "roles.test.yaml: is there already, and is not overwritten" in ran.stderr.decode()
    assert (tmp_path / "roles.test.yaml").read_text() == "mine"
    told = json.loads(inside("test", "other.yaml", "--new", "--json", cwd=tmp_path).stdout)
    assert told == {"file": "other.yaml", "cases": 9, "without_case": ["again off"]}


def test_it_goes_with_nothing_that_judges(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text(RULES, encoding="utf-8")
    ran = inside("test", "--new", "--strict", "--junit", "j.xml", cwd=tmp_path)
    assert ran.returncode == 1
    assert "leave --strict, --junit out" in ran.stderr.decode()
    assert not (tmp_path / "roles.test.yaml").exists()


def test_without_a_file_of_cases_the_command_that_writes_one_is_said(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text(RULES, encoding="utf-8")
    ran = inside("test", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert (
        "roles.test.yaml: is not there; name the file, or let one be written: rolekeeper test --new"
        in ran.stderr.decode()
    )


@pytest.mark.parametrize("file", ["roles.yaml", "cli/example.yaml"])
def test_every_rule_of_the_samples_gets_a_case(file: str) -> None:
    mapping = load((ROOT / file).read_text(encoding="utf-8"))
    made = list(examples(mapping))
    assert [each.name for each in made if isinstance(each, Example)][: len(mapping.rules)] == [
        r.name for r in mapping.rules
    ]


TEXTS = st.text(st.sampled_from("aB*? :#'\"\\{}[]-\u2028\x85\n中é\ud7ff=~0off"), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(TEXTS, TEXTS, TEXTS.map(lambda text: text.replace("\n", "")), st.booleans()), min_size=1, max_size=4
    ),
    st.randoms(use_true_random=False),
)
def test_whatever_the_rules_are_called_and_ask_for_what_is_written_passes(
    parts: list[tuple[str, str, str, bool]], chance: random.Random
) -> None:
    rules = []
    for number, (key, value, name, template) in enumerate(parts):
        clean = "".join(c for c in name if c.isprintable()).strip()
        asked = {"tags": {key: value}, **({"zone": value} if chance.random() < 0.3 else {})}
        rules.append({"name": f"r{number}{clean}", "when": asked, "role": "${tags.role}" if template else "web"})
    text = yaml.safe_dump({"version": 1, "roles": {"web": {}, "worker": {}}, "rules": rules}, allow_unicode=True)
    mapping = load(text)
    made = [each for each in examples(mapping) if isinstance(each, Example)]
    tested = judge(load_cases(written(made, mapping), mapping), mapping, file="t")
    assert not tested.failed
    assert len(tested.judged) == len(made)

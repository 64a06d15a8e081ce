"""docs/mapping.md and the shipped roles.yaml say what the code does: each example is read, each output is real."""

from __future__ import annotations

import itertools
import re
import textwrap
from pathlib import Path

import pytest

from shared.mapping import check, load
from shared.mapping.conditions import ATTRIBUTES
from shared.model.decision import Outcome, Reason
from shared.model.instance import Instance

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "mapping.md").read_text()
SHIPPED = (ROOT / "roles.yaml").read_text()

BLOCKS = re.findall(r"^```(yaml|yaml broken|text)\n(.*?)^```$", GUIDE, re.M | re.S)
YAML = [text for kind, text in BLOCKS if kind == "yaml"]
WHOLE = [text for text in YAML if text.startswith("version:")]
WHEN = [text for text in YAML if text.startswith("when:")]
BROKEN = [(text, after) for (kind, text), (_, after) in itertools.pairwise(BLOCKS) if kind == "yaml broken"]


def test_every_example_is_a_whole_file_or_a_when() -> None:
    assert len(YAML) == len(WHOLE) + len(WHEN)
    assert len(WHOLE) >= 4
    assert len(WHEN) >= 6
    assert len(BROKEN) == 4


@pytest.mark.parametrize("text", WHOLE)
def test_an_example_file_has_no_problems(text: str) -> None:
    assert check(text) == ()


@pytest.mark.parametrize("when", WHEN)
def test_an_example_condition_is_valid_and_can_be_met(when: str) -> None:
    rule = "  - name: example\n    role: web\n" + textwrap.indent(when, "    ")

    assert check("version: 1\nroles: {web: {}}\nrules:\n" + rule) == ()


@pytest.mark.parametrize(("text", "output"), BROKEN)
def test_the_output_shown_is_real(text: str, output: str) -> None:
    assert "".join(f"{problem}\n" for problem in check(text)) == output


@pytest.mark.parametrize("word", [*Reason, *Outcome])
def test_the_table_explains_every(word: Reason | Outcome) -> None:
    assert f"`{word.value}`" in GUIDE.partition("## What is decided")[2].partition("## Errors")[0]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_every_attribute_has_an_example(attribute: str) -> None:
    shown = [when for when in WHEN if re.search(rf"^  {attribute}: ", when, re.M)]
    assert shown, f"docs/mapping.md: show `{attribute}: ...` in an example of `when`"


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_every_attribute_is_an_instances(attribute: str) -> None:
    assert attribute in Instance.__struct_fields__, "shared/model/instance.py: Instance lacks the field"


def test_the_links_within_the_guide_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.*)$", GUIDE, re.M)
    }

    assert set(re.findall(r"\]\(#([^)]*)\)", GUIDE)) <= headings


def test_the_shipped_file_has_no_problems_and_names_its_schema() -> None:
    assert check(SHIPPED) == ()
    assert SHIPPED.startswith("# yaml-language-server: $schema=docs/roles.schema.json\n")
    assert (ROOT / "docs" / "roles.schema.json").is_file()


def test_the_shipped_file_lets_an_instance_opt_out_of_everything() -> None:
    tags = {"rolekeeper": "off", "app": "web", "env": "prod", "ram-role": "worker"}

    desired = load(SHIPPED).desired(Instance(instance_id="i", region="r", vpc="vpc-bp1", tags=tags))

    assert (desired.verdict, desired.rule) == ("ignore", "frozen")


@pytest.mark.parametrize(
    ("role", "rule", "instance"),
    [
        (
            "web-reader",
            "web tier",
            Instance(instance_id="i", region="r", vpc="vpc-bp1", tags={"app": "web", "env": "prod"}),
        ),
        ("worker", "workers", Instance(instance_id="i", region="r", name="worker-1")),
        (
            "batch",
            "nightly batch, on trial",
            Instance(instance_id="i", region="r", instance_type="ecs.c7", tags={"app": "batch-1"}),
        ),
        ("batch", "by tag", Instance(instance_id="i", region="r", vpc="vpc-bp1", tags={"ram-role": "batch"})),
        ("log-shipper", "production", Instance(instance_id="i", region="r", tags={"env": "prod"})),
    ],
)
def test_the_shipped_file_gives(role: str, rule: str, instance: Instance) -> None:
    desired = load(SHIPPED).desired(instance)

    assert (desired.verdict, desired.role, desired.rule) == ("role", role, rule)

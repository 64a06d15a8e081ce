"""Whatever the values: a document is refused, or it is the template's, with nothing but its placeholders filled in."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.policies import RenderError, compact, template, template_names
from shared.policies.template import PLACEHOLDER, Template, parse

TEXT = st.text(alphabet=st.one_of(st.sampled_from("\"'\\{}[]:,*?$\n\t\x00 abc/"), st.characters()), max_size=12)
NASTY = st.one_of(
    TEXT,
    st.sampled_from(
        ['"]}', '","Action":"*', "${account}", "${bucket}", "*", "a\r\nb", "\ud800", "web-assets", "jobs", "1"]
    ),
)
VALUE: st.SearchStrategy[Any] = st.one_of(NASTY, st.lists(NASTY, max_size=3))


def shape(node: Any, lists: frozenset[str]) -> Any:
    """Keys and kinds at every place; how often a member with a list variable in it stands there is left open."""
    if isinstance(node, dict):
        return {key: shape(value, lists) for key, value in node.items()}
    if isinstance(node, list):
        return [type(member).__name__ if isinstance(member, str) else shape(member, lists) for member in node]
    return type(node).__name__


def grown(node: Any, values: dict[str, Any]) -> Any:
    """The template's document with members repeated for the values of a list variable, and nothing filled in."""
    if isinstance(node, dict):
        return {key: grown(value, values) for key, value in node.items()}
    if not isinstance(node, list):
        return node
    members = []
    for member in node:
        names = PLACEHOLDER.findall(member) if isinstance(member, str) else []
        many = [values[name] for name in names if isinstance(values[name], list | tuple)]
        members += [grown(member, values)] * (len(dict.fromkeys(many[0])) if many else 1)
    return members


def check_rendering(shipped: Template, values: dict[str, Any]) -> None:
    try:
        document = shipped.render(values)
    except RenderError as refused:
        assert str(refused).isprintable()
        return
    assert json.loads(compact(document)) == document
    chosen = {name: values.get(name, variable.default) for name, variable in shipped.variables.items()}
    assert shape(document, frozenset()) == shape(grown(shipped.document, chosen), frozenset())
    literal = PLACEHOLDER.sub("", compact(shipped.document))
    assert compact(document).count('"Effect"') == literal.count('"Effect"')


@given(st.sampled_from(template_names()), st.data())
def test_no_value_changes_the_shape_of_a_shipped_template(name: str, data: st.DataObject) -> None:
    shipped = template(name)
    names = st.sampled_from([*shipped.variables, "other"])
    check_rendering(shipped, data.draw(st.dictionaries(names, VALUE)))


ANYTHING = {"pattern": r"[\s\S]*", "description": "anything at all"}
OPEN = parse(
    json.dumps(
        {
            "description": "d",
            "source": "s",
            "variables": {"a": ANYTHING, "b": ANYTHING, "c": {**ANYTHING, "type": "list"}},
            "document": {"Statement": [{"Effect": "x${a}${b}", "n": [1, None, True, "${c}-${a}", "y", {"z": "${b}"}]}]},
        }
    ),
    "open.json",
)


@given(st.fixed_dictionaries({"a": NASTY, "b": NASTY, "c": st.lists(NASTY, min_size=1, max_size=4)}))
def test_not_even_where_the_pattern_takes_anything(values: dict[str, Any]) -> None:
    check_rendering(OPEN, values)


@given(
    st.text(alphabet="abc*?", max_size=6), st.text(alphabet="abc*?", max_size=6), st.lists(st.text("abc"), min_size=1)
)
def test_a_value_lands_where_it_was_named_and_nowhere_else(a: str, b: str, c: list[str]) -> None:
    (statement,) = OPEN.render({"a": a, "b": b, "c": c})["Statement"]

    assert statement["Effect"] == f"x{a}{b}"
    assert statement["n"] == [1, None, True, *(f"{item}-{a}" for item in dict.fromkeys(c)), "y", {"z": b}]

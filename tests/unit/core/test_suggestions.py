"""One function finds the word that was intended, for roles.yaml, settings, payloads and commands alike."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from shared.suggestions import LONGEST, closest, did_you_mean, suggestion

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("word", "near"),
    [("tag", "tags"), ("TAGS", "tags"), ("rol", "Role"), ("zzz", ""), ("", ""), ("tags" + "x" * LONGEST * 9, "")],
)
def test_the_closest_word_is_found_in_whatever_case(word: str, near: str) -> None:
    assert closest(word, ["tags", "Role"]) == near


def test_a_suggestion_shows_all_words_where_none_is_like_it() -> None:
    assert did_you_mean("tagz", ["tags"]) == suggestion("tagz", ["tags"], "'{}'") == "did you mean 'tags'?"
    assert suggestion("x", ["b", "a"], "`{}`") == "known are b, a"
    assert suggestion("x", []) == "known are none"


def test_no_other_module_compares_words() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("shared", "cli", "functions")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and node.module == "difflib")
        or (isinstance(node, ast.Import) and any(name.name == "difflib" for name in node.names))
    ]
    assert found == ["shared/suggestions.py"]

"""What `make mutants` is told of by name is there: the files whose code it changes, and the functions of what is accepted."""

from __future__ import annotations

from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import tomli
import yaml

ROOT = Path(__file__).resolve().parents[2]
ASKED = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
ACCEPTED: list[dict[str, str]] = yaml.safe_load((ROOT / "tests/mutation/accepted.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "pattern", [*ASKED["only_mutate"], *ASKED["also_copy"], *ASKED["pytest_add_cli_args_test_selection"]]
)
def test_what_is_named_is_there(pattern: str) -> None:
    assert list(ROOT.glob(pattern))


def test_each_option_of_the_tests_names_a_file() -> None:
    ignored = [word.partition("=")[2] for word in ASKED["pytest_add_cli_args"] if "=" in word]
    assert all((ROOT / name).is_file() for name in ignored)


@pytest.mark.parametrize("name", sorted({one["in"] for one in ACCEPTED}))
def test_what_is_accepted_is_of_a_function_that_there_is(name: str) -> None:
    module, found = name, list[str]()
    while not any(
        place.exists()
        for place in (ROOT / f"{module.replace('.', '/')}.py", ROOT / module.replace(".", "/") / "__init__.py")
    ):
        module, _, last = module.rpartition(".")
        found.insert(0, last)
    owner: Any = import_module(module)
    assert callable(reduce(getattr, found, owner))


def test_each_has_its_reason() -> None:
    assert all(set(one) == {"in", "to", "why"} and all(one.values()) for one in ACCEPTED)

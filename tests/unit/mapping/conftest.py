"""Shared by the tests of the mapping: a file around one rule, and an instance from keywords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.model.instance import Instance

HEAD = """\
version: 1
roles: {web: {}, worker: {}}
rules:
"""


@pytest.fixture
def file_with() -> Callable[[str], str]:
    """A whole file around the text of its rules, which begin on line 4."""
    return lambda rules: HEAD + rules


@pytest.fixture
def an_instance() -> Callable[..., Instance]:
    def build(**fields: Any) -> Instance:
        return Instance(**{"instance_id": "i-bp1", "region": "cn-hangzhou", **fields})

    return build

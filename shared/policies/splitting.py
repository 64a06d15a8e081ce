"""Documents for many roles: one, or as few as RAM's limit on a document's size allows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

from shared.policies import rules
from shared.policies.findings import PolicyError, found
from shared.policies.limits import oversize

Document = dict[str, Any]
Make = Callable[[list[str]], Document]
"""The document for some roles."""


def single(make: Make, roles: list[str], policy: str) -> Document:
    return fitting(make(roles), roles, policy)


def fitting(document: Document, roles: list[str], policy: str) -> Document:
    over = oversize(document)
    if over:
        raise PolicyError([found(rules.SIZE, f"policy '{policy}' for {len(roles)} roles: {over}")])
    return document


def split(make: Make, roles: list[str], policy: str) -> tuple[Document, ...]:
    """Documents for all of the roles: as many of them into each as fit, in their order. Raises PolicyError."""
    documents: list[Document] = []
    while roles or not documents:
        fits = bisect_left(range(1, len(roles) + 1), True, key=lambda count: bool(oversize(make(roles[:count]))))
        fits = max(fits, 1)  # where not even one fits, the error says so
        documents.append(single(make, roles[:fits], policy))
        roles = roles[fits:]
    return tuple(documents)

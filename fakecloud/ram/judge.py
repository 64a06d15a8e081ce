"""The judgement of permission policies on one request: statements in, decision out. Pure; who asks for what is not known here.

Sources: RAM "How RAM evaluates policies", "Policy elements", "Policy structure and syntax". docs/security.md states the
semantics in full and which of them are documented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fakecloud.ram.conditions import holds, like
from fakecloud.ram.grammar import strings

Verdict = Literal["Allow", "ExplicitDeny", "ImplicitDeny"]
PolicyType = Literal["SessionPolicy", "AccountLevelIdentityBasedPolicy"]
Document = Mapping[str, Any]
Layer = tuple[PolicyType, Sequence[Document]]
"""Policies that count as one: a statement of any of them may allow. Each layer must allow by itself."""


@dataclass(frozen=True, slots=True)
class Decision:
    """policy_type: the layer that refused; of the last layer where none did."""

    verdict: Verdict
    policy_type: PolicyType

    @property
    def allowed(self) -> bool:
        return self.verdict == "Allow"


def judge(
    layers: Sequence[Layer],
    action: str,
    resource: str,
    context: Mapping[str, str],
    *,
    fold_roles: bool = False,
    tag_case: bool = False,
) -> Decision:
    """A Deny in any layer denies, else every layer must allow. layers: at least one. context: condition key -> value.

    fold_roles: role names in policies count as lower-case, see covers_resource. tag_case: see conditions.holds.
    """
    decisions = [
        Decision(decide(documents, action, resource, context, fold_roles, tag_case), kind) for kind, documents in layers
    ]
    for verdict in ("ExplicitDeny", "ImplicitDeny"):
        for decision in decisions:
            if decision.verdict == verdict:
                return decision
    return decisions[-1]


def decide(
    documents: Iterable[Document],
    action: str,
    resource: str,
    context: Mapping[str, str],
    fold_roles: bool = False,
    tag_case: bool = False,
) -> Verdict:
    """One layer: Deny wins over Allow, whatever their order; where no statement applies the answer is no."""
    effects = {
        statement["Effect"]
        for document in documents
        for statement in document["Statement"]
        if _applies(statement, action, resource, context, fold_roles, tag_case)
    }
    if "Deny" in effects:
        return "ExplicitDeny"
    return "Allow" if "Allow" in effects else "ImplicitDeny"


def covers_action(pattern: str, action: str) -> bool:
    """Without regard to case: "in most cases" action names are not case-sensitive (RAM "Policy elements")."""
    return like(pattern, action, ignore_case=True)


def covers_resource(pattern: str, resource: str, *, fold_roles: bool = False) -> bool:
    """Field by field: acs, service, region, account and the rest, which may hold colons. With regard to case.

    A `*` stays within its field, so `acs:ecs:*:instance/i-1`, which lacks the account, covers nothing; in the last field of
    a shorter pattern it covers all that follows (`*`, `acs:ecs:*`). fold_roles: the pattern's role name in lower case.
    """
    head, mark, name = pattern.rpartition(":role/")
    if fold_roles and mark:
        pattern = head + mark + name.lower()
    fields = pattern.split(":", 4)
    asked = resource.split(":", len(fields) - 1)
    return len(fields) == len(asked) and all(like(*pair) for pair in zip(fields, asked))  # noqa: B905 - lengths compared


def _applies(
    statement: Mapping[str, Any],
    action: str,
    resource: str,
    context: Mapping[str, str],
    fold_roles: bool,
    tag_case: bool,
) -> bool:
    return (
        _names(statement, "Action", lambda pattern: covers_action(pattern, action))
        and _names(statement, "Resource", lambda pattern: covers_resource(pattern, resource, fold_roles=fold_roles))
        and holds(statement.get("Condition", {}), context, tag_case=tag_case)
    )


def _names(statement: Mapping[str, Any], element: str, covers: Callable[[str], bool]) -> bool:
    """Action and Resource name what the statement is about, NotAction and NotResource all but that."""
    if element in statement:
        return any(covers(pattern) for pattern in strings(statement[element], element))
    return not any(covers(pattern) for pattern in strings(statement[f"Not{element}"], f"Not{element}"))

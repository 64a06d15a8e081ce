"""Trust policies of roles: their grammar, and whether one lets a principal in. Pure; permissions are not judged here.

Source: RAM "Modify the trust policy of a RAM role", CreateRole API page. Principal holds RAM, Service or Federated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from fakecloud.identity import Identity
from fakecloud.ram import conditions
from fakecloud.ram.grammar import (
    GrammarError,
    check_condition,
    check_effect,
    check_strings,
    only_keys,
    parse_document,
    strings,
)

ASSUME, SET_SOURCE_IDENTITY = "sts:AssumeRole", "sts:SetSourceIdentity"
PRINCIPALS = {
    "RAM": re.compile(r"acs:ram::(\d+|\*):(root|user/.+|role/.+)"),
    "Service": re.compile(r"(\d+@)?[a-z0-9-]+(\.[a-z0-9-]+)+"),  # ACCOUNT@service: the service of another account
    "Federated": re.compile(r"acs:ram::\d+:(saml-provider|oidc-provider)/.+"),
}
ACTION = re.compile(r"\*|sts:[\w*?]+", re.ASCII)


def parse_trust(text: str) -> dict[str, Any]:
    """A trust policy, checked. Raises GrammarError."""
    document = parse_document(text)
    for number, statement in enumerate(document["Statement"]):
        at = f"Statement[{number}]"
        only_keys(statement, ("Effect", "Action", "Principal", "Condition"), at)
        check_effect(statement, at)
        if "Action" not in statement:
            raise GrammarError(f"{at} has no Action")
        check_strings(statement, "Action", ACTION, at)
        _check_principal(statement.get("Principal"), at)
        check_condition(statement, at)
    return document


def _check_principal(block: Any, at: str) -> None:
    if not isinstance(block, dict) or not block:
        raise GrammarError(f"{at}.Principal must be an object with RAM, Service or Federated")
    only_keys(block, PRINCIPALS, f"{at}.Principal")
    for name, pattern in PRINCIPALS.items():
        if name in block:
            check_strings(block, name, pattern, f"{at}.Principal")


def allows_service(document: Mapping[str, Any], account: str, service: str) -> bool:
    """Return whether the service, working for the role's own account, may assume the role."""
    names = {service, f"{account}@{service}"}
    context = {"acs:SourceAccount": account, "acs:Service": service}
    return _allows(document, ASSUME, lambda kind, name: kind == "Service" and name in names, context)


def allows_identity(document: Mapping[str, Any], caller: Identity, action: str, context: Mapping[str, str]) -> bool:
    """Return whether the caller's account, user or role is let in. context: the request's condition keys, sts:ExternalId among them.

    Names compare without case, for the ARN that authorisation sees is lower-cased.
    """
    part = {"Account": "root", "RAMUser": f"user/{caller.name}", "AssumedRoleUser": f"role/{caller.name}"}[caller.kind]

    def matches(kind: str, name: str) -> bool:
        _, _, _, account, rest = name.split(":", 4) if kind == "RAM" else ("", "", "", "", "")
        return account in (caller.account, "*") and rest.lower() in ("root", part.lower())

    return _allows(document, action, matches, context)


def _allows(
    document: Mapping[str, Any], action: str, matches: Callable[[str, str], bool], context: Mapping[str, str]
) -> bool:
    effects = {
        statement["Effect"]
        for statement in document["Statement"]
        if any(conditions.like(a, action, ignore_case=True) for a in strings(statement["Action"], "Action"))
        and any(matches(kind, name) for kind, names in statement["Principal"].items() for name in strings(names, kind))
        and conditions.holds(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}

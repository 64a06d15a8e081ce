"""The checks of STS before it gives out keys: the form of each parameter, and whether the role lets the caller in.

Source: AssumeRole API page (2025/2026); "Use SourceIdentity for role assumption traceability and access control".
"""

from __future__ import annotations

import re
from typing import Any

from fakecloud.clock import Clock
from fakecloud.errors import CloudError
from fakecloud.identity import Identity
from fakecloud.ram import trust
from fakecloud.ram.grammar import GrammarError, parse_policy
from fakecloud.ram.models import Role
from fakecloud.sts import exceptions as errors

MIN_SECONDS, DEFAULT_SECONDS, POLICY_LIMIT = 900, 3600, 2048
_FORMS: tuple[tuple[str, str, int, int, type[CloudError]], ...] = (
    ("RoleSessionName", r"[A-Za-z0-9.@_-]*", 2, 64, errors.InvalidRoleSessionName),
    ("ExternalId", r"[\w+=,.@:/-]*", 2, 1224, errors.InvalidExternalId),
    ("SourceIdentity", r"[\w+=,.@-]*", 2, 64, errors.InvalidSourceIdentity),  # the form is a guess
)


def check(args: dict[str, Any]) -> None:
    """Form and length of the texts. Raises InvalidParameter.*."""
    for name, pattern, shortest, longest, error in _FORMS:
        text = args[name]
        if text is not None and not (shortest <= len(text) <= longest and re.fullmatch(pattern, text, re.ASCII)):
            raise error()
    policy = args["Policy"]
    if policy is not None:
        if len(policy) > POLICY_LIMIT or len(policy.encode("utf-8", "replace")) > POLICY_LIMIT:
            raise errors.PolicySize()
        try:
            parse_policy(policy)
        except GrammarError as error:
            raise errors.PolicyGrammar(f"{errors.PolicyGrammar.message} {error}.") from None


def check_duration(seconds: int, role: Role) -> None:
    if not MIN_SECONDS <= seconds <= role.max_session_seconds:
        raise errors.InvalidDuration()


def check_trust(role: Role, caller: Identity, clock: Clock, external_id: str | None, source: str | None) -> None:
    """Check that the role's trust policy lets the caller in. Raises NoPermission.

    An Alibaba Cloud account itself may assume no role, only its users and roles may (AssumeRole API page).
    That a SourceIdentity needs sts:SetSourceIdentity in the trust policy is unverified.
    """
    context = {
        "acs:CurrentTime": clock.stamp(),
        "acs:SecureTransport": "true",
        "acs:MFAPresent": "false",
        **({"sts:ExternalId": external_id} if external_id else {}),
        **({"sts:SourceIdentity": source} if source else {}),
    }
    actions = [trust.ASSUME, *([trust.SET_SOURCE_IDENTITY] if source else [])]
    trusted = all(trust.allows_identity(role.trust, caller, action, context) for action in actions)
    if caller.kind == "Account" or not trusted:
        raise errors.NoPermission()

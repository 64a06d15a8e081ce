"""The checks that RAM makes of a parameter before it looks anything up: names, lengths, documents. Holds no state.

Names: RAM API pages CreateRole, CreatePolicy, CreateUser (2026). Descriptions 1..1024 characters, comments 1..128.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fakecloud.errors import CloudError
from fakecloud.ram import exceptions as errors
from fakecloud.ram.grammar import GrammarError

_NAMES: dict[str, tuple[int, str]] = {
    "RoleName": (64, r"[A-Za-z0-9.-]+"),
    "UserName": (64, r"[A-Za-z0-9._-]+"),
    "PolicyName": (128, r"[A-Za-z0-9-]+"),
}
_LENGTHS = {"Description": 1024, "NewDescription": 1024, "Comments": 128, "DisplayName": 128}
_FORMATS = {
    "VersionId": r"v[1-9]\d*",
    "Email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "MobilePhone": r"(\d+-)?\d+",
}


def check(args: dict[str, Any]) -> None:
    """Check every parameter given that has a rule here. Raises InvalidParameter.*."""
    for parameter, value in args.items():
        if value is None:
            continue
        if parameter in _NAMES:
            name(parameter, value)
        elif parameter in _LENGTHS and len(value) > _LENGTHS[parameter]:
            raise errors.BeyondLength(parameter)
        elif parameter in _FORMATS and not re.fullmatch(_FORMATS[parameter], value, re.ASCII):
            raise errors.BadFormat(parameter)
        elif parameter == "PolicyType" and value not in ("System", "Custom"):
            raise errors.InvalidPolicyType()


def name(parameter: str, value: str) -> None:
    longest, pattern = _NAMES[parameter]
    if len(value) > longest:
        raise errors.BeyondLength(parameter)
    if not re.fullmatch(pattern, value):
        raise errors.InvalidChars(parameter)


def document(
    parameter: str, text: str, limit: int, parse: Callable[[str], dict[str, Any]], malformed_status: int
) -> dict[str, Any]:
    """The parsed document. Raises InvalidParameter.*.Length or MalformedPolicyDocument, whose message says where."""
    if len(text) > limit or len(text.encode("utf-8", "replace")) > limit:
        raise errors.BeyondLength(parameter)
    try:
        return parse(text)
    except GrammarError as error:
        malformed: CloudError = errors.MalformedPolicyDocument(f"{parameter}: {error}.", status=malformed_status)
        raise malformed from None

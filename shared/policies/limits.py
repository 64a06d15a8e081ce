"""The limits of RAM: sizes, counts, names. Source: RAM "Limits"; CreatePolicyVersion counts bytes, so both are checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

MAX_DOCUMENT = 6144
"""Characters, and bytes in UTF-8, of a policy document as it is sent."""
MAX_SESSION = 2048
"""The same of the session policy of one AssumeRole (its API page)."""
MAX_CUSTOM, MAX_SYSTEM = 10, 20
"""Policies that a role may hold."""
MAX_POLICY_NAME = 128

ROLE_NAME = re.compile(r"[a-z0-9.-]{1,64}")
"""RAM takes upper case too; rolekeeper does not, because the ARN that RAM authorises is in lower case."""
POLICY_NAME = re.compile(rf"[A-Za-z0-9-]{{1,{MAX_POLICY_NAME}}}")


def compact(document: Mapping[str, Any]) -> str:
    """The document as it is sent: JSON without blanks, other alphabets as they are."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def oversize(document: Mapping[str, Any], limit: int = MAX_DOCUMENT) -> str:
    """Return how far the document is over the limit, "" = it is not."""
    text = compact(document)
    characters, size = len(text), len(text.encode("utf-8", "surrogatepass"))
    if size <= limit:
        return ""
    return f"{characters} characters, {size} bytes: {size - limit} bytes over the {limit} that RAM takes"

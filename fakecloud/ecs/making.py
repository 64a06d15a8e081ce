"""The properties of instances that tests put there (Ecs.make, the side door). Makes nothing itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fakecloud.ecs.models import LOCK_REASONS, STATES

MOST_MADE = 1_000_000
MOST_TAGS = 20
TEXTS = ("zone", "name", "image", "instance_type", "vpc", "vswitch", "resource_group", "role")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "status": STATES,
    "network": ("vpc", "classic"),
    "http_tokens": ("optional", "required"),
    "http_endpoint": ("enabled", "disabled"),
    "lock_reason": ("", *LOCK_REASONS),
}
KNOWN = ("count", "tags", "region", "account", "age_seconds", *TEXTS, *CHOICES, "deletion_protection")


def checked(count: Any, tags: Any, age_seconds: Any, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties, fit for an instance. Raises ValueError naming what is not."""
    if type(count) is not int or not 1 <= count <= MOST_MADE:
        raise ValueError(f"count must be an integer, 1 to {MOST_MADE}, not {count!r}")
    if type(age_seconds) not in (int, float) or not 0 <= age_seconds < math.inf:
        raise ValueError(f"age_seconds must be a number, 0 or more, not {age_seconds!r}")
    if not isinstance(tags, Mapping) or not all(isinstance(t, str) for pair in tags.items() for t in pair):
        raise ValueError(f"tags must be a map of texts, not {tags!r}")
    if len(tags) > MOST_TAGS or len({key.lower() for key in tags}) < len(tags) or not all(tags):
        raise ValueError(
            f"tags must be {MOST_TAGS} at most, their keys not empty and different in more than their case"
        )
    for name, value in properties.items():
        if name not in KNOWN:
            raise ValueError(f"unknown property {name!r}; known: {', '.join(KNOWN)}")
        if name in CHOICES and value not in CHOICES[name]:
            raise ValueError(f"{name}: {value!r} is none of {', '.join(filter(None, CHOICES[name]))}")
        if name in TEXTS and not isinstance(value, str):
            raise ValueError(f"{name} must be a text, not {value!r}")
        if name == "deletion_protection" and not isinstance(value, bool):
            raise ValueError(f"deletion_protection must be true or false, not {value!r}")
    return dict(properties)

"""PLACEHOLDER while this service is being written."""

from __future__ import annotations

from typing import Any


def action_trail(call: Any, answer: dict[str, Any] | None, error: Any) -> dict[str, Any]:
    return {}


def instance_state(cloud: Any, account: str, region: str, instance_id: str, state: str) -> dict[str, Any]:
    return {}


def tag_change(cloud: Any, account: str, region: str, instance_id: str, changed_keys: list[str], tags: dict[str, str]) -> dict[str, Any]:
    return {}

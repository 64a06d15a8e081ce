"""Compares what a service of the emulated cloud declares with the published API definitions, where they are at hand."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest

from fakecloud.rpc import RpcService

DEFINITIONS = Path(__file__).parents[3] / "shared" / "openapi"
SOURCES = ("definition_2024_06", "structure_2025_12", "cli_2026_04")


def definition(product: str, action: str) -> dict[str, Any]:
    """The published definition of an action. Skips the test where the definitions are absent."""
    path = DEFINITIONS / product / f"{action}.json"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def check(
    service: RpcService,
    product: str,
    *,
    unpublished: Collection[str] = (),
    required: Mapping[str, Collection[str]] = {},
) -> int:
    """Fails where a declared parameter is not published or its required flag differs. How many actions were compared.

    unpublished: actions that have no definition here. required: by action, parameters whose flag differs on purpose.
    Skips the test where the definitions are absent. Only top-level names are compared (Tag of Tag.1.Key).
    """
    folder = DEFINITIONS / product
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    wrong, compared = [], 0
    for name, action in service.actions.items():
        path = folder / f"{name}.json"
        if not path.exists():
            if name not in unpublished:
                wrong.append(f"{name}: no definition, and not named as unpublished")
            continue
        compared += 1
        definition = json.loads(path.read_text(encoding="utf-8"))
        if definition["version"] != service.version:
            wrong.append(f"{name}: version {service.version}, published {definition['version']}")
        known = {p["name"].split(".")[0] for source in SOURCES for p in _parameters(definition, source)}
        wrong += [f"{name}: {extra} is not published" for extra in sorted(set(action.params) - known)]
        needed = {p["name"] for p in _parameters(definition, "cli_2026_04") if p.get("required")}
        for parameter, spec in action.params.items():
            differs = spec.required != (parameter in needed)
            if differs != (parameter in required.get(name, ())):
                wrong.append(f"{name}: {parameter} required={spec.required}, published {parameter in needed}")
        wrong += [
            f"{name}: {parameter} is required but not declared" for parameter in sorted(needed - set(action.params))
        ]
    wrong += [
        f"{name}: named as unpublished, but there is a definition"
        for name in unpublished
        if (folder / f"{name}.json").exists()
    ]
    assert not wrong, "\n".join(wrong)
    return compared


def _parameters(definition: Mapping[str, Any], source: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (definition.get(source) or {}).get("parameters") or []
    return found

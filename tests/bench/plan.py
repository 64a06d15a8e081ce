"""Benchmark of `rolekeeper plan` and `rolekeeper snapshot` over a fleet, beside the bare SDK making the listing calls alone. Asserts nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tests.bench.cloud import Remote
from tests.bench.fleet import MAPPING, ROLES, settings
from tests.bench.run import invoke

SIZE = 10_000


def mixed(size: int) -> list[dict[str, Any]]:
    """Half of the fleet is right; of the rest a third has no role, a third another one, a third one that no rule gives."""
    each = size // (6 * len(ROLES))
    turned = ROLES[1:] + ROLES[:1]
    changes: list[dict[str, Any]] = [
        group
        for role, other in zip(ROLES, turned, strict=True)
        for group in (
            {"count": each, "app": role, "role": ""},
            {"count": each, "app": role, "role": other},
            {"count": each, "app": "", "role": other},
        )
    ]
    right = size - each * len(changes)
    return [*changes, {"count": right, "app": ROLES[0], "role": ROLES[0]}]


def planned(size: int = SIZE) -> dict[str, Any]:
    """The plan of such a fleet without latency, a snapshot of it, the plan of the snapshot; each in a process of its own."""
    found: dict[str, Any] = {"instances": size}
    with tempfile.TemporaryDirectory() as folder, Remote() as cloud:
        roles_file, fleet = Path(folder) / "roles.yaml", str(Path(folder) / "fleet.json")
        roles_file.write_text(MAPPING, encoding="utf-8")
        env = settings(cloud.url, roles_file)
        for name, function, payload in (
            ("listing", "bare", {"typed": True, "roles": ROLES}),
            ("plan", "command", ["plan", "-o", str(Path(folder) / "plan.json")]),
            ("snapshot", "command", ["snapshot", "-o", fleet]),
            ("plan_of_snapshot", "command", ["plan", "--snapshot", fleet]),
        ):
            cloud.fleet(groups=mixed(size), latency_ms=0)
            ran = invoke(function, payload, env)
            calls = sum(cloud.count()["calls"].values())
            found[name] = {key: ran[key] for key in ("wall_s", "cpu_s", "peak_mb", "outcomes")} | {"calls": calls}
    found["ratio"] = round(found["plan"]["wall_s"] / found["listing"]["wall_s"], 2)
    return found

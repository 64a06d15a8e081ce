"""Benchmark of runs over fleets: calls against the fewest possible, wall, CPU, memory, and whether all is right and recorded.

Beside it, in the same run, a plain reference that follows the published API examples. Judges by ratios; asserts nothing.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from fakecloud.identity import ACCOUNT, ROOT_KEY
from tests.bench.cloud import PROJECT, REGION, Remote
from tests.bench.run import invoke

SIZES = (1_000, 10_000, 100_000)
LATENCY_MS = 50
ROLES = [f"role-{n}" for n in range(10)]
CASES = {
    "a": "all wrong (no role)", "b": "all right", "c": "1 in 100 wrong", "d": "all to be swapped", "e": "all to be removed",
}  # fmt: skip
EVENT_READS = ("DescribeInstances", "DescribeInstanceRamRole")
MAPPING = f"""
version: 1
roles: {{{", ".join(f"{role}: {{description: bench}}" for role in ROLES)}}}
rules: [{{name: by app, when: {{tags: {{app: {{exists: true}}}}}}, role: "${{tags.app}}"}}]
"""
OUTCOME = {"a": "attached", "c": "attached", "d": "swapped", "e": "detached"}


def groups(case: str, size: int) -> list[dict[str, Any]]:
    """The fleet of a case: a tenth of it for each role."""
    each = size // len(ROLES)
    turned = ROLES[1:] + ROLES[:1]
    match case:
        case "a":
            return [{"count": each, "app": role, "role": ""} for role in ROLES]
        case "b":
            return [{"count": each, "app": role, "role": role} for role in ROLES]
        case "c":
            wrong = each // 100
            return [
                group
                for role in ROLES
                for group in (
                    {"count": each - wrong, "app": role, "role": role},
                    {"count": wrong, "app": role, "role": ""},
                )
            ]
        case "d":
            return [{"count": each, "app": role, "role": old} for role, old in zip(ROLES, turned, strict=True)]
    return [{"count": each, "app": "", "role": role} for role in ROLES]


def fewest(case: str, fleet: list[dict[str, Any]]) -> dict[str, int]:
    """The fewest calls: pages of the listing, the cheaper of the two ways to learn the roles, full calls of writes, and
    the look that follows each removal."""

    def calls(instances: int, size: int) -> int:
        return -(-instances // size)

    total = sum(group["count"] for group in fleet)
    held = {role: sum(g["count"] for g in fleet if g["role"] == role) for role in ROLES}
    mapped_bare = sum(g["count"] for g in fleet if g["app"] and not g["role"])
    by_id = calls(total, 50)
    by_holders = sum(max(1, calls(count, 50)) for count in held.values()) + calls(mapped_bare, 50)
    attaches = sum(
        calls(sum(g["count"] for g in fleet if g["app"] == role and g["role"] != role), 100) for role in ROLES
    )
    detaches = sum(
        calls(sum(g["count"] for g in fleet if g["role"] == role and g["app"] != role), 100) for role in ROLES
    )
    looks = detaches  # the one after each removal; one before it is for facts that are older than a second
    return {"reads": calls(total, 100) + min(by_id, by_holders) + looks, "writes": attaches + detaches}


def settings(url: str, roles_file: Path) -> dict[str, str]:
    return {
        "ROLEKEEPER_ENDPOINT": url,
        "ROLEKEEPER_REGION": REGION,
        "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
        "ROLEKEEPER_SLS_PROJECT": PROJECT,
        "ROLEKEEPER_ROLES_FILE": str(roles_file),
        "ROLEKEEPER_CALLS_PER_MINUTE": "1000000",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": ROOT_KEY[0],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ROOT_KEY[1],
    }


def measure(cloud: Remote, case: str, size: int, roles_file: Path) -> dict[str, Any]:
    """One run of reconcile over such a fleet, in a process of its own."""
    fleet = groups(case, size)
    cloud.fleet(groups=fleet, latency_ms=LATENCY_MS)
    ran = invoke("reconcile", {"reconcile": {"lift_brake": True}}, settings(cloud.url, roles_file))
    after, least = cloud.count(), fewest(case, fleet)
    calls = sum(count for action, count in after["calls"].items() if action != "PutLogs")
    to_record = sum(g["count"] for g in fleet if g["app"] != g["role"])
    return {
        "case": case,
        "instances": size,
        "calls": calls,
        "fewest": least["reads"] + least["writes"],
        "ratio": round(calls / (least["reads"] + least["writes"]), 4),
        "put_logs": after["calls"].get("PutLogs", 0),
        "wall_s": ran["wall_s"],
        "cpu_s": ran["cpu_s"],
        "peak_mb": ran["peak_mb"],
        "right": after["right"],
        "records": after["recorded"],
        "to_record": to_record,
        "run_records": len(after["runs"]),
        "by_action": after["calls"],
    }


def reference(cloud: Remote, size: int) -> dict[str, Any]:
    """All wrong, brought in line as the published examples show: one Describe and one Attach an instance, in turn."""
    cloud.fleet(groups=groups("a", size), latency_ms=LATENCY_MS)
    ran = invoke("reference", cloud.tags(), settings(cloud.url, Path("-")))
    after = cloud.count()
    return {"instances": size, "calls": sum(after["calls"].values()), "right": after["right"], **ran}


def sdk_share(cloud: Remote, size: int, roles_file: Path) -> dict[str, Any]:
    """CPU seconds for 1,000 instances that are all right: of the run, and of the bare SDK making the same calls.

    Each is the difference between two sizes, so that imports and the first call do not count.
    """
    found: dict[str, Any] = {}
    for name, function, payload in (
        ("run", "reconcile", {"reconcile": {}}),
        ("generic_sdk", "bare", {"typed": False, "roles": ROLES}),
        ("typed_sdk", "bare", {"typed": True, "roles": ROLES}),
    ):
        cpu = []
        for count in (size // 10, size):
            cloud.fleet(groups=groups("b", count), latency_ms=0)
            cpu.append(invoke(function, payload, settings(cloud.url, roles_file))["cpu_s"])
        found[name] = round((cpu[1] - cpu[0]) / (size - size // 10) * 1000, 4)
    return found


def fleets(sizes: tuple[int, ...] = SIZES, say: Any = print) -> dict[str, Any]:
    """Everything of this part; say: told of each result as it comes."""
    with tempfile.TemporaryDirectory() as folder, Remote() as cloud:
        roles_file = Path(folder) / "roles.yaml"
        roles_file.write_text(MAPPING, encoding="utf-8")
        rows = []
        for size in sizes:
            for case in CASES:
                rows.append(measure(cloud, case, size, roles_file))
                say(rows[-1])
        plain = reference(cloud, 1_000)
        say(plain)
        share = sdk_share(cloud, 10_000, roles_file)
        say(share)
        return {"rows": rows, "reference": plain, "cpu_s_per_1000_unchanged": share}

"""A plan and the remediation after it agree line by line, whatever is on the instances; so does the plan of a snapshot."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import Command, records

RULES = """
version: 1
roles:
  web: {description: w}
  worker: {description: k}
  vault: {description: v, assignable_by: [user/ops-*], require: {imdsv2: true}}
rules:
  - {name: frozen, when: {tags: {app: frozen}}, then: ignore}
  - {name: on trial, when: {tags: {app: trial}}, role: web, mode: audit}
  - {name: locked, when: {tags: {app: vault}}, role: vault}
  - {name: only attach, when: {tags: {app: gentle}}, role: web, mode: attach-only}
  - {name: takes over, when: {tags: {app: replace}}, role: worker, foreign_roles: replace}
  - {name: Web tier, when: {tags: {app: web}}, role: web}
  - {name: by tag, when: {tags: {ram-role: {exists: true}}}, role: "${tags.ram-role}"}
settings: {displace: [foreign], brake: {max_removals: MOST, at_least: 3}, launch_grace: 10m}
"""
TAGS = (
    *({"app": app} for app in ("frozen", "trial", "gentle", "replace", "web", "other")),
    {"app": "vault"}, {"ram-role": "worker"}, {"ram-role": "nosuch"}, {},
    *({"app": "web", "ram-role-until": end} for end in ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "never")),
)  # fmt: skip
HELD = ("", "web", "worker", "foreign", "vault")
CHANGED = {"attached", "swapped", "detached"}


def fleet(cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, most: str) -> None:
    """1,000 instances: each tag with each role, in a VPC and in the classic network, old and just launched, with and without IMDSv2."""
    Path("roles.yaml").write_text(RULES.replace("MOST", most), encoding="utf-8")
    monkeypatch.setenv("ROLEKEEPER_PROOF_KEYS", "0123456789abcdef" * 4)
    cloud.ram.put_role(ACCOUNT, "vault")
    kinds = [(tags, role, "vpc") for tags, role in product(TAGS, HELD)] + [(tags, "", "classic") for tags in TAGS]
    each = 1000 // (4 * len(kinds))
    for age in (3600, 0):
        for n, (tags, role, network) in enumerate(kinds):
            for tokens in ("optional", "required"):
                cloud.ecs.make(each, tags=tags, role=role, network=network, http_tokens=tokens, name=f"node-{n}")
        cloud.clock.advance(age)
    cloud.ecs.make(1000 - 4 * each * len(kinds), tags={"app": "web"}, role="web", name="rest")


def lines(plan: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    """Return by instance its action, the role before and the role then; audit is no line."""
    return {
        one["instance_id"]: (group["action"], group["role_before"], group["role_then"])
        for group in plan["groups"]
        if group["mode"] != "audit"
        for one in group["instances"]
    }


@pytest.mark.parametrize("most", ["20%", "100%"])
def test_a_plan_and_the_remediation_after_it_agree_line_by_line(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, most: str
) -> None:
    fleet(cloud, rolekeeper, monkeypatch, most)
    plan = rolekeeper("plan", "--json").json()
    rolekeeper("snapshot", "-o", "fleet.json")
    offline = rolekeeper("plan", "--snapshot", "fleet.json", "--json").json()
    assert {name: offline[name] for name in ("wrong", "stays", "brake")} == {
        name: plan[name] for name in ("wrong", "stays", "brake")
    }
    assert lines(offline) == lines(plan)
    assert rolekeeper("remediate", "--all").code == plan["exit_code"] == 1
    told = {record["instance_id"]: record for record in records(cloud) if "instance_id" in record}
    assert len(told) == 1000

    done = {
        n: (r["action"], r.get("role_before", ""), r.get("role_after", ""))
        for n, r in told.items()
        if r["outcome"] in CHANGED
    }
    braked = {n for n, r in told.items() if r["reason"] == "brake"}
    removals = {
        n
        for n, (action, before, _) in lines(plan).items()
        if action != "attach" and before in ("web", "worker", "vault")
    }
    assert braked == (removals if plan["brake"]["acts"] else set())
    assert plan["brake"]["acts"] == (most == "20%")
    assert len(removals) == plan["brake"]["removals"]
    assert done == {name: line for name, line in lines(plan).items() if name not in braked}

    audited = {one["instance_id"] for group in plan["groups"] if group["mode"] == "audit" for one in group["instances"]}
    assert audited == {name for name, record in told.items() if record["outcome"] == "planned"}
    wrong = {one["instance_id"]: (one["outcome"], one["reason"]) for one in plan["wrong"]}
    assert wrong == {
        n: (r["outcome"], r["reason"])
        for n, r in told.items()
        if r["outcome"] in ("refused", "skipped", "failed") and n not in braked
    }
    assert sum(plan["stays"].values()) == 1000 - len(lines(plan)) - len(audited) - len(wrong)

"""More regions and accounts than one invocation can start the runs of: what is left is handed over."""

from __future__ import annotations

import json
from collections import Counter

from fakecloud.ecs.regions import REGIONS
from fakecloud.identity import ACCOUNT
from shared.mapping import load
from shared.policies import member_policies, member_trust
from tests.functional.fleet.fleet import Fleet
from tests.functional.handlers.world import EXECUTION_ROLE, timer

MEMBERS = ("2222222222222222", "3333333333333333")
LIMIT, ROLE = 60.0, "rolekeeper-member"


def test_each_of_72_places_gets_its_run_though_each_start_takes_a_second(fleet: Fleet) -> None:
    fleet.ten(roles=["r0"])
    fleet.slow(limit=LIMIT)
    fleet.allow(region="*", members=tuple(f"acs:ram::{member}:role/{ROLE}" for member in MEMBERS))
    fleet.cloud.latency.set(0, service="ecs")
    fleet.cloud.latency.set(1_000, service="fc")
    for member in MEMBERS:
        policies = member_policies(load(fleet.roles_yaml), account_id=member, regions=list(REGIONS))
        made = fleet.cloud.ram.put_role(member, ROLE, policies=policies)
        made.trust_text = json.dumps(
            member_trust(account_id=ACCOUNT, execution_role=EXECUTION_ROLE, external_id="s3cret")
        )
        made.trust = fleet.cloud.ram.trust_document("AssumeRolePolicyDocument", made.trust_text)
    fleet.env.setenv("ROLEKEEPER_REGIONS", ",".join(REGIONS))
    fleet.env.setenv("ROLEKEEPER_ACCOUNTS", ",".join(f"{member}={ROLE}" for member in MEMBERS))
    fleet.env.setenv("ROLEKEEPER_EXTERNAL_ID", "s3cret")
    waiting: list[object] = [timer()]
    longest = 0.0
    while waiting:
        began = fleet.cloud.clock.now()
        run = fleet.run("reconcile", waiting.pop(0))
        longest = max(longest, fleet.cloud.clock.now() - began)
        assert run.error is None
        waiting += fleet.waiting()
    assert longest < LIMIT, "Function Compute would have ended it"
    places = [(account, region) for account in (ACCOUNT, *MEMBERS) for region in REGIONS]
    ends = Counter((r["account_id"], r["region"]) for r in fleet.run_records() if r["run"] == "complete")
    assert ends == dict.fromkeys(places, 1)

"""The bundle in the emulator's Function Compute looks after another account too, with a session of that account's role."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.stage import EXECUTION_ROLE, FUNCTIONS, PROJECT, REGION, stage
from fakecloud.identity import ACCOUNT
from shared.policies import execution_policies, member_policies, member_trust, reach
from shared.settings import Settings

from .conftest import ROOT

pytestmark = pytest.mark.slow  # they need the whole bundle

MEMBER, ROLE = "2222222222222222", "rolekeeper-member"
SPREAD = {"ROLEKEEPER_ACCOUNTS": f"{MEMBER}={ROLE}", "ROLEKEEPER_EXTERNAL_ID": "s3cret"}


def test_an_instance_of_a_listed_account_gets_its_role_from_the_bundle_alone(bundle: Path, python310: str) -> None:
    with stage(ROOT / "roles.yaml") as on:
        mapping, ram = on.mapping(), on.cloud.ram
        spread = reach(Settings.from_env(SPREAD, region=REGION, account_id=ACCOUNT))
        own = execution_policies(mapping, account_id=ACCOUNT, region=REGION, project=PROJECT, **spread)
        ram.put_role(ACCOUNT, EXECUTION_ROLE, services=("fc.aliyuncs.com",), policies=own)
        member = ram.put_role(MEMBER, ROLE, policies=member_policies(mapping, account_id=MEMBER, regions=[REGION]))
        trust = member_trust(account_id=ACCOUNT, execution_role=EXECUTION_ROLE, external_id="s3cret")
        member.trust_text = json.dumps(trust)
        member.trust = ram.trust_document("AssumeRolePolicyDocument", member.trust_text)
        for account in (ACCOUNT, MEMBER):
            for role in mapping.roles:
                ram.put_role(account, role)
        on.cloud.mns.create(ACCOUNT, REGION, "rolekeeper-dead-letters")
        env = {
            **SPREAD,
            "ROLEKEEPER_ENDPOINT": on.url,
            "ROLEKEEPER_REGION": REGION,
            "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
            "ROLEKEEPER_SLS_PROJECT": PROJECT,
        }
        on.cloud.fc.deploy(ROOT / "s.yaml", code=bundle, account=ACCOUNT, env=env, python=python310)
        here, there = (
            on.cloud.ecs.make(1, account=account, region=REGION, tags={"app": "worker"})[0]
            for account in (ACCOUNT, MEMBER)
        )
        reconcile = on.cloud.fc.find(ACCOUNT, REGION, FUNCTIONS["reconcile"])
        ran = on.cloud.fc.invoke(reconcile, (ROOT / "events" / "reconcile" / "timer.json").read_bytes())
        assert ran.ok, ran.error
        on.cloud.settle()
        assert [one.error for one in on.cloud.fc.invocations if not one.ok] == []
        assert (here.role, there.role) == ("worker", "worker")
        attached = {call.caller for call in on.cloud.calls if call.action == "AttachInstanceRamRole"}
        assert f"acs:ram::{MEMBER}:assumed-role/{ROLE}/rolekeeper" in attached
        told = {record["account_id"]: record["outcome"] for record in on.records() if "outcome" in record}
        assert told[MEMBER] == "attached"

"""s.yaml deployed once, looking after two regions of three accounts: timers, asynchronous invocations and retries are the
emulated Function Compute's, and every call is judged by the policies as rendered. Asserts nothing."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.errors import ConnectionReset
from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT
from fakecloud.sls.models import Project
from shared.gateways import endpoints
from shared.mapping import load
from shared.policies import execution_policies, member_policies, member_trust, reach
from shared.settings import Service, Settings, Target

ROOT = Path(__file__).parents[3]
HOME, FAR = "cn-hangzhou", "cn-beijing"
MEMBER, THIRD = "2222222222222222", "3333333333333333"
FC_ROLE, ROLE, PROJECT = "rolekeeper-fc", "rolekeeper-member", "rolekeeper"
ENV = {
    "ROLEKEEPER_REGIONS": f"{HOME},{FAR}", "ROLEKEEPER_ACCOUNTS": f"{MEMBER}={ROLE},{THIRD}={ROLE}",
    "ROLEKEEPER_EXTERNAL_ID": "s3cret", "ROLEKEEPER_PROOF_KEYS": "0123456789abcdef" * 4,
}  # fmt: skip
RULES = """\
version: 1
roles: {web: }
rules: [{name: by app, when: {tags: {app: web}}, role: web}]
"""
REPLACING = RULES + "settings: {foreign_roles: replace, displace: [old-*]}\n"
FOREIGN = "Old-App"
PLACES = [Target(account, region) for account in (ACCOUNT, MEMBER, THIRD) for region in (HOME, FAR)]


class Estate:
    """The deployment, the accounts that let it in, and in each place an instance that lacks its role."""

    def __init__(self, cloud: Cloud, folder: Path, env: dict[str, str], trusted: str, rules: str = RULES) -> None:
        self.cloud, mapping = cloud, load(rules)
        self.settings = settings = Settings.from_env(env, region=HOME, account_id=ACCOUNT)
        own = execution_policies(mapping, account_id=ACCOUNT, region=HOME, project=PROJECT, **reach(settings))
        cloud.ram.put_role(ACCOUNT, FC_ROLE, services=("fc.aliyuncs.com",), policies=own)
        for account in (MEMBER, THIRD):
            policies = member_policies(mapping, account_id=account, regions=[HOME, FAR])
            made = cloud.ram.put_role(account, ROLE, policies=policies)
            external_id = trusted if account == MEMBER else "s3cret"
            trust = member_trust(account_id=ACCOUNT, execution_role=FC_ROLE, external_id=external_id)
            made.trust_text = json.dumps(trust)
            made.trust = cloud.ram.trust_document("AssumeRolePolicyDocument", made.trust_text)
        for account in (ACCOUNT, MEMBER, THIRD):
            for role in ("web", FOREIGN):
                cloud.ram.put_role(account, role)
        project = Project(PROJECT, HOME, ACCOUNT, "", 0, 0)
        cloud.sls.state.add(project)
        for store in ("rolekeeper-records", "rolekeeper-functions"):
            project.create_logstore(store, {"ttl": 30}, 0, 200)
        (folder / "roles.yaml").write_text(rules)
        env = {"ROLEKEEPER_ROLES_FILE": str(folder / "roles.yaml"), **env}
        cloud.fc.deploy(ROOT / "s.yaml", code=ROOT, account=ACCOUNT, runner="inline", env=env)
        self.made = {
            place: cloud.ecs.make(1, account=place.account_id, region=place.region, tags={"app": "web"})[0]
            for place in PLACES
        }
        cloud.switches.permissions = "on"

    def member(self, rules: str = RULES, *, without: str = "") -> None:
        """What the member's role may do: as rendered for these rules, less one action."""
        documents = member_policies(load(rules), account_id=MEMBER, regions=[HOME, FAR])
        for statement in (s for document in documents for s in document["Statement"]):
            statement["Action"] = [a for a in statement["Action"] if a != without] or ["ecs:DescribeRegions"]
        role = self.cloud.ram.put_role(MEMBER, ROLE, policies=documents)
        role.trust_text = json.dumps(member_trust(account_id=ACCOUNT, execution_role=FC_ROLE, external_id="s3cret"))
        role.trust = self.cloud.ram.trust_document("AssumeRolePolicyDocument", role.trust_text)

    def timer(self) -> None:
        self.cloud.fc.fire_timer("rolekeeper-reconcile", "reconcile-timer")
        self.cloud.settle()

    def ask(self, function: str, payload: dict[str, Any]) -> dict[str, Any]:
        """A synchronous invocation, as `s invoke` makes it, and all that it started."""
        outcome = self.cloud.fc.invoke(self.cloud.fc.find(ACCOUNT, HOME, function), json.dumps(payload).encode())
        self.cloud.settle()
        result: dict[str, Any] = json.loads(outcome.body)
        return result

    def right(self) -> set[Target]:
        return {place for place, instance in self.made.items() if instance.role == "web"}

    def records(self) -> list[dict[str, str]]:
        return [dict(log) for log in self.cloud.sls.logs(PROJECT, "rolekeeper-records")]

    def runs(self) -> dict[Target, tuple[str, ...]]:
        """How the run of each place ended, try by try."""
        found: dict[Target, tuple[str, ...]] = {}
        for record in self.records():
            if record["action"] == "run":
                place = Target(record["account_id"], record["region"])
                found[place] = (*found.get(place, ()), record["run"])
        return found

    def down(self, mocker: MockerFixture, service: Service, region: str, *, times: int | None = None) -> None:
        """No answer from a service's host of a region, to so many calls."""
        host = endpoints.host(self.settings, service, region)
        answer, refused = self.cloud.handle, Counter[str]()

        def handle(request: Request) -> Response:
            if request.host == host and (times is None or refused[host] < times):
                refused[host] += 1
                raise ConnectionReset()
            return answer(request)

        mocker.patch.object(self.cloud, "handle", side_effect=handle)

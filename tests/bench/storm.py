"""A storm of launches in emulated time: so many instances a minute, the functions deployed from the YAML files as they are.

`python -m tests.bench.storm --route buffered` prints one JSON object. Asserts nothing; whoever calls storm() judges.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.models import Config

from fakecloud.cloud import Cloud
from fakecloud.eventbridge.queue_events import Shape
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.server import Server
from fakecloud.sls.models import Project
from shared.mapping import load
from shared.policies import execution_role

ROOT = Path(__file__).resolve().parents[2]
REGION, PROJECT = "cn-hangzhou", "rolekeeper"
RECORDS, LOGS = "rolekeeper-records", "rolekeeper-functions"
FILES = {"direct": "s.yaml", "buffered": "s.buffered.yaml"}
Route = Literal["direct", "buffered"]
BATCH = 100  # the most that one RunInstances makes
APPS = {"web-reader": {"app": "web", "env": "prod"}, "worker": {"app": "worker"}}
"""Tags of the launches, in turn, and the role that roles.yaml gives for them."""


@dataclass
class Report:
    """seconds: emulated, from the last launch until the last instance got its role. calls: of the functions, by action.

    refusals: calls of theirs that were throttled. right: instances that hold what roles.yaml gives. wall: real seconds.
    """

    route: str
    instances: int
    seconds: float
    right: int
    calls: dict[str, int]
    calls_an_instance: float
    refusals: int
    invocations: int
    failed_invocations: int
    events: int
    records: dict[str, int]
    dead_letters: int
    wall: float


def storm(
    route: Route = "buffered",
    *,
    instances: int = 2000,
    within: float = 60.0,
    calls_per_minute: int | None = 1000,
    roles: int = 2,
    permissions: bool = True,
    queue_event: Shape = "text",
) -> Report:
    """Launch `instances` evenly within so many emulated seconds, settle, and count.

    calls_per_minute: the quota of each API. roles: how many of APPS take turns. permissions: every call of the functions
    is judged by the execution role's policy. queue_event: the switch of that name.
    """
    began, cloud = time.monotonic(), Cloud()
    cloud.switches.queue_event = queue_event
    with Server(cloud, runs_clock=False) as server:
        _prepare(cloud, server.url, route, permissions=permissions)
        cloud.quotas.set(calls_per_minute, service="ecs")
        cloud.clock.advance(60 - cloud.clock.now() % 60)  # quotas are of calendar minutes: the storm is all in one
        wanted = _launch(cloud, server.url, instances, within, list(APPS)[:roles])
        last = cloud.clock.now()
        cloud.settle()
        return _report(cloud, route, wanted, last, time.monotonic() - began)


def _prepare(cloud: Cloud, url: str, route: Route, *, permissions: bool) -> None:
    """What docs/operations.md asks for before a deployment; then the deployment."""
    mapping = load((ROOT / "roles.yaml").read_text(encoding="utf-8"))
    for role in mapping.roles:
        cloud.ram.put_role(ACCOUNT, role)
    policy = execution_role(mapping, account_id=ACCOUNT, region=REGION, project=PROJECT)
    cloud.ram.put_role(ACCOUNT, "rolekeeper-fc", services=("fc.aliyuncs.com",), policies=(policy,))
    project = Project(PROJECT, REGION, ACCOUNT, "", 0, 0)
    cloud.sls.state.add(project)
    for store in (RECORDS, LOGS):
        project.create_logstore(store, {"ttl": 30}, 0, 200)
    cloud.mns.create(ACCOUNT, REGION, "rolekeeper-dead-letters")
    cloud.switches.permissions = "on" if permissions else "off"
    env = {"ROLEKEEPER_ENDPOINT": url, "ROLEKEEPER_REGION": REGION, "ROLEKEEPER_ACCOUNT_ID": ACCOUNT}
    cloud.fc.deploy(ROOT / FILES[route], code=ROOT, account=ACCOUNT, env=env)


def _launch(cloud: Cloud, url: str, instances: int, within: float, roles: list[str]) -> dict[str, str]:
    """RunInstances by the real client, evenly spread, while the cloud goes on; the role that each instance should get."""
    client = Client(
        Config(
            access_key_id=ROOT_KEY[0],
            access_key_secret=ROOT_KEY[1],
            region_id=REGION,
            endpoint=url.removeprefix("http://"),
            protocol="http",
        )
    )
    calls = math.ceil(instances / BATCH)
    began, wanted = cloud.clock.now(), dict[str, str]()
    for number in range(calls):
        role = roles[number % len(roles)]
        tags = [models.RunInstancesRequestTag(key=key, value=value) for key, value in APPS[role].items()]
        asked = models.RunInstancesRequest(region_id=REGION, amount=min(BATCH, instances - number * BATCH), tag=tags)
        ids = client.run_instances(asked).body.instance_id_sets.instance_id_set
        wanted |= dict.fromkeys(ids, role)
        if number < calls - 1:
            until = began + within * (number + 1) / calls
            cloud.clock.settle(within=max(0.0, until - cloud.clock.now()))
            cloud.clock.advance(max(0.0, until - cloud.clock.now()))
    return wanted


def _report(cloud: Cloud, route: Route, wanted: dict[str, str], last: float, wall: float) -> Report:
    theirs = [call for call in cloud.calls if ":assumed-role/" in call.caller]
    held = [(i, role) for name, role in wanted.items() if (i := cloud.ecs.instance(name)) is not None]
    right = [instance for instance, role in held if instance.role == role]
    records = cloud.sls.logs(PROJECT, RECORDS)
    return Report(
        route=route,
        instances=len(wanted),
        seconds=round(max((i.role_since for i in right), default=math.inf) - last, 1),
        right=len(right),
        calls=dict(Counter(call.action for call in theirs).most_common()),
        calls_an_instance=round(len(theirs) / len(wanted), 4),
        refusals=sum(call.code.startswith("Throttling") for call in theirs),
        invocations=len(cloud.fc.invocations),
        failed_invocations=sum(not one.ok for one in cloud.fc.invocations),
        events=len(cloud.events.log.events),
        records=dict(Counter(f"{r.get('outcome')}/{r.get('reason')}" for r in records).most_common()),
        dead_letters=cloud.mns.queue(ACCOUNT, REGION, "rolekeeper-dead-letters").active(),
        wall=round(wall, 1),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--route", choices=list(FILES), default="buffered")
    parser.add_argument("--instances", type=int, default=2000)
    parser.add_argument("--roles", type=int, choices=range(1, len(APPS) + 1), default=len(APPS))
    parser.add_argument("--queue-event", choices=get_args(Shape), default="text")
    asked = parser.parse_args()
    report = storm(asked.route, instances=asked.instances, roles=asked.roles, queue_event=asked.queue_event)
    print(json.dumps(asdict(report), indent=2))


if __name__ == "__main__":
    main()

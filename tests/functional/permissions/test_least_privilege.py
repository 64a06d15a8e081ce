"""The functions' execution role, exactly as rendered, is enough for all they do; and nothing in it can be left out."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.sls.models import Project
from shared.errors import PermanentError
from shared.gateways.clients import Credentials
from shared.gateways.fc import Functions, functions_gateway
from shared.mapping import load
from shared.model.instance import DISPLACED_TAG
from shared.policies import execution_role
from shared.settings import Settings

ROOT = Path(__file__).parents[3]
REGION, PROJECT, FC_ROLE = "cn-hangzhou", "rolekeeper", "rolekeeper-fc"
STORES = ("rolekeeper-records", "rolekeeper-functions")
QUEUE = f"acs:mns:{REGION}:{ACCOUNT}:/queues/rolekeeper-dead-letters/messages"
Document = dict[str, Any]

SHIPPED = (ROOT / "roles.yaml").read_text(encoding="utf-8")
REPLACING = SHIPPED.replace("foreign_roles: keep ", "displace: [legacy, old-*]\n  foreign_roles: replace ")
FOREIGN = ("legacy", "old-1")


def rendered(text: str = REPLACING) -> Document:
    """As `rolekeeper policy execution-role` gives it for the shipped roles.yaml, where foreign roles are replaced too."""
    return execution_role(load(text), account_id=ACCOUNT, region=REGION, project=PROJECT)


def without(document: Document) -> Iterator[tuple[str, Document]]:
    """The document without each of its statements, actions and resources in turn; the condition on PassRole stays."""
    for number, statement in enumerate(document["Statement"]):
        for part in ("Action", "Resource"):
            for member in statement[part]:
                less = copy.deepcopy(document)
                left = [m for m in statement[part] if m != member]
                if left:
                    less["Statement"][number][part] = left
                else:
                    del less["Statement"][number]
                yield f"{number} {statement['Action'][0]} without {part} {member}", less


CASES = dict(without(rendered()))


class Deployment:
    """Everything of s.yaml on the emulated cloud, under an execution role with the given policy."""

    def __init__(self, cloud: Cloud, policy: Document, folder: Path) -> None:
        self.cloud = cloud
        roles_file = folder / "roles.yaml"
        roles_file.write_text(REPLACING, encoding="utf-8")
        for role in (*load(REPLACING).roles, *FOREIGN):
            cloud.ram.put_role(ACCOUNT, role)
        cloud.ram.put_role(ACCOUNT, FC_ROLE, services=("fc.aliyuncs.com",), policies=(policy,))
        project = Project(PROJECT, REGION, ACCOUNT, "", 0, 0)
        cloud.sls.state.add(project)
        for store in STORES:
            project.create_logstore(store, {"ttl": 30}, 0, 200)
        env = {"ROLEKEEPER_ROLES_FILE": str(roles_file), "ROLEKEEPER_PROOF_KEYS": "0123456789abcdef" * 4}
        cloud.fc.deploy(ROOT / "s.yaml", code=ROOT, account=ACCOUNT, runner="inline", env=env)
        cloud.switches.permissions = "on"

    def tagged(self, instance_id: str) -> None:
        """A tag event through the bus, as CloudMonitor sends it."""
        now = datetime.now(timezone.utc) - timedelta(seconds=1)
        data = {
            "product": "ecs",
            "resourceType": "instance",
            "resourceId": instance_id,
            "changedTagKeys": [],
            "tags": {},
        }
        self.cloud.events.emit(
            {
                "source": "acs.tag",
                "type": "tag:CloudMonitor:Tag[ChangeOnResource]",
                "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "aliyunaccountid": ACCOUNT,
                "aliyunregionid": REGION,
                "data": data,
            }
        )
        self.cloud.settle()

    def starts(self, name: str) -> bool:
        """Whether the functions' own keys may start this one."""
        try:
            return self.functions(name).start(b"{}", "next")
        except PermanentError:
            return False

    def functions(self, name: str) -> Functions:
        key = self.cloud.sts.assume_for_service(ACCOUNT, FC_ROLE, "fc.aliyuncs.com", name, 900)
        keys = Credentials(access_key_id=key.access_key_id, access_key_secret=key.secret, security_token=key.token)
        home = Settings(region=REGION, account_id=ACCOUNT)
        return functions_gateway(home, keys, f"rolekeeper-{name}")

    def lists(self) -> bool:
        """Whether the functions' own keys may ask what became of the runs before."""
        try:
            self.functions("reconcile").latest("run-")
        except PermanentError:
            return False
        return True

    def does(self) -> dict[str, bool]:
        """Each thing that the functions are for, done once; whether it worked."""
        make = self.cloud.ecs.make
        roles = ("web-reader", "worker", "batch", "log-shipper")
        bare = {role: make(1, tags={"ram-role": role})[0] for role in roles}
        worn = {role: make(1, role=role)[0] for role in roles}
        for instance in (*bare.values(), *worn.values()):
            self.tagged(instance.instance_id)
        healed = make(1, tags={"ram-role": "worker"}, role="web-reader")[0]
        self.cloud.fc.fire_timer("rolekeeper-reconcile", "reconcile-timer")
        self.cloud.settle()
        theirs = {role: make(1, tags={"ram-role": "worker"}, role=role)[0] for role in FOREIGN}
        for instance in theirs.values():
            self.tagged(instance.instance_id)
        replaced = {role: instance.role for role, instance in theirs.items()}
        noted = {role: instance.tags.get(DISPLACED_TAG) for role, instance in theirs.items()}
        for instance in theirs.values():
            self.cloud.ecs.owner(instance).tag(instance, "ram-role", None)
            self.tagged(instance.instance_id)
        given = {role: (instance.role, instance.tags) for role, instance in theirs.items()}
        back = {role: make(1, tags={"ram-role": "worker"}, role=role)[0] for role in FOREIGN}
        for instance in back.values():
            self.cloud.faults.add("error", action="AttachInstanceRamRole", code="InvalidRamRole.NotEcsRole", status=404)
            self.tagged(instance.instance_id)
            self.cloud.faults.clear()
        told = {store: [json.dumps(log) for log in self.cloud.sls.logs(PROJECT, store)] for store in STORES}
        self.cloud.faults.add("throttle", action="DescribeInstances", count=None)
        self.tagged(healed.instance_id)
        self.cloud.faults.clear()
        goes_on = {f"{name} starts its next run": self.starts(name) for name in ("reconcile", "remediate")}
        return {
            **{f"attach {role}": instance.role == role for role, instance in bare.items()},
            **{f"detach {role}": instance.role == "" for role, instance in worn.items()},
            **{f"replace {role}": replaced[role] == "worker" for role in FOREIGN},
            **{f"put {role} back": instance.role == role for role, instance in back.items()},
            **{f"note {role}": (noted[role] or "").startswith(f"{role}:") for role in FOREIGN},
            **{f"give {role} back where no rule gives one any more": given[role] == (role, {}) for role in FOREIGN},
            **{
                f"note no {role} that was put back": DISPLACED_TAG not in instance.tags
                for role, instance in back.items()
            },
            "the timer heals": healed.role == "worker",
            "records are written": bool(told["rolekeeper-records"]),
            "function logs are written": bool(told["rolekeeper-functions"]),
            "what failed for good is kept": bool(self.cloud.fc.destinations.get(QUEUE)),
            **goes_on,
            "a timer's run sees the one before": self.lists(),
        }


def test_the_rendered_role_is_enough_for_everything(cloud: Cloud, tmp_path: Path) -> None:
    done = Deployment(cloud, rendered(), tmp_path).does()
    assert all(done.values()), done


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=[pytest.mark.slow] if "without Resource" in case else []) for case in CASES]
)
def test_nothing_in_the_role_can_be_left_out(cloud: Cloud, tmp_path: Path, case: str) -> None:
    done = Deployment(cloud, CASES[case], tmp_path).does()
    assert not all(done.values()), "it works without: the role allows more than it needs"


def test_where_nothing_is_replaced_no_more_than_the_listed_roles_is_allowed() -> None:
    assert rendered(SHIPPED)["Statement"] == rendered()["Statement"][: len(rendered(SHIPPED)["Statement"])]
    assert "legacy" not in json.dumps(rendered(SHIPPED))
    assert "TagResources" not in json.dumps(rendered(SHIPPED))


def test_the_role_can_neither_make_roles_nor_attach_policies() -> None:
    actions = {action for statement in rendered()["Statement"] for action in statement["Action"]}
    assert {action for action in actions if action.startswith("ram:")} == {"ram:PassRole"}
    assert not any("*" in action for action in actions)

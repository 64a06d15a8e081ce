"""What people, and the cloud, do to instances and roles, each with the events that tell of it. No invocation of ours runs here."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from fakecloud.ecs.models import Instance
from fakecloud.eventbridge.notices import instance_state, tag_change
from fakecloud.eventbridge.queue_events import Shape, envelope, member
from fakecloud.identity import ACCOUNT
from fakecloud.mns.models import Message
from tests.torture.oracle import File
from tests.torture.watch import NOTE
from tests.torture.world import HOME, MEMBER, ROLES, Pending, World

TAGS: dict[str, dict[str, str]] = {
    "": {}, "web": {"app": "web"}, "worker": {"app": "worker"}, "batch": {"app": "batch"}, "ours": {"app": "ours"},
    "gentle": {"app": "gentle"}, "trial": {"app": "trial"}, "off": {"rolekeeper": "off", "app": "web"},
    "by tag": {"ram-role": "worker"}, "unlisted": {"ram-role": "alien"}, "case": {"App": "web"},
    "over": {"app": "web", "ram-role-until": "2020-01-01T00:00Z"}, "later": {"app": "web", "ram-role-until": "2099-01-01T00:00+08:00"},
    "no time": {"app": "worker", "ram-role-until": "soon"},
}  # fmt: skip
"""What an instance is tagged with. The keys that rules read are taken off first."""
READ = ("app", "App", "ram-role", "rolekeeper", "ram-role-until")


class Moves:
    """With the instances in the order of their making; whoever moves one names it by its place among them."""

    def __init__(self, world: World) -> None:
        self.world, self.cloud = world, world.cloud
        self.made: list[str] = []
        self.roles_moved = 0.0
        self._ids = itertools.count(1)
        self._callers = itertools.cycle(["ops-1", "dev-1", "dev-1", "ops-2"])

    def instance(self, number: int) -> Instance | None:
        """None where it is gone, or there never was one."""
        return self.cloud.ecs.instance(self.made[number % len(self.made)]) if self.made else None

    def launch(self, machine: Mapping[str, Any], hidden: float = 0.0) -> None:
        """hidden: seconds until it is shown."""
        self._launch(**machine, hidden=hidden)

    def _launch(self, app: str, place: tuple[str, str], role: str, classic: bool, age: float, hidden: float) -> None:
        region, now = self.cloud.ecs.place(*place), self.cloud.clock.now()
        instance = region.new(
            now - age,
            tags=dict(TAGS[app]),
            role="" if classic else role,
            network="classic" if classic else "vpc",
            visible_at=now + hidden,
        )
        region.add(instance)
        self.made.append(instance.instance_id)
        self.world.watch.touch(instance.instance_id)
        if not age and place[0] == ACCOUNT:
            born = {"InstanceIdSets": {"InstanceIdSet": [instance.instance_id]}}
            self._call("RunInstances", region.name, TAGS[app], {}, responseElements=born, born=instance.instance_id)
            self.tell(instance_state(self.cloud, *place, instance.instance_id, "Created"), born=instance.instance_id)

    def time_passes(self, seconds: float) -> None:
        self.cloud.clock.advance(seconds)

    def crowd(self, count: int) -> None:
        """Instances that are right as they are, and that nobody moves."""
        self.cloud.ecs.make(count, tags=TAGS["gentle"], role="web")

    def sessions_end(self) -> None:
        """Whoever works in the member account has to ask for keys anew."""
        for name, key in list(self.cloud.keys._keys.items()):
            if key.identity.account == MEMBER:
                self.cloud.keys._keys[name] = replace(key, expires=self.cloud.clock.now() - 1)

    def retag(self, number: int, app: str) -> None:
        """Tags of the deployment's key stay."""
        if instance := self.instance(number):
            region = self.cloud.ecs.owner(instance)
            for key in READ:
                if key in instance.tags:
                    region.tag(instance, key, None)
            for key, value in TAGS[app].items():
                region.tag(instance, key, value)
            self.world.watch.touch(instance.instance_id)
            if region.account == ACCOUNT:
                asked = {"ResourceType": "instance", "ResourceId.1": instance.instance_id}
                self._call("TagResources", region.name, TAGS[app], asked, tagged=instance.instance_id)
                about = (region.account, region.name, instance.instance_id, ["app"], dict(instance.tags))
                self.tell(tag_change(self.cloud, *about), tagged=instance.instance_id)

    def _call(
        self,
        name: str,
        region: str,
        tags: Mapping[str, str],
        asked: Mapping[str, str],
        *,
        born: str = "",
        tagged: str = "",
        **record: Any,
    ) -> None:
        """A call that sets tags, by somebody who may ask for guarded roles or by somebody who may not."""
        caller, numbered = next(self._callers), [*enumerate(tags.items(), 1)]
        keys = {f"Tag.{n}.Key": key for n, (key, _) in numbered}
        values = {f"Tag.{n}.Value": value for n, (_, value) in numbered}
        identity = {"type": "ram-user", "userName": caller, "accountId": ACCOUNT, "principalId": "2"}
        parameters = {**asked, **keys, **values}
        self.tell(
            self.trail(name, region, requestParameters=parameters, userIdentity=identity, **record),
            born=born,
            tagged=tagged,
        )
        if caller.startswith("ops-"):
            self.world.inbox[-1].root.proofs = {born or tagged: [dict(tags)]}

    def hold(self, number: int, role: str) -> None:
        """Somebody puts a role on by hand, in place of what is there; "" takes it off."""
        if (instance := self.instance(number)) and instance.network == "vpc":
            region = self.cloud.ecs.owner(instance)
            call, named = ("AttachInstanceRamRole" if role else "DetachInstanceRamRole"), role or instance.role
            self.cloud.ecs.set_role(region, instance, role)
            self.world.watch.touch(instance.instance_id)
            if region.account == ACCOUNT:
                asked = {"RamRoleName": named, "InstanceIds": json.dumps([instance.instance_id])}
                self.tell(self.trail(call, region.name, requestParameters=asked), tagged=instance.instance_id)

    def turn(self, turns: Iterable[tuple[int, str | None, str]]) -> None:
        """Let instances need something."""
        for number, role, app in turns:
            if role is not None:
                self.hold(number, role)
            self.retag(number, app)

    def note(self, number: int, text: str | None) -> None:
        """Somebody writes, or removes, the tag that is ours."""
        if instance := self.instance(number):
            self.cloud.ecs.owner(instance).tag(instance, NOTE, text)
            self.world.watch.touch(instance.instance_id)

    def status(self, number: int, status: str) -> None:
        if instance := self.instance(number):
            region = self.cloud.ecs.owner(instance)
            region.change(instance, "status", status)
            if region.account == ACCOUNT:
                self.tell(instance_state(self.cloud, ACCOUNT, region.name, instance.instance_id, status))

    def delete(self, number: int) -> None:
        if instance := self.instance(number):
            self.cloud.ecs.owner(instance).remove(instance)
            self.world.watch.touch(instance.instance_id)

    def role_gone(self, role: str) -> None:
        self.roles_moved = self.cloud.clock.now()
        for account in self.world.place.accounts:
            self.cloud.ram.account(account).roles.pop(role, None)

    def roles_back(self) -> None:
        for account in self.world.place.accounts:
            for role in ROLES:
                if self.cloud.ram.role(account, role) is None:
                    self.roles_moved = self.cloud.clock.now()
                    self.cloud.ram.put_role(account, role)

    def roles_are_steady(self) -> bool:
        """Whether all are there, and have been for a while: a process remembers which were refused."""
        there = all(self.cloud.ram.role(account, role) for account in self.world.place.accounts for role in ROLES)
        return there and self.cloud.clock.now() - self.roles_moved > 300

    def refused(self, code: str) -> None:
        """A call may be refused with that code: a process remembers a role that was."""
        if code.startswith("InvalidRamRole."):
            self.roles_moved = self.world.cloud.clock.now()

    def map(self, file: File) -> None:
        """A deployment: another roles.yaml, in processes that begin anew."""
        self.world.file = file
        self.world.handlers.clear()
        self.world.watch.touches += 1
        for name in self.made:
            self.world.watch.touch(name)

    def tell(self, event: dict[str, Any], *, born: str = "", tagged: str = "") -> None:
        """An event on its way: to the one function or, as a filter may be set, to the other."""
        function = "tags_changed" if tagged else "instance_created"
        body, root = json.dumps(event).encode(), self.world.root()
        names = tuple(filter(None, (born, tagged)))
        self.world.inbox.append(Pending(function, body, self.request_id(), root, names=names, born=names[: bool(born)]))

    def request_id(self) -> str:
        return f"1-{next(self._ids):08x}-65dd9ece"

    def trail(self, name: str, region: str, **record: Any) -> dict[str, Any]:
        """An API call as ActionTrail tells of it."""
        time = datetime.fromtimestamp(self.cloud.clock.now(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        data = {
            "eventName": name,
            "eventTime": time,
            "serviceName": "Ecs",
            "acsRegion": region,
            "recipientAccountId": ACCOUNT,
            "eventId": self.request_id(),
            **record,
        }
        return {
            "specversion": "1.0",
            "id": self.request_id(),
            "source": "acs.ecs",
            "type": "ecs:ActionTrail:ApiCall",
            "time": time,
            "aliyunaccountid": ACCOUNT,
            "aliyunregionid": region,
            "data": data,
        }

    def batch(self, bodies: Iterable[bytes], shape: Shape, *, raw: bool, poison: Sequence[str] = ()) -> bytes:
        """As a queue's event stream gives them to a function: poison is what no event is."""
        now = self.cloud.clock.now()
        texts = [body.decode() for body in bodies] + list(poison)
        messages = [Message(self.request_id(), text, now, now) for text in texts]
        queue = (ACCOUNT, HOME, "rolekeeper-tag-changes")
        return f"[{','.join(member(envelope(m, queue, decode=False), shape, raw=raw) for m in messages)}]".encode()

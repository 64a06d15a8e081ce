"""Between an invocation and the cloud: counts and keeps its calls, and holds each write against what must never be. Changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from fakecloud.ecs.models import Instance
from fakecloud.http import Request, Response
from fakecloud.identity import AccessKey
from fakecloud.rpc import RpcService
from tests.torture.invocation import Call, Change, Invocation, Killed, Root
from tests.torture.oracle import MINUTE, wanted

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

NOTE = "rolekeeper-displaced-role"
_KEY = re.compile(r"(?:Credential=|LOG |FC )([^,/:]+)")
_KINDS = {"AttachInstanceRamRole": "InstanceIds", "DetachInstanceRamRole": "InstanceIds"}


class Watch:
    """violations: what was seen that must not be. notes: by instance, what we wrote on it. started: payloads handed to Function
    Compute, each with the root it belongs to. touches: how often somebody else changed something."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.violations: list[str] = []
        self.records: list[dict[str, str]] = []
        self.notes: dict[str, set[str]] = {}
        self.started: dict[bytes, Root] = {}
        self.touches = 0
        self.touched: dict[str, int] = {}
        self._keys: dict[str, Invocation] = {}

    def begin(self, made: Invocation, key: AccessKey) -> None:
        made.first, made.touches = len(self.records), self.touches
        made.root.invocations.append(made)
        self._keys[key.access_key_id] = made

    def touch(self, instance_id: str) -> None:
        """Somebody else does something to an instance, or means to."""
        self.touches += 1
        self.touched[instance_id] = self.touches

    def displaced(self, instance: Instance) -> str:
        """The foreign role that the note on it names, if we wrote that note on it; "" else."""
        text = instance.tags.get(NOTE, "")
        return text.partition(":")[0] if text in self.notes.get(instance.instance_id, ()) else ""

    def __call__(self, request: Request, answer: Callable[[Request], Response]) -> Response:
        found = _KEY.search(request.headers.get("authorization", ""))
        made = self._keys.get(found[1]) if found else None
        if made is None:
            return answer(request)
        with (
            made.lock
        ):  # the calls that it makes side by side come one after the other, and so do what happens between them
            return self._watched(made, request, answer)

    def _watched(self, made: Invocation, request: Request, answer: Callable[[Request], Response]) -> Response:
        if made.dead:
            raise Killed
        if self.cloud.clock.now() >= made.until:
            made.trouble.add("time was up")
            made.die()
        call = self._call(request)
        self._begins_there(made, call)
        made.calls.append(call)
        moment = made.moments.get(len(made.calls))
        if moment and moment.side == "before":
            moment.do(made)
        before = {name: self._role(name) for name in call.ids}
        if call.writes:
            self.violations += [f"{made.function}: {text}" for text in self._wrong(made, call)]
        keys = set(self.cloud.keys._keys)
        try:
            response = answer(request)
            call.status = response.status
        finally:
            call.changes = tuple(
                Change(name, role, now) for name, role in before.items() if (now := self._role(name)) != role
            )
            for key in self.cloud.keys._keys.keys() - keys:
                self._keys[key] = made
            if call.action == "TagResources":
                self._noted(call)
            if call.action == "InvokeFunction":
                self.started.setdefault(request.body, made.root)
        if moment and moment.side == "after":
            moment.do(made)
        return response

    def _begins_there(self, made: Invocation, call: Call) -> None:
        """A run may be kept back in one place for minutes after it began in another."""
        place = (call.account, call.region)
        if call.service == "ecs" and place not in made.root.holders:
            there = self.cloud.ecs.place(*place).instances.values()
            made.root.holders[place] = sum(instance.role in made.file.roles for instance in there)

    def _call(self, request: Request) -> Call:
        service = next(s for s in self.cloud.services if s.matches(request))
        params = service.params(request) if isinstance(service, RpcService) else {}
        found = _KEY.search(request.headers.get("authorization", ""))
        key = self.cloud.keys.find(found[1]) if found else None
        ids = [v for k, v in params.items() if k.startswith("ResourceId.")]
        if "InstanceIds" in params:
            ids = json.loads(params["InstanceIds"])
        account = key.identity.account if key else ""
        return Call(service.name, service.action(request), dict(params), account, tuple(ids))

    def _role(self, instance_id: str) -> str:
        found = self.cloud.ecs.instance(instance_id)
        return found.role if found else ""

    def _noted(self, call: Call) -> None:
        for name in call.ids:
            instance = self.cloud.ecs.instance(name)
            if instance and instance.tags.get(NOTE) == call.params.get("Tag.1.Value"):
                self.notes.setdefault(name, set()).add(instance.tags[NOTE])

    def _wrong(self, made: Invocation, call: Call) -> list[str]:
        """What must not be about this write, judged by what is on the instances now."""
        found = []
        what = f"{call.action} of {call.role or '-'} on {', '.join(call.ids[:3])}"
        if made.root.dry:
            found.append(f"a dry run writes: {what}")
        if not any(_announces(intent, call) for intent in made.intents):
            found.append(f"no intent says so before: {what}")
        if call.action == "DetachInstanceRamRole" and not call.role:
            found.append(f"a detach that names no role: {what}")
        for name in call.ids:
            instance = self.cloud.ecs.instance(name)
            if instance and call.action in _KINDS:
                found += [f"{text}: {what}" for text in self._wrong_for(made, call, instance)]
        return found

    def _wrong_for(self, made: Invocation, call: Call, instance: Instance) -> list[str]:
        file, role, name = made.file, call.role, instance.instance_id
        want = wanted(file, instance.tags)
        unmoved = self.touched.get(name, 0) <= made.touches  # what it decided on is what is there
        found = []
        if call.action == "AttachInstanceRamRole":
            ours = any(
                c.instance_id == name and c.before == role and c.after != role
                for i in made.root.invocations
                for c in i.changes
            )
            proven = any(text.partition(":")[0] == role for text in self.notes.get(name, ()))
            if role not in file.roles and not ours and not proven:
                found.append("a role outside the list")
            if role in file.guarded and not ours and not _asked_for(made, instance, unmoved=unmoved):
                found.append("an attach that nobody who may has asked for")
            return [*found, "an attach in mode audit"] if unmoved and want.mode == "audit" else found
        if role not in file.roles:
            if not file.displaces(role):
                found.append("a foreign role that must be kept is taken off")
            elif unmoved and want.foreign == "keep":
                found.append("a foreign role is taken off where its rule keeps it")
            elif unmoved and instance.role == role and self.displaced(instance) != role:
                found.append("a foreign role is taken off without a note")
        elif unmoved and instance.role == role:
            age = self.cloud.clock.now() - instance.created
            if (
                want.verdict == "none" and not want.over and age + MINUTE < file.grace
            ):  # ECS tells the minute of a creation alone
                found.append(f"a young instance ({age:.0f} s) loses its role")
        if unmoved and instance.role == role and (want.mode != "enforce" or want.verdict in ("ignore", "refused")):
            found.append(f"a role is taken off where the file says {want.verdict}, {want.mode}")
        return found


def _asked_for(made: Invocation, instance: Instance, *, unmoved: bool) -> bool:
    """Whether an operator asks, or an event tells of a call that set the tags to what they are; to what they were, nobody knows."""
    proofs = made.root.proofs.get(instance.instance_id, [])
    if made.root.operated or (proofs and not unmoved):
        return True
    return any(tags and tags.items() <= instance.tags.items() for tags in proofs)


def _announces(intent: dict[str, object], call: Call) -> bool:
    ids = intent.get("instance_ids")
    if intent["intent"] != call.action or intent.get("region") != call.region or not isinstance(ids, list):
        return False
    return set(ids) == set(call.ids) and (call.action not in _KINDS or intent.get("role") == call.role)

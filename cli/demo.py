"""`rolekeeper demo`: the whole job as a story, on the emulated cloud. Prints what it finds there, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from cli.example import EXAMPLE
from cli.output import Part, Screen, console, counted, print_table, say, table
from cli.stage import Stage, stage
from fakecloud.people import Person
from shared import policies

FOREIGN = "legacy-admin"


def run(*, plain: bool) -> int:
    """The demo; exit code 1 if anything ended otherwise than the story needs."""
    out = console(plain=plain, width=120)
    began = time.monotonic()
    with stage(EXAMPLE) as on:
        ended_well = Story(on, out).tell()
    say("", out=out)
    say((f"{time.monotonic() - began:.1f} s; nothing left this machine; no account was needed.", "dim"), out=out)
    return 0 if ended_well else 1


class Story:
    """Each chapter acts through an SDK client or an event, lets the cloud settle, then observes."""

    def __init__(self, on: Stage, console: Screen) -> None:
        self.on, self.console = on, console
        self.people = Person(on.url)
        self.names: dict[str, str] = {}
        self._expectations: list[bool] = []

    def tell(self) -> bool:
        text = f"An emulated Alibaba Cloud serves {self.on.url} (ECS, RAM, STS, SLS, EventBridge, FC, metadata)"
        say(text, out=self.console)
        self.roles()
        self.launch()
        self.metadata("web-1")
        self.retag()
        self.untag()
        self.foreign()
        self.echoes()
        self.timer()
        self.records()
        self.fleet()
        return all(self._expectations)

    def roles(self) -> None:
        self.title("RAM roles and policies, provisioned from cli/example.yaml")
        made = self.on.make_roles(self.on.mapping())
        for change in made.changes:
            gains = [line for line in change.gains if not line.startswith("trust:")]
            much = f"gains {counted(len(gains), 'permission')}, e.g."
            self.say("role ", (change.role, "cyan"), "  ", (much, "dim"), f" {gains[0]}")
        again = self.on.provision(self.on.mapping())
        self.say(f"write calls made: {len(made.done)}; made by a second run: {len(again.done)}")
        self.expect(not again.done)
        self.on.ram.create_role(FOREIGN, "somebody else's", policies.trust("ecs"))
        self.title("Functions, deployed from s.yaml")
        for name in self.on.deploy():
            function = next(f for f in self.on.cloud.fc.functions() if f.name == name)
            kinds = "; ".join(
                f"{kind}: {', '.join(t.name for t in function.triggers.values() if t.type == kind)}"
                for kind in dict.fromkeys(t.type for t in function.triggers.values())
            )
            self.say(f"{name}  ", (f"{function.handler}  <- {kinds or 'by hand'}", "dim"))

    def launch(self) -> None:
        self.title("Three instances are launched (RunInstances); EventBridge delivers, the functions run")
        for name, tags in {
            "web-1": {"app": "web", "env": "prod"},
            "worker-1": {"app": "worker"},
            "plain-1": {"team": "analytics"},
        }.items():
            self.names[self.people.launch(name, tags)] = name
            self.say(f"{name}  {self.id(name)}  tags {json.dumps(tags)}")
        self.settle()
        self.holds("web-1", "web-reader")
        self.holds("worker-1", "worker")
        self.holds("plain-1", "")

    def metadata(self, name: str) -> None:
        self.title(f"On {name}, the metadata service now serves the role's token")
        proxy = self.on.url.replace("//", f"//{self.id(name)}:x@")  # how an instance says who it is, to the emulator
        service = "http://100.100.100.200/latest"
        path = f"{service}/meta-data/ram/security-credentials/"
        http = requests.Session()
        http.trust_env, http.proxies = False, {"http": proxy}
        ttl = {"X-aliyun-ecs-metadata-token-ttl-seconds": "60"}
        sent = {"X-aliyun-ecs-metadata-token": http.put(f"{service}/api/token", headers=ttl, timeout=5).text}
        role = http.get(path, headers=sent, timeout=5).text
        keys = http.get(path + role, headers=sent, timeout=5).json()
        self.say(f"$ curl {path}")
        self.say((role, "green"))
        self.say(f"$ curl {path}{role}")
        short = {
            k: v if len(v) < 30 or ("SecurityToken" not in k and "Secret" not in k) else v[:9] + "…"
            for k, v in keys.items()
        }
        self.say((json.dumps(short, ensure_ascii=False), "green"))
        self.expect(keys.get("Code") == "Success")

    def retag(self) -> None:
        self.title("web-1 is retagged app=worker: its role is swapped")
        self.people.tag(self.id("web-1"), {"app": "worker"})
        self.settle()
        self.holds("web-1", "worker")

    def untag(self) -> None:
        self.title(
            "web-1, as if it had run for an hour, loses its tags app and env: no rule gives it a role, the role is detached"
        )
        self.on.cloud.ecs.age(self.id("web-1"), 3600)  # a younger instance keeps its role: tags may still be on the way
        self.people.untag(self.id("web-1"), "app", "env")
        self.settle()
        self.holds("web-1", "")

    def foreign(self) -> None:
        self.title(f"Somebody attaches {FOREIGN} to plain-1 by hand, then tags it env=prod: the role is left alone")
        self.people.attach(self.id("plain-1"), FOREIGN)
        self.people.tag(self.id("plain-1"), {"env": "prod"})
        self.settle()
        self.holds("plain-1", FOREIGN)

    def echoes(self) -> None:
        """EventBridge delivers at least once and in any order: the first tag event again, twice."""
        self.title("An old event comes again, and out of order: nothing changes")
        log = self.on.cloud.events.log.events
        old = next(e for e in log if e["type"].startswith("tag:") and e["data"]["resourceId"] == self.id("web-1"))
        text = f"again: {old['type']} of {old['time']}, which says tags {json.dumps(old['data']['tags'])}"
        self.say((text, "dim"))
        before = len(self.writes())
        self.on.cloud.events.emit(old)
        self.on.cloud.events.emit(old)
        self.settle()
        self.holds("web-1", "")
        self.say(f"write calls made because of them: {len(self.writes()) - before}")
        self.expect(len(self.writes()) == before)

    def timer(self) -> None:
        self.title("The timer observes every instance: nothing to heal")
        before = len(self.writes())
        self.on.cloud.fc.fire_timer("rolekeeper-reconcile", "reconcile-timer")
        self.settle()
        self.say(f"write calls made by it: {len(self.writes()) - before}")
        self.expect(len(self.writes()) == before)

    def records(self) -> None:
        self.title("What SLS has of all this, asked through the SLS client")
        rows = self.on.records()
        made = table("event time", "function", "instance", "outcome", "reason", "role", whole=("instance", "role"))
        for row in sorted(rows, key=lambda row: row["event_time"]):
            made.add(*self.cells(row))
        print_table(made, self.console)
        failures = [i for i in self.on.cloud.fc.invocations if not i.ok]
        self.say(
            f"{len(rows)} records of {len(self.on.cloud.fc.invocations)} invocations, {len(failures)} of them failed"
        )
        self.expect(bool(rows) and not failures)

    def fleet(self) -> None:
        self.title("300 instances that no event told of: one reconcile heals them, with the fewest calls")
        ecs = self.on.cloud.ecs
        made = ecs.make(300, tags={"app": "worker"})
        self.reconcile({"attached/missing": 300})
        self.title("Somebody takes the tags off 200 of them at once: the brake refuses to take 200 roles off")
        for instance in made[:200]:
            ecs.owner(instance).tag(instance, "app", None)
        run = self.reconcile({"refused/brake": 200})
        self.say(f"{run.get('brake', '')}")
        self.expect(all(instance.role == "worker" for instance in made))

    def reconcile(self, expected: Mapping[str, int]) -> Mapping[str, Any]:
        """Run it as `s invoke` does; its counts and its bill."""
        ended = self.on.invoke("reconcile", b'{"reconcile": {"operator": "alice"}}')
        run: Mapping[str, Any] = json.loads(ended.body)["runs"][0]
        self.say(f"counts: {', '.join(f'{count} {what}' for what, count in run['counts'].items())}")
        self.say(f"bill: {', '.join(f'{count} {call}' for call, count in run['bill']['calls'].items())}")
        self.expect(all(run["counts"].get(what) == count for what, count in expected.items()))
        return run

    def cells(self, row: Mapping[str, str]) -> Sequence[Part]:
        at = row["event_time"][11:19]
        if row.get("run"):
            return at, row["function"], "all", row["run"], f"{row['seen']} seen", ""
        change = [row.get("role_before") or "-", row.get("role_after") or "-"]
        colour = {"attached": "green", "swapped": "cyan", "detached": "yellow", "skipped": "magenta"}.get(
            row["outcome"], "dim"
        )
        role = " -> ".join(change) if change[0] != change[1] else change[0]
        return (
            at,
            row["function"],
            self.names[row["instance_id"]],
            (row["outcome"], colour),
            row["reason"],
            role,
        )

    def settle(self) -> None:
        """Let everything on its way arrive, and say what ran."""
        seen = len(self.on.cloud.fc.invocations)
        self.on.cloud.settle()
        for ran in list(self.on.cloud.fc.invocations)[seen:]:
            event = json.loads(ran.payload)
            what = f"{event.get('type') or 'timer'} {event.get('data', {}).get('state') or event.get('data', {}).get('eventName') or ''}"
            result = json.loads(ran.result) if ran.ok else {"error": ran.error}
            self.say((what.strip(), "dim"), f" -> {ran.function}: {_brief(result)}  ", (f"{ran.ms:.0f} ms", "dim"))

    def holds(self, name: str, role: str) -> None:
        found = self.people.role_of(self.id(name))
        self.expect(found == role)
        mark = ("✔", "green") if found == role else (f"✘ expected {role or 'none'}", "red")
        self.say(mark, f" DescribeInstanceRamRole: {name} holds ", (found or "no role", "bold"))

    def writes(self) -> list[str]:
        return [c.action for c in self.on.cloud.calls if c.action in ("AttachInstanceRamRole", "DetachInstanceRamRole")]

    def id(self, name: str) -> str:
        return next(key for key, value in self.names.items() if value == name)

    def expect(self, held: bool) -> None:
        self._expectations.append(held)

    def title(self, text: str) -> None:
        say("", out=self.console)
        say((text, "bold blue"), out=self.console)

    def say(self, *parts: Part) -> None:
        say("  ", *parts, out=self.console)


def _brief(result: Mapping[str, object]) -> str:
    outcomes, ignored = result.get("outcomes") or {}, result.get("ignored")
    if isinstance(ignored, list) and ignored and not outcomes:
        return f"ignored, {ignored[0]['reason']}"
    if isinstance(outcomes, dict) and outcomes:
        return ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    return json.dumps(result, ensure_ascii=False)

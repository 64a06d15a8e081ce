"""One cell of the fault table: a flow of which one call meets one fault, and what came of it. Asserts nothing.

faults.md explains the words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fakecloud.ecs.models import Instance
from shared.errors import TransientError
from tests.functional.handlers.world import NOTE, World
from tests.torture.stage import ATTACH, DESCRIBE, DETACH, FLOWS, ROLES, TAG, UNTAG, Flow, begin, work

LOGS = "PutLogs"
SECTIONS: dict[str, tuple[Flow, str]] = {
    **{name: (flow, "tags_changed") for name, flow in FLOWS.items()},
    "reconcile": (FLOWS["swap"], "reconcile"),
    "remediate": (FLOWS["swap"], "remediate"),
}
"""What the table has a section for: the flow, and which function goes through it. All by an event but the last two, which are swaps."""
NO_ANSWER = ("5xx", "html", "reset", "timeout", "empty")
GROUPS = {
    "no answer": NO_ANSWER,
    "no answer, after": tuple(f"{kind} after" for kind in NO_ANSWER),
}
VALUES: dict[str, Any] = {
    "number": 7, "text": "x", "list": [], "object": {}, "true": True, "null": None, "missing": None, "empty": "",
}  # fmt: skip
CODES: dict[str, dict[str, int]] = {
    DESCRIBE: {"InternalError": 500, "InvalidTagCount": 400, "InvalidAccessKeyId.NotFound": 404, "Forbidden.RAM": 403},
    ROLES: {
        "InvalidInstanceIds.Malformed": 400, "InvalidNetworkType.MismatchRamRole": 403, "InvalidInstanceId.NotFound": 404,
        "InternalError": 500, "InvalidAccessKeyId.NotFound": 404, "Forbidden.RAM": 403,
    },
    ATTACH: {
        "InvalidInstanceIds.Malformed": 400, "InvalidNetworkType.MismatchRamRole": 403, "InvalidUser.PassRoleForbidden": 403,
        "InvalidInstanceId.NotFound": 404, "InvalidRamRole.NotFound": 404, "InvalidRamRole.NotEcsRole": 404,
        "Forbidden.RAM": 403,
    },
    DETACH: {
        "InvalidInstanceIds.Malformed": 400, "InvalidNetworkType.MismatchRamRole": 403, "InvalidUser.PassRoleForbidden": 403,
        "InvalidInstanceId.NotFound": 404, "Forbidden.RAM": 403,
    },
    TAG: {
        "OperationDenied.QuotaExceed": 400, "NoPermission.Tag": 403, "InvalidResourceId.NotFound": 404, "Forbidden.RAM": 403,
    },
    UNTAG: {"NoPermission.Tag": 403, "InvalidResourceId.NotFound": 404, "Forbidden.RAM": 403},
    LOGS: {"Unauthorized": 401, "ProjectNotExist": 404, "LogStoreNotExist": 404, "WriteQuotaExceed": 403},
}  # fmt: skip
"""Those that the API pages give for our parameters, and those of any call; with their HTTP status."""
ITEM_CODES = ("IncorrectInstanceStatus", "OperationDenied", "InvalidInstanceId.NotFound")
OUTER = {
    DESCRIBE: "Instances.Instance", ROLES: "InstanceRamRoleSets.InstanceRamRoleSet",
    ATTACH: f"{ATTACH}Results.{ATTACH}Result", DETACH: f"{DETACH}Results.{DETACH}Result",
}  # fmt: skip
"""Where the items of an answer are: `items` in the table, in an object `outer`; `item` is the first of them."""
ANSWER = {"the answer": "number text list null object", "RequestId": "number missing"}
CHANGED = {
    **ANSWER, "outer": "number text list null missing", "items": "number text list object null missing",
    "item": "number text list object null", "item.InstanceId": "number list null missing empty text",
    "item.Code": "list object true", "item.Success": "number text list", "item.Message": "number",
    "item.InstanceRamRoleSets": "number text list",
}  # fmt: skip
PLACES: dict[str, dict[str, str]] = {
    DESCRIBE: {
        **ANSWER, "outer": "number text list object null missing", "items": "number text object null missing",
        "NextToken": "number list", "item": "number text list object null",
        "item.InstanceId": "number list null missing empty", "item.RegionId": "number list text",
        **{f"item.{name}": "number list" for name in (
            "ZoneId", "InstanceName", "InstanceNetworkType", "ResourceGroupId", "InstanceType", "ImageId",
            "VpcAttributes.VpcId", "VpcAttributes", "Tags",
        )},
        "item.Tags.Tag": "number object", "item.Tags.Tag.0": "number null", "item.Tags.Tag.0.TagKey": "number null missing",
        "item.Tags.Tag.0.TagValue": "number list", "item.CreationTime": "number text null missing",
    },
    ROLES: {
        **ANSWER, "the answer": "number text list null", "outer": "number text list", "items": "number text object",
        "item": "number text list object null", "item.InstanceId": "number list null missing empty",
        "item.RamRoleName": "number list",
    },
    ATTACH: CHANGED, DETACH: CHANGED,
    **{action: {**ANSWER, "RequestId": "number list missing"} for action in (TAG, UNTAG)},
}  # fmt: skip
"""Fields of the answers with kinds of values that they must not have."""


@dataclass(frozen=True)
class Fault:
    call: str
    name: str
    times: str  # "once": the first call, "always": each, "later": each but the first

    @property
    def code(self) -> str:
        """Of the cloud's answer; "" where it has none."""
        known = {"throttle": "Throttling", "5xx": "ServiceUnavailable"}
        return known.get(self.name.removesuffix(" after"), "" if ": " in self.name else self._kind_or_code())

    def _kind_or_code(self) -> str:
        name = self.name.removesuffix(" after")
        return "" if name in NO_ANSWER else name.removeprefix("item ")

    def inject(self, world: World, hit: Instance) -> Any:
        how: dict[str, Any] = {
            "action": self.call,
            "count": 1 if self.times == "once" else None,
            "after": int(self.times == "later"),
        }
        place, _, kind = self.name.partition(": ")
        if kind:
            how |= {"missing": True} if kind == "missing" else {"value": VALUES[kind]}
            return world.cloud.faults.add("alter", path=path(self.call, place), **how)
        if self.name.startswith("item "):
            return world.cloud.faults.add("partial", instance_ids=[hit.instance_id], code=self.name[5:], **how)
        kind = self.name.removesuffix(" after")
        if kind in (*NO_ANSWER, "throttle"):
            lost = {"lost_answer": True} if self.name.endswith(" after") else {}
            return world.cloud.faults.add(kind, **how, **lost)  # type: ignore[arg-type]
        return world.cloud.faults.add("error", code=self.name, status=CODES[self.call][self.name], **how)


def path(call: str, place: str) -> str:
    """The emulator's path of a place of the table."""
    first, _, rest = place.partition(".")
    known = {"the answer": ""}
    if call in OUTER:
        known |= {"outer": OUTER[call].partition(".")[0], "items": OUTER[call], "item": f"{OUTER[call]}.0"}
    return ".".join(filter(None, [known.get(first, first), rest]))


@dataclass(frozen=True)
class Cell:
    """What came of it, in the words of the table. Of two instances, "hit / other" where they differ.

    holds: `before` and `wanted` are the role, and the note, that the flow begins and ends with; `bare` is no role in the middle of a
    swap. record: `done` is what is recorded where nothing fails; a reason is left out where it is the flow's own, and the error code
    where it is the fault's own. raised: whether the invocation failed. then: what is on the instance after one more reconcile.
    """

    holds: str
    record: str
    raised: str
    then: str


def faults(call: str) -> Iterator[str]:
    """Every fault that is tried at a call."""
    yield from ("throttle", *NO_ANSWER)
    if call not in (DESCRIBE, ROLES):
        yield from GROUPS["no answer, after"]
    yield from CODES[call]
    if call in (ATTACH, DETACH):
        yield from (f"item {code}" for code in ITEM_CODES)
    for place, kinds in PLACES.get(call, {}).items():
        yield from (f"{place}: {kind}" for kind in kinds.split())


def play(world: World, section: str, fault: Fault) -> Cell | None:
    """None: the flow makes no such call, or its answer has no such field."""
    flow, by = SECTIONS[section]
    made = begin(world, flow, 2)
    hit = made[0]
    begins = state(hit)
    injected = fault.inject(world, hit)
    world.capsys.readouterr()
    error = work(world, by, [i.instance_id for i in made])
    met = injected.hit
    printed = [json.loads(line) for line in world.capsys.readouterr().out.splitlines()]
    records = [*world.records(), *(line["record"] for line in printed if "record" in line)]
    now = [state(i) for i in made]
    world.cloud.faults.clear()
    work(world, "reconcile", [])
    if not met:
        return None
    noted = " and note" * (flow.name == "displace")
    bare = "none" + " and note" * (flow.noted or bool(noted))
    names = {bare: "bare", begins: "before", (flow.ends or "none") + noted: "wanted"}
    told = [in_words(flow, fault, records, i) for i in made]
    runs = {f"{r['run']}{code_in_words(fault, r)}" for r in records if r.get("action") == "run"}
    return Cell(
        pair(*(names.get(one, one) for one in now)),
        "; run ".join([pair(*told), *sorted(runs - {"complete"})]),
        "no" if error is None else "yes" if isinstance(error, TransientError) else type(error).__name__,
        pair(*(names.get(one, one) for one in map(state, made))),
    )


def state(instance: Instance) -> str:
    return f"{instance.role or 'none'}{' and note' * (NOTE in instance.tags)}"


def in_words(flow: Flow, fault: Fault, records: list[dict[str, Any]], instance: Instance) -> str:
    """What is sent to SLS twice, because the first answer was lost, is one record."""
    found = [r for r in records if r.get("instance_id") == instance.instance_id]
    reason = flow.done.split()[1]
    parts = []
    for r in found or [r for r in records if r.get("instance_id") == "?"]:
        done = f"{r['outcome']} {r['reason']}" == flow.done
        words = ["done" if done else r["outcome"], *([r["reason"]] * (r["reason"] != reason))]
        told = " and its code" * bool(r.get("error_code")) if done else code_in_words(fault, r)
        parts.append(" ".join(words) + told + ", by no name" * (not found))
    return " + ".join(dict.fromkeys(parts) if fault.call == LOGS else parts) or "no record"


def code_in_words(fault: Fault, record: dict[str, Any]) -> str:
    code = record.get("error_code", "")
    return "" if code == fault.code or record.get("run") == "complete" else f" {code or '(no code)'}"


def pair(hit: str, other: str) -> str:
    return hit if hit == other else f"{hit} / {other}"

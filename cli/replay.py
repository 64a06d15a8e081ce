"""`rolekeeper replay`: events through the real functions, on an emulated cloud that has the instances they name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cli.asked import attributes as asked_attributes
from cli.asked import tags as tags_of
from cli.files import payloads
from cli.output import print_json, print_table, table
from cli.stage import REGION, Stage, stage
from fakecloud.ecs.regions import REGIONS
from fakecloud.fc.models import Outcome
from fakecloud.identity import ACCOUNT
from shared import events
from shared.mapping.conditions import ATTRIBUTES
from shared.model.decision import Outcome as Ended
from shared.model.outcomes import WRONG, change
from shared.model.trigger import FUNCTION_OF, Trigger

RAISED = "raised"
COLUMNS = ("event", "instance", "outcome", "reason", "role", "rule or detail")


def run(
    files: Iterable[Path], *, as_json: bool, tags: Sequence[str], attributes: Sequence[str], role: str, roles_file: Path
) -> int:
    """Exit code 1 where a function raised, an instance failed, or one is no JSON. The table has first what went wrong. Raises
    ConfigError."""
    given = tags_of(tags) or {}
    properties = {**attributes_of(attributes), "role": role}
    bodies = list(payloads(files))
    shown = table(*COLUMNS, whole=("instance", "role"))
    lines: list[Sequence[str]] = []
    failed = 0
    with stage(roles_file) as on:
        on.make_roles(on.mapping())
        on.deploy()
        for name, body in bodies:
            outcome = replay(on, body, given, properties)
            records = on.records(f'request_id: "{outcome.request_id}"')
            failed += (
                not outcome.ok
                or any(item["reason"] == "not-json" for item in told(outcome)["ignored"])
                or any(record.get("outcome") == Ended.FAILED.value for record in records)
            )
            if as_json:
                print_json({"file": name, **told(outcome), "records": records})
            lines += [(name, *(cell or "-" for cell in row)) for row in rows(outcome, records)]
    if not as_json:
        for line in sorted(lines, key=lambda line: rank(line[2])):
            shown.add(*line)
        print_table(shown)
    return 1 if failed else 0


def rank(outcome: str) -> int:
    """Return where a row stands: what a function raised, what went wrong, and the rest in the order of the events."""
    order = (RAISED, *WRONG)
    return order.index(outcome) if outcome in order else len(order)


def attributes_of(given: Iterable[str]) -> dict[str, str]:
    """Return the attributes that rules may ask for, with their values. The emulator calls them as rules do; the region is the event's own.

    Raises ConfigError.
    """
    return asked_attributes(given, [name for name in ATTRIBUTES if name != "region"])


def replay(on: Stage, body: bytes, tags: Mapping[str, str], properties: Mapping[str, str]) -> Outcome:
    """Run the function that an event is intended for; the instances it names are there, with the given tags and properties.

    Each event meets its instances so: what an earlier event did to them is gone, and so is the process that remembers it.
    """
    on.cloud.fc.shutdown()
    read = [item for item in events.read(body, account_id=ACCOUNT, region=REGION) if isinstance(item, Trigger)]
    carried = dict(tags) or tags_in(body)
    for trigger in read:
        region = trigger.region if trigger.region in REGIONS else REGION
        place = on.cloud.ecs.place(ACCOUNT, region)
        for name in trigger.instance_ids:
            if before := place.instances.get(name):
                place.remove(before)
            place.add(place.new(on.cloud.clock.now() - 3600, instance_id=name, tags=dict(carried), **properties))
    return on.invoke(FUNCTION_OF[read[0].kind] if read else "instance_created", body)


def tags_in(body: bytes) -> dict[str, str]:
    """Tags that an event happens to carry: the product never believes them, a replay has no others."""
    try:
        found = dict(_tags(json.loads(body)))
    except (ValueError, RecursionError):
        return {}
    return found


def _tags(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for member in value:
            yield from _tags(member)
    if not isinstance(value, dict):
        return
    for key, member in value.items():
        if key.startswith("Tag.") and key.endswith(".Key"):
            yield str(member), str(value.get(key[:-4] + ".Value", ""))
        elif key in ("tags", "Tags", "Tag") and isinstance(member, dict):
            yield from ((str(k), v) for k, v in member.items() if isinstance(v, str))
        elif key in ("Tags", "Tag") and isinstance(member, list):
            rows = (row for row in member if isinstance(row, dict) and "Key" in row)
            yield from ((str(row["Key"]), str(row.get("Value", ""))) for row in rows)
        else:
            yield from _tags(member)


def told(outcome: Outcome) -> dict[str, Any]:
    """Return what the function answered."""
    try:
        result = json.loads(outcome.body)
    except ValueError:
        result = outcome.body.decode(errors="replace")
    if outcome.ok:
        return {"ok": True, "outcomes": result.get("outcomes", {}), "ignored": result.get("ignored", [])}
    return {"ok": False, "error_type": result.get("errorType", ""), "error": result.get("errorMessage", "")}


def rows(outcome: Outcome, records: Sequence[Mapping[str, str]]) -> Iterator[Sequence[str]]:
    """A row a record, and one for each event that was ignored or raised."""
    answer = told(outcome)
    for record in records:
        if "instance_id" in record:
            yield record["instance_id"], record["outcome"], record["reason"], change(record), record.get("rule", "")
        else:
            yield "(run)", record.get("run", ""), f"{record.get('seen')} seen", "", record.get("counts", "")
    for item in answer.get("ignored", []):
        yield "", "ignored", item["reason"], "", item["detail"]
    if not answer["ok"]:
        yield "", RAISED, answer["error_type"], "", answer["error"]

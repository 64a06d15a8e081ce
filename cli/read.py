"""`rolekeeper read`: how each event is understood. Calls nothing and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cli.files import payloads
from cli.output import print_json, print_table, say, table
from shared import events
from shared.model.ignored import Ignored
from shared.model.trigger import Trigger
from shared.settings import check


def run(files: Iterable[Path], *, as_json: bool, account: str, role: str, region: str) -> int:
    """Exit code 1 where one is no JSON: a file that was named is intended to be an event."""
    check("account_id", account, "--account")
    check("region", region, "--region")
    rows = [
        {"file": name, **understood(item)}
        for name, body in payloads(files)
        for item in events.read(body, account_id=account, own_role=role, region=region)
    ]
    failed = int(any(row.get("ignored") == "not-json" for row in rows))
    if as_json:
        for row in rows:
            print_json(row)
        return failed
    for row in sorted(rows, key=lambda row: row.get("ignored") != "not-json"):  # what is wrong comes first
        made = table("", "")
        made.show_header = False
        say(str(row.pop("file")))
        for name, value in row.items():
            if value not in ("", [], None):
                shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                made.add(f"  {name}", shown, style="dim" if "ignored" in row else "")
        print_table(made)
    return failed


def understood(item: Trigger | Ignored) -> dict[str, Any]:
    """One event as plain data: with "ignored" (the reason) and "detail", or with "kind" and "instance_ids"."""
    common = {
        "region": item.region,
        "account_id": item.account_id,
        "actor": item.actor,
        "event_id": item.event_id,
        "event_time": item.event_time,
        "source": item.source,
    }
    if isinstance(item, Ignored):
        return {"ignored": item.reason, "detail": item.detail, **common}
    remedy = item.request
    asked: dict[str, Any] = (
        {}
        if remedy is None
        else {
            "all": remedy.everything,
            "tags": dict(remedy.tags),
            "dry_run": remedy.dry_run,
            "reason": remedy.reason,
            "operator": remedy.operator,
        }
    )
    return {
        "kind": item.kind,
        "instance_ids": list(item.instance_ids),
        **common,
        "event_name": item.event_name,
        "attributes": list(item.attributes),
        **asked,
    }

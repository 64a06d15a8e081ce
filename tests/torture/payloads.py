"""What a function may be invoked with: the samples of events/, changed, alone and in whatever carries them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.torture.mutations import Mutator, Samples, in_message, in_report, written

ROOT = Path(__file__).resolve().parents[2]
SAMPLES: dict[str, Any] = {
    path.relative_to(ROOT / "events").as_posix(): json.loads(path.read_bytes())
    for path in sorted((ROOT / "events").rglob("*.json"))
}
BY_HAND = ("reconcile/", "remediate/")
TAGGED = SAMPLES["tags_changed/ecs-tag-resources.json"]
HANDED_OVER = SAMPLES["reconcile/handed-over.json"]
EVENTS = Samples([sample for name, sample in SAMPLES.items() if not name.startswith(BY_HAND)])
REMEDIES: tuple[dict[str, Any], ...] = (
    {"everything": True}, {"tags": {"app": "web"}, "dry_run": True}, {"rule": "by app", "max_calls": 3},
    {"role": "web", "canary": 1, "max_errors": {"part": 0.05}}, {"drift": "orphaned", "concurrency": {"count": 2}, "operator": "alice"},
)  # fmt: skip


PAYLOADS = Samples(
    [
        *(sample for name, sample in SAMPLES.items() if name.startswith(BY_HAND) and sample is not HANDED_OVER),
        {"remediate": {"instance_ids": ["i-1", "i-2", "i-3", "i-bp1ecr0000000000000c"], "max_calls": 4, "canary": 1}},
        {"remediate": {"role": "worker", "lift_brake": True, "max_errors": "10%"}},
        {"drift": "wrong", "concurrency": 1},
        {"rule": "by app"},
        {"reconcile": {"lift_brake": True, "max_calls": 2}},
        {"all": True},
        {"all": True, "lift_brake": True, "dry_run": True},
    ]
)
HAND_OVERS = Samples(
    [
        {
            "rolekeeper": {
                **HANDED_OVER["rolekeeper"],
                "kind": kind,
                "remedy": remedy,
                "cursor": {**HANDED_OVER["rolekeeper"]["cursor"], **cursor},
            }
        }
        for kind, remedy in [("reconcile", None), *(("remediate", remedy) for remedy in REMEDIES)]
        for cursor in (
            {},
            {"listed": False, "instance_ids": []},
            {"instance_ids": ["i-1", "i-2"], "managed": None, "link": 499, "stalled": 1},
        )
    ]
)


def body_of(mutator: Mutator, value: Any) -> bytes | str:
    """The value as somebody sends it: in a batch or not, in a message or a report or not, whole or spoilt."""
    if mutator.chance(0.1):
        value = [value, *(mutator.changed(mutator.sample()) for _ in range(mutator.pick((0, 1, 2, 12))))]
    body = written(value, ascii_only=mutator.chance(0.8)).encode("utf-8", "surrogatepass")
    while mutator.chance(0.12):
        around = mutator.pick(
            (
                lambda body: in_message(body, "text"),
                lambda body: in_message(body, "base64"),
                lambda body: in_message(body, "object"),
                in_report,
                lambda body: body.decode(errors="replace"),
                lambda body: [in_message(body, "text"), in_report(body)],
            )
        )
        body = written(around(body)).encode("utf-8", "surrogatepass")
    if mutator.chance(0.12):
        body = mutator.spoilt(body)
    return body.decode("utf-8", "surrogateescape") if mutator.chance(0.05) else body


def many_members(value: Any, count: int) -> Any:
    return [f"{value}{number}" if isinstance(value, str) else value for number in range(count)]


def many_keys(value: Any, count: int) -> Any:
    return {f"key-{number}": value for number in range(count)}


def long_text(value: Any, count: int) -> Any:
    return (value if isinstance(value, str) and value else "x*") * count


def nested(value: Any, count: int) -> Any:
    for _ in range(count // 2):  # YAML takes 100 levels
        value = [value]
    return value


SHAPES = (many_members, many_keys, long_text, nested)
"""Ways of making much of a value: so many times, in proportion."""

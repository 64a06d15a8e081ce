"""The explanation of one instance as one JSON object."""

from __future__ import annotations

from typing import Any

import msgspec

from cli.view.examples import asked_for
from cli.view.explanation import Explained, RecordsFound, guards, near_miss_words, sentence
from shared.mapping.conditions import AllOf, AnyOf, Has, Not
from shared.mapping.near_misses import NearMiss
from shared.mapping.toward import Toward
from shared.mapping.trace import Asked, TracedRule
from shared.model.plan import Change


def as_json(explained: Explained, found: RecordsFound, file: str) -> dict[str, Any]:
    """Return all of it; file: the mapping's name."""
    instance, desired = explained.traced.instance, explained.traced.desired
    return {
        "file": file,
        "mapping_hash": explained.mapping.hash,
        "instance": {"instance_id": instance.instance_id, **asked_for(instance), "role": instance.role},
        "wanted": msgspec.structs.asdict(desired),
        "change": _change(explained.change),
        "guards": dict(guards(explained)),
        "near_misses": [_near(miss) for miss in explained.near],
        "rules": [_rule(rule) for rule in explained.traced.steps],
        "toward": _toward(explained.toward, explained.then) if explained.toward else None,
        "records": [dict(record) for record in found.records],
        "records_note": found.why,
        "sentence": sentence(explained, f"{file} {explained.mapping.hash}"),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "action": change.action,
        "reason": change.reason.value,
        "outcome": change.outcome.value if change.outcome else None,
        "role_before": change.role_before,
        "role_after": change.role_after,
        "why": change.why,
    }


def _near(miss: NearMiss) -> dict[str, Any]:
    return {
        "rule": miss.step.rule.name,
        "text": near_miss_words(miss),
        "near": [
            {
                "subject": one.test.subject,
                "value": one.value,
                "wanted": one.glob,
                "likeness": one.likeness,
                "key": one.key,
            }
            for one in miss.near
        ],
    }


def _rule(traced: TracedRule) -> dict[str, Any]:
    return {
        "name": traced.rule.name,
        "role": traced.rule.role.text if traced.rule.role else None,
        "met": traced.met,
        "decides": traced.decides,
        "when": _asked(traced.asked),
    }


def _asked(asked: Asked) -> dict[str, Any]:
    condition = asked.condition
    if isinstance(condition, Has):
        there = condition.globs == ("*",)
        asks: dict[str, Any] = {"exists": True} if there else {"values": list(condition.globs)}
        return {"subject": condition.subject, **asks, "value": asked.value, "met": asked.met}
    kinds = {AllOf: "all", AnyOf: "any", Not: "not"}
    return {kinds[type(condition)]: [_asked(part) for part in asked.parts], "met": asked.met}


def _toward(toward: Toward, then: Any) -> dict[str, Any]:
    return {
        "role": toward.role,
        "proven": toward.proven,
        "ways": [
            {"rule": way.rule, "edits": [msgspec.structs.asdict(edit) for edit in way.edits], "then": _change(change)}
            for way, change in zip(toward.ways, then, strict=True)
        ],
    }

"""Finds instance ids in whatever shape a request lists its resources. Reads ids and ARNs; decides nothing.

ARN of an instance (reference: Tag TagResources API page, parameter ResourceARN): arn:acs:ecs:REGION:ACCOUNT:instance/ID,
where REGION and ACCOUNT may be "*". CloudMonitor writes the same without the leading "arn:".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from shared.events.values import INSTANCE_ID, Json, account, decoded, region_id, text

_ARN = re.compile(r"(?:arn:)?acs:ecs:([^:]*):([^:]*):instance/(i-[0-9A-Za-z][0-9A-Za-z_-]{0,63})", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s,;]+")
_RESOURCE_KEY = re.compile(r"(resource|instance)(id|arn)s?(\.\w+)*", re.ASCII)
_MAX_DEPTH = 8  # lists in objects in strings; published shapes need three


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The instances that a value names, in order and once each, with what their ARNs say of where they are."""

    ids: tuple[str, ...] = ()
    region: str = ""
    account: str = ""
    others: tuple[str, ...] = ()  # resources that are no instances, as written


def find(*values: object) -> Found:
    """All instances in `values`: a string, a list, a comma-separated or JSON string, objects of any of these."""
    ids: dict[str, None] = {}
    others: dict[str, None] = {}
    region = owner = ""
    for word in _words(values, _MAX_DEPTH):
        if arn := _ARN.fullmatch(word):
            ids[arn[3]] = None
            region = region or region_id(arn[1])
            owner = owner or account(arn[2])
        elif INSTANCE_ID.fullmatch(word):
            ids[word] = None
        elif other := text(word, 80):
            others[other] = None
    return Found(ids=tuple(ids), region=region, account=owner, others=tuple(others))


def requested(parameters: Json) -> list[object]:
    """The values of the parameters that name resources: ResourceId, ResourceId.1, InstanceId, ResourceARN.1, ...

    `parameters` has lower-case keys. ActionTrail keeps the raw request, so lists come flattened; ".10" follows ".9".
    """
    keys = [key for key in parameters if _RESOURCE_KEY.fullmatch(key)]
    return [parameters[key] for key in sorted(keys, key=_number)]


def _number(key: str) -> int:
    tail = key.rpartition(".")[2]
    return int(tail) if tail.isdecimal() and len(tail) < 10 else 0


def _words(values: Iterable[object], depth: int) -> Iterator[str]:
    if depth == 0:
        return
    for value in map(decoded, values):
        if isinstance(value, str):
            yield from filter(None, _SEPARATORS.split(value))
        elif isinstance(value, dict):
            yield from _words(value.values(), depth - 1)
        elif isinstance(value, list):
            yield from _words(value, depth - 1)

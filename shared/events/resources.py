"""Finds instance ids in whatever shape a request lists its resources. Reads ids and ARNs; decides nothing.

ARN of an instance (reference: Tag TagResources API page, parameter ResourceARN): arn:acs:ecs:REGION:ACCOUNT:instance/ID,
where REGION and ACCOUNT may be "*". CloudMonitor writes the same without the leading "arn:".
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator

import msgspec

from shared.events.values import INSTANCE_ID, Json, account, decoded, region_id, text

_ARN = re.compile(r"(?:arn:)?acs:ecs:([^:]*):([^:]*):instance/(.{1,80})", re.IGNORECASE | re.DOTALL)
_SEPARATORS = re.compile(r"[\s,;]+")
_RESOURCE_KEY = re.compile(r"(resource|instance)(id|arn)s?(\.\w+)*", re.ASCII)
_MAX_DEPTH = 8  # lists in objects in strings; published shapes need three


class Named(msgspec.Struct, frozen=True):
    """One instance, and where it is by its own ARN, or by the region beside it; "" = that is not said."""

    id: str
    region: str = ""
    account: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The instances that a value names, in order and once in each place: one list may name several regions and accounts."""

    instances: tuple[Named, ...] = ()
    others: tuple[str, ...] = ()  # resources that are no instances, as written

    def without(self, ids: Container[str]) -> Found:
        """The same, but for the instances of these ids."""
        return Found(instances=tuple(named for named in self.instances if named.id not in ids), others=self.others)


def find(*values: object) -> Found:
    """All instances in `values`: a string, a list, a comma-separated or JSON string, objects of any of these."""
    found: dict[Named, None] = {}
    others: dict[str, None] = {}
    for word, beside in _words(values, _MAX_DEPTH):
        arn = _ARN.fullmatch(word)
        if arn and INSTANCE_ID.fullmatch(arn[3]):
            found[Named(arn[3], region_id(arn[1]) or beside, account(arn[2]))] = None
        elif INSTANCE_ID.fullmatch(word):
            found[Named(word, beside)] = None
        elif other := text(word, 80):
            others[other] = None
    placed = {named.id for named in found if named.region}
    return Found(
        instances=tuple(named for named in found if named.region or named.id not in placed), others=tuple(others)
    )


def requested(parameters: Json) -> list[object]:
    """The values of the parameters that name resources: ResourceId, ResourceId.1, InstanceId, ResourceARN.1, ...

    `parameters` has lower-case keys. ActionTrail keeps the raw request, so lists come flattened; ".10" follows ".9".
    """
    keys = [key for key in parameters if _RESOURCE_KEY.fullmatch(key)]
    return [parameters[key] for key in sorted(keys, key=_number)]


def _number(key: str) -> int:
    tail = key.rpartition(".")[2]
    return int(tail) if tail.isdecimal() and len(tail) < 10 else 0


def _words(values: Iterable[object], depth: int, beside: str = "") -> Iterator[tuple[str, str]]:
    """Each word, with the region that the object it is in names."""
    if depth == 0:
        return
    for value in map(decoded, values):
        if isinstance(value, str):
            yield from ((word, beside) for word in _SEPARATORS.split(value) if word)
        elif isinstance(value, dict):
            inner = {key: item for key, item in value.items() if key.lower() != "regionid"}
            region = next((region_id(item) for key, item in value.items() if key not in inner), "")
            yield from _words(inner.values(), depth - 1, region or beside)
        elif isinstance(value, list):
            yield from _words(value, depth - 1, beside)

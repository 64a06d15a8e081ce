"""Source: what an operator types to have instances looked at. The one source that is strict: a slip must not act on others.

{"remediate": {"instance_ids": [...]}}, or "tags": {...}, or "all": true, with dry_run, reason, operator, region; also bare,
without the outer "remediate".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

import msgspec

from shared.events.event import DETAIL_LIMIT, Event
from shared.events.values import clean, region_id, text
from shared.model import Ignored, Remedy, Trigger

NAME = "manual"
SELECTORS = ("instance_ids", "tags", "all")

_ID = re.compile(r"i-[0-9A-Za-z]{1,64}")


class Payload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The payload's schema. Exactly one selector says which instances."""

    instance_ids: list[str] | msgspec.UnsetType = msgspec.UNSET
    tags: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    all: bool | msgspec.UnsetType = msgspec.UNSET
    dry_run: bool = False
    reason: str = ""
    operator: str = ""
    region: str = ""


class _Slip(ValueError):
    """A mistake in the payload; the text names the place and the mend."""


def read(event: Event) -> Trigger | Ignored | None:
    """One request; None if `event` is none."""
    raw = event.raw
    if event.enveloped:
        return None
    try:
        if "remediate" in raw:
            _known("$", raw, ["remediate"])
            return _request("$.remediate", raw["remediate"], event)
        if any(key in raw for key in SELECTORS):
            return _request("$", raw, event)
    except _Slip as slip:
        return Ignored(
            reason="bad-payload", detail=clean(str(slip), DETAIL_LIMIT), source=NAME, region=event.home.region
        )
    return None


def _request(path: str, raw: object, event: Event) -> Trigger:
    if isinstance(raw, dict):
        _known(path, raw, Payload.__struct_fields__)
        _texts(f"{path}.tags", raw.get("tags"))
    try:
        payload = msgspec.convert(raw, Payload)
    except msgspec.ValidationError as error:
        message = str(error)
        raise _Slip(message.replace("`$", f"`{path}") if "`$" in message else f"{message} - at `{path}`") from None
    ids = _selected(path, payload)
    region = region_id(payload.region)
    if payload.region and not region:
        raise _Slip(f"{path}.region: {payload.region!r} is not a region id such as cn-hangzhou")
    operator = text(payload.operator)
    return Trigger(
        kind="remediate",
        source=NAME,
        instance_ids=ids,
        region=region or event.home.region,
        actor=operator,
        event_name="remediate",
        remedy=Remedy(
            everything=payload.all is True,
            tags=payload.tags or {},
            dry_run=payload.dry_run,
            reason=text(payload.reason),
            operator=operator,
        ),
    )


def _selected(path: str, payload: Payload) -> tuple[str, ...]:
    given = [name for name in SELECTORS if getattr(payload, name) is not msgspec.UNSET]
    if len(given) != 1:
        raise _Slip(f"{path}: give exactly one of {', '.join(SELECTORS)}; got {', '.join(given) or 'none'}")
    if payload.all is False:
        raise _Slip(f"{path}.all: must be true; to name instances give instance_ids or tags instead")
    if payload.tags is not msgspec.UNSET and not (payload.tags and all(payload.tags)):
        raise _Slip(f"{path}.tags: give at least one tag, and no empty key; for every instance give all: true")
    if payload.instance_ids is msgspec.UNSET:
        return ()
    if not payload.instance_ids:
        raise _Slip(f"{path}.instance_ids: the list is empty; name at least one instance")
    for position, instance_id in enumerate(payload.instance_ids):
        if not _ID.fullmatch(instance_id):
            shown = clean(instance_id, 40)
            raise _Slip(f"{path}.instance_ids[{position}]: {shown!r} is not an instance id such as i-bp1a2b3c")
    return tuple(dict.fromkeys(payload.instance_ids))


def _known(path: str, raw: dict[str, object] | object, known: Collection[str]) -> None:
    for key in raw if isinstance(raw, dict) else ():
        if key not in known:
            near = difflib.get_close_matches(key[:64].lower(), known, n=1)
            mend = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
            raise _Slip(f"{path}: unknown key `{clean(key, 40)}`; {mend}")


def _texts(path: str, tags: object) -> None:
    # msgspec writes "$.tags[...]" here; the key is what the operator needs.
    for key, value in tags.items() if isinstance(tags, dict) else ():
        if not isinstance(value, str):
            raise _Slip(f"{path}: the value of `{clean(key, 40)}` is not text; put it in quotes")

"""The tag `ram-role-until`: how long an instance keeps the role that a rule gives it."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import msgspec

from shared.mapping.contents import Until
from shared.model.instance import Desired, Instance

FORM = "write date, time and zone, e.g. 2026-12-31T18:00+08:00 or 2026-12-31T10:00Z"
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_LONGEST = 40


class Expiry(msgspec.Struct, frozen=True):
    """The end of an instance's time. at: aware UTC time, None = the tag names none. told: tag and value, fit for a record."""

    at: datetime | None
    told: str


def end_of(instance: Instance, until: Until) -> Expiry | None:
    """Return the end that the instance's tag names; None where it has no such tag."""
    text = next((value for key, value in instance.tags.items() if key.lower() == until.tag), None)
    if text is None:
        return None
    shown = "".join(char if char.isprintable() else "?" for char in text[:_LONGEST])
    return Expiry(_moment(text), f"tag {until.tag} is {shown!r}")


def wished(desired: Desired, end: Expiry | None, now: datetime) -> Desired:
    """Return the wish for an instance with this end: no role once it is over. A tag that names no time ends nothing here."""
    if desired.verdict != "role" or end is None or end.at is None or now < end.at:
        return desired
    return msgspec.structs.replace(desired, verdict="none", role="", expired=True)


def _moment(text: str) -> datetime | None:
    """Return the time; None for a text of any other form, and for one without a zone: whose midnight it means, nobody knows."""
    match = _TIME.fullmatch(text.strip())
    if not match:
        return None
    minute, second, zone = match.groups(default="")
    sign = "+00:00" if zone == "Z" else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    try:
        return datetime.fromisoformat(minute + (second or ":00") + sign).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None

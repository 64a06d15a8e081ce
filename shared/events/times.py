"""One reader for every way in which Alibaba Cloud writes a time. Needs no zone database; never raises.

Published forms: "…Z", "+08:00", "+0800", "…179PRC" and "…149Asia/Shanghai" (EventBridge samples),
"20190409T121826.922+0800" (CloudMonitor), "yyyy-MM-ddTHH:mmZ" (ECS), epoch milliseconds as text (Cloud Config).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from shared.events.values import text

RAW_LIMIT = 64  # characters kept of a time that could not be read

_TIME = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"\s*([+-]\d\d(?::?\d\d)?|[A-Z][A-Z_/]*)?(?:\[[A-Z_/]+\])?",
    re.ASCII | re.IGNORECASE,
)
_EPOCH = re.compile(r"\d{9,10}(\.\d{1,9})?|\d{12,13}", re.ASCII)
_EPOCH_START = datetime(1970, 1, 1, tzinfo=timezone.utc)
_CHINA = timezone(timedelta(hours=8))
_ZONES = {"": timezone.utc, "Z": timezone.utc, "UTC": timezone.utc, "GMT": timezone.utc}
_ZONES |= {"PRC": _CHINA, "ASIA/SHANGHAI": _CHINA}  # no daylight saving since 1991


def parse(value: object) -> datetime | None:
    """The moment that `value` names, aware and in UTC; None if it cannot be read. A time without a zone is UTC."""
    if isinstance(value, float):
        value = f"{value:f}"
    written = text(value, RAW_LIMIT)
    try:
        if _EPOCH.fullmatch(written):
            in_seconds = len(written.partition(".")[0]) <= 10
            since = timedelta(seconds=float(written)) if in_seconds else timedelta(milliseconds=int(written))
            return _EPOCH_START + since
        match = _TIME.fullmatch(written)
        if not match:
            return None
        year, month, day, hour, minute, second, fraction, zone = match.groups(default="")
        micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
        local = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro)
        return local.replace(tzinfo=_zone(zone)).astimezone(timezone.utc)
    except (ValueError, OverflowError, KeyError):  # no such day, year 0, an unknown zone
        return None


def first(*candidates: object) -> tuple[str, datetime | None]:
    """(event_time, event_at) of the first candidate that can be read; else the raw text of the first, and None."""
    for candidate in candidates:
        if moment := parse(candidate):
            return written(moment), moment
    raw = (text(candidate, RAW_LIMIT) for candidate in candidates)
    return next(filter(None, raw), ""), None


def written(moment: datetime) -> str:
    """RFC 3339 in UTC: milliseconds, microseconds only where there are some, no fraction where it is zero."""
    moment = moment.astimezone(timezone.utc)
    if moment.microsecond == 0:
        spec = "seconds"
    else:
        spec = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def _zone(name: str) -> timezone:
    if name[:1] in {"+", "-"}:
        digits = name[1:].replace(":", "")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
        return timezone(offset if name[0] == "+" else -offset)
    return _ZONES[name.upper()]

"""Dates and times in analytic statements: MySQL formats, truncation, time zones. Knows no logs.

Source: Simple Log Service user guide, "Date and time functions". Without a zone, times are in UTC+8, as the examples of that
page are; give from_unixtime a zone where it matters.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fakecloud.errors import NotEmulated
from fakecloud.sls.exceptions import QueryError

LOCAL = timezone(timedelta(hours=8))
_FORMATS = {
    "a": "%a", "b": "%b", "d": "%d", "H": "%H", "h": "%I", "I": "%I", "i": "%M", "j": "%j", "M": "%B", "m": "%m", "p": "%p",
    "r": "%I:%M:%S %p", "S": "%S", "s": "%S", "T": "%H:%M:%S", "W": "%A", "w": "%w", "Y": "%Y", "y": "%y", "%": "%%",
    "v": "%V", "x": "%G",
}  # fmt: skip


def zone(name: str) -> tzinfo:
    """Raises QueryError for a name that is none."""
    if name.upper() in ("UTC", "Z"):
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise QueryError(f"'{name}' is not a valid time zone", "SyntaxError") from None


def from_unixtime(seconds: float, name: str | None = None) -> datetime:
    return datetime.fromtimestamp(seconds, LOCAL if name is None else zone(name))


def date_format(at: datetime, form: str) -> str:
    """MySQL's format letters, not Python's: %i is the minute, %M the month's name."""
    answer, letters = "", iter(form)
    for letter in letters:
        if letter != "%":
            answer += letter
            continue
        kind = next(letters, "")
        if kind in ("c", "e", "k", "l"):
            hour12 = at.hour % 12 or 12
            answer += str({"c": at.month, "e": at.day, "k": at.hour, "l": hour12}[kind])
        elif kind in _FORMATS:
            answer += at.strftime(_FORMATS[kind])
        else:
            raise NotEmulated(f"the date format %{kind} in an analytic statement of SLS")
    return answer


def date_trunc(unit: str, at: datetime | int) -> datetime:
    moment = from_unixtime(at) if isinstance(at, int) else at
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit.lower():
        case "second":
            return moment.replace(microsecond=0)
        case "minute":
            return moment.replace(second=0, microsecond=0)
        case "hour":
            return moment.replace(minute=0, second=0, microsecond=0)
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
    raise QueryError(f"'{unit}' is not a valid Timestamp field", "SyntaxError")


def text(at: datetime) -> str:
    """As Presto prints a timestamp; one that was given a zone says so."""
    plain = at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}"
    return plain if at.tzinfo is LOCAL else f"{plain} {at.tzinfo}"

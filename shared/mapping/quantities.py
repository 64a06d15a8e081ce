"""Shapes with a unit: durations, percentages, whole numbers, the version. Exact: what is unclear is refused."""

from __future__ import annotations

import re
from datetime import timedelta

from shared.mapping.nodes import Node, Scalar
from shared.mapping.problems import Report, Where
from shared.mapping.shapes import Schema, described

_DURATION = r"0|(?=[0-9])(?:([0-9]{1,5})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,5})s)?"
_PERCENT = r"(100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]+)?)%"
_COUNT = r"0|[1-9][0-9]{0,8}"


class Duration:
    """10m, 90s, 1h, 1h30m or 0."""

    def read(self, node: Node, where: Where, report: Report) -> timedelta | None:
        text = node.text if isinstance(node, Scalar) and node.kind in ("text", "integer") else None
        match = re.fullmatch(_DURATION, text) if text is not None else None
        if match is None:
            report.error(node, where, f"must be a duration such as 10m, 90s, 1h or 0, found {described(node)}")
            return None
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "string", "pattern": f"^(?:{_DURATION})$"}, {"const": 0}]}


class Percentage:
    """20% to the fraction 0.2."""

    def read(self, node: Node, where: Where, report: Report) -> float | None:
        match = re.fullmatch(_PERCENT, node.text) if isinstance(node, Scalar) and node.kind == "text" else None
        if match is None:
            report.error(node, where, f"must be a percentage such as 20%, from 0% to 100%, found {described(node)}")
            return None
        return float(match[1]) / 100

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^(?:{_PERCENT})$"}


class Count:
    def read(self, node: Node, where: Where, report: Report) -> int | None:
        if isinstance(node, Scalar) and node.kind == "integer" and re.fullmatch(_COUNT, node.text):
            return int(node.text)
        report.error(node, where, f"must be a whole number such as 10, found {described(node)}")
        return None

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": 0, "maximum": 999_999_999}


class Version:
    """The version of the file's own format; there is one so far."""

    def read(self, node: Node, where: Where, report: Report) -> int | None:
        if isinstance(node, Scalar) and node.kind == "integer" and node.text == "1":
            return 1
        report.error(node, where, f"must be 1, the only version there is, found {described(node)}")
        return None

    def schema(self) -> Schema:
        return {"const": 1}

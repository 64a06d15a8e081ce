"""The part of its rate that a run has used: its bill, and what one invocation hands over of the running minute to the next, which is
another process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

SLICE = 5
"""Seconds over which calls are counted together."""
SLICES = 13
"""Slices in a little more than a minute."""


class ApiUse(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The use of one API.

    refused: seconds for which the cloud still refuses it, after a throttle. calls: how many were made in the last SLICE seconds, in
    the SLICE seconds before those, and so on.
    """

    refused: Annotated[int, msgspec.Meta(ge=0, le=60)] = 0
    calls: Annotated[tuple[Annotated[int, msgspec.Meta(ge=0, le=9_999_999)], ...], msgspec.Meta(max_length=SLICES)] = ()


class RateUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The use of all APIs. at: when it was so, in seconds since the epoch. apis: by the API's name."""

    at: Annotated[int, msgspec.Meta(ge=0, le=99_999_999_999)]
    apis: Mapping[str, ApiUse] = {}


class Bill(msgspec.Struct, frozen=True):
    """The calls that were made, by API."""

    reads: int
    writes: int
    calls: Mapping[str, int]

    @property
    def total(self) -> int:
        return self.reads + self.writes

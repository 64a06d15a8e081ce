"""The keys that calls are made with."""

from __future__ import annotations

from typing import Protocol

from shared.gateways.clients import Credentials


class Keys(Protocol):
    """A source of keys for calls. lasting: seconds that they must still be good for. Both raise as a call does."""

    def reads(self, *, lasting: float = ...) -> Credentials:
        """Keys to look with."""

    def writes(self, role: str, *, lasting: float = ...) -> Credentials:
        """Keys to write that role with."""


class SameKeys:
    """The same keys for all, whose end nobody knows."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def reads(self, *, lasting: float = 0.0) -> Credentials:
        return self._credentials

    def writes(self, role: str, *, lasting: float = 0.0) -> Credentials:
        return self._credentials

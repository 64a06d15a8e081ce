"""Fixture world: that of the handlers' own tests."""

from tests.functional.handlers.conftest import world

__all__ = ["world"]

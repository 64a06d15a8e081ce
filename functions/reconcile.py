"""The timer: observe every instance of the region and heal what events missed. Entry point only; the work is in shared/."""

from __future__ import annotations

from shared.app import handler_for

handler = handler_for("reconcile")

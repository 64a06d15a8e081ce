"""An instance's tags changed: attach, swap or detach accordingly. Entry point only; the work is in shared/."""

from __future__ import annotations

from shared.app import handler_for

handler = handler_for("tags_changed")

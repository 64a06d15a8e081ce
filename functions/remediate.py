"""An operator asks: observe these instances, those with a tag, or all; dry_run to see what would be done. Entry point only; the work is in shared/."""

from __future__ import annotations

from shared.app import handler_for

handler = handler_for("remediate")

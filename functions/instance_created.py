"""An instance was created: give it the role that roles.yaml maps it to. Entry point only; the work is in shared/."""

from __future__ import annotations

from shared.app import handler_for

handler = handler_for("instance_created")

"""The signals that end a command as Ctrl-C does. Python itself would end it at once, in the middle of a change."""

from __future__ import annotations

import signal


def stops() -> list[signal.Signals]:
    """Return SIGTERM, and SIGHUP, which a closed terminal or a broken SSH connection sends, unless it is ignored (nohup)."""
    found = [signal.SIGTERM]
    hang_up = getattr(signal, "SIGHUP", None)  # Windows has none
    if hang_up is not None and signal.getsignal(hang_up) != signal.SIG_IGN:
        found.append(hang_up)
    return found

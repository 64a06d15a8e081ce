"""Where the commands print: a terminal as it is, a pipe without colour and without cutting lines."""

from __future__ import annotations

import sys

from rich.console import Console

PIPE_WIDTH = 200


def console() -> Console:
    """For tables: as wide as the terminal, or wide enough for a pipe to lose nothing."""
    made = Console(file=sys.stdout, highlight=False)
    return made if made.is_terminal else Console(file=sys.stdout, width=PIPE_WIDTH, highlight=False)

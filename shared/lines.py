"""One JSON line at a time on stdout, where Function Compute's log keeps it. Knows nothing of what the lines say."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from shared.clean import as_json


def say(line: Mapping[str, Any]) -> OSError | None:
    """One line, flushed at once: the log has it even if the process is killed next. Why not, where it could not be written.

    One write a line, because Function Compute cuts a write that is too long. Plain ASCII (others as \\uXXXX), so that no
    locale and no text from a tag can make it fail.
    """
    try:
        sys.stdout.write(as_json(line) + "\n")
        sys.stdout.flush()
    except OSError as error:  # a full disk, a pipe that nobody reads any more: nothing that is under way must end by it
        return error
    return None

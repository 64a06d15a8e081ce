"""One JSON line at a time on stdout, where Function Compute's log keeps it. Knows nothing of what the lines say."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from shared.clean import as_json
from shared.reported import LINE, cut


def say(line: Mapping[str, Any]) -> OSError | None:
    """One line, flushed at once: the log has it even if the process is killed next. Why not, where it could not be written.

    One write a line, and of more than LINE bytes several, because Function Compute cuts what is longer. Plain ASCII (others as
    \\uXXXX), so that no locale and no text from a tag can make it fail.
    """
    try:
        for part in _parts(line):
            sys.stdout.write(part + "\n")
        sys.stdout.flush()
    except OSError as error:  # a full disk, a pipe that nobody reads any more: nothing that is under way must end by it
        return error
    return None


def _parts(line: Mapping[str, Any]) -> Iterator[str]:
    """The line; where it is too long, one for each part of its longest list, or else with its longest texts cut."""
    text = as_json(line)
    if len(text) <= LINE:
        yield text
        return
    name = _longest(line)
    value = line[name]
    if isinstance(value, (list, tuple)) and len(value) > 1:
        half = len(value) // 2
        yield from _parts({**line, name: value[:half]})
        yield from _parts({**line, name: value[half:]})
    elif (shorter := _shorter(line)) != line:
        yield from _parts(shorter)
    else:
        yield as_json({"cut": text[: LINE // 3]})


def _longest(values: Mapping[str, Any]) -> str:
    return max(values, key=lambda name: len(as_json({"": values[name]})))


def _shorter(value: Any) -> Any:
    """The value with half of its longest text, however deep that is; of many small ones half; as it is where neither can be."""
    if isinstance(value, Mapping) and value:
        name = _longest(value)
        shorter = _shorter(value[name])
        return {**value, name: shorter} if shorter != value[name] else dict([*value.items()][: max(1, len(value) // 2)])
    if isinstance(value, (list, tuple)) and value:
        return [_shorter(value[0])] if len(value) == 1 else list(value[: len(value) // 2])
    return cut(value, len(value) // 2) if isinstance(value, str) and len(value) > 64 else value

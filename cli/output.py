"""The one door to the terminal: what is printed, whatever it says, is text. No command prints around it.

A text from outside (a tag, a file's name, an error's message) is never markup, and what cannot be seen of it is shown as an escape.
What a stream's encoding lacks has a plain form. A terminal is used as it is; a pipe gets no colour and no line is cut.
"""

from __future__ import annotations

import codecs
import errno
import os
import sys
import traceback
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, TextIO, cast

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from cli.progress import pause
from shared.clean import as_json, hidden, masked, visible

PIPE_WIDTH = 200
FOLDED = 10
"""Characters that a column of words can do with."""
Screen = Console
Part = str | tuple[str, str]
"""A text, or one with a style of rich."""
PLAIN = {
    "✔": "ok", "✘": "no", "…": "...", "→": "->", "←": "<-", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "•": "*",
    "·": ".", "×": "x", "≤": "<=", "≥": ">=", "─": "-", "━": "-", "│": "|", "\xa0": " ",
}  # fmt: skip
"""The replacement where an encoding lacks the character; for any other an escape."""
_closed: set[str] = set()


def ready() -> None:
    """Make the standard streams usable, whatever the shell gave: each encoding takes each text, and a closed one is as /dev/null."""
    codecs.register_error("rolekeeper", _plain)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:  # else the next file that is opened would get the number, and what is printed
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            _closed.add(name)
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for the life of the process
        if reconfigure := getattr(getattr(sys, name), "reconfigure", None):
            reconfigure(errors="backslashreplace" if mode == "r" else "rolekeeper")


def finish() -> None:
    """Write out what is waiting. Raises OSError: Python itself, at the end, could only complain."""
    sys.stdout.flush()


def give_up(stream: TextIO | None = None) -> None:
    """Forget what could not be written, so that Python does not try again at the end. Default: standard output."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), (stream or sys.stdout).fileno())


def is_terminal() -> bool:
    """Return whether standard error is a terminal, where somebody waits."""
    return sys.stderr.isatty()


def is_closed(name: str) -> bool:
    """Return whether this process was started without that stream, e.g. stderr."""
    return name in _closed


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking), error.end


def shown(text: str, stream: TextIO | None = None) -> str:
    """The text as the stream can show it: visible, on one line. Default: standard output."""
    encoding = getattr(stream or sys.stdout, "encoding", None) or "utf-8"
    return visible(text).encode(encoding, "rolekeeper").decode(encoding)


class _Console(Console):
    """A console that leaves sys.stdout alone where nobody reads on: within a run it is not rich's own stream."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def console(*, plain: bool = False, width: int = PIPE_WIDTH) -> Console:
    """For tables: as wide as the terminal, or wide enough for a pipe to lose nothing. plain: as in a pipe."""
    system = None if os.environ.get("NO_COLOR") else "auto"
    made = _Console(file=sys.stdout, color_system=cast(Any, system), **_PLAINLY)
    if made.is_terminal and not plain:
        return made
    return _Console(file=sys.stdout, width=width, color_system=None, **_PLAINLY)


_PLAINLY: Any = {"highlight": False, "markup": False, "emoji": False}


def say(*parts: Part, out: Console | None = None, err: bool = False) -> None:
    """One line, to standard output or standard error, at once."""
    pause()
    if err or (out is None and all(isinstance(part, str) for part in parts)):
        stream = sys.stderr if err else sys.stdout
        try:
            stream.write("".join(shown(_words(part), stream) for part in parts) + "\n")
            stream.flush()
        except OSError:
            if not err:
                raise
            give_up(stream)  # nobody can be told
    else:
        out = out or console()
        out.print(_text(parts, out.file), soft_wrap=True)
        out.file.flush()


def say_error(error: Exception, prefix: str = "rolekeeper: ") -> None:
    """An error that is raised on purpose; of several problems each on a line of its own."""
    several = getattr(error, "problems", ()) or getattr(error, "findings", ()) or getattr(error, "conflicts", ())
    for text in several or [error]:
        say(prefix + hidden(str(text)), err=True)
        prefix = ""


def say_traceback() -> None:
    """Of an error that nobody foresaw, under way now."""
    for line in traceback.format_exc().splitlines():
        say(masked(line), err=True)


def print_json(value: Any, *, indent: int | None = None, compact: bool = False) -> None:
    """In ASCII, on one line or indented."""
    pause()
    sys.stdout.write(as_json(value, indent=indent, separators=(",", ":") if compact else None) + "\n")
    sys.stdout.flush()


def counted(number: int, thing: str) -> str:
    """`1 read`, `2 reads`."""
    return f"{number} {thing}{'s' * (number != 1)}"


class Grid(Table):
    """A table whose cells are texts. A cell of several lines is a list of them."""

    def add(self, *cells: Part | Sequence[Part], style: str = "") -> None:
        self.add_row(*map(_cell, cells), style=style)


def table(*columns: str, whole: Collection[str] = ()) -> Grid:
    """An empty one. whole: the columns of ids and names, which people copy: in print_table() their lines are neither cut nor folded."""
    made = Grid(box=None, header_style="bold")
    for name in columns:
        made.add_column(_cell(name), overflow="fold", no_wrap=name in whole)
    return made


def print_table(made: Grid, out: Console | None = None) -> None:
    """As wide as the terminal, or wider where a line would be broken that has to be whole: then the terminal goes on below."""
    pause()
    out = out or console()
    width = out.width
    out.width = max(width, sum(_least(out, column) + 2 for column in made.columns))
    out.print(made)
    out.width = width


def _least(out: Console, column: Column) -> int:
    unlimited = out.options.update(max_width=10_000)
    widest = max(out.measure(cell, options=unlimited).maximum for cell in (column.header, *column.cells))
    return widest if column.no_wrap else min(widest, FOLDED)


def _words(part: Part) -> str:
    return part if isinstance(part, str) else part[0]


def _text(parts: Sequence[Part], stream: Any = None) -> Text:
    made = Text()
    for part in parts:
        made.append(shown(_words(part), stream), style=None if isinstance(part, str) else part[1])
    return made


def _cell(cell: Part | Sequence[Part]) -> Text:
    if isinstance(cell, (str, tuple)):
        return _text([cast(Part, cell)])
    return Text("\n").join(_text([part]) for part in cell)

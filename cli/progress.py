"""The line on a terminal that says how far a command is: while nothing else has been printed for two seconds. None in pipes.

output.py takes it away before it prints anything, so that no line of text is ever broken by it.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from shared.clean import visible

DELAY = 2.0
"""Seconds without a word after which somebody wants to know what goes on."""
TICK = 0.25
"""Seconds from one look at the clock to the next."""
Text = Callable[[], str]


class Line:
    """Draws what text() says on standard error, from a thread of its own. A context manager; text may be replaced at any time."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self._quiet_since, self._lock = time.monotonic(), threading.RLock()  # a signal's handler may print while we do
        self._ended = threading.Event()
        self._live: Any = None
        self._asking = False
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def __enter__(self) -> Line:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.pause()
        self._thread.join()

    def pause(self) -> None:
        """Take the line away, for something is printed now."""
        with self._lock:
            self._quiet_since, live, self._live = time.monotonic(), self._live, None
            if live is not None:
                live.stop()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Draw nothing while somebody types an answer."""
        self._asking = True
        self.pause()
        try:
            yield
        finally:
            self._asking = False
            self.pause()

    def _run(self) -> None:
        while not self._ended.wait(TICK):
            with self._lock:
                quiet = time.monotonic() - self._quiet_since >= DELAY and not self._asking
                if self._live is None and not self._ended.is_set() and quiet:
                    self._live = _drawn(lambda: self.text())
                    self._live.start(refresh=True)


_line: Line | None = None


@contextmanager
def line(text: Text) -> Iterator[None]:
    """Show how far the whole command is, where somebody waits at a terminal."""
    global _line
    if not sys.stderr.isatty():
        yield
        return
    with Line(text) as shown:
        _line = shown
        try:
            yield
        finally:
            _line = None


@contextmanager
def saying(text: Text) -> Iterator[None]:
    """Let the line say this as long as the block lasts: a part of the command that knows more."""
    shown = _line
    if shown is None:
        yield
        return
    before, shown.text = shown.text, text
    try:
        yield
    finally:
        shown.text = before


def pause() -> None:
    """Take the line away, if one is shown: something else is about to be printed."""
    if _line is not None:
        _line.pause()


def asking() -> AbstractContextManager[None]:
    """Show no line as long as the block lasts: a question stands on the terminal, and its answer is typed there."""
    return nullcontext() if _line is None else _line.asking()


def of_command(words: list[str]) -> Text:
    """Return what can be said of any command: its name, the calls that it has made, and the seconds since it began."""
    began, name = time.monotonic(), visible(words[0]) if words else ""

    def text() -> str:
        from shared.gateways.transport import calls  # a command that calls nothing has not loaded it

        made = calls()
        return f"{name}: " + (f"{made:,} calls, " if made else "") + f"{time.monotonic() - began:.0f} s"

    return text


def _drawn(text: Text) -> Any:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text as Shown

    return Live(
        console=Console(stderr=True, highlight=False, markup=False, emoji=False),
        get_renderable=lambda: Shown(visible(text()), no_wrap=True, overflow="ellipsis"),
        refresh_per_second=4,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )

"""The known word that was probably intended by one that is not known: `did you mean X?`. Words only; pure."""

from __future__ import annotations

from collections.abc import Collection

LONGEST = 128
"""Characters of a word that are compared: what is longer is no slip of a known one, and comparing takes their square."""


def closest(word: str, known: Collection[str], likeness: float = 0.6) -> str:
    """Return the known word most like this one, in whatever case; "" where none is like it. likeness: 1 = the same letters."""
    from difflib import get_close_matches  # of use for a mistake alone, not at a function's start

    by_lower = {candidate.lower(): candidate for candidate in sorted(known)}
    return next((by_lower[near] for near in get_close_matches(word[:LONGEST].lower(), by_lower, 1, likeness)), "")


def did_you_mean(word: str, known: Collection[str], quote: str = "'{}'") -> str:
    """Return `did you mean 'NEAREST'?`, "" where no known word is like this one."""
    near = closest(word, known)
    return f"did you mean {quote.format(near)}?" if near else ""


def suggestion(word: str, known: Collection[str], quote: str = "{}") -> str:
    """Return the same, or all known words in their order where none is like this one."""
    return did_you_mean(word, known, quote) or f"known are {', '.join(known) or 'none'}"

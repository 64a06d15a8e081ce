"""A mistake in what an operator asks for: its place and its words apart, so that each surface shows it in its own terms. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator


class PayloadKey(str):
    """A key of the payload within a sentence: the command line has an option of another name in its place."""


def keys(names: Iterable[str]) -> Iterator[str]:
    """Yield the keys as parts of a sentence, `none` where there are none."""
    found = list(map(PayloadKey, names))
    for place, name in enumerate(found):
        yield from (", ", name) if place else (name,)
    if not found:
        yield "none"


class Mistake(ValueError):
    """Refused before anything is done; the words say what to write instead.

    place: keys and positions, from the payload's object inwards, e.g. ("instance_ids", 1); () = the object itself. words: the parts of
    the sentence. in_json: its end for one who writes JSON.
    """

    def __init__(self, place: tuple[str | int, ...], *words: str, in_json: str = "") -> None:
        super().__init__(place, words)
        self.place = place
        self._words, self._in_json = words, in_json

    def said(self, show: Callable[[str], str]) -> str:
        """Return the sentence. show: what a key is called where it is read."""
        return "".join(show(word) if isinstance(word, PayloadKey) else word for word in self._words)

    def in_json(self, path: str) -> str:
        """Return the line for one who writes JSON. path: of the object, `$` or `$.remediate`."""
        inside = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.place)
        return f"{path}{inside}: {self.said(str)}{self._in_json}"

"""Characters that look like others, or like nothing at all. Knows nothing of rules; claims only what is surely not intended.

Text of any language is fine: a full-width comma between Chinese words is one, and between two ASCII words it is no list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

Odd = tuple[str, str]
"""A finding: the character, "" for the text as a whole, and what to say of it."""

BLANKS = "\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
UNSEEN = (
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef"
)
"""Of a regular expression's set. What shapes letters (the joiners) or pictures is fine after a character of such a script."""
_UNSEEN = re.compile(f"[{UNSEEN}]")
_SHAPING = re.compile(
    "(?<=[\u0590-\u109f\u1780-\u17ff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])[\u200c\u200d\ufe0e\ufe0f]"
)
_BLANK = re.compile(f"[{BLANKS}]")
_CJK = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3021-\u30ff\u3105-\u318f\u31a0-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)

_COMMAS = "\uff0c\u3001\uff1b\ufe10\ufe11\ufe50\ufe51\uff64\u060c\u061b"
_COLONS = "\uff1a\ufe13\ufe55\u2236\ua789"
_OPENING = "\u201c\u201e\u201f\u2018\u201a\u201b\u00ab\u2039\u300c\u300e\uff02\uff07\u300a"
_CLOSING = "\u201d\u2019\u00bb\u203a\u300d\u300f\uff02\uff07\u300b\u201c\u2018"
_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63\uff0d"
_DASHED = re.compile(f"(?<=[A-Za-z0-9])[{_DASHES}](?=[A-Za-z0-9*?$])|^[{_DASHES}]")
_STOPPED = re.compile("(?<=[A-Za-z0-9])[\u3002\uff61\uff0e](?=[A-Za-z0-9])")
_WORDS = re.compile(r"[^\W\d_]+")
_PLAIN = re.compile(r"[ -~]+")
_STYLED = re.compile("[\u2160-\u217f\ufb00-\ufb06\U0001d400-\U0001d7ff]")
_FULL = re.compile("[\uff01-\uff5e]")

_TWINS = dict(
    zip(
        "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u0461\u051b\u051d\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405"
        "\u03b1\u03bf\u03bd\u03c1\u03b9\u03ba\u03c5\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u0585\u057d\u0578\u0251\u0261",
        "aeopcyxijsdhwqwABEKMHOPCTYXIJSaovpikuABEZHIKMNOPTYXounag",
        strict=True,
    )
)
"""Letters of Cyrillic, Greek and Armenian -> the Latin ones that they cannot be told from."""
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f\u0531-\u058f]")


def named(char: str) -> str:
    return f"U+{ord(char):04X} ({unicodedata.name(char, 'a control character').lower()})"


def plain(text: str) -> str:
    """Return the text in the plain characters that it looks like, for a comparison with words of the file's own language."""
    return "".join(_TWINS.get(char, char) for char in unicodedata.normalize("NFKC", _UNSEEN.sub("", text))).strip()


def speaks_otherwise(text: str) -> bool:
    """Return whether a text is written in Cyrillic, Greek or Armenian for its own sake: in letters that no Latin one looks like."""
    return any(char not in _TWINS for char in _FOREIGN.findall(text))


def hidden(text: str) -> Iterator[Odd]:
    """Find what cannot be seen: characters without a shape, blanks that are none of the space bar's, blanks at an end."""
    if found := _UNSEEN.search(_SHAPING.sub("", text)):
        yield found[0], f"has {named(found[0])} in it, which cannot be seen; write it without"
    if found := _BLANK.search(text):
        yield found[0], f"has {named(found[0])} in it, which looks like a space and is none; write a space, or nothing"
    if text != text.strip(" "):
        yield "", f"{'begins' if text[0] == ' ' else 'ends'} with a blank, which counts; write it without"
    if not unicodedata.is_normalized("NFC", text):
        yield (
            "",
            "is not in Unicode's normal form NFC: it looks like the text that keyboards write, and never equals it; type it anew, "
            "unless the cloud holds it in this very form",
        )


def alike(text: str, *, foreign: bool = False) -> Iterator[Odd]:
    """Find what looks like another character. foreign: the file is written in Cyrillic, Greek or Armenian besides."""
    chinese = _CJK.search(text) is not None
    if (char := _separator(text, _COMMAS)) and not chinese:
        yield (
            char,
            f"has {named(char)} in it, which separates nothing: this is one text; write [a, b] with plain commas",
        )
    if (char := _separator(text, _COLONS)) and not chinese:
        yield (
            char,
            f"has {named(char)} in it, which separates no key from a value; write 'key: value' with a plain colon and a space",
        )
    if quote := _quote(text, chinese):
        yield quote, f"has {named(quote)} in it, which is part of the text; write plain quotes \" or ', or none"
    for pattern in (_STYLED, _DASHED, _STOPPED):
        if not chinese and (found := pattern.search(text)):
            yield (
                found[0],
                _looks(
                    found[0],
                    unicodedata.normalize("NFKC", found[0])
                    if pattern is _STYLED
                    else "-"
                    if pattern is _DASHED
                    else ".",
                ),
            )
    for found in _FULL.finditer(text):
        char = found[0]
        if char not in _COMMAS + _COLONS + _OPENING + _CLOSING + "\uff0d\uff0e" and (not chinese or char == "\uff0a"):
            yield char, _looks(char, unicodedata.normalize("NFKC", char))
            break
    for word in _WORDS.findall(text):
        twins = [char for char in word if char in _TWINS]
        mixed = any(char.isascii() for char in word)
        if twins and (mixed or (len(twins) == len(word) and not foreign)):
            yield twins[0], _looks(twins[0], _TWINS[twins[0]])
            break


def unseparated(key: str) -> Iterator[Odd]:
    """Find what in a key without a value was to begin its value, or the next key."""
    if char := next((char for char in key if char in _COLONS + _COMMAS), ""):
        yield char, f"has {named(char)} in it, which separates nothing: this is one key; write ': ' or ', '"


def _looks(char: str, like: str) -> str:
    return f"has {named(char)} in it, which looks like {like!r} and is none; write {like!r}"


def _separator(text: str, chars: str) -> str:
    """The first of these characters, where all between them is plain ASCII."""
    parts = re.split(f"[{chars}]", text)
    plain = len(parts) > 1 and all(_PLAIN.fullmatch(part.strip(" \u3000")) for part in parts if part)
    return next(char for char in text if char in chars) if plain and any(parts) else ""


def _quote(text: str, chinese: bool) -> str:
    """The typographic quote that was to enclose the text."""
    first, last = text[:1], text[-1:]
    if len(text) > 1 and first in _OPENING + _CLOSING and last in _OPENING + _CLOSING:
        return first
    if not chinese and first and first in _OPENING:
        return first
    return last if not chinese and last and last in "\u201d\u00bb\uff02" else ""


INDENTED = re.compile(rf"(?m)^ *([{BLANKS}\u00ad\u200b-\u200f\u2060\ufeff])")
"""A line that is indented with something else than spaces."""
_TYPED = re.compile(
    rf"[{BLANKS}{UNSEEN}\uff0c\u3001\uff1a\uff1b\uff5b\uff5d\uff3b\uff3d\uff03\uff0d\u201c\u201d\u2018\u2019]"
)


def typed(line: str, number: int) -> str:
    """Say what in a line that is no YAML may be the reason: a character that looks like one of YAML's own."""
    said = line.partition(" #")[0]
    fine = "\t\r\n" + (_COMMAS + _COLONS + _OPENING + _CLOSING if _CJK.search(said) else "")
    found = next((char for char in _TYPED.findall(said) if char not in fine), "")
    return f"; line {number} has {named(found)}, which means nothing to YAML" if found else ""


_NO_BARE_STAR = r"(?:[^*]|\.\*)*"
_REGEX = re.compile(
    "|".join(
        (
            r"\^.*",
            r".*[A-Za-z_*+)\]}]\$",
            r"/.*[\^$|\\+].*/[a-z]*",
            r"\(\?.*",
            rf"{_NO_BARE_STAR}(?<![0-9])\.[*+](?!\.\w){_NO_BARE_STAR}",  # but for 1.2.*, web.*.example.com, *.prod.*
            r".*\[[^\]]*[\w]-[\w][^\]]*\].*",
            r".*\([^)]*\|[^)]*\).*",
            r"[\w*?.-]+(?:\|[\w*?.-]+)+",
            r".*\\[dwsDWSb](?:[+*?{$)].*|)",
        )
    ),
    re.DOTALL,
)
_BRACES = re.compile(r".*\{(?:[^{}$]*,[^{}]*|\w+\.\.\w+)\}.*", re.DOTALL)
_LIKE = re.compile(r"%[\w-].*|.*[A-Za-z-]%|(?:regexp?|re|glob):.+", re.DOTALL)
_NEGATED = re.compile(r"(?:!=?|==?~?|=~|<>|\uff01)\s*\S.*", re.DOTALL)
_PLACEHOLDER = re.compile(r".*(?:\$\{|\{\{).*", re.DOTALL)


MAX_VALUE = 256
"""Characters of a value that are looked through; ECS takes 128 for a tag, and for a name."""


def otherwise(text: str, *, slashes: bool) -> Iterator[Odd]:
    """Find what a value would mean in another language, and means nothing here. slashes: no such value is a path."""
    if len(text) > MAX_VALUE:
        return
    if _NEGATED.fullmatch(text):
        yield "", "begins with an operator that means nothing here; write {not: VALUE} for any other value"
    elif _PLACEHOLDER.fullmatch(text):
        yield "", "has a placeholder, which only `role` fills in; here it means itself"
    elif _REGEX.fullmatch(text) or (slashes and re.fullmatch("/.+/[a-z]*", text)):
        yield (
            "",
            "looks like a regular expression; globs alone are known here: * is any text, ? one character, and all else is itself",
        )
    elif _LIKE.fullmatch(text):
        yield "", "looks like a pattern of another language; globs alone are known here: * is any text, ? one character"
    elif _BRACES.fullmatch(text):
        yield "", "has alternatives in braces, which mean themselves; write a list: [a, b]"

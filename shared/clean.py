"""The visible part of a text that comes from outside: no credential, and no character that a terminal or a reader takes for an order.

Messages of the cloud pass cleaned() in shared/gateways/translation.py, once; what the commands show passes visible() in cli/output.py.
Pure, but for the secrets in use, which whoever reads one names by keep().
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

MASK = "***"
LONGEST = 500
"""Characters of a message."""
SHORTEST_SECRET = 8
"""Characters: a shorter one is part of too many words."""
READ = 20_000
"""Characters of a message that are looked at: an answer may be a page of megabytes."""
KEPT = 1_000
"""Secrets: a run over many accounts has three for each session; the oldest go first."""
_known: dict[str, None] = {}

_UNIT = re.compile(
    r"%(?:25)*([0-9A-Fa-f]{2})|\\+(?:u00|x)([0-9A-Fa-f]{2})|&\#[xX]([0-9A-Fa-f]{1,2});|&\#(\d{1,3});|(\\+[nrt]?|\s)|(.)"
)
"""A character of a text as URLs, JSON and HTML write it; or what only breaks its lines."""
_HARDER = re.compile(r"[%\\&\s]")
"""The replacement for a character that may not be as it is."""

_SIGNED = re.compile(r"(?is)(?:server ?)?(?:string ?to ?sign|canonical ?request)\b.*")  # holds the security token
_IS = r"""\\*["']?\s{0,9}(?:=>|[=:>]|%(?:25){0,3}3[AD])\s{0,9}"""
_QUOTED = r"""b?\\*"[^"\n]*"?|b?\\*'[^'\n]*'?"""
_HEADER = re.compile(rf"(?i)((?:authorization|header value){_IS})(?:{_QUOTED}|[^\n]*)")
_NAMED = re.compile(
    r"(?i)((?:access[-_ ]?key|secret|security[-_ ]?token|session[-_ ]?token|signature|credential|password|proof[-_]keys)"
    rf"(?:[-_ ]?(?:id|secret|key|token)){{0,2}}{_IS})(?!(?:is|was|has|not|must|cannot)\b)(?:{_QUOTED}|[^\s\"'&,;<>)\]}}\\]+)"
)
_SIGNS = re.compile(r"\b(?i:acs|log|fc|mns|bearer|basic) [A-Za-z0-9.*]+:[A-Za-z0-9+/=_-]{8,}")
_LETTER = r"(?:[A-Za-z0-9+/=_%-]|\\+(?:u00[0-9A-Fa-f]{2}|/)|&\#[xX]?[0-9A-Fa-f]{1,3};)"
"""Of a token, also as JSON and HTML write it."""
_LINES = r"(?:(?:\\+[nr]|[\n\r]){1,4}[A-Za-z0-9+/=_%-]{16,})*"
"""The place at which a long text of letters goes on."""
_KEYS = re.compile(rf"(?:LTAI|STS\.|TMP\.)[A-Za-z0-9_-]{{3,}}(?::[A-Za-z0-9+/=_-]+)?|CA[IE]S{_LETTER}{{3,}}{_LINES}")
_LONG = re.compile(r"[A-Za-z0-9+/_%=-]{30,}")
_HEX = re.compile(r"((?:sha-?\d{1,3}|digest|checksum|commit)\W{1,3})?[0-9A-Fa-f]{40,}", re.I)
_USER = re.compile(r"://[^\s/]{1,300}@")

_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""Control characters (C0, DEL, C1), those that turn the direction of what follows, those that nobody sees, and halves of pairs."""


def keep(*secrets: str) -> None:
    """Remember what must never be shown."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            _known.pop(secret, None)
            _known[secret] = None
    for oldest in list(_known)[: max(0, len(_known) - KEPT)]:
        _known.pop(oldest, None)


def kept() -> frozenset[str]:
    """The secrets in use."""
    return frozenset(tuple(_known))


def hidden(text: str) -> str:
    """The text without the secrets in use, other keys of known form and the password in a URL.

    For texts of ours, which may speak of keys, and for texts that have to stay what they are but for that.
    """
    return _KEYS.sub(MASK, _USER.sub(f"://{MASK}@", _without_known(text)))


def _without_known(text: str) -> str:
    """Each secret is found however it is quoted and wherever its lines are broken."""
    known = sorted(_known, key=len, reverse=True)
    for secret in known:
        text = text.replace(secret, MASK)
    if not known or not _HARDER.search(text):
        return text
    units = [unit for unit in _UNIT.finditer(text) if _meant(unit)]
    read = "".join(map(_meant, units))
    found = [secret for secret in known if secret in read]
    spans = [at.span() for at in re.finditer("|".join(map(re.escape, found)), read)] if found else []
    for first, end in reversed(spans):  # from behind, so that what is before stays where it is
        text = text[: units[first].start()] + MASK + text[units[end - 1].end() :]
    return text


def _meant(unit: re.Match[str]) -> str:
    percent, escaped, hexadecimal, decimal, _, plain = unit.groups()
    digits = percent or escaped or hexadecimal
    return plain or (chr(int(digits, 16)) if digits else chr(int(decimal)) if decimal else "")


def masked(text: str) -> str:
    """The text without credentials: those in use by their value, others by how they look or by what they are called."""
    text = _SIGNED.sub("(cut)", hidden(text))
    text = _HEADER.sub(rf"\g<1>{MASK}", text)
    text = _NAMED.sub(rf"\g<1>{MASK}", text)
    text = _SIGNS.sub(MASK, text)
    text = _LONG.sub(_unless_a_name, text)
    return _HEX.sub(lambda found: MASK if not found[1] and len(set(found[0])) > 5 else found[0], text)


def _unless_a_name(found: re.Match[str]) -> str:
    """Random letters have small and large ones and digits, and change from the one to the other at two of three; the words of a
    name or a path seldom do, and an id in hexadecimal digits lacks one kind."""
    word = found[0]
    upper, lower = sum(map(str.isupper, word)), sum(map(str.islower, word))
    digits = sum(map(str.isdigit, word))
    pairs = [(_kind(a), _kind(b)) for a, b in pairwise(word) if a.isalnum() and b.isalnum()]
    changes = sum(a != b for a, b in pairs)
    return MASK if upper >= 4 and lower >= 4 and digits >= 2 and changes * 3 > len(pairs) else word


def _kind(char: str) -> int:
    return 0 if char.isdigit() else 1 if char.isupper() else 2


def visible(text: str) -> str:
    """The text on one line, with an escape as Python writes it for each character that is not simply seen."""
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    named = {9: r"\t", 10: r"\n", 13: r"\r"}
    return named.get(code) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return the text; of one that is too long its beginning and its end, with an ellipsis between."""
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[len(text) - (longest - 1) // 2 :]}"


def cleaned(text: str, longest: int = LONGEST) -> str:
    """A message from outside as it may go on: one line, of so many characters, without credentials and control characters."""
    return visible(" ".join(masked(text[:READ]).split()))[:longest]


def as_json(value: Any, **form: Any) -> str:
    """JSON in visible ASCII: whoever parses it gets the text itself, and a terminal nothing that it obeys. form: of json.dumps."""
    return json.dumps(value, **form).replace("\x7f", "\\u007f")

"""What may be shown of a text that comes from outside: no credential, and no character that a terminal or a reader takes for an order.

Messages of the cloud pass cleaned() in shared/gateways/errors.py, once; what the commands show passes visible() in cli/output.py.
Pure, but for the secrets in use, which whoever reads one names by keep().
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
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

_SIGNED = re.compile(r"(?is)(?:server ?)?(?:string ?to ?sign|canonical ?request)\b.*")  # holds the security token
_IS = r"""\\*["']?\s{0,9}(?:=>|[=:>]|%(?:25){0,3}3[AD])\s{0,9}"""
_QUOTED = r"""b?\\*"[^"\n]*"?|b?\\*'[^'\n]*'?"""
_HEADER = re.compile(rf"(?i)((?:authorization|header value){_IS})(?:{_QUOTED}|[^\n]*)")
_NAMED = re.compile(
    r"(?i)((?:access[-_ ]?key|secret|security[-_ ]?token|session[-_ ]?token|signature|credential|password|proof[-_]keys)"
    rf"(?:[-_ ]?(?:id|secret|key|token)){{0,2}}{_IS})(?:{_QUOTED}|[^\s\"'&,;<>)\]}}\\]+)"
)
_SIGNS = re.compile(r"\b(?i:acs|log|fc|mns|bearer|basic) [A-Za-z0-9.*]+:[A-Za-z0-9+/=_-]{8,}")
_KEYS = re.compile(r"(?:LTAI|STS\.|TMP\.)[A-Za-z0-9_-]{3,}(?::[A-Za-z0-9+/=_-]+)?|CA[IE]S[A-Za-z0-9+/=_%-]{3,}")
_LONG = re.compile(r"[A-Za-z0-9+/_%=-]{30,}")
_HEX = re.compile(r"[0-9A-Fa-f]{40,}")
_USER = re.compile(r"://[^\s/@]{1,200}@")

_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""Control characters (C0, DEL, C1), those that turn the direction of what follows, those that nobody sees, and halves of pairs."""


def keep(*secrets: str) -> None:
    """Remember what must never be shown, each in the forms in which it is sent."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            for form in _forms(secret):
                _known.pop(form, None)
                _known[form] = None
    for oldest in list(_known)[: max(0, len(_known) - KEPT)]:
        _known.pop(oldest, None)


def kept() -> frozenset[str]:
    """The secrets in use, in all of their forms."""
    return frozenset(tuple(_known))


def _forms(secret: str) -> Iterator[str]:
    """As it is, as part of a URL, and of what is signed, where a URL is quoted once more."""
    yield secret
    once = _quoted(secret)
    if once != secret:
        yield from (once, once.lower(), _quoted(once))


def _quoted(text: str) -> str:
    return "".join(
        c if c.isalnum() or c in "-._~" else "".join(f"%{b:02X}" for b in c.encode(errors="surrogatepass"))
        for c in text
    )


def hidden(text: str) -> str:
    """The text without the secrets in use and the password in a URL: for texts of ours, which may speak of keys."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _USER.sub(f"://{MASK}@", text)


def masked(text: str) -> str:
    """The text without credentials: those in use by their value, others by how they look or by what they are called."""
    text = _SIGNED.sub("(cut)", hidden(text))
    text = _HEADER.sub(rf"\g<1>{MASK}", text)
    text = _NAMED.sub(rf"\g<1>{MASK}", text)
    text = _SIGNS.sub(MASK, text)
    text = _KEYS.sub(MASK, text)
    text = _LONG.sub(_unless_a_name, text)
    return _HEX.sub(lambda found: MASK if len(set(found[0])) > 5 else found[0], text)


def _unless_a_name(found: re.Match[str]) -> str:
    """Random letters have small and large ones and digits; a name, a path and an id in hexadecimal digits lack one or the other."""
    word = found[0]
    upper, lower = sum(map(str.isupper, word)), sum(map(str.islower, word))
    digits = sum(map(str.isdigit, word))
    return MASK if upper >= 4 and lower >= 4 and digits >= 2 else word


def visible(text: str) -> str:
    """The text on one line, with an escape as Python writes it for each character that is not simply seen."""
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    named = {9: r"\t", 10: r"\n", 13: r"\r"}
    return named.get(code) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )


def cleaned(text: str, longest: int = LONGEST) -> str:
    """A message from outside as it may go on: one line, of so many characters, without credentials and control characters."""
    return visible(" ".join(masked(text[:READ]).split()))[:longest]


def as_json(value: Any, **form: Any) -> str:
    """JSON in visible ASCII: whoever parses it gets the text itself, and a terminal nothing that it obeys. form: of json.dumps."""
    return json.dumps(value, **form).replace("\x7f", "\\u007f")

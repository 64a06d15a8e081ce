"""Proof that a text in the cloud was written by this deployment: who may tag an instance can write a tag, and cannot sign it. Pure.

Two things are signed: the note on an instance that names the foreign role that we displaced there (`sign`, `judge`), and any other
bytes (`seal`, `is_sealed`). What is signed for the one is never valid for the other, nor for another instance, region or account.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

SHORTEST = 32
"""Characters of a key, at least: 128 bits in hexadecimal digits. docs/operations.md says `openssl rand -hex 32`, which are 64."""
_USABLE = re.compile(r"[!-+\--~]+")  # printable ASCII, but for the comma that separates keys
_NOTE = re.compile(r"(?P<role>[A-Za-z0-9.-]{1,64}):(?P<key>[0-9a-f]{6}):(?P<mac>[A-Za-z0-9_-]{22})")
_SEAL = re.compile(r"(?P<key>[0-9a-f]{6}):(?P<mac>[A-Za-z0-9_-]{22})")
_NOTE_DOMAIN, _SEAL_DOMAIN = b"rolekeeper displaced role 1", b"rolekeeper seal 1"


class Key:
    """A secret key. Its value is never shown, neither by str() nor by repr()."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        """Raise ValueError, which says what is wrong and not the secret, where it is none that can be used."""
        if len(secret) < SHORTEST:
            raise ValueError(f"it has {len(secret)} characters, of at least {SHORTEST}")
        if not _USABLE.fullmatch(secret):
            raise ValueError("it has a character that is neither a letter, a digit nor a sign of ASCII")
        self._secret = secret.encode()

    @property
    def id(self) -> str:
        """The public name of the key: the first 6 hexadecimal digits of its SHA-256."""
        import hashlib  # an event that is ignored does without

        return hashlib.sha256(self._secret).hexdigest()[:6]

    def mac(self, *parts: bytes) -> str:
        """128 bits over the parts, each with its length, as 22 letters, digits, - or _."""
        import base64
        import hmac

        text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return base64.urlsafe_b64encode(hmac.digest(self._secret, text, "sha256")[:16]).decode().rstrip("=")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and other._secret == self._secret

    def __hash__(self) -> int:
        return hash(self._secret)

    def __repr__(self) -> str:
        return f"Key({self.id})"


Keys = Sequence[Key]
"""The first signs, all verify."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The instance that a note is on."""

    account_id: str
    region: str
    instance_id: str


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement of a note. role: what it names, set where it is proven.

    verdict: "proven" | "false": we did not write it there | "unknown": it may be ours, and the key that it names is not at hand.
    why: for the operator, where it is not proven.
    """

    verdict: Literal["proven", "false", "unknown"]
    role: str = ""
    why: str = ""


def sign(keys: Keys, place: Place, role: str) -> str:
    """Return the note that names the role displaced at this place: `role:key_id:mac`, 94 characters at most. Needs a key."""
    return f"{role}:{keys[0].id}:{keys[0].mac(_NOTE_DOMAIN, *_parts(place, role))}"


def judge(keys: Keys, place: Place, text: str) -> Judgement:
    """Judge a note that was found at this place."""
    found = _NOTE.fullmatch(text)
    if not found:
        return Judgement(verdict="false", why="it is not signed")
    if not keys:
        return Judgement(verdict="unknown", why="there is no key to judge it by")
    named = [key for key in keys if key.id == found["key"]]
    if not named:
        return Judgement(verdict="unknown", why=f"it is signed with key {found['key']}, which is not listed")
    role = found["role"]
    if not any(_same(key.mac(_NOTE_DOMAIN, *_parts(place, role)), found["mac"]) for key in named):
        return Judgement(verdict="false", why="its signature is not of this role on this instance")
    return Judgement(verdict="proven", role=role)


def seal(keys: Keys, text: bytes) -> str:
    """Return a signature of the bytes, `key_id:mac`; "" where there is no key."""
    return f"{keys[0].id}:{keys[0].mac(_SEAL_DOMAIN, text)}" if keys else ""


def is_sealed(keys: Keys, text: bytes, seal: str) -> bool:
    """Return whether it is a signature of the bytes by one of the keys. Without keys nothing is."""
    if not (found := _SEAL.fullmatch(seal)):
        return False
    return any(key.id == found["key"] and _same(key.mac(_SEAL_DOMAIN, text), found["mac"]) for key in keys)


def _parts(place: Place, role: str) -> list[bytes]:
    return [part.encode() for part in (place.account_id, place.region, place.instance_id, role)]


def _same(one: str, other: str) -> bool:
    import hmac

    return hmac.compare_digest(one, other)

"""Signatures: what is believed, what is not, what cannot be judged; and keys that are never shown."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from shared.errors import ConfigError
from shared.proof import Key, Place, is_sealed, judge, seal, sign
from shared.settings import Settings

OLD, NEW, OTHERS = (Key(letter * 64) for letter in "123")
HERE = Place(account_id="1234567890123456", region="cn-hangzhou", instance_id="i-bp1aaaaaaaaaaaaaaaaa")
HOME = {"ROLEKEEPER_REGION": "cn-hangzhou", "ROLEKEEPER_ACCOUNT_ID": "1234567890123456"}
NOTE = sign([OLD], HERE, "legacy-admin")
ROLES = st.from_regex(r"[A-Za-z0-9.-]{1,64}", fullmatch=True)


@given(role=ROLES)
def test_what_was_signed_here_is_proven_and_fits_a_tag(role: str) -> None:
    note = sign([OLD], HERE, role)
    assert len(note) <= 128
    assert note.startswith(f"{role}:{OLD.id}:")
    assert judge([OLD], HERE, note).role == role


ATTACKS = [
    pytest.param("legacy-admin", "not signed", id="a bare name"),
    pytest.param("", "not signed", id="empty"),
    pytest.param(NOTE + "\n", "not signed", id="a line's end"),
    pytest.param(NOTE + ":", "not signed", id="longer"),
    pytest.param(NOTE[:-1], "not signed", id="shorter"),
    pytest.param(" " + NOTE, "not signed", id="a blank"),
    pytest.param(NOTE.replace("legacy-admin", "legacy\uff0dadmin"), "not signed", id="a look-alike"),
    pytest.param("\ud800" * 30, "not signed", id="a surrogate"),
    pytest.param("9" * 100_000, "not signed", id="long"),
    pytest.param(NOTE.replace("legacy", "wheel"), "signature", id="another role"),
    pytest.param(NOTE[:-4] + "AAAA", "signature", id="another mac"),
    pytest.param(NOTE.replace(OLD.id, NEW.id), "signature", id="another key's id"),
    *(
        pytest.param(sign([OLD], msgspec.structs.replace(HERE, **change), "legacy-admin"), "signature", id=f"of another {what}")
        for what, change in (
            ("account", {"account_id": "42"}), ("region", {"region": "cn-beijing"}), ("instance", {"instance_id": "i-2"}),
            ("split of the same letters", {"region": "cn-hangzhoui", "instance_id": HERE.instance_id[1:]}),
        )
    ),
    pytest.param("legacy-admin:" + seal([OLD], b"legacy-admin"), "signature", id="a seal"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "why"), ATTACKS)
def test_what_was_not_signed_here_is_judged_false(text: str, why: str) -> None:
    judged = judge([OLD, NEW], HERE, text)
    assert (judged.verdict, judged.role) == ("false", "")
    assert why in judged.why


@pytest.mark.parametrize(
    ("keys", "verdict"),
    [
        pytest.param([OLD], "proven", id="the one"),
        pytest.param([NEW, OLD], "proven", id="a newer one first"),
        pytest.param([NEW], "unknown", id="the old one taken out"),
        pytest.param([OTHERS, NEW], "unknown", id="keys of another deployment"),
        pytest.param([], "unknown", id="none"),
    ],
)
def test_keys_are_rotated(keys: Sequence[Key], verdict: str) -> None:
    assert judge(keys, HERE, NOTE).verdict == verdict


def test_two_keys_of_one_id_are_both_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """24 bits: the ids of two keys may be the same."""
    monkeypatch.setattr(Key, "id", "abcdef")
    assert judge([NEW, OLD], HERE, sign([OLD], HERE, "legacy")).verdict == "proven"
    assert is_sealed([NEW, OLD], b"x", seal([OLD], b"x"))


@given(text=st.binary(max_size=50), other=st.binary(max_size=50))
def test_a_seal_is_of_its_bytes_alone(text: bytes, other: bytes) -> None:
    assert is_sealed([NEW, OLD], text, seal([OLD], text))
    assert is_sealed([OLD], other, seal([OLD], text)) == (text == other)


@pytest.mark.parametrize(
    ("keys", "seal_"),
    [
        pytest.param([OLD], "", id="none"),
        pytest.param([], seal([OLD], b"x"), id="no key"),
        pytest.param([], "", id="neither"),
        pytest.param([NEW], seal([OLD], b"x"), id="another key"),
        pytest.param([OLD], seal([OLD], b"x") + "\n", id="a line's end"),
        pytest.param([OLD], "\ud800", id="a surrogate"),
        pytest.param([OLD], NOTE.partition(":")[2], id="a note's"),
    ],
)
def test_nothing_else_is_a_seal(keys: Sequence[Key], seal_: str) -> None:
    assert not is_sealed(keys, b"x", seal_)


def test_without_a_key_there_is_no_seal() -> None:
    assert seal([], b"x") == ""


SECRET = "q7Zp" * 12


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("q7Zp" * 7, ("key 1 of 1", "28 characters"), id="short"),
        pytest.param(f"{SECRET},q7Zp", ("key 2 of 2", "4 characters"), id="the second"),
        pytest.param(f"{SECRET},", ("key 2 of 2", "0 characters"), id="an empty one"),
        pytest.param(f"{SECRET} {SECRET}", ("key 1 of 1", "a character"), id="a blank between"),
        pytest.param(SECRET[:-1] + "\u0437", ("key 1 of 1", "a character"), id="a letter of another script"),
        pytest.param(f"{SECRET[:20]}\n{SECRET}", ("key 1 of 1", "a character"), id="a line's end"),
    ],
)
def test_a_key_that_is_none_is_named_by_its_position_and_never_shown(text: str, words: Sequence[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({**HOME, "ROLEKEEPER_PROOF_KEYS": text})
    shown = "".join(traceback.format_exception(caught.value))
    assert all(word in str(caught.value) for word in ("ROLEKEEPER_PROOF_KEYS", "openssl rand -hex 32", *words))
    assert "q7Zp" not in str(caught.value)
    assert f"ValueError: {words[-1]}" not in shown


def test_settings_do_not_show_their_keys() -> None:
    settings = Settings.from_env({**HOME, "ROLEKEEPER_PROOF_KEYS": f"{SECRET},{'ab' * 32}"})

    def encoded(value: Any) -> str:
        try:
            return msgspec.json.encode(value).decode() + json.dumps(value)
        except TypeError as error:
            return str(error)

    shown = [
        repr(settings),
        str(settings),
        f"{settings.proof_keys}",
        pretty_repr(settings),
        encoded(settings),
        str(msgspec.structs.asdict(settings)),
        encoded(settings.proof_keys[0]),
    ]
    assert not any("q7Zp" in text or "abab" in text for text in shown), shown
    assert settings.proof_keys[0].id in shown[0], "which key it is may be seen"

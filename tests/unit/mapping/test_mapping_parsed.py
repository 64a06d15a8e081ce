"""What the build keeps beside roles.yaml, so that a function need not parse it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.mapping import MappingError, load, parsed

TEXT = (Path(__file__).parents[3] / "roles.yaml").read_text(encoding="utf-8")


def test_it_means_what_the_text_means_and_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = parsed(TEXT)
    monkeypatch.setattr("shared.mapping.yaml_text.parse", None)
    found = load(TEXT, parsed=kept)
    monkeypatch.undo()
    plain = load(TEXT)
    assert (found.roles, found.rules, found.settings, found.hash) == (
        plain.roles,
        plain.rules,
        plain.settings,
        plain.hash,
    )


def test_errors_name_the_same_lines() -> None:
    wrong = TEXT.replace("role: web-reader", "role: web-raeder")
    with pytest.raises(MappingError) as plain:
        load(wrong)
    with pytest.raises(MappingError) as kept:
        load(wrong, parsed=parsed(wrong))
    assert str(kept.value) == str(plain.value)


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(parsed(TEXT.replace("web-reader", "other")), id="of another text"),
        pytest.param(parsed(TEXT)[:-40], id="cut short"),
        pytest.param(b"{}", id="of another shape"),
        pytest.param(b"", id="empty"),
    ],
)
def test_what_was_not_kept_of_this_text_is_not_used(kept: bytes) -> None:
    assert load(TEXT, parsed=kept).hash == load(TEXT).hash


def test_an_empty_file_is_an_error_all_the_same() -> None:
    with pytest.raises(MappingError, match="empty"):
        load("", parsed=parsed(""))

"""Pages of a sorted collection: a page costs what it holds, however large the collection. Knows no service's fields."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeVar

from fakecloud.parsing import loads
from fakecloud.ram.exceptions import InvalidMarker

Key = TypeVar("Key")


def page(keys: Iterable[Key], size: int) -> tuple[list[Key], str]:
    """The first `size` keys, and the marker to go on with: "" where nothing is left. `keys` are in order and lazy."""
    found = list(islice(keys, size + 1))
    return (found[:size], marker(found[size - 1])) if len(found) > size else (found, "")


def marker(key: Any) -> str:
    """Opaque to callers: the last key of the page."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def after(parameter: str, text: str | None, form: type) -> Any:
    """The key that the marker stands for, None where none was given; a JSON list gives a tuple. Raises InvalidMarker."""
    if text is None:
        return None
    try:
        key = loads(base64.b64decode(text, altchars=b"-_", validate=True))
    except ValueError:
        raise InvalidMarker(parameter) from None
    if isinstance(key, list):
        key = tuple(key)
    if not isinstance(key, form) or (
        isinstance(key, tuple) and not (len(key) == 2 and all(isinstance(k, str) for k in key))
    ):
        raise InvalidMarker(parameter)
    return key

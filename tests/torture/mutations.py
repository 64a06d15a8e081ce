"""Valid input, changed: values by their structure, and the text that they are written as. Every choice comes from one seeded source.

What is made here need not be JSON any more, nor UTF-8, nor text: a reader has to answer it all the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

Place = tuple[Any, ...]


class Raw(str):
    """A text that is written as it is, where a value belongs."""


class Twice(tuple[Any, ...]):
    """The values of a key that is written once for each of them."""


DEEP = 3_000
NUMBERS = (0, -1, 1, 101, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**30, 1.5, -0.0, 1e308)
RAW = tuple(
    map(
        Raw,
        (
            "NaN",
            "-Infinity",
            "1e999",
            "-1e-999",
            "01",
            "+1",
            "0x10",
            "1" * 400,
            "tru",
            "'x'",
            "",
            '"\\ud800"',
            '"\\udfff\\ud800"',
            '"\\u0000"',
            '"\\x41"',
            '"\t"',
            "[" * DEEP + "]" * DEEP,
            "[" * DEEP,
            '{"a":' * DEEP,
            "{}{}",
            "[1,]",
            "/* */ 1",
        ),
    )
)
TEXTS = (
    "", " ", "\x00", "a\nb", "\u202eb", "a\u2028b", "\x1b[2J", "\ud800", "e\u0301", "Ｗｅｂ", "\U0001f600", "[]", "{}", "[[[[", '{"a": [1]}', '"', "null",
    "i-1", "i-bp1ecr0000000000000b", "i-", "i-" + "x" * 64, "i-" + "x" * 65, "AY121018033933eae8689", "I-BP1", "i-é",
    "acs:ecs:cn-hangzhou:1234567890123456:instance/i-1", "acs:ecs:*:*:instance/*", "acs:ecs:cn-beijing:42:instance/i-2",
    "acs:ecs:cn-hangzhou:*:disk/d-1", "ACS::ECS::Instance", "instance", "disk", "Ecs", "TagResources", "UntagResources",
    "RunInstances", "Created", "Running", "cn-hangzhou", "cn-beijing", "xx-nowhere-1", "evil.example/?", "../..", "1234567890123456", "42", "*",
    "2026-11-23T08:00:00Z", "2026-11-23 08:00", "9999-99-99T99:99:99Z", "0001-01-01T00:00:00+14:00", "1763884800000", "0", "-1", "100%", "0%", "101%",
    "1e3%", "web", "worker", "foreign", "rolekeeper-fc", "rolekeeper", "off", "true", "${tags.app}", "*", "?*?*?*", "a*b*c*d*e*f", "x" * 300, "9" * 400,
)  # fmt: skip
HUGE = (
    "x" * 70_000,
    "\\" * 20_000,
    "i-" * 20_000,
    "\ud800" * 5_000,
    "{" * 20_000,
    '"' * 20_000,
    "*a" * 2_000,
    "${tags.a}" * 500,
)
BYTES = (
    b"\xff",
    b"\xc3",
    b"\x80",
    b"\xed\xa0\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b'"',
    b"\\",
    b"{",
    b"]",
    b",",
)
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7")


class Samples:
    """Valid values, and which values each of their keys has."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values
        self.by_key: dict[str, list[Any]] = {}
        for value in values:
            for path in places(value):
                if key := name_of(path):
                    known, found = self.by_key.setdefault(key, []), at(value, path)
                    known += [] if found in known else [found]
        self.keys = [*self.by_key]


class Mutator:
    """Changes made at random, as the source says. samples: whose keys and values a reader knows; texts: beside the odd ones."""

    def __init__(self, random: Random, samples: Samples, *, texts: Sequence[str] = ()) -> None:
        self.random, self._samples, self._texts = random, samples, (*TEXTS, *texts)

    def pick(self, options: Sequence[Any]) -> Any:
        return options[int(self.random.random() * len(options))]

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def odd(self, depth: int = 2) -> Any:
        """A value that somebody may write where another belongs."""
        kind = self.random.random()
        if kind < 0.45:
            return self.pick(self._texts)
        if kind < 0.6:
            return self.pick(NUMBERS)
        if kind < 0.7:
            return self.pick((None, True, False))
        if kind < 0.78:
            return self.pick(RAW)
        if kind < 0.79:
            return self.pick(HUGE)
        count = self.pick((0, 1, 2, 3)) if depth else 0
        if kind < 0.9:
            return [self.odd(depth - 1) for _ in range(count)]
        return {self.key(): self.odd(depth - 1) for _ in range(count)}

    def key(self) -> str:
        return str(self.pick(self._samples.keys if self.chance(0.8) else self._texts))

    def sample(self) -> Any:
        return self.pick(self._samples.values)

    def changed(self, sample: Any) -> Any:
        """The sample with one to four changes: of any kind, or another value that belongs where it gets."""
        value = copied(sample)
        for _ in range(self.pick((1, 1, 1, 2, 2, 3, 4))):
            value = self._exchange(value) if self.chance(0.6) else self._change(value)
        return value

    def _exchange(self, value: Any) -> Any:
        """Another value that the key has elsewhere."""
        path = self.pick(list(places(value)))
        if (key := name_of(path)) in self._samples.by_key:
            at(value, path[:-1])[path[-1]] = copied(self.pick(self._samples.by_key[key]))
        return value

    def _change(self, value: Any) -> Any:
        path = self.pick(list(places(value)))
        if not path:
            return self.pick((self.odd, lambda: [value, value], lambda: {self.key(): value}, lambda: value))()
        inner, last = at(value, path[:-1]), path[-1]
        ways: tuple[Callable[[], Any], ...] = (
            self.odd,
            self.odd,
            self.odd,
            lambda: [inner[last]],
            lambda: {self.key(): inner[last]},
            lambda: written(inner[last]),
            lambda: self._like(inner[last]),
            lambda: copied(at(other := self.sample(), self.pick(list(places(other))))),
        )
        if isinstance(inner, list):
            if self.chance(0.2):
                inner.pop(last)
            elif self.chance(0.2):
                inner[last:last] = [copied(inner[last]) for _ in range(self.pick((1, 2, 30)))]
            else:
                inner[last] = self.pick(ways)()
            return value
        kind = self.random.random()
        if kind < 0.15:
            del inner[last]
        elif kind < 0.3:
            inner[self.key()] = self.odd()
        elif kind < 0.4:
            name = self.pick((self.key(), last.upper(), last.lower(), f" {last}", last + "\x00", last[:-1], last * 2))
            inner[name] = inner.pop(last)
        elif kind < 0.47:
            inner[last] = Twice((inner[last], self.pick(ways)()))
        else:
            inner[last] = self.pick(ways)()
        return value

    def _like(self, value: Any) -> Any:
        """Almost the same: another case, a blank, a number as a text, a text as a number."""
        if isinstance(value, str) and value:
            place = int(self.random.random() * len(value))
            return self.pick(
                (
                    value.upper(),
                    value + " ",
                    value[:-1],
                    value * 2,
                    value[:place] + self.pick(self._texts) + value[place:],
                    [value, value],
                )
            )
        if isinstance(value, (int, float)):
            return self.pick((str(value), -value, value * 10**12, float(value), value + 1))
        return self.pick((None, [], {}, "", 0))

    def spoilt(self, body: bytes) -> bytes:
        """The bytes with one change that knows nothing of what they mean."""
        place = int(self.random.random() * (len(body) + 1))
        return bytes(
            self.pick(
                (
                    lambda: body[:place],
                    lambda: body[place:],
                    lambda: body[:place] + self.pick(BYTES) + body[place:],
                    lambda: body[:place] + self.pick(BYTES) + body[place + 1 :],
                    lambda: b"\xef\xbb\xbf" * self.pick((1, 2)) + body,
                    lambda: b" \r\n\t" + body + b"\n\n",
                    lambda: body + self.pick((b"x", b"{}", b"\x00", body)),
                    lambda: body.decode(errors="replace").encode(self.pick(ENCODINGS)),
                    lambda: body.upper(),
                )
            )()
        )


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Where something is in the value, and the value itself."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def name_of(path: Place) -> str:
    """The key that a place belongs to, "" for none."""
    return next((key for key in reversed(path) if isinstance(key, str)), "")


def at(value: Any, path: Place) -> Any:
    for key in path:
        value = value[key]
    return value


def copied(value: Any) -> Any:
    """The value in containers of its own."""
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    return [copied(inner) for inner in value] if isinstance(value, list) else value


def written(value: Any, *, ascii_only: bool = True) -> str:
    """As JSON, or as what is to be in its place."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        pairs = (
            (key, one) for key, inner in value.items() for one in (inner if isinstance(inner, Twice) else (inner,))
        )
        return (
            "{"
            + ", ".join(f"{_text(key, ascii_only)}: {written(inner, ascii_only=ascii_only)}" for key, inner in pairs)
            + "}"
        )
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(written(inner, ascii_only=ascii_only) for inner in value) + "]"
    return _text(value, ascii_only)


def _text(value: Any, ascii_only: bool) -> str:
    return json.dumps(value, ensure_ascii=ascii_only)


def in_message(body: bytes, form: str) -> dict[str, Any]:
    """A queue's message around it. form: of the body, `text`, `base64` or `object`."""
    inner: Any = base64.b64encode(body).decode() if form == "base64" else body.decode(errors="replace")
    data = {"requestId": "1", "messageId": "2", "messageBody": Raw(inner) if form == "object" else inner}
    return {"specversion": "1.0", "id": "2", "source": "acs:mns", "type": "mns:Queue:SendMessage", "data": data}


def in_report(body: bytes) -> dict[str, Any]:
    """The report of an invocation that failed with it."""
    return {
        "timestamp": 1,
        "requestContext": {"condition": "UnhandledInvocationError"},
        "requestPayload": body.decode(errors="replace"),
        "responseContext": {"statusCode": 200},
        "responsePayload": "",
    }

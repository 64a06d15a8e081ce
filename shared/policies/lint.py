"""The lint of one document: its form, then what it grants or whom it trusts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from shared.policies import rules
from shared.policies.dangers import check_dangers
from shared.policies.findings import Finding, found
from shared.policies.forms import Found, check_form, statements
from shared.policies.limits import oversize
from shared.policies.positions import Path, line_at, lines_of, repeated, shown
from shared.policies.trusts import check_trust

Kind = Literal["policy", "trust", "pass-role"]
"""policy: what a role may do. trust: who may take an instance role. pass-role: who may give roles to instances."""

_SOFTER_WHEN_DENIED = (rules.NOT_ACTION, rules.NOT_RESOURCE)


def lint(
    document: Mapping[str, Any],
    *,
    kind: Kind = "policy",
    text: str | None = None,
    lines: Mapping[Path, int] | None = None,
) -> tuple[Finding, ...]:
    """Everything wrong with the document, in its order.

    text: the JSON that it was read from (the document itself, or a template file around it), for line numbers; or lines:
    path -> line, where it was read from something else. Without either every line is 0.
    """
    if kind not in ("policy", "trust", "pass-role"):
        raise ValueError(f"kind is policy, trust or pass-role, not {kind!r}")
    places = dict(lines or (lines_of(text) if text else {}))
    inside: Path = ("document",) if ("document", "Statement") in places else ()
    seen: dict[tuple[str, str, str], Finding] = {}
    for rule, message, path in _all(document, kind, template=bool(inside)):
        finding = found(rule, message, shown(path), line_at(places, (*inside, *path)))
        if rule in _SOFTER_WHEN_DENIED and " denies " in message:
            finding = msgspec.structs.replace(finding, severity="warning")
        seen.setdefault((finding.code, finding.path, finding.message), finding)
    return tuple(seen.values())


def lint_text(text: str, *, kind: Kind = "policy") -> tuple[Finding, ...]:
    """The same for a text, which may be no JSON at all, or the text of a template file."""
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        return (found(rules.NOT_JSON, "nested too deep", line=1),)
    except json.JSONDecodeError as error:
        return (found(rules.NOT_JSON, f"{error.msg}, at column {error.colno}", line=error.lineno),)
    except ValueError as error:
        return (found(rules.NOT_JSON, str(error), line=1),)
    template = isinstance(document, dict) and "document" in document and "Statement" not in document
    twice = tuple(
        found(
            rules.MALFORMED,
            f"{path[-1]!r} is written twice",
            shown(path[1:] if template and path[0] == "document" else path),
            line,
        )
        for path, line in repeated(text)
    )
    return twice + lint(document["document"] if template else document, kind=kind, text=text)


def _all(document: Any, kind: Kind, *, template: bool) -> Iterator[Found]:
    yield from check_form(document, kind == "trust", template)
    if kind == "trust":
        yield from check_trust(statements(document))
    else:
        for at, statement in statements(document):
            yield from check_dangers(statement, at, kind == "pass-role")
    over = oversize(document) if isinstance(document, dict) else ""
    if over:
        yield rules.SIZE, over, ()


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")

"""roles.yaml -> Mapping, validated; Mapping.desired(instance) -> Desired. Pure: reads no file, clock, network or
environment, and logs nothing; the caller brings the text."""

from __future__ import annotations

from dataclasses import replace

from shared.mapping.contents import (
    Allow,
    Brake,
    InlinePolicy,
    Mapping,
    MappingSettings,
    PolicySpec,
    RoleSpec,
    Rule,
    SystemPolicy,
    TemplatePolicy,
)
from shared.mapping.decode import FILE, check_whole, role_lines
from shared.mapping.documents import Located
from shared.mapping.nodes import Node, Scalar, Unreadable, decoded, kept, known
from shared.mapping.problems import MappingError, Problem, Report, Where
from shared.mapping.schema import schema
from shared.mapping.warnings import warn

__all__ = [
    "Allow",
    "Brake",
    "InlinePolicy",
    "Located",
    "Mapping",
    "MappingError",
    "MappingSettings",
    "PolicySpec",
    "Problem",
    "RoleSpec",
    "Rule",
    "SystemPolicy",
    "TemplatePolicy",
    "check",
    "decoded",
    "load",
    "parsed",
    "schema",
]


def parsed(text: str) -> bytes:
    """A valid text as load() can take it beside the text, to spare parsing it. Raises Unreadable."""
    from shared.mapping.yaml_text import parse

    return kept(text, parse(text))


def load(text: str, *, file: str = "roles.yaml", parsed: bytes = b"") -> Mapping:
    """The mapping that this text means. file: the name to report problems under. parsed: see there; of another text, unused.

    Raises MappingError with every error in the text; warnings do not keep it from loading (see check).
    """
    report = Report(file)
    _, mapping = _read(text, report, parsed)
    if mapping is None or report.errors:
        raise MappingError(report.errors)
    return mapping


def check(text: str, *, file: str = "roles.yaml") -> tuple[Problem, ...]:
    """Every error and warning, in the order of the file. Warnings need readable rules: fix other errors first."""
    from shared.mapping.lookalikes import warn_of_lookalikes  # of use to an operator alone, not at a function's start

    report = Report(file)
    root, mapping = _read(text, report)
    if root is not None:
        warn_of_lookalikes(text, root, report)
    if root is not None and mapping is not None:
        warn(root, mapping, report)
    return report.problems


def _read(text: str, report: Report, stored: bytes = b"") -> tuple[Node | None, Mapping | None]:
    try:
        is_known, root = known(text, stored) if stored else (False, None)
        if not is_known:
            from shared.mapping.yaml_text import parse

            root = parse(text)
    except Unreadable as unreadable:
        report.error(unreadable, Where(), str(unreadable))
        return None, None
    if root is None or (isinstance(root, Scalar) and root.kind == "null"):
        report.error(Scalar("", "null", 1, 1), Where(), "the file is empty; it needs version: 1, roles and rules")
        return None, None
    mapping = FILE.read(root, Where(), report)
    check_whole(root, report)
    return root, None if mapping is None else replace(mapping, lines=role_lines(root))

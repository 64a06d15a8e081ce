"""The cases of `rolekeeper test` as JUnit XML, which CI systems show: one testcase a case, and one for the rules under --strict."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

from cli.view.cases import Tested, failure, plain
from shared.clean import hidden, visible
from shared.errors import ConfigError

HEAD = b"<?xml"
RULES = "every rule is reached by a case"


def write(file: Path, tested: Tested, *, strict: bool) -> None:
    """Write the file, over one of its kind that is there. Raises ConfigError."""
    try:
        with suppress(FileNotFoundError), file.open("rb") as there:
            if there.read(len(HEAD)) not in (b"", HEAD):
                raise ConfigError(f"--junit: {file}: is there already, and is no XML; it stays: name another")
        file.write_bytes(ElementTree.tostring(junit(tested, strict=strict), encoding="utf-8", xml_declaration=True))
    except OSError as error:
        raise ConfigError(f"--junit: {file}: cannot be written: {error.strerror}") from error


def junit(tested: Tested, *, strict: bool) -> ElementTree.Element:
    """Return the document. A text from outside has no character that XML does not allow."""
    results = [
        (
            each.case.name,
            each.case.line,
            [*failure(each), *(f"  {plain(parts)}" for parts in each.why)] if each.differences else [],
        )
        for each in tested.judged
    ]
    if strict:
        results.append((RULES, 0, [f"no case reaches rule '{rule}'" for rule in tested.unreached]))
    counts = {"tests": str(len(results)), "failures": str(sum(bool(lines) for _, _, lines in results)), "errors": "0"}
    root = ElementTree.Element("testsuites", {"name": "rolekeeper test", **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": _clean(tested.file), **counts})
    for name, line, lines in results:
        place = {"file": _clean(tested.file), **({"line": str(line)} if line else {})}
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": _clean(tested.file), "name": _clean(name), **place}
        )
        if lines:
            found = ElementTree.SubElement(case, "failure", {"message": _clean(lines[0].strip())})
            found.text = "\n".join(map(_clean, lines))
    return root


def _clean(text: str) -> str:
    return visible(hidden(text))

"""What the SDKs do with names from deferred modules is what a stand-in can do: called, derived from, asked about, taken from."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.gateways.sdk import is_deferred
from tests.unit.gateways.test_sdk import IMPORTS, run

LEAN = f"from shared.gateways.sdk import lean\n@lean\ndef get():\n    {IMPORTS}\nget()\n"


def taken(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Names that a module has for deferred modules, and those that it has taken out of them."""
    modules, names = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {a.asname or a.name.partition(".")[0] for a in node.names if is_deferred(a.name)}
        elif isinstance(node, ast.ImportFrom) and not node.level and is_deferred(node.module or ""):
            names |= {a.asname or a.name for a in node.names}
    return modules, names


def beyond(tree: ast.Module) -> Iterator[str]:
    """Uses that need the thing itself: a class to catch, to match, to compare or to unite; a text; a module to write into.

    What is taken as MODULE.NAME when it is used is the thing itself.
    """
    modules, names = taken(tree)
    for node in ast.walk(tree):
        operands: list[ast.AST | None] = []
        if isinstance(node, ast.ExceptHandler):
            operands = [*node.type.elts] if isinstance(node.type, ast.Tuple) else [node.type]
        elif isinstance(node, ast.MatchClass):
            operands = [node.cls]
        elif isinstance(node, ast.BinOp):
            operands = [node.left, node.right]
        elif isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
        elif isinstance(node, ast.FormattedValue):
            operands = [node.value]
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            root: ast.AST = node
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in modules | names:
                yield f"{node.lineno}: {ast.unparse(node)} is written to"
        if any(isinstance(operand, ast.Name) and operand.id in names for operand in operands):
            yield f"{node.lineno}: {ast.unparse(node).splitlines()[0]}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        pytest.param("from aiohttp import A\ntry: pass\nexcept (OSError, A): pass", 1, id="caught among others"),
        pytest.param("import aiohttp\ntry: pass\nexcept (OSError, aiohttp.ClientError): pass", 0, id="caught as it is"),
        pytest.param("from aiohttp import ClientError as E\ntry: pass\nexcept E: pass", 1, id="caught by name"),
        pytest.param("from asyncio import Event\nx: 'a' = Event | None", 1, id="united"),
        pytest.param("from asyncio import Event\ntype(1) is Event", 1, id="compared"),
        pytest.param("import asyncio\nasyncio.x.y = 1", 1, id="written into"),
        pytest.param("from aiohttp import VERSION\nf'{VERSION}'", 1, id="printed"),
        pytest.param(
            "import asyncio\nasyncio.sleep(asyncio.DELAY)\nclass A(asyncio.Event): pass", 0, id="called, derived"
        ),
        pytest.param("import os\nos.x = 1", 0, id="another module"),
    ],
)
def test_the_check_finds_what_a_stand_in_cannot_do(code: str, found: int) -> None:
    assert len(list(beyond(ast.parse(code)))) == found


def test_no_sdk_does_with_a_deferred_name_what_a_stand_in_cannot_do() -> None:
    """An update that begins to would fail when it is used, far from any import: judge it, and take the module out of DEFERRED."""
    loaded = run(
        LEAN
        + "import json, sys\nprint(json.dumps([m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)]))"
    )
    files = [Path(file) for file in json.loads(loaded) if "site-packages" in file and file.endswith(".py")]
    assert len(files) > 200
    with_stand_ins = [file for file in files if any(taken(ast.parse(file.read_bytes())))]
    assert len(with_stand_ins) > 10
    assert [f"{file}:{use}" for file in with_stand_ins for use in beyond(ast.parse(file.read_bytes()))] == []

"""The measures of the house: what each is now, and what it may be at most. `make check` prints them (`python -m tests.house.measures`)."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from fakecloud.cloud import Cloud
from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.wire import installed

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = 5
HEADS = re.compile(r"(What|Whether|Where|How|Those|Whose|Who|Which|When|Why)\b")
"""The first word of a clause that is no sentence by itself."""
KEPT = re.compile(r"#\s*fmt: *(skip|off|on)\b")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Assign, ast.AnnAssign)
ROLES = """
version: 1
roles: {web: {description: Reads pages.}}
rules: [{name: by app, when: {tags: {app: web}}, role: web}]
"""


@dataclass(frozen=True)
class Measure:
    """`find` returns one text for each place that counts."""

    name: str
    most: int
    find: Callable[[], Sequence[str]]


@cache
def python() -> tuple[str, ...]:
    """Return the names of the tracked Python files that exist."""
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(name for name in listed.stdout.splitlines() if (ROOT / name).exists())


@cache
def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def code(*folders: str) -> list[str]:
    return [name for name in python() if name.startswith(tuple(f"{folder}/" for folder in folders))]


def constructors() -> list[str]:
    """Find constructors that take more than they should; generated ones of plain records are none."""
    found = []
    for name in code("shared"):
        for made in (node for node in ast.walk(tree(name)) if isinstance(node, ast.ClassDef)):
            for method in made.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    given = method.args
                    count = len(given.posonlyargs + given.args + given.kwonlyargs) - 1
                    if count > PARAMETERS:
                        found.append(f"{name}:{method.lineno} {made.name}: {count}")
    return found


def homonyms() -> list[str]:
    """Find modules of one name, and classes of one name."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for name in code("shared"):
        if (stem := Path(name).stem) != "__init__":  # a folder may have a module of its name, as its main one
            places[stem].append(name)
        for node in tree(name).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name)
    return [f"{word}: {', '.join(names)}" for word, names in sorted(places.items()) if len(names) > 1]


def formatted_by_hand() -> list[str]:
    """Find layouts that the formatter is kept from, but those of data tables: constants of a module that are literals."""
    found = []
    for name in python():
        tables = {
            node.end_lineno
            for node in tree(name).body
            if isinstance(node, (ast.Assign, ast.AnnAssign))
            and isinstance(node.value, (ast.Dict, ast.List, ast.Tuple, ast.Set))
            and ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target).isupper()
        }
        lines = enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1)
        found += [f"{name}:{number}" for number, line in lines if KEPT.search(line) and number not in tables]
    return found


def docstrings(name: str) -> Iterator[tuple[int, str]]:
    """Yield the docstrings of a file, those of attributes too, with their lines."""
    for node in ast.walk(tree(name)):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for place, statement in enumerate(body):
            before = body[place - 1] if place else node
            if isinstance(before, DOCUMENTED) and isinstance(statement, ast.Expr):
                text = statement.value.value if isinstance(statement.value, ast.Constant) else None
                if isinstance(text, str):
                    yield statement.lineno, text.strip()


def headless() -> list[str]:
    """Find docstrings that begin with a clause in place of a sentence."""
    return [
        f"{name}:{line} {text.splitlines()[0]}"
        for name in code("shared", "functions", "fakecloud", "cli")
        for line, text in docstrings(name)
        if HEADS.match(text)
    ]


def lines_of_code(*folders: str) -> Callable[[], list[str]]:
    """Find the lines that hold code: how the formatter breaks a call counts, comments, docstrings and blank lines do not."""

    def find() -> list[str]:
        found = []
        for name in code(*folders):
            text = (ROOT / name).read_text(encoding="utf-8")
            told = {
                line
                for node in ast.walk(tree(name))
                if isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
            }
            lines = enumerate(text.splitlines(), 1)
            found += [
                f"{name}:{n}"
                for n, line in lines
                if n not in told and line.strip() and not line.strip().startswith("#")
            ]
        return found

    return find


def frames() -> list[str]:
    """Return our frames between an event's handler and the wire, while one instance gets its role."""
    from shared.app import handler_for

    cloud, found = Cloud(), list[str]()
    cloud.ram.put_role(ACCOUNT, "web")
    (instance,) = cloud.ecs.make(1, tags={"app": "web"})
    answer = cloud.handle

    def handle(request: Request) -> Response:
        if request.headers.get("x-acs-action") == "AttachInstanceRamRole":
            for frame in traceback.extract_stack():
                place = Path(frame.filename)
                if place.is_relative_to(ROOT) and place.relative_to(ROOT).parts[0] in ("shared", "functions"):
                    found.append(f"{place.relative_to(ROOT)}:{frame.lineno} {frame.name}")
        return answer(request)

    cloud.handle = handle  # type: ignore[method-assign]
    event = {
        "eventName": "RunInstances",
        "serviceName": "Ecs",
        "acsRegion": "cn-hangzhou",
        "recipientAccountId": ACCOUNT,
        "responseElements": {"InstanceIdSets": {"InstanceIdSet": [instance.instance_id]}},
    }
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()), installed(cloud):
        roles = Path(folder, "roles.yaml")
        roles.write_text(ROLES, encoding="utf-8")
        env = {
            "ROLEKEEPER_REGION": "cn-hangzhou",
            "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
            "ROLEKEEPER_ROLES_FILE": str(roles),
            "ALIBABA_CLOUD_ACCESS_KEY_ID": ROOT_KEY[0],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ROOT_KEY[1],
        }
        with mock.patch.dict(os.environ, env):
            handler_for("instance_created")(json.dumps(event), SimpleNamespace(request_id="measured"))
    return found


MEASURES = (
    Measure("frames from an event's handler to AttachInstanceRamRole", 13, frames),
    Measure("lines of code in planning/", 600, lines_of_code("shared/planning")),
    Measure("lines of code in engine/", 1_950, lines_of_code("shared/engine")),
    Measure(f"constructors with more than {PARAMETERS} parameters", 0, constructors),
    Measure("names that two modules or classes have", 0, homonyms),
    Measure("layouts kept from the formatter outside data tables", 0, formatted_by_hand),
    Measure("docstrings that begin with no sentence", 0, headless),
)


def main(shown: Sequence[str]) -> None:
    """Print the table, and the places of each measure whose name contains one of the words."""
    for measure in MEASURES:
        found = measure.find()
        print(
            f"{'' if len(found) <= measure.most else '!':1} {measure.name:58} {len(found):5,} of at most {measure.most:,}"
        )
        if any(word in measure.name for word in shown):
            by_file = Counter(place.partition(":")[0] for place in found)
            print(*(f"      {place}" for place in found), f"    in {len(by_file)} files", sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])

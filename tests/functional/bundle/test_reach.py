"""What a bundle keeps of a package: what an import leads to, and compiled distributions whole. Through the real pip, on a small index."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.building.unpack import unpack
from cli.building.wheels import Wheel

from .project import Project


def kept(project: Project) -> set[str]:
    inside = (name.removeprefix("python/") for name in project.files() if name.startswith("python/"))
    return {name for name in inside if "dist-info" not in name}


@pytest.mark.slow
def test_a_module_is_kept_if_an_import_leads_to_it_and_compiled_distributions_are_kept_whole(project: Project) -> None:
    thing = project.wheel(
        "thing",
        more="Requires-Dist: fast\nRequires-Dist: idle\nRequires-Dist: old; python_version < '3'\n",
        files={
            "thing/__init__.py": "from . import used\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import thing.typed\n",
            "thing/used.py": "def call():\n    import fast\n",
            "thing/unused.py": "",
            "thing/typed.py": "",
            "thing/data.json": "{}",
            "thing/tables/a.bin": "x",
            "thing/tests/test_a.py": "",
            "thing/stub.pyi": "",
        },
    )
    fast = project.wheel(
        "fast",
        "cp310-cp310-manylinux2014_x86_64",
        more="Requires-Dist: beside\n",
        files={
            "fast/__init__.py": "",
            "fast/core.cpython-310-x86_64-linux-gnu.so": "ELF",
            "fast/by_c.py": "",
            "fast/core.c": "",
        },
    )
    beside, idle = project.wheel("beside", files={"beside.py": "", "beside_more.py": ""}), project.wheel("idle")
    project.lock(thing, fast, beside, idle)
    bundle = project.build()
    assert kept(project) == {
        "thing/__init__.py",
        "thing/used.py",
        "thing/data.json",
        "thing/tables/a.bin",
        "fast/__init__.py",
        "fast/core.cpython-310-x86_64-linux-gnu.so",
        "fast/by_c.py",
        "beside.py",
        "beside_more.py",
    }
    assert bundle.left_out == ("idle",)


@pytest.mark.each_value
@pytest.mark.parametrize(
    ("code", "led_to"),
    [
        pytest.param("import importlib\nimportlib.import_module('thing.led_to')\n", True, id="import_module by name"),
        pytest.param(
            "from importlib import import_module\nx = [import_module('.led_to', __name__)]\n",
            True,
            id="a relative name",
            marks=pytest.mark.slow,
        ),
        pytest.param("__import__('thing.led_to')\n", True, id="__import__"),
        pytest.param(
            "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    from . import led_to\n",
            True,
            id="not TYPE_CHECKING",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "import typing\nif typing.TYPE_CHECKING:\n    from . import led_to\n", False, id="typing.TYPE_CHECKING"
        ),
        pytest.param(
            "import typing\nif typing.TYPE_CHECKING:\n    pass\nelse:\n    from . import led_to\n",
            True,
            id="else",
            marks=pytest.mark.slow,
        ),
        pytest.param("from thing.inner import *\n", True, id="import * of what __all__ names"),
        pytest.param("import importlib\nimportlib.import_module('')\n", False, id="no name", marks=pytest.mark.slow),
    ],
)
def test_what_else_leads_to_a_module(project: Project, code: str, led_to: bool) -> None:
    inner = "__all__ = ['led_to']\n" if "inner" in code else ""
    led = "thing/inner/led_to.py" if inner else "thing/led_to.py"
    project.lock(
        project.wheel(
            "thing",
            files={
                "thing/__init__.py": code,
                "thing/inner/__init__.py": inner,
                led: "",
                "thing/other.py": "",
            },
        )
    )
    project.build()
    assert (led in kept(project)) == led_to
    assert "thing/other.py" not in kept(project)


def test_plug_ins_are_kept_and_scripts_are_not(project: Project) -> None:
    points = "[thing.plugins]\none = thing.plug:Plug [more]\n[console_scripts]\nthing = thing.script:main\n"
    project.lock(
        project.wheel(
            "thing",
            files={
                "thing/__init__.py": "",
                "thing/plug.py": "",
                "thing/script.py": "",
                "thing-1.0.dist-info/entry_points.txt": points,
            },
        )
    )
    project.build()
    assert kept(project) == {"thing/__init__.py", "thing/plug.py"}


@pytest.mark.slow
def test_of_a_compiled_distribution_nothing_is_left_out_that_its_libraries_may_load(project: Project) -> None:
    """As auditwheel lays them out; a module that is there as source and compiled, as mypyc makes them; one without an ABI tag."""
    files = {
        "thing/__init__.py": "",
        "thing/fast.so": "ELF",
        "thing/both.py": "",
        "thing/both.cpython-310-x86_64-linux-gnu.so": "ELF",
        "thing.libs/libz-1a2b.so.1": "ELF",
        "0f__mypyc.cpython-310-x86_64-linux-gnu.so": "ELF",
        "thing/words.dat": "x",
    }
    project.lock(project.wheel("thing", "cp310-cp310-manylinux2014_x86_64", files=files))
    project.build()
    assert kept(project) == files.keys()


@pytest.mark.slow
def test_no_wheel_writes_outside_its_folder(project: Project, tmp_path: Path) -> None:
    path = project.wheel(
        "thing", files={"thing/__init__.py": "", "../out.py": "", "thing/../../out.py": "", "/out.py": ""}
    )
    (thing,) = unpack([Wheel(name="thing", version="1.0", path=path, requires=frozenset())], tmp_path / "in")
    assert thing.files == {"thing/__init__.py"}
    assert not list(tmp_path.rglob("out.py"))
    assert not Path("/out.py").exists()


@pytest.mark.slow
def test_what_pip_is_told_elsewhere_does_not_stop_a_build(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.wheel("thing").unlink()
    project.lock(project.source("thing"))
    monkeypatch.setenv("PIP_REQUIRE_HASHES", "1")
    project.build()
    assert "thing/__init__.py" in kept(project)

"""A function cannot change its code, has the memory it was given and no more, and brings its dependencies."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakecloud.cloud import Cloud

from .conftest import Deploy, handler, invoke


@pytest.mark.parametrize(
    "change",
    [
        "open(os.path.join(os.environ['FC_FUNC_CODE_PATH'], 'new'), 'w')",
        "open('index.py', 'a')",
        "open(b'index.py', 'r+b')",
        "os.open('index.py', os.O_RDWR)",
        "os.mkdir('folder')",
        "os.remove('index.py')",
        "os.rename('index.py', '/tmp/index.py')",
        "os.symlink('/tmp', 'link')",
        "os.utime('index.py')",
        "os.chmod('.', 0o777)",
        "shutil.rmtree('.')",
        "os.rename('/tmp', '../code/new')",
    ],
)
def test_the_codes_folder_is_read_only(change: str, cloud: Cloud, deploy: Deploy, tmp_path: Path) -> None:
    deploy("import os, shutil\n" + handler(change), runner="process")
    outcome = invoke(cloud)
    assert "[Errno 30] Read-only file system" in outcome.error
    assert sorted(path.name for path in (tmp_path / "code").iterdir()) == ["index.py"]


def test_reading_the_code_and_writing_elsewhere_is_allowed(cloud: Cloud, deploy: Deploy) -> None:
    deploy(
        "import os, tempfile\n"
        + handler("""
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "x"), "w") as file:
                file.write(open("index.py").read())
            os.rename(os.path.join(folder, "x"), os.path.join(folder, "y"))
            return os.listdir(folder)[0]
        """),
        runner="process",
    )
    assert invoke(cloud).body == b"y"


@pytest.mark.parametrize(("wanted", "fits"), [(100, True), (300, False)])
def test_memory_is_what_the_function_was_given(wanted: int, fits: bool, cloud: Cloud, deploy: Deploy) -> None:
    deploy(handler(f"return str(len(b'x' * ({wanted} << 20)))"), runner="process", memorySize=256)
    outcome = invoke(cloud)
    if fits:
        assert outcome.ok
        assert outcome.memory > wanted
    else:
        assert "MemoryError" in outcome.error


def test_memory_used_is_the_functions_own_not_that_of_the_process_that_began_it(cloud: Cloud, deploy: Deploy) -> None:
    deploy(handler("return ''"), runner="process")
    large = bytes(200 << 20)
    assert invoke(cloud).memory < 60
    del large


@pytest.mark.parametrize(("brings", "found"), [(True, b"False"), (False, b"True")])
def test_code_that_brings_its_dependencies_sees_no_others(
    brings: bool, found: bytes, cloud: Cloud, deploy: Deploy, tmp_path: Path
) -> None:
    if brings:
        (tmp_path / "code" / "python").mkdir(parents=True)
    source = "import importlib.util\n" + handler("return str(importlib.util.find_spec('requests') is not None)")
    deploy(source, runner="process", env={"PYTHONPATH": "/code/python"})
    assert invoke(cloud).body == found

"""A function cannot change its code, has the memory it was given and no more, and brings its dependencies."""

from __future__ import annotations

import os
import sqlite3
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
        "os.link('index.py', '../second')",
        "os.link('index.py', 'second')",
        "os.mkfifo('pipe')",
        "os.mkfifo('pipe', dir_fd=os.open('.', os.O_RDONLY))",
        "os.mknod(b'node', 0o600)",
        "os.setxattr('index.py', 'user.x', b'1')",
        "os.fchmod(os.open('index.py', os.O_RDONLY), 0o777)",
        "os.symlink(os.path.abspath('index.py'), '../link'); open('../link', 'a')",
        "sqlite3.connect('x.db')",
        "sqlite3.connect('file:x.db?mode=rwc', uri=True)",
        "sqlite3.connect(pathlib.Path('x.db'))",
        "socket.socket(socket.AF_UNIX).bind('socket')",
    ],
)
def test_the_codes_folder_is_read_only(change: str, cloud: Cloud, deploy: Deploy, tmp_path: Path) -> None:
    deploy("import os, pathlib, shutil, socket, sqlite3\n" + handler(change), runner="process")
    before = os.lstat(deployed(tmp_path) / "index.py")
    outcome = invoke(cloud)
    assert "[Errno 30] Read-only file system" in outcome.error
    assert "wrote into" not in outcome.error, "refused, not only found afterwards"
    assert [path.name for path in deployed(tmp_path).iterdir()] == ["index.py"]
    assert os.lstat(deployed(tmp_path) / "index.py").st_ctime_ns == before.st_ctime_ns


def deployed(tmp_path: Path) -> Path:
    return tmp_path / "code"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("subprocess.run(['sh', '-c', 'echo x > $FC_FUNC_CODE_PATH/evil'])", "new evil"),
        ("subprocess.run(['sh', '-c', 'echo x >> index.py'])", "changed index.py"),
        ("subprocess.run(['chmod', '+x', 'index.py'])", "changed index.py"),
        ("subprocess.run(['sh', '-c', 'mkdir -p a/b && touch a/b/c'])", "new a, new a/b, new a/b/c"),
        ("subprocess.run(['rm', 'kept/data.db'])", "removed kept/data.db"),
        ("subprocess.run(['sh', '-c', 'touch 1 2 3 4 5 6 7'])", "new 1, new 2, new 3, new 4, new 5, and 2 more"),
        ("os.system('touch evil')", "new evil"),
        ("os.waitpid(os.posix_spawn('/bin/sh', ['sh', '-c', 'touch evil'], os.environ), 0)", "new evil"),
        (
            "p = multiprocessing.get_context('spawn').Process(target=os.system, args=('touch evil',)); p.start(); p.join()",
            "new evil",
        ),
        (
            "p = multiprocessing.get_context('fork').Process(target=os.system, args=('touch evil',)); p.start(); p.join()",
            "new evil",
        ),
        ("sqlite3.connect('kept/data.db', isolation_level=None).execute('CREATE TABLE b (c)')", "changed kept/data.db"),
        (
            "sqlite3.connect(':memory:').execute(f\"ATTACH '{os.getcwd()}/x.db' AS x\").execute('CREATE TABLE x.b (c)')",
            "new x.db",
        ),
        ("ctypes.CDLL(None).creat(b'evil', 0o644)", "new evil"),
        ("os.chdir('/tmp'); os.open('evil', os.O_CREAT, dir_fd=os.open(os.environ['PWD'], os.O_RDONLY))", "new evil"),
    ],
)
def test_a_write_into_the_code_that_got_through_is_an_error_of_the_invocation(
    change: str, said: str, cloud: Cloud, deploy: Deploy, tmp_path: Path
) -> None:
    (deployed(tmp_path) / "kept").mkdir(parents=True)
    sqlite3.connect(deployed(tmp_path) / "kept" / "data.db").close()
    body = f"if event == b'\"write\"':\n    {change}\nreturn 'done'"
    deploy("import ctypes, multiprocessing, os, sqlite3, subprocess\n" + handler(body), runner="process")
    outcome = invoke(cloud, b'"write"')
    told = f"wrote into the folder of its code: {said} (in {deployed(tmp_path)}). In Function Compute that folder"
    assert "[Errno 30] Read-only file system" in outcome.error
    assert told in outcome.error
    assert told in outcome.log
    assert outcome.error_type == "UnhandledInvocationError"
    assert invoke(cloud).body == b"done", "told once"


def test_a_process_that_leaves_the_code_alone_is_allowed(cloud: Cloud, deploy: Deploy, tmp_path: Path) -> None:
    deployed(tmp_path).mkdir()
    (deployed(tmp_path) / "part.py").write_text("print('imported')")
    body = "return subprocess.run([sys.executable, '-c', 'import part'], capture_output=True, check=True).stdout"
    deploy("import subprocess, sys\n" + handler(body), runner="process")
    for _ in range(2):  # the byte code of part.py is there after the first
        assert invoke(cloud).body == b"imported\n"


def test_what_others_change_in_the_code_is_no_error_of_a_function_that_cannot_have_done_it(
    cloud: Cloud, deploy: Deploy, tmp_path: Path
) -> None:
    deploy(handler("return 'done'"), runner="process")
    assert invoke(cloud).ok
    (deployed(tmp_path) / "roles.yaml").write_text("edited meanwhile")
    assert invoke(cloud).ok


def test_a_database_in_the_code_can_be_read(cloud: Cloud, deploy: Deploy, tmp_path: Path) -> None:
    deployed(tmp_path).mkdir()
    with sqlite3.connect(deployed(tmp_path) / "data.db") as database:
        database.execute("CREATE TABLE a (b)")
    database.close()
    body = "return sqlite3.connect('data.db').execute('SELECT name FROM sqlite_master').fetchone()[0]"
    deploy("import sqlite3\n" + handler(body), runner="process")
    assert invoke(cloud).body == b"a"


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


@pytest.mark.parametrize(("maps", "fits"), [((200,), True), ((300,), False), ((150, 150), False)])
def test_shared_memory_has_the_same_limit(maps: tuple[int, ...], fits: bool, cloud: Cloud, deploy: Deploy) -> None:
    body = f"held = [mmap.mmap(-1, size << 20) for size in {maps}]\nreturn str(len(held))"
    deploy("import mmap\n" + handler(body), runner="process", memorySize=256)
    for _ in range(2):  # what was given back does not count
        outcome = invoke(cloud)
        assert outcome.ok if fits else "MemoryError" in outcome.error


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

"""What stops a build: one clear line, and the former bundle stays. Through the real pip, which sees a small index of ours."""

from __future__ import annotations

import os
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from cli.build import report
from cli.building.bytecode import interpreter
from shared.errors import ConfigError
from shared.reported import BATCH

from .project import ROLES, S_YAML, Project


def unreachable(project: Project) -> None:
    os.environ["PIP_NO_INDEX"], os.environ["PIP_FIND_LINKS"] = "0", ""
    os.environ["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple"


COMPILED = (
    "from setuptools import Distribution\nclass Compiled(Distribution):\n    def has_ext_modules(self): return True"
)

TABLES = (
    f"template: ots-read-write, with: {{instance: orders, tables: [{', '.join(f'table_{n:03}' for n in range(95))}]}}"
)

WINDOW = f"triggers: [{{triggerType: eventbridge, triggerConfig: {{runOptions: {{batchWindow: {{CountBasedWindow: {BATCH + 1}}}}}}}}}]"
STOPS: list[tuple[str, Callable[[Project], object], str]] = [
    ("unknown runtime", lambda p: p.write("s.yaml", S_YAML.replace("python3.10", "python3.6")),
     r"s\.yaml: runtime: 'python3\.6': a bundle can be built for python3\.10 and python3\.12"),
    ("two runtimes", lambda p: p.write("s.yaml", S_YAML.replace("python3.10", "python3.12", 1)),
     r"s\.yaml: runtime: one bundle serves all functions, and they name python3\.10, python3\.12"),
    ("no s.yaml", lambda p: (p.root / "s.yaml").unlink(), r"s\.yaml: No such file"),
    ("mapping outside", lambda p: p.write("s.yaml", S_YAML.replace("handler}", "handler, environmentVariables: {ROLEKEEPER_ROLES_FILE: ../r}}")),
     r"ROLEKEEPER_ROLES_FILE: '\.\./r': has to be a place of its own in the bundle"),
    *((f"a variable: {name} {value}", lambda p, name=name, value=value: p.write("s.yaml", S_YAML.replace("one.handler}", f"one.handler, environmentVariables: {{ROLEKEEPER_{name}: {value}}}}}")),
       rf"s\.yaml: resources\.one: environmentVariables: .*ROLEKEEPER_{name}\b.*{said}")
      for name, value, said in (
          ("LOOK_AGAIN_SECOND", "'3'", "did you mean ROLEKEEPER_LOOK_AGAIN_SECONDS"), ("PARALLEL_CALLS", "'0'", "'0': a run makes 1 to 100"),
          ("ACCOUNT_ID", "12x", "'12x' is not the digits of an account's id"), ("REGION", "Hangzhou", "'Hangzhou' is not a region"),
          ("MAX_CALLS", "5", "5 is no text"), ("FC_EDITION", "'2.0'", "needs the name of the service"))),
    *((f"mapping at {place}", lambda p, place=place: p.write("s.yaml", S_YAML.replace("handler}", f"handler, environmentVariables: {{ROLEKEEPER_ROLES_FILE: '{place}'}}}}")),
       rf"ROLEKEEPER_ROLES_FILE: '{place}': has to be a place of its own")
      for place in (".", "python/roles.yaml", "functions/__init__.py", "/etc/roles.yaml")),
    ("variables are a list", lambda p: p.write("s.yaml", S_YAML.replace("handler}", "handler, environmentVariables: [a]}")),
     r"resources\.one: environmentVariables: a map is needed"),
    *((f"misspelt: {said}", lambda p, props=props: p.write("s.yaml", S_YAML.replace("one.handler}", f"one.handler, {props}}}", 1)),
       rf"s\.yaml: resources\.one: {said}")
      for props, said in (
          ("enviromentVariables: {ROLEKEEPER_MAX_CALLS: '5'}", r"enviromentVariables: .* did you mean environmentVariables\?"),
          ("timeOut: 60", r"timeOut: .* did you mean timeout\?"),
          ("logConfig: {project: p, logStore: l}", r"logConfig\.logStore: .* did you mean logstore\?"),
          ("asyncInvokeConfig: {maxAsyncRetryAttempt: 1}", r"asyncInvokeConfig\.maxAsyncRetryAttempt: .* did you mean maxAsyncRetryAttempts\?"),
          ("triggers: [{triggerName: t, trigger: timer}]", r"triggers\[0\]\.trigger: .* did you mean triggerType\?"),
          ("triggers: [{triggerType: timer, triggerConfig: {cron: 1}}]", r"triggers\[0\]\.triggerConfig\.cron: .*known are cronExpression, enable, payload"),
          ("asyncInvokeConfig: {destinationConfig: {onFailure: {destinaton: x}}}", r"asyncInvokeConfig\.destinationConfig\.onFailure\.destinaton: .* mean destination\?"),
          ("triggers: [{triggerType: eventbrige}]", r"triggers\[0\]\.triggerType: there is no 'eventbrige'; did you mean eventbridge\?"),
          ("environmentVariables: {PYTHON_PATH: /code/python}", r"environmentVariables: PYTHONPATH: '' does not name /code/python"),
          ("environmentVariables: {PYTHONPATH: /code/pyton}", r"environmentVariables: PYTHONPATH: '/code/pyton' does not name /code/python"),
          ("xyzzy: 1", r"xyzzy: .* known are annotations, "))),
    *((f"misspelt around: {key}", lambda p, key=key, other=other: p.write("s.yaml", "vars: {a: b}\nactions: {pre-deploy: []}\n" + S_YAML.replace(key, other, 1) if key in S_YAML else f"{other} {{}}\n" + S_YAML),
       rf"s\.yaml: {said}")
      for key, other, said in (
          ("resources:", "resourcess:", r"resourcess: Serverless Devs has no such key, .* did you mean resources\?"),
          ("vars:", "var:", r"var: .* did you mean vars\?"), ("actions:", "action:", r"action: .* did you mean actions\?"),
          ("predeploy", "actions: {predeploy: []}\nflow:", r"actions\.predeploy: would never run: write MOMENT-COMMAND"),
          ("component:", "componnent:", r"resources\.one\.componnent: .* did you mean component\?"))),
    *((f"misspelt in a template: {key}", lambda p, key=key: p.write("s.yaml", f"template: {{base: {{{key}: {{}}}}}}\n" + S_YAML.replace("component: fc3", "component: fc3\n    extend: {name: base}", 1)),
       rf"s\.yaml: template\.base\.{key}: .* did you mean {mean}\?")
      for key, mean in (("memroySize", "memorySize"), ("rutime", "runtime"))),
    ("no runtime", lambda p: p.write("s.yaml", S_YAML.replace("runtime: python3.10, ", "")), r"s\.yaml: runtime: none is named"),
    ("no handler", lambda p: p.write("s.yaml", S_YAML.replace(", handler: functions.one.handler", "")),
     r"resources\.one: handler: None is not of the form MODULE\.FUNCTION"),
    ("a handler without a module", lambda p: p.write("s.yaml", S_YAML.replace("functions.one.handler", "handler")),
     r"resources\.one: handler: 'handler' is not of the form"),
    ("no such function", lambda p: p.write("s.yaml", S_YAML.replace("one.handler", "one.handle")),
     r"functions/one\.py: there is no handle, which s\.yaml names as a handler"),
    ("resources are a list", lambda p: p.write("s.yaml", "edition: 3.0.0\nresources: [a]\n"), r"s\.yaml: resources: a map is needed"),
    ("s.yaml not UTF-8", lambda p: (p.root / "s.yaml").write_bytes(b"edition: \xff"), r"s\.yaml: is not UTF-8"),
    ("a syntax error", lambda p: p.write("functions/one.py", "import thing\ndef handler(:"), r"functions/one\.py:2: "),
    ("an import that is nowhere", lambda p: p.write("functions/one.py", "import thing\nimport nosuch.part\nhandler = 1\n"),
     r"functions/one\.py:2: imports nosuch\.part, which is neither ours nor a dependency"),
    ("a module of ours that is nowhere", lambda p: p.write("functions/one.py", "import thing\nfrom . import nope\nhandler = 1\n"),
     r"functions/one\.py:2: imports functions\.nope, which is neither ours nor a dependency"),
    ("a name of ours that is nowhere", lambda p: p.write("functions/__init__.py", "from functions.one import handler, nope\n"),
     r"functions/__init__\.py:1: imports functions\.one\.nope, which is neither ours"),
    ("a dependency's extra", lambda p: p.write("pyproject.toml", "[project]\ndependencies = ['thing[speed]']\n"),
     r"pyproject\.toml asks for thing\[speed\]: a build takes neither extras nor URLs"),
    ("a dependency by URL", lambda p: p.write("pyproject.toml", "[project]\ndependencies = ['thing @ https://localhost/thing.whl']\n"),
     r"asks for thing @ https://localhost/thing\.whl: a build takes neither"),
    ("a dependency's dependency by an extra", lambda p: p.lock(p.wheel("thing", more="Requires-Dist: other[speed]\n")),
     r"thing 1\.0 asks for other\[speed\]: a build takes neither"),
    ("a bad marker in the lock file", lambda p: p.lock(p.wheel("thing"), marker=" ; python_versionx >= '3'"),
     r"requirements\.lock: \"python_versionx >= '3'\": Expected a marker"),
    ("a second dependency on a line", lambda p: p.write("pyproject.toml", "[project]\ndependencies = ['thing', \"nosuchpkg>=1\"]\n"),
     r"out of step: pyproject\.toml asks for nosuchpkg>=1, and it has no nosuchpkg"),
    ("pyproject.toml is broken", lambda p: p.write("pyproject.toml", "[project\n"), r"pyproject\.toml: dependencies: "),
    ("dependencies are a text", lambda p: p.write("pyproject.toml", "[project]\ndependencies = 'thing'\n"),
     r"pyproject\.toml: dependencies: Expected `array`, got `str`"),
    ("no dependencies", lambda p: p.write("pyproject.toml", "[project]\n"), r"pyproject\.toml: \[project\] has no dependencies"),
    ("no such handler", lambda p: p.write("s.yaml", S_YAML.replace("functions.one", "functions.onne")),
     r"functions\.onne\.handler, a handler in s\.yaml: there is no such module"),
    ("invalid mapping", lambda p: p.write("roles.yaml", ROLES.replace("role: reader", "role: raeder")), r"roles\.yaml:\d+.*raeder"),
    ("a role of the functions' own, which s.yaml alone names",
     lambda p: p.write("s.yaml", S_YAML.replace("one.handler}", "one.handler, environmentVariables: {ROLEKEEPER_EXECUTION_ROLE: reader, PYTHONPATH: /code/python}}")),
     r"error RK308 \(own-role\): role 'reader': is the functions' own role"),
    ("policy too wide", lambda p: p.write("roles.yaml", ROLES.replace("AliyunOSSReadOnlyAccess", "AdministratorAccess")),
     r"roles\.yaml:3: error RK101 \(everything\): role 'reader'"),
    ("policy that cannot be made", lambda p: p.write("roles.yaml", ROLES.replace("system: AliyunOSSReadOnlyAccess", "template: log-write")),
     r"roles\.yaml:3: error RK301 \(render\): role 'reader', policy 'log-write'"),
    ("policy too long with an account in it", lambda p: p.write("roles.yaml", ROLES.replace("system: AliyunOSSReadOnlyAccess", TABLES)),
     r"roles\.yaml:3: error RK302 \(size\): role 'reader', policy 'ots-read-write'|ots-read-write\.json:\d+: error RK302"),
    *((f"a batch too large for its report: {name}", lambda p, name=name, batch=batch: p.write(name, batch if "extend" in batch else S_YAML.replace("one.handler}", f"one.handler, {batch}}}", 1)),
       rf"{name}: resources\.one: triggers\[0\]\.triggerConfig\.runOptions\.batchWindow\.CountBasedWindow: {BATCH + 1}: .* write {BATCH} or less")
      for name, batch in (("s.yaml", WINDOW), ("s.buffered.yaml", f"extend: s.yaml\nresources: {{one: {{props: {{{WINDOW}}}}}}}\n"),
                          ("s.of-ours.yml", f"extend: s.yaml\nresources: {{one: {{props: {{{WINDOW}}}}}}}\n"))),
    *((f"a batch whose size is {why}", lambda p, size=size: p.write("s.more.yaml", f"extend: s.yaml\nresources: {{one: {{props: {{{WINDOW.replace(f': {BATCH + 1}', f': {size}')}}}}}}}\n"),
       rf"s\.more\.yaml: resources\.one: .*CountBasedWindow: {shown}: .* write {BATCH} or less, as a number")
      for why, size, shown in (("a text", '"100"', "'100'"), ("of the environment", "'${env(NONE_SUCH, 100)}'", "100"), ("no whole number", "14.5", r"14\.5"),
                               ("many", "10000", "10000"), ("a list", "[100]", r"\[100\]"))),
    ("broken s.yaml", lambda p: p.write("s.yaml", S_YAML + "x: [1"), r"s\.yaml:\d+: expected"),
    ("nothing locked", lambda p: p.write("requirements.lock", ""),
     r"requirements\.lock is out of step: pyproject\.toml asks for thing<2,>=1, and it has no thing; run `make lock`"),
    ("another version locked", lambda p: p.lock(p.wheel("thing"), version="2.5"), r"asks for thing<2,>=1, and it has thing 2\.5"),
    ("locked for others", lambda p: p.lock(p.wheel("thing"), marker=" ; python_full_version >= '3.11'"), r"it has no thing"),
    ("a dependency not locked", lambda p: p.lock(p.wheel("thing", more="Requires-Dist: other>=3\n")),
     r"out of step: thing 1\.0 asks for other>=3, and it has no other"),
    ("no hash", lambda p: p.write("requirements.lock", "thing==1.0\n"), r"'thing==1\.0' is not a version with its hashes"),
    ("other bytes than locked", lambda p: p.wheel("thing", files={"thing/__init__.py": "evil = 1\n"}),
     r"thing==1\.0.*: what the index serves is not what requirements\.lock has hashes of"),
    ("only for another platform", lambda p: p.lock_only(lambda: p.wheel("thing", "cp310-cp310-win_amd64")),
     r"downloading thing for python3\.10: the index has no file of thing==1\.0 that runs there"),
    ("only source with parts to compile", lambda p: p.lock_only(lambda: p.source("thing", COMPILED)),
     r"thing: there is no wheel for python3\.10 on manylinux2014_x86_64, and its source has parts to compile"),
    ("source that cannot be built", lambda p: p.lock_only(lambda: p.source("thing", "raise SystemExit('no')")),
     r"thing"),
    ("no network", unreachable, r"downloading thing for python3\.10: the package index cannot be reached"),
]  # fmt: skip


PIP = (
    "source that cannot be built", "only source with parts to compile", "no such handler", "a syntax error",
    "a module of ours that is nowhere", "a name of ours that is nowhere", "a dependency's dependency by an extra",
    "only for another platform", "no network",
)  # fmt: skip
"""Of those that are found out with pip's help, some that take the same way as the others."""


@pytest.mark.parametrize(
    ("change", "said"),
    [pytest.param(c, s, id=name, marks=[pytest.mark.slow] if name in PIP else []) for name, c, s in STOPS],
)
def test_a_build_that_cannot_be_right_stops_and_leaves_the_former_bundle(
    change: Callable[[Project], object], said: str, project: Project
) -> None:
    project.output.mkdir(parents=True)
    (project.output / "former.txt").write_text("the former bundle")
    change(project)
    with pytest.raises(ConfigError, match=said) as stopped:
        project.build()
    assert project.files() == {"former.txt"}
    assert list(project.output.parent.iterdir()) == [project.output], "nothing half made lies about"
    assert len(str(stopped.value).splitlines()) == 1


def test_settings_that_come_from_the_environment_are_those_of_this_one(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    regions = """one.handler, environmentVariables: {PYTHONPATH: /code/python, ROLEKEEPER_REGIONS: "${env('ROLEKEEPER_REGIONS', '')}"}}"""
    project.write("s.yaml", S_YAML.replace("one.handler}", regions))
    project.build()
    monkeypatch.setenv("ROLEKEEPER_REGIONS", "Hangzhou")
    with pytest.raises(ConfigError, match="environmentVariables: ROLEKEEPER_REGIONS: 'Hangzhou' is not a region"):
        project.build()


def test_a_build_takes_the_place_of_the_former(project: Project) -> None:
    project.output.mkdir(parents=True)
    (project.output / "former.txt").write_text("the former bundle")
    project.build()
    assert project.files() == {
        "functions/__init__.py",
        "functions/one.py",
        "roles.yaml",
        "roles.yaml.parsed",
        "python/thing/__init__.py",
        "python/thing-1.0.dist-info/METADATA",
    }
    assert list(project.output.parent.iterdir()) == [project.output]


@pytest.mark.slow
def test_where_it_cannot_take_its_place_the_former_stays(project: Project, mocker: MockerFixture) -> None:
    project.output.mkdir(parents=True)
    (project.output / "former.txt").write_text("the former bundle")
    rename = os.rename

    def full(old: Path, new: Path) -> None:
        if old.name == "bundle" and new == project.output:
            raise OSError(28, "No space left on device")
        rename(old, new)

    mocker.patch("cli.building.assemble.os.rename", full)
    with pytest.raises(ConfigError, match=r"bundle: cannot be made: .*No space left"):
        project.build()
    assert project.files() == {"former.txt"}


def test_a_bundle_without_byte_code_says_what_that_costs(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    report(project.build(), project.root / "roles.yaml")
    said = " ".join(capsys.readouterr().out.split())
    assert "byte code: none. Each cold start will compile what it imports" in said
    assert "twice the memory" in said
    assert "rolekeeper" in said
    assert "together" in said


@pytest.mark.slow
def test_a_package_published_as_source_only_is_built(project: Project) -> None:
    project.wheel("thing").unlink()
    project.lock(project.source("thing"))
    project.build()
    assert "python/thing/__init__.py" in project.files()


@pytest.mark.slow
def test_what_was_downloaded_is_used_again_and_only_while_it_is_what_was_locked(project: Project) -> None:
    project.build()
    (kept,) = (project.root / "shelf" / "python3.10").iterdir()
    for path in project.index.iterdir():
        path.unlink()
    project.build()
    kept.write_bytes(kept.read_bytes() + b"changed")
    with pytest.raises(ConfigError, match="the index has no file of thing"):
        project.build()


def test_dependencies_can_be_kept_apart_as_a_layer(project: Project) -> None:
    layer = project.root / "layer"
    project.build(layer=layer)
    assert project.files() == {"functions/__init__.py", "functions/one.py", "roles.yaml", "roles.yaml.parsed"}
    assert (layer / "python" / "thing" / "__init__.py").is_file()


def test_an_interpreter_of_another_version_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"it is not the CPython 2\.7 that the byte code has to be made by"):
        interpreter((2, 7), sys.executable)
    with pytest.raises(ConfigError, match=r"/nope: it is no program, so not the CPython 3\.10"):
        interpreter((3, 10), "/nope")
    assert interpreter((3, 4)) == ""
    assert interpreter((sys.version_info[0], sys.version_info[1])) == sys.executable


def test_warnings_of_the_mapping_are_counted(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("roles.yaml", ROLES.replace("rules: [", "rules: [{name: first, role: reader}, "))
    report(project.build(), project.root / "roles.yaml")
    assert ", 1 warning (`rolekeeper validate`)" in capsys.readouterr().out


def test_pip_itself_may_be_missing(mocker: MockerFixture, project: Project, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    mocker.patch("cli.building.pip.sys.executable", str(tmp_path / "bare" / "bin" / "python"))
    with pytest.raises(ConfigError, match=r"bare/bin/python has no pip; `.* -m ensurepip` puts it there"):
        project.build()

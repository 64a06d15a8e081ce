"""Importing the SDKs without what no function uses: what that saves is still there to save, and nothing breaks by it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ROOT_KEY
from fakecloud.server import Server
from shared.gateways.sdk import DEFERRED

ROOT = Path(__file__).resolve().parents[3]
IMPORTS = "import aliyun.log, alibabacloud_tea_openapi.client"


def run(source: str, *more: str | Path) -> str:
    """What a Python process of its own prints: nothing is loaded there before. more: folders to import from."""
    path = f"import sys; sys.path[:0] = {[str(ROOT), *map(str, more)]}\n"
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", path + dedent(source)], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.fixture(scope="module")
def plain() -> set[str]:
    return set(json.loads(run(f"{IMPORTS}; import json; print(json.dumps(list(sys.modules)))")))


@pytest.mark.parametrize("name", DEFERRED)
def test_what_is_deferred_would_be_imported_otherwise(name: str, plain: set[str]) -> None:
    assert name in plain, f"the SDKs no longer import {name} at their top: take it out of DEFERRED"


def test_the_sdks_load_nothing_else_that_is_large() -> None:
    """A package that an update of an SDK brings into the cold path is to be judged: needed, or deferred."""
    source = f"from shared.gateways.sdk import lean\n@lean\ndef get():\n    {IMPORTS}\nget()\nprint(*sys.modules)"
    tops = Counter(name.partition(".")[0] for name in run(source).split())
    large = {name for name, modules in tops.items() if modules >= 5} - sys.stdlib_module_names - {"shared"}
    assert large == {
        "Tea",
        "alibabacloud_credentials",
        "alibabacloud_tea_openapi",
        "darabonba",
        "aliyun",
        "google",
        "lz4",
        "requests",
        "urllib3",
        "charset_normalizer",
        "idna",
        "aiofiles",
    }


def test_deferred_modules_are_not_loaded_by_calls_either() -> None:
    with Server(Cloud()) as server:
        loaded = run(
            f"""
            from shared.gateways.sdk import DEFERRED, lean

            @lean
            def sdk():
                from alibabacloud_tea_openapi.client import Client
                from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
                from aliyun.log import LogClient, LogItem, PutLogsRequest
                from darabonba.runtime import RuntimeOptions
                return Client, Config, OpenApiRequest, Params, RuntimeOptions, LogClient, LogItem, PutLogsRequest

            Client, Config, OpenApiRequest, Params, RuntimeOptions, LogClient, LogItem, PutLogsRequest = sdk()
            key, secret = {ROOT_KEY!r}
            client = Client(Config(access_key_id=key, access_key_secret=secret, region_id="cn-hangzhou",
                                   endpoint="{server.url}".partition("//")[2], protocol="http"))
            params = Params(action="DescribeInstances", version="2014-05-26", protocol="HTTP", pathname="/",
                            method="POST", auth_type="AK", style="RPC", req_body_type="formData", body_type="json")
            query = OpenApiRequest(query={{"RegionId": "cn-hangzhou"}})
            assert client.call_api(params, query, RuntimeOptions())["body"]["Instances"] == {{"Instance": []}}

            logs = LogClient("{server.url}", key, secret, source="x", auth_version="v4", region="cn-hangzhou")
            logs._isRowIp = True
            logs.create_project("p-one", "")
            logs.create_logstore("p-one", "l-one")
            logs.put_logs(PutLogsRequest("p-one", "l-one", "", "", [LogItem(contents=[("a", "b")])]))
            print(sorted(n for n in sys.modules if any(n == d or n.startswith(d + ".") for d in DEFERRED)))
            """
        )
    assert loaded == "[]"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A package by the name of one that is deferred, which tells when it is loaded."""
    later = tmp_path / "apscheduler"
    later.mkdir()
    (later / "__init__.py").write_text(
        dedent("""
        print("loaded")
        __all__ = ["Kind", "double"]
        class Kind: pass
        def double(x): return 2 * x
        """)
    )
    (later / "deep.py").write_text("value = 7\n")
    return tmp_path


LEAN = "from shared.gateways.sdk import lean\n"


@pytest.mark.parametrize(
    ("sdk", "use", "printed"),
    [
        pytest.param("import apscheduler", "sdk", "", id="imported, not used"),
        pytest.param("from apscheduler import double", "sdk", "", id="taken from, not used"),
        pytest.param("from apscheduler import double", "print(sdk.double(4))", "loaded 8", id="called"),
        pytest.param("import apscheduler", "print(sdk.apscheduler.double(4))", "loaded 8", id="called by its module"),
        pytest.param(
            "from apscheduler import Kind\nclass Own(Kind): pass",
            "print(sdk.Own.__mro__[1].__name__)",
            "loaded Kind",
            id="derived from at once",
        ),
        pytest.param(
            "from apscheduler import Kind",
            "print(isinstance(sdk.Kind(), sdk.Kind), issubclass(int, sdk.Kind))",
            "loaded True False",
            id="asked about",
        ),
        pytest.param("from apscheduler import *", "print(sdk.double(1))", "loaded 2", id="all of it taken"),
        pytest.param("import apscheduler.deep", "print(sdk.apscheduler.deep.value)", "loaded 7", id="a module in it"),
        pytest.param("from apscheduler import deep", "print(sdk.deep.value)", "loaded 7", id="a module taken from it"),
        pytest.param(
            "import apscheduler",
            "import apscheduler; print(apscheduler.Kind is sdk.apscheduler.Kind)",
            "loaded True",
            id="imported elsewhere afterwards: as it is",
        ),
    ],
)
def test_a_deferred_module_behaves_as_if_it_had_been_loaded(sdk: str, use: str, printed: str, packages: Path) -> None:
    (packages / "sdk.py").write_text(sdk + "\n")
    source = LEAN + "@lean\ndef get():\n    import sdk\n    return sdk\n" + f"sdk = get()\n{use}\n"
    assert run(source, packages).split() == printed.split()


def test_where_deferring_fails_everything_is_imported_plainly(packages: Path) -> None:
    """The SDK does at its top what a stand-in cannot do; a module that took a stand-in before is imported anew too."""
    (packages / "first.py").write_text("from apscheduler import double\n")
    (packages / "sdk.py").write_text("import first\nassert type(first.double).__name__ == 'function'\n")
    source = LEAN + "@lean\ndef get():\n    import sdk\n    return sdk\nprint(get().first.double(2), get() is get())\n"
    assert run(source, packages).split() == ["loaded", "4", "True"]


def test_the_real_sdks_can_be_imported_anew() -> None:
    printed = run(
        f"""
        import shared.gateways.sdk as ours
        calls = []

        @ours.lean
        def sdk():
            {IMPORTS}
            calls.append("tried")
            if len(calls) == 1:
                raise RuntimeError("an SDK that was changed")
            return sys.modules

        assert "aiohttp" in sdk() and len(calls) == 2
        from aliyun.log import LogItem, LogGroup
        print(type(sys.modules["aiohttp"]).__name__, LogItem(contents=[("a", "b")]).contents)
        """
    )
    assert printed == "module [('a', 'b')]"


def test_the_collector_is_on_again() -> None:
    assert (
        run(LEAN + "import gc\n@lean\ndef get(): return gc.isenabled()\nprint(get(), gc.isenabled())") == "False True"
    )


@pytest.mark.parametrize("edition", ["3.0", "2.0"])
def test_handing_over_as_the_first_thing_loads_nothing_that_is_deferred(edition: str) -> None:
    """A run over several accounts asks Function Compute before any other service."""
    loaded = run(
        f"""
        from shared.errors import TransientError
        from shared.gateways.clients import Credentials
        from shared.gateways.fc import functions_gateway
        from shared.gateways.sdk import DEFERRED
        from shared.settings import Settings

        settings = Settings(region="cn-hangzhou", account_id="1", endpoint="http://127.0.0.1:9", fc_edition="{edition}",
                            fc_service="s")
        try:
            functions_gateway(settings, Credentials(access_key_id="k", access_key_secret="s"), "f").start(b"", "t")
        except TransientError:
            print(*sorted(set(DEFERRED) & set(sys.modules)))
        """
    )
    assert loaded == ""

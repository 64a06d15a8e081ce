"""What the bundle carries beside code: what handlers read and nothing that just lies about, certificates, the mapping as parsed; its size."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from cli.building.assemble import zipped
from shared.app import mapping_from
from shared.mapping.nodes import known

from .conftest import ROOT
from .project import ROLES, Project
from .test_bundle import alone

CALL = """
import socket, ssl, threading
import requests.certs
print(requests.certs.where())
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain({certificate!r}, {key!r})
listening = socket.create_server(("127.0.0.1", 0))

def serve():
    while True:
        connection, _ = listening.accept()
        try:
            context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()

threading.Thread(target=serve, daemon=True).start()
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.sls import SlsGateway
from shared.settings import Settings

url = "https://127.0.0.1:" + str(listening.getsockname()[1])
keys = Credentials(access_key_id="k", access_key_secret="s")
here = Settings(region="cn-hangzhou", account_id="1", endpoint=url, sls_project="records")
try:
    EcsGateway(here, keys, "cn-hangzhou").instances(["i-1"])
except Exception as error:
    print("ECS", error)
SlsGateway(here, keys).send([{{"name": "one"}}])
"""


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate that nobody vouches for, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    try:
        subprocess.run(
            ["openssl", *asked, "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("there is no openssl here")
    return str(certificate), str(key)


@pytest.mark.slow
def test_from_the_bundle_alone_a_certificate_is_held_against_those_that_it_carries(
    bundle: Path, python310: str, self_signed: tuple[str, str]
) -> None:
    certificate, key = self_signed
    where, ecs, *sls = alone(python310, bundle, CALL.format(certificate=certificate, key=key)).splitlines()
    assert Path(where).is_file()
    assert Path(where).is_relative_to(bundle)
    for said in (ecs, sls[0]):
        assert "CERTIFICATE_VERIFY_FAILED" in said, said
        assert "self-signed certificate" in said or "self signed certificate" in said


READS = """
from pathlib import Path
import thing
HERE = Path(__file__).parent
INDEX, TABLES = HERE / "index.json", HERE / "tables"
def handler(event, context): ...
"""
STRAY = (
    ".DS_Store", ".env", "one.py.orig", ".one.py.swp", "notes.json", "tables/.#a.json", "tables/a.json~", "tables/key.pem",
    "tables/deeper/a.json", "scratch/key.pem", "scratch/key.json",
)  # fmt: skip


def test_of_what_lies_beside_our_own_code_the_json_that_it_names_is_deployed_and_nothing_else(project: Project) -> None:
    project.write("functions/one.py", READS)
    for name in ("index.json", "tables/a.json", *STRAY):
        path = project.root / "functions" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    project.build()
    assert {name for name in project.files() if name.startswith("functions/")} == {
        f"functions/{name}" for name in ("__init__.py", "one.py", "index.json", "tables/a.json")
    }


@pytest.mark.slow
def test_every_template_that_a_function_may_render_is_in_it(bundle: Path, python310: str) -> None:
    code = "from shared.policies import template, template_names, trust\ntrust('ecs')\ntrust('fc')\n"
    read = alone(python310, bundle, code + "print(*[template(name) and name for name in template_names()])").split()
    assert read == sorted(path.stem for path in (ROOT / "shared/policies/templates").glob("*.json"))


@pytest.mark.slow
def test_the_mapping_lies_in_it_as_parsed(bundle: Path) -> None:
    text = (bundle / "roles.yaml").read_text(encoding="utf-8")
    is_known, root = known(text, (bundle / "roles.yaml.parsed").read_bytes())
    assert is_known
    assert root is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line_end", "mark"),
    [
        pytest.param(b"\r\n", b"", id="with the line ends of Windows"),
        pytest.param(b"\n", b"\xef\xbb\xbf", id="with a byte order mark"),
    ],
)
def test_however_the_mapping_is_written_a_function_need_not_parse_it(
    line_end: bytes, mark: bytes, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "roles.yaml").write_bytes(mark + ROLES.encode().replace(b"\n", line_end))
    bundle = project.build()
    monkeypatch.setattr("shared.mapping.yaml_text.parse", None)
    assert mapping_from(str(project.output / "roles.yaml")).hash == bundle.mapping.hash


@pytest.mark.slow
def test_its_size_is_that_of_the_zip_that_a_deployment_sends(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "sent.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in bundle.rglob("*"):
            archive.write(path, path.relative_to(bundle))
    assert zipped(bundle) == pytest.approx((tmp_path / "sent.zip").stat().st_size, rel=0.03)

"""What is signed decides: whatever somebody adds to a signed request on its way changes nothing, or the request is refused.

Each row signs one call by the published algorithm and adds something that the signature does not cover.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from datetime import datetime, timezone
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests

from fakecloud.identity import ACCOUNT, ROOT_KEY, Identity
from tests.contract import sdk
from tests.contract.core.conftest import Way

FORM = {"content-type": "application/x-www-form-urlencoded"}
USER = {"Action": "GetUser", "Version": "2015-05-01", "UserName": "alice"}
REGION = {"Action": "DescribeInstances", "Version": "2014-05-26", "RegionId": "cn-hangzhou"}


def escaped(text: str) -> str:
    return quote(text, safe="-_.~")


def now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed_in_query(params: dict[str, str], method: str = "POST") -> list[tuple[str, str]]:
    """The parameters with an HMAC-SHA1 signature of them, which covers no header, path or host."""
    whole = {
        "AccessKeyId": ROOT_KEY[0],
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "Format": "JSON",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": now(),
        **params,
    }
    text = "&".join(f"{escaped(k)}={escaped(v)}" for k, v in sorted(whole.items()))
    digest = hmac.new(f"{ROOT_KEY[1]}&".encode(), f"{method}&%2F&{escaped(text)}".encode(), hashlib.sha1).digest()
    return [*whole.items(), ("Signature", base64.b64encode(digest).decode())]


def send(way: Way, query: list[tuple[str, str]], **more: Any) -> requests.Response:
    """before, after: parameters put around those of the query; body, headers, path, method."""
    whole = [*more.get("before", {}).items(), *query, *more.get("after", {}).items()]
    url = f"{way.url}{more.get('path', '/')}?{urlencode(whole)}"
    method = more.get("method", "POST")
    return requests.request(method, url, data=more.get("body", ""), headers=more.get("headers", {}), timeout=10)


def users(way: Way) -> set[str]:
    return {row["UserName"] for row in sdk.rpc(way.config(), "ram", "ListUsers")["Users"]["User"]}


@pytest.fixture
def people(way: Way) -> Way:
    for name in ("alice", "victim"):
        sdk.rpc(way.config(), "ram", "CreateUser", {"UserName": name})
    return way


ADDED = [
    pytest.param({"headers": {"x-acs-action": "DeleteUser"}}, True, id="another action in a header"),
    pytest.param({"headers": {"X-Acs-Action": "DeleteUser", "x-acs-version": "2015-05-01"}}, True, id="and its version"),
    pytest.param({"headers": {"x-acs-version": "2014-05-26"}}, True, id="the version of another service"),
    pytest.param({"headers": {"x-acs-version": "2014-05-26", "x-acs-action": "DeleteInstance"}}, True, id="a whole other call"),
    pytest.param({"headers": {"x-acs-security-token": "x"}}, True, id="a token"),
    pytest.param({"headers": {"x-http-method-override": "DELETE"}}, True, id="a method"),
    pytest.param({"headers": {"x-forwarded-host": "evil.test", "x-forwarded-for": "10.0.0.1"}}, True, id="a proxy's headers"),
    pytest.param({"headers": FORM, "body": "Action=DeleteUser"}, False, id="another action in the body"),
    pytest.param({"headers": FORM, "body": "UserName=victim"}, False, id="another value in the body"),
    pytest.param({"headers": FORM, "body": "NewUserName=x"}, False, id="one more value in the body"),
    pytest.param({"headers": {"content-type": "APPLICATION/x-www-form-urlencoded; charset=utf-8"}, "body": "UserName=victim"},
                 False, id="the same, its type spelt otherwise"),
    pytest.param({"body": "UserName=victim", "headers": {"content-type": "text/plain"}}, True, id="a body that is no form"),
    pytest.param({"before": {"Action": "DeleteUser"}}, False, id="another action before"),
    pytest.param({"after": {"Action": "DeleteUser"}}, False, id="another action behind"),
    pytest.param({"before": {"UserName": "victim"}}, False, id="another value before"),
    pytest.param({"after": {"UserName": "victim"}}, False, id="another value behind"),
    pytest.param({"after": {"Version": "2014-05-26"}}, False, id="another version behind"),
    pytest.param({"method": "GET"}, False, id="another HTTP method"),
    pytest.param({"headers": {"Authorization": "ACS3-HMAC-SHA256 Credential=x"}}, False, id="another signature"),
    pytest.param({"headers": {"x-log-apiversion": "0.6.0"}}, False, id="a header of SLS"),
    pytest.param({"path": "/2023-03-30/functions"}, False, id="a path of Function Compute"),
    pytest.param({"path": "/2021-04-06/services/s/functions"}, False, id="a path of Function Compute 2.0"),
]  # fmt: skip


@pytest.mark.parametrize(("added", "answered"), ADDED)
def test_what_is_added_to_a_call_signed_in_its_query_changes_nothing(
    people: Way, added: dict[str, Any], answered: bool
) -> None:
    answer = send(people, signed_in_query(USER), **added)
    assert (answer.status_code == 200) is answered
    if answered:
        assert answer.json()["User"]["UserName"] == "alice"
    assert users(people) == {"alice", "victim"}


def test_the_refusal_tells_the_clients_what_the_server_signed(way: Way) -> None:
    """The clients compare it with their own, so as to blame the secret where both are the same."""
    signed = signed_in_query(USER)
    params = "&".join(f"{escaped(k)}={escaped(v)}" for k, v in sorted(signed) if k != "Signature")
    wrong = [*signed[:-1], ("Signature", "d3Jvbmc=")]
    message = send(way, wrong).json()["Message"]
    prefix = "Specified signature is not matched with our calculation. server string to sign is:"
    assert message == f"{prefix}POST&%2F&{escaped(params)}"


@pytest.mark.parametrize("kind", ["query", "body"])
def test_a_region_is_the_one_that_is_signed(way: Way, kind: str) -> None:
    way.cloud.ecs.make(region="cn-beijing")
    other = {"RegionId": "cn-beijing"}
    added = {"after": other} if kind == "query" else {"headers": FORM, "body": urlencode(other)}
    assert send(way, signed_in_query(REGION), **added).status_code != 200


def test_a_parameter_that_is_signed_twice_with_two_values_is_refused_loudly(way: Way) -> None:
    answer = by_header(way, "DescribeInstances", query="RegionId=cn-hangzhou&RegionId=cn-beijing")
    assert (answer.status_code, answer.json()["Code"]) == (501, "Fakecloud.NotEmulated")
    assert "RegionId" in answer.json()["Message"]
    form = by_header(way, "DescribeInstances", query="RegionId=cn-hangzhou", body=b"RegionId=cn-beijing", signed=FORM)
    assert form.status_code == 501
    assert by_header(way, "DescribeInstances", query="RegionId=cn-hangzhou&RegionId=cn-hangzhou").status_code == 200


def by_header(
    way: Way,
    action: str,
    *,
    query: str = "",
    body: bytes = b"",
    signed: dict[str, str] | None = None,
    unsigned: dict[str, str] | None = None,
) -> requests.Response:
    """An ACS3 request; signed, unsigned: more headers."""
    headers = {
        "host": way.url.removeprefix("http://"),
        "x-acs-action": action,
        "x-acs-version": "2014-05-26",
        "x-acs-date": now(),
        "x-acs-signature-nonce": uuid.uuid4().hex,
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        **(signed or {}),
    }
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    sorted_query = "&".join(sorted(query.split("&")))
    canonical = "\n".join(["POST", "/", sorted_query, lines, ";".join(names), headers["x-acs-content-sha256"]])
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(ROOT_KEY[1].encode(), text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={ROOT_KEY[0]},SignedHeaders={';'.join(names)},Signature={signature}"
    )
    return requests.post(f"{way.url}/?{query}", data=body, headers={**headers, **(unsigned or {})}, timeout=10)


@pytest.mark.parametrize(
    "unsigned",
    [
        pytest.param({"x-acs-security-token": ""}, id="an empty token"),
        pytest.param({"x-acs-security-token": "x"}, id="a token"),
        pytest.param({"x-acs-region-id": "cn-beijing"}, id="any header of the cloud's"),
        pytest.param(
            {"content-type": "application/x-www-form-urlencoded"}, id="the type that makes parameters of a body"
        ),
    ],
)
def test_a_header_that_the_signature_leaves_out_is_refused(way: Way, unsigned: dict[str, str]) -> None:
    answer = by_header(
        way, "DescribeInstances", query="RegionId=cn-hangzhou", body=b"Status=Stopped", unsigned=unsigned
    )
    assert answer.status_code == 400
    assert answer.json()["Code"] in ("SignatureDoesNotMatch", "InvalidSecurityToken.MismatchWithAccessKey")


def test_a_temporary_keys_token_must_be_signed_too(way: Way) -> None:
    key = way.cloud.keys.temporary(Identity("AssumedRoleUser", ACCOUNT, "r", "s"), way.cloud.clock.now() + 900)
    query = {**REGION, "AccessKeyId": key.access_key_id}
    signed = [(k, v) for k, v in signed_in_query(query) if k != "Signature"]
    text = "&".join(f"{escaped(k)}={escaped(v)}" for k, v in sorted(signed))
    digest = hmac.new(f"{key.secret}&".encode(), f"POST&%2F&{escaped(text)}".encode(), hashlib.sha1).digest()
    whole = [*signed, ("Signature", base64.b64encode(digest).decode())]
    for added in ({"headers": {"x-acs-security-token": key.token}}, {"after": {"SecurityToken": key.token}}):
        answer = send(way, whole, **added)
        assert answer.status_code == 400
        assert answer.json()["Code"] in ("InvalidSecurityToken.MismatchWithAccessKey", "SignatureDoesNotMatch")


def log_request(way: Way, algorithm: str, body: bytes, **headers: str) -> int:
    """CreateLogStore signed as SLS v1 has it; headers: over those that were signed."""
    md5 = headers.pop("signed_md5", hashlib.md5(body).hexdigest().upper())
    base = {
        "x-log-apiversion": "0.6.0",
        "x-log-signaturemethod": algorithm,
        "x-log-bodyrawsize": str(len(body)),
        "content-type": "application/json",
        "date": formatdate(time.time(), usegmt=True),
        **({"content-md5": md5} if md5 else {}),
    }
    lines = "".join(f"{name}:{base[name]}\n" for name in sorted(base) if name.startswith("x-log-"))
    text = f"POST\n{md5}\n{base['content-type']}\n{base['date']}\n{lines}/logstores"
    digest = hmac.new(ROOT_KEY[1].encode(), text.encode(), algorithm.partition("-")[2]).digest()
    base["authorization"] = f"LOG {ROOT_KEY[0]}:{base64.b64encode(digest).decode()}"
    host = "p.cn-hangzhou.log.aliyuncs.com"
    answer = requests.post(f"{way.url}/logstores", data=body, headers={**base, "host": host, **headers}, timeout=10)
    return answer.status_code


STORE = b'{"logstoreName": "records", "ttl": 30, "shardCount": 1}'


@pytest.mark.parametrize("algorithm", ["hmac-sha1", "hmac-sha256"])
def test_both_algorithms_of_the_older_signature_of_sls_are_taken(way: Way, algorithm: str) -> None:
    """The OpenAPI SDKs of SLS sign with the second by default."""
    status = log_request(way, algorithm, STORE)
    assert (status, [call.code for call in way.cloud.calls]) == (404, ["ProjectNotExist"])


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"signed_md5": ""}, id="a body that nothing covers"),
        pytest.param({"x-log-compresstype": "lz4"}, id="one more header of SLS"),
        pytest.param({"x-log-bodyrawsize": "1"}, id="another size"),
        pytest.param({"x-log-signaturemethod": "hmac-sha256"}, id="another algorithm"),
        pytest.param({"x-acs-security-token": "x"}, id="a token"),
        pytest.param({"content-type": "application/x-protobuf"}, id="another type"),
        pytest.param({"x-log-date": "Mon, 01 Jan 2024 00:00:00 GMT"}, id="another date"),
    ],
)
def test_what_is_added_to_a_call_of_sls_is_refused(way: Way, headers: dict[str, str]) -> None:
    assert log_request(way, "hmac-sha1", STORE, **headers) in (400, 401, 403)
    [call] = way.cloud.calls
    assert call.code in ("SignatureNotMatch", "Unauthorized", "RequestTimeTooSkewed")

"""Who may call: both signatures of the real clients, through both ways in, and every way of getting them wrong."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests
from darabonba.policy.retry import RetryOptions
from pytest_mock import MockerFixture

from fakecloud.identity import ACCOUNT, ROOT_KEY, Identity
from tests.contract import sdk
from tests.contract.core.conftest import Way

BOTH = pytest.mark.parametrize("algorithm", [None, "v2"], ids=["ACS3", "query HMAC-SHA1"])


def signed(way: Way, mocker: MockerFixture, action: str = "describe_regions", **given: Any) -> requests.PreparedRequest:
    """The request that the real client would send, signed and not sent."""
    caught: list[requests.PreparedRequest] = []

    def catch(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> None:
        caught.append(request)
        raise requests.ConnectionError("caught")

    patch = mocker.patch.object(requests.Session, "send", autospec=True, side_effect=catch)
    with pytest.raises(Exception, match="caught"):
        sdk.ecs(way.config(**given), action)
    mocker.stop(patch)
    return caught[0]


def send(request: requests.PreparedRequest) -> tuple[int, str]:
    answer = requests.Session().send(request, timeout=10)
    return answer.status_code, answer.json().get("Code", "")


@BOTH
def test_a_right_signature_is_let_in(way: Way, algorithm: str | None) -> None:
    body = sdk.ecs(
        way.config(signature_algorithm=algorithm), "describe_instances", tag={"空 *~": "&=+ %"}, max_results=10
    )
    assert body["Instances"] == {"Instance": []}
    [call] = way.cloud.calls
    assert (call.action, call.status, call.caller) == ("DescribeInstances", 200, f"acs:ram::{ACCOUNT}:root")
    assert call.params["Tag.1.Key"] == "空 *~"


@BOTH
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"access_key_secret": "wrong"}, (400, "SignatureDoesNotMatch"), id="wrong secret"),
        pytest.param({"access_key_id": "LTAInobody"}, (404, "InvalidAccessKeyId.NotFound"), id="unknown key"),
        pytest.param(
            {"security_token": "x"}, (400, "InvalidSecurityToken.MismatchWithAccessKey"), id="token of another"
        ),
    ],
)
def test_a_wrong_credential_is_refused(
    way: Way, algorithm: str | None, given: dict[str, str], expected: tuple[int, str]
) -> None:
    cfg = way.config(signature_algorithm=algorithm, **given)
    assert sdk.refusal(sdk.ecs, cfg, "describe_regions") == expected
    [call] = way.cloud.calls
    assert (call.code, call.status, call.caller) == (expected[1], expected[0], "")


@BOTH
def test_a_temporary_key_works_with_its_token_and_in_its_time(way: Way, algorithm: str | None) -> None:
    cloud = way.cloud
    who = Identity("AssumedRoleUser", ACCOUNT, "web", "i-1")
    key = cloud.keys.temporary(who, cloud.clock.now() + 900)
    given = {"access_key_id": key.access_key_id, "access_key_secret": key.secret, "signature_algorithm": algorithm}
    sdk.ecs(way.config(**given, security_token=key.token), "describe_regions")
    assert [c.caller for c in cloud.calls] == [who.arn]
    mismatch = (400, "InvalidSecurityToken.MismatchWithAccessKey")
    assert sdk.refusal(sdk.ecs, way.config(**given), "describe_regions") == mismatch
    assert sdk.refusal(sdk.ecs, way.config(**given, security_token="other"), "describe_regions") == mismatch
    cloud.clock.advance(901)
    late = sdk.refusal(sdk.ecs, way.config(**given, security_token=key.token), "describe_regions")
    assert late == (400, "InvalidSecurityToken.Expired")


def test_a_removed_key_is_refused(way: Way) -> None:
    key = way.cloud.keys.permanent(Identity("RAMUser", ACCOUNT, "alice"))
    cfg = way.config(access_key_id=key.access_key_id, access_key_secret=key.secret)
    sdk.ecs(cfg, "describe_regions")
    way.cloud.keys.remove(key.access_key_id)
    assert sdk.refusal(sdk.ecs, cfg, "describe_regions") == (404, "InvalidAccessKeyId.NotFound")


@BOTH
@pytest.mark.parametrize("minutes", [-16, 16], ids=["old", "early"])
def test_a_date_that_is_a_quarter_of_an_hour_off_is_refused(
    way: Way, mocker: MockerFixture, algorithm: str | None, minutes: int
) -> None:
    at = (datetime.now(timezone.utc) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    mocker.patch("alibabacloud_tea_openapi.utils.Utils.get_timestamp", return_value=at)
    cfg = way.config(signature_algorithm=algorithm)
    assert sdk.refusal(sdk.ecs, cfg, "describe_regions") == (400, "InvalidTimeStamp.Expired")
    mocker.patch("alibabacloud_tea_openapi.utils.Utils.get_timestamp", return_value="yesterday")
    assert sdk.refusal(sdk.ecs, cfg, "describe_regions") == (400, "InvalidTimeStamp.Format")


@pytest.mark.parametrize("what", ["query", "body", "header", "path", "method", "unsigned action"])
def test_a_request_changed_on_its_way_is_refused(way: Way, mocker: MockerFixture, what: str) -> None:
    request = signed(way, mocker)
    assert request.url is not None
    if what == "query":
        request.url += "&Evil=1" if "?" in request.url else "?Evil=1"
    elif what == "body":
        request.prepare_body(b"Evil=1", None)
        request.headers["content-type"] = "application/x-www-form-urlencoded"
    elif what == "header":
        request.headers["x-acs-action"] = "DeleteInstance"
    elif what == "path":
        request.url = request.url.replace("/?", "/evil?") if "/?" in request.url else request.url + "evil"
    elif what == "method":
        request.method = "GET"
    else:
        request.headers["authorization"] = str(request.headers.pop("Authorization")).replace("x-acs-action;", "")
    assert send(request) == (400, "SignatureDoesNotMatch")


def by_hand(way: Way, *, leave_out: str = "", content_hash: str = "", body: bytes = b"") -> tuple[int, str]:
    """A request signed here, by the published algorithm alone: (HTTP status, code). leave_out: a header not signed."""
    digest = hashlib.sha256(body).hexdigest()
    headers = {
        "host": way.url.removeprefix("http://"),
        "x-acs-action": "DescribeRegions",
        "x-acs-version": "2014-05-26",
        "x-acs-date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": uuid.uuid4().hex,
        "x-acs-content-sha256": content_hash or digest,
    }
    names = sorted(set(headers) - {leave_out})
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    canonical = "\n".join(["POST", "/", "AcceptLanguage=zh-CN", lines, ";".join(names), digest])
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(ROOT_KEY[1].encode(), text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={ROOT_KEY[0]},SignedHeaders={';'.join(names)},Signature={signature}"
    )
    answer = requests.post(f"{way.url}/?AcceptLanguage=zh-CN", data=body, headers=headers, timeout=10)
    return answer.status_code, answer.json().get("Code", "")


def test_a_signature_by_the_published_algorithm_is_let_in(way: Way) -> None:
    assert by_hand(way) == by_hand(way, body=b"anything") == (200, "")


@pytest.mark.parametrize(
    "name",
    ["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-content-sha256", "x-acs-signature-nonce"],
)
def test_headers_that_say_what_is_done_must_be_signed(way: Way, name: str) -> None:
    assert by_hand(way, leave_out=name) == (400, "SignatureDoesNotMatch")


def test_the_hash_in_the_header_must_be_the_bodys(way: Way) -> None:
    assert by_hand(way, content_hash="0" * 64) == (400, "SignatureDoesNotMatch")


def test_a_changed_parameter_breaks_the_query_signature(way: Way, mocker: MockerFixture) -> None:
    request = signed(way, mocker, signature_algorithm="v2")
    request.url = str(request.url).replace("Action=DescribeRegions", "Action=DescribeInstances")
    assert send(request) == (400, "SignatureDoesNotMatch")


@BOTH
def test_a_request_sent_twice_is_refused_for_its_nonce(way: Way, mocker: MockerFixture, algorithm: str | None) -> None:
    request = signed(way, mocker, signature_algorithm=algorithm)
    assert send(request)[0] == 200
    assert send(request) == (400, "SignatureNonceUsed")


def test_a_retry_of_the_client_is_signed_anew(way: Way) -> None:
    way.cloud.faults.add("throttle", count=2)
    again = RetryOptions(
        {
            "retryable": True,
            "retryCondition": [
                {"maxAttempts": 3, "errorCode": ["Throttling"], "backoff": {"policy": "Fixed", "period": 1}}
            ],
        }
    )
    sdk.ecs(way.config(retry_options=again), "describe_regions")
    assert [c.code for c in way.cloud.calls] == ["Throttling", "Throttling", ""]


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        pytest.param({}, "", (404, "InvalidAccessKeyId.NotFound"), id="not signed"),
        pytest.param({"authorization": "ACS3-HMAC-SM3 Credential=x"}, "", (501, "Fakecloud.NotEmulated"), id="SM3"),
        pytest.param({"authorization": "ACS3-HMAC-SHA256 x"}, "", (501, "Fakecloud.NotEmulated"), id="malformed"),
        pytest.param({}, "&Signature=x&SignatureMethod=HMAC-SHA256", (501, "Fakecloud.NotEmulated"), id="other method"),
        pytest.param({}, "&Signature=x&AccessKeyId=y", (404, "InvalidAccessKeyId.NotFound"), id="unknown key"),
    ],
)
def test_other_ways_of_signing_are_not_taken_for_one(
    way: Way, headers: dict[str, str], query: str, expected: tuple[int, str]
) -> None:
    asked = {"x-acs-version": "2014-05-26", "x-acs-action": "DescribeRegions", **headers}
    answer = requests.post(f"{way.url}/?Version=2014-05-26{query}", headers=asked, timeout=10)
    assert (answer.status_code, answer.json()["Code"]) == expected


@pytest.mark.parametrize("method", ["GET", "POST"])
@BOTH
def test_parameters_go_in_the_query_by_either_method(way: Way, method: str, algorithm: str | None) -> None:
    cfg = way.config(signature_algorithm=algorithm)
    body = sdk.rpc(cfg, "ecs", "DescribeInstances", {"RegionId": "cn-hangzhou", "MaxResults": "10"}, method=method)
    assert "NextToken" in body


@BOTH
def test_parameters_may_come_in_a_form(way: Way, algorithm: str | None) -> None:
    way.cloud.ecs.make(tags={"空": "值 &="})
    form = {"RegionId": "cn-hangzhou", "Tag.1.Key": "空", "Tag.1.Value": "值 &="}
    body = sdk.rpc(way.config(signature_algorithm=algorithm), "ecs", "DescribeInstances", {}, body=form)
    assert body["TotalCount"] == 1


def test_the_error_has_the_clouds_form(way: Way) -> None:
    with pytest.raises(Exception, match="SignatureDoesNotMatch") as caught:
        sdk.ecs(way.config(access_key_secret="wrong"), "describe_regions")
    data = caught.value.data  # type: ignore[attr-defined]
    assert {"RequestId", "HostId", "Code", "Message", "Recommend"} <= set(data)
    [call] = way.cloud.calls
    assert call.request_id == data["RequestId"]

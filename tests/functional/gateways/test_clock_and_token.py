"""A refusal of a call's time or of its token says so in every service's own words: the error says what to look at on this side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.identity import ROOT_KEY
from shared.errors import CloudCallError
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.fc import functions_gateway
from shared.gateways.ram import RamGateway
from shared.gateways.sls_admin import SlsAdmin
from shared.gateways.sts import StsGateway

from .conftest import REGION, settings

KEYS = Credentials(access_key_id=ROOT_KEY[0], access_key_secret=ROOT_KEY[1])
GIVEN = settings(sls_project="p-one", sls_logstore="l-one")
CALLS: dict[str, Callable[[], Any]] = {
    "ecs": lambda: EcsGateway(GIVEN, KEYS, REGION).instances(["i-1"]),
    "ram": lambda: RamGateway(GIVEN, KEYS).roles(),
    "sts": lambda: StsGateway(GIVEN, KEYS).account(),
    "fc": lambda: functions_gateway(GIVEN, KEYS, "f").start(b"{}", "t"),
    "sls": lambda: SlsAdmin(GIVEN, KEYS).query("*", 0, 1),
}
CLOCK, EXPIRED, OTHER = (
    "this machine's clock",
    "where ALIBABA_CLOUD_SECURITY_TOKEN is set, take a new one",
    "ALIBABA_CLOUD_SECURITY_TOKEN is not of this key",
)
OPENAPI = [
    ("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", CLOCK),
    ("InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.", CLOCK),
    ("IllegalTimestamp", "The input parameter Timestamp is not supported.", CLOCK),
    ("SignatureNonceUsed", "Specified signature nonce was used already.", CLOCK),
    ("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.", EXPIRED),
    ("InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken mismatch with the AccessKey.", OTHER),
    ("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.", OTHER),
]
ROWS = [
    *[(service, *row) for service in ("ecs", "ram", "sts", "fc") for row in OPENAPI],
    ("fc", "AccessDenied", "the request time is too skewed: it expired", CLOCK),
    ("fc", "InvalidSecurityToken", "the security token is expired", EXPIRED),
    ("sls", "RequestTimeTooSkewed", "Request time exceeds server time more than 15 minutes.", CLOCK),
    ("sls", "RequestTimeExpired", "Request time is expired.", CLOCK),
    ("sls", "SecurityTokenExpired", "The security token you provided has expired.", EXPIRED),
    ("sls", "Unauthorized", "The security token does not belong to the access key id.", OTHER),
]


@pytest.mark.parametrize(("service", "code", "message", "told"), ROWS)
@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, ""), (1384, "23 min 4 s behind the cloud's"), (-7200, "120 min 0 s ahead of the cloud's")],
)
def test_the_error_says_what_to_look_at_here(
    cloud: Cloud, mocker: MockerFixture, service: str, code: str, message: str, told: str, seconds: float, shown: str
) -> None:
    mocker.patch("time.sleep")
    now = float(round(cloud.clock.now()))
    mocker.patch.object(cloud.clock, "now", return_value=now + seconds)
    mocker.patch("shared.gateways.transport.time.time", return_value=now)
    cloud.faults.add("error", service=service, count=None, status=400, code=code, message=message)
    with pytest.raises(CloudCallError) as caught:
        CALLS[service]()
    assert told in str(caught.value)
    assert (shown in str(caught.value)) == (told == CLOCK or not shown)
    others = {CLOCK, EXPIRED, OTHER} - {told}
    assert not any(other in str(caught.value) for other in others)


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("code", ["Forbidden.RAM", "EntityNotExist.Role", "InvalidParameter", "SignatureDoesNotMatch"])
def test_another_refusal_says_nothing_of_clock_and_token(cloud: Cloud, service: str, code: str) -> None:
    cloud.faults.add("error", service=service, count=None, status=403, code=code, message="No.")
    with pytest.raises(CloudCallError) as caught:
        CALLS[service]()
    assert not any(word in str(caught.value) for word in (CLOCK, EXPIRED, OTHER))

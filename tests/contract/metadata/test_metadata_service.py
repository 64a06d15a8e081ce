"""The metadata service of an instance: its items, its role's credentials, and the hardened mode."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.contract import sdk

Ask = Callable[..., requests.Response]
Place = Callable[..., str]
ROLES = "meta-data/ram/security-credentials/"
TTL, TOKEN = "X-aliyun-ecs-metadata-token-ttl-seconds", "X-aliyun-ecs-metadata-token"


def token(ask: Ask, instance_id: str, seconds: str = "60") -> str:
    answer = ask(instance_id, "api/token", "PUT", **{TTL: seconds})
    assert answer.status_code == 200
    return answer.text


def credentials(answer: requests.Response) -> dict[str, Any]:
    given: dict[str, Any] = answer.json()
    return given


def test_an_instance_reads_about_itself(ask: Ask, place: Place, cloud: Cloud) -> None:
    made = place(zone="cn-hangzhou-b", name="web-1", vswitch="vsw-1", instance_type="ecs.c6.small", image="m-1")
    instance = cloud.ecs.instance(made)
    assert instance is not None
    expected = {
        "instance-id": made,
        "region-id": "cn-hangzhou",
        "zone-id": "cn-hangzhou-b",
        "vpc-id": "vpc-1",
        "image-id": "m-1",
        "vswitch-id": "vsw-1",
        "private-ipv4": instance.ip,
        "hostname": "web-1",
        "network-type": "vpc",
        "owner-account-id": ACCOUNT,
        "instance/instance-type": "ecs.c6.small",
        "instance/instance-name": "web-1",
    }
    assert {name: ask(made, f"meta-data/{name}").text for name in expected} == expected
    listed = ask(made, "meta-data/").text.split()
    assert {"instance/", "ram/", "instance-id"} <= set(listed)
    assert ask(made, "meta-data/ram/").text == "security-credentials/"
    assert ask(made, "meta-data").text.split() == listed


@pytest.mark.parametrize(
    "path", ["meta-data/nope", "meta-data/Ram/security-credentials/", "user-data", "meta-data/ram/x"]
)
def test_what_it_does_not_have_is_404(ask: Ask, place: Place, path: str) -> None:
    assert ask(place(), path).status_code == 404


def test_an_instance_that_is_not_there_is_404(ask: Ask, place: Place) -> None:
    answer = ask("i-nope", "meta-data/instance-id")
    assert (answer.status_code, "No such instance" in answer.text) == (404, True)


def test_a_request_that_does_not_say_which_instance_it_is_gets_404(cloud: Cloud) -> None:
    for headers in ({}, {"Proxy-Authorization": "Basic %%%"}, {"Proxy-Authorization": "Bearer eA=="}):
        answer = requests.get("http://100.100.100.200/latest/meta-data/instance-id", headers=headers, timeout=10)
        assert (answer.status_code, "as the proxy's user" in answer.text) == (404, True)


def test_without_a_role_there_are_no_credentials(ask: Ask, place: Place) -> None:
    made = place(role="")
    assert ask(made, ROLES).status_code == 404
    assert ask(made, ROLES + "web").status_code == 404
    assert "ram/" not in ask(made, "meta-data/").text


def test_the_attached_role_has_credentials_of_six_hours(ask: Ask, place: Place, cloud: Cloud) -> None:
    made = place()
    assert ask(made, ROLES).text == ask(made, ROLES.rstrip("/")).text == "web"
    given = credentials(ask(made, ROLES + "web"))
    assert set(given) == {"AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration", "LastUpdated", "Code"}
    assert (given["Code"], given["AccessKeyId"].startswith("STS.")) == ("Success", True)
    began, ends = (datetime.strptime(given[k], "%Y-%m-%dT%H:%M:%SZ") for k in ("LastUpdated", "Expiration"))
    assert ends - began == timedelta(hours=6)
    assert abs(cloud.clock.utc().replace(tzinfo=None) - began) < timedelta(minutes=1)
    assert ask(made, ROLES + "db").status_code == 404


def test_new_credentials_appear_half_an_hour_before_the_old_ones_end(ask: Ask, place: Place, cloud: Cloud) -> None:
    made = place()
    first = credentials(ask(made, ROLES + "web"))
    cloud.clock.advance(5.5 * 3600 - 60)
    assert credentials(ask(made, ROLES + "web")) == first
    cloud.clock.advance(120)
    second = credentials(ask(made, ROLES + "web"))
    assert second["AccessKeyId"] != first["AccessKeyId"]
    for given in (first, second):
        assert caller(given) == f"acs:ram::{ACCOUNT}:assumed-role/web/{made}"
    cloud.clock.advance(1800)
    assert sdk.refusal(caller, first) == (400, "InvalidSecurityToken.Expired")
    assert caller(second)


def caller(given: dict[str, Any]) -> str:
    """Who the credentials are, asked with a really signed call."""
    cfg = sdk.config(
        access_key_id=given["AccessKeyId"],
        access_key_secret=given["AccessKeySecret"],
        security_token=given["SecurityToken"],
        endpoint="sts.aliyuncs.com",
    )
    assert sdk.ecs(cfg, "describe_regions")["Regions"]["Region"]
    arn: str = sdk.rpc(cfg, "sts", "GetCallerIdentity")["Arn"]
    return arn


def test_two_instances_have_two_sessions_of_the_role(ask: Ask, place: Place) -> None:
    one, two = place(), place()
    assert {caller(credentials(ask(i, ROLES + "web"))) for i in (one, two)} == {
        f"acs:ram::{ACCOUNT}:assumed-role/web/{i}" for i in (one, two)
    }


def test_a_role_taken_off_is_gone_and_the_old_token_works_on(ask: Ask, place: Place) -> None:
    made = place()
    given = credentials(ask(made, ROLES + "web"))
    sdk.ecs(sdk.config(), "detach_instance_ram_role", ram_role_name="web", instance_ids=f'["{made}"]')
    assert ask(made, ROLES).status_code == 404
    assert ask(made, ROLES + "web").status_code == 404
    assert caller(given)


def test_another_session_policy_makes_other_credentials(ask: Ask, place: Place) -> None:
    made = place()
    first = credentials(ask(made, ROLES + "web"))
    ids = f'["{made}"]'
    sdk.ecs(sdk.config(), "detach_instance_ram_role", instance_ids=ids)
    policy = '{"Version":"1","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'
    sdk.ecs(sdk.config(), "attach_instance_ram_role", ram_role_name="web", instance_ids=ids, policy=policy)
    assert credentials(ask(made, ROLES + "web"))["AccessKeyId"] != first["AccessKeyId"]


def test_a_new_role_shows_after_a_while_where_the_switch_says(ask: Ask, place: Place, cloud: Cloud) -> None:
    made = place(role="")
    cloud.switches.metadata_delay = 30
    sdk.ecs(sdk.config(), "attach_instance_ram_role", ram_role_name="web", instance_ids=f'["{made}"]')
    assert ask(made, ROLES).status_code == 404
    cloud.clock.advance(31)
    assert ask(made, ROLES).text == "web"


def test_the_same_role_attached_again_does_not_hide_it(ask: Ask, place: Place, cloud: Cloud) -> None:
    cloud.switches.set({"metadata_delay": 30, "same_role_again": "success"})
    made = place()
    sdk.ecs(sdk.config(), "attach_instance_ram_role", ram_role_name="web", instance_ids=f'["{made}"]')
    assert ask(made, ROLES).text == "web"


@pytest.mark.parametrize("role", ["gone", "fc"])
def test_a_role_that_ecs_may_not_assume_gives_no_credentials(ask: Ask, place: Place, cloud: Cloud, role: str) -> None:
    cloud.ram.put_role(ACCOUNT, "fc", services=("fc.aliyuncs.com",))
    given = credentials(ask(place(role=role), ROLES + role))
    assert given["Code"] == "Failed"
    assert "AccessKeyId" not in given


def test_the_hardened_mode_reads_with_a_token_of_its_own(ask: Ask, place: Place, cloud: Cloud) -> None:
    made = place()
    short = token(ask, made, "10")
    assert ask(made, ROLES, **{TOKEN: short}).text == "web"
    cloud.clock.advance(11)
    assert ask(made, ROLES, **{TOKEN: short}).status_code == 401
    fresh = token(ask, made, "21600")
    assert ask(place(), ROLES, **{TOKEN: fresh}).status_code == 401
    assert ask(made, ROLES, **{TOKEN: "made up"}).status_code == 401
    assert ask(made, ROLES, **{TOKEN: fresh}).status_code == 200


@pytest.mark.parametrize("seconds", ["0", "21601", "-1", "ten", "", "1.5", None])
def test_a_token_lives_a_second_to_six_hours(ask: Ask, place: Place, seconds: str | None) -> None:
    headers = {} if seconds is None else {TTL: seconds}
    assert ask(place(), "api/token", "PUT", **headers).status_code == 400


def test_a_token_is_not_given_through_a_forwarder_nor_by_get(ask: Ask, place: Place) -> None:
    made = place()
    assert ask(made, "api/token", "PUT", **{TTL: "60", "X-Forwarded-For": "10.0.0.1"}).status_code == 403
    assert ask(made, "api/token").status_code == 405
    assert ask(made, "meta-data/", "POST").status_code == 405


def test_an_instance_that_asks_for_tokens_refuses_plain_reads(ask: Ask, place: Place) -> None:
    made = place(http_tokens="required")
    assert ask(made, ROLES).status_code == 403
    assert ask(made, ROLES, **{TOKEN: token(ask, made)}).text == "web"


def test_an_instance_with_the_service_off_refuses_all(ask: Ask, place: Place) -> None:
    made = place(http_endpoint="disabled")
    assert ask(made, ROLES).status_code == 403
    assert ask(made, "api/token", "PUT", **{TTL: "60"}).status_code == 403


def test_faults_and_the_journal_work_here_too(ask: Ask, place: Place, cloud: Cloud) -> None:
    made = place()
    cloud.faults.add("5xx", service="metadata")
    cloud.faults.add("throttle", service="metadata", action=f"GET /latest/{ROLES}")
    assert [ask(made, ROLES).status_code for _ in range(3)] == [500, 429, 200]
    assert [(c.service, c.action, c.status) for c in cloud.calls] == [
        ("metadata", f"GET /latest/{ROLES}", status) for status in (500, 429, 200)
    ]

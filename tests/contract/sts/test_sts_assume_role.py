"""AssumeRole and GetCallerIdentity through a real client: who may assume what, for how long, and as whom."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY, AccessKey, Identity
from fakecloud.sts.exceptions import NoPermission, RoleNotFound

PUBLISHED = Path(__file__).parents[4] / "shared" / "openapi" / "sts"
OTHER = "2222222222222222"
NAME = {"RoleSessionName": "tests"}
FORBIDDEN = (403, "NoPermission")
POLICY = json.dumps({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "log:*", "Resource": "*"}]})


def only(name: str) -> dict[str, Any]:
    return {"Principal": {"RAM": [f"acs:ram::{ACCOUNT}:{name}"]}}


def test_the_keys_given_sign_for_the_role(cloud: Cloud, sts: Any, role: Any, key_of: Any) -> None:
    answer = sts("AssumeRole", RoleArn=role(name="Web"), **NAME)
    assert answer["AssumedRoleUser"]["Arn"] == f"acs:ram::{ACCOUNT}:role/web/tests"
    assert answer["Credentials"]["AccessKeyId"].startswith("STS.")
    who = sts("GetCallerIdentity", key=key_of(answer))
    assert (who["IdentityType"], who["AccountId"]) == ("AssumedRoleUser", ACCOUNT)
    assert who["Arn"] == f"acs:ram::{ACCOUNT}:assumed-role/Web/tests"
    assert who["PrincipalId"] == answer["AssumedRoleUser"]["AssumedRoleId"] == f"{who['RoleId']}:tests"
    assert "UserId" not in who
    assert who["RoleId"] == cloud.ram.role(ACCOUNT, "Web").role_id  # type: ignore[union-attr]


def test_accounts_and_users_are_told_who_they_are(cloud: Cloud, sts: Any, alice: AccessKey) -> None:
    root = sts("GetCallerIdentity", key=AccessKey(*ROOT_KEY, Identity("Account", ACCOUNT)))
    assert {k: v for k, v in root.items() if k != "RequestId"} == {
        "IdentityType": "Account",
        "AccountId": ACCOUNT,
        "PrincipalId": ACCOUNT,
        "UserId": ACCOUNT,
        "Arn": f"acs:ram::{ACCOUNT}:root",
    }
    user = sts("GetCallerIdentity")
    assert (user["IdentityType"], user["Arn"]) == ("RAMUser", f"acs:ram::{ACCOUNT}:user/alice")
    assert user["UserId"] == user["PrincipalId"] == alice.identity.principal_id


@pytest.mark.parametrize("seconds", [900, 3600, 7200])
def test_the_keys_work_until_they_expire(
    cloud: Cloud, sts: Any, refused: Any, role: Any, key_of: Any, seconds: int
) -> None:
    now = cloud.clock.now()
    answer = sts("AssumeRole", RoleArn=role(seconds=7200), DurationSeconds=seconds, **NAME)
    ends = datetime.strptime(answer["Credentials"]["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert abs(ends.timestamp() - now - seconds) < 60
    cloud.clock.advance(seconds - 60)
    sts("GetCallerIdentity", key=key_of(answer))
    cloud.clock.advance(120)
    assert refused("GetCallerIdentity", key=key_of(answer)) == (400, "InvalidSecurityToken.Expired")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param({"DurationSeconds": 899}, "InvalidParameter.DurationSeconds", id="too short"),
        pytest.param({"DurationSeconds": 3601}, "InvalidParameter.DurationSeconds", id="longer than the role allows"),
        pytest.param({"DurationSeconds": "soon"}, "InvalidParameter.DurationSeconds", id="no number"),
        pytest.param({"RoleArn": f"acs:ram::{ACCOUNT}:user/web"}, "InvalidParameter.RoleArn", id="ARN of a user"),
        pytest.param({"RoleArn": "web"}, "InvalidParameter.RoleArn", id="bare name"),
        pytest.param({"RoleArn": f"acs:ram::{ACCOUNT}:role/a b"}, "InvalidParameter.RoleArn", id="space in the ARN"),
        pytest.param({"RoleArn": None}, "MissingParameter.RoleArn", id="no ARN"),
        pytest.param({"RoleSessionName": "a"}, "InvalidParameter.RoleSessionName", id="short session"),
        pytest.param({"RoleSessionName": "a" * 65}, "InvalidParameter.RoleSessionName", id="long session"),
        pytest.param({"RoleSessionName": "a/b"}, "InvalidParameter.RoleSessionName", id="slash in the session"),
        pytest.param({"RoleSessionName": None}, "MissingParameter.RoleSessionName", id="no session"),
        pytest.param({"ExternalId": "a"}, "InvalidParameter.ExternalId", id="short external id"),
        pytest.param({"ExternalId": "a" * 1225}, "InvalidParameter.ExternalId", id="long external id"),
        pytest.param({"ExternalId": "a b"}, "InvalidParameter.ExternalId", id="space in the external id"),
        pytest.param({"Policy": "{}"}, "InvalidParameter.PolicyGrammar", id="policy without statements"),
        pytest.param(
            {"Policy": POLICY.replace("log:*", "log")}, "InvalidParameter.PolicyGrammar", id="policy's action"
        ),
        pytest.param({"Policy": POLICY + " " * 2048}, "InvalidParameter.PolicySize", id="long policy"),
        pytest.param({"Policy": '"' + "策" * 700 + '"'}, "InvalidParameter.PolicySize", id="policy long in bytes"),
        pytest.param({"SourceIdentity": "a"}, "InvalidParameter.SourceIdentity", id="short source"),
    ],
)
def test_parameters_outside_the_rules_are_refused(refused: Any, role: Any, query: dict[str, Any], code: str) -> None:
    assert refused("AssumeRole", **{"RoleArn": role(), **NAME, **query}) == (400, code)


@pytest.mark.parametrize("session", ["ab", "a" * 64, "Az0.@-_"])
def test_session_names_at_the_edge_are_allowed(sts: Any, role: Any, session: str) -> None:
    answer = sts("AssumeRole", RoleArn=role(), RoleSessionName=session)
    assert answer["AssumedRoleUser"]["Arn"].endswith(f"/{session}")


def test_a_role_that_is_not_there_is_not_found(refused: Any, role: Any) -> None:
    arn = role()
    assert refused("AssumeRole", RoleArn=arn + "x", **NAME) == (404, "EntityNotExist.Role")
    assert refused("AssumeRole", RoleArn=arn.replace(ACCOUNT, OTHER), **NAME) == (404, "EntityNotExist.Role")


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        pytest.param([only("root")], True, id="the account"),
        pytest.param([only("user/alice")], True, id="the user"),
        pytest.param([only("user/bob")], False, id="another user"),
        pytest.param([only("role/alice")], False, id="a role of the user's name"),
        pytest.param([{"Principal": {"Service": "ecs.aliyuncs.com"}}], False, id="a service only"),
        pytest.param([{"Principal": {"RAM": f"acs:ram::{OTHER}:root"}}], False, id="another account"),
        pytest.param([only("root"), {**only("user/alice"), "Effect": "Deny"}], False, id="denied"),
        pytest.param([{"Condition": {"Bool": {"acs:MFAPresent": "true"}}}], False, id="MFA wanted"),
        pytest.param([{"Condition": {"DateLessThan": {"acs:CurrentTime": "2020-01-01T00:00:00Z"}}}], False, id="past"),
        pytest.param([{"Condition": {"Bool": {"acs:SecureTransport": "true"}}}], True, id="HTTPS wanted"),
    ],
)
def test_a_user_assumes_what_trusts_it(sts: Any, refused: Any, role: Any, statements: Any, allowed: bool) -> None:
    arn = role(*statements)
    if allowed:
        assert sts("AssumeRole", RoleArn=arn, **NAME)["AssumedRoleUser"]["Arn"] == f"{arn}/tests"
    else:
        assert refused("AssumeRole", RoleArn=arn, **NAME) == FORBIDDEN


def test_an_account_itself_assumes_no_role(refused: Any, role: Any) -> None:
    root = AccessKey(*ROOT_KEY, Identity("Account", ACCOUNT))
    assert refused("AssumeRole", key=root, RoleArn=role(), **NAME) == FORBIDDEN


def test_a_role_assumes_the_next_one_of_a_chain(cloud: Cloud, sts: Any, refused: Any, role: Any, key_of: Any) -> None:
    first, second = role(name="First"), role(only("role/first"), name="Second")
    assert refused("AssumeRole", RoleArn=second, **NAME) == FORBIDDEN
    key = key_of(sts("AssumeRole", RoleArn=first, **NAME))
    third = sts("AssumeRole", key=key, RoleArn=second, RoleSessionName="next", DurationSeconds=900)
    assert sts("GetCallerIdentity", key=key_of(third))["Arn"].endswith(":assumed-role/Second/next")


def test_a_role_of_another_account_is_assumed_where_it_trusts_ours(
    sts: Any, refused: Any, role: Any, key_of: Any
) -> None:
    answer = sts("AssumeRole", RoleArn=role(account=OTHER), **NAME)
    assert sts("GetCallerIdentity", key=key_of(answer))["AccountId"] == OTHER
    theirs = {"Principal": {"RAM": f"acs:ram::{OTHER}:root"}}
    assert refused("AssumeRole", RoleArn=role(theirs, account=OTHER, name="own"), **NAME) == FORBIDDEN


@pytest.mark.parametrize(
    ("wanted", "given", "allowed"),
    [
        pytest.param("abc", "abc", True, id="the one wanted"),
        pytest.param(["x1", "abc"], "abc", True, id="one of those wanted"),
        pytest.param("abc", "ABC", False, id="another case"),
        pytest.param("abc", None, False, id="none given"),
        pytest.param(None, "abc", True, id="none wanted"),
    ],
)
def test_an_external_id_must_be_the_one_in_the_trust(
    sts: Any, refused: Any, role: Any, wanted: Any, given: str | None, allowed: bool
) -> None:
    arn = role({"Condition": {"StringEquals": {"sts:ExternalId": wanted}}} if wanted else {})
    if allowed:
        assert sts("AssumeRole", RoleArn=arn, ExternalId=given, **NAME)["Credentials"]
    else:
        assert refused("AssumeRole", RoleArn=arn, ExternalId=given, **NAME) == FORBIDDEN


@pytest.mark.parametrize("policy", [None, POLICY])
def test_a_session_policy_goes_with_the_keys(cloud: Cloud, sts: Any, role: Any, policy: str | None) -> None:
    answer = sts("AssumeRole", RoleArn=role(), Policy=policy, **NAME)
    key = cloud.keys.find(answer["Credentials"]["AccessKeyId"])
    assert key is not None
    assert key.identity.session_policies == ((policy,) if policy else ())


def test_a_source_identity_stays_through_a_chain(sts: Any, refused: Any, role: Any, key_of: Any) -> None:
    both = {"Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]}
    first, second = role(both, name="first"), role(both, name="second")
    assert refused("AssumeRole", RoleArn=role(name="third"), SourceIdentity="Alice", **NAME) == FORBIDDEN
    begun = sts("AssumeRole", RoleArn=first, SourceIdentity="Alice", **NAME)
    assert begun["SourceIdentity"] == "Alice"
    assert sts("AssumeRole", key=key_of(begun), RoleArn=second, **NAME)["SourceIdentity"] == "Alice"
    again = {"key": key_of(begun), "RoleArn": second, **NAME}
    assert refused("AssumeRole", SourceIdentity="Bob", **again) == FORBIDDEN
    assert "SourceIdentity" not in sts("AssumeRole", RoleArn=first, **NAME)


def test_a_service_gets_keys_of_the_roles_that_trust_it(cloud: Cloud, sts: Any) -> None:
    cloud.ram.put_role(ACCOUNT, "Web", services=["ecs.aliyuncs.com"])
    key = cloud.sts.assume_for_service(ACCOUNT, "Web", "ecs.aliyuncs.com", "i-1", 6 * 3600)
    assert sts("GetCallerIdentity", key=key)["Arn"] == f"acs:ram::{ACCOUNT}:assumed-role/Web/i-1"
    assert abs(key.expires - cloud.clock.now() - 6 * 3600) < 60
    with pytest.raises(NoPermission, match=r"does not trust fc\.aliyuncs\.com"):
        cloud.sts.assume_for_service(ACCOUNT, "Web", "fc.aliyuncs.com", "s", 900)
    with pytest.raises(RoleNotFound):
        cloud.sts.assume_for_service(ACCOUNT, "gone", "fc.aliyuncs.com", "s", 900)


def test_a_reset_cloud_has_forgotten_its_sessions(cloud: Cloud, sts: Any, refused: Any, role: Any, key_of: Any) -> None:
    key = key_of(sts("AssumeRole", RoleArn=role(), **NAME))
    cloud.reset()
    assert refused("GetCallerIdentity", key=key) == (404, "InvalidAccessKeyId.NotFound")


@pytest.mark.not_emulated
def test_federated_logins_are_not_emulated_and_say_so(cloud: Cloud, refused: Any) -> None:
    cloud.expect_not_emulated = True  # type: ignore[attr-defined]
    assert refused("AssumeRoleWithOIDC", **NAME) == (501, "Fakecloud.NotEmulated")


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published definitions are not at hand")
def test_every_action_takes_and_requires_what_is_published(cloud: Cloud) -> None:
    for name, action in cloud.sts.actions.items():
        parameters = json.loads((PUBLISHED / f"{name}.json").read_text())["cli_2026_04"]["parameters"]
        assert {p["name"]: p["required"] for p in parameters} == {n: p.required for n, p in action.params.items()}, name

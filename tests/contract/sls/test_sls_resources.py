"""Projects, logstores, indexes and saved searches of the emulated SLS, through the real SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aliyun.log import IndexConfig, IndexKeyConfig, IndexLineConfig, LogException
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, Identity
from fakecloud.sls.address import address
from tests.contract.sls.toolbox import INDEX, PROJECT, STORE, Config, Logs, client


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(LogException) as caught:
        call()
    assert caught.value.get_request_id(), "every refusal carries x-log-requestid"
    return caught.value.get_resp_status(), caught.value.get_error_code()


def test_a_project_is_created_shown_listed_and_deleted(cloud: Cloud, sls: Any) -> None:
    sls.create_project("first-project", "one")
    sls.create_project("second-project", "two")
    shown = sls.get_project("first-project")
    assert (shown.get_projectname(), shown.get_description(), shown.get_owner(), shown.get_region()) == (
        "first-project",
        "one",
        ACCOUNT,
        "cn-hangzhou",
    )
    listed = sls.list_project(offset=1, size=1)
    assert [p["projectName"] for p in listed.get_projects()] == ["second-project"]
    assert (listed.get_count(), listed.get_total()) == (1, 2)
    assert sls.list_project(project_name_pattern="first").get_total() == 1
    sls.delete_project("first-project")
    assert refused(lambda: sls.get_project("first-project")) == (404, "ProjectNotExist")
    assert cloud.calls.actions("sls")[:3] == ["CreateProject", "CreateProject", "GetProject"]


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("http://127.0.0.1:8080", id="the emulator's address with a port"),
        pytest.param("http://127.0.0.1", id="the emulator's address without a port"),
        pytest.param("127.0.0.1", id="a bare address, which the SDK keeps out of the URL"),
        pytest.param("localhost:9000", id="localhost"),
        pytest.param("cn-hangzhou.log.aliyuncs.com", id="public"),
        pytest.param("https://cn-hangzhou-intranet.log.aliyuncs.com", id="intranet"),
    ],
)
def test_the_project_is_read_from_the_host_in_every_form(cloud: Cloud, endpoint: str) -> None:
    sls = client(endpoint=endpoint)
    sls.create_project(PROJECT, "d")
    assert sls.get_project(PROJECT).get_region() == "cn-hangzhou"
    assert sls.list_project().get_total() == 1


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        pytest.param("proj.127.0.0.1", ("proj", "cn-hangzhou"), id="address"),
        pytest.param("proj.127.0.0.1:8080", ("proj", "cn-hangzhou"), id="address and port"),
        pytest.param("127.0.0.1:8080", ("", "cn-hangzhou"), id="address alone"),
        pytest.param("[::1]:8080", ("", "cn-hangzhou"), id="address of version 6"),
        pytest.param("localhost:80", ("", "cn-hangzhou"), id="localhost"),
        pytest.param("proj.localhost:80", ("proj", "cn-hangzhou"), id="localhost with a project"),
        pytest.param("proj.eu-central-1.log.aliyuncs.com", ("proj", "eu-central-1"), id="region"),
        pytest.param("cn-beijing.log.aliyuncs.com:443", ("", "cn-beijing"), id="region alone"),
        pytest.param("proj.cn-beijing-intranet.log.aliyuncs.com", ("proj", "cn-beijing"), id="intranet"),
        pytest.param(
            "proj.cn-shanghai-finance-1.sls.aliyuncs.com", ("proj", "cn-shanghai-finance-1"), id="long region"
        ),
    ],
)
def test_a_host_says_project_and_region(host: str, expected: tuple[str, str]) -> None:
    assert address(host) == expected


def test_the_row_ip_switch_of_the_sdk_still_names_the_project(cloud: Cloud) -> None:
    sls = client(endpoint="http://127.0.0.1:8080")
    sls._isRowIp = True
    sls.create_project(PROJECT, "d")
    assert sls.get_project(PROJECT).get_projectname() == PROJECT


def test_each_region_has_its_own_projects_and_an_account_only_its_own(cloud: Cloud, sls: Any) -> None:
    sls.create_project(PROJECT, "d")
    beijing = client(endpoint="cn-beijing.log.aliyuncs.com")
    assert refused(lambda: beijing.get_project(PROJECT)) == (404, "ProjectNotExist")
    beijing.create_project(PROJECT, "d")
    assert beijing.get_project(PROJECT).get_region() == "cn-beijing"
    other = cloud.keys.permanent(Identity("Account", "9999999999999999"))
    stranger = client((other.access_key_id, other.secret))
    assert refused(lambda: stranger.get_project(PROJECT)) == (401, "Unauthorized")
    assert refused(lambda: stranger.create_project(PROJECT, "d")) == (400, "ProjectAlreadyExist")
    assert stranger.list_project().get_total() == 0


def test_a_logstore_is_created_shown_listed_and_deleted(sls: Any) -> None:
    sls.create_project(PROJECT, "d")
    for name in (STORE, "other_store"):
        sls.create_logstore(PROJECT, name, ttl=7, shard_count=3)
    shown = sls.get_logstore(PROJECT, STORE)
    assert (shown.logstore_name, shown.get_ttl(), shown.get_shard_count(), shown.auto_split) == (STORE, 7, 3, True)
    listed = sls.list_logstore(PROJECT, size=1)
    assert (listed.get_logstores(), listed.get_total()) == (["other_store"], 2)
    assert sls.list_logstore(PROJECT, "rec").get_logstores() == [STORE]
    sls.delete_logstore(PROJECT, STORE)
    assert refused(lambda: sls.get_logstore(PROJECT, STORE)) == (404, "LogStoreNotExist")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param(lambda s: s.create_project("Upper", "d"), (400, "ParameterInvalid"), id="project name"),
        pytest.param(lambda s: s.create_project("ab", "d"), (400, "ParameterInvalid"), id="project name too short"),
        pytest.param(lambda s: s.create_project(PROJECT, "d"), (400, "ProjectAlreadyExist"), id="project again"),
        pytest.param(lambda s: s.delete_project("absent"), (404, "ProjectNotExist"), id="no project to delete"),
        pytest.param(lambda s: s.create_logstore("absent", STORE), (404, "ProjectNotExist"), id="no project"),
        pytest.param(lambda s: s.create_logstore(PROJECT, STORE), (400, "LogStoreAlreadyExist"), id="logstore again"),
        pytest.param(lambda s: s.create_logstore(PROJECT, "-bad"), (400, "LogStoreInfoInvalid"), id="logstore name"),
        pytest.param(lambda s: s.create_logstore(PROJECT, "new-one", ttl=0), (400, "LogStoreInfoInvalid"), id="ttl"),
        pytest.param(
            lambda s: s.create_logstore(PROJECT, "new-one", shard_count=11), (400, "LogStoreInfoInvalid"), id="shards"
        ),
        pytest.param(
            lambda s: s.delete_logstore(PROJECT, "absent"), (404, "LogStoreNotExist"), id="no logstore to delete"
        ),
        pytest.param(
            lambda s: s.create_index(PROJECT, STORE, Config(INDEX)), (400, "IndexAlreadyExist"), id="index again"
        ),
        pytest.param(
            lambda s: s.create_index(PROJECT, "absent", Config(INDEX)), (404, "LogStoreNotExist"), id="index of none"
        ),
        pytest.param(
            lambda s: s.list_logstore(PROJECT, offset=-1), (400, "ParameterInvalid"), id="offset of a listing"
        ),
        pytest.param(
            lambda s: s.get_savedsearch(PROJECT, "absent"), (404, "SavedSearchNotExist"), id="no saved search"
        ),
    ],
)
def test_what_cannot_be_is_refused_in_the_clouds_words(
    logs: Logs, call: Callable[[Any], Any], expected: tuple[int, str]
) -> None:
    assert refused(lambda: call(logs.client)) == expected


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({}, "IndexInfoInvalid", id="neither line nor keys"),
        pytest.param({"keys": {"a": {"type": "text"}}}, "IndexInfoInvalid", id="text without token"),
        pytest.param({"line": {"caseSensitive": False}}, "IndexInfoInvalid", id="line without token"),
        pytest.param({"keys": {"a": {"doc_value": True}}}, "ParameterInvalid", id="key without type"),
        pytest.param({"keys": {"a": {"type": "date", "token": []}}}, "IndexInfoInvalid", id="unknown type"),
        pytest.param({"line": {"token": [" "]}, "max_text_len": 5}, "ParameterInvalid", id="max_text_len"),
    ],
)
def test_an_index_that_breaks_a_rule_is_refused(sls: Any, body: dict[str, Any], code: str) -> None:
    sls.create_project(PROJECT, "d")
    sls.create_logstore(PROJECT, STORE)
    assert refused(lambda: sls.create_index(PROJECT, STORE, Config(body))) == (400, code)
    assert refused(lambda: sls.get_index_config(PROJECT, STORE)) == (404, "IndexConfigNotExist")


def test_an_index_made_with_the_sdks_own_classes_comes_back_as_it_was(sls: Any) -> None:
    sls.create_project(PROJECT, "d")
    sls.create_logstore(PROJECT, STORE)
    made: Any = IndexConfig(
        line_config=IndexLineConfig([" "]), key_config_list={"a": IndexKeyConfig([","], doc_value=True)}
    )
    sls.create_index(PROJECT, STORE, made)
    assert sls.get_index_config(PROJECT, STORE).get_index_config().to_json()["keys"] == made.to_json()["keys"]
    made.key_config_list["b"] = IndexKeyConfig(index_type="long")
    sls.update_index(PROJECT, STORE, made)
    assert sls.get_index_config(PROJECT, STORE).get_index_config().key_config_list["b"].index_type == "long"
    sls.delete_index(PROJECT, STORE)
    assert refused(lambda: sls.delete_index(PROJECT, STORE)) == (400, "ParameterInvalid")
    assert refused(lambda: sls.update_index(PROJECT, STORE, made)) == (400, "ParameterInvalid")


def test_a_saved_search_is_created_changed_shown_listed_and_deleted(logs: Logs) -> None:
    sls, detail = logs.client, {"savedsearchName": "mine", "searchQuery": "*", "logstore": STORE}
    sls.create_savedsearch(PROJECT, detail)
    assert refused(lambda: sls.create_savedsearch(PROJECT, detail)) == (400, "SavedSearchAlreadyExist")
    sls.update_savedsearch(PROJECT, {**detail, "searchQuery": "id: 1"})
    assert sls.get_savedsearch(PROJECT, "mine").get_entity()["searchQuery"] == "id: 1"
    assert sls.list_savedsearch(PROJECT).get_entities() == ["mine"]
    sls.delete_savedsearch(PROJECT, "mine")
    assert sls.list_savedsearch(PROJECT).get_entities() == []


@pytest.mark.not_emulated
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda s: s.list_shards(PROJECT, STORE), id="a call"),
        pytest.param(lambda s: s.update_project(PROJECT, "new"), id="a method"),
        pytest.param(
            lambda s: s.create_index(PROJECT, "plain", Config({**INDEX, "all_keys": {}})), id="a member of a body"
        ),
        pytest.param(
            lambda s: s.create_index(PROJECT, "plain", Config({"keys": {"a": {"type": "json", "token": []}}})),
            id="a type",
        ),
    ],
)
def test_what_is_not_emulated_is_refused_loudly(logs: Logs, mocker: MockerFixture, call: Callable[[Any], Any]) -> None:
    mocker.patch("aliyun.log.logclient.time.sleep")  # the SDK tries a 5xx again, ten times
    logs.client.create_logstore(PROJECT, "plain")
    assert refused(lambda: call(logs.client)) == (501, "Fakecloud.NotEmulated")

"""Searches of the emulated SLS through the real SDK: words, fields, numbers, paging, time, errors."""

from __future__ import annotations

import pytest
from aliyun.log import GetHistogramsRequest, LogException
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.sls import index, match, search
from fakecloud.sls.models import Log
from tests.contract.sls.toolbox import INDEX, PROJECT, STORE, Config, Logs

LOGS = [
    {"id": "i-1", "message": "Linux Chrome/12", "ms": "100", "ratio": "0.5", "Exact": "Abc"},
    {"id": "i-2", "message": "Chrome-Linux x", "ms": "150", "ratio": "1", "Exact": "abc"},
    {"id": "i-3", "message": "linux only", "ms": "-5", "Exact": ""},
    {"id": "web tier", "message": 'and say"x"', "ms": "1.5"},
    {"id": "i-5", "other": "free TEXT, cn*", "ms": "many"},
]  # fmt: skip


@pytest.fixture
def five(logs: Logs) -> Logs:
    logs.put(*LOGS, topic="topic-1")
    return logs


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("*", "12345", id="everything"),
        pytest.param("", "12345", id="nothing said"),
        pytest.param("id: i-1", "1", id="a field that is one word"),
        pytest.param("id:i-1", "1", id="no space"),
        pytest.param("id : I-1", "1", id="without case"),
        pytest.param("id: i", "", id="no part of a word"),
        pytest.param("id: i-*", "1235", id="prefix"),
        pytest.param("id: ?", None, id="leading wildcard"),
        pytest.param("id: i-?", "1235", id="one character"),
        pytest.param('id: "web tier"', "4", id="quoted, with a space"),
        pytest.param('id: "i-*"', "", id="a star in quotes is a star"),
        pytest.param("message: linux", "123", id="a word of many"),
        pytest.param('message: "linux chrome"', "12", id="words in any order"),
        pytest.param("message: chrome/linux", "12", id="delimiters of the field cut the query too"),
        pytest.param("message: ch*e", "12", id="wildcard within"),
        pytest.param("message: lin* and message: only", "3", id="prefix and word"),
        pytest.param("Exact: Abc", "1", id="case counts where the index says so"),
        pytest.param('Exact: ""', "3", id="empty value"),
        pytest.param('Exact:* not Exact: ""', "12", id="there and not empty"),
        pytest.param("not Exact:*", "45", id="absent"),
        pytest.param("ms > 100", "2", id="greater"),
        pytest.param("ms>=100", "12", id="greater or equal"),
        pytest.param("ms < 0", "3", id="negative"),
        pytest.param("ms <= 100", "13", id="less or equal"),
        pytest.param("ms = 150", "2", id="equal"),
        pytest.param("ms: 150", "2", id="colon on a number"),
        pytest.param("ms in [100 150]", "12", id="closed"),
        pytest.param("ms in (100 150]", "2", id="half open"),
        pytest.param("ms in [100 150)", "1", id="half open above"),
        pytest.param("not ms > -1000000", "45", id="values that are no integer"),
        pytest.param("ratio >= 0.5 and ratio < 1", "1", id="double"),
        pytest.param("chrome", "12", id="full text"),
        pytest.param("TEXT", "5", id="full text in a field without an index"),
        pytest.param("other", "5", id="full text finds names of fields"),
        pytest.param('"and"', "4", id="an operator in quotes is a word"),
        pytest.param('message: say\\"x\\"', "4", id="escaped quotes"),
        pytest.param("linux x", "2", id="no operator means and"),
        pytest.param("id: i-1 or id: i-2", "12", id="or"),
        pytest.param("id: i-1 OR id: i-2", "12", id="operators in capitals"),
        pytest.param("id: i-* not message: linux", "5", id="not"),
        pytest.param("id: i-* and not message: linux", "5", id="and not"),
        pytest.param("(id: i-1 or id: i-2) and ms > 100", "2", id="parentheses"),
        pytest.param("id: i-1 or id: i-2 and ms > 100", "12", id="and before or"),
        pytest.param("not id: i-1 and ms > 100", "12345", id="and before not, as documented"),
        pytest.param("(not id: i-1) and ms > 50", "2", id="parentheses around not"),
        pytest.param("__topic__: topic-1 and id: i-1", "1", id="topic"),
        pytest.param("__topic__: topic", "", id="a topic is one word"),
        pytest.param("__source__: source-* and id: i-1", "1", id="source"),
        pytest.param('source: "source-1" and id: i-1', "1", id="source, in short"),
        pytest.param("* and id: i-1", "1", id="star with more"),
    ],
)
def test_a_search_finds(five: Logs, query: str, expected: str | None) -> None:
    if expected is None:
        assert five.refusal(query)[0] == "ParameterInvalid"
        return
    assert five.ids(query) == [LOGS[int(number) - 1]["id"] for number in expected]


def test_tags_are_searched_by_their_name(logs: Logs) -> None:
    logs.put({"id": "1"}, logtags=[("__client_ip__", "192.0.2.1")])
    assert logs.ids("__tag__:__client_ip__:192.0.2.1") == ["1"]
    assert logs.ids("__tag__:__client_ip__: 192.0.2.2") == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        pytest.param("absent: 1", "key (absent) is not config as key value config", id="field without an index"),
        pytest.param("absent > 1", "key (absent) is not config as key value config", id="compared without an index"),
        pytest.param("message > 1", "key (message) is not config as numberic column", id="text compared"),
        pytest.param("message in [1 2]", "is not config as numberic column", id="text in a range"),
        pytest.param("ms: fast", "only numbers", id="word in a number"),
        pytest.param("ms: 1*", "only numbers", id="wildcard in a number"),
        pytest.param("ms > fast", "near < fast >", id="compared with a word"),
        pytest.param("id: a: b", "near < : >", id="two colons"),
        pytest.param("id: (a or b)", "near < ( >", id="parentheses after a colon"),
        pytest.param("(id: a", "near < <EOF> >", id="open parenthesis"),
        pytest.param("id: a)", "near < ) >", id="closing parenthesis"),
        pytest.param("id: a and", "near < <EOF> >", id="and without more"),
        pytest.param("or id: a", "near < or >", id="or without less"),
        pytest.param("id:", "near < <EOF> >", id="no value"),
        pytest.param('id: "a', "unclosed string quote", id="open quote"),
        pytest.param("message: *x", "only support * or ? in the middle or end", id="suffix"),
        pytest.param("__time__: 5", "__time__", id="__time__"),
        pytest.param("sort", "near < sort >", id="a word of the language"),
        pytest.param("select 1", "sql query must follow search query", id="sql alone"),
        pytest.param(" or ".join(["id: a"] * 31), "condition number 31 is more than 30", id="31 conditions"),
    ],
)
def test_a_search_that_cannot_be_is_refused_by_name_even_without_logs(logs: Logs, query: str, says: str) -> None:
    code, message = logs.refusal(query)
    assert code == "ParameterInvalid"
    assert says in message


@pytest.mark.not_emulated
@pytest.mark.parametrize("query", ['message: #"a b"', "* | with x as (select 1) select 1", "* | where ms > 1"])
def test_syntax_that_is_not_emulated_is_refused_loudly(logs: Logs, mocker: MockerFixture, query: str) -> None:
    mocker.patch("aliyun.log.logclient.time.sleep")
    assert logs.refusal(query)[0] == "Fakecloud.NotEmulated"


def test_a_query_needs_an_index_and_finds_only_what_was_written_since(logs: Logs) -> None:
    logs.put({"id": "under an index that is gone"})
    logs.client.delete_index(PROJECT, STORE)
    logs.put({"id": "before"})
    assert logs.refusal("*") == ("IndexConfigNotExist", "Logstore without index config.")
    logs.client.create_index(PROJECT, STORE, Config(INDEX))
    logs.put({"id": "after"})
    assert logs.ids("*") == ["after"]


def test_words_without_a_field_need_the_full_text_index(logs: Logs) -> None:
    logs.client.update_index(PROJECT, STORE, Config({"keys": INDEX["keys"]}))
    assert "full-text index" in logs.refusal("linux")[1]
    logs.client.update_index(PROJECT, STORE, Config({"line": INDEX["line"]}))
    assert "absent" not in logs.refusal("id: 1")[1]
    assert logs.ids("*") == []


def test_time_is_from_inclusive_to_exclusive_and_in_order(logs: Logs) -> None:
    for at in (30, 10, 20):
        logs.put({"id": str(at)}, at=logs.now + at)
    now = logs.now
    assert logs.ids("*") == ["10", "20", "30"]
    assert logs.ids("*", reverse=True) == ["30", "20", "10"]
    assert logs.ids("id: *", reverse=True) == ["30", "20", "10"]
    assert logs.ids("*", start=now + 10, end=now + 30) == ["10", "20"]
    assert logs.ids("*", start=now + 11, end=now + 31) == ["20", "30"]
    assert logs.refusal("*", start=now, end=now)[0] == "InvalidTimeRange"


@pytest.mark.parametrize("query", ["*", "id: *"], ids=["star", "search"])
def test_pages_together_give_everything_once(logs: Logs, query: str) -> None:
    logs.put(*({"id": str(number)} for number in range(250)))
    everything = [str(number) for number in range(250)]
    pages = [logs.ids(query, line=100, offset=offset) for offset in (0, 100, 200, 300)]
    assert [len(page) for page in pages] == [100, 100, 50, 0]
    assert [found for page in pages for found in page] == everything
    assert logs.ids(query, line=-1) == everything
    assert logs.ids(query, line=30, offset=240, reverse=True) == everything[:10][::-1]
    assert logs.ids(query, line=0) == []


def test_a_page_of_everything_costs_only_the_page(logs: Logs) -> None:
    logs.put(*({"id": str(number)} for number in range(500)))
    assert logs.get("*", line=10, offset=480).get_processed_rows() == 10


def test_line_and_offset_have_their_own_errors(cloud: Cloud, logs: Logs) -> None:
    assert logs.refusal("*", offset=-1)[0] == "InvalidOffset"
    assert logs.refusal("*", line=-2)[0] == "InvalidLine"
    assert logs.refusal("* | select 1", offset=5)[0] == "ParameterInvalid"


def test_the_topic_parameter_narrows_the_search(logs: Logs) -> None:
    logs.put({"id": "a"}, topic="one")
    logs.put({"id": "b"}, topic="two")
    assert logs.ids("*", topic="two") == ["b"]
    assert logs.ids("* | select id", topic="one") == ["a"]


@pytest.mark.parametrize("new", [True, False], ids=["POST logs", "GET type=log"])
def test_both_forms_of_get_logs_answer_the_same(five: Logs, new: bool) -> None:
    five.client._get_logs_v2_enabled = new
    found = five.get("message: linux", line=2)
    assert [row["id"] for row in (log.get_contents() for log in found.get_logs())] == ["i-1", "i-2"]
    assert (found.is_completed(), found.get_count(), found.get_has_sql()) == (True, 2, False)
    assert (found.get_where_query(), found.get_header("x-log-progress")) == ("message: linux", "Complete")
    assert found.get_header("x-log-compresstype") == ("lz4" if new else "")
    counted = five.get("id: i-* | select count(*) as n")
    assert (counted.get_has_sql(), counted.get_where_query()) == (True, "id: i-*")
    assert counted.get_agg_query() == "select count(*) as n"
    assert counted.get_logs()[0].get_contents() == {"n": "4"}


def test_histograms_cover_the_time_evenly_and_count_what_the_search_finds(logs: Logs) -> None:
    for at in (0, 10, 59):
        logs.put({"id": str(at)}, at=logs.now + at)
    ask = GetHistogramsRequest(PROJECT, STORE, logs.now, logs.now + 120, query="not id: 10")
    found = logs.client.get_histograms(ask)
    parts = found.get_histograms()
    assert (found.is_completed(), found.get_total_count(), len(parts)) == (True, 2, 60)
    assert [(p.get_from() - logs.now, p.get_to() - logs.now) for p in parts[:2]] == [(0, 2), (2, 4)]
    assert [i for i, part in enumerate(parts) if part.get_count()] == [0, 29]
    with pytest.raises(LogException, match="search statement only"):
        logs.client.get_histograms(GetHistogramsRequest(PROJECT, STORE, 1, 2, query="* | select 1"))


def test_logs_vanish_from_queries_when_their_logstores_ttl_is_over(cloud: Cloud, logs: Logs) -> None:
    logs.put({"id": "1"})
    assert logs.ids("*", end=logs.now + 99 * 86400) == ["1"]
    cloud.clock.advance(31 * 86400)
    assert logs.ids("*", end=logs.now + 99 * 86400) == []


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@given(value=WORDS, sensitive=st.booleans(), delimiters=st.text(" ,-/", max_size=3))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_value_is_found_by_itself_in_quotes_whatever_it_holds(value: str, sensitive: bool, delimiters: str) -> None:
    key = {"type": "text", "token": sorted(set(delimiters)), "caseSensitive": sensitive}
    made = index.parse({"keys": {"field": key}})
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    if value and not made.keys["field"].words(value):
        return  # nothing but delimiters: there is no word to find
    test = match.matcher(search.parse(f'field: "{quoted}"'), made)
    assert test(Log(1, 0, 0, "", "", {}, {"field": value}))

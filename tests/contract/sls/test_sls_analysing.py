"""Analytic statements of the emulated SLS through the real SDK: the answers, and the refusals by name."""

from __future__ import annotations

import pytest
from pytest_mock import MockerFixture

from tests.contract.sls.toolbox import Logs

ROWS = [
    {"id": "a", "message": "one", "ms": "10", "ratio": "0.5"},
    {"id": "b", "message": "two", "ms": "30", "ratio": "1.5"},
    {"id": "a", "message": "three", "ms": "20"},
    {"id": "b", "message": "two", "ms": "none"},
    {"id": "c", "ms": "7"},
]


@pytest.fixture
def five(logs: Logs) -> Logs:
    for number, row in enumerate(ROWS):
        logs.put(row, at=logs.now - 10 + number, topic="t")
    return logs


def table(logs: Logs, select: str, search: str = "*") -> list[tuple[str, ...]]:
    return [tuple(row.values()) for row in logs.rows(f"{search} | {select}")]


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        pytest.param(
            "select count(*), count(1), count(message), count(ms)", [("5", "5", "4", "4")], id="counts skip null"
        ),
        pytest.param("select sum(ms), avg(ms), min(ms), max(ms)", [("67", "16.75", "7", "30")], id="of integers"),
        pytest.param("select sum(ratio), avg(ratio)", [("2.0", "1.0")], id="of doubles"),
        pytest.param(
            "select count(distinct id), approx_distinct(id), count(distinct message)", [("3", "3", "3")], id="distinct"
        ),
        pytest.param("select count_if(id = 'a'), count_if(ms > 10)", [("2", "2")], id="count_if"),
        pytest.param("select approx_percentile(ms, 0.5), approx_percentile(ms, 1.0)", [("10", "30")], id="percentiles"),
        pytest.param("select max_by(id, ms), min_by(id, ms)", [("b", "c")], id="by another column"),
        pytest.param("select max_by(message, __time__), count(message)", [("null", "4")], id="null of the latest row"),
        pytest.param("select sum(ms), count(*) where id = 'z'", [("null", "0")], id="aggregates of nothing"),
        pytest.param(
            "select id, count(*) as n group by id order by n desc, id", [("a", "2"), ("b", "2"), ("c", "1")], id="group"
        ),
        pytest.param(
            "select id as k, sum(ms) s from log group by k order by k limit 2", [("a", "30"), ("b", "30")], id="aliases"
        ),
        pytest.param("select id, count(*) group by 1 order by 2 desc, 1 limit 1", [("a", "2")], id="by number"),
        pytest.param(
            "select id, avg(ms) as m group by id having m > 10 order by m", [("a", "15.0"), ("b", "30.0")], id="having"
        ),
        pytest.param(
            "select id, ms order by ms",
            [("c", "7"), ("a", "10"), ("a", "20"), ("b", "30"), ("b", "null")],
            id="null last",
        ),
        pytest.param("select ms order by ms desc limit 2", [("30",), ("20",)], id="descending"),
        pytest.param("select ms order by ms limit 1, 2", [("10",), ("20",)], id="limit with an offset"),
        pytest.param("select distinct id order by id", [("a",), ("b",), ("c",)], id="distinct rows"),
        pytest.param("select id where message like 't%' and ms is not null", [("b",), ("a",)], id="like"),
        pytest.param("select id where message like '_wo' and ms is null", [("b",)], id="like one"),
        pytest.param(
            "select ms where id in ('a', 'c') and ms between 7 and 10", [("10",), ("7",)], id="in and between"
        ),
        pytest.param("select ms where not (id = 'a' or id = 'b')", [("7",)], id="not"),
        pytest.param("select ms where id not in ('a', 'b')", [("7",)], id="not in"),
        pytest.param("SELECT id WHERE message IS NULL", [("c",)], id="capitals"),
        pytest.param(
            "select 7 / 2, -7 / 2, 7 % 4, 7 / 2.0, 1 + 2 * 3 limit 1", [("3", "-3", "3", "3.5", "7")], id="arithmetic"
        ),
        pytest.param("select 'it''s' || '!', \"id\" where ms = 7", [("it's!", "c")], id="quotes"),
        pytest.param(
            "select if(ms > 9, 'slow', 'fast') as pace, count(*) where ms > 0 group by pace order by pace",
            [("fast", "1"), ("slow", "3")],
            id="if",
        ),
        pytest.param("select case id when 'a' then 1 when 'b' then 2 end where ms = 7", [("null",)], id="case"),
        pytest.param(
            "select case when ms < 10 then 'x' else id end where ms < 11", [("a",), ("x",)], id="searched case"
        ),
        pytest.param(
            "select coalesce(ms, -1), nullif(id, 'b') where message = 'two'",
            [("30", "null"), ("-1", "null")],
            id="coalesce",
        ),
        pytest.param(
            "select upper(id), length(message), substr(message, 2, 2) where ms = 20", [("A", "5", "hr")], id="text"
        ),
        pytest.param(
            "select split_part('x/y', '/', 2), round(2.5), round(1.25, 1), cast('12' as bigint) + 1 limit 1",
            [("y", "3.0", "1.3", "13")],
            id="casts",
        ),
        pytest.param(
            "select from_unixtime(0), from_unixtime(0, 'UTC') limit 1",
            [("1970-01-01 08:00:00.000", "1970-01-01 00:00:00.000 UTC")],
            id="times",
        ),
        pytest.param(
            "select date_format(from_unixtime(86461, 'UTC'), '%Y-%m-%d %H:%i:%s') limit 1",
            [("1970-01-02 00:01:01",)],
            id="date_format",
        ),
        pytest.param(
            "select date_trunc('day', from_unixtime(90061, 'UTC')), date_trunc('hour', 90061) limit 1",
            [("1970-01-02 00:00:00.000 UTC", "1970-01-02 09:00:00.000")],
            id="date_trunc",
        ),
        pytest.param(
            "select strict, __topic__, __source__ as s where ms = 7",
            [("null", "t", "source-1")],
            id="alias of the index; reserved",
        ),
        pytest.param("select max(ms) - min(ms) as span", [("23",)], id="arithmetic of aggregates"),
        pytest.param(
            "select id || 'x' as y, count(*) group by id || 'x' order by y limit 1",
            [("ax", "2")],
            id="group by an expression",
        ),
        pytest.param("select 1e limit 1", None, id="a broken number"),
    ],
)
def test_a_select_answers(five: Logs, select: str, expected: list[tuple[str, ...]] | None) -> None:
    if expected is None:
        assert five.refusal(f"* | {select}")[0] == "ParameterInvalid"
        return
    assert table(five, select) == expected


def test_the_select_sees_only_what_the_search_found(five: Logs) -> None:
    assert table(five, "select count(*)", "id: a") == [("2",)]
    assert table(five, "select count(*)", 'id: "x|y" or id: a') == [("2",)]


def test_star_gives_every_analysed_field(five: Logs) -> None:
    row = five.rows("ms: 7 | select *")[0]
    assert row == {"__topic__": "t", "id": "c", "message": "null", "Exact": "null", "ms": "7", "ratio": "null"}


def test_columns_without_a_name_are_numbered(five: Logs) -> None:
    assert five.rows("* | select id, count(*), sum(ms) group by id order by id limit 1") == [
        {"id": "a", "_col1": "2", "_col2": "30"}
    ]


def test_without_limit_100_rows_come_and_the_answer_says_so(logs: Logs) -> None:
    logs.put(*({"id": str(number), "ms": str(number)} for number in range(150)))
    found = logs.get("* | select id")
    assert (found.get_count(), found.get_meta()._limited) == (100, 100)
    assert logs.get("* | select id limit 150").get_count() == 150
    assert logs.ids("* | select id order by ms desc limit 148, 10") == ["1", "0"]


def test_sql_sees_the_first_2048_bytes_of_a_value(logs: Logs) -> None:
    logs.put({"id": "字" * 1000})
    assert table(logs, "select length(id)") == [("682",)]
    assert logs.ids("*") == ["字" * 1000]


@pytest.mark.parametrize(
    ("select", "says"),
    [
        pytest.param(
            "select absent",
            "Column 'absent' cannot be resolved;please add the column in the index attribute",
            id="no index",
        ),
        pytest.param("select unanalysed", "Column 'unanalysed' cannot be resolved", id="no doc_value"),
        pytest.param(
            'select count(*) where id = "a"',
            "if a is a string ,not a key field, please use 'a'",
            id="double quotes for text",
        ),
        pytest.param("select id, count(*)", "Column 'id' not in GROUP BY clause", id="not grouped"),
        pytest.param("select id where ms = '7'", "'=' cannot be applied to bigint, varchar", id="number and text"),
        pytest.param("select sum(id)", "Unexpected parameters (varchar) for function sum", id="sum of text"),
        pytest.param(
            "select id where ms like '1%'",
            "Left side of LIKE expression must evaluate to a varchar (actual: bigint)",
            id="like on a number",
        ),
        pytest.param(
            "select id where count(*) > 1", "WHERE BY clause cannot contain aggregations", id="aggregate in where"
        ),
        pytest.param(
            "select count(*) as n group by n", "GROUP BY clause cannot contain aggregations", id="aggregate in group by"
        ),
        pytest.param("select id where id", "must evaluate to a boolean", id="where without a test"),
        pytest.param("select id limit x", "mismatched input 'x'", id="limit"),
        pytest.param("select id ms x", "mismatched input 'x'", id="a word too many"),
        pytest.param("select id where ms > 1 or", "mismatched input '<EOF>'", id="ends early"),
        pytest.param("select id order by 3", "no position of a column", id="position"),
        pytest.param("select id where ms > 1 in", "mismatched input", id="in without a list"),
        pytest.param("select date_trunc('eon', 1) limit 1", "'eon' is not a valid", id="unit"),
        pytest.param("select 1 / 0 limit 1", "Division by zero", id="division by zero"),
        pytest.param("select cast(id as bigint)", "Cannot cast 'a' to BIGINT", id="cast"),
        pytest.param("select from_unixtime(1, 'Mars')", "not a valid time zone", id="zone"),
        pytest.param("select id limit 1000001", "max 1000000", id="limit too high"),
        pytest.param("select ! id", "cannot read '!'", id="a character"),
    ],
)
def test_a_select_that_cannot_be_is_refused_by_name(five: Logs, select: str, says: str) -> None:
    code, message = five.refusal(f"* | {select}")
    assert (code, says in message) == ("ParameterInvalid", True), message


@pytest.mark.not_emulated
@pytest.mark.parametrize(
    ("select", "names"),
    [
        pytest.param("select url_decode(id)", "url_decode()", id="function"),
        pytest.param("select id union select id", "union", id="union"),
        pytest.param("select id from (select id from log)", "a subquery", id="subquery in from"),
        pytest.param("select id from other_store", "other_store", id="another logstore"),
        pytest.param("select id where ms in (select ms)", "a subquery", id="subquery"),
        pytest.param("select sum(ms) over ()", "over", id="window"),
        pytest.param("select date_format(from_unixtime(0), '%Q') limit 1", "%Q", id="date format"),
        pytest.param("set session parallel_sql=true; select 1", "'set'", id="set session"),
    ],
)
def test_sql_that_is_not_emulated_is_refused_loudly(five: Logs, mocker: MockerFixture, select: str, names: str) -> None:
    mocker.patch("aliyun.log.logclient.time.sleep")
    code, message = five.refusal(f"* | {select}")
    assert code == "Fakecloud.NotEmulated"
    assert names in message

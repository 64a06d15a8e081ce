"""docs/saved-queries.yaml and shared/sls_index.json: every query gives the right answer over generated records."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from aliyun.log import IndexConfig

from shared.model.record import Record, RunRecord
from tests.contract.sls.toolbox import PROJECT, STORE, Logs

ROOT = Path(__file__).parents[3]
INDEX: dict[str, Any] = json.loads((ROOT / "shared/sls_index.json").read_text())
QUERIES: list[dict[str, str]] = yaml.safe_load((ROOT / "docs/saved-queries.yaml").read_text())
DAY = 86_400
LONG = {"attempt", "seen", "link", "reads", "writes"}  # and every *_ms


def event(
    at: int, instance: str, outcome: str, function: str = "tags_changed", **given: str
) -> tuple[int, dict[str, str]]:
    """A record as rolekeeper sends it, without its empty fields; `at`: seconds after the start."""
    usual = {"reason": "missing", "action": "none", "region": "cn-hangzhou", "attempt": "1", "duration_ms": "40"}
    return at, Record(instance_id=instance, outcome=outcome, function=function, **{**usual, **given}).fields()


def run(at: int, request_id: str, state: str, seen: str, counts: str, **given: str) -> tuple[int, dict[str, str]]:
    """The record of a whole reconcile run."""
    return at, RunRecord(
        run=state,
        run_id=f"of-{request_id}",
        link="0",
        reads="30",
        writes="2",
        seen=seen,
        counts=counts,
        function="reconcile",
        request_id=request_id,
        duration_ms="5000",
        **given,
    ).fields()


RECORDS = [
    event(0, "i-1", "attached", "instance_created", action="attach", rule="web tier", role="web", role_after="web",
          request_id="r-1", event_age_ms="900", actor="alice", cloud_request_ids="C1 C2"),
    event(10, "i-2", "attached", "instance_created", action="attach", rule="web tier", role="web", role_after="web",
          request_id="r-2", event_age_ms="1100", actor="ci:session"),
    event(20, "i-1", "swapped", action="swap", rule="by tag", role="db", role_before="web", role_after="db",
          request_id="r-3", event_age_ms="400", actor="bob", gap_ms="210"),
    event(30, "i-3", "detached", action="detach", role_before="web", request_id="r-4", event_age_ms="300", actor="bob",
          reason="no-longer-mapped"),
    event(40, "i-4", "failed", error_code="InvalidRamRole.NotFound", error_message="The specified role: gone", role="db",
          request_id="r-5", event_age_ms="200", actor="bob"),
    event(50, "i-5", "failed", error_code="InvalidRamRole.NotFound", error_message="latest text", request_id="r-6"),
    event(55, "i-5", "failed", error_code="Forbidden.RAM", error_message="no", request_id="r-6"),
    event(60, "i-6", "retrying", error_code="Throttling.User", attempt="1", request_id="r-7"),
    event(70, "i-6", "retrying", error_code="Throttling.User", attempt="10", request_id="r-7"),
    event(80, "i-7", "skipped", reason="foreign-role", role_before="handmade", rule="web tier", role="web"),
    event(90, "i-8", "unchanged", reason="foreign-role", role_before="handmade"),
    event(95, "i-8", "unchanged", reason="foreign-role", role_before="other"),
    event(100, "i-9", "refused", reason="role-not-listed", rule="by tag", role="admin"),
    event(105, "i-10", "refused", reason="brake", rule="web tier", role="web", run_id="of-run-1"),
    event(110, "i-gone", "skipped", "instance_created", reason="gone", event_age_ms="130000"),
    event(120, "i-gone", "skipped", reason="gone"),
    event(DAY, "i-1", "attached", "reconcile", role="web", role_after="web", rule="web tier", request_id="run-1"),
    event(DAY + 1, "i-2", "failed", "reconcile", request_id="run-1", error_code="Forbidden.RAM", error_message="no"),
    event(2 * DAY, "i-1", "swapped", "reconcile", role_before="web", role_after="db", rule="by tag", request_id="run-2"),
    event(2 * DAY + 5, "i-3", "detached", "reconcile", role_before="db", request_id="run-2"),
    event(2 * DAY + 6, "i-3", "planned", "reconcile", request_id="run-2", mode="audit"),
    run(DAY + 60, "run-1", "incomplete", "2", '{"attached/missing": 1, "failed/missing": 1}', error_code="Forbidden.RAM"),
    run(2 * DAY + 60, "run-2", "complete", "900", '{"unchanged/in-sync": 897}'),
]  # fmt: skip


@pytest.fixture
def records(sls: Any) -> Logs:
    """The records, the first of them at midnight UTC three days ago."""
    sls.create_project(PROJECT, "d")
    sls.create_logstore(PROJECT, STORE, ttl=30)
    made = IndexConfig()
    made.from_json(INDEX)  # as the operator's command makes it
    sls.create_index(PROJECT, STORE, made)
    logs = Logs(sls)
    logs.now = logs.now // DAY * DAY - 3 * DAY
    for at, fields in RECORDS:
        logs.put(fields, at=logs.now + at, topic="rolekeeper")
    return logs


NO = "null"  # a field that its record does not have
EXPECTED: dict[str, list[list[str]]] = {
    "one-instance": [
        ["day 2 00:00:00", "swapped", "missing", "none", "web", "db", "by tag", NO, NO, "run-2"],
        ["day 1 00:00:00", "attached", "missing", "none", NO, "web", "web tier", NO, NO, "run-1"],
        ["day 0 00:00:20", "swapped", "missing", "swap", "web", "db", "by tag", "bob", NO, "r-3"],
        ["day 0 00:00:00", "attached", "missing", "attach", NO, "web", "web tier", "alice", NO, "r-1"],
    ],
    "failures-by-error-code": [
        ["Forbidden.RAM", "2", "2", "no"], ["InvalidRamRole.NotFound", "2", "2", "latest text"],
    ],
    "retrying": [["Throttling.User", "2", "10", "1"]],
    "foreign-roles": [["handmade", "2", "i-8"], ["other", "1", "i-8"]],
    "refused": [["by tag", "role-not-listed", "admin", "1", "1"], ["web tier", "brake", "web", "1", "1"]],
    "runs-that-did-not-complete": [["day 1 00:01:00", "of-run-1", NO, "2", "Forbidden.RAM", NO]],
    "refused-by-the-brake": [["of-run-1", "1", "day 0 00:01:45"]],
    "what-runs-cost": [["day 2", "1", "30", "2"], ["day 1", "1", "30", "2"]],
    "who-changed-tags": [["bob", "2", "2", "i-3"]],
    "seconds-from-event-to-role": [
        ["instance_created", "2", "900", "1100", "1000.0", "1100"], ["tags_changed", "1", "400", "400", "400.0", "400"],
    ],
    "roles-given-by-rule": [["web tier", "web", "3", "2"], ["by tag", "db", "2", "1"]],
    "swaps": [
        ["day 2 00:00:00", "i-1", "web", "db", NO, "by tag", NO, "reconcile"],
        ["day 0 00:00:20", "i-1", "web", "db", "210", "by tag", "bob", "tags_changed"],
    ],
    "one-invocation": [["day 0 00:00:00", "instance_created", "i-1", "attached", "missing", "web", NO, "40", "C1 C2"]],
    "last-reconcile-run": [
        ["day 2 00:01:00", "complete", "900", '{"unchanged/in-sync": 897}', "5000", NO, "run-2"],
        ["day 1 00:01:00", "incomplete", "2", '{"attached/missing": 1, "failed/missing": 1}', "5000", "Forbidden.RAM", "run-1"],
    ],
    "drift-per-day": [["day 2", "2", "2"], ["day 1", "1", "1"]],
    "gone-instances": [["instance_created", "1", "1"], ["tags_changed", "1", "1"]],
    "changed-most-often": [
        ["i-1", "4", NO, "web", "db"], ["i-3", "2", NO, "db", NO], ["i-2", "1", "ci:session", NO, "web"],
    ],
    "who-holds-a-role": [
        ["i-1", "db", "swapped", "day 2 00:00:00"], ["i-2", "web", "attached", "day 0 00:00:10"],
        ["i-3", NO, "detached", "day 0 00:00:30"],
    ],
}  # fmt: skip


def day_numbers(text: str, logs: Logs) -> str:
    """A date of the answer as a day of the records, so that the table above holds on any day."""
    for number in range(3):
        day = datetime.datetime.fromtimestamp(logs.now + number * DAY, datetime.timezone.utc).strftime("%Y-%m-%d")
        if text.startswith(day):
            return text.replace(day, f"day {number}").removesuffix(".000 UTC")
    return text


@pytest.mark.parametrize("saved", [pytest.param(query, id=query["name"]) for query in QUERIES])
def test_a_saved_query_gives_the_right_answer(records: Logs, saved: dict[str, str]) -> None:
    query = saved["query"]
    for word, value in (("INSTANCE_ID", "i-1"), ("REQUEST_ID", "r-1"), ("ROLE", "web")):
        query = query.replace(f'"{word}"', f'"{value}"')
    found = records.rows(query, start=records.now, end=records.now + 3 * DAY)
    assert [[day_numbers(value, records) for value in row.values()] for row in found] == EXPECTED[saved["name"]]


def test_every_saved_query_says_what_it_is_for_and_has_its_own_name() -> None:
    names = [query["name"] for query in QUERIES]
    assert len(set(names)) == len(names) == len(EXPECTED)
    for query in QUERIES:
        assert set(query) == {"name", "purpose", "purpose_zh", "query"}
        assert re.search(r"[一-鿿]", query["purpose_zh"])
        assert query["purpose"].isascii()


def test_a_saved_query_can_be_kept_in_the_cloud(records: Logs) -> None:
    for saved in QUERIES:
        records.client.create_savedsearch(
            PROJECT, {"savedsearchName": saved["name"], "searchQuery": saved["query"], "logstore": STORE}
        )
    kept = records.client.get_savedsearch(PROJECT, "swaps").get_entity()
    assert kept["searchQuery"] == next(q["query"] for q in QUERIES if q["name"] == "swaps")


def test_the_index_covers_every_field_of_a_record_and_numbers_are_numbers() -> None:
    fields = {*Record.__struct_fields__, *RunRecord.__struct_fields__}
    assert set(INDEX["keys"]) == fields
    numeric = {name for name, key in INDEX["keys"].items() if key["type"] == "long"}
    assert numeric == {name for name in fields if name.endswith("_ms")} | LONG
    assert all(key["doc_value"] for key in INDEX["keys"].values())


@pytest.mark.parametrize(
    ("query", "count"),
    [
        pytest.param("i-gone", 2, id="an instance id without a field"),
        pytest.param("error_message: role", 1, id="a word of a message"),
        pytest.param("cloud_request_ids: C2", 1, id="one of several request ids"),
        pytest.param('actor: "ci:session"', 1, id="an actor with a colon"),
        pytest.param('rule: "web tier"', 5, id="a rule with a space"),
        pytest.param("instance_id: i", 0, id="ids are whole"),
        pytest.param("error_code: InvalidRamRole.*", 2, id="prefix of a code"),
    ],
)
def test_what_an_operator_types_by_hand_is_found(records: Logs, query: str, count: int) -> None:
    assert len(records.rows(query, start=records.now, end=records.now + 3 * DAY)) == count

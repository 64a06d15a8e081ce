"""Where the records go: to SLS, and to stdout where SLS does not take them; and the intent before each write."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from fakecloud.identity import ACCOUNT
from shared.gateways.clients import Credentials
from shared.gateways.sls import GIVE_UP, SlsGateway
from shared.model.record import Record, RunRecord
from shared.settings import Settings
from tests.functional.handlers.world import LOGSTORE, PROJECT, REGION, Run, World, both_shapes, created, tagged, timer

FAULTS = ["throttle", "5xx", "html", "timeout", "reset", "error"]
PUT = "PutLogs"


def on_stdout(run: Run) -> list[dict[str, Any]]:
    return [line["record"] for line in run.lines if "record" in line]


@pytest.mark.parametrize("kind", FAULTS)
def test_where_sls_is_down_the_records_stand_on_stdout_and_nothing_else_changes(world: World, kind: Any) -> None:
    up, down = world.instances(2, "web"), world.instances(2, "web")
    good = world.run("instance_created", created([i.instance_id for i in up]))
    how = {"code": "Unauthorized", "status": 401} if kind == "error" else {}
    world.cloud.faults.add(kind, service="sls", count=None, **how)
    bad = world.run("instance_created", created([i.instance_id for i in down]))
    assert bad.error is None
    assert {i.role for i in down} == {"web"}
    assert Counter(bad.calls)[PUT] == (2 if kind in ("reset", "timeout") else 1), (
        "a connection may be an earlier invocation's"
    )
    assert (good.result["records_in_sls"], bad.result["records_in_sls"]) == (True, False)
    assert bad.result["outcomes"] == good.result["outcomes"]
    assert [r["instance_id"] for r in on_stdout(bad)] == [i.instance_id for i in down]
    assert set(on_stdout(bad)[0]) == set(world.records()[0])
    assert on_stdout(good) == []
    (why,) = [line for line in bad.lines if "records_not_in_sls" in line]
    assert (why["records_not_in_sls"], bool(why["why"])) == (2, True)


@pytest.mark.parametrize("lost", [False, True], ids=["nothing carried out", "carried out"])
def test_an_empty_200_that_is_not_of_sls_is_not_taken_for_its_yes(world: World, lost: bool) -> None:
    """SLS's own answer to PutLogs is an empty 200 as well; its header x-log-requestid tells it from a proxy's."""
    instance = world.instance("web")
    world.cloud.faults.add("empty", service="sls", lost_answer=lost)
    run = world.run("instance_created", created([instance.instance_id]))
    assert run.error is None
    assert not run.result["records_in_sls"]
    assert [r["instance_id"] for r in on_stdout(run)] == [instance.instance_id]
    assert len(world.records()) == lost


def test_without_a_project_the_records_stand_on_stdout_and_sls_is_not_asked(world: World) -> None:
    instance = world.instance("web")
    world.env.delenv("ROLEKEEPER_SLS_PROJECT")
    run = world.run("instance_created", created([instance.instance_id]))
    assert run.error is None
    assert PUT not in run.calls
    assert [set(line) for line in run.lines] == [{"intent", "region", "role", "instance_ids", "request_id"}, {"record"}]
    assert on_stdout(run)[0]["outcome"] == "attached"


@pytest.mark.parametrize("missing", ["project", "logstore"])
def test_a_missing_project_or_logstore_is_told_and_changes_nothing_else(world: World, missing: str) -> None:
    instance = world.instance("web")
    world.env.setenv("ROLEKEEPER_SLS_" + missing.upper(), "nowhere")
    world.allow(**{missing: "nowhere"})
    run = world.run("instance_created", created([instance.instance_id]))
    assert run.error is None
    assert Counter(run.calls)[PUT] == 1
    (why,) = [line for line in run.lines if "records_not_in_sls" in line]
    assert why["code"] == {"project": "ProjectNotExist", "logstore": "LogStoreNotExist"}[missing]
    assert on_stdout(run)[0]["instance_id"] == instance.instance_id


@both_shapes
def test_a_retrying_record_stands_on_stdout_too_before_the_error_is_raised(world: World) -> None:
    instance = world.instance("web")
    world.cloud.faults.add("throttle", action="AttachInstanceRamRole")
    world.cloud.faults.add("reset", service="sls", count=None)
    run = world.run("instance_created", created([instance.instance_id]))
    assert run.error is not None
    assert on_stdout(run)[0]["outcome"] == "retrying"


def gateway(world: World, **settings: Any) -> SlsGateway:
    given = Settings(region=REGION, account_id=ACCOUNT, sls_project=PROJECT, sls_logstore=LOGSTORE, **settings)
    id, secret, token = world.keys.access_key_id, world.keys.secret, world.keys.token
    return SlsGateway(given, Credentials(access_key_id=id, access_key_secret=secret, security_token=token))


class TestSending:
    def test_more_logs_than_a_call_takes_are_split(self, world: World) -> None:
        assert gateway(world).send([{"n": str(n)} for n in range(8_001)])
        assert [c.params["logs"] for c in world.cloud.calls] == ["4000", "4000", "1"]
        assert [r["n"] for r in world.records()] == [str(n) for n in range(8_001)]

    def test_more_bytes_than_a_call_takes_are_split(self, world: World) -> None:
        assert gateway(world).send([{"text": "ä" * 15_000} for _ in range(200)])
        assert len(world.records()) == 200
        assert 3 <= len(world.cloud.calls) <= 5

    @pytest.mark.parametrize("text", ["x" * 3_000_000, "\u5b57" * 900_000], ids=["ascii", "three bytes a character"])
    def test_a_value_too_long_for_sls_is_cut_and_costs_the_others_nothing(self, world: World, text: str) -> None:
        assert gateway(world).send([{"n": "1"}, {"n": "2", "error_message": text}, {"n": "3"}])
        assert [r["n"] for r in world.records()] == ["1", "2", "3"]
        assert world.records()[1]["error_message"].endswith(" (cut)")

    def test_a_record_with_every_field_at_its_longest_is_still_taken(self, world: World) -> None:
        longest = dict.fromkeys(Record.__struct_fields__, "x" * 3_000_000)
        assert gateway(world).send([longest, longest])
        assert len(world.records()) == 2

    def test_text_that_is_no_unicode_is_sent_all_the_same(self, world: World) -> None:
        assert gateway(world).send([{"rule": "lone \ud800 surrogate", "role": "\u0000\u202e名"}])
        assert world.records()[0]["rule"] == "lone ? surrogate"

    def test_sls_that_does_not_answer_is_left_alone_after_a_few_calls(self, world: World) -> None:
        world.cloud.faults.add("timeout", service="sls", count=None)
        sls = gateway(world)
        assert not any(sls.send([{"n": str(n)}]) for n in range(10))
        assert len(world.cloud.calls) == GIVE_UP
        lines = [json.loads(line) for line in world.capsys.readouterr().out.splitlines()]
        assert [line["record"]["n"] for line in lines if "record" in line] == [str(n) for n in range(10)]

    def test_sls_that_stumbles_gets_the_later_records(self, world: World) -> None:
        world.cloud.faults.add("5xx", service="sls", count=2)
        world.cloud.faults.add("5xx", service="sls", after=1, count=2)
        sls = gateway(world)
        assert [sls.send([{"n": str(n)}]) for n in range(7)] == [False, False, True, False, False, True, True]

    def test_an_old_event_can_be_recorded(self, world: World) -> None:
        """SLS refuses log times of over a week ago: the log's time is now, the event's is a field."""
        instance = world.instance("web")
        world.run("instance_created", created([instance.instance_id], age=30 * 86_400))
        assert int(world.record(instance.instance_id)["event_age_ms"]) >= 30 * 86_400_000


def test_the_intent_is_on_stdout_before_the_call_is_carried_out(world: World) -> None:
    held = world.instance("web", role="worker")
    bare = world.instances(2, "batch")
    seen: list[list[dict[str, Any]]] = []

    def look() -> None:
        out = world.capsys.readouterr().out
        seen.append([json.loads(line) for line in out.splitlines()])

    world.before("", look, times=99)
    world.run("tags_changed", tagged([i.instance_id for i in (held, *bare)]))
    told = [(i["intent"], i["region"], i["role"], i["instance_ids"], i["request_id"]) for (i,) in seen]
    request = "1-65dd9ece-123e1745"
    assert told == [
        ("AttachInstanceRamRole", REGION, "batch", [i.instance_id for i in bare], request),
        ("DetachInstanceRamRole", REGION, "worker", [held.instance_id], request),
        ("AttachInstanceRamRole", REGION, "web", [held.instance_id], request),
    ]


class _BrokenOff(BaseException):
    """Passes through whatever catches errors."""


def test_what_was_done_is_recorded_even_if_the_process_breaks_off_inside(world: World) -> None:
    first, second = world.instance("batch"), world.instance("web")

    def break_off() -> None:
        raise _BrokenOff

    world.cloud.between.before(2, break_off, action="AttachInstanceRamRole")
    with pytest.raises(_BrokenOff):
        world.run("tags_changed", tagged([first.instance_id, second.instance_id]))
    assert [r["instance_id"] for r in world.records()] == [first.instance_id]
    assert (first.role, second.role) == ("batch", "")


def test_all_values_of_all_records_are_texts(world: World) -> None:
    world.instances(3, "web", role="worker")
    world.run("reconcile", timer())
    world.env.delenv("ROLEKEEPER_SLS_PROJECT")
    world.instances(3, "web", role="worker")
    records = [*world.records(), *on_stdout(world.run("reconcile", timer()))]
    assert len(records) == 8
    known = set(Record.__struct_fields__) | set(RunRecord.__struct_fields__)
    for record in records:
        assert set(record) <= known
        assert all(type(value) is str and value for value in record.values())

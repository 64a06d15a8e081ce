"""What was left for another invocation, where there will be none: each instance still has its record."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

from shared.engine.observe import Observations
from shared.engine.run_region import RegionRun
from shared.errors import PermanentError
from shared.model.progress import Progress
from shared.model.record import Record, RecordContext
from shared.model.trigger import RemediationRequest, Trigger
from tests.unit.engine.runs import PLANNER, Told, left, page, ran


def test_whatever_was_left_is_recorded_with_the_reason() -> None:
    pages = [page("detach", "attach"), Observations(began=0.0, deferred=["i-2"], waiting=["i-3"])]
    _, end = ran(pages, Told({"i-1": "time"}), start=Progress(instance_ids=("i-3",), held=1))
    assert sorted(left(end)) == ["i-0", "i-1", "i-2", "i-3"]
    context: Any = SimpleNamespace(planner=lambda trigger: PLANNER)
    reading: Any = SimpleNamespace(ecs=SimpleNamespace(region="cn-hangzhou"), rate=None)
    trigger = Trigger(kind="remediate", source="manual", request=RemediationRequest(everything=True))
    records = list[Record]()
    error = PermanentError("InvokeFunction", "NoProgress", "not invoked again")
    RegionRun(context, trigger, reading).abandoned(end, error, RecordContext(), records.append)
    assert Counter(record.instance_id for record in records) == Counter(left(end))
    assert {(record.outcome, record.error_code) for record in records} == {("failed", "NoProgress")}
    assert {record.instance_id: record.role_after for record in records if record.action != "none"} == {
        "i-0": "web",
        "i-1": "",
    }

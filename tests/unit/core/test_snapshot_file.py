"""Snapshots and plans as files: what was written is read again, and anything else is one clear error."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigError, PermanentError
from shared.model import plan_file, snapshot
from shared.model.instance import Instance
from shared.model.plan_file import Approved, PlanFile

AT = datetime(2026, 12, 1, 8, 0, tzinfo=timezone.utc)
HEADER = snapshot.Header(rolekeeper_snapshot=1, account_id="1234567890123456", region="cn-hangzhou", made_at=AT)
TWO = [
    Instance(instance_id="i-1", region="cn-hangzhou", name="web-1", tags={"app": "web"}, role="web", created_at=AT),
    Instance(instance_id="i-2", region="cn-hangzhou", network="classic"),
]
LINES = [*snapshot.written(HEADER, TWO)]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def read(lines: list[bytes]) -> list[Instance]:
    return [*snapshot.Snapshot(lines, "fleet.json").instances()]


@given(
    st.lists(
        st.builds(
            Instance,
            instance_id=texts.filter(bool),
            region=st.just("cn-hangzhou"),
            zone=texts,
            name=texts,
            vpc=texts,
            image=texts,
            tags=st.dictionaries(texts, texts, max_size=3),
            role=texts,
            created_at=st.none() | st.just(AT - timedelta(days=3)),
        ),
        max_size=4,
    )
)
def test_a_snapshot_is_read_as_it_was_written(fleet: list[Instance]) -> None:
    found = snapshot.Snapshot(snapshot.written(HEADER, fleet), "fleet.json")
    assert (found.header, [*found.instances()]) == (HEADER, fleet)


def test_what_could_not_be_read_stays_so() -> None:
    unread = Instance(instance_id="i-1", region="cn-hangzhou", unread=PermanentError("DescribeInstances", "Odd", "odd"))
    (found,) = read([*snapshot.written(HEADER, [unread])])
    assert "odd" in str(found.unread)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        pytest.param([], "fleet.json:1: no snapshot", id="an empty file"),
        pytest.param([b"a: b\n"], "fleet.json:1: no snapshot", id="no JSON"),
        pytest.param([b"[]\n"], "fleet.json:1: no snapshot", id="another JSON"),
        pytest.param(
            [LINES[0].replace(b":1,", b":2,")],
            "fleet.json:1: version 2; this rolekeeper reads version 1",
            id="another version",
        ),
        pytest.param([LINES[0].replace(b"region", b"regoin")], "fleet.json:1:", id="a field misspelt"),
        pytest.param(
            LINES[:-1],
            "fleet.json:3: the file ends here, and its last line is missing: it was cut short",
            id="cut after a line",
        ),
        pytest.param([*LINES[:2], LINES[2][:9]], "fleet.json:3: no JSON", id="cut in a line"),
        pytest.param([*LINES[:2], LINES[3]], "it says 2 instances, and there are 1", id="a line less"),
        pytest.param([*LINES, LINES[1]], "fleet.json:5: there is more", id="more after the end"),
        pytest.param(
            [LINES[0], b'{"instance_id": "i-1", "tags": [1]}\n'], "fleet.json:2:", id="a value of another kind"
        ),
        pytest.param([LINES[0], b'{"instance_id": "i-1", "rolle": "web"}\n'], "fleet.json:2:", id="an unknown field"),
        pytest.param([b'{"rolekeeper_snapshot": ' + b"[" * 100_000], "fleet.json:1: no snapshot", id="nested deeply"),
        pytest.param([b"\xef\xbb\xbf" + LINES[0]], "fleet.json:1: JSON is malformed", id="a byte order mark"),
        pytest.param([LINES[0][:-2] + b', "a": NaN}'], "fleet.json:1:", id="no number"),
        pytest.param(
            [LINES[0].replace(b"cn-hangzhou", b"\\ud800")], "fleet.json:1: JSON is malformed", id="half a pair"
        ),
        pytest.param([LINES[0], b'{"instance_id": "\xff"}\n'], "fleet.json:2: no JSON", id="no UTF-8"),
        pytest.param([*LINES[:3], LINES[3][:-2]], "fleet.json:4:", id="cut in the last line"),
    ],
)
def test_what_is_no_snapshot_is_one_clear_error(lines: list[bytes], says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(lines)
    assert says in str(raised.value)


LINE = Approved(
    instance_id="i-1", action="swap", rule="by app", role="web", role_before="old", role_after="web", facts="0" * 16
)
PLAN = PlanFile(
    account_id="1234567890123456", region="cn-hangzhou", mapping_hash="0123456789ab", made_at=AT, changes=(LINE,)
)
TEXT = plan_file.written(PLAN)


@pytest.mark.parametrize(
    "changes", [(), (LINE,), (LINE, Approved(instance_id="i-2", action="detach", role_before='\u0000"', facts=""))]
)
def test_a_plan_is_read_as_it_was_written(changes: tuple[Approved, ...]) -> None:
    plan = PlanFile(
        account_id="1", region="r", mapping_hash="h", made_at=AT, asked={"tags": {"a": "b"}}, changes=changes
    )
    assert plan_file.read(plan_file.written(plan), "plan.json") == plan


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "no whole JSON", id="an empty file"),
        pytest.param(TEXT[:-20], "it may have been cut short", id="cut short"),
        pytest.param('{"rolekeeper_snapshot":1}\n{}', "is a snapshot, no plan: make one of it with", id="a snapshot"),
        pytest.param("{}", "no plan of rolekeeper's", id="another JSON"),
        pytest.param("[]", "no plan of rolekeeper's", id="a list"),
        pytest.param(
            TEXT.replace('"rolekeeper_plan": 1', '"rolekeeper_plan": 7'),
            "a plan of version 7; this rolekeeper applies version 1",
            id="another version",
        ),
        pytest.param(
            TEXT.replace('"role_before": "old"', '"role_before": "older"'),
            "it was changed after it was made",
            id="edited",
        ),
        pytest.param(
            json.dumps({k: v for k, v in json.loads(TEXT).items() if k != "hash"}),
            "it was changed after it was made",
            id="without its hash",
        ),
        pytest.param(TEXT.replace('"swap"', '"swop"'), "Invalid enum value 'swop'", id="an unknown action"),
        pytest.param(
            plan_file.written(PlanFile(account_id="1", region="r", mapping_hash="h", made_at=AT, changes=(LINE, LINE))),
            "an instance stands in it twice",
            id="twice",
        ),
        pytest.param("[" * 100_000, "no whole JSON", id="nested deeply"),
        pytest.param(TEXT.replace(f"{AT:%Y-%m-%d}", r"\ud800"), "plan.json: ", id="half a pair"),
    ],
)
def test_what_is_no_plan_is_one_clear_error(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        plan_file.read(text, "plan.json")
    assert str(raised.value).startswith("plan.json: ")
    assert says in str(raised.value)
    assert "rolekeeper plan" in str(raised.value)

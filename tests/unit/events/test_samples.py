"""Every file under events/ means what this table says: read from the files that operators and the demo send."""

from __future__ import annotations

import json
from datetime import datetime
from typing import get_args

import pytest

from shared.events import read
from shared.events.own import handed_over
from shared.model.ignored import Ignored, IgnoredReason
from shared.model.trigger import FUNCTION_OF, EventKind, Trigger
from tests.unit.events.builders import ACCOUNT, SAMPLES, A, B, C

CALLED_AT = "2026-11-23T08:00:00Z"
SEEN_AT = "2026-11-23T08:00:00.123Z"

# file: kind, instances, what happened, by whom, the end of the event id, when
TRIGGERS: dict[str, tuple[EventKind, tuple[str, ...], str, str, str, str]] = {
    "instance_created/state-created": ("created", (A,), "Created", "", "001", SEEN_AT),
    "instance_created/state-pending": ("created", (A,), "Pending", "", "002", SEEN_AT),
    "instance_created/state-running": ("created", (A,), "Running", "", "003", SEEN_AT),
    "instance_created/run-instances-api": (
        "created",
        (A, B),
        "RunInstances",
        "terraform-deployer:ci-1042",
        "004",
        CALLED_AT,
    ),
    "instance_created/run-instances-console": ("created", (A,), "RunInstances", "root", "005", CALLED_AT),
    "instance_created/run-instances-string": ("created", (A, B, C), "RunInstances", "alice", "006", CALLED_AT),
    "instance_created/create-instance": ("created", (A,), "CreateInstance", "alice", "007", CALLED_AT),
    "tags_changed/ecs-tag-resources": ("changed", (A, B), "TagResources", "alice", "020", CALLED_AT),
    "tags_changed/ecs-tag-resources-console": ("changed", (A, B), "TagResources", "root", "021", CALLED_AT),
    "tags_changed/ecs-untag-resources": ("changed", (A,), "UntagResources", "alice", "022", CALLED_AT),
    "tags_changed/ecs-untag-resources-all": ("changed", (A,), "UntagResources", "alice", "023", CALLED_AT),
    "tags_changed/ecs-add-tags": ("changed", (A,), "AddTags", "alice", "024", CALLED_AT),
    "tags_changed/ecs-remove-tags": ("changed", (A,), "RemoveTags", "alice", "025", CALLED_AT),
    "tags_changed/tag-service-tag-resources": ("changed", (A, B), "TagResources", "alice", "026", CALLED_AT),
    "tags_changed/tag-service-flattened": ("changed", (A, B), "TagResources", "alice", "027", CALLED_AT),
    "tags_changed/tag-service-untag-string": ("changed", (A,), "UntagResources", "root", "028", CALLED_AT),
    "tags_changed/cloudmonitor-tag-set": ("changed", (A,), "Tag:ChangeOnResource", "", "029", SEEN_AT),
    "tags_changed/cloudmonitor-tag-removed": ("changed", (A,), "Tag:ChangeOnResource", "", "030", SEEN_AT),
    "tags_changed/attach-by-hand": ("changed", (A,), "AttachInstanceRamRole", "alice", "070", CALLED_AT),
    "tags_changed/detach-by-hand": ("changed", (A,), "DetachInstanceRamRole", "alice", "071", CALLED_AT),
    "tags_changed/ecs-join-resource-group": ("changed", (A,), "JoinResourceGroup", "alice", "072", CALLED_AT),
    "tags_changed/move-resources": ("changed", (A,), "MoveResources", "alice", "073", CALLED_AT),
    "tags_changed/move-resources-list": ("changed", (A,), "MoveResources", "alice", "074", CALLED_AT),
    "tags_changed/ecs-modify-instance-attribute": (
        "changed",
        (A,),
        "ModifyInstanceAttribute",
        "alice",
        "075",
        CALLED_AT,
    ),
    "tags_changed/ecs-replace-system-disk": ("changed", (A,), "ReplaceSystemDisk", "alice", "076", CALLED_AT),
    "tags_changed/ecs-modify-instance-spec": ("changed", (A,), "ModifyInstanceSpec", "alice", "077", CALLED_AT),
    "tags_changed/ecs-modify-prepay-instance-spec": (
        "changed",
        (A,),
        "ModifyPrepayInstanceSpec",
        "alice",
        "078",
        CALLED_AT,
    ),
    "tags_changed/ecs-modify-instance-metadata-options": (
        "changed",
        (A,),
        "ModifyInstanceMetadataOptions",
        "alice",
        "084",
        CALLED_AT,
    ),
    "tags_changed/ecs-modify-instance-vpc-attribute": (
        "changed",
        (A,),
        "ModifyInstanceVpcAttribute",
        "alice",
        "079",
        CALLED_AT,
    ),
    "reconcile/timer": ("reconcile", (), "reconcile-timer", "", "", CALLED_AT),
    "reconcile/by-hand": ("reconcile", (), "reconcile", "alice", "", ""),
    "reconcile/lift-brake": ("reconcile", (), "reconcile", "alice", "", ""),
    "reconcile/handed-over": ("reconcile", (), "reconcile-timer", "", "", CALLED_AT),
    "remediate/by-rule": ("remediate", (), "remediate", "alice", "", ""),
    "remediate/by-drift": ("remediate", (), "remediate", "alice", "", ""),
    "remediate/everywhere": ("remediate", (), "remediate", "alice", "", ""),
    "remediate/instance-ids": ("remediate", (A, B), "remediate", "alice", "", ""),
    "remediate/by-tags": ("remediate", (), "remediate", "", "", ""),
    "remediate/all-dry-run": ("remediate", (), "remediate", "alice", "", ""),
    "remediate/bare": ("remediate", (A,), "remediate", "", "", ""),
    "direct/cloudmonitor-state": ("created", (A,), "Pending", "", "040", SEEN_AT),
    "direct/cloudmonitor-tags": ("changed", (A,), "Tag:ChangeOnResource", "", "041", SEEN_AT),
    "direct/cloudmonitor-content-string": ("changed", (A,), "Tag:ChangeOnResource", "", "042", SEEN_AT),
    "direct/cloudmonitor-tags-envelope": ("changed", (A,), "Tag:ChangeOnResource", "", "043", SEEN_AT),
    "direct/cloudmonitor-state-envelope": ("created", (A,), "Pending", "", "045", SEEN_AT),
    "direct/actiontrail-record": ("created", (A, B), "RunInstances", "alice", "047", CALLED_AT),
    "direct/actiontrail-old-record": ("created", (A,), "CreateInstance", "system", "048", CALLED_AT),
    "direct/actiontrail-request-json": ("changed", (A,), "TagResources", "alice", "049", CALLED_AT),
    "direct/actiontrail-data-string": ("changed", (A,), "UntagResources", "alice", "050", CALLED_AT),
    "direct/state-content": ("created", (A,), "Running", "", "052", SEEN_AT),
    "direct/queue-text": ("created", (A,), "Created", "", "055", SEEN_AT),
    "direct/queue-object": ("created", (A,), "Created", "", "056", SEEN_AT),
    "direct/queue-string": ("created", (A,), "Created", "", "057", SEEN_AT),
    "direct/queue-base64": ("created", (A,), "Created", "", "058", SEEN_AT),
    "direct/queue-raw-data": ("created", (A,), "Created", "", "059", SEEN_AT),
    "direct/failure-report": ("created", (A,), "Created", "", "060", SEEN_AT),
    "direct/state-raw-data": ("created", (A,), "Created", "", "", ""),
}

# file: reason, a word of the detail, by whom
IGNORED: dict[str, tuple[str, str, str]] = {
    "ignored/state-starting": ("not-for-us", "Starting", ""),
    "ignored/state-stopped": ("not-for-us", "Stopped", ""),
    "ignored/state-deleted": ("not-for-us", "Deleted", ""),
    "ignored/run-instances-failed": ("failed-call", "QuotaExceed.ElasticQuota", "alice"),
    "ignored/tag-resources-failed": ("failed-call", "Forbidden.RAM", "alice"),
    "ignored/own-attach": ("own-write", "AttachInstanceRamRole", "rolekeeper-fc:rolekeeper-tags_changed"),
    "ignored/own-tag-write": ("own-write", "TagResources", "rolekeeper-fc:rolekeeper-tags_changed"),
    "ignored/cloudmonitor-own-tag": ("own-tag", "rolekeeper-displaced-role", ""),
    "ignored/attach-refused": ("failed-call", "each of its instances", "alice"),
    "ignored/modify-description": ("no-rule-reads-it", "ModifyInstanceAttribute without InstanceName", "alice"),
    "ignored/disk-resource-group": ("not-an-instance", "JoinResourceGroup on disk", "alice"),
    "ignored/move-vpc": ("not-an-instance", "vpc", "alice"),
    "ignored/disk-tags": ("not-an-instance", "disk", "alice"),
    "ignored/delete-disk": ("not-for-us", "DeleteDisk", "alice"),
    "ignored/delete-instance": ("not-for-us", "DeleteInstance", "alice"),
    "ignored/vpc-tags": ("not-for-us", "vpc", "alice"),
    "ignored/cloudmonitor-vpc-tags": ("not-for-us", "vpc", ""),
    "ignored/cloudmonitor-disk-tags": ("not-an-instance", "disk", ""),
    "ignored/spot-interruption": ("not-for-us", "PreemptibleInstanceInterruption", ""),
    "ignored/release-by-service": ("not-for-us", "DeleteInstance", "system"),
    "ignored/cloud-config": ("not-for-us", "ecs:Config:ConfigurationItemChangeNotification", ""),
}

WITHOUT_ACCOUNT = {"direct/actiontrail-old-record", "direct/state-raw-data"}

HANDED_OVER = "reconcile/handed-over"  # names the account that the run looks after: ours, or one that we look after too


def outcomes(name: str) -> tuple[Trigger | Ignored, ...]:
    body = (SAMPLES / f"{name}.json").read_bytes()
    return read(body, account_id=ACCOUNT, own_role="rolekeeper-fc", region="cn-hangzhou")


def test_the_tables_cover_every_sample_file() -> None:
    files = {path.relative_to(SAMPLES).with_suffix("").as_posix() for path in SAMPLES.rglob("*.json")}
    assert files == {*TRIGGERS, *IGNORED, "direct/batch"}


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in TRIGGERS])
def test_a_sample_is_read_as_the_trigger_it_stands_for(name: str) -> None:
    kind, ids, happened, actor, id_end, when = TRIGGERS[name]
    (outcome,) = outcomes(name)
    assert isinstance(outcome, Trigger), outcome
    assert (outcome.kind, outcome.instance_ids) == (kind, ids)
    assert (outcome.event_name, outcome.actor, outcome.event_time) == (happened, actor, when)
    assert outcome.event_id.endswith(id_end)
    assert bool(outcome.event_id) == bool(id_end)
    assert outcome.event_at == (datetime.fromisoformat(when.replace("Z", "+00:00")) if when else None)
    assert outcome.region == "cn-hangzhou"
    unstated = (kind in {"reconcile", "remediate"} and name != HANDED_OVER) or name in WITHOUT_ACCOUNT
    assert outcome.account_id == ("" if unstated else ACCOUNT)


@pytest.mark.parametrize("name", [name for name in TRIGGERS if not name.startswith("direct/")])
def test_a_sample_lies_in_the_folder_of_the_function_it_is_for(name: str) -> None:
    assert name.split("/")[0] == FUNCTION_OF[TRIGGERS[name][0]]


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in IGNORED])
def test_a_sample_that_is_not_for_us_is_ignored_with_its_reason(name: str) -> None:
    reason, word, actor = IGNORED[name]
    (outcome,) = outcomes(name)
    assert isinstance(outcome, Ignored), outcome
    assert (outcome.reason, outcome.actor, outcome.account_id) == (reason, actor, ACCOUNT)
    assert word in outcome.detail
    assert outcome.event_id
    assert outcome.event_time


def test_a_batch_is_read_member_by_member_in_order() -> None:
    created, stopped, tagged = outcomes("direct/batch")
    assert isinstance(created, Trigger)
    assert (created.kind, created.instance_ids) == ("created", (A,))
    assert isinstance(stopped, Ignored)
    assert stopped.reason == "not-for-us"
    assert isinstance(tagged, Trigger)
    assert (tagged.kind, tagged.instance_ids) == ("changed", (B,))


@pytest.mark.parametrize("name", [*TRIGGERS, *IGNORED])
def test_a_sample_of_another_account_is_foreign_where_it_states_its_account(name: str) -> None:
    (outcome,) = read((SAMPLES / f"{name}.json").read_bytes(), account_id="9999999999999999")
    stated = ACCOUNT in json.dumps((SAMPLES / f"{name}.json").read_text()) and not name.startswith("remediate/")
    if stated and name not in {*WITHOUT_ACCOUNT, HANDED_OVER}:
        assert isinstance(outcome, Ignored)
        assert outcome.reason == "foreign-account"
        assert outcome.account_id == ACCOUNT
    else:
        assert isinstance(outcome, Trigger)


def test_the_readme_names_every_sample_file_and_every_reason() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip(" `") for line in readme.splitlines() if line.startswith("| `")}
    files = {path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("*.json")}
    assert rows == files | set(get_args(IgnoredReason))


def test_a_run_that_was_handed_over_goes_on_at_its_cursor() -> None:
    (outcome,) = outcomes(HANDED_OVER)
    assert isinstance(outcome, Trigger)
    assert outcome.source == "timer", "as if the timer had asked"
    assert outcome.progress is not None
    assert (outcome.progress.link, outcome.progress.listed, outcome.progress.instance_ids) == (1, True, (A, B))
    written = json.loads((SAMPLES / f"{HANDED_OVER}.json").read_text())
    assert json.loads(handed_over(outcome)) == written, "the sample is what is handed over"

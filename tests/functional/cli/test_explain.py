"""`rolekeeper explain`: of an instance in ECS, in a snapshot, or as it is described."""

from __future__ import annotations

import subprocess
import sys
from itertools import cycle
from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from fakecloud.ecs.models import Instance
from fakecloud.identity import ACCOUNT, ROOT_KEY
from shared.gateways.clients import Credentials
from shared.gateways.sls_admin import SlsAdmin
from shared.mapping import load
from shared.settings import Settings
from tests.functional.cli.every import ROOT
from tests.functional.cli.operator import PROJECT, REGION, Command, make, written


def test_an_instance_in_ecs(cloud: Cloud, rolekeeper: Command) -> None:
    (instance,) = make(cloud, 1, "Web", name="shop-1", role="worker")
    ran = rolekeeper("explain", instance.instance_id)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == f"{instance.instance_id} (shop-1) in {REGION}"
    assert "  tag app = Web" in lines
    assert "  holds: role worker" in lines
    assert "wanted: no role: no rule matches" in lines
    assert 'rule "Web tier" nearly matches: tag app is Web (wanted: web; it differs from web in case alone)' in lines
    assert '2. "Web tier" -> web: no' in lines
    assert "   no   tag app is web: it is Web (it differs from web in case alone)" in lines
    assert lines[-1].startswith(
        f"{instance.instance_id} (shop-1) in {REGION} holds role worker and should hold no role"
    )
    assert written(cloud) == 0


def test_its_last_records_the_newest_first(cloud: Cloud, rolekeeper: Command) -> None:
    settings = Settings(region=REGION, account_id=ACCOUNT, sls_project=PROJECT)
    SlsAdmin(settings, Credentials(access_key_id=ROOT_KEY[0], access_key_secret=ROOT_KEY[1])).ensure()
    (instance,) = make(cloud, 1, "web")
    make(cloud, 3, "web")
    assert rolekeeper("reconcile").code == 0
    instance.tags = {"ram-role": "worker"}
    cloud.clock.advance(60)
    assert rolekeeper("remediate", "--id", instance.instance_id).code == 0
    told = rolekeeper("explain", instance.instance_id, "--json").json()
    assert [record["outcome"] for record in told["records"]] == ["swapped", "attached"]
    assert {record["instance_id"] for record in told["records"]} == {instance.instance_id}
    shown = rolekeeper("explain", instance.instance_id).out
    assert "last records, the newest first:\n" in shown
    assert "outcome=swapped reason=wrong role_before=web role_after=worker" in shown


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["text", "json"])
def test_without_sls_it_says_so(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.delenv("ROLEKEEPER_SLS_PROJECT")
    (instance,) = make(cloud, 1, "web")
    ran = rolekeeper("explain", instance.instance_id, *words)
    assert ran.code == 0
    assert "ROLEKEEPER_SLS_PROJECT is not set" in ran.out


def test_sls_that_refuses_does_not_keep_the_rest_from_being_said(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (instance,) = make(cloud, 1, "web")
    monkeypatch.setenv("ROLEKEEPER_SLS_PROJECT", "nowhere")
    ran = rolekeeper("explain", instance.instance_id)
    assert ran.code == 0
    assert "last records: SLS could not be asked: " in ran.out
    assert "ProjectNotExist" in ran.out
    assert "would be done: attach role web (missing)" in ran.out


NOT_THERE = {
    "a name": (["explain", "web-1"], "explain: 'web-1': no instance id such as i-bp1a2b3c; ECS shows no such instance"),
    "not in ECS": (["explain", "i-none"], "explain: 'i-none': ECS shows no such instance in cn-hangzhou of account"),
    "no id": (["explain"], "explain: which instance?"),
    "an empty id": (["explain", ""], "explain: the id is empty"),
    "both": (["explain", "i-1", "--tag", "a=b"], "explain: an id or --tag, not both"),
    "no such role": (["explain", "--tag", "a=b", "--role", "wev"], "did you mean web?"),
    "no such attribute": (["explain", "--attribute", "vcp=vpc-1"], "write KEY=VALUE with one of vpc, region"),
    "imdsv2, neither": (["explain", "--attribute", "imdsv2=yes"], "imdsv2=yes: write true or false"),
    "no file": (["explain", "i-1", "--snapshot", "none.json"], "none.json: cannot be read: No such file or directory"),
    "no snapshot": (["explain", "i-1", "--snapshot", "roles.yaml"], "roles.yaml:1: no snapshot of rolekeeper's"),
    "a snapshot of what": (["explain", "--tag", "a=b", "--snapshot", "f"], "name the instance of it, by its id"),
}


@pytest.mark.parametrize(("words", "error"), [pytest.param(*row, id=name) for name, row in NOT_THERE.items()])
def test_what_cannot_be_explained_is_one_clear_error(rolekeeper: Command, words: list[str], error: str) -> None:
    ran = rolekeeper(*words)
    assert (ran.code, ran.out) == (1, "")
    (line,) = ran.err.splitlines()
    assert error in line


def fleet(cloud: Cloud, count: int) -> list[Instance]:
    """Instances of all kinds: tags in three cases, two VPCs, with a listed role, a foreign one and none."""
    apps, roles = cycle(["web", "WEB", "trial", "", "queue"]), cycle(["", "web", "worker", "foreign"])
    vpcs = cycle(["vpc-1", "vpc-2", "vpc-3"])
    return [made for _ in range(count) for made in make(cloud, 1, next(apps), role=next(roles), vpc=next(vpcs))]


def test_over_a_fleet_of_a_thousand_it_says_what_the_plan_says(cloud: Cloud, rolekeeper: Command) -> None:
    made = fleet(cloud, 1000)
    assert rolekeeper("snapshot", "-o", "fleet.json").code == 0
    planned = {
        change["instance_id"]: change
        for change in rolekeeper("remediate", "--all", "--dry-run", "--lift-brake", "--json").json()["changes"]
    }
    mapping = load(Path("roles.yaml").read_text())
    for instance in made[:60]:
        told = rolekeeper("explain", instance.instance_id, "--snapshot", "fleet.json", "--json").json()
        assert told["instance"]["role"] == instance.role
        assert told["change"]["role_before"] == instance.role
        assert [rule["name"] for rule in told["rules"] if rule["decides"]] == [told["wanted"]["rule"]] * bool(
            told["wanted"]["rule"]
        )
        if (line := planned.get(instance.instance_id)) is not None:
            assert told["change"]["reason"] == line["reason"]
    assert mapping.hash == told["mapping_hash"]


def test_a_snapshot_that_does_not_have_it(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 2, "web")
    assert rolekeeper("snapshot", "-o", "fleet.json").code == 0
    ran = rolekeeper("explain", "i-none", "--snapshot", "fleet.json")
    assert ran.code == 1
    assert f"explain: 'i-none' is not in fleet.json, the instances of {REGION} of account {ACCOUNT}" in ran.err
    ran = rolekeeper("explain", "i-none", "--snapshot", "fleet.json", "--region", "cn-beijing")
    assert ran.err == f"rolekeeper: fleet.json: is of region {REGION}, not of cn-beijing\n"


def test_what_would_have_to_change_and_what_comes_of_it(cloud: Cloud, rolekeeper: Command) -> None:
    (instance,) = make(cloud, 1, "queue", role="foreign")
    told = rolekeeper("explain", instance.instance_id, "--role", "web", "--json").json()
    (way,) = told["toward"]["ways"]
    assert told["toward"]["proven"]
    assert way["edits"] == [{"subject": "tags.app", "before": "queue", "after": "trial"}]
    assert (way["then"]["outcome"], way["then"]["reason"]) == ("skipped", "foreign-role")
    shown = rolekeeper("explain", instance.instance_id, "--role", "web").out
    assert (
        "  tag app: queue -> trial\n  then rolekeeper would change nothing (skipped, foreign-role)\n  a role that roles.yaml does not list is on it: "
        in shown
    )
    assert shown.rstrip().endswith("would give it role web after this change: tag app: queue -> trial.")


GUARDED = """
version: 1
roles: {pay: {assignable_by: [user/ops-*]}, web: {require: {imdsv2: true}}}
rules:
  - {name: pay, when: {tags: {app: pay}}, role: pay}
  - {name: web, when: {tags: {app: web}}, role: web}
"""


def test_guards_and_what_they_say(rolekeeper: Command) -> None:
    Path("guarded.yaml").write_text(GUARDED)
    words = ("explain", "--roles-file", "guarded.yaml", "--json", "--tag")
    told = rolekeeper(*words, "app=pay").json()
    assert (told["change"]["outcome"], told["change"]["reason"]) == ("refused", "not-assignable")
    assert told["guards"]["assignable_by"].startswith("user/ops-*; ")
    told = rolekeeper(*words, "app=web").json()
    assert (told["change"]["reason"], told["guards"]) == (
        "requirement-not-met",
        {"require": "not met by imdsv2 (none)"},
    )
    told = rolekeeper(*words, "app=web", "--attribute", "imdsv2=true").json()
    assert (told["change"]["reason"], told["guards"]) == ("missing", {"require": "met"})
    told = rolekeeper(*words, "app=web", "--holds", "pay", "--attribute", "imdsv2=true").json()
    assert told["guards"]["brake"] == "asked of all removals of a run together, so not here"


def test_what_a_role_requires_is_among_what_would_have_to_change(rolekeeper: Command) -> None:
    Path("guarded.yaml").write_text(GUARDED)
    told = rolekeeper("explain", "--roles-file", "guarded.yaml", "--tag", "app=pay", "--role", "web", "--json").json()
    (way,) = told["toward"]["ways"]
    assert [(edit["subject"], edit["after"]) for edit in way["edits"]] == [
        ("tags.app", "web"),
        ("http_tokens", "required"),
    ]
    assert way["then"]["reason"] == "missing"


def test_described_instances_call_nothing(cloud: Cloud, rolekeeper: Command) -> None:
    ran = rolekeeper("explain", "--tag", "app=web", "--attribute", "name=shop-1", "--holds", "worker", "--json")
    told = ran.json()
    assert told["wanted"]["role"] == "web"
    assert (told["change"]["action"], told["change"]["reason"]) == ("swap", "wrong")
    assert told["instance"]["name"] == "shop-1"
    assert not cloud.calls


def test_offline_it_imports_no_sdk_and_no_emulator(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom cli.main import main\n"
        f"sys.argv = ['rolekeeper', 'explain', '--tag', 'app=web', '--role', 'worker', '--roles-file', {str(ROOT / 'roles.yaml')!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('aliyun', 'Tea', 'requests', 'fakecloud', 'alibabacloud_tea_openapi')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=240, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"

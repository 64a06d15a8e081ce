"""plan, apply and snapshot as an operator uses them: what would be done is seen, done exactly so, and what was changed meanwhile is refused."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.ecs.models import Instance
from fakecloud.identity import ACCOUNT
from shared.clock import CLOCK
from tests.functional.cli.operator import REGION, Command, make, records, written


def mixed(cloud: Cloud, scale: int = 1) -> list[Instance]:
    """Each kind of change, each kind of no, and what is right."""
    kinds = (
        ("web", "", 30),
        ("web", "worker", 3),
        ("web", "web", 40),
        ("", "worker", 2),
        ("web", "foreign", 2),
        ("trial", "", 4),
    )
    made = [
        one
        for app, role, count in kinds
        for one in make(cloud, count * scale, app, role=role, name=f"{app or 'none'}-node")
    ]
    made += cloud.ecs.make(1, tags={"ram-role": "nosuch"}, name="typo")
    return [*made, *cloud.ecs.make(2, name="bare")]


def held(fleet: list[Instance]) -> dict[str, str]:
    return {instance.instance_id: instance.role for instance in fleet}


def test_a_plan_says_first_what_a_human_must_see_then_the_changes_by_kind(cloud: Cloud, rolekeeper: Command) -> None:
    fleet = mixed(cloud)
    before = held(fleet)
    ran = rolekeeper("plan")
    lines = ran.out.splitlines()
    assert (ran.code, held(fleet), written(cloud), records(cloud)) == (2, before, 0, [])
    assert lines[0] == "refused, role-not-listed: 1 instance"
    assert lines[1].strip() == "list the role in roles.yaml, or correct the tag"
    assert lines[2].split()[:2] == [fleet[-3].instance_id, "typo"]
    assert lines[3] == "skipped, foreign-role: 2 instances"
    groups = [line for line in lines if line.split(" ")[0] in ("attach", "swap", "detach")]
    assert groups == [
        "swap 3 instances: worker -> web, by rule Web tier (wrong)",
        "detach 2 instances: worker -> no role, no rule gives a role (no-longer-mapped)",
        "attach 30 instances: no role -> web, by rule Web tier (missing)",
        "attach 4 instances: no role -> web, by rule on trial (missing)",
    ]
    assert lines.index("audit only: told, never done") == lines.index(groups[3]) - 1
    assert "  and 25 more (--ids names all)" in lines
    assert "the brake would refuse all 5 removals: 9 removals" not in ran.out
    assert (
        "the brake lets 5 removals through: 9 removals of listed roles may be made at once, of 45 instances that hold one"
        in lines
    )
    assert "stays as it is: 40 in-sync, 2 no-rule" in lines
    assert lines[-1].startswith(
        f"plan for {REGION} of account {ACCOUNT}: 30 to attach, 3 to swap, 2 to detach; 3 instances for a human to see to"
    )
    assert rolekeeper("plan", "--strict").code == 1
    assert rolekeeper("plan", "--ids").out.count("web-node") == 35


GRANTS = """
version: 1
roles:
  web: {policies: [{name: logs, document: {Version: "1", Statement: [{Effect: Allow, Action: ["log:Get*", "log:List*"], Resource: "*"}]}}]}
  worker: {policies: [{name: queue, document: {Version: "1", Statement: [{Effect: Allow, Action: "mns:SendMessage", Resource: "acs:mns:*:*:/queues/jobs"}, {Effect: Allow, Action: "log:Get*", Resource: "*"}]}}]}
rules: [{name: Web tier, when: {tags: {app: web}}, role: web}]
"""


def test_a_plan_tells_the_permissions_that_are_gained_and_lost(cloud: Cloud, rolekeeper: Command) -> None:
    for role in ("web", "worker"):
        del cloud.ram.account(ACCOUNT).roles[role]
    Path("roles.yaml").write_text(GRANTS, encoding="utf-8")
    assert rolekeeper("provision").code == 0
    make(cloud, 2, "web", role="worker")
    make(cloud, 3, "web")
    ran = rolekeeper("plan")
    told = {group["action"]: group for group in rolekeeper("plan", "--json").json()["groups"]}
    assert told["swap"]["gains"] == ["Allow log:List* on *"]
    assert told["swap"]["losses"] == ["Allow mns:SendMessage on acs:mns:*:*:/queues/jobs"]
    assert told["attach"]["gains"] == ["Allow log:Get* on *", "Allow log:List* on *"]
    assert (
        "  + Allow log:List* on * (5 instances)\n  + Allow log:Get* on * (3 instances)\n"
        in ran.out.partition("in all:")[2]
    )
    rolekeeper("snapshot", "-o", "fleet.json")
    offline = {g["action"]: g for g in rolekeeper("plan", "--snapshot", "fleet.json", "--json").json()["groups"]}
    assert {a: (g["gains"], g["losses"]) for a, g in offline.items()} == {
        a: (g["gains"], g["losses"]) for a, g in told.items()
    }


def test_permissions_that_nobody_knows_are_called_so(cloud: Cloud, rolekeeper: Command) -> None:
    mixed(cloud)
    del cloud.ram.account(ACCOUNT).roles["worker"]
    told = {(group["action"], group["mode"]): group for group in rolekeeper("plan", "--json").json()["groups"]}
    assert told["swap", "enforce"]["unknown"] == ["the role worker does not exist in RAM"]
    assert told["attach", "enforce"]["unknown"] == []


def test_a_role_that_ram_does_not_have_is_said_before_the_changes(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 3, "web")
    make(cloud, 1, "trial", role="worker")
    for role in ("web", "worker"):
        del cloud.ram.account(ACCOUNT).roles[role]
    ran = rolekeeper("plan")
    assert ran.out.splitlines()[0] == (
        "warning: role web does not exist in RAM, and 3 instances would be given it, which ECS refuses; `rolekeeper provision` makes it"
    )
    assert (ran.code, rolekeeper("plan", "--strict").code) == (2, 1)
    assert len(rolekeeper("plan", "--json").json()["warnings"]) == 1


def test_the_bill_of_carrying_out_is_what_apply_takes_at_most(cloud: Cloud, rolekeeper: Command) -> None:
    mixed(cloud, scale=8)
    make(cloud, 130, "web", role="worker")
    make(cloud, 1000, "web", role="web")
    told = rolekeeper("plan", "-o", "plan.json", "--json").json()["to_carry_out"]
    took = rolekeeper("apply", "plan.json", "--json").json()["bill"]["calls"]
    assert set(took) == set(told)
    assert {name: took[name] for name in took if took[name] > told[name]} == {}
    assert {name: took[name] for name in took if name.startswith("A")} == {
        "AttachInstanceRamRole": told["AttachInstanceRamRole"]
    }


def test_a_role_that_is_nearly_a_listed_one_is_said_to_be(cloud: Cloud, rolekeeper: Command) -> None:
    cloud.ecs.make(1, tags={"ram-role": "wroker"})
    assert "should hold wroker (did you mean 'worker'?)" in rolekeeper("plan").out


def test_an_instance_that_stays_with_a_warning_is_named(cloud: Cloud, rolekeeper: Command) -> None:
    soon = f"{CLOCK.now() + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"
    (one,) = cloud.ecs.make(1, tags={"app": "web", "ram-role-until": soon}, role="web", name="debug")
    ran = rolekeeper("plan")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "unchanged, expires-soon: 1 instance")
    assert f"{one.instance_id}  debug  holds web" in ran.out


def test_tags_that_nobody_carries_are_said_to_match_none(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 1, "web")
    ran = rolekeeper("plan", "--tag", "App=web")
    assert (ran.code, "no instance there carries these tags" in ran.out) == (0, True)


def test_what_all_of_a_kind_have_in_common_is_said_once(cloud: Cloud, rolekeeper: Command) -> None:
    cloud.ecs.make(3, tags={"app": "web", "ram-role-until": "tomorrow"}, name="node")
    lines = rolekeeper("plan").out.splitlines()
    assert lines[0] == "refused, until-unreadable: 3 instances"
    assert lines[1].startswith("  tag ram-role-until is 'tomorrow', which is no time; ")
    assert [len(line.split("  ")) for line in lines[2:5]] == [4, 4, 4], "the id, the name, the role"


def test_a_slip_is_told_by_the_name_of_the_command(cloud: Cloud, rolekeeper: Command) -> None:
    assert rolekeeper("plan", "--role", "wbe").err.startswith("rolekeeper: plan: --role: the mapping does not list")
    assert rolekeeper("plan", "--rule", "").err.startswith("rolekeeper: plan: --rule: empty; ")


def test_a_plan_that_is_not_whole_does_not_say_that_there_is_nothing_to_do(cloud: Cloud, rolekeeper: Command) -> None:
    ran = rolekeeper("plan", "--region", "cn-nowhere")
    assert (ran.code, ran.out.count("nothing to do")) == (1, 0)
    assert f"plan for cn-nowhere of account {ACCOUNT}: not whole; mapping " in ran.out
    assert "cn-nowhere is no region that ECS knows: correct --region or ROLEKEEPER_REGION" in ran.out


def test_a_region_without_instances_is_said_to_be_one(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 1, "web")
    ran = rolekeeper("plan", "--region", "cn-beijing")
    assert (ran.code, "there is no instance in cn-beijing: another region" in ran.out) == (0, True)
    assert "there is no instance" not in rolekeeper("plan").out


NEXT = {
    "as it is": ([], "rolekeeper apply plan.json"),
    "another mapping": (["--roles-file", "our roles.yaml"], "rolekeeper apply plan.json --roles-file 'our roles.yaml'"),
    "another region": (["--region", "cn-beijing"], "ROLEKEEPER_REGION=cn-beijing rolekeeper apply plan.json"),
}


@pytest.mark.parametrize(("words", "command"), NEXT.values(), ids=list(NEXT))
def test_the_command_that_a_plan_ends_with_carries_it_out(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, words: list[str], command: str
) -> None:
    fleet = make(cloud, 1, "web") + make(cloud, 1, "web", region="cn-beijing")
    Path("our roles.yaml").write_text(Path("roles.yaml").read_text(encoding="utf-8").replace("20%", "21%"))
    said = rolekeeper("plan", *words, "-o", "plan.json").out.splitlines()[-1]
    assert said == f"written to plan.json: {command}"
    *settings, _ = command.partition("rolekeeper ")[0].split(" ")
    for setting in settings:
        monkeypatch.setenv(*setting.split("="))
    done = rolekeeper(*shlex.split(command.partition("rolekeeper ")[2]))
    assert (done.code, [one.role for one in fleet].count("web")) == (0, 1), done.err


def test_the_brake_s_word_is_in_the_plan(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 10, "web", role="worker")
    make(cloud, 2, "web")
    ran = rolekeeper("plan")
    assert (
        "the brake would refuse all 10 removals: 2 removals of listed roles may be made at once, of 10 instances that hold one"
        in ran.out
    )
    assert "  without --lift-brake: 2 to attach; with it: 10 to swap, 2 to attach" in ran.out


def test_a_plan_and_a_remediation_agree_line_by_line(cloud: Cloud, rolekeeper: Command) -> None:
    fleet = mixed(cloud, scale=12)
    cloud.ecs.make(1000 - len(fleet), tags={"app": "web"}, role="web")
    plan = rolekeeper("plan", "--json").json()
    before = {i.instance_id: i.role for i in cloud.ecs.place(ACCOUNT, REGION).instances.values()}
    assert len(before) == 1000
    planned = {
        one["instance_id"]: (group["action"], group["role_then"])
        for group in plan["groups"]
        if group["mode"] != "audit"
        for one in group["instances"]
    }
    assert rolekeeper("remediate", "--all", "--lift-brake").code == 0
    after = {i.instance_id: i.role for i in cloud.ecs.place(ACCOUNT, REGION).instances.values()}
    assert {name: after[name] for name in after if after[name] != before[name]} == {
        n: role for n, (_, role) in planned.items()
    }
    done = {
        r["instance_id"]: r["action"] for r in records(cloud) if r.get("outcome") in ("attached", "swapped", "detached")
    }
    assert done == {name: action for name, (action, _) in planned.items()}


@pytest.mark.parametrize(
    "words", [("--all",), ("--rule", "Web tier"), ("--tag", "app=web"), ("--role", "worker")], ids=" ".join
)
def test_the_brake_counts_for_a_plan_as_for_a_remediation(
    cloud: Cloud, rolekeeper: Command, words: tuple[str, ...]
) -> None:
    make(cloud, 30, "web", role="worker")
    make(cloud, 130, "other", role="web")
    plan = rolekeeper("plan", *(word for word in words if word != "--all"), "--json").json()
    run = rolekeeper("remediate", *words, "--dry-run", "--json").json()
    refused = run["counts"].get("refused/brake", 0)
    assert plan["brake"]["removals"] == (
        30 if "worker" not in words and "--all" not in words else 30 + 130 * ("--all" in words)
    )
    assert (plan["brake"]["acts"], plan["brake"]["removals"] * plan["brake"]["acts"]) == (bool(refused), refused)


def test_a_listing_that_begins_again_is_planned_once(cloud: Cloud, rolekeeper: Command) -> None:
    fleet = make(cloud, 450, "web") + make(cloud, 30, "web", role="worker") + make(cloud, 20, "", role="worker")
    token = {"param": "NextToken", "code": "InvalidNextToken", "status": 400, "every": 4, "count": 1}
    cloud.faults.add("error", action="DescribeInstances", **token)
    plan = rolekeeper("plan", "-o", "plan.json", "--json").json()
    named = [one["instance_id"] for group in plan["groups"] for one in group["instances"]]
    assert sorted(named) == sorted(one.instance_id for one in fleet)
    assert rolekeeper("apply", "plan.json", "--lift-brake").code == 0


def test_apply_does_what_the_plan_says_and_nothing_else(cloud: Cloud, rolekeeper: Command) -> None:
    fleet = mixed(cloud)
    assert rolekeeper("plan", "-o", "plan.json").code == 2
    plan = json.loads(Path("plan.json").read_text(encoding="utf-8"))
    late = make(cloud, 2, "web")
    expected = {
        **held(fleet),
        **{one["instance_id"]: one["role_after"] for one in plan["changes"] if "role_after" in one},
    }
    expected |= {one["instance_id"]: "" for one in plan["changes"] if one["action"] == "detach"}
    ran = rolekeeper("apply", "plan.json", "--reason", "CHG-1")
    assert (ran.code, held(fleet), {i.role for i in late}) == (0, expected, {""})
    told = [record for record in records(cloud) if "instance_id" in record]
    assert {r["instance_id"] for r in told} == {one["instance_id"] for one in plan["changes"]}
    assert {(r["operator"], r["operator_reason"]) for r in told} == {("alice", "CHG-1")}
    before = written(cloud)
    again = rolekeeper("apply", "plan.json", "--json").json()
    assert (again["exit_code"], again["counts"], written(cloud)) == (
        0,
        {"unchanged/in-sync": 33, "unchanged/no-rule": 2},
        before,
    )


CHANGED: dict[str, Callable[[Instance], None]] = {
    "another role by hand": lambda one: setattr(one, "role", "foreign"),
    "a tag that decides": lambda one: one.tags.update(app="trial"),
    "a tag that is read, and changes nothing": lambda one: one.tags.update({"ram-role": "worker"}),
}


@pytest.mark.parametrize("what", CHANGED)
def test_what_was_changed_since_is_refused_and_the_rest_is_done(cloud: Cloud, rolekeeper: Command, what: str) -> None:
    fleet = make(cloud, 5, "web") + make(cloud, 2, "web", role="worker")
    rolekeeper("plan", "-o", "plan.json")
    CHANGED[what](fleet[0])
    CHANGED[what](fleet[5])
    kept = held(fleet)
    ran = rolekeeper("apply", "plan.json", "--json")
    roles = held(fleet)
    assert {name: role for name, role in roles.items() if role != "web"} == {
        fleet[n].instance_id: kept[fleet[n].instance_id] for n in (0, 5)
    }
    told = {r["instance_id"]: r for r in records(cloud) if r.get("reason") == "changed-since-plan"}
    settled = what == "another role by hand" or what == "a tag that decides"
    if not settled or told:
        assert all("make a new plan" in r["error_message"] for r in told.values())
    assert Counter(r["outcome"] for r in records(cloud) if "instance_id" in r)["attached"] == 4
    assert ran.code == (1 if told else 0)


def test_an_unread_tag_may_change(cloud: Cloud, rolekeeper: Command) -> None:
    (one,) = make(cloud, 1, "web")
    rolekeeper("plan", "-o", "plan.json")
    one.tags["owner"] = "somebody"
    assert (rolekeeper("apply", "plan.json").code, one.role) == (0, "web")


def edit(**values: Any) -> None:
    text = Path("plan.json").read_text(encoding="utf-8")
    for before, after in values.values():
        assert before in text
        text = text.replace(before, after)
    Path("plan.json").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda m: edit(a=('"web"', '"worker"')), "it was changed after it was made", id="edited"),
        pytest.param(lambda m: Path("plan.json").write_text("{"), "it may have been cut short", id="cut short"),
        pytest.param(
            lambda m: edit(a=('"rolekeeper_plan": 1', '"rolekeeper_plan": 2')),
            "a plan of version 2",
            id="another version",
        ),
        pytest.param(lambda m: Path("plan.json").unlink(), "cannot be read", id="no file"),
        pytest.param(
            lambda m: m.setenv("ROLEKEEPER_REGION", "cn-beijing"), "the settings name cn-beijing", id="another region"
        ),
        pytest.param(
            lambda m: m.setenv("ROLEKEEPER_ACCOUNT_ID", "9" * 16),
            f"is for {REGION} of account {ACCOUNT}",
            id="another account",
        ),
        pytest.param(
            lambda m: Path("roles.yaml").write_text(Path("roles.yaml").read_text().replace("20%", "21%")),
            "was made with the mapping",
            id="another mapping",
        ),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_whole(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, spoil: Any, says: str
) -> None:
    fleet = make(cloud, 3, "web")
    rolekeeper("plan", "-o", "plan.json")
    spoil(monkeypatch)
    ran = rolekeeper("apply", "plan.json")
    assert (ran.code, says in ran.err, written(cloud), {i.role for i in fleet}) == (1, True, 0, {""}), ran.err
    assert len(ran.err.splitlines()) == 1


def test_an_old_plan_is_refused(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 1, "web")
    rolekeeper("plan", "-o", "plan.json")
    cloud.clock.advance(2 * 3600)
    assert "longer ago than --max-age" in rolekeeper("apply", "plan.json", "--max-age", "1h").err
    assert "write a number and s, m, h or d" in rolekeeper("apply", "plan.json", "--max-age", "soon").err
    assert rolekeeper("apply", "plan.json").code == 0


def test_an_empty_plan_needs_nothing(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 1, "web", role="web")
    assert rolekeeper("plan", "-o", "plan.json").code == 0
    ran = rolekeeper("apply", "plan.json")
    assert (ran.code, ran.out) == (0, "plan.json: nothing to do: there is no change in it\n")


def test_the_brake_holds_an_applied_plan_too(cloud: Cloud, rolekeeper: Command) -> None:
    fleet = make(cloud, 10, "web", role="worker")
    rolekeeper("plan", "-o", "plan.json")
    assert (rolekeeper("apply", "plan.json").code, {i.role for i in fleet}) == (1, {"worker"})
    assert (rolekeeper("apply", "plan.json", "--lift-brake").code, {i.role for i in fleet}) == (0, {"web"})


def test_a_snapshot_is_planned_like_the_fleet(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = mixed(cloud, scale=4)
    ran = rolekeeper("snapshot", "-o", "fleet.json")
    assert (ran.code, ran.out.split(":")[1].split(" of ")[0].strip()) == (0, f"{len(fleet)} instances")
    online = rolekeeper("plan", "--json").json()
    for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET"):
        monkeypatch.delenv(f"ALIBABA_CLOUD_{name}")
    monkeypatch.delenv("ROLEKEEPER_REGION")
    calls = len(cloud.calls)
    offline = rolekeeper("plan", "--snapshot", "fleet.json", "--json").json()
    assert len(cloud.calls) == calls
    for name in ("wrong", "brake", "stays", "mapping_hash", "to_carry_out"):
        assert offline[name] == online[name], name
    kinds = ("action", "role_before", "role_then", "rule", "mode", "reason", "instances")
    assert [{k: g[k] for k in kinds} for g in offline["groups"]] == [{k: g[k] for k in kinds} for g in online["groups"]]
    one = rolekeeper("plan", "--snapshot", "fleet.json", "--id", fleet[0].instance_id, "--id", "i-gone")
    assert "1 to attach" in one.out
    assert "i-gone" in one.out
    assert one.code == 1
    assert "is of region cn-hangzhou" in rolekeeper("plan", "--snapshot", "fleet.json", "--region", "cn-beijing").err
    monkeypatch.setenv("ROLEKEEPER_REGION", "cn-beijing")
    refused = rolekeeper("plan", "--snapshot", "fleet.json")
    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert "the settings name cn-beijing" in refused.err
    meant = ("--region", REGION, "--account", ACCOUNT)
    assert rolekeeper("plan", "--snapshot", "fleet.json", *meant, "--json").json()["groups"] == offline["groups"]


def test_a_plan_that_cannot_be_written_is_shown_all_the_same(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 3, "web")
    ran = rolekeeper("plan", "-o", "no/such/plan.json")
    assert (ran.code, "attach 3 instances" in ran.out) == (1, True)
    assert ran.err == "rolekeeper: plan: -o: no/such/plan.json: cannot be written: No such file or directory\n"


@pytest.mark.parametrize("file", ["roles.yaml", "fleet.json"])
def test_a_plan_takes_the_place_of_a_plan_alone(cloud: Cloud, rolekeeper: Command, file: str) -> None:
    make(cloud, 1, "web")
    rolekeeper("snapshot", "-o", "fleet.json")
    before = Path(file).read_bytes()
    ran = rolekeeper("plan", "-o", file)
    assert (ran.code, Path(file).read_bytes()) == (1, before)
    assert (
        ran.err
        == f"rolekeeper: plan: -o: {file}: is there already, and is no file of this kind; it stays: name another\n"
    )
    assert [rolekeeper("plan", "-o", "plan.json").code for _ in range(2)] == [2, 2]


def test_a_snapshot_that_cannot_be_whole_is_not_written(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 120, "web")
    cloud.faults.add("error", action="DescribeInstances", code="Forbidden.RAM", status=403, after=1, count=None)
    ran = rolekeeper("snapshot", "-o", "fleet.json")
    assert (ran.code, "Forbidden.RAM" in ran.err, [*Path.cwd().glob("fleet*")]) == (1, True, [])


def test_what_is_changed_right_before_a_removal_is_refused_too(cloud: Cloud, rolekeeper: Command) -> None:
    """The observation is more than a second old when the removal begins: tags are read again, and the plan holds for what they say."""
    (one,) = make(cloud, 1, "", role="worker")
    make(cloud, 5, "web", role="web")
    rolekeeper("plan", "-o", "plan.json")

    def retag() -> None:
        one.tags.update(app="web")
        cloud.clock.advance(2)

    cloud.between.after(1, retag, action="DescribeInstances")
    ran = rolekeeper("apply", "plan.json")
    (told,) = [r for r in records(cloud) if r.get("instance_id") == one.instance_id]
    assert (ran.code, one.role, written(cloud)) == (1, "worker", 0)
    assert (told["outcome"], told["reason"]) == ("refused", "changed-since-plan")
    assert "now web would be put on it (swap)" in told["error_message"]


ADMIN = """
version: 1
roles: {web: {}, worker: {}, foreign: {assignable_by: [user/ops-*]}}
rules:
  - {name: worker, when: {tags: {app: worker}}, role: worker}
  - {name: web, when: {tags: {app: web}}, role: web}
  - {name: admin, when: {tags: {app: admin}}, role: foreign}
"""


@pytest.mark.parametrize("app", ["web", ""], ids=["a swap", "a detach"])
def test_a_role_that_the_plan_does_not_name_is_not_given_by_a_correction(
    cloud: Cloud, rolekeeper: Command, app: str
) -> None:
    """Whoever may tag changes the tags while a role is taken off. The operator's word is for what the plan says, and for no other role."""
    Path("roles.yaml").write_text(ADMIN, encoding="utf-8")
    (one,) = make(cloud, 1, app, role="worker")
    rolekeeper("plan", "-o", "plan.json")
    cloud.between.after(1, lambda: one.tags.update(app="admin"), action="DetachInstanceRamRole")
    rolekeeper("apply", "plan.json")
    assert one.role == app


def test_a_correction_of_a_plan_gives_back_the_role_that_was_taken_off(cloud: Cloud, rolekeeper: Command) -> None:
    Path("roles.yaml").write_text(ADMIN, encoding="utf-8")
    (one,) = make(cloud, 1, "", role="worker")
    rolekeeper("plan", "-o", "plan.json")
    cloud.between.after(1, lambda: one.tags.update(app="worker"), action="DetachInstanceRamRole")
    rolekeeper("apply", "plan.json")
    assert one.role == "worker"

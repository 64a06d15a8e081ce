"""What a history is drawn from: files, instances, troubles, moves, payloads. Plain data; machine.py gives it its meaning."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fakecloud.identity import ACCOUNT
from tests.torture.moves import TAGS
from tests.torture.oracle import File, Rule
from tests.torture.world import FAR, HOME, MEMBER

LISTED = ("web", "worker", "batch")
RULES = (
    Rule("frozen", {"rolekeeper": "off"}),
    Rule("on trial", {"app": "trial"}, "web", mode="audit"),
    Rule("gentle", {"app": "gentle"}, "web", mode="attach-only"),
    Rule("take over", {"app": "ours"}, "web", foreign="replace"),
    Rule("by app", {"app": ("web", "worker", "batch")}, "${tags.app}"),
    Rule("by tag", {"ram-role": None}, "${tags.ram-role}"),
)
OTHERS = (
    RULES,
    tuple(rule for rule in RULES if rule.name != "take over"),
    (Rule("all web", {"app": None}, "web"), *RULES[-1:]),
    (*RULES[:1], Rule("turned", {"app": "web"}, "worker", foreign="replace"), *RULES[3:]),
)
files = st.builds(
    File,
    roles=st.sampled_from([LISTED, LISTED, LISTED[:2]]),
    rules=st.sampled_from([RULES, *OTHERS]),
    mode=st.sampled_from(["enforce"] * 6 + ["attach-only", "audit"]),
    foreign=st.sampled_from(["keep", "keep", "replace"]),
    displace=st.sampled_from([("legacy-*",), ("legacy-*",), ("legacy-a",), ()]),
    grace=st.sampled_from([0.0, 600.0]),
    share=st.sampled_from([1.0, 0.0, 0.5]),
    least=st.sampled_from([1, 2, 3]),
    shows_all=st.sampled_from([True, True, False]),
    guarded=st.sampled_from([(), (), ("web",), ("worker", "batch")]),
)
apps = st.sampled_from(["web", "web", "worker", "batch", "ours", *TAGS])
held = st.sampled_from(["", "", "web", "worker", "batch", "legacy-a", "legacy-b", "alien"])
numbers = st.integers(0, 5)
places = st.sampled_from([(ACCOUNT, HOME)] * 5 + [(ACCOUNT, FAR), (MEMBER, HOME), (MEMBER, FAR)])
machines = st.fixed_dictionaries(
    {
        "app": apps,
        "role": held,
        "age": st.sampled_from([0.0, 30.0, 7200.0, 7200.0]),
        "place": places,
        "classic": st.sampled_from([False] * 9 + [True]),
    }
)
switches = st.fixed_dictionaries(
    {},
    optional={
        "already_attached": st.sampled_from(["item", "request"]),
        "same_role_again": st.sampled_from(["error", "success"]),
        "detach_nothing": st.sampled_from(["item", "success", "request"]),
        "detach_other": st.sampled_from(["item", "request"]),
        "unknown_instance": st.sampled_from(["item", "request"]),
        "classic_network": st.sampled_from(["item", "request"]),
        "roleless": st.sampled_from(["absent", "empty"]),
        "success_field": st.sampled_from(["present", "absent"]),
        "code_type": st.sampled_from(["string", "integer"]),
    },
)

READS = ("DescribeInstances", "DescribeInstanceRamRole")
WRITES = ("AttachInstanceRamRole", "DetachInstanceRamRole")
ACTIONS = (*READS, *WRITES, *WRITES, "TagResources", "UntagResources", "PutLogs", "AssumeRole", "InvokeFunction", "*")
CODES = (
    ("InvalidInstanceId.NotFound", 404), ("InvalidRamRole.NotFound", 404), ("InvalidRamRole.NotEcsRole", 404),
    ("InvalidUser.PassRoleForbidden", 403), ("Forbidden.RAM", 403), ("IncorrectInstanceStatus", 403),
    ("InvalidNetworkType.MismatchRamRole", 403), ("InvalidInstance.RamRoleAlreadyAttached", 403), ("Throttling.User", 400),
    ("InternalError", 500), ("ServiceUnavailable", 503), ("InvalidSecurityToken.Expired", 403), ("QuotaExceed.Tags", 403),
    ("InvalidParameter.NextToken", 400), ("InvalidInstanceIds.Malformed", 400), ("Something.New", 400), ("Something.New", 409),
)  # fmt: skip
PLACES = (
    ("DescribeInstances", "Instances.Instance.0.Tags"), ("DescribeInstances", "Instances.Instance.0.CreationTime"),
    ("DescribeInstances", "Instances.Instance.0.InstanceId"), ("DescribeInstances", "Instances.Instance.0"),
    ("DescribeInstances", "Instances.Instance"), ("DescribeInstances", "NextToken"), ("DescribeInstances", ""),
    ("DescribeInstanceRamRole", "InstanceRamRoleSets.InstanceRamRoleSet.0.RamRoleName"),
    ("DescribeInstanceRamRole", "InstanceRamRoleSets.InstanceRamRoleSet.0.InstanceId"),
    ("DescribeInstanceRamRole", "InstanceRamRoleSets.InstanceRamRoleSet"), ("DescribeInstanceRamRole", "TotalCount"),
    ("DescribeInstanceRamRole", ""),
    *((f"{verb}InstanceRamRole", f"{verb}InstanceRamRoleResults.{verb}InstanceRamRoleResult{rest}")
      for verb in ("Attach", "Detach") for rest in ("", ".0", ".0.Code", ".0.InstanceId", ".0.Success")),
    ("AttachInstanceRamRole", ""), ("DetachInstanceRamRole", ""), ("TagResources", ""), ("AssumeRole", "Credentials"),
    ("AssumeRole", "Credentials.SecurityToken"),
)  # fmt: skip
VALUES: tuple[Any, ...] = (None, 0, 7, True, [], {}, [1], {"a": 1}, 1.5)
counts = st.sampled_from([1, 1, 1, 2, 3, None])
lost = {"count": counts, "after": st.integers(0, 3), "action": st.sampled_from(ACTIONS), "lost_answer": st.booleans()}
faults = st.one_of(
    st.fixed_dictionaries({"kind": st.sampled_from(["throttle", "5xx", "html", "timeout", "empty", "reset"]), **lost}),
    st.builds(
        lambda code, rest: {"kind": "error", "code": code[0], "status": code[1], **rest},
        st.sampled_from(CODES),
        st.fixed_dictionaries({key: value for key, value in lost.items() if key != "lost_answer"}),
    ),
    st.builds(
        lambda code, action, after, count, items: {
            "kind": "partial",
            "code": code[0],
            "status": code[1],
            "action": action,
            "after": after,
            "count": count,
            "items": items,
        },
        st.sampled_from(CODES),
        st.sampled_from(WRITES),
        st.integers(0, 2),
        counts,
        st.integers(1, 2),
    ),
    st.builds(
        lambda place, value, after, count: {
            "kind": "alter",
            "action": place[0],
            "path": place[1],
            "value": value,
            "after": after,
            "count": count,
        },
        st.sampled_from(PLACES),
        st.sampled_from(VALUES),
        st.integers(0, 1),
        counts,
    ).filter(
        lambda fault: (
            not (fault["path"].endswith(".Tags") and (fault["value"] is None or isinstance(fault["value"], dict)))
        )
    ),
)
"""The faults of a call. `Tags` of nothing are left out: so ECS tells of an instance that has none, and nobody can know better."""
hidden = st.sampled_from([0.0, 0.0, 5.0, 60.0])
notes = st.sampled_from([None, None, "legacy-a", "legacy-a:012345:AAAAAAAAAAAAAAAAAAAAAA", "x"])
MOVES = {
    "retag": st.tuples(numbers, apps),
    "hold": st.tuples(numbers, held),
    "launch": st.tuples(machines, hidden),
    "note": st.tuples(numbers, notes),
    "status": st.tuples(numbers, st.sampled_from(["Stopped", "Running"])),
    "delete": st.tuples(numbers),
    "role_gone": st.tuples(st.sampled_from(["web", "worker", "legacy-a"])),
    "roles_back": st.tuples(),
    "map": st.tuples(files),
    "time_passes": st.tuples(st.sampled_from([1.0, 70.0, 700.0, 4000.0])),
    "sessions_end": st.tuples(),
}
"""What others do: a method of Moves, and what it is given."""
moves = st.one_of([st.tuples(st.just(name), given) for name, given in MOVES.items()])
overtakes = st.one_of(
    st.tuples(st.just("retag and its event"), st.tuples(numbers, apps)),
    st.tuples(st.just("retag and its event"), st.tuples(numbers, apps)),
    st.tuples(st.just("event"), st.tuples(numbers)),
    st.tuples(st.just("timer"), st.tuples()),
    moves,
    moves,
)
"""What happens between two calls of an invocation: a move, or another invocation from its beginning to its end."""
sides = st.sampled_from(["before", "after"])
calls = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 9])
troubles = st.one_of(
    st.just(()),
    st.just(()),
    st.just(()),
    st.lists(st.tuples(st.just("fault"), faults), min_size=1, max_size=2).map(tuple),
    st.tuples(st.tuples(st.just("kill"), calls, sides)),
    st.tuples(st.tuples(st.just("between"), calls, st.just("before"), overtakes)),
    st.tuples(st.tuples(st.just("between"), calls, st.just("before"), overtakes), st.tuples(st.just("fault"), faults)),
    st.tuples(st.tuples(st.just("fault"), faults), st.tuples(st.just("kill"), calls, sides)),
)
shares = st.sampled_from(["", "", 1, 2, "50%"])
options: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.just({"lift_brake": True}),
    st.fixed_dictionaries(
        {},
        optional={
            "dry_run": st.sampled_from([True, False]),
            "lift_brake": st.booleans(),
            "canary": st.sampled_from([0, 1, 2]),
            "max_errors": shares,
            "concurrency": shares,
            "max_calls": st.sampled_from([0, 2, 3, 4, 5, 6, 7, 8, 9, 12]),
            "everywhere": st.booleans(),
        },
    ),
)
turn = st.tuples(numbers, st.one_of(st.none(), held), apps)
turns = st.lists(turn, min_size=1, max_size=4)
"""Instances that are not as they should be: by a role that somebody puts on (None: nobody does), and other tags."""
selectors = st.one_of(
    st.just({"all": True}),
    st.just({"all": True}),
    st.builds(lambda role: {"role": role}, st.sampled_from(LISTED[:2])),
    st.builds(lambda drift: {"drift": drift}, st.sampled_from(["missing", "wrong", "orphaned", "foreign"])),
    st.just({"tags": {"app": "web"}}),
    st.builds(lambda ns: {"instance_ids": ns}, st.lists(numbers, min_size=1, max_size=3, unique=True)),
)
crowds = st.sampled_from([0] * 29 + [110])
"""Instances besides, so many that a look at all takes more than one page."""
limits = st.sampled_from([(3600, 0.0)] * 3 + [(10, 1.0), (10, 1.0), (12, 1.5), (11, 1.0)])
"""Seconds that Function Compute gives an invocation, and that each call to ECS takes: so little that a swap has the five seconds it books."""

"""Properties of the index, against brute force, and of paging while instances come and go."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fakecloud.ecs.models import TAGGED, Instance, Region, instance_id, number_of

ROLES, VPCS = st.sampled_from(["", "web", "db"]), st.sampled_from(["vpc-1", "vpc-2"])
KEYS, VALUES = st.sampled_from(["app", "env", "值"]), st.sampled_from(["", "a", "b"])
ASKED: list[Any] = [("role", "web"), ("role", "db"), ("vpc", "vpc-1"), ("tag", "app"), ("tag", "app", "a"), ("tag", "值", ""),
                    ("status", "Stopped"), TAGGED, ("role", "nobody")]  # fmt: skip


class Fleet(RuleBasedStateMachine):
    """Any order of additions, removals and changes: every question is answered as by looking at each instance."""

    @initialize()
    def begin(self) -> None:
        self.time = 0.0
        self.region = Region("1", "cn-hangzhou", itertools.count(1), lambda: self.time)

    def some(self, at: int) -> Instance | None:
        held = list(self.region.instances.values())
        return held[at % len(held)] if held else None

    @rule(role=ROLES, vpc=VPCS, tags=st.dictionaries(KEYS, VALUES), late=st.sampled_from([0.0, 0.0, 5.0]))
    def add(self, role: str, vpc: str, tags: dict[str, str], late: float) -> None:
        self.region.add(self.region.new(self.time, role=role, vpc=vpc, tags=tags, visible_at=self.time + late))

    @rule(count=st.integers(1, 5), tags=st.dictionaries(KEYS, VALUES))
    def add_many(self, count: int, tags: dict[str, str]) -> None:
        self.region.add_many([self.region.new(self.time, tags=dict(tags)) for _ in range(count)])

    @rule(at=st.integers(0, 99))
    def remove(self, at: int) -> None:
        if instance := self.some(at):
            self.region.remove(instance)

    @rule(at=st.integers(0, 99), key=KEYS, value=st.none() | VALUES)
    def tag(self, at: int, key: str, value: str | None) -> None:
        if instance := self.some(at):
            self.region.tag(instance, key, value)

    @rule(at=st.integers(0, 99), role=ROLES, status=st.sampled_from(["Running", "Stopped"]))
    def change(self, at: int, role: str, status: str) -> None:
        if instance := self.some(at):
            self.region.change(instance, "role", role)
            self.region.change(instance, "status", status)

    @rule(seconds=st.floats(0, 6))
    def wait(self, seconds: float) -> None:
        self.time += seconds

    @invariant()
    def every_question_is_answered_as_by_looking_at_each(self) -> None:
        if not hasattr(self, "region"):
            return
        seen = [i for i in self.region.instances.values() if i.visible_at <= self.time]
        for size in (0, 1, 2):
            for keys in itertools.combinations(ASKED, size):
                expected = sorted(i.number for i in seen if set(keys) <= set(i.keys()))
                rows, more = self.region.page(keys, -1, 100)
                assert ([i.number for i in rows], more) == (expected, None)
                for start, length in ((0, 2), (1, 3), (100, 1)):
                    part, total = self.region.slice(keys, start, length)
                    assert [i.number for i in part] == expected[start : start + length]
                    assert total == len(expected)
                picky, total = self.region.slice(keys, 1, 2, lambda i: i.vpc == "vpc-1")
                wanted = [n for n in expected if self.region._by_number[n].vpc == "vpc-1"]
                assert ([i.number for i in picky], total) == (wanted[1:3], len(wanted))

    @invariant()
    def nothing_is_left_behind_in_the_index(self) -> None:
        if hasattr(self, "region"):
            kept = {key for i in self.region.instances.values() for key in Instance.keys(i)}
            assert set(self.region.index._having) == kept


TestFleet = Fleet.TestCase
TestFleet.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)

OPERATIONS = st.lists(st.sampled_from(["add", "remove", "tag", "untag"]), max_size=6)


@given(
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=40),
    between=st.lists(OPERATIONS, max_size=40),
    start=st.integers(0, 40),
    picks=st.randoms(use_true_random=False),
    tagged=st.booleans(),
)
def test_paging_loses_nobody_who_is_there_throughout_and_shows_nobody_twice(
    sizes: list[int], between: list[list[str]], start: int, picks: Any, tagged: bool
) -> None:
    region = Region("1", "cn-hangzhou", itertools.count(1), lambda: 0.0)
    region.add_many([region.new(0.0, tags={"app": "web"}) for _ in range(start)])
    keys: list[Any] = [("tag", "app")] if tagged else []
    throughout = set(region.instances)
    seen: list[str] = []
    after: int | None = -1
    for page in itertools.count():
        assert after is not None
        rows, after = region.page(keys, after, sizes[page % len(sizes)])
        seen += [i.instance_id for i in rows]
        if after is None:
            break
        for operation in between[page] if page < len(between) else []:
            someone = picks.choice(sorted(region.instances)) if region.instances else None
            if operation == "add":
                region.add(region.new(0.0, tags={"app": "web"}))
            elif someone and operation == "remove":
                region.remove(region.instances[someone])
                throughout.discard(someone)
            elif someone:
                region.tag(region.instances[someone], "app", "web" if operation == "tag" else None)
                if tagged and operation == "untag":
                    throughout.discard(someone)
    assert len(seen) == len(set(seen))
    assert throughout <= set(seen)


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_an_id_tells_its_number_and_no_two_are_alike(one: int, two: int) -> None:
    assert number_of(instance_id(one)) == one
    assert (instance_id(one) == instance_id(two)) == (one == two)

"""Through a region page by page: whatever ECS refuses and whenever the time is up, nobody is left out, and both ways of
learning the roles tell the same."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from math import ceil
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.clock import CLOCK
from shared.engine.holders import Holders
from shared.engine.listing import Listing, Reading
from shared.engine.observe import ListingState, Observations
from shared.engine.rate import CallLimits, Rate
from shared.engine.role_lookup import RoleLookup
from shared.errors import CloudCallError, OutOfTime, PermanentError, Throttled
from shared.gateways.ecs import EcsGateway, Page, TokenRefused
from shared.mapping import load
from shared.model.instance import Instance
from shared.model.progress import MAX_RESTARTS, Progress
from tests.unit.engine.runs import LAST

ROLES = ("a", "b", "c")
MAPPING = load("version: 1\nroles: {a: , b: , c: }\nrules: [{name: all, role: a}]\n")
SIZE = 100


class Ecs(EcsGateway):
    """A region in memory, asked as the gateway is. trouble: by the number of the call (from 0), what it raises."""

    def __init__(self, fleet: Sequence[Instance], trouble: dict[int, CloudCallError] | None = None) -> None:
        self.region, self.fleet, self.trouble = "cn-hangzhou", list(fleet), trouble or {}
        self.calls: list[str] = []
        self._one_by_one = threading.Lock()

    def _called(self, what: str, token: str = "") -> None:
        with self._one_by_one:
            self.calls.append(what)
            error = self.trouble.get(len(self.calls) - 1)
        if error and (token or not isinstance(error, TokenRefused)):
            raise error

    def page(self, token: str = "", tags: Any = None) -> Page:
        self._called("page", token)
        start = int(token or 0)
        bare = tuple(msgspec.structs.replace(i, role="") for i in self.fleet[start : start + SIZE])
        more = str(start + SIZE) if start + SIZE < len(self.fleet) else ""
        return Page(instances=bare, token=token, next_token=more)

    def confirm_none(self) -> None:
        self._called("confirm_none")

    def count(self, tags: Any = None) -> int:
        self._called("count")
        return len(self.fleet)

    def roles(self, ids: Sequence[str]) -> dict[str, str | CloudCallError]:
        assert len(ids) <= 50
        self._called("roles")
        return {i.instance_id: i.role for i in self.fleet if i.instance_id in set(ids) and i.role}

    def holders(self, role: str, number: int = 1) -> tuple[list[str], int]:
        self._called("holders")
        held = [i.instance_id for i in self.fleet if i.role == role]
        return held[(number - 1) * 50 : number * 50], len(held)


def wants(instance: Instance) -> bool:
    return "wanted" in instance.tags


def fleet_of(kinds: Sequence[tuple[str, bool, str]]) -> list[Instance]:
    """Role, whether a rule gives one, network."""
    return [
        Instance(
            instance_id=f"i-{number}",
            region="cn-hangzhou",
            role="" if network == "classic" else role,
            network=network,  # type: ignore[arg-type]
            tags={"wanted": ""} if wanted else {},
        )
        for number, (role, wanted, network) in enumerate(kinds)
    ]


class Through(msgspec.Struct):
    """What came of a way through a region. failed: ids whose role could not be read. deferred: for want of time."""

    instances: list[Instance]
    failed: list[str]
    deferred: list[str]
    error: CloudCallError | None
    state: ListingState
    holders: Holders
    managed: int | None


def through(
    ecs: Ecs,
    progress: Progress | None = None,
    *,
    roles: Sequence[str] = ROLES,
    rate: Rate | None = None,
    workers: int = 0,
) -> Through:
    rate, progress = rate or Rate(CallLimits(per_minute={"": 10**6})), progress or Progress()
    with ThreadPoolExecutor(workers) if workers else Inline() as pool:
        lookup = RoleLookup(ecs, roles, pool, rate, wants)
        listing = Listing(Reading(ecs=ecs, rate=rate, reserve=0.0), lookup, progress, {}, lambda calls: None)
        pages = [*listing.pages()]
    holders = Holders(MAPPING, progress.managed, True, lambda: pytest.fail("they have been seen"))
    for page in (*pages, LAST):
        holders.note(page)
    last = pages[-1]
    assert last.listing is not None
    return Through(
        [instance for page in pages for instance in page.instances],
        [name for page in pages for name in (*page.unread, *(i.instance_id for i in page.unread_roles))],
        [name for page in pages for name in page.deferred],
        last.error,
        last.listing,
        holders,
        last.holders,
    )


class Inline(Executor):
    """Does the work at once, in the thread that asks for it, and keeps what it raises for whoever waits."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except CloudCallError as error:
            future.set_exception(error)
        return future


kinds = st.tuples(
    st.sampled_from(["", "", "a", "b", "c", "alien"]), st.booleans(), st.sampled_from(["vpc", "vpc", "vpc", "classic"])
)
fleets = st.lists(st.tuples(kinds, st.integers(1, 130)), max_size=8).map(
    lambda runs: fleet_of([kind for kind, times in runs for _ in range(times)])
)


def matters(fleet: Sequence[Instance]) -> dict[str, str]:
    """The roles that decide anything: a foreign one matters only where a rule gives another."""
    return {i.instance_id: i.role if i.role != "alien" or wants(i) else "" for i in fleet}


@given(
    fleet=fleets,
    roles=st.sampled_from([ROLES, (*ROLES, *(f"r{n}" for n in range(40)))]),
    workers=st.sampled_from([0, 3]),
)
@settings(deadline=None)
def test_both_ways_tell_the_same_roles_and_visit_each_instance_once(
    fleet: list[Instance], roles: Sequence[str], workers: int
) -> None:
    went = through(ecs := Ecs(fleet), roles=roles, workers=workers)
    assert [went.failed, went.error, went.deferred] == [[], None, []]
    assert went.state.listed
    assert Counter(i.instance_id for i in went.instances) == {i.instance_id: 1 for i in fleet}
    assert matters(went.instances) == matters(fleet)
    assert went.holders.known == sum(i.role in ROLES for i in fleet)
    calls = Counter(ecs.calls)
    if not calls["holders"]:
        assert calls["roles"] <= ceil(sum(i.network == "vpc" for i in fleet) / 50)
    else:
        assert 2 * len(roles) <= ceil(len(fleet) / 50), (
            "where asking for holders may save nothing, they are not asked for"
        )
        unknown = sum(i.network == "vpc" and wants(i) and i.role not in ROLES for i in fleet)
        assert calls["roles"] == ceil(unknown / 50), "gathered over the pages, every look-up but the last is full"


def refused() -> TokenRefused:
    return TokenRefused("DescribeInstances", "InvalidParameter.NextToken", "too old")


TROUBLE: dict[str, Callable[[], CloudCallError]] = {
    "token": refused,
    "time": lambda: OutOfTime("DescribeInstances"),
    "throttled": lambda: Throttled("DescribeInstances", "Throttling", "slow"),
    "permanent": lambda: PermanentError("DescribeInstances", "Forbidden", "no"),
}


@given(
    fleet=fleets,
    trouble=st.dictionaries(st.integers(0, 40), st.sampled_from(["token", "time"]), max_size=6),
    again=st.lists(st.dictionaries(st.integers(0, 20), st.sampled_from(["token", "time"]), max_size=3), max_size=3),
    workers=st.sampled_from([0, 3]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_sequence_of_refused_tokens_and_deadlines_visits_every_instance(
    fleet: list[Instance], trouble: dict[int, str], again: list[dict[int, str]], workers: int
) -> None:
    """Invocation after invocation, as the run does it, until one has no trouble: each instance was observed, or its error told."""
    visited: dict[str, str] = {}
    progress = Progress()
    for troubles in (trouble, *again, {}):
        ecs = Ecs(fleet, {n: TROUBLE[kind]() for n, kind in troubles.items()})
        went = through(ecs, progress, workers=workers)
        visited |= matters(went.instances)
        assert not went.failed, "a token and a deadline are nobody's fault"
        visited |= {name: matters(fleet)[name] for name in went.deferred}  # handed over by name, and asked for by name
        if went.error is not None:
            assert isinstance(went.error, TokenRefused)
            assert went.state.restarts > MAX_RESTARTS
            return
        if went.state.listed:
            break
        progress = Progress(
            link=progress.link + 1,
            token=went.state.token,
            pages=went.state.pages,
            managed=went.managed,
            restarts=went.state.restarts,
        )
    assert visited == matters(fleet)


@given(
    fleet=fleets,
    at=st.integers(0, 30),
    kind=st.sampled_from(["throttled", "permanent"]),
    workers=st.sampled_from([0, 3]),
)
@settings(deadline=None)
def test_a_call_that_fails_for_good_ends_the_run_or_its_fifty_and_what_was_had_is_worked_on(
    fleet: list[Instance], at: int, kind: str, workers: int
) -> None:
    ecs = Ecs(fleet, {at: TROUBLE[kind]()})
    went = through(ecs, workers=workers)
    told = Counter([i.instance_id for i in went.instances] + went.failed)
    assert set(told.values()) <= {1}
    assert len(went.failed) <= 50
    pages = ecs.calls.count("page") - (ecs.calls[at] == "page" if at < len(ecs.calls) else 0)
    assert set(told) == {i.instance_id for i in fleet[: pages * SIZE]}
    assert went.state.listed != (went.error is not None)


def test_a_token_refused_a_third_time_ends_the_run_with_the_reason() -> None:
    fleet = fleet_of([("", False, "vpc")] * 350)

    class Forgetful(Ecs):
        def page(self, token: str = "", tags: Any = None) -> Page:
            if token == "200":
                self.calls.append("page")
                raise refused()
            return super().page(token, tags)

    went = through(ecs := Forgetful(fleet))
    assert isinstance(went.error, TokenRefused)
    assert (went.state.restarts, went.state.listed) == (3, False)
    assert {i.instance_id for i in went.instances} == {i.instance_id for i in fleet[:200]}
    assert Counter(ecs.calls)["page"] == 9


def test_after_a_restart_holders_are_counted_again() -> None:
    """Else the brake would take the fleet for twice as large."""
    fleet = fleet_of([("a", True, "vpc")] * 250)
    for trouble in range(3, 7):
        went = through(Ecs(fleet, {trouble: refused()}), roles=[f"r{n}" for n in range(40)] + ["a"])
        if went.state.restarts:
            assert went.holders.known == 250
            return
    pytest.fail("no token was refused")


@pytest.mark.parametrize(("per_minute", "by_holders"), [(10_000, True), (10, False)])
def test_holders_are_not_read_where_the_rate_leaves_no_time_for_them(per_minute: int, by_holders: bool) -> None:
    fleet = fleet_of([("a", True, "vpc")] * 2_000)
    rate = Rate(CallLimits(per_minute={"": per_minute}, until=CLOCK.monotonic() + 300))
    through(ecs := Ecs(fleet), rate=rate)
    assert Counter(ecs.calls)["holders"] == (42 if by_holders else 3)


def test_holders_that_cannot_be_read_are_asked_for_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    fleet = fleet_of([("a", True, "vpc")] * 350)
    went = through(ecs := Ecs(fleet, {2: TROUBLE["permanent"]()}))
    assert (len(went.instances), went.failed, went.error) == (350, [], None)
    assert Counter(ecs.calls)["roles"] == 7
    assert "holders_not_read" in capsys.readouterr().out


def test_what_is_not_read_to_the_end_is_no_number_of_holders() -> None:
    """A part of them would make the brake act too early, or a fleet seem smaller than it is."""
    known = [
        Observations(began=0.0, instances=fleet_of([("a", True, "vpc")] * 9)),
        Observations(began=0.0, deferred=["i-9"]),
        LAST,
    ]
    for pages, number in ((known[:1], None), ([known[0], LAST], 9), (known, None)):
        holders = Holders(MAPPING, None, True, lambda: 77)
        for page in pages:
            holders.note(page)
        assert holders.known == number
        assert holders.count(Progress(removed=3, counts={"attached/missing": 2})) == (number or 78)

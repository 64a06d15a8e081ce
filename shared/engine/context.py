"""The context that the parts of one invocation share, and its observer."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.clock import CLOCK
from shared.engine.executors import Executor
from shared.engine.journal import Journal
from shared.engine.memory import Memory
from shared.engine.observe import Observations
from shared.engine.rate import Stop
from shared.gateways.clients import Credentials
from shared.mapping import Mapping as RoleMapping
from shared.model.plan_file import Approved
from shared.model.record import Record, RecordContext
from shared.model.trigger import FunctionName, Trigger
from shared.planning.planner import Causes, Planner, Signing
from shared.settings import Settings


class RunObserver(Stop):
    """Whoever follows an invocation as it goes on: an operator. Nobody follows the functions'."""

    def observed(self, page: Observations) -> None:
        """A page was observed; each of its instances ends in a record."""

    def estimated(self, calls: Mapping[str, int]) -> None:
        """The most calls that observing may take, before anything is changed: `instances`, and calls by API."""

    def ended(self, record: Record) -> None:
        """An observation has ended so."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """One invocation: what it works with.

    record: what its records carry. observer: None = nobody follows it. function: our own name in Function Compute, "" = not running
    there. executor: of a run, in place of the one that the request asks for. approved: the plan that a run is to carry out. until: when Function Compute ends the invocation, by the monotonic clock. reportable: whether the request fits into a dead
    letter, if it fails to the end.
    """

    name: FunctionName
    settings: Settings
    mapping: RoleMapping
    credentials: Credentials
    record: RecordContext
    memory: Memory
    journal: Journal
    observer: RunObserver | None = None
    executor: Executor | None = None
    approved: Mapping[str, Approved] | None = None
    function: str = ""
    until: float = float("inf")
    reportable: bool = True

    def planner(self, trigger: Trigger | None = None, causes: Causes = lambda name: ()) -> Planner:
        """Return the planner for one account. trigger: of a run, with its account and its selection; None = for events: causes."""
        account = self.settings.account_id if trigger is None else trigger.account_id
        signing = Signing(account_id=account, keys=self.settings.proof_keys, operated=self.observer is not None)
        if trigger is None:
            return Planner(self.mapping, signing, CLOCK.now, causes=causes)
        return Planner(self.mapping, signing, CLOCK.now, selection=trigger.request, causes=lambda name: (trigger,))

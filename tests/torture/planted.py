"""Bugs of different kinds, each planted into a copy of the source as it is imported: the machine has to find every one.

`python -m tests.torture.planted NAME HISTORIES SEED` plants one and searches for it; exit code 0: it was found. This table is the one
place that names modules of the product: when one moves, its row is aimed anew. A row whose text is not there, or not once, is an error.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any


@dataclass(frozen=True)
class Plant:
    """before: a text that the module's source has once; after: what stands there instead. shows: a pattern of what the machine must say."""

    module: str
    before: str
    after: str
    shows: str


PLANTS = {
    "a foreign role removed under keep": Plant(
        "shared.planning.decide", 'desired.foreign_roles == "keep" or not may_displace(held)', "False", "foreign role"
    ),
    "no put-back": Plant(
        "shared.engine.step_writer", "back = self._put_back(step.detach, without)", "back = self._put_back(step.detach, [])", "was not tried again"
    ),
    "the brake off by one": Plant(
        "shared.planning.guards", "max(facts.limit.at_least - 1, int(share))", "max(facts.limit.at_least, int(share))", "listed role"
    ),
    "no launch grace": Plant(
        "shared.planning.decide", "bool(launch_grace) and now - instance.created_at < launch_grace", "False", "young"
    ),
    "a wrong intent": Plant(
        "shared.gateways.exact_writes", "self._announce(call, self._ecs.region, role, ids)", "self._announce(call, self._ecs.region, role, ids[:1])",
        "no intent",
    ),
    "an unnamed detach": Plant(
        "shared.gateways.ecs", '"RamRoleName": role, "InstanceIds": json.dumps(list(ids))}',
        '**({"RamRoleName": role} if call[0] == "A" else {}), "InstanceIds": json.dumps(list(ids))}', "names no role",
    ),
    "a record left out": Plant(
        "shared.engine.invocation", "        self._journal.record(record)\n",
        '        if record.action != "detach":\n            self._journal.record(record)\n', "no record|a dry run plans",
    ),
    "a stale decision carried out": Plant(
        "shared.engine.observe", "    answer, shown = reads.both(",
        "    if tuple(ids) in REMEMBERED:\n        return REMEMBERED.pop(tuple(ids))\n    REMEMBERED[tuple(ids)] = _observed(ecs, ids, reads)\n"
        "    return REMEMBERED[tuple(ids)]\n\n\nREMEMBERED: dict[tuple[str, ...], Shown] = {}\n\n\n"
        "def _observed(ecs: EcsGateway, ids: Sequence[str], reads: Reads) -> Shown:\n    answer, shown = reads.both(",
        "should hold|was not changed|is taken off where",
    ),
    "a dry run that writes": Plant(
        "shared.engine.run_region", "if context.executor or self._request.dry_run:", "if context.executor:", "a dry run writes"
    ),
    "a guarded role for whoever asks": Plant(
        "shared.mapping.contents", "frozenset(filter(matches, filter(None, actors)))", "frozenset(filter(None, actors))", "nobody who may"
    ),
    "no correction is guarded": Plant(
        "shared.planning.planner", "if change.role not in mapping.roles or change.role_after != change.role:",
        "if change.role not in mapping.roles or change.role_after != change.role or change.action == 'swap':", "nobody who may|should hold|dry run plans",
    ),
    "a hand-over that loses ids": Plant("shared.planning.transitions", "instance_ids=names,", "instance_ids=names[1:],", "holds"),
}  # fmt: skip


class Planted(importlib.machinery.SourceFileLoader):
    plant: Plant

    def get_code(self, fullname: str) -> CodeType:  # not from a cache
        path = self.get_filename(fullname)
        text = self.get_data(path).decode()
        if text.count(self.plant.before) != 1:
            sys.exit(
                f"{fullname} has {text.count(self.plant.before)} times what the plant replaces: aim it anew: {self.plant.before}"
            )
        return compile(text.replace(self.plant.before, self.plant.after), path, "exec")


class Finder(importlib.abc.MetaPathFinder):
    def __init__(self, plant: Plant) -> None:
        self.plant = plant

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if name != self.plant.module:
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path)
        if found is None or found.origin is None:
            sys.exit(f"there is no module {name}: aim the plant anew")
        found.loader = Planted(name, found.origin)
        found.loader.plant = self.plant
        return found


def main(name: str, histories: int, seed: int) -> int:
    plant = PLANTS[name]
    sys.meta_path.insert(0, Finder(plant))
    from tests.torture.search import search
    from tests.torture.world import World

    begin = World.begin

    def begins(self: World, *given: Any) -> None:
        """What a plant remembers in the process is of one history."""
        getattr(sys.modules.get(plant.module), "REMEMBERED", {}).clear()
        begin(self, *given)

    setattr(World, "begin", begins)  # noqa: B010 - in place of a method
    found = search(histories, seed, shrink=False)
    if plant.module not in sys.modules:
        sys.exit(f"{plant.module} was never imported: aim the plant anew")
    if not found.failure:
        print(f"{name}: not found in {found.histories} histories")
        return 1
    told = found.failure.splitlines()
    print(
        f"{name}: found in history {found.histories}: {next((line for line in told if re.search(plant.shows, line)), told[0])[:300]}"
    )
    return 0 if any(re.search(plant.shows, line) for line in told) else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

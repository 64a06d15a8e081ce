"""Two mappings over the instances of a real fleet: who is treated differently, and who holds which role. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from shared.mapping.contents import Mapping
from shared.mapping.treatment import Treatment, treatment
from shared.model.instance import Instance


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """An instance that is treated differently, the role on it now ("" = none), and the rules that decide ("" = none).

    foreign: whether neither mapping lists that role.
    """

    instance_id: str
    name: str
    role: str
    foreign: bool
    old_rule: str
    new_rule: str


class FleetComparison(msgspec.Struct, kw_only=True):
    """Keeps those that are treated differently, by how; all others are counted alone, for a fleet may be large.

    holders: instances by the role on them. unread: ids of those that could not be read: nothing is known of them.
    """

    instances: int = 0
    unread: list[str] = []
    holders: Counter[str] = msgspec.field(default_factory=Counter)
    affected: dict[tuple[Treatment, Treatment], list[Affected]] = {}

    @property
    def changed(self) -> int:
        return sum(map(len, self.affected.values()))


def compare_fleet(old: Mapping, new: Mapping, instances: Iterable[Instance]) -> FleetComparison:
    """Evaluate both mappings on each instance."""
    found = FleetComparison()
    for instance in instances:
        found.instances += 1
        if instance.unread is not None:
            found.unread.append(instance.instance_id)
            continue
        if instance.role:
            found.holders[instance.role] += 1
        (old_rule, before), (new_rule, after) = treatment(old, instance), treatment(new, instance)
        if before != after:
            one = Affected(
                instance_id=instance.instance_id,
                name=instance.name,
                role=instance.role,
                foreign=bool(instance.role) and not (old.is_managed(instance.role) or new.is_managed(instance.role)),
                old_rule=old_rule,
                new_rule=new_rule,
            )
            found.affected.setdefault((before, after), []).append(one)
    return found

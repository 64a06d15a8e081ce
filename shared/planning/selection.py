"""The instances that were asked for: the operator's selection, as far as it can be told."""

from __future__ import annotations

from shared.mapping import Mapping
from shared.model.instance import Desired, Instance
from shared.model.trigger import Selection
from shared.planning.decide import drift


def is_selected(selection: Selection, instance: Instance, desired: Desired, mapping: Mapping) -> bool:
    """Say whether an instance, whose role is known, is asked for."""
    wanted = desired.role if desired.verdict == "role" else ""
    if selection.role and selection.role not in (instance.role, wanted):
        return False
    if selection.drift and drift(instance, desired, mapping.is_managed) != selection.drift:
        return False
    return may_be_selected(selection, instance, desired)


def may_be_selected(selection: Selection, instance: Instance, desired: Desired) -> bool:
    """Say the same without its role: whether it may be asked for."""
    if selection.rule and selection.rule != desired.rule:
        return False
    return selection.tags.items() <= instance.tags.items()

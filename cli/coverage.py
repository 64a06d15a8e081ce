"""The regions and accounts of the settings that a command looks after, and how to look after the others. Calls nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.settings import Settings, Target, targets, variable

NAMED = 10
"""Places that a line names; --json has them all."""


def others(settings: Settings, covered: Mapping[str, Any]) -> list[Target]:
    """Every place of the settings but this one. covered: its region and account_id."""
    here = Target(covered["account_id"], covered["region"])
    return [place for place in targets(settings) if place != here]


def note(covered: Mapping[str, Any], places: Sequence[Target]) -> list[str]:
    """One line, or none where all is covered."""
    if not places:
        return []
    named = ", ".join(f"{place.region} of account {place.account_id}" for place in places[:NAMED])
    more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
    return [
        f"covered: {covered['region']} of account {covered['account_id']} alone; the settings "
        f"({variable('region')}, {variable('regions')}, {variable('accounts')}) also name {named}{more}: to cover it too, run again "
        "with --region and --account for each, or once with --invoke --everywhere"
    ]


def no_region(covered: Mapping[str, Any]) -> list[str]:
    """One line where ECS does not know the region, or none. covered: the run, with its error."""
    if not str(covered.get("error_code", "")).startswith("InvalidRegionId"):
        return []
    return [
        f"{covered['region']} is no region that ECS knows: correct --region or {variable('region')}, as cn-hangzhou"
    ]


def other_accounts(settings: Settings) -> list[str]:
    """The accounts of the settings but their own: what RAM holds is the same in all regions, and a key is of one account."""
    return [account for account in settings.accounts if account != settings.account_id]


def accounts_note(settings: Settings) -> list[str]:
    """One line on them, or none."""
    left = other_accounts(settings)
    if not left:
        return []
    more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
    return [
        f"covered: account {settings.account_id} alone; {variable('accounts')} also lists {', '.join(left[:NAMED])}{more}: run it again "
        f"with a key of each, and its id in {variable('account_id')}"
    ]

"""The regions and accounts that a deployment looks after, and the role to assume in each account."""

from __future__ import annotations

import msgspec

from shared.errors import ConfigError
from shared.settings.fields import Settings, variable


class Target(msgspec.Struct, frozen=True):
    """One region of one account: what a run looks after."""

    account_id: str
    region: str


def targets(settings: Settings) -> tuple[Target, ...]:
    """Every account in every region, each once; the deployment's own account and region first."""
    regions = dict.fromkeys((settings.region, *settings.regions))
    accounts = dict.fromkeys((settings.account_id, *settings.accounts))
    return tuple(Target(account, region) for account in accounts for region in regions)


def member_role(settings: Settings, account_id: str) -> str:
    """The role to assume in that account, "" in the deployment's own. Raises ConfigError where it is not listed."""
    if account_id == settings.account_id:
        return ""
    if account_id not in settings.accounts:
        raise ConfigError(
            f"account {account_id} is neither this deployment's own nor listed in {variable('accounts')}: "
            f"{', '.join(settings.accounts) or 'none is'}; list it there as ACCOUNT=ROLE"
        )
    return settings.accounts[account_id]

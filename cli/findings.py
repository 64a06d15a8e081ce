"""The lint of a mapping's policies for the commands that call no cloud, and so may not know the account. Prints nothing.

What the environment's settings cannot deploy is found too: rolekeeper's own roles, and more than its policies hold.
"""

from __future__ import annotations

import os

from shared import policies
from shared.mapping import Mapping
from shared.settings import Settings

SOME_ACCOUNT = "0" * 16
"""As long as an account's id, so that a policy is not found too long by a provision alone."""


SOME_REGION = "cn-hangzhou"


def findings(mapping: Mapping, file: str) -> tuple[policies.Finding, ...]:
    """Find everything wrong with the policies that its roles would get in the account of the environment, or in some account.

    Raises ConfigError for a setting that is of no good form.
    """
    settings = Settings.from_env(os.environ, region=SOME_REGION, account_id=SOME_ACCOUNT)
    lint = policies.check(mapping, account_id=settings.account_id, file=file)
    return (*policies.check_deployment(mapping, settings, file=file), *lint)

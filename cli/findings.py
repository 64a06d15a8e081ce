"""The lint of a mapping's policies for the commands that call no cloud, and so may not know the account. Prints nothing."""

from __future__ import annotations

import os

from shared import policies
from shared.mapping import Mapping
from shared.settings import variable

SOME_ACCOUNT = "0" * 16
"""As long as an account's id, so that a policy is not found too long by a provision alone."""


def findings(mapping: Mapping, file: str) -> tuple[policies.Finding, ...]:
    """Everything wrong with the policies that its roles would get in the account of the environment, or in some account."""
    account = os.environ.get(variable("account_id"), "") or SOME_ACCOUNT
    return policies.check(mapping, account_id=account, file=file)

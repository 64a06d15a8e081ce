"""IMS as rolekeeper's operator uses it: the quotas of an account. Facts: GetAccountSummary API page (2019-08-15)."""

from __future__ import annotations

from shared.gateways.clients import Credentials
from shared.gateways.rpc import Rpc
from shared.gateways.translation import translated
from shared.settings import Settings

CALL = "GetAccountSummary"


def account_summary(settings: Settings, credentials: Credentials) -> dict[str, int]:
    """Numbers by their names on the API page: Roles, RolesQuota, Policies, ...

    Raises PermanentError, TransientError or Throttled.
    """
    with translated(CALL):
        client = Rpc(settings, credentials, region=settings.region, service="ims", retries=True)
        found = client.call(CALL, {}).get("SummaryMap")
        return (
            {name: number for name, number in found.items() if type(number) is int} if isinstance(found, dict) else {}
        )

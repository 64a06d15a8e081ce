"""IMS as rolekeeper's operator uses it: the quotas of an account. Facts: GetAccountSummary API page (2019-08-15)."""

from __future__ import annotations

from typing import Any

from shared.gateways.clients import Credentials, config
from shared.gateways.errors import translated
from shared.gateways.sdk import lean
from shared.settings import Settings

CALL, VERSION = "GetAccountSummary", "2019-08-15"
ENDPOINT = "ims.aliyuncs.com"  # global


def account_summary(settings: Settings, credentials: Credentials) -> dict[str, int]:
    """Numbers by their names on the API page: Roles, RolesQuota, Policies, ...

    Raises PermanentError, TransientError or Throttled.
    """
    with translated(CALL):
        client, request, options, params = _sdk()
        made = client(config(settings, credentials, region=settings.region, endpoint=ENDPOINT))
        action = params(
            action=CALL, version=VERSION, protocol="HTTPS", pathname="/", method="POST", auth_type="AK", style="RPC",
            req_body_type="formData", body_type="json",
        )  # fmt: skip
        found = made.call_api(action, request(query={}), options())["body"].get("SummaryMap")
        return (
            {name: number for name, number in found.items() if type(number) is int} if isinstance(found, dict) else {}
        )


@lean
def _sdk() -> tuple[Any, Any, Any, Any]:
    from alibabacloud_tea_openapi.client import Client
    from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
    from darabonba.runtime import RuntimeOptions

    return Client, OpenApiRequest, RuntimeOptions, Params

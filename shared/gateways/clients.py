"""How an SDK client is made: credentials, endpoint, timeouts, retries. Makes no call."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from shared.gateways.sdk import lean
from shared.settings import Settings


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Keys for one invocation; never logged, and kept only until another invocation brings others."""

    access_key_id: str
    access_key_secret: str
    security_token: str = ""

    def __repr__(self) -> str:
        return "Credentials(…)"


def config(
    settings: Settings, credentials: Credentials, *, region: str, endpoint: str = "", retries: bool = True
) -> Any:
    """Config of an alibabacloud_* client.

    Retries: RuntimeOptions' are ignored by tea-openapi 0.4.6, only Config's retry_options count (measured). One quiet
    retry for a broken connection (a socket that died while the function was frozen) and for a 5xx. A throttle is not
    retried here: it lasts until the next minute. retries=False: not even that, for a write whose answer may be lost after
    it was carried out; its caller reads before it tries again.
    """
    made, _ = _sdk()
    milliseconds = int(settings.timeout_seconds * 1000)
    return made(
        access_key_id=credentials.access_key_id,
        access_key_secret=credentials.access_key_secret,
        security_token=credentials.security_token or None,
        region_id=region,
        endpoint=settings.endpoint.partition("://")[2].rstrip("/") or endpoint or None,
        protocol="http" if settings.endpoint.startswith("http://") else "https",
        connect_timeout=milliseconds,
        read_timeout=milliseconds,
        retry_options=_again(retries),
        user_agent="rolekeeper",
    )


@cache
def _again(retries: bool) -> Any:
    _, made = _sdk()
    again = {
        "maxAttempts": 2,
        "exception": ["RetryError"],
        "errorCode": ["ServiceUnavailable", "InternalError"],
        "backoff": {"policy": "Fixed", "period": 200},
        "maxDelay": 1_000,  # of what an x-acs-retry-after header asks for
    }
    return made({"retryable": retries, "retryCondition": [again]})


@lean
def _sdk() -> tuple[Any, Any]:
    from alibabacloud_tea_openapi.utils_models import Config
    from darabonba.policy.retry import RetryOptions

    return Config, RetryOptions

"""The making of an SDK client: credentials, endpoint, timeouts, retries. Makes no call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from shared.clean import keep, masked
from shared.errors import ConfigError
from shared.gateways.sdk import lean
from shared.settings import Service, Settings

_NOT_IN_A_KEY = re.compile("[^!-~]")


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Keys for one invocation; never logged, and kept only until another invocation brings others."""

    access_key_id: str
    access_key_secret: str
    security_token: str = ""
    expires: float = float("inf")  # seconds since the epoch, by the cloud's clock; not known of our own

    def __post_init__(self) -> None:
        keep(self.access_key_id, self.access_key_secret, self.security_token)

    def __repr__(self) -> str:
        return "Credentials(…)"

    @classmethod
    def given(cls, key: str, secret: str, token: str, names: Sequence[str]) -> Credentials:
        """Keys as they come from outside, without the white space around them. names: of the three, for the error.

        Raises ConfigError, which never shows the value, for one with a character that would be refused or cut a header in two.
        """
        found = [text.strip() for text in (key, secret, token)]
        keep(*found)
        for name, text in zip(names, found, strict=True):
            if bad := _NOT_IN_A_KEY.search(text):
                raise ConfigError(
                    f"{name}: character {bad.start() + 1} of {len(text)} is a blank, a control character or not ASCII, "
                    "which no key has; set it anew, with the key alone"
                )
        return cls(access_key_id=found[0], access_key_secret=found[1], security_token=found[2])


def config(settings: Settings, credentials: Credentials, *, region: str, service: Service, retries: bool = True) -> Any:
    """Config of an alibabacloud_* client.

    Retries: RuntimeOptions' are ignored by tea-openapi 0.4.6, only Config's retry_options count (measured). One quiet
    retry for a broken connection (a socket that died while the function was frozen) and for a 5xx. A throttle is not
    retried here: it lasts until the next minute. retries=False: not even that, for a write whose answer may be lost after
    it was carried out; its caller reads before it tries again.
    """
    from shared.gateways import transport
    from shared.gateways.endpoints import host

    _mask_debug_log()
    made, _, core = _sdk()
    transport.lead(core)
    milliseconds = int(settings.timeout_seconds * 1000)
    return made(
        access_key_id=credentials.access_key_id,
        access_key_secret=credentials.access_key_secret,
        security_token=credentials.security_token or None,
        region_id=region,
        endpoint=settings.endpoint.partition("://")[2].rstrip("/") or host(settings, service, region),
        protocol="http" if settings.endpoint.startswith("http://") else "https",
        connect_timeout=milliseconds,
        read_timeout=milliseconds,
        retry_options=_again(retries),
        user_agent="rolekeeper",
    )


@cache
def _mask_debug_log() -> None:
    """With DEBUG=sdk in the environment the SDKs log each header that they send."""
    import logging

    def mask(record: logging.LogRecord) -> bool:
        record.msg, record.args = masked(record.getMessage()), ()
        return True

    for name in ("darabonba-core", "alibabacloud-tea"):
        logging.getLogger(name).addFilter(mask)


@cache
def _again(retries: bool) -> Any:
    _, made, _ = _sdk()
    again = {
        "maxAttempts": 2,
        "exception": ["RetryError"],
        "errorCode": ["ServiceUnavailable", "InternalError"],
        "backoff": {"policy": "Fixed", "period": 200},
        "maxDelay": 1_000,  # of what an x-acs-retry-after header asks for
    }
    return made({"retryable": retries, "retryCondition": [again]})


@lean
def _sdk() -> tuple[Any, Any, Any]:
    from alibabacloud_tea_openapi.utils_models import Config
    from darabonba.core import DaraCore
    from darabonba.policy.retry import RetryOptions

    return Config, RetryOptions, DaraCore

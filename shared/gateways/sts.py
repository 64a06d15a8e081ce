"""STS as rolekeeper uses it: keys of a role in another account, for one session, and whose keys ours are. Judges nothing; never
logs a key.

Facts: AssumeRole and GetCallerIdentity API pages (2015-04-01).
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Annotated

import msgspec

from shared.gateways.clients import Credentials
from shared.gateways.rpc import Rpc
from shared.gateways.translation import translated
from shared.settings import Settings

CALL, WHO = "AssumeRole", "GetCallerIdentity"
KEYS = ("AccessKeyId", "AccessKeySecret", "SecurityToken")
SECONDS = 3600
"""Life of the keys. Every role allows an hour (MaxSessionDuration is 3600 to 43200), and a role that assumes the next one
gets no more."""


Text = Annotated[str, msgspec.Meta(min_length=1)]
AccountId = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}\Z")]


class _Given(msgspec.Struct, rename="pascal"):
    """Credentials in the answer of AssumeRole."""

    access_key_id: Text
    access_key_secret: Text
    security_token: Text
    expiration: Annotated[datetime, msgspec.Meta(tz=True)]


class StsGateway:
    """STS of the deployment's region, asked with these credentials."""

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._settings, self._credentials = settings, credentials

    @cached_property
    def _client(self) -> Rpc:
        region = self._settings.region
        return Rpc(self._settings, self._credentials, region=region, service="sts", retries=True)

    def assume(
        self, account_id: str, role: str, *, session_policy: str, external_id: str = "", session_name: str
    ) -> Credentials:
        """Keys of that account's role, for an hour, with their end; they may do what both the role and session_policy allow.

        session_policy: a policy document in JSON, at most 2,048 characters. external_id: "" = none is sent.
        session_name: 2 to 64 letters, digits and .@-_; the account's ActionTrail shows it. Safe to repeat.
        Raises PermanentError (NoPermission: our role may not assume it, or it does not trust us or the external id),
        TransientError or Throttled.
        """
        query = {
            "RoleArn": f"acs:ram::{account_id}:role/{role}",
            "RoleSessionName": session_name,
            "DurationSeconds": str(SECONDS),
            "Policy": session_policy,
            "ExternalId": external_id,
        }
        with translated(CALL):
            given = msgspec.convert(self._client.call(CALL, query).get("Credentials"), _Given)
            keys = Credentials.given(given.access_key_id, given.access_key_secret, given.security_token, KEYS)
            return msgspec.structs.replace(keys, expires=given.expiration.timestamp())

    def account(self) -> str:
        """Id of the account that the keys are of. Needs no permission. Raises CloudCallError."""
        with translated(WHO):
            return msgspec.convert(self._client.call(WHO, {}).get("AccountId"), AccountId, strict=False)

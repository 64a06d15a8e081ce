"""The operator's own key, for the commands that call the cloud: of the account that the settings name, or none. Keeps nothing."""

from __future__ import annotations

import os

from shared.app import credentials_from
from shared.errors import CloudCallError, ConfigError
from shared.gateways.clients import Credentials
from shared.gateways.sts import StsGateway
from shared.settings import Settings, variable

KEY = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
REFUSED = {
    "InvalidAccessKeyId.NotFound": f"{KEY[0]} is no key of any account; copy it anew",
    "InvalidAccessKeyId.Inactive": f"the key in {KEY[0]} is disabled",
    "SignatureDoesNotMatch": f"{KEY[1]} is not the secret of the key in {KEY[0]}",
}
"""Advice by STS's code (page "Common error codes")."""


def keys(settings: Settings) -> Credentials:
    """From the environment. One call asks whose they are: with another account's, what is written there would carry our name.

    Raises ConfigError where there are none, or they are of another account; CloudCallError where STS does not say.
    """
    unset = [name for name in KEY if not os.environ.get(name, "").strip()]
    if unset:
        raise ConfigError(
            f"no access key: {' and '.join(unset)} not set; set those of a key of account {settings.account_id}"
        )
    found = credentials_from(os.environ, None)
    try:
        account = StsGateway(settings, found).account()
    except CloudCallError as error:
        if error.code in REFUSED:
            raise ConfigError(f"{error}; {REFUSED[error.code]}") from error
        if error.code:
            raise
        if error.advice:  # it says what to look at
            raise ConfigError(f"{error}; nothing was done") from error
        at = (
            f"{variable('endpoint')}={settings.endpoint}"
            if settings.endpoint
            else f"the region ({settings.region}), the network and its proxies"
        )
        raise ConfigError(f"{error}; nothing was done; look at {at}") from error
    if account != settings.account_id:
        raise ConfigError(
            f"the access key in {KEY[0]} is of account {account}, but {variable('account_id')} says {settings.account_id}; "
            "nothing was done; set the one or the other"
        )
    return found

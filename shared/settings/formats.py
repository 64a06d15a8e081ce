"""The forms that texts of settings have, wherever they are given: in the environment or as an option of a command."""

from __future__ import annotations

import re

from shared.errors import ConfigError
from shared.settings.fields import SECRET

REGION = r"[a-z]{2,10}(?:-[a-z0-9]{1,20}){1,5}"
"""A region's id: cn-hangzhou, rus-west-1."""
HOST = r"(?i:[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)(:[0-9]{1,5})?"
ACCOUNT = r"[0-9]{1,20}"
ROLE = r"[a-z0-9.-]{1,64}"
FORMS = {
    "region": (REGION, "a region; write it as cn-hangzhou"),
    "sls_region": (REGION, "a region; write it as cn-hangzhou"),
    "account_id": (ACCOUNT, "the digits of an account's id"),
    "endpoint": (rf"https?://({HOST}|\[[0-9A-Fa-f:]+\](:[0-9]{{1,5}})?)/?", "an address; write http://HOST:PORT"),
    "external_id": (r"[\w+=,.@:/-]{2,1224}", "2 to 1224 letters, digits or any of +=,.@:/-_"),  # AssumeRole API page
    "fc_service": (r"[A-Za-z_][A-Za-z0-9_-]{0,127}", "a service of Function Compute 2.0"),
}


def check(name: str, text: str, where: str) -> None:
    """Check that a text, if there is one, has the form of that field, if it has one. where: it was given. Raises ConfigError."""
    if wrong := not_of_form(name, text, where):
        raise ConfigError(wrong)


def not_of_form(name: str, text: str, where: str) -> str:
    """Return why the text is not of the field's form, "" where it is."""
    pattern, meaning = FORMS.get(name, (".*", ""))
    if not text or re.fullmatch(pattern, text, re.ASCII):
        return ""
    return f"{where}: {'it' if name in SECRET else shown(text)} is not {meaning}"


def shown(text: str) -> str:
    """Return it in quotes, without the password of an address."""
    return repr(re.sub(r"(://|=).*@", r"\1***@", text))

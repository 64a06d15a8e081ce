"""The callers: accounts, RAM users, assumed roles and their keys. Judges nothing; signatures.py checks, ram/ judges."""

from __future__ import annotations

import hashlib
import itertools
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal

ACCOUNT = "1234567890123456"
ROOT_KEY = ("LTAIfakecloudroot", "fakecloud-root-secret")
NONCE_SECONDS = 30 * 60  # a request is taken 15 minutes before and after its date: a nonce cannot come back later


@dataclass(frozen=True, slots=True)
class Identity:
    """name: user name or role name. session: RoleSessionName. session_policies: documents that narrow the role."""

    kind: Literal["Account", "RAMUser", "AssumedRoleUser"]
    account: str
    name: str = ""
    session: str = ""
    session_policies: tuple[str, ...] = ()

    @property
    def arn(self) -> str:
        if self.kind == "RAMUser":
            return f"acs:ram::{self.account}:user/{self.name}"
        if self.kind == "AssumedRoleUser":
            return f"acs:ram::{self.account}:assumed-role/{self.name}/{self.session}"
        return f"acs:ram::{self.account}:root"

    @property
    def principal_id(self) -> str:
        number = str(int(hashlib.sha256(f"{self.account}/{self.kind}/{self.name}".encode()).hexdigest()[:14], 16))[:15]
        if self.kind == "Account":
            return self.account
        return f"3{number}:{self.session}" if self.kind == "AssumedRoleUser" else f"2{number}"

    def user_identity(self) -> dict[str, Any]:
        """As an ActionTrail record names the caller (AlibabaCloudDocs/config, "ActionTrail event log reference")."""
        kinds = {"Account": "root-account", "RAMUser": "ram-user", "AssumedRoleUser": "assumed-role"}
        names = {"Account": "root", "RAMUser": self.name, "AssumedRoleUser": f"{self.name}:{self.session}"}
        return {
            "type": kinds[self.kind],
            "principalId": self.principal_id,
            "accountId": self.account,
            "userName": names[self.kind],
        }


@dataclass(frozen=True, slots=True)
class AccessKey:
    """token and expires (seconds since the epoch) are set for temporary keys only."""

    access_key_id: str
    secret: str
    identity: Identity
    token: str = ""
    expires: float = 0.0


class KeyRing:
    """Every access key of the emulated cloud."""

    def __init__(self) -> None:
        self._keys: dict[str, AccessKey] = {}
        self._nonces: dict[tuple[str, str], float] = {}
        self.add(AccessKey(*ROOT_KEY, Identity("Account", ACCOUNT)))

    def add(self, key: AccessKey) -> AccessKey:
        self._keys[key.access_key_id] = key
        return key

    def find(self, access_key_id: str) -> AccessKey | None:
        return self._keys.get(access_key_id)

    def remove(self, access_key_id: str) -> None:
        self._keys.pop(access_key_id, None)

    def use_nonce(self, access_key_id: str, nonce: str) -> bool:
        """Remember a request's nonce; False where that key has used it within half an hour."""
        now = time.monotonic()
        for old, at in list(
            itertools.islice(self._nonces.items(), 2)
        ):  # oldest first: two out for one in, and it never grows for long
            if now - at > NONCE_SECONDS:
                del self._nonces[old]
        if (access_key_id, nonce) in self._nonces:
            return False
        self._nonces[access_key_id, nonce] = now
        return True

    def permanent(self, identity: Identity) -> AccessKey:
        """A long-lived key, as CreateAccessKey makes for a RAM user."""
        return self.add(AccessKey("LTAI" + secrets.token_hex(10), secrets.token_hex(15), identity))

    def temporary(self, identity: Identity, expires: float) -> AccessKey:
        """Keys as STS gives them; they stay valid until they expire, whatever happens to the role's attachment."""
        token = "CAIS" + secrets.token_urlsafe(48)
        return self.add(AccessKey("STS." + secrets.token_hex(12), secrets.token_hex(20), identity, token, expires))

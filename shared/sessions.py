"""Whose keys a run uses: the functions' own at home, a session of the listed role in another account. Kept for one run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock

from shared.errors import ConfigError, PermanentError
from shared.gateways.clients import Credentials
from shared.gateways.sts import StsGateway
from shared.policies import read_session, write_session
from shared.settings import Settings, variable

SESSION = "rolekeeper"
"""How the account's ActionTrail names the session: ROLE:rolekeeper."""


def check_account(settings: Settings, account_id: str) -> None:
    """Raises ConfigError for an account that is neither ours nor listed in the settings."""
    if account_id != settings.account_id and account_id not in settings.accounts:
        raise ConfigError(f"account {account_id} is neither this deployment's own nor listed in "
                          f"{variable('accounts')}: {', '.join(settings.accounts) or 'none is'}")  # fmt: skip


class Sessions:
    """The keys for one region of one account. Make one for each invocation and let it go with that: they last an hour."""

    def __init__(
        self,
        settings: Settings,
        own: Credentials,
        account_id: str,
        region: str,
        mapping_roles: Iterable[str],
        *,
        tags: bool = True,
        displaces: Callable[[str], bool] = lambda role: False,
    ) -> None:
        """mapping_roles: those that are listed. displaces: whether a role that is not may be taken off and put back.
        tags: whether a write may also tag its instances.

        Raises ConfigError for an account that the settings do not list.
        """
        self._away = account_id != settings.account_id
        check_account(settings, account_id)
        self._settings, self._own = settings, own
        self._account, self._region = account_id, region
        self._roles, self._tags, self._displaces = frozenset(mapping_roles), tags, displaces
        self._sts = StsGateway(settings, own)
        self._kept: dict[str, Credentials] = {}
        self._lock = Lock()

    def reads(self) -> Credentials:
        """Keys that can look. Raises PermanentError, TransientError or Throttled."""
        return self._keys("", lambda: read_session(self._account, self._region, sorted(self._roles)))

    def writes(self, role: str) -> Credentials:
        """Keys that can attach and detach that role too. Raises the same; PermanentError for a role not in the mapping."""
        if self._away and role not in self._roles and not self._displaces(role):
            raise PermanentError("AssumeRole", "RoleNotListed", f"role {role!r} is not listed in roles.yaml, so no session "
                                 f"in account {self._account} is begun for it")  # fmt: skip
        return self._keys(role, lambda: write_session(self._account, self._region, [role.lower()], tags=self._tags))

    def _keys(self, role: str, policy: Callable[[], str]) -> Credentials:
        """One AssumeRole for each role, and one for reading. The lock: threads that want the same share one call."""
        if not self._away:
            return self._own
        with self._lock:
            if role not in self._kept:
                self._kept[role] = self._sts.assume(
                    self._account,
                    self._settings.accounts[self._account],
                    session_policy=policy(),
                    external_id=self._settings.external_id,
                    session_name=SESSION,
                )
            return self._kept[role]

"""The keys that a run uses: the functions' own at home, sessions of the member role in another account, renewed before they end.

Our own keys are those of the invocation: Function Compute gives each fresh ones, which outlast it (36 hours against 24).
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from shared.clock import CLOCK
from shared.errors import ConfigError, PermanentError
from shared.gateways.clients import Credentials
from shared.gateways.ecs import CALL_SECONDS
from shared.gateways.sts import CALL, SECONDS, StsGateway
from shared.mapping import Mapping
from shared.policies import displaced, read_session, write_session
from shared.settings import Settings, member_role

SESSION = "rolekeeper"
"""The session's name in the account's ActionTrail: ROLE:rolekeeper."""


class Sessions:
    """The keys for one region of one account, for one invocation, however long it takes.

    lasting, of both methods: seconds that the keys must still be good for; others are fetched where those at hand are not.
    """

    def __init__(self, settings: Settings, own: Credentials, account_id: str, region: str, mapping: Mapping) -> None:
        """mapping: says which roles may ever be written. Raises PermanentError for an account that no setting lists."""
        try:
            self._role = member_role(settings, account_id)  # "" = at home
        except ConfigError as error:  # of a payload's account: its run ends with it, and no other
            raise PermanentError(CALL, "AccountNotListed", str(error)) from error
        self._settings, self._own = settings, own
        self._account, self._region, self._mapping = account_id, region, mapping
        self._sts = StsGateway(settings, own)
        self._kept: dict[str, tuple[Credentials, float]] = {}
        self._lock = Lock()

    def reads(self, *, lasting: float = CALL_SECONDS) -> Credentials:
        """Keys that can look. Raises PermanentError, TransientError or Throttled."""
        return self._keys("", lasting, lambda: read_session(self._account, self._region, sorted(self._mapping.roles)))

    def writes(self, role: str, *, lasting: float = CALL_SECONDS) -> Credentials:
        """Keys that can attach and detach that role too, and tag where foreign roles may be displaced. Raises the same.

        PermanentError too for a role that roles.yaml neither lists nor lets us displace.
        """
        replaces, listed = bool(displaced(self._mapping)), self._mapping.is_managed(role)
        if self._role and not listed and not (replaces and self._mapping.may_displace(role)):
            raise PermanentError(
                CALL,
                "RoleNotListed",
                f"role {role!r} is not listed in roles.yaml, nor is it one that "
                f"`displace` there lets us replace, so no session in account {self._account} is begun "
                "for it",
            )
        return self._keys(
            role, lasting, lambda: write_session(self._account, self._region, [role.lower()], tags=replaces)
        )

    def _keys(self, role: str, lasting: float, policy: Callable[[], str]) -> Credentials:
        """One session for each role, and one for reading. The lock: threads that want the same share one AssumeRole."""
        if not self._role:
            return self._own
        with self._lock:
            if role not in self._kept or not _lasts(*self._kept[role], lasting):
                asked = CLOCK.monotonic()
                given = self._sts.assume(
                    self._account,
                    self._role,
                    session_policy=policy(),
                    external_id=self._settings.external_id,
                    session_name=SESSION,
                )
                self._kept[role] = given, asked + SECONDS
            return self._kept[role][0]


def _lasts(keys: Credentials, until: float, seconds: float) -> bool:
    """Return whether they are good for so long. until: by the monotonic clock, for the wall's may be set otherwise than the cloud's,
    which the keys' own end is of; whichever comes first counts."""
    return CLOCK.monotonic() + seconds < until and CLOCK.wall() + seconds < keys.expires

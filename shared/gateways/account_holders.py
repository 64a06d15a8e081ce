"""The count of a role's holders in the whole account: asked before a role is deleted, for a role is in every region."""

from __future__ import annotations

from functools import cached_property

from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.settings import Settings


class AccountHolders:
    """holders(role) -> the number of instances. One call for the regions, then one a role and region."""

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._settings, self._credentials = settings, credentials

    def __call__(self, role: str) -> int:
        """Raises PermanentError, TransientError or Throttled."""
        return sum(ecs.count_holders(role) for ecs in self._everywhere)

    @cached_property
    def _everywhere(self) -> list[EcsGateway]:
        home = EcsGateway(self._settings, self._credentials, self._settings.region)
        return [EcsGateway(self._settings, self._credentials, name) for name in home.regions()]

"""How many instances of the whole account hold a role: asked before a role is deleted, for a role is in every region."""

from __future__ import annotations

from functools import cached_property

from shared.gateways.clients import Credentials, config
from shared.gateways.ecs import EcsGateway
from shared.gateways.errors import translated
from shared.settings import Settings


class Holders:
    """holders(role) -> the number of instances. One call for the regions, then one a role and region."""

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._settings, self._credentials = settings, credentials

    def __call__(self, role: str) -> int:
        """Raises PermanentError, TransientError or Throttled."""
        return sum(ecs.count_holders(role) for ecs in self._everywhere)

    @cached_property
    def _everywhere(self) -> list[EcsGateway]:
        from alibabacloud_ecs20140526 import models
        from alibabacloud_ecs20140526.client import Client

        client = Client(config(self._settings, self._credentials, region=self._settings.region))
        with translated("DescribeRegions"):
            body = client.describe_regions(models.DescribeRegionsRequest()).body
            names = [region.region_id for region in (body.regions and body.regions.region) or []]
        return [EcsGateway(self._settings, self._credentials, name) for name in names]

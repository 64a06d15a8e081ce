"""RAM as rolekeeper's operator uses it: make the roles of roles.yaml. The functions' own role may not do this."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from shared.errors import PermanentError
from shared.gateways.clients import Credentials, config
from shared.gateways.errors import translated
from shared.settings import Settings

ENDPOINT = "ram.aliyuncs.com"  # global; the SDK would invent a regional host for regions outside its map (measured)
MANAGED_BY = {"managed-by": "rolekeeper"}


class RamGateway:
    """One account's RAM. Every method raises PermanentError, TransientError or Throttled."""

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._settings, self._credentials = settings, credentials

    @cached_property
    def _sdk(self) -> tuple[Any, Any]:
        from alibabacloud_ram20150501 import models
        from alibabacloud_ram20150501.client import Client

        return Client(config(self._settings, self._credentials, region=self._settings.region, endpoint=ENDPOINT)), models

    def create_role(self, name: str, description: str, trust: Mapping[str, Any]) -> bool:
        """CreateRole; False where a role of that name is there already."""
        client, models = self._sdk
        request = models.CreateRoleRequest(
            role_name=name, description=description or None, assume_role_policy_document=json.dumps(trust),
            tag=[models.CreateRoleRequestTag(key=k, value=v) for k, v in MANAGED_BY.items()],
        )  # fmt: skip
        try:
            with translated("CreateRole"):
                client.create_role(request)
        except PermanentError as error:
            if error.code.startswith("EntityAlreadyExist"):
                return False
            raise
        return True

    def attach_system_policy(self, role: str, policy: str) -> None:
        """AttachPolicyToRole; one that is attached already is fine."""
        client, models = self._sdk
        request = models.AttachPolicyToRoleRequest(policy_type="System", policy_name=policy, role_name=role)
        try:
            with translated("AttachPolicyToRole"):
                client.attach_policy_to_role(request)
        except PermanentError as error:
            if not error.code.startswith("EntityAlreadyExist"):
                raise

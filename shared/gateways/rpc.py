"""The SDK's own generic call, for the RPC services: an API by its name, answers as the plain dicts that came over the wire.

Not the typed client of a product: that one imports a class a file for every API there is, takes each answer apart field by field
(a cold start and a page of 100 instances both feel it), and every field of it is optional all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from shared.gateways.clients import Credentials, config
from shared.gateways.sdk import lean
from shared.gateways.sdk_private import pools
from shared.settings import Service, Settings

VERSIONS: Mapping[Service, str] = {
    "ecs": "2014-05-26",
    "ims": "2019-08-15",
    "ram": "2015-05-01",
    "sts": "2015-04-01",
}


class Rpc:
    """One service with one set of keys. call() raises the SDK's errors: see gateways/translation.py."""

    def __init__(
        self,
        settings: Settings,
        credentials: Credentials,
        *,
        region: str,
        service: Service,
        retries: bool,
    ) -> None:
        """retries: see config()."""
        made = config(settings, credentials, region=region, service=service, retries=retries)
        client, self._request, self._options, *_ = _sdk()
        self._client, self._version = client(made), VERSIONS[service]

    def call(self, action: str, query: dict[str, str]) -> dict[str, Any]:
        """The answer's body. query: by the API's own names, lists flattened as Tag.1.Key; empty values are left out."""
        query = {name: value for name, value in query.items() if value}
        with _one_at_first():
            answer = self._client.call_api(_params(action, self._version), self._request(query=query), self._options())
        body: dict[str, Any] = answer["body"]
        if not isinstance(body, dict) or not body.get("RequestId"):
            raise ValueError("an answer without RequestId")
        if not isinstance(body["RequestId"], str):  # a text for records alone: no reason to lose what the call did
            body["RequestId"] = str(body["RequestId"]) if isinstance(body["RequestId"], int) else ""
        return body


_FIRST = threading.Lock()
PATIENCE = 2_000  # milliseconds; then a second pool is made, which costs time and nothing else


@contextmanager
def _one_at_first() -> Iterator[None]:
    """The SDK makes a process's connection pool in its first call, certificates and all, without a lock: of two
    first calls at once each would. The second waits until the pool is there. Where an SDK keeps it elsewhere, nobody waits."""
    *_, core = _sdk()
    kept = pools(core)
    if kept != {}:
        yield
    elif _FIRST.acquire(blocking=False):
        try:
            yield
        finally:
            _FIRST.release()
    else:
        tick, ticks = threading.Event(), PATIENCE
        while _FIRST.locked() and not kept and ticks:
            tick.wait(0.001)
            ticks -= 1
        yield


@cache
def _params(action: str, version: str) -> Any:
    _, _, _, params, _ = _sdk()
    return params(
        action=action,
        version=version,
        protocol="HTTPS",
        pathname="/",
        method="POST",
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )


@lean
def _sdk() -> tuple[Any, Any, Any, Any, Any]:
    from alibabacloud_tea_openapi.client import Client
    from alibabacloud_tea_openapi.utils_models import OpenApiRequest, Params
    from darabonba.core import DaraCore
    from darabonba.runtime import RuntimeOptions

    return Client, OpenApiRequest, RuntimeOptions, Params, DaraCore

"""The names that the SDKs keep to themselves and we use all the same: here alone, each with its reason. Makes no call.

tests/unit/gateways/test_sdk_private.py fails with an SDK that has one of them no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def pools(core: Any) -> dict[str, Any] | None:
    """Return DaraCore's sessions of requests, one for each host, or None where it keeps them elsewhere.

    Reason: no option of the SDK's says through which proxy a session goes, nor that two first calls make one session.
    """
    kept = getattr(core, "_sessions", None)
    return kept if isinstance(kept, dict) else None


def replace_pools(core: Any, kept: dict[str, Any]) -> None:
    """Let DaraCore keep its sessions in this dictionary from now on. Reason: as for pools()."""
    core._sessions = kept


def session(client: Any) -> Any:
    """Return the session of requests that a LogClient asks with. Reason: a later client goes on with its connections."""
    return client._session


def use_session(client: Any, other: Any) -> None:
    """Let a LogClient ask with this session. Reason: as for session()."""
    client._session = other


def keep_host(client: Any) -> None:
    """Let a LogClient ask the host that it was given. Reason: it would ask PROJECT.127.0.0.1 of an emulator, which has no address."""
    client._isRowIp = True


def sending(base: Any, send: Callable[[Any, Callable[[], Any]], Any]) -> Any:
    """Return the class of a LogClient whose requests are sent by `send(client, request)`; request() sends it once.

    Reason: LogClient asks again for any 5xx, ten times a second and more (measured): longer than a function lives.
    """

    class Client(base):  # type: ignore[misc]
        def _sendRequest(self, *args: Any, **options: Any) -> Any:
            request = super()._sendRequest
            return send(self, lambda: request(*args, **options))

    return Client

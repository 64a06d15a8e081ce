"""The metadata service of an instance (100.100.100.200): its RAM role's token, v1 and hardened (v2). Signs nothing.

The real service knows the caller by the network. Here an instance says who it is by the path it asks under,
/_fakecloud/instances/ID/latest/..., or as the user of the proxy it comes through (http://ID@127.0.0.1:PORT), so
that clients with the address built in need no change. Facts: ECS "View instance metadata", "Instance metadata items".
"""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING

from fakecloud.admission import METADATA as HOST
from fakecloud.ecs.models import Instance
from fakecloud.errors import CloudError
from fakecloud.http import Request, Response
from fakecloud.identity import Identity
from fakecloud.parsing import digits
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

ROLE_SECONDS = 6 * 3600
RENEWED_BEFORE = 30 * 60  # a new token appears so long before the old one ends; both then work
_TTL, _TOKEN = "x-aliyun-ecs-metadata-token-ttl-seconds", "x-aliyun-ecs-metadata-token"


class Metadata:
    name = "metadata"
    locked = True

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.reset()

    def reset(self) -> None:
        self._tokens: dict[str, tuple[str, float]] = {}
        self._roles: dict[tuple[str, str, str], tuple[dict[str, str], float]] = {}

    def matches(self, request: Request) -> bool:
        return request.host.split(":")[0] == HOST or request.path.startswith("/_fakecloud/instances/")

    def action(self, request: Request) -> str:
        return f"{request.method} {self._path(request)}"

    def authenticate(self, call: Call) -> Identity:
        return Identity("Account", "")

    def throttled(self) -> CloudError:
        return CloudError("Too many requests.", code="429", status=429)

    def broken(self) -> CloudError:
        return CloudError("Internal error.", code="500", status=500)

    def refuse(self, call: Call, error: CloudError) -> Response:
        return Response.text(f"{error.status} {error.message}\n", error.status)

    def respond(self, call: Call) -> Response:
        request, path = call.request, self._path(call.request)
        instance = self.cloud.ecs.instance(self._caller(request))
        if instance is None:
            raise CloudError(
                "No such instance: ask under /_fakecloud/instances/ID/latest/ or as the proxy's user.", status=404
            )
        if instance.http_endpoint == "disabled":
            raise CloudError("The metadata service is disabled on this instance.", status=403)
        if path == "/latest/api/token":
            return self._token(request, instance)
        if request.method != "GET":
            raise CloudError("Method not allowed.", status=405)
        self._check(request, instance)
        return self._read(instance, path)

    def _caller(self, request: Request) -> str:
        if request.path.startswith("/_fakecloud/instances/"):
            return request.segments()[2] if len(request.segments()) > 2 else ""
        scheme, _, encoded = request.headers.get("proxy-authorization", "").partition(" ")
        try:
            return base64.b64decode(encoded).decode().partition(":")[0] if scheme.lower() == "basic" else ""
        except (binascii.Error, UnicodeDecodeError):
            return ""

    def _path(self, request: Request) -> str:
        if request.path.startswith("/_fakecloud/instances/"):
            return "/" + "/".join(request.path.split("/")[4:])
        return request.path

    def _token(self, request: Request, instance: Instance) -> Response:
        if request.method != "PUT":
            raise CloudError("Use PUT.", status=405)
        if "x-forwarded-for" in request.headers:
            raise CloudError("A token is not given through a proxy that forwards.", status=403)
        ttl = request.headers.get(_TTL, "")
        seconds = digits(ttl)
        if seconds is None or not 1 <= seconds <= 21600:
            raise CloudError(f"{_TTL} must be 1 to 21600.", status=400)
        token = secrets.token_urlsafe(32)
        self._tokens[token] = (instance.instance_id, self.cloud.clock.now() + seconds)
        return Response.text(token)

    def _check(self, request: Request, instance: Instance) -> None:
        token = request.headers.get(_TOKEN)
        if token is None and instance.http_tokens == "required":
            raise CloudError("This instance asks for a metadata token (hardened mode).", status=403)
        if token is not None:
            owner, until = self._tokens.get(token, ("", 0.0))
            if owner != instance.instance_id or until <= self.cloud.clock.now():
                raise CloudError("The metadata token is not this instance's, or has expired.", status=401)

    def _read(self, instance: Instance, path: str) -> Response:
        shown = instance.role_since + self.cloud.switches.metadata_delay <= self.cloud.clock.now()
        role = instance.role if shown else ""
        base = "/latest/meta-data/ram/security-credentials/"
        if path.rstrip("/") == base.rstrip("/"):
            if not role:
                raise CloudError("No RAM role is attached to this instance.", status=404)
            return Response.text(role)
        if path.startswith(base):
            if not role or path[len(base) :] != role:
                raise CloudError("No such RAM role on this instance.", status=404)
            return Response.json(self._credentials(instance, role))
        items = {
            "hostname": instance.name,
            "image-id": instance.image,
            "instance-id": instance.instance_id,
            "instance/instance-name": instance.name,
            "instance/instance-type": instance.instance_type,
            "network-type": instance.network,
            "owner-account-id": self.cloud.ecs.owner(instance).account,
            "private-ipv4": instance.ip,
            "region-id": instance.region,
            "vpc-id": instance.vpc,
            "vswitch-id": instance.vswitch,
            "zone-id": instance.zone,
            **({"ram/security-credentials/": role} if role else {}),
        }
        folder = path.removeprefix("/latest/meta-data").strip("/")
        if items.get(folder):
            return Response.text(items[folder])
        below = [name.removeprefix(folder).lstrip("/") for name in items if not folder or name.startswith(folder + "/")]
        if not path.startswith("/latest/meta-data") or not below:
            raise CloudError(f"There is no metadata item {path}, or the emulator does not have it.", status=404)
        first = [name.split("/")[0] + "/" * ("/" in name) for name in below]
        return Response.text("\n".join(sorted(set(first))))

    def _credentials(self, instance: Instance, role: str) -> dict[str, str]:
        clock, place = self.cloud.clock, self.cloud.ecs.owner(instance)
        found = self.cloud.ram.role(place.account, role)
        if found is None or not found.trusts_service("ecs.aliyuncs.com"):
            return {"Code": "Failed", "LastUpdated": clock.stamp()}
        name = (instance.instance_id, role, instance.role_policy)
        kept, until = self._roles.get(name, ({}, 0.0))
        if clock.now() < until - RENEWED_BEFORE:
            return kept
        until = clock.now() + ROLE_SECONDS
        narrowed = (instance.role_policy,) if instance.role_policy else ()
        caller = Identity("AssumedRoleUser", place.account, role, instance.instance_id, narrowed)
        key = self.cloud.keys.temporary(caller, until)
        kept = {
            "AccessKeyId": key.access_key_id,
            "AccessKeySecret": key.secret,
            "SecurityToken": key.token,
            "Expiration": clock.stamp(until),
            "LastUpdated": clock.stamp(),
            "Code": "Success",
        }
        self._roles[name] = (kept, until)
        return kept

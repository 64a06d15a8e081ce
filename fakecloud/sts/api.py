"""STS 2015-04-01 as a service: AssumeRole, GetCallerIdentity, and keys for the services that a role trusts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fakecloud.identity import AccessKey
from fakecloud.rpc import Param, RpcService
from fakecloud.service import Call
from fakecloud.sts import exceptions as errors
from fakecloud.sts import models

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

_CREDENTIAL = re.compile(r"Credential=([^,]+)")


class Sts(RpcService):
    """_sources: access key id -> the SourceIdentity of its session, which a chain of roles keeps."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__("sts", "2015-04-01", "sts.aliyuncs.com")
        self.cloud = cloud
        self._sources: dict[str, str] = {}
        _declare(self)

    def reset(self) -> None:
        self._sources.clear()

    def assume_for_service(self, account: str, role: str, service: str, session: str, seconds: float) -> AccessKey:
        """Keys for a service that works in a role's name: ECS for the metadata service, Function Compute for a function.

        seconds: life of the keys; a service is not bound to MaxSessionDuration (ECS gives six hours to any role).
        Raises RoleNotFound or, where the role does not trust the service, NoPermission.
        """
        with self.cloud.lock:
            found = self.cloud.ram.role(account, role)
            if found is None:
                raise errors.RoleNotFound()
            if not found.trusts_service(service):
                raise errors.NoPermission(f"The role {found.arn} does not trust {service}: see its trust policy.")
            return self.cloud.keys.temporary(found.identity(session), self.cloud.clock.now() + seconds)

    def source_identity(self, access_key_id: str) -> str:
        """The SourceIdentity that the key's session was begun with, "" for none."""
        return self._sources.get(access_key_id, "")

    def remember(self, key: AccessKey, source: str | None) -> None:
        if source:
            self._sources[key.access_key_id] = source


def _declare(sts: Sts) -> None:
    @sts.declare(
        {
            "RoleArn": Param(required=True),
            "RoleSessionName": Param(required=True),
            "DurationSeconds": Param("int", default=models.DEFAULT_SECONDS),
            "Policy": Param(),
            "ExternalId": Param(),
            "SourceIdentity": Param(),
        },
        write=True,
    )
    def AssumeRole(call: Call) -> dict[str, Any]:
        cloud, args = sts.cloud, call.args
        try:
            role = cloud.ram.role_of_arn(args["RoleArn"])
        except ValueError:
            raise errors.InvalidRoleArn() from None
        models.check(args)
        if role is None:
            raise errors.RoleNotFound()
        models.check_duration(args["DurationSeconds"], role)
        # Here the trust of the role is judged; the caller's own permission has been (permissions.py).
        source = _source(sts, call)
        models.check_trust(role, call.identity, cloud.clock, args["ExternalId"], source)
        session = role.identity(args["RoleSessionName"], (args["Policy"],) if args["Policy"] else ())
        key = cloud.keys.temporary(session, cloud.clock.now() + args["DurationSeconds"])
        sts.remember(key, source)
        return {
            "AssumedRoleUser": {
                "AssumedRoleId": session.principal_id,
                "Arn": f"{role.arn}/{session.session}",
            },
            "Credentials": {
                "AccessKeyId": key.access_key_id,
                "AccessKeySecret": key.secret,
                "SecurityToken": key.token,
                "Expiration": cloud.clock.stamp(key.expires),
            },
            **({"SourceIdentity": source} if source else {}),
        }

    @sts.declare({})
    def GetCallerIdentity(call: Call) -> dict[str, Any]:
        """UserId for accounts and users, RoleId for sessions of roles."""
        caller = call.identity
        own = caller.principal_id.partition(":")[0]
        return {
            "IdentityType": caller.kind,
            "AccountId": caller.account,
            "PrincipalId": caller.principal_id,
            "Arn": caller.arn,
            **({"RoleId": own} if caller.kind == "AssumedRoleUser" else {"UserId": own}),
        }


def _source(sts: Sts, call: Call) -> str | None:
    """The SourceIdentity of the new session: a chain keeps the one it began with, and it cannot be changed."""
    given: str | None = call.args["SourceIdentity"]
    signed = _CREDENTIAL.search(call.request.headers.get("authorization", ""))
    kept = sts.source_identity(signed[1] if signed else call.request.form().get("AccessKeyId", ""))
    if kept and given not in (None, kept):
        raise errors.NoPermission("The SourceIdentity of a chain of roles cannot be changed.")
    return kept or given

"""RAM's actions on the versions of a policy. Only custom policies have versions that callers make, choose and delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakecloud.ram.models import Policy, Version
from fakecloud.rpc import Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.ram.api import Ram

NAME, TYPE, VERSION = Param(required=True), Param(required=True), Param(required=True)
ROTATE = "DeleteOldestNonDefaultVersionWhenLimitExceeded"


def shown(policy: Policy, version: Version) -> dict[str, Any]:
    return {
        "VersionId": version.version_id,
        "IsDefaultVersion": version.version_id == policy.default,
        "PolicyDocument": version.text,
        "CreateDate": version.created,
    }


def declare(ram: Ram) -> None:
    @ram.declare(
        {
            "PolicyName": NAME,
            "PolicyDocument": Param(required=True),
            "SetAsDefault": Param("bool", default=False),
            "RotateStrategy": Param(values=("None", ROTATE), default="None"),
        },
        write=True,
    )
    def CreatePolicyVersion(call: Call) -> dict[str, Any]:
        state, args = ram.state(call), call.args
        ram.policy_document(args["PolicyDocument"])
        policy = state.policy("Custom", args["PolicyName"])
        version = state.add_version(
            policy,
            args["PolicyDocument"],
            ram.cloud.clock.stamp(),
            as_default=args["SetAsDefault"],
            rotate=args["RotateStrategy"] == ROTATE,
        )
        return {"PolicyVersion": shown(policy, version)}

    @ram.declare({"PolicyType": TYPE, "PolicyName": NAME, "VersionId": VERSION})
    def GetPolicyVersion(call: Call) -> dict[str, Any]:
        state = ram.state(call)
        policy = state.policy(call.args["PolicyType"], call.args["PolicyName"])
        return {"PolicyVersion": shown(policy, state.version(policy, call.args["VersionId"]))}

    @ram.declare({"PolicyType": TYPE, "PolicyName": NAME})
    def ListPolicyVersions(call: Call) -> dict[str, Any]:
        policy = ram.state(call).policy(call.args["PolicyType"], call.args["PolicyName"])
        return {"PolicyVersions": {"PolicyVersion": [shown(policy, v) for v in policy.versions.values()]}}

    @ram.declare({"PolicyName": NAME, "VersionId": VERSION}, write=True)
    def SetDefaultPolicyVersion(call: Call) -> dict[str, Any]:
        state = ram.state(call)
        policy = state.policy("Custom", call.args["PolicyName"])
        policy.default = state.version(policy, call.args["VersionId"]).version_id
        policy.updated = ram.cloud.clock.stamp()
        return {}

    @ram.declare({"PolicyName": NAME, "VersionId": VERSION}, write=True)
    def DeletePolicyVersion(call: Call) -> dict[str, Any]:
        state = ram.state(call)
        policy = state.policy("Custom", call.args["PolicyName"])
        state.delete_version(policy, call.args["VersionId"], ram.cloud.clock.stamp())
        return {}

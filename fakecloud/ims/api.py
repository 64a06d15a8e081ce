"""The identity management service (IMS 2019-08-15), of which only the overview of an account is emulated.

Facts: GetAccountSummary API page. It names more than what stands here (users, groups, MFA).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakecloud.rpc import RpcService
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud


class Ims(RpcService):
    """Holds no state of its own: roles, policies and quotas are RAM's."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__("ims", "2019-08-15", "ims.aliyuncs.com")
        _declare(self, cloud)

    def reset(self) -> None:
        """Nothing to forget."""


def _declare(ims: Ims, cloud: Cloud) -> None:
    @ims.declare({})
    def GetAccountSummary(call: Call) -> dict[str, Any]:
        state, quotas = cloud.ram.account(call.account), cloud.ram.quotas
        summary = {
            "Roles": len(state.roles),
            "RolesQuota": quotas.roles,
            "Policies": sum(kind == "Custom" for kind, _ in state.policies),
            "PoliciesQuota": quotas.custom_policies,
            "AttachedPoliciesPerRoleQuota": quotas.custom_policies_attached,
            "AttachedSystemPoliciesPerRoleQuota": quotas.system_policies_attached,
            "VersionsPerPolicyQuota": quotas.policy_versions,
            "PolicySizeQuota": quotas.policy_document,
        }
        return {"SummaryMap": summary}

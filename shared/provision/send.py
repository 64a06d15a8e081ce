"""An action as its one call of RAM. Decides nothing, tries nothing again."""

from __future__ import annotations

from shared.errors import CloudCallError
from shared.gateways.ram import RamGateway
from shared.provision.state import Action


def send(ram: RamGateway, action: Action) -> None:
    """Raises PermanentError, TransientError or Throttled."""
    document = action.document or {}
    match action.call:
        case "CreateRole":
            ram.create_role(action.role, action.description or "", document, note=action.note)
        case "UpdateRole":
            ram.update_role(action.role, description=action.description, trust=action.document)
        case "TagResources":
            ram.claim("policy" if action.policy else "role", action.policy or action.role, note=action.note)
        case "CreatePolicy":
            ram.create_policy(action.policy, action.description or "", document)
        case "CreatePolicyVersion":
            ram.new_version(action.policy, document)
        case "AttachPolicyToRole":
            ram.attach(action.role, action.policy_type, action.policy)
        case "DetachPolicyFromRole":
            ram.detach(action.role, action.policy_type, action.policy)
        case "DeletePolicy":
            ram.delete_policy(action.policy)
        case "DeleteRole":
            ram.delete_role(action.role)


def is_as_wanted(action: Action, error: CloudCallError, *, again: bool) -> bool:
    """Whether a refusal says that it is so already: somebody was faster, or RAM had not yet shown what an earlier try did.

    again: it is not the first try. A role or policy that is there at the first is somebody else's; reading back tells.
    """
    if action.call == "AttachPolicyToRole" or (again and action.call in ("CreateRole", "CreatePolicy")):
        return error.code.startswith("EntityAlreadyExist")
    gone = action.call in ("DetachPolicyFromRole", "DeletePolicy", "DeleteRole")
    return gone and error.code.startswith("EntityNotExist")

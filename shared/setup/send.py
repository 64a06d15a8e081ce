"""An action as its one call of RAM. Decides nothing, tries nothing again."""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import CloudCallError
from shared.gateways.ram import NOTE_OF_ONE, RamGateway
from shared.setup.state import Action

REMOVALS = ("DetachPolicyFromRole", "DeletePolicy", "DeleteRole")


def send(ram: RamGateway, action: Action) -> None:
    """Raises PermanentError, TransientError or Throttled."""
    document = action.document or {}
    match action.call:
        case "CreateRole":
            ram.create_role(action.role, action.description or "", document, note=action.note)
        case "UpdateRole":
            ram.update_role(action.role, description=action.description, trust=action.document)
        case "TagResources":
            more = {NOTE_OF_ONE + sign: policy for sign, policy in action.noted.items()}
            ram.claim("policy" if action.policy else "role", action.policy or action.role, note=action.note, more=more)
        case "UntagResources":
            ram.untag(action.role, [NOTE_OF_ONE + sign for sign in action.noted])
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


def is_late(action: Action, error: CloudCallError, done: Sequence[Action]) -> bool:
    """Return whether a refusal may come from RAM's own delay: it does not yet know what was just made, or still has what was just
    removed. done: the calls that were carried out before in this run.

    No document says how long RAM takes: who asks tries again within bounds.
    """
    removed = [before for before in done if before.call in REMOVALS]
    if error.code.startswith("EntityNotExist"):
        return action.call not in REMOVALS
    if error.code.startswith("DeleteConflict"):
        same = [
            b
            for b in removed
            if b.call != "DeleteRole" and (b.policy if action.policy else b.role) == (action.policy or action.role)
        ]
        return bool(same)
    if error.code.startswith("LimitExceeded"):
        makes_room = {
            "CreateRole": "DeleteRole",
            "CreatePolicy": "DeletePolicy",
            "AttachPolicyToRole": "DetachPolicyFromRole",
        }
        room = [before for before in removed if before.call == makes_room.get(action.call)]
        return any(action.call != "AttachPolicyToRole" or before.role == action.role for before in room)
    return False


def is_as_wanted(action: Action, error: CloudCallError, *, again: bool) -> bool:
    """Return whether a refusal says that it is so already: somebody was faster, or RAM had not yet shown what an earlier try did.

    again: it is not the first try. A role or policy that is there at the first is somebody else's; reading back tells.
    """
    if action.call == "AttachPolicyToRole" or (again and action.call in ("CreateRole", "CreatePolicy")):
        return error.code.startswith("EntityAlreadyExist")
    return action.call in REMOVALS and error.code.startswith("EntityNotExist")

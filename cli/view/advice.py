"""The words on what to do about an instance of which nothing can be done, by the reason that its record gives. Pure."""

from __future__ import annotations

from shared.model.decision import Reason

ADVICE = {
    Reason.ROLE_NOT_LISTED.value: "list the role in roles.yaml, or correct the tag",
    Reason.FOREIGN_ROLE.value: "a role that roles.yaml does not list is on it: list it, detach it by hand, or let `foreign_roles: replace` and `displace` take it off",
    Reason.NOT_IN_VPC.value: "ECS puts no role on an instance of the classic network: move it into a VPC",
    Reason.ATTACH_ONLY.value: "its rule only attaches: set mode: enforce, or change the role by hand",
    Reason.NO_PROOF_KEY.value: "set ROLEKEEPER_PROOF_KEYS as the deployment has it, or run it there (--invoke)",
    Reason.NOT_OBSERVED.value: "correct what the error says, and plan again",
    Reason.GONE.value: "no such instance in this region: correct the id, or --region",
    Reason.MAX_CALLS.value: "raise --max-calls, or leave it out",
    Reason.STOPPED.value: "run it again",
}
"""Advice by reason."""

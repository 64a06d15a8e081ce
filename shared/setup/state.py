"""The words of provisioning: what RAM holds, a call that changes it, a plan of such calls. Data alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

PolicyType = Literal["Custom", "System"]
Attachment = tuple[PolicyType, str]
Call = Literal[
    "CreateRole",
    "UpdateRole",
    "TagResources",
    "CreatePolicy",
    "CreatePolicyVersion",
    "AttachPolicyToRole",
    "DetachPolicyFromRole",
    "DeletePolicy",
    "DeleteRole",
    "UntagResources",
]


class RoleState(msgspec.Struct, frozen=True, kw_only=True):
    """A role that is there. ours: it carries our tag. note: what another tag says of its system policies (notes.py).

    noted: the same of the tags that note one system policy each, by their marks. tags: how many tags the role has.
    ours_too: marks of system policies that are ours without a note.
    """

    description: str
    trust: Mapping[str, Any]
    ours: bool
    attached: frozenset[Attachment] = frozenset()
    note: str = ""
    noted: frozenset[str] = frozenset()
    tags: int = 0
    ours_too: frozenset[str] = frozenset()


class PolicyState(msgspec.Struct, frozen=True, kw_only=True):
    """A custom policy that is there. document: the version in force. tags: how many it has."""

    document: Mapping[str, Any]
    ours: bool
    tags: int = 0


class RamState(msgspec.Struct, frozen=True, kw_only=True):
    """The state that was read. system: documents of Alibaba Cloud's own policies; one that is wanted and not here does not exist.

    orphan_roles, orphan_policies: ours, and nothing in the file wants them; each policy with how many roles and users hold
    it. holders: how many instances hold an orphan role. orphan_trusts: their trust policies. Only a pruning run knows
    these. names: every role of the account.
    """

    roles: Mapping[str, RoleState] = {}
    policies: Mapping[str, PolicyState] = {}
    system: Mapping[str, Mapping[str, Any]] = {}
    orphan_roles: Mapping[str, frozenset[Attachment]] = {}
    orphan_policies: Mapping[str, int] = {}
    holders: Mapping[str, int] = {}
    orphan_trusts: Mapping[str, Mapping[str, Any]] = {}
    names: frozenset[str] = frozenset()


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One call that changes RAM. source: where in roles.yaml it comes from. note: a tag's value, "" = that tag stays.

    noted: tags that note one system policy each, put on or (UntagResources) taken off: mark -> the policy's name.
    struck: the marks that are noted no longer after it.
    """

    call: Call
    role: str = ""
    policy: str = ""
    policy_type: PolicyType = "Custom"
    document: Mapping[str, Any] | None = None
    description: str | None = None
    source: str = ""
    note: str = ""
    noted: Mapping[str, str] = {}
    struck: tuple[str, ...] = ()

    def __str__(self) -> str:
        what = [self.role and f"role {self.role}", self.policy and f"{self.policy_type.lower()} policy {self.policy}"]
        return f"{self.call}: {', '.join(filter(None, what))}" + (f" ({self.source})" if self.source else "")


class RamPlan(msgspec.Struct, frozen=True, kw_only=True):
    """actions: in order. conflicts: what is in the way: nothing is done while there is anything.

    unlisted: attachments on our roles that roles.yaml does not list and that are not ours to take off unasked. kept: what
    pruning leaves, and why. warnings: what an operator should know of before the first call, in whole sentences.
    """

    actions: tuple[Action, ...] = ()
    conflicts: tuple[str, ...] = ()
    unlisted: tuple[tuple[str, Attachment], ...] = ()
    orphan_roles: tuple[str, ...] = ()
    orphan_policies: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

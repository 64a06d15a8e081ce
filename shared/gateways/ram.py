"""RAM as rolekeeper's operator uses it: read and make roles and policies. The functions' own role may do none of this.

Facts: RAM 2015-05-01 API pages. MaxItems to 1000; a policy has up to five versions; tags are JSON strings on the wire. An answer
that is not of the declared types is none: what RAM holds is changed by what is read, so nothing is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any, Literal, TypeVar

import msgspec

from shared.errors import PermanentError
from shared.gateways import ram_answers as answers
from shared.gateways.clients import Credentials
from shared.gateways.ram_answers import PolicyType
from shared.gateways.rpc import Rpc
from shared.gateways.translation import translated, unreadable
from shared.settings import Settings

T = TypeVar("T")
OURS = ("managed-by", "rolekeeper")
NOTE = "rolekeeper-system-policies"  # a tag of a role; its value is provision's
NOTE_OF_ONE = (
    f"{NOTE}-"  # and of tags that note one policy each: provision's mark follows, the value is the policy's name
)
PAGE = 1000
NAMES = 50


class ListedRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role as ListRoles shows it: without its trust policy. tags: all of its tags that were shown."""

    name: str
    description: str
    ours: bool
    note: str = ""
    tags: Mapping[str, str] = {}


class RamGateway:
    """One account's RAM. Every method raises PermanentError, TransientError or Throttled."""

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._settings, self._credentials = settings, credentials

    @cached_property
    def _clients(self) -> tuple[Rpc, Rpc]:
        """One that reads, one that writes: a write is not sent twice unseen."""
        reading, writing = (
            Rpc(
                self._settings,
                self._credentials,
                region=self._settings.region,
                service="ram",
                retries=retries,
            )
            for retries in (True, False)
        )
        return reading, writing

    def _read(self, action: str, answer: type[T], **query: str) -> T:
        """One call; its answer by the declared types."""
        with translated(action):
            return msgspec.convert(self._clients[0].call(action, query), answer, strict=False)

    def _write(self, action: str, **query: str) -> None:
        with translated(action):
            self._clients[1].call(action, query)

    def roles(self) -> list[ListedRole]:
        """Every role of the account: one call for each 1,000.

        The published definition of ListRoles has no tags in its answer, only the SDK has: where it shows none at all, they are
        asked for.
        """
        listed: list[answers.Role] = []
        marker = ""
        while True:
            page = self._read("ListRoles", answers.RolePage, MaxItems=str(PAGE), Marker=marker)
            listed += page.roles.get("Role", [])
            if not page.is_truncated:
                break
            marker = _next("ListRoles", page.marker)
        tags = {
            role.role_name: {tag.tag_key: tag.tag_value or "" for tag in (role.tags and role.tags.tag) or []}
            for role in listed
        }
        if listed and not any(tags.values()):
            tags = self._role_tags()
        return [
            ListedRole(
                name=role.role_name,
                description=role.description or "",
                ours=is_ours(tags.get(role.role_name, {})),
                note=tags.get(role.role_name, {}).get(NOTE, ""),
                tags=tags.get(role.role_name, {}),
            )
            for role in listed
        ]

    def _role_tags(self) -> dict[str, dict[str, str]]:
        """Every tag of the roles that carry ours: a listing by one tag may leave out the others, so these are asked for by name."""
        names: list[str] = []
        for row in self._tagged(ResourceType="role", Tag=_tags(OURS)):
            if (row.tag_key, row.tag_value) == OURS:
                names.append(row.resource_name)
        return self.tags("role", dict.fromkeys(names))

    def _tagged(self, **query: str) -> Iterator[answers.TaggedResource]:
        """Tags of resources, page by page."""
        token: str | None = ""
        while token is not None:
            page = self._read("ListTagResources", answers.TaggedPage, PageSize="100", NextToken=token, **query)
            yield from page.tag_resources
            token = page.next_token or None

    def trust(self, role: str) -> Mapping[str, Any]:
        """The trust policy of a role."""
        return _document(self._read("GetRole", answers.ShownRole, RoleName=role).role.assume_role_policy_document)

    def attached(self, role: str) -> list[tuple[PolicyType, str]]:
        """Type and name of each policy on a role."""
        policies = self._read("ListPoliciesForRole", answers.AttachedPolicies, RoleName=role).policies
        return [(policy.policy_type, policy.policy_name) for policy in policies.get("Policy", [])]

    def document(self, policy: str, kind: PolicyType = "Custom") -> Mapping[str, Any] | None:
        """The document in force of a policy; None where there is no such policy."""
        try:
            shown = self._read("GetPolicy", answers.PolicyDocument, PolicyType=kind, PolicyName=policy)
        except PermanentError as error:
            if error.code.startswith("EntityNotExist"):
                return None
            raise
        return _document(shown.default_policy_version.policy_document)

    def tags(self, kind: Literal["role", "policy"], names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Every tag of these roles or custom policies, which must all be there: one call for each 50 names and 100 tags."""
        found: dict[str, dict[str, str]] = {}
        rest = iter(names)
        while batch := list(islice(rest, NAMES)):
            for row in self._tagged(ResourceType=kind, ResourceNames=json.dumps(batch)):
                found.setdefault(row.resource_name, {})[row.tag_key] = row.tag_value or ""
        return found

    def holders_of(self, policy: str) -> list[str]:
        """Return who holds a custom policy: "role NAME", "user NAME", "group NAME"; nobody where there is no such policy."""
        try:
            found = self._read("ListEntitiesForPolicy", answers.Entities, PolicyType="Custom", PolicyName=policy)
        except PermanentError as error:
            if error.code.startswith("EntityNotExist"):
                return []
            raise
        holders = [f"role {row.role_name}" for row in found.roles.get("Role", [])]
        holders += [f"user {row.user_name}" for row in found.users.get("User", [])]
        return holders + [f"group {row.group_name}" for row in found.groups.get("Group", [])]

    def our_policies(self) -> dict[str, int]:
        """Every custom policy that carries our tag, with the number of roles and users that hold it."""
        names: dict[str, int] = {}
        marker = ""
        while True:
            page = self._read(
                "ListPolicies",
                answers.PolicyPage,
                PolicyType="Custom",
                MaxItems=str(PAGE),
                Marker=marker,
                Tag=_tags(OURS),
            )
            names |= {policy.policy_name: policy.attachment_count for policy in page.policies.get("Policy", [])}
            if not page.is_truncated:
                return names
            marker = _next("ListPolicies", page.marker)

    def create_role(self, name: str, description: str, trust: Mapping[str, Any], *, note: str = "") -> None:
        self._write(
            "CreateRole",
            RoleName=name,
            Description=description,
            Tag=_tags(OURS, (NOTE, note)),
            AssumeRolePolicyDocument=json.dumps(trust),
        )

    def update_role(self, name: str, *, description: str | None = None, trust: Mapping[str, Any] | None = None) -> None:
        document = "" if trust is None else json.dumps(trust)
        self._write("UpdateRole", RoleName=name, NewDescription=description or "", NewAssumeRolePolicyDocument=document)

    def delete_role(self, name: str) -> None:
        self._write("DeleteRole", RoleName=name)

    def claim(
        self, kind: Literal["role", "policy"], name: str, *, note: str = "", more: Mapping[str, str] | None = None
    ) -> None:
        """Put our tag on it, the note where there is one, and more tags."""
        tags = _tags(OURS, (NOTE, note), *(more or {}).items())
        self._write("TagResources", ResourceType=kind, ResourceNames=json.dumps([name]), Tag=tags)

    def untag(self, role: str, keys: Iterable[str]) -> None:
        self._write(
            "UntagResources", ResourceType="role", ResourceNames=json.dumps([role]), TagKeys=json.dumps(list(keys))
        )

    def create_policy(self, name: str, description: str, document: Mapping[str, Any]) -> None:
        self._write(
            "CreatePolicy", PolicyName=name, Description=description, PolicyDocument=compact(document), Tag=_tags(OURS)
        )

    def new_version(self, policy: str, document: Mapping[str, Any]) -> None:
        """A new version in force; the oldest one not in force goes where there are five."""
        self._write(
            "CreatePolicyVersion",
            PolicyName=policy,
            PolicyDocument=compact(document),
            SetAsDefault="true",
            RotateStrategy="DeleteOldestNonDefaultVersionWhenLimitExceeded",
        )

    def delete_policy(self, name: str) -> None:
        """With its versions."""
        self._write("DeletePolicy", PolicyName=name, CascadingDelete="true")

    def attach(self, role: str, kind: PolicyType, policy: str) -> None:
        self._write("AttachPolicyToRole", PolicyType=kind, PolicyName=policy, RoleName=role)

    def detach(self, role: str, kind: PolicyType, policy: str) -> None:
        self._write("DetachPolicyFromRole", PolicyType=kind, PolicyName=policy, RoleName=role)


def is_ours(tags: Mapping[str, str]) -> bool:
    return tags.get(OURS[0]) == OURS[1]


def _tags(*tags: tuple[str, str]) -> str:
    """Tags as an action takes them, without those that have no value."""
    return compact([{"Key": key, "Value": value} for key, value in tags if value])


def _next(action: str, marker: str | None) -> str:
    """The page that follows one that says that it is not the last."""
    if not marker:
        raise unreadable(action, ValueError("it is cut short, and has no Marker to go on with"), {})
    return marker


def compact(document: Mapping[str, Any] | list[Any]) -> str:
    """As short as JSON can be: its length is limited."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _document(text: str) -> Mapping[str, Any]:
    """A document that somebody else wrote may be anything: one that is no object means nothing to us."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

"""RAM as rolekeeper's operator uses it: read and make roles and policies. The functions' own role may do none of this.

Facts: RAM 2015-05-01 API pages. MaxItems to 1000; a policy has up to five versions; tags are JSON strings on the wire.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import islice
from typing import Any, Literal

import msgspec

from shared.errors import PermanentError
from shared.gateways.clients import Credentials, config
from shared.gateways.errors import translated
from shared.settings import Settings

ENDPOINT = "ram.aliyuncs.com"  # global; the SDK would invent a regional host for regions outside its map (measured)
OURS = ("managed-by", "rolekeeper")
NOTE = "rolekeeper-system-policies"  # a tag of a role; its value is provision's
NOTE_OF_ONE = (
    f"{NOTE}-"  # and of tags that note one policy each: provision's mark follows, the value is the policy's name
)
PAGE = 1000
NAMES = 50
PolicyType = Literal["Custom", "System"]


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
    def _sdk(self) -> tuple[Any, Any, Any]:
        """A client that reads, one that writes (a write is not sent twice unseen), and their models."""
        from alibabacloud_ram20150501 import models
        from alibabacloud_ram20150501.client import Client

        def client(retries: bool) -> Any:
            region = self._settings.region
            return Client(config(self._settings, self._credentials, region=region, endpoint=ENDPOINT, retries=retries))

        return client(True), client(False), models

    def _call(self, action: str, **values: Any) -> Any:
        """One call by the action's name; None values are left out. The answer's body."""
        reading, writing, models = self._sdk
        client = reading if action.startswith(("Get", "List")) else writing
        method = "".join("_" + c.lower() if c.isupper() else c for c in action).lstrip("_")
        with translated(action):
            return getattr(client, method)(getattr(models, f"{action}Request")(**values)).body

    def _tag(self, action: str, note: str = "", more: Mapping[str, str] | None = None) -> list[Any]:
        """Our tag as the action takes it, the note where there is one, and more tags."""
        tag = getattr(self._sdk[2], f"{action}RequestTag")
        given = {OURS[0]: OURS[1], NOTE: note, **(more or {})}
        return [tag(key=key, value=value) for key, value in given.items() if value]

    def roles(self) -> list[ListedRole]:
        """Every role of the account: one call for each 1,000.

        The published definition of ListRoles has no tags in its answer, only the SDK has: where it shows none at all, they are
        asked for.
        """
        listed: list[Any] = []
        marker: str | None = None
        while True:
            body = self._call("ListRoles", max_items=PAGE, marker=marker)
            listed += (body.roles and body.roles.role) or []
            if not body.is_truncated:
                break
            marker = body.marker
        tags = {
            role.role_name: {tag.tag_key: tag.tag_value or "" for tag in (role.tags and role.tags.tag) or []}
            for role in listed
        }
        if listed and not any(tags.values()):
            tags = self._role_tags()
        return [
            ListedRole(
                name=role.role_name, description=role.description or "",
                ours=is_ours(tags.get(role.role_name, {})), note=tags.get(role.role_name, {}).get(NOTE, ""),
                tags=tags.get(role.role_name, {}),
            )
            for role in listed
        ]  # fmt: skip

    def _role_tags(self) -> dict[str, dict[str, str]]:
        """Every tag of the roles that carry ours: a listing by one tag may leave out the others, so these are asked for by name."""
        names: list[str] = []
        token: str | None = None
        while True:
            body = self._call(
                "ListTagResources", resource_type="role", page_size=100, next_token=token,
                tag=self._tag("ListTagResources"),
            )  # fmt: skip
            names += [row.resource_name for row in body.tag_resources or [] if (row.tag_key, row.tag_value) == OURS]
            token = body.next_token
            if not token:
                return self.tags("role", dict.fromkeys(names))

    def trust(self, role: str) -> Mapping[str, Any]:
        """The trust policy of a role."""
        return _document(self._call("GetRole", role_name=role).role.assume_role_policy_document)

    def attached(self, role: str) -> list[tuple[PolicyType, str]]:
        """Type and name of each policy on a role."""
        body = self._call("ListPoliciesForRole", role_name=role)
        return [(p.policy_type, p.policy_name) for p in (body.policies and body.policies.policy) or []]

    def document(self, policy: str, kind: PolicyType = "Custom") -> Mapping[str, Any] | None:
        """The document in force of a policy; None where there is no such policy."""
        try:
            body = self._call("GetPolicy", policy_type=kind, policy_name=policy)
        except PermanentError as error:
            if error.code.startswith("EntityNotExist"):
                return None
            raise
        return _document(body.default_policy_version.policy_document)

    def tags(self, kind: Literal["role", "policy"], names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Every tag of these roles or custom policies, which must all be there: one call for each 50 names and 100 tags."""
        found: dict[str, dict[str, str]] = {}
        rest = iter(names)
        while batch := list(islice(rest, NAMES)):
            token: str | None = None
            while True:
                body = self._call(
                    "ListTagResources", resource_type=kind, resource_names=batch, page_size=100, next_token=token
                )
                for row in body.tag_resources or []:
                    found.setdefault(row.resource_name, {})[row.tag_key] = row.tag_value or ""
                token = body.next_token
                if not token:
                    break
        return found

    def holders_of(self, policy: str) -> list[str]:
        """Who holds a custom policy: "role NAME", "user NAME", "group NAME"; nobody where there is no such policy."""
        try:
            body = self._call("ListEntitiesForPolicy", policy_type="Custom", policy_name=policy)
        except PermanentError as error:
            if error.code.startswith("EntityNotExist"):
                return []
            raise
        rows = [("role", row.role_name) for row in (body.roles and body.roles.role) or []]
        rows += [("user", row.user_name) for row in (body.users and body.users.user) or []]
        rows += [("group", row.group_name) for row in (body.groups and body.groups.group) or []]
        return [f"{kind} {name}" for kind, name in rows]

    def our_policies(self) -> dict[str, int]:
        """Every custom policy that carries our tag, with the number of roles and users that hold it."""
        names: dict[str, int] = {}
        marker: str | None = None
        while True:
            body = self._call(
                "ListPolicies", policy_type="Custom", max_items=PAGE, marker=marker, tag=self._tag("ListPolicies")
            )
            for policy in (body.policies and body.policies.policy) or []:
                names[policy.policy_name] = int(policy.attachment_count or 0)
            if not body.is_truncated:
                return names
            marker = body.marker

    def create_role(self, name: str, description: str, trust: Mapping[str, Any], *, note: str = "") -> None:
        self._call("CreateRole", role_name=name, description=description or None, tag=self._tag("CreateRole", note),
                   assume_role_policy_document=json.dumps(trust))  # fmt: skip

    def update_role(self, name: str, *, description: str | None = None, trust: Mapping[str, Any] | None = None) -> None:
        document = None if trust is None else json.dumps(trust)
        self._call("UpdateRole", role_name=name, new_description=description, new_assume_role_policy_document=document)

    def delete_role(self, name: str) -> None:
        self._call("DeleteRole", role_name=name)

    def claim(
        self, kind: Literal["role", "policy"], name: str, *, note: str = "", more: Mapping[str, str] | None = None
    ) -> None:
        """Put our tag on it, the note where there is one, and more tags."""
        self._call("TagResources", resource_type=kind, resource_names=[name], tag=self._tag("TagResources", note, more))

    def untag(self, role: str, keys: Iterable[str]) -> None:
        self._call("UntagResources", resource_type="role", resource_names=[role], tag_keys=list(keys))

    def create_policy(self, name: str, description: str, document: Mapping[str, Any]) -> None:
        self._call("CreatePolicy", policy_name=name, description=description or None, policy_document=compact(document),
                   tag=self._tag("CreatePolicy"))  # fmt: skip

    def new_version(self, policy: str, document: Mapping[str, Any]) -> None:
        """A new version in force; the oldest one not in force goes where there are five."""
        self._call("CreatePolicyVersion", policy_name=policy, policy_document=compact(document), set_as_default=True,
                   rotate_strategy="DeleteOldestNonDefaultVersionWhenLimitExceeded")  # fmt: skip

    def delete_policy(self, name: str) -> None:
        """With its versions."""
        self._call("DeletePolicy", policy_name=name, cascading_delete=True)

    def attach(self, role: str, kind: PolicyType, policy: str) -> None:
        self._call("AttachPolicyToRole", policy_type=kind, policy_name=policy, role_name=role)

    def detach(self, role: str, kind: PolicyType, policy: str) -> None:
        self._call("DetachPolicyFromRole", policy_type=kind, policy_name=policy, role_name=role)


def is_ours(tags: Mapping[str, str]) -> bool:
    return tags.get(OURS[0]) == OURS[1]


def compact(document: Mapping[str, Any]) -> str:
    """As short as JSON can be: its length is limited."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _document(text: str | None) -> Mapping[str, Any]:
    """A document that somebody else wrote may be anything: one that is no object means nothing to us."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

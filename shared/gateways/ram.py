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
PAGE = 1000
NAMES = 50
PolicyType = Literal["Custom", "System"]


class ListedRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role as ListRoles shows it: without its trust policy."""

    name: str
    description: str
    ours: bool
    note: str = ""


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

    def _tag(self, action: str, note: str = "") -> list[Any]:
        """Our tag as the action takes it, and the note where there is one."""
        tag = getattr(self._sdk[2], f"{action}RequestTag")
        return [tag(key=key, value=value) for key, value in (OURS, (NOTE, note)) if value]

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
                ours=tags.get(role.role_name, {}).get(OURS[0]) == OURS[1], note=tags.get(role.role_name, {}).get(NOTE, ""),
            )
            for role in listed
        ]  # fmt: skip

    def _role_tags(self) -> dict[str, dict[str, str]]:
        """Our tag and the note, of every role that has it. Each is asked for: a listing by one tag may leave out the others."""
        found: dict[str, dict[str, str]] = {}
        for key, value in (OURS, (NOTE, None)):
            tag = self._sdk[2].ListTagResourcesRequestTag(key=key, value=value)
            token: str | None = None
            while True:
                body = self._call("ListTagResources", resource_type="role", page_size=100, next_token=token, tag=[tag])
                for row in body.tag_resources or []:
                    found.setdefault(row.resource_name, {})[row.tag_key] = row.tag_value or ""
                token = body.next_token
                if not token:
                    break
            if not found:
                break
        return found

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

    def ours(self, policies: Iterable[str]) -> set[str]:
        """Which of these policies carry our tag; all must be there. One call for each 50."""
        found: set[str] = set()
        rest = iter(policies)
        while batch := list(islice(rest, NAMES)):
            body = self._call("ListTagResources", resource_type="policy", resource_names=batch, page_size=100,
                              tag=self._tag("ListTagResources"))  # fmt: skip
            rows = body.tag_resources or []
            found |= {row.resource_name for row in rows if (row.tag_key, row.tag_value) == OURS}
        return found

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

    def claim(self, kind: Literal["role", "policy"], name: str, *, note: str = "") -> None:
        """Put our tag on it, and the note where there is one."""
        self._call("TagResources", resource_type=kind, resource_names=[name], tag=self._tag("TagResources", note))

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

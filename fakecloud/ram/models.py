"""The state of RAM: roles, users, policies with their versions, and the quotas. Rules between them are in account.py.

Ids follow from account and name (identity.py), so a role created again under its old name has its old id; the cloud gives a new one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from fakecloud.identity import Identity
from fakecloud.ram import trust

PolicyKey = tuple[str, str]
"""Policy type (System or Custom) and policy name."""


@dataclass(slots=True)
class Quotas:
    """Upper limits (RAM "Limits" page, Dec 2025; most can be raised in Quota Center, so tests may set them)."""

    roles: int = 1000
    users: int = 5000
    custom_policies: int = 1500
    policy_versions: int = 5
    policy_document: int = 6144  # characters (CreatePolicy) and bytes (CreatePolicyVersion)
    trust_policy_document: int = 2048  # a guess: a code for its excess is documented, the limit is not
    custom_policies_attached: int = 10  # to one role or one user
    system_policies_attached: int = 20
    access_keys: int = 2  # of one user
    tags: int = 20  # of one resource: documented for users, a guess for roles and policies


@dataclass(slots=True)
class Role:
    """attached: policies and when each was attached. Dates as RAM writes them."""

    account: str
    name: str
    trust_text: str
    trust: dict[str, Any]
    created: str
    updated: str
    description: str = ""
    max_session_seconds: int = 3600
    allow_console_login: bool | None = None
    attached: dict[PolicyKey, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Lower-cased: Alibaba Cloud's own policies and pages write role ARNs so, whatever the case of the name.

        (System policies name `role/aliyunecsaccessinghbrrole` for AliyunECSAccessingHBRRole; CreateRole's sample does not.)
        """
        return f"acs:ram::{self.account}:role/{self.name.lower()}"

    @property
    def role_id(self) -> str:
        return self.identity("").principal_id.partition(":")[0]

    def identity(self, session: str, session_policies: tuple[str, ...] = ()) -> Identity:
        """Return who a session of this role is."""
        return Identity("AssumedRoleUser", self.account, self.name, session, session_policies)

    def trusts_service(self, service: str) -> bool:
        return trust.allows_service(self.trust, self.account, service)

    def entity(self) -> dict[str, Any]:
        """As ListEntitiesForPolicy names the role."""
        return {"RoleName": self.name, "RoleId": self.role_id, "Arn": self.arn, "Description": self.description}


@dataclass(slots=True)
class User:
    """access_keys: id and CreateDate of each; the secrets are in the key ring."""

    account: str
    name: str
    created: str
    updated: str
    display_name: str = ""
    comments: str = ""
    email: str = ""
    mobile_phone: str = ""
    access_keys: dict[str, str] = field(default_factory=dict)
    attached: dict[PolicyKey, str] = field(default_factory=dict)

    @property
    def identity(self) -> Identity:
        return Identity("RAMUser", self.account, self.name)

    def entity(self) -> dict[str, Any]:
        """As ListEntitiesForPolicy names the user."""
        return {"UserName": self.name, "UserId": self.identity.principal_id, "DisplayName": self.display_name}


@dataclass(frozen=True, slots=True)
class Version:
    version_id: str
    text: str
    created: str

    @property
    def document(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed


@dataclass(slots=True)
class Policy:
    """versions: oldest first. attached: the roles and users that hold it, each ("Role" | "User", name), and since when."""

    type: str
    name: str
    created: str
    updated: str
    description: str = ""
    default: str = ""
    versions: dict[str, Version] = field(default_factory=dict)
    attached: dict[tuple[str, str], str] = field(default_factory=dict)
    count: int = 0  # versions ever made: a number is not given twice

    @property
    def key(self) -> PolicyKey:
        return self.type, self.name

    def add(self, text: str, now: str, *, as_default: bool) -> Version:
        self.count += 1
        version = Version(f"v{self.count}", text, now)
        self.versions[version.version_id] = version
        if as_default:
            self.default = version.version_id
        self.updated = now
        return version

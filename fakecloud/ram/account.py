"""One account's RAM: what exists, and the rules between roles, users and policies. Knows no parameters and no answers."""

from __future__ import annotations

from typing import Any

from sortedcontainers import SortedDict

from fakecloud.ram import exceptions as errors
from fakecloud.ram.models import Policy, PolicyKey, Quotas, Role, User, Version
from fakecloud.ram.system_policies import SYSTEM_POLICIES
from fakecloud.ram.tags import Tags

SYSTEM_DATE = "2015-01-23T12:33:18Z"


class Account:
    """roles: by lower-cased name, for two names that differ only in case would share an ARN. policies: by type and name."""

    def __init__(self, account: str, quotas: Quotas) -> None:
        self.id, self.quotas = account, quotas
        self.roles: SortedDict[str, Role] = SortedDict()
        self.users: SortedDict[str, User] = SortedDict()
        self.policies: SortedDict[PolicyKey, Policy] = SortedDict()
        self.tags = {"role": Tags(), "policy": Tags()}
        for name, (description, text) in SYSTEM_POLICIES.items():
            policy = Policy("System", name, SYSTEM_DATE, SYSTEM_DATE, description)
            policy.add(text, SYSTEM_DATE, as_default=True)
            self.policies[policy.key] = policy

    def role(self, name: str) -> Role:
        """Found by the name as it was given at creation: whether the cloud minds the case is unknown, so it is minded."""
        role: Role | None = self.roles.get(name.lower())
        if role is None or role.name != name:
            raise errors.RoleNotFound()
        return role

    def add_role(self, role: Role) -> None:
        if role.name.lower() in self.roles:
            raise errors.RoleExists()
        if len(self.roles) >= self.quotas.roles:
            raise errors.TooManyRoles()
        self.roles[role.name.lower()] = role

    def delete_role(self, name: str) -> None:
        """An instance that holds the role is not in the way: no page says so."""
        role = self.role(name)
        if role.attached:
            raise errors.RoleHasPolicies()
        del self.roles[name.lower()]
        self.tags["role"].remove(name.lower())

    def user(self, name: str) -> User:
        user: User | None = self.users.get(name)
        if user is None:
            raise errors.UserNotFound()
        return user

    def add_user(self, user: User) -> None:
        if user.name in self.users:
            raise errors.UserExists()
        if len(self.users) >= self.quotas.users:
            raise errors.TooManyUsers()
        self.users[user.name] = user

    def delete_user(self, name: str) -> None:
        user = self.user(name)
        if user.access_keys:
            raise errors.UserHasAccessKeys()
        if user.attached:
            raise errors.UserHasPolicies()
        del self.users[name]

    def policy(self, type_: str, name: str) -> Policy:
        policy: Policy | None = self.policies.get((type_, name))
        if policy is None:
            raise errors.PolicyNotFound()
        return policy

    def add_policy(self, policy: Policy) -> None:
        if policy.key in self.policies:
            raise errors.PolicyExists()
        if len(self.policies) - len(SYSTEM_POLICIES) >= self.quotas.custom_policies:
            raise errors.TooManyPolicies()
        self.policies[policy.key] = policy

    def delete_policy(self, name: str, *, cascading: bool) -> None:
        """cascading takes the versions along; what the policy is attached to must be detached first in any case."""
        policy = self.policy("Custom", name)
        holders = {kind for kind, _ in policy.attached}
        if "User" in holders:
            raise errors.PolicyOnUser()
        if "Role" in holders:
            raise errors.PolicyOnRole()
        if len(policy.versions) > 1 and not cascading:
            raise errors.PolicyHasVersions()
        del self.policies[policy.key]
        self.tags["policy"].remove(policy.key)

    def version(self, policy: Policy, version_id: str) -> Version:
        if version_id not in policy.versions:
            raise errors.VersionNotFound()
        return policy.versions[version_id]

    def add_version(self, policy: Policy, text: str, now: str, *, as_default: bool, rotate: bool) -> Version:
        """rotate: at the limit the oldest version that is not the default makes room."""
        if len(policy.versions) >= self.quotas.policy_versions:
            old = next((v for v in policy.versions if v != policy.default), None)
            if not rotate or old is None:
                raise errors.TooManyVersions()
            del policy.versions[old]
        return policy.add(text, now, as_default=as_default)

    def delete_version(self, policy: Policy, version_id: str, now: str) -> None:
        if self.version(policy, version_id).version_id == policy.default:
            raise errors.VersionIsDefault()
        del policy.versions[version_id]
        policy.updated = now

    def attach(self, holder: Role | User, type_: str, name: str, now: str) -> None:
        policy, is_role = self.policy(type_, name), isinstance(holder, Role)
        if policy.key in holder.attached:
            raise errors.RolePolicyExists() if is_role else errors.UserPolicyExists()
        custom = type_ == "Custom"
        limit = self.quotas.custom_policies_attached if custom else self.quotas.system_policies_attached
        if sum(held == type_ for held, _ in holder.attached) >= limit:
            raise errors.TooManyRolePolicies() if is_role else errors.TooManyUserPolicies()
        holder.attached[policy.key] = now
        policy.attached["Role" if is_role else "User", holder.name] = now

    def detach(self, holder: Role | User, type_: str, name: str) -> None:
        policy, is_role = self.policy(type_, name), isinstance(holder, Role)
        if policy.key not in holder.attached:
            raise errors.RolePolicyNotFound() if is_role else errors.UserPolicyNotFound()
        del holder.attached[policy.key]
        del policy.attached["Role" if is_role else "User", holder.name]

    def documents(self, holder: Role | User) -> list[dict[str, Any]]:
        """The default versions of all policies attached, in the order they were attached."""
        policies = (self.policies[key] for key in holder.attached)
        return [policy.versions[policy.default].document for policy in policies]

"""RAM 2015-05-01 as a service: its accounts, its actions (in the *_api modules) and what other services ask of it.

Every call is account-wide: it acts on the caller's own account. Permissions are not judged here; a judge finds what it
needs in policies_of_role and policies_of_user.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fakecloud.http import Response
from fakecloud.ram import (
    attachments_api,
    checks,
    late,
    policies_api,
    roles_api,
    tags_api,
    trust,
    users_api,
    versions_api,
)
from fakecloud.ram.account import Account
from fakecloud.ram.grammar import parse_policy
from fakecloud.ram.late import Late
from fakecloud.ram.models import Policy, PolicyKey, Quotas, Role, User
from fakecloud.rpc import RpcService
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

ROLE_ARN = re.compile(r"acs:ram::(\d+):role/([A-Za-z0-9.-]{1,64})")


class Ram(RpcService):
    """quotas may be set by tests, as Quota Center raises them for an account."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__("ram", "2015-05-01", "ram.aliyuncs.com")
        self.cloud = cloud
        self.quotas = Quotas()
        self._accounts: dict[str, Account] = {}
        self._late = Late()
        for module in (roles_api, users_api, policies_api, versions_api, attachments_api, tags_api):
            module.declare(self)

    def reset(self) -> None:
        self.quotas = Quotas()
        self._accounts.clear()
        self._late.clear()

    def account(self, account: str) -> Account:
        """The state of that account; an account is there from its first use."""
        if account not in self._accounts:
            self._accounts[account] = Account(account, self.quotas)
        return self._accounts[account]

    def state(self, call: Call) -> Account:
        """The caller's account, once the parameters' names and lengths are checked: for a read as it is shown (late.py)."""
        checks.check(call.args)
        state, delay = self.account(call.account), self.cloud.switches.ram_visible_after
        if not delay:
            return state
        seen = self._late.shown(state, self.cloud.clock.now() - delay)
        if not self.actions[call.action].write:
            return seen
        late.check(call, seen)
        return state

    def respond(self, call: Call) -> Response:
        write = call.action in self.actions and self.actions[call.action].write
        if not write or not self.cloud.switches.ram_visible_after:
            return super().respond(call)
        if not self._late.begun(call.account):
            self._late.keep(self.account(call.account), 0)
        response = super().respond(call)
        self._late.keep(self.account(call.account), self.cloud.clock.now())
        return response

    def policy_document(self, text: str) -> dict[str, Any]:
        """A permission policy, parsed. Raises InvalidParameter.PolicyDocument.Length or MalformedPolicyDocument."""
        status = self.cloud.switches.malformed_policy_status
        return checks.document("PolicyDocument", text, self.quotas.policy_document, parse_policy, status)

    def trust_document(self, parameter: str, text: str) -> dict[str, Any]:
        status = self.cloud.switches.malformed_policy_status
        return checks.document(parameter, text, self.quotas.trust_policy_document, trust.parse_trust, status)

    def role(self, account: str, name: str) -> Role | None:
        with self.cloud.lock:
            role = self.account(account).roles.get(name.lower())
            return role if role is not None and role.name == name else None

    def role_of_arn(self, arn: str) -> Role | None:
        """In an ARN the case of the role's name does not matter. Raises ValueError for what is no role ARN."""
        found = ROLE_ARN.fullmatch(arn)
        if found is None:
            raise ValueError(f"{arn!r} is not of the form acs:ram::ACCOUNT:role/NAME")
        with self.cloud.lock:
            role: Role | None = self.account(found[1]).roles.get(found[2].lower())
            return role

    def user(self, account: str, name: str) -> User | None:
        with self.cloud.lock:
            user: User | None = self.account(account).users.get(name)
            return user

    def policies_of_role(self, account: str, name: str) -> list[dict[str, Any]]:
        """The documents in force for the role, parsed: default versions, custom and system. Empty without such a role."""
        with self.cloud.lock:
            role = self.role(account, name)
            return self.account(account).documents(role) if role else []

    def policies_of_user(self, account: str, name: str) -> list[dict[str, Any]]:
        """As policies_of_role, for a RAM user."""
        with self.cloud.lock:
            user = self.user(account, name)
            return self.account(account).documents(user) if user else []

    def put_role(
        self,
        account: str,
        name: str,
        services: Sequence[str] = ("ecs.aliyuncs.com",),
        policies: Sequence[str | dict[str, Any]] = (),
    ) -> Role:
        """Make the role so: trusted by these services (by its own account, if none) and with exactly these policies.

        A policy is the name of a system or a custom policy, or a document, which becomes the custom policy NAME-N.
        Not an action of the cloud: tests and the side door use it. Raises the CloudErrors of the actions it stands for.
        """
        principal = {"Service": list(services)} if services else {"RAM": [f"acs:ram::{account}:root"]}
        statement = {"Action": trust.ASSUME, "Effect": "Allow", "Principal": principal}
        text = json.dumps({"Statement": [statement], "Version": "1"})
        with self.cloud.lock:
            checks.name("RoleName", name)
            document = self.trust_document("AssumeRolePolicyDocument", text)
            state, now = self.account(account), self.cloud.clock.stamp()
            wanted = [self._policy(state, name, number, policy) for number, policy in enumerate(policies, 1)]
            role = self.role(account, name)
            if role is None:
                role = Role(account, name, text, document, now, now)
                state.add_role(role)
            role.trust_text, role.trust, role.updated = text, document, now
            for key in [key for key in role.attached if key not in wanted]:
                state.detach(role, *key)
            for key in [key for key in dict.fromkeys(wanted) if key not in role.attached]:
                state.attach(role, *key, now)
            return role

    def _policy(self, state: Account, role_name: str, number: int, policy: str | dict[str, Any]) -> PolicyKey:
        if isinstance(policy, str):
            key = ("System", policy) if ("System", policy) in state.policies else ("Custom", policy)
            return state.policy(*key).key
        # As short as it can be written: a document that was taken once is not too long when it is put in again.
        text, now = json.dumps(policy, ensure_ascii=False, separators=(",", ":")), self.cloud.clock.stamp()
        self.policy_document(text)
        made = Policy("Custom", f"{role_name.replace('.', '-')}-{number}", now, now)
        if made.key not in state.policies:
            state.add_policy(made)
        own: Policy = state.policies[made.key]
        if not own.versions or own.versions[own.default].text != text:
            state.add_version(own, text, now, as_default=True, rotate=True)
        return own.key

"""roles.yaml -> what RAM should hold: each role with its trust policy and its policies, rendered, named and measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from shared.errors import ConfigError
from shared.mapping import InlinePolicy, PolicySpec, RoleSpec, SystemPolicy, TemplatePolicy
from shared.mapping import Mapping as Roles
from shared.policies import rules
from shared.policies.findings import Finding, LintRule, PolicyError, found
from shared.policies.limits import MAX_CUSTOM, MAX_SYSTEM, POLICY_NAME, ROLE_NAME, compact, oversize
from shared.policies.meaning import canonical
from shared.policies.names import Wanted, policy_names
from shared.policies.templates import template, trust

FILE = "roles.yaml"


class DesiredPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that a role should hold. document: None for one of Alibaba Cloud's own. source: where it comes from, e.g.
    "template oss-read-only" or "inline, roles.yaml"."""

    type: Literal["Custom", "System"]
    name: str
    document: Mapping[str, Any] | None = None
    source: str = ""


class DesiredRole(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str
    trust: Mapping[str, Any]
    policies: tuple[DesiredPolicy, ...] = ()


class DesiredRam(msgspec.Struct, frozen=True, kw_only=True):
    """The desired state of RAM for a mapping, in the order of the file."""

    roles: tuple[DesiredRole, ...] = ()


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A policy on its way: what roles.yaml says, and the document it gives (None: a system policy, or a problem).

    label: what to call it in a finding, before it has a name.
    """

    role: str
    spec: PolicySpec
    label: str
    name: str = ""
    document: Mapping[str, Any] | None = None
    problem: str = ""


def desired(mapping: Roles, *, account_id: str, file: str = FILE) -> DesiredRam:
    """Return what RAM should hold. account_id: whose resources are intended where a template leaves the account open.

    Raises PolicyError with everything that RAM would refuse, each naming role, policy and file. Does not lint: see check.
    """
    made = drafts(mapping, account_id)
    problems = tuple(build_problems(mapping, made, file))
    if problems:
        raise PolicyError(problems)
    return DesiredRam(roles=tuple(_role(name, spec, made[name], file) for name, spec in mapping.roles.items()))


def drafts(mapping: Roles, account_id: str) -> dict[str, list[Draft]]:
    """Every role's policies, in the order of the file, rendered as far as they can be, and named."""
    made = [
        _draft(role, number, len(spec.policies), policy, account_id)
        for role, spec in mapping.roles.items()
        for number, policy in enumerate(spec.policies, 1)
    ]
    custom = [draft for draft in made if not isinstance(draft.spec, SystemPolicy)]
    names = iter(policy_names([_wanted(draft) for draft in custom]))
    named = [draft if draft.name else msgspec.structs.replace(draft, name=next(names)) for draft in made]
    by_role: dict[str, list[Draft]] = {role: [] for role in mapping.roles}
    for draft in named:
        by_role[draft.role].append(draft)
    return by_role


def build_problems(mapping: Roles, made: Mapping[str, list[Draft]], file: str) -> Iterator[Finding]:
    """Findings that keep the policies from being made, whatever they grant."""
    for role in mapping.roles:
        own = made[role]
        if not ROLE_NAME.fullmatch(role):
            misnamed = found(rules.NAME, "a role name is 1 to 64 of a-z, 0-9, '.' and '-', in lower case")
            yield msgspec.structs.replace(misnamed, role=role, file=file)
        for draft in own:
            for rule, message in _draft_problems(draft):
                yield _problem(rule, message, draft, file)
        system = sum(isinstance(draft.spec, SystemPolicy) for draft in own)
        for count, limit, what in ((len(own) - system, MAX_CUSTOM, "custom"), (system, MAX_SYSTEM, "system")):
            if count > limit:
                one_more = [d for d in own if isinstance(d.spec, SystemPolicy) == (what == "system")][limit]
                yield _problem(rules.COUNT, f"the role has {count} {what} policies, RAM takes {limit}", one_more, file)
        for (kind, name), times in Counter((isinstance(d.spec, SystemPolicy), d.name) for d in own).items():
            if times > 1:
                same = [d for d in own if d.name == name and isinstance(d.spec, SystemPolicy) == kind]
                yield _problem(rules.TWICE, f"the role lists the same policy {times} times", same[1], file)


def _draft(role: str, number: int, of: int, policy: PolicySpec, account_id: str) -> Draft:
    if isinstance(policy, SystemPolicy):
        return Draft(role=role, spec=policy, label=policy.name, name=policy.name)
    if isinstance(policy, InlinePolicy):
        return Draft(role=role, spec=policy, label=policy.name or f"inline, {number} of {of}", document=policy.document)
    try:
        chosen = template(policy.name)
        given: dict[str, str | tuple[str, ...]] = {"account": account_id} if "account" in chosen.variables else {}
        return Draft(role=role, spec=policy, label=policy.name, document=chosen.render({**given, **policy.variables}))
    except ConfigError as error:  # a RenderError, or its file is no template
        return Draft(role=role, spec=policy, label=policy.name, problem=str(error))


def _wanted(draft: Draft) -> Wanted:
    name = "inline" if isinstance(draft.spec, InlinePolicy) and not draft.spec.name else draft.spec.name
    if isinstance(draft.spec, TemplatePolicy):  # its values, not its document: a better template keeps the name
        return Wanted(draft.role, name, compact(dict(sorted(draft.spec.variables.items()))))
    return Wanted(draft.role, name, compact(canonical(draft.document or {})))


def _draft_problems(draft: Draft) -> Iterator[tuple[LintRule, str]]:
    if draft.problem:
        yield rules.RENDER, draft.problem
    if not POLICY_NAME.fullmatch(draft.name):
        yield rules.NAME, f"{draft.name!r}: a policy name is 1 to 128 of A-Z, a-z, 0-9 and '-'"
    if draft.document is not None:
        if draft.document.get("Version") != "1":
            yield rules.VERSION, f"Version is {draft.document.get('Version')!r}"
        over = oversize(draft.document)
        if over:
            yield rules.SIZE, over


def _role(name: str, spec: RoleSpec, own: list[Draft], file: str) -> DesiredRole:
    policies = tuple(_policy(draft, file) for draft in own)
    return DesiredRole(name=name, description=spec.description, trust=trust("ecs"), policies=policies)


def _policy(draft: Draft, file: str) -> DesiredPolicy:
    if isinstance(draft.spec, SystemPolicy):
        return DesiredPolicy(type="System", name=draft.name, source="system")
    source = f"template {draft.spec.name}" if isinstance(draft.spec, TemplatePolicy) else f"inline, {file}"
    return DesiredPolicy(type="Custom", name=draft.name, document=draft.document, source=source)


def _problem(rule: LintRule, message: str, draft: Draft, file: str) -> Finding:
    return msgspec.structs.replace(
        found(rule, message, line=draft.spec.line), role=draft.role, policy=draft.label, file=file
    )

"""The lint of a whole mapping: every document that its roles would get, less what `allow` lets pass with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from shared.errors import ConfigError
from shared.mapping import Allow, Located, SystemPolicy, TemplatePolicy
from shared.mapping import Mapping as Roles
from shared.mapping.problems import nearest
from shared.policies import rules
from shared.policies.build import FILE, Draft, build_problems, drafts
from shared.policies.findings import Finding, found
from shared.policies.lint import lint
from shared.policies.system import NAMES, REACH
from shared.policies.templates import template, trust, trust_template

_WORSE = {rules.EVERYTHING, rules.RAM_ALL, rules.ESCALATION}
"""Codes that say more than that a whole service is allowed."""

_LINTED = (rules.VERSION.code, rules.SIZE.code)
"""Codes that the lint finds too, and with their lines."""


def check(mapping: Roles, *, account_id: str, file: str = FILE) -> tuple[Finding, ...]:
    """Everything wrong with the policies of the mapping, each finding with its role, policy and file. Never raises.

    Those in the mapping's own file come first, in its order. A finding with severity "error" stops a build and a provision. What RAM would refuse is among them (see desired).
    """
    made = drafts(mapping, account_id)
    findings = [problem for problem in build_problems(mapping, made, file) if problem.code not in _LINTED]
    findings += _trust()
    for role, spec in mapping.roles.items():
        used: set[Allow] = set()
        for draft in made[role]:
            own = allowed(_findings(draft, file), draft.spec.allow, used)
            findings += allowed(own, spec.allow, used)
            findings += _placed(_unused(draft.spec.allow, used), role, draft.label, file)
        findings += _placed(_unused(spec.allow, used), role, "", file)
    return tuple(sorted(findings, key=lambda finding: (finding.file != file, finding.file, finding.line)))


def allowed(findings: Iterable[Finding], allow: Iterable[Allow], used: set[Allow]) -> list[Finding]:
    """The findings that no allow lets pass. used: gains the allows that let one pass. What RAM refuses always stays."""
    kept = []
    for finding in findings:
        passing = [
            a for a in allow if a.code == finding.code and a.reason.strip() and a.code not in rules.NEVER_ALLOWED
        ]
        used.update(passing)
        if not passing:
            kept.append(finding)
    return kept


def _findings(draft: Draft, file: str) -> list[Finding]:
    """Return what the lint says of one policy. A finding in a template is in the template's file, where it is fixed."""
    if isinstance(draft.spec, SystemPolicy):
        return _placed(_system(draft.spec), draft.role, draft.label, file)
    if draft.document is None:
        return []
    if isinstance(draft.spec, TemplatePolicy):
        source = template(draft.spec.name)
        shipped = allowed(lint(draft.document, text=source.text), source.allow, set())
        return _placed(shipped, draft.role, draft.label, source.file)
    lines = draft.document.lines if isinstance(draft.document, Located) else {}
    return _placed(lint(draft.document, lines=lines), draft.role, draft.label, file)


def _trust() -> list[Finding]:
    try:
        source = trust_template("ecs")
        return _placed(lint(trust("ecs"), kind="trust", text=source.text), "", "trust policy", source.file)
    except ConfigError as error:
        return _placed([found(rules.RENDER, str(error))], "", "trust policy", "")


def _system(policy: SystemPolicy) -> Iterator[Finding]:
    for rule, message in REACH.get(policy.name, ()):
        yield found(rule, message, line=policy.line)
    if policy.name.endswith("FullAccess") and not _WORSE.intersection(rule for rule, _ in REACH.get(policy.name, ())):
        yield found(rules.WHOLE_SERVICE, "it allows every action of a service on every resource", line=policy.line)
    if policy.name not in NAMES:
        meant = nearest(policy.name, NAMES)
        message = f"{policy.name!r} is none of the names known here, and is checked at provision only"
        yield found(rules.SYSTEM_NAME, f"{message}; {meant}" if meant else message, line=policy.line)


def reach_of_system(name: str) -> str:
    """Return why the lint finds one of Alibaba Cloud's own policies too wide; "" where it does not."""
    return next((finding.message for finding in _system(SystemPolicy(name=name))), "")


def _unused(allow: Iterable[Allow], used: set[Allow]) -> Iterator[Finding]:
    for entry in allow:
        if entry.code not in rules.RULES or not entry.reason.strip():
            what = "no reason is given" if entry.code in rules.RULES else "there is no such code"
            yield found(rules.ALLOW, f"allow {entry.code}: {what}", line=entry.line)
        elif entry not in used:
            yield found(rules.UNUSED_ALLOW, f"allow {entry.code} lets nothing pass", line=entry.line)


def _placed(findings: Iterable[Finding], role: str, policy: str, file: str) -> list[Finding]:
    return [msgspec.structs.replace(finding, role=role, policy=policy, file=file) for finding in findings]

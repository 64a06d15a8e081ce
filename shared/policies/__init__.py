"""Policies as code: templates, rendering, lint, and what RAM should hold for a roles.yaml. Pure: reads no clock, network or
environment, and no file but its own templates."""

from __future__ import annotations

from shared.policies.build import DesiredPolicy, DesiredRam, DesiredRole, desired
from shared.policies.check import check, reach_of_system
from shared.policies.deployment import check_deployment, own_roles, too_many, why_own
from shared.policies.execution import execution_policies, execution_role, reach
from shared.policies.findings import Finding, PolicyError
from shared.policies.limits import compact
from shared.policies.lint import Kind, lint, lint_text
from shared.policies.meaning import Grant, canonical, grants, same
from shared.policies.member import member_policies, member_trust
from shared.policies.named import displaced
from shared.policies.operators import pass_policies, pass_role, provisioner_policies
from shared.policies.rules import RULES
from shared.policies.session import read_session, write_session
from shared.policies.template import RenderError, Template, Variable
from shared.policies.templates import render, template, template_names, trust

__all__ = [
    "RULES",
    "DesiredPolicy",
    "DesiredRam",
    "DesiredRole",
    "Finding",
    "Grant",
    "Kind",
    "PolicyError",
    "RenderError",
    "Template",
    "Variable",
    "canonical",
    "check",
    "check_deployment",
    "compact",
    "desired",
    "displaced",
    "execution_policies",
    "execution_role",
    "grants",
    "lint",
    "lint_text",
    "member_policies",
    "member_trust",
    "own_roles",
    "pass_policies",
    "pass_role",
    "provisioner_policies",
    "reach",
    "reach_of_system",
    "read_session",
    "render",
    "same",
    "template",
    "template_names",
    "too_many",
    "trust",
    "why_own",
    "write_session",
]

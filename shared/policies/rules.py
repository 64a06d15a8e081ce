"""The codes of the lint. A code keeps its meaning for ever: `allow` in roles.yaml and templates refers to it."""

from __future__ import annotations

from shared.policies.findings import LintRule

# The form of a document: RAM refuses it, or takes it and grants something else than it says.
NOT_JSON = LintRule("RK001", "not-json", "error", "write one JSON object, without comments")
VERSION = LintRule("RK002", "version", "error", 'write "Version": "1"; RAM knows no other')
NO_STATEMENT = LintRule("RK003", "no-statement", "error", "write a list of at least one statement")
EFFECT = LintRule("RK004", "effect", "error", 'write "Effect": "Allow" or "Deny"')
MALFORMED = LintRule(
    "RK005",
    "malformed",
    "error",
    "write Effect, Action, Resource (in a trust policy Principal) and, if need be, Condition",
)
ACTION_FORM = LintRule(
    "RK006", "action-form", "error", "write SERVICE:ACTION without spaces, e.g. ecs:DescribeInstances"
)
RESOURCE_FORM = LintRule(
    "RK007", "resource-form", "error", "write acs:SERVICE:REGION:ACCOUNT:RESOURCE without spaces, or *"
)
CONDITION_FORM = LintRule(
    "RK008", "condition-form", "error", 'write {"OPERATOR": {"KEY": ["VALUE"]}}, every value in quotes'
)

# What a policy may not grant.
EVERYTHING = LintRule("RK101", "everything", "error", "name the actions that are needed, and the resources")
RAM_ALL = LintRule(
    "RK102",
    "ram-all",
    "error",
    "name the ram: actions that are needed; with all of them a role can grant itself anything",
)
SERVICE_WILDCARD = LintRule(
    "RK103", "service-wildcard", "error", "name the service; a wildcard reaches services that do not exist yet"
)
NOT_ACTION = LintRule(
    "RK104", "not-action", "error", "list what is allowed in Action; NotAction grants whatever it forgets"
)
NOT_RESOURCE = LintRule(
    "RK105", "not-resource", "error", "list what is meant in Resource; NotResource covers whatever it forgets"
)
ASSUME_ANY = LintRule("RK106", "assume-any-role", "error", "name the roles: acs:ram:*:ACCOUNT:role/NAME")
PASS_ANY = LintRule("RK107", "pass-any-role", "error", "name the roles that may be passed: acs:ram:*:ACCOUNT:role/NAME")
PASS_SERVICE = LintRule(
    "RK108", "pass-role-service", "error", 'add "Condition": {"StringEquals": {"acs:Service": "ecs.aliyuncs.com"}}'
)
ATTACH_POLICY = LintRule(
    "RK109", "attach-policy", "error", "leave it to the operator; who attaches policies grants himself anything"
)
ESCALATION = LintRule(
    "RK110", "escalation", "error", "leave it to the operator; it is a way to more permissions than granted here"
)
WHOLE_SERVICE = LintRule("RK111", "whole-service", "warning", "name the actions that are needed, or the resources")
ROLE_PATTERN = LintRule(
    "RK112", "role-pattern", "warning", "name the roles; a pattern covers roles that do not exist yet"
)
UPPER_CASE_ROLE = LintRule(
    "RK113", "upper-case-role", "warning", "write the role in lower case; RAM lower-cases it before it compares"
)
TAG_INSTANCES = LintRule(
    "RK114",
    "tag-instances",
    "error",
    "leave it to the operator, or name other resources than instances, e.g. acs:ecs:*:ACCOUNT:disk/*; who tags an instance "
    "chooses its role",
)
OWN_FUNCTIONS = LintRule(
    "RK115",
    "own-functions",
    "error",
    "name the functions that are meant, none of rolekeeper's: acs:fc:REGION:ACCOUNT:functions/NAME",
)
RUN_ANYWHERE = LintRule(
    "RK116",
    "run-anywhere",
    "error",
    "name the instances or the template, or add a condition on acs:ResourceTag/KEY; who runs a command on an instance has its role",
)
SYSTEM_NAME = LintRule(
    "RK117",
    "system-name",
    "warning",
    "compare it with the list of system policies in the RAM console; if it is there, allow RK117 with that reason",
)

# Whom a role may trust.
TRUST = LintRule("RK201", "trust-not-ecs", "error", 'trust {"Service": ["ecs.aliyuncs.com"]} alone')
TRUST_ACTION = LintRule("RK202", "trust-action", "error", "the one action of a trust policy is sts:AssumeRole")

# What cannot be made of roles.yaml at all.
RENDER = LintRule(
    "RK301",
    "render",
    "error",
    "`rolekeeper policy list` has the templates, `rolekeeper policy show NAME` the variables of one",
)
SIZE = LintRule(
    "RK302", "size", "error", "name fewer things, or split the policy; RAM takes 6144 characters and as many bytes"
)
COUNT = LintRule("RK303", "count", "error", "join policies; a role holds 10 custom and 20 system policies")
NAME = LintRule("RK304", "name", "error", "see docs/policies.md for the names that RAM takes")
TWICE = LintRule("RK305", "twice", "error", "list it once")
UNUSED_ALLOW = LintRule("RK306", "unused-allow", "warning", "take it out, so that it does not hide a later finding")
ALLOW = LintRule(
    "RK307", "allow", "error", "write {code: RK..., reason: why this is right here} with a code of docs/policies.md"
)
OWN_ROLE = LintRule(
    "RK308",
    "own-role",
    "error",
    "take it off the list, or name others; provisioning would rewrite its trust, and an instance that held it could do what it can",
)
TOO_MANY_ROLES = LintRule(
    "RK309",
    "too-many-roles",
    "error",
    "cover roles with a common beginning by a pattern (settings.role_patterns: [NAME-*]), look after fewer regions from one "
    "deployment, or split the mapping over two deployments",
)

RULES: dict[str, LintRule] = {rule.code: rule for rule in list(globals().values()) if isinstance(rule, LintRule)}
"""Every rule by its code."""

NEVER_ALLOWED = frozenset(code for code in RULES if code[:3] in ("RK0", "RK3"))
"""Findings that no reason makes right: RAM would refuse them."""

"""How a listed role could choose the next role of an instance: the code, a document that could, and a like one that could not."""

from __future__ import annotations

from typing import Any

from tests.unit.policies.documents import INSTANCE, a, policy, raw

CHOOSING: list[Any] = [
    *[
        ("RK114", a(action, resource), a(action, "acs:ecs:*:1:disk/*"))
        for action, resource in (
            ("ecs:TagResources", "*"), ("ecs:AddTags", INSTANCE), ("ecs:UntagResources", "acs:ecs:*:*:*"), ("ecs:RemoveTags", "acs:ecs:*"),
            ("ecs:Tag*", "acs:ecs:cn-hangzhou:1:instance/i-1"), ("tag:TagResources", "*"), ("tag:UntagResources", "acs:tag:*:1:*"),
            ("tag:*", INSTANCE), ("ECS:tagresources", "acs:ecs:*:*:inst*"), ("ecs:RunInstances", "*"), ("ecs:CreateInstance", INSTANCE),
            ("ecs:*", INSTANCE), ("ecs:ModifyInstanceAttribute", "acs:ecs:*:1:instance/i-1"), ("ecs:JoinResourceGroup", INSTANCE),
            ("ecs:CreateTags", "*"), ("ecs:DeleteTags", INSTANCE),
        )
    ],
    ("RK114", a("ecs:TagResources", ["acs:ecs:*:1:disk/*", INSTANCE]), a("ecs:TagResources", ["acs:ecs:*:1:disk/*", "acs:ecs:*:1:image/*"])),
    ("RK114", a("ecs:TagResources", INSTANCE, {"StringEquals": {"acs:RequestTag/team": "web"}}), a("ecs:DescribeTags", INSTANCE)),
    ("RK114", raw(Effect="Allow", Action="ecs:TagResources", NotResource="acs:ecs:*:1:disk/*"), policy("Deny", "ecs:TagResources", "*")),
    *[
        ("RK115", a(action, resource), a(action, "acs:fc:cn-hangzhou:1:functions/images-*"))
        for action, resource in (
            ("fc:InvokeFunction", "*"), ("fc:UpdateFunction", "acs:fc:*:1:functions/*"), ("fc:Update*", "acs:fc:*:1:functions/rolekeeper-reconcile"),
            ("fc:InvokeFunction", "acs:fc:*:1:functions/role*-remediate"), ("fc:InvokeFunction", "acs:fc:*:1:services/*/functions/*"),
            ("fc:UpdateService", "acs:fc:*:1:services/rolekeeper"), ("fc:CreateTrigger", "acs:fc:*:1:functions/rolekeeper-remediate/triggers/*"),
            ("fc:*", "acs:fc:*"),
        )
    ],
    ("RK115", a("fc:InvokeFunction", "acs:fc:*:1:services/s.LATEST/functions/rolekeeper-reconcile"), a("fc:InvokeFunction", "acs:fc:*:1:services/images/functions/small-*")),
    *[
        ("RK116", a(action, resource), a(action, "acs:ecs:*:1:instance/i-1"))
        for action, resource in (
            ("ecs:RunCommand", "*"), ("ecs:InvokeCommand", INSTANCE), ("ecs:SendFile", "acs:ecs:*:*:*"), ("ecs:*Command", "acs:ecs:cn-hangzhou:1:instance/*"),
            ("ecs:StartTerminalSession", "acs:ecs:*"), ("ecs:AttachKeyPair", INSTANCE),
            ("ecs:RunCommand", "acs:ecs:*:1:instance/i-*"), ("ecs:RunCommand", "acs:ecs:*:*:instance/?-*"),
        )
    ],
    ("RK116", a("ecs:RunCommand", INSTANCE), a("ecs:RunCommand", INSTANCE, {"StringEquals": {"acs:ResourceTag/team": "web"}})),
    ("RK116", a("ecs:RunCommand", INSTANCE, {"StringLike": {"acs:ResourceTag/team": ["web", "*"]}}), a("ecs:RunCommand", INSTANCE, {"StringLike": {"ecs:tag/team": ["web-*"]}})),
    ("RK116", a("ecs:RunCommand", INSTANCE, {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}), a("ecs:DescribeInvocations", INSTANCE)),
    ("RK116", a("oos:StartExecution", "*"), a("oos:StartExecution", "acs:oos:*:1:template/backup")),
    ("RK116", a("oos:*", "acs:oos:*:1:*"), a("oos:ListExecutions", "*")),
]  # fmt: skip

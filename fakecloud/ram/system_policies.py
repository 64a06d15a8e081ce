"""System policies that every account has. The names are Alibaba Cloud's; the documents are this emulator's own.

Each grants what its name says in the plainest form; the real documents list more services and change without notice.
"""

from __future__ import annotations

import json

_READ: dict[str, tuple[str, ...]] = {
    "Log": ("log:Get*", "log:List*", "log:Query*"),
    "OSS": ("oss:Get*", "oss:List*"),
    "ECS": ("ecs:Describe*", "ecs:List*", "vpc:DescribeVpcs", "vpc:DescribeVSwitches"),
    "VPC": ("vpc:Describe*", "vpc:List*"),
    "OTS": ("ots:BatchGet*", "ots:Describe*", "ots:Get*", "ots:List*", "ots:Search"),
    "MNS": ("mns:Get*", "mns:List*", "mns:PeekMessage", "mns:BatchPeekMessage"),
    "KMS": ("kms:Describe*", "kms:Get*", "kms:List*"),
    "RDS": ("rds:Describe*", "rds:List*"),
    "ContainerRegistry": ("cr:Get*", "cr:List*", "cr:Pull*"),
    "CloudMonitor": ("cms:Describe*", "cms:Get*", "cms:List*", "cms:Query*", "cms:BatchGet*"),
    "RAM": ("ram:Get*", "ram:List*"),
    "FC": ("fc:Get*", "fc:List*"),
    "SLB": ("slb:Describe*", "slb:List*"),
    "EventBridge": ("eventbridge:Get*", "eventbridge:List*", "eventbridge:Query*"),
}
_FULL: dict[str, str] = {
    "Log": "log", "OSS": "oss", "ECS": "ecs", "VPC": "vpc", "OTS": "ots", "MNS": "mns", "KMS": "kms", "RDS": "rds",
    "ContainerRegistry": "cr", "CloudMonitor": "cms", "RAM": "ram", "FC": "fc", "SLB": "slb", "EventBridge": "eventbridge",
}  # fmt: skip


def _document(*actions: str) -> str:
    action = actions[0] if len(actions) == 1 else list(actions)
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "1", "Statement": [statement]})


SYSTEM_POLICIES: dict[str, tuple[str, str]] = {
    "AdministratorAccess": ("All permissions on all resources.", _document("*")),
    "ReadOnlyAccess": (
        "Read-only access to all resources.",
        _document("*:Describe*", "*:List*", "*:Get*", "*:BatchGet*", "*:Query*"),
    ),
    "AliyunSTSAssumeRoleAccess": ("Permission to call AssumeRole.", _document("sts:AssumeRole")),
    "AliyunFCInvocationAccess": ("Permission to invoke functions.", _document("fc:InvokeFunction")),
    "AliyunLogPostDataAccess": ("Permission to write logs.", _document("log:PostLogStoreLogs")),
    **{f"Aliyun{name}ReadOnlyAccess": (f"Read-only access to {name}.", _document(*a)) for name, a in _READ.items()},
    **{f"Aliyun{name}FullAccess": (f"Full access to {name}.", _document(f"{code}:*")) for name, code in _FULL.items()},
}
"""Name -> description and document."""

"""The RAM actions that the emulator judges and that rolekeeper's policies name, each with where it is documented. No tests.

Most services name an action as the API call; those of API_CALLS are compared with the published definitions, where these are at
hand. Where a page names the action otherwise, or no definition is at hand, it stands in BY_PAGE with the page.
"""

from __future__ import annotations

API_CALLS: dict[str, str] = {
    "ecs": "AttachInstanceRamRole CreateInstance DeleteInstance DescribeInstanceAttribute DescribeInstanceRamRole DescribeInstances "
           "DescribeInstanceStatus DescribeRegions DetachInstanceRamRole ListTagResources RunInstances StartInstance StopInstance "
           "TagResources UntagResources",
    "ram": "AttachPolicyToRole AttachPolicyToUser CreatePolicy CreatePolicyVersion CreateRole DeletePolicy DeletePolicyVersion DeleteRole "
           "DetachPolicyFromRole DetachPolicyFromUser GetPolicy GetPolicyVersion GetRole ListEntitiesForPolicy ListPolicies "
           "ListPoliciesForRole ListPolicyVersions ListRoles ListTagResources SetDefaultPolicyVersion TagResources UntagResources "
           "UpdatePolicyDescription UpdateRole",
    "sts": "AssumeRole",
    "tag": "ListTagResources TagResources UntagResources",
    "eventbridge": "CreateRule GetEventBus GetRule ListRules ListTargets TestEventPattern",
    "fc": "CreateFunction CreateTrigger GetFunction GetTrigger InvokeFunction ListFunctions ListTriggers UpdateFunction UpdateTrigger",
    "log": "CreateIndex CreateLogStore CreateProject GetIndex GetLogStore GetProject",
}  # fmt: skip

BY_PAGE: dict[str, str] = {
    "ecs:AddTags ecs:RemoveTags": "ECS: Authentication rules (the older calls for tags)",
    "ecs:JoinResourceGroup ecs:ModifyInstanceAttribute ecs:ReplaceSystemDisk ecs:ModifyInstanceSpec ecs:ModifyPrepayInstanceSpec "
    "ecs:ModifyInstanceVpcAttribute ecs:ModifyInstanceMetadataOptions": "ECS: Authentication rules",
    "resourcemanager:MoveResources": "none: a guess, see fakecloud/resourcemanager/permissions.py",
    "ram:PassRole": "RAM: Grant permissions to pass a role; error table of AttachInstanceRamRole",
    "ram:CreateServiceLinkedRole": "RAM: Service-linked roles",
    "ram:GetAccountSummary": "IMS: GetAccountSummary API page",
    "ram:CreateUser ram:ListUsers ram:GetUser ram:DeleteUser ram:CreateAccessKey ram:ListAccessKeys ram:DeleteAccessKey "
    "ram:ListPoliciesForUser": "RAM: RAM authentication (APIs and resource formats)",
    "sts:SetSourceIdentity": "RAM: Use SourceIdentity",
    "eventbridge:CreateEventBus eventbridge:UpdateRule eventbridge:EnableRule eventbridge:DisableRule eventbridge:DeleteRule "
    "eventbridge:UpdateTargets eventbridge:DeleteTargets": "EventBridge: Custom permission policy reference; fc3: minimum policy of the trigger",
    "fc:ListAsyncTasks fc:ListStatefulAsyncInvocations": "Function Compute: Policies and sample policies",
    "fc:GetFunctionAsyncInvokeConfig fc:PutFunctionAsyncInvokeConfig fc:DeleteTrigger": "Function Compute 3.0: Policies and sample policies",
    "log:PostLogStoreLogs log:GetLogStoreLogs log:GetLogStoreHistogram log:GetCursorOrData log:ListShards log:ListProject "
    "log:DeleteProject log:ListLogStores log:DeleteLogStore log:UpdateIndex log:DeleteIndex log:ListSavedSearch log:CreateSavedSearch "
    "log:GetSavedSearch log:UpdateSavedSearch log:DeleteSavedSearch": "Simple Log Service: RAM authorization (action list)",
    "mns:SendMessage mns:ReceiveMessage mns:DeleteMessage mns:PeekMessage mns:ChangeMessageVisibility mns:GetQueueAttributes "
    "mns:PublishMessage": "MNS: table of APIs and RAM actions",
    "mns:BatchReceiveMessage mns:BatchDeleteMessage mns:BatchPeekMessage": "MNS: API pages of these calls",
    "oss:GetObject oss:PutObject oss:DeleteObject oss:ListObjects oss:AbortMultipartUpload oss:ListParts": "OSS: RAM policies (actions)",
    "ots:BatchGetRow ots:BatchWriteRow ots:DeleteRow ots:DescribeTable ots:GetRange ots:GetRow ots:ListTable ots:PutRow ots:UpdateRow":
        "Tablestore: Custom RAM policy",
    "kms:Decrypt": "KMS: Authorization information",
    "rds:DescribeDBInstances rds:DescribeDBInstanceAttribute rds:DescribeDBInstanceNetInfo": "RDS: API pages, authorization information",
    "cr:GetAuthorizationToken cr:PullRepository cr:GetRepository cr:ListInstanceEndpoint": "Container Registry: Authentication rules",
    "cms:PutCustomMetric": "CloudMonitor: PutCustomMetric API page",
}  # fmt: skip

NO_ACTIONS = {
    "fc:PutAsyncInvokeConfig": "fc:PutFunctionAsyncInvokeConfig",
    "fc:GetAsyncInvokeConfig": "fc:GetFunctionAsyncInvokeConfig",
    "fc:DeleteAsyncInvokeConfig": "fc:DeleteFunctionAsyncInvokeConfig",
    "log:PutLogs": "log:PostLogStoreLogs",
    "log:GetLogs": "log:GetLogStoreLogs",
    "log:GetHistograms": "log:GetLogStoreHistogram",
    "mns:BatchSendMessage": "mns:SendMessage",
    "eventbridge:CreateTargets": "eventbridge:UpdateTargets",
}
"""API calls that look like an action and are none -> what RAM calls it."""


def known() -> set[str]:
    calls = {f"{service}:{name}" for service, names in API_CALLS.items() for name in names.split()}
    return calls | {name for names in BY_PAGE for name in names.split()}

"""ECS errors, one class a code, with the status and text of the API's error tables (2014-05-26, 2024-12-17 revision)."""

from __future__ import annotations

from fakecloud.errors import CloudError


class InvalidRegionId(CloudError):
    status, code, message = 404, "InvalidRegionId.NotFound", "The specified RegionId does not exist."


class InvalidInstanceIdsMalformed(CloudError):
    status, code, message = 400, "InvalidInstanceIds.Malformed", "The specified instanceIds are not valid."


class InvalidInstanceIdNotFound(CloudError):
    status, code, message = 404, "InvalidInstanceId.NotFound", "The specified instanceId does not exist."


class MismatchRamRole(CloudError):
    status, code = 403, "InvalidNetworkType.MismatchRamRole"
    message = "Ram role cannot be applied to instances of Classic network type."


class PassRoleForbidden(CloudError):
    status, code = 403, "InvalidUser.PassRoleForbidden"
    message = "The RAM user does not have the privilege to pass a RAM role."


class RamRoleNotFound(CloudError):
    status, code, message = 404, "InvalidRamRole.NotFound", "The specified RAMRoleName does not exist."


class RamRoleNotEcsRole(CloudError):
    """Attach answers it with 404, RunInstances and CreateInstance with 401: pass the status."""

    status, code = 404, "InvalidRamRole.NotEcsRole"
    message = "The specified ram role is not authorized for ecs, please check your role policy."


class AlreadyAttached(CloudError):
    """The docs say "an error is returned" and name no code: the switch already_attached_code gives it."""

    status, message = 403, "The specified instance already has a RAM role."


class NotAttached(CloudError):
    """Undocumented; the code is the emulator's own."""

    status, code = 403, "InvalidInstance.RamRoleNotAttached"
    message = "The specified RAM role is not attached to the instance."


class IncorrectInstanceStatus(CloudError):
    status, code = 403, "IncorrectInstanceStatus"
    message = "The current status of the resource does not support this operation."


class AllEmpty(CloudError):
    status, code = 403, "InvalidParameter.AllEmpty"
    message = "The specified parameters InstanceIds and RamRoleName are not allowed to be empty at the same time."


class TooManyInstanceIds(CloudError):
    status, code, message = 403, "InvalidParameter.TooManyInstanceIds", "The specified InstanceIds exceed the limit."


class DryRunOperation(CloudError):
    status, code = 400, "DryRunOperation"
    message = "Request validation has been passed with DryRun flag set."


class InvalidNextToken(CloudError):
    status, code, message = 400, "InvalidParameter.NextToken", "The specified NextToken is invalid or has expired."


class TagKeyDuplication(CloudError):
    status, code = 403, "TagKey.Duplication"
    message = "The TagKey has duplication with others, case-insensitive."


class InvalidTagKey(CloudError):
    status, code, message = 400, "InvalidTagKey.Malformed", "The specified Tag.n.Key is not valid."


class InvalidTagValue(CloudError):
    status, code, message = 400, "InvalidTagValue.Malformed", "The specified Tag.n.Value is not valid."


class TagQuotaExceeded(CloudError):
    status, code, message = 403, "QuotaExceed.Tags", "The number of tags of the resource exceeds 20."


class NumberExceedResourceIds(CloudError):
    status, code, message = 400, "NumberExceed.ResourceIds", "The ResourceIds exceed the limit of 50."


class NumberExceedTags(CloudError):
    status, code, message = 400, "NumberExceed.Tags", "The Tags exceed the limit of 20."


class BothEmpty(CloudError):
    status, code = 403, "BothEmpty.TagsAndResources"
    message = "The specified Tags and ResourcesIds are not allow to both empty."


class ParamConflict(CloudError):
    status, code, message = 403, "Param.Conflict", "TagKey and All cannot be given together."


class InvalidResourceId(CloudError):
    status, code, message = 404, "InvalidResourceId.NotFound", "The specified ResourceIds are not found in our records."


class InvalidTagNextToken(CloudError):
    status, code, message = 400, "Invalid.NextToken", "The specified NextToken is invalid."


class IdempotentParameterMismatch(CloudError):
    status, code = 400, "IdempotentParameterMismatch"
    message = "The specified ClientToken has been used for a request with other parameters."


class InvalidFilterKey(CloudError):
    status, code, message = 404, "InvalidFilterKey.NotFound", "The specified FilterKey does not exist."


class DeletionProtected(CloudError):
    status, code = 403, "InvalidOperation.DeletionProtection"
    message = "The operation is not allowed due to deletion protection."

"""ECS errors, one class a code, with the status and text of the API's error tables (2014-05-26, 2024-12-17 revision)."""

from __future__ import annotations

from fakecloud.errors import CloudError


class InvalidRegionId(CloudError):
    status, code = 404, "InvalidRegionId.NotFound"
    message = "The RegionId provided does not exist in our records."


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
    status, code, message = 403, "InvalidParameter.TooManyInstanceIds", "Instance ids cannot be more than 100."


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
    status, code, message = (
        400,
        "NumberExceed.ResourceIds",
        "The ResourceIds parameter's number is exceed , Valid : 50.",
    )


class NumberExceedTags(CloudError):
    status, code, message = 400, "NumberExceed.Tags", "The Tags parameter's number is exceed , Valid : 20."


class BothEmpty(CloudError):
    status, code = 403, "BothEmpty.TagsAndResources"
    message = "The specified Tags and ResourcesIds are not allow to both empty."


class ParamConflict(CloudError):
    status, code = 403, "Param.Conflict"
    message = "The specified all is true, but the specified TagKey.N is not empty."


class InvalidResourceId(CloudError):
    status, code, message = 404, "InvalidResourceId.NotFound", "The specified ResourceIds are not found in our records."


class InvalidTagNextToken(CloudError):
    status, code, message = 403, "Invalid.NextToken", "The specified NextToken is not valid."


class IdempotentParameterMismatch(CloudError):
    status, code = 400, "IdempotentParameterMismatch"
    message = "The specified ClientToken has been used for a request with other parameters."


class InvalidFilterKey(CloudError):
    status, code, message = 404, "InvalidFilterKey.NotFound", "Invalid filter."


class InvalidFilterValue(CloudError):
    status, code, message = 404, "InvalidFilterValue", "Invalid filter."


class InvalidStatus(CloudError):
    status, code, message = 404, "InvalidStatus.NotFound", "The specified Status is not found."


class InvalidNetworkType(CloudError):
    status, code = 404, "InvalidNetworkType.NotFound"
    message = "The specified InstanceNetworkType is not found."


class InvalidLockReason(CloudError):
    status, code, message = 404, "InvalidLockReason.NotFound", "The specified LockReason is not found."


class InvalidZoneId(CloudError):
    status, code, message = 404, "InvalidZoneId.NotFound", "The ZoneId provided does not exist in our records."


class AbsInvalidInstanceIds(CloudError):
    status, code, message = 403, "Abs.InvalidInstanceIds.MalFormed", "The specified instanceIds is not valid."


class InvalidAcceptLanguage(CloudError):
    status, code = 404, "InvalidAcceptLanguage.NotFound"
    message = "Only Chinese (zh-CN), English (en-US), and Japanese (ja) are allowed."


class InvalidResourceType(CloudError):
    status, code = 404, "InvalidResourceType.NotFound"
    message = "The ResourceType provided does not exist in our records."


class InvalidInstanceChargeType(CloudError):
    status, code = 403, "Invalid.InstanceChargeType"
    message = "The specified instanceChargeType is not valid."


class InvalidTagMismatch(CloudError):
    status, code = 400, "InvalidTag.Mismatch"
    message = "The specified Tag.n.Key and Tag.n.Value are not match."


class InvalidTagCount(CloudError):
    status, code, message = 400, "InvalidTagCount", "The specified tags are beyond the permitted range."


class DuplicateTagKey(CloudError):
    status, code, message = 400, "Duplicate.TagKey", "The Tag.N.Key contain duplicate key."


class TagValueAlone(CloudError):
    status, code = 400, "InvalidParameter.TagValue"
    message = "Tag.N.Value is given without Tag.N.Key."


class MissingResourceIds(CloudError):
    status, code = 404, "MissingParameter.ResourceIds"
    message = "The parameter - ResourceIds.N should not be null."


class MissingResourceType(CloudError):
    status, code = 404, "MissingParameter.ResourceType"
    message = "The parameter - ResourceType should not be null."


class MissingTags(CloudError):
    status, code, message = 404, "MissingParameter.Tags", "The parameter - Tags should not be null."


class MissingTagRegion(CloudError):
    status, code, message = 404, "MissingParameter.RegionId", "The parameter - RegionId should not be null."


class InvalidAmount(CloudError):
    status, code, message = 403, "InvalidParam.Amount", "The specified Amount is not within 1 to 100."


class InvalidMinAmount(CloudError):
    status, code = 400, "InvalidMinAmount.Malformed"
    message = "The specified parameter MinAmount is not valid."


class InvalidClientToken(CloudError):
    status, code = 400, "InvalidClientToken.ValueNotSupported"
    message = "The ClientToken provided is invalid."


class InvalidInstanceName(CloudError):
    status, code = 400, "InvalidInstanceName.Malformed"
    message = 'The specified parameter "InstanceName" is not valid.'


class InvalidHttpTokens(CloudError):
    status, code = 400, "InvalidHttpTokens.NotSupported"
    message = "The specified HttpTokens not supported, you can use optional(default) or required."


class InvalidHttpEndpoint(CloudError):
    status, code = 400, "InvalidHttpEndpoint.NotSupported"
    message = "The specified HttpEndpoint not supported, you can use enabled(default) or disabled."


class InstanceInitializing(CloudError):
    status, code = 403, "IncorrectInstanceStatus.Initializing"
    message = "The specified instance status does not support this operation."


class DeletionProtected(CloudError):
    status, code = 403, "InvalidOperation.DeletionProtection"
    message = "The operation is not allowed due to deletion protection."

"""STS's errors, one class a code, in the words of the AssumeRole API page."""

from __future__ import annotations

from fakecloud.errors import CloudError


class InvalidRoleArn(CloudError):
    status, code, message = 400, "InvalidParameter.RoleArn", "The parameter RoleArn is wrongly formed."


class InvalidRoleSessionName(CloudError):
    status, code = 400, "InvalidParameter.RoleSessionName"
    message = "The parameter RoleSessionName is wrongly formed."


class InvalidDuration(CloudError):
    """The page's text still says one hour; the upper bound is the role's MaxSessionDuration."""

    status, code = 400, "InvalidParameter.DurationSeconds"
    message = "The Min/Max value of DurationSeconds is 15min/1hr."


class InvalidExternalId(CloudError):
    status, code, message = 400, "InvalidParameter.ExternalId", "The parameter ExternalId is wrongly formed."


class InvalidSourceIdentity(CloudError):
    """The code is a guess, formed as the others are."""

    status, code = 400, "InvalidParameter.SourceIdentity"
    message = "The parameter SourceIdentity is wrongly formed."


class PolicyGrammar(CloudError):
    status, code = 400, "InvalidParameter.PolicyGrammar"
    message = "The parameter Policy has not passed grammar check."


class PolicySize(CloudError):
    status, code = 400, "InvalidParameter.PolicySize"
    message = "The size of Policy must be smaller than 2048 bytes."


class NoPermission(CloudError):
    status, code = 403, "NoPermission"
    message = "You are not authorized to do this action. You should be authorized by RAM."


class RoleNotFound(CloudError):
    status, code, message = 404, "EntityNotExist.Role", "The specified Role not exists ."

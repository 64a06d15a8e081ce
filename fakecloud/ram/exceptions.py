"""RAM's errors, one class a code, in the words of its error table; the class comment says where a code is a guess.

Sources: "Error codes" page of the RAM API reference (2021) and, for the rest, the pages of the actions themselves.
"""

from __future__ import annotations

from fakecloud.errors import CloudError


class InvalidChars(CloudError):
    def __init__(self, parameter: str) -> None:
        super().__init__(
            f'The parameter - "{parameter}" contains invalid chars.', code=f"InvalidParameter.{parameter}.InvalidChars"
        )


class BeyondLength(CloudError):
    def __init__(self, parameter: str) -> None:
        super().__init__(
            f'The parameter - "{parameter}" beyond the length limit.', code=f"InvalidParameter.{parameter}.Length"
        )


class BadFormat(CloudError):
    def __init__(self, parameter: str) -> None:
        super().__init__(
            f'The format of the parameter - "{parameter}" is incorrect.', code=f"InvalidParameter.{parameter}.Format"
        )


class InvalidPolicyType(CloudError):
    status, code, message = 400, "InvalidParameter.PolicyType", 'The parameter - "PolicyType" is incorrect.'


class InvalidMarker(CloudError):
    """The code is a guess: no page names one for a Marker that no answer gave."""

    def __init__(self, parameter: str) -> None:
        super().__init__(f'The parameter - "{parameter}" is incorrect.', code=f"InvalidParameter.{parameter}")


class MalformedPolicyDocument(CloudError):
    """400 in RAM's own table, 409 in Resource Management's: the switch malformed_policy_status decides."""

    code = "MalformedPolicyDocument"


class InvalidTag(CloudError):
    """The code is a guess: RAM documents none for its tag operations."""

    code = "InvalidParameter.Tag"


class InvalidResourceNames(CloudError):
    """The code is a guess, as InvalidTag's."""

    code = "InvalidParameter.ResourceNames"


class TagLimitExceeded(CloudError):
    """The code is a guess, as InvalidTag's."""

    status, code, message = 409, "LimitExceeded.Tag", "The count of tags of the resource beyond the current limits."


class RoleNotFound(CloudError):
    status, code, message = 404, "EntityNotExist.Role", "The role does not exist."


class UserNotFound(CloudError):
    status, code, message = 404, "EntityNotExist.User", "The user does not exist."


class AccessKeyNotFound(CloudError):
    status, code, message = 404, "EntityNotExist.User.AccessKey", "The user access key does not exist."


class PolicyNotFound(CloudError):
    status, code, message = 404, "EntityNotExist.Policy", "The policy does not exist."


class VersionNotFound(CloudError):
    status, code, message = 404, "EntityNotExist.Policy.Version", "The policy version does not exist."


class RolePolicyNotFound(CloudError):
    """Detach of what is not attached. The code is what terraform-provider-alicloud looks for; the text is a guess."""

    status, code = 404, "EntityNotExist.Role.Policy"
    message = "The indicate policy of the role does not exist."


class UserPolicyNotFound(CloudError):
    status, code = 404, "EntityNotExist.User.Policy"
    message = "The indicate policy of the user does not exist."


class RoleExists(CloudError):
    status, code, message = 409, "EntityAlreadyExists.Role", "The role does already EXIST."


class UserExists(CloudError):
    status, code, message = 409, "EntityAlreadyExists.User", "The user does already EXIST."


class PolicyExists(CloudError):
    """The message is a guess: the table prints "The group does already EXIST.", plainly a mistake."""

    status, code, message = 409, "EntityAlreadyExists.Policy", "The policy does already EXIST."


class RolePolicyExists(CloudError):
    """The code is what public programs look for; the text follows that of users."""

    status, code = 409, "EntityAlreadyExists.Role.Policy"
    message = "The role has already been attached this policy."


class UserPolicyExists(CloudError):
    status, code = 409, "EntityAlreadyExists.User.Policy"
    message = "The user has already been attached this policy."


class RoleHasPolicies(CloudError):
    status, code = 409, "DeleteConflict.Role.Policy"
    message = "The role CAN NOT has any attached policy while deleting the role."


class UserHasPolicies(CloudError):
    status, code = 409, "DeleteConflict.User.Policy"
    message = "The user CAN NOT has any attached policy while deleting the user."


class UserHasAccessKeys(CloudError):
    status, code = 409, "DeleteConflict.User.AccessKey"
    message = "The user CAN NOT has any access key while deleting the user."


class PolicyOnUser(CloudError):
    status, code = 409, "DeleteConflict.Policy.User"
    message = "The policy CAN NOT been attached to any user while deleting the policy."


class PolicyOnRole(CloudError):
    """The code is a guess after DeleteConflict.Policy.User: the table has none for roles."""

    status, code = 409, "DeleteConflict.Policy.Role"
    message = "The policy CAN NOT been attached to any role while deleting the policy."


class PolicyHasVersions(CloudError):
    status, code = 409, "DeleteConflict.Policy.Version"
    message = "The policy CAN NOT has any version except the defaul version."


class VersionIsDefault(CloudError):
    status, code = 409, "DeleteConflict.Policy.Version.Default"
    message = "The default policy version CAN NOT been deleted directly."


class TooManyRoles(CloudError):
    status, code, message = 409, "LimitExceeded.Role", "The count of roles beyond the current limits."


class TooManyUsers(CloudError):
    status, code, message = 409, "LimitExceeded.User", "The count of users beyond the current limits."


class TooManyAccessKeys(CloudError):
    status, code = 409, "LimitExceeded.User.AccessKey"
    message = "The access key count of the user access keys beyond the current limits."


class TooManyPolicies(CloudError):
    status, code, message = 409, "LimitExceeded.Policy", "The count of policy beyond the current limits."


class TooManyVersions(CloudError):
    status, code = 409, "LimitExceeded.Policy.Version"
    message = "The count of policy version beyond the current limits."


class TooManyRolePolicies(CloudError):
    status, code = 409, "LimitExceeded.Role.Policy"
    message = "The count of policies attached to the role beyond the current limits."


class TooManyUserPolicies(CloudError):
    status, code = 409, "LimitExceeded.User.Policy"
    message = "The policy count of the user attached policies beyond the current limits."

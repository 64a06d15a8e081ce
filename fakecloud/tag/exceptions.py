"""Errors of the Tag service, one class a code, with the status and text of its API's error tables (2018-08-28)."""

from __future__ import annotations

from fakecloud.errors import CloudError


class ArnMalformed(CloudError):
    status, code = 400, "InvalidResourceARN.FormatError"

    def __init__(self, arn: str) -> None:
        super().__init__(
            f"The format of parameter ResourceARN: {arn} is not valid, for the correct format, you can refer to the Recommend."
        )


class ArnAccount(CloudError):
    status, code = 400, "InvalidResourceARN.Account"

    def __init__(self, arn: str) -> None:
        text = "The Account specified in the ResourceARN parameter does not match the actual account, specifically: "
        super().__init__(f"{text}{arn}.")


class ArnRegion(CloudError):
    status, code = 400, "InvalidResourceARN.Region"

    def __init__(self, arn: str) -> None:
        text = "The Region specified in the ResourceARN parameter does not match the RegionId parameter, specifically: "
        super().__init__(f"{text}{arn}.")


class InvalidTags(CloudError):
    status, code = 400, "InvalidParameter.Tags"
    message = "The Tags parameter cannot be empty, and JSON parsing should adhere to the format of a Map."


class InvalidTagKeys(CloudError):
    status, code = 400, "InvalidParameter.TagKey"

    def __init__(self, keys: str) -> None:
        super().__init__(f"The TagKey parameter  is invalid. The following TagKeys are invalid: {keys}.")


class InvalidTagValues(CloudError):
    status, code = 400, "InvalidParameter.TagValue"

    def __init__(self, values: str) -> None:
        super().__init__(f"The TagValue parameter is invalid. The following TagValues are invalid: {values}.")


class TooManyResources(CloudError):
    status, code, message = 403, "NumberExceed.ResourceIds", "The maximum number of ResourceIds is exceeded."


class TooManyTags(CloudError):
    status, code, message = 403, "NumberExceed.Tags", "The maximum number of Tags is exceeded."


class InvalidCategory(CloudError):
    status, code = 403, "InvalidParameter.Category"
    message = "The specified Category is invalid. Valid values are Custom and System."


class InvalidNextToken(CloudError):
    status, code, message = 403, "Invalid.NextToken", "The parameter NextToken is invalid."

"""The errors SLS answers, one class a code: HTTP status, errorCode, errorMessage. No rules.

Source: Simple Log Service API reference, "Common error codes" and the error table of each operation, and the page
"Common errors of query and analysis". Where two pages write a code differently, the operation's own page wins.
"""

from __future__ import annotations

from fakecloud.errors import CloudError


class SlsError(CloudError):
    """Any error SLS answers."""


class MissingApiVersion(SlsError):
    code, message = "MissingAPIVersion", "x-log-apiversion does not exist in http header."


class InvalidApiVersion(SlsError):
    code, message = "InvalidAPIVersion", "x-log-apiversion version is unsupported."


class MissingDate(SlsError):
    code, message = "MissingDate", "Date does not exist in http header."


class InvalidDateFormat(SlsError):
    code, message = "InvalidDateFormat", "Date date must follow RFC822."


class MissAccessKeyId(SlsError):
    code, message = "MissAccessKeyId", "x-log-accesskeyid does not exist in header."


class MissingSignatureMethod(SlsError):
    code, message = "MissingSignatureMethod", "x-log-signaturemethod does not exist in http header."


class InvalidSignatureMethod(SlsError):
    code, message = "InvalidSignatureMethod", "signature method method is unsupported."


class RequestTimeTooSkewed(SlsError):
    code, message = "RequestTimeTooSkewed", "Request time exceeds server time more than 15 minutes."


class SignatureNotMatch(SlsError):
    status, code = 401, "SignatureNotMatch"


class Unauthorized(SlsError):
    status, code, message = 401, "Unauthorized", "The AccessKeyId is unauthorized."


class InvalidAccessKeyId(SlsError):
    status, code = 401, "InvalidAccessKeyId"


class SecurityTokenExpired(SlsError):
    """Code from aliyun-log-python-sdk, which renews its credentials on it; status and text: unverified."""

    status, code, message = 401, "SecurityTokenExpired", "The security token you provided has expired."


class MissingContentType(SlsError):
    code, message = "MissingContentType", "Content-Type does not exist in http header when body is not empty."


class InvalidContentType(SlsError):
    status, code = 415, "InvalidContentType"


class MissingBodyRawSize(SlsError):
    code, message = "MissingBodyRawSize", "x-log-bodyrawsize does not exist in header when it is necessary."


class InvalidBodyRawSize(SlsError):
    code, message = "InvalidBodyRawSize", "x-log-bodyrawsize is invalid."


class InvalidCompressType(SlsError):
    code = "InvalidCompressType"


class ProjectNotExist(SlsError):
    status, code = 404, "ProjectNotExist"

    def __init__(self, name: str) -> None:
        super().__init__(f"The Project does not exist : {name}")


class ProjectAlreadyExist(SlsError):
    code = "ProjectAlreadyExist"

    def __init__(self, name: str) -> None:
        super().__init__(f"Project {name} already exist.")


class ProjectQuotaExceed(SlsError):
    code, message = "ProjectQuotaExceed", "Project Quota Exceed."


class LogStoreNotExist(SlsError):
    status, code = 404, "LogStoreNotExist"

    def __init__(self, name: str) -> None:
        super().__init__(f"logstore {name} does not exist.")


class LogStoreAlreadyExist(SlsError):
    code = "LogStoreAlreadyExist"

    def __init__(self, name: str) -> None:
        super().__init__(f"logstore {name} already exists.")


class LogStoreInfoInvalid(SlsError):
    code = "LogStoreInfoInvalid"


class IndexAlreadyExist(SlsError):
    code, message = "IndexAlreadyExist", "Logstore index is already created."


class IndexInfoInvalid(SlsError):
    code = "IndexInfoInvalid"


class IndexConfigNotExist(SlsError):
    """404 where the index itself is asked for (GetIndex), 400 where a query needs one (GetLogs)."""

    code, message = "IndexConfigNotExist", "Logstore without index config."


class SavedSearchNotExist(SlsError):
    """Code and status: unverified."""

    status, code = 404, "SavedSearchNotExist"


class SavedSearchAlreadyExist(SlsError):
    """Code: unverified."""

    code = "SavedSearchAlreadyExist"


class ParameterInvalid(SlsError):
    code = "ParameterInvalid"


class InvalidTimeRange(SlsError):
    code, message = "InvalidTimeRange", "Request time range is invalid."


class InvalidLine(SlsError):
    code, message = "InvalidLine", "Line is invalid."


class InvalidOffset(SlsError):
    code, message = "InvalidOffset", "Offset is invalid."


class InvalidReverse(SlsError):
    code, message = "InvalidReverse", "Reverse value is invalid."


class PostBodyInvalid(SlsError):
    code, message = "PostBodyInvalid", "Protobuffer content cannot be parsed."


class PostBodyTooLarge(SlsError):
    code = "PostBodyTooLarge"


class PostBodyUncompressError(SlsError):
    code, message = "PostBodyUncompressError", "Failed to decompress logs."


class InvalidEncoding(SlsError):
    code, message = "InvalidEncoding", "Non-UTF8 characters are in logs."


class InvalidKey(SlsError):
    code = "InvalidKey"


class WriteQuotaExceed(SlsError):
    status, code, message = 403, "WriteQuotaExceed", "Write quota is exceeded."


class ServerBusy(SlsError):
    status, code, message = 503, "ServerBusy", "The server is busy, please try again later."


class QueryError(ParameterInvalid):
    """A query that cannot be understood: ParameterInvalid with the kind of error, as the cloud words it."""

    def __init__(self, text: str, kind: str = "QueryParseError") -> None:
        super().__init__(f"ErrorType:{kind}.ErrorMessage:{text}" if kind else text)

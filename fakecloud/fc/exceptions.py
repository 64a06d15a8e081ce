"""Function Compute's error codes, one class each. Codes and statuses: Function Compute, page "Error codes", where not said otherwise; some messages are made up."""

from __future__ import annotations

from fakecloud.errors import CloudError


class InvalidArgument(CloudError):
    status, code = 400, "InvalidArgument"


class EntityTooLarge(CloudError):
    status, code = 400, "EntityTooLarge"

    def __init__(self, limit: int) -> None:
        super().__init__(f"payload size exceeds maximum allowed size ({limit} bytes)")


class AccessDenied(CloudError):
    status, code = 403, "AccessDenied"


class SignatureNotMatch(CloudError):
    status, code = 403, "SignatureNotMatch"
    message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your access key and signing method"
    )


class InvalidAccessKeyId(CloudError):
    status, code = 403, "InvalidAccessKeyID"


class ServiceNotFound(CloudError):
    status, code = 404, "ServiceNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"service '{name}' does not exist")


class FunctionNotFound(CloudError):
    status, code = 404, "FunctionNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"function '{name}' does not exist")


class TriggerNotFound(CloudError):
    """The message is a guess."""

    status, code = 404, "TriggerNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"trigger '{name}' does not exist")


class VersionNotFound(CloudError):
    status, code = 404, "VersionNotFound"

    def __init__(self, version: str, function: str) -> None:
        super().__init__(f"version '{version}' of function '{function}' does not exist")


class AliasNotFound(CloudError):
    status, code = 404, "AliasNotFound"

    def __init__(self, alias: str, function: str) -> None:
        super().__init__(f"alias '{alias}' of function '{function}' does not exist")


class AsyncConfigNotFound(CloudError):
    """The code is a guess."""

    status, code = 404, "AsyncConfigNotExists"

    def __init__(self, function: str) -> None:
        super().__init__(f"async config of function '{function}' does not exist")


class TaskExists(CloudError):
    """HTTP 409 is documented (page "Task deduplication"); the code is a guess."""

    status, code = 409, "StatefulAsyncInvocationAlreadyExists"

    def __init__(self, task_id: str) -> None:
        super().__init__(f"the async task '{task_id}' already exists")


class ResourceExhausted(CloudError):
    status, code = 429, "ResourceExhausted"
    message = "Your request is denied due to the on-demand instance limit of the account being reached."


class RequestThrottled(CloudError):
    status, code, message = 429, "ResourceExhausted", "the request rate exceeds the limit"


class InternalError(CloudError):
    status, code, message = 500, "InternalServerError", "an internal error has occurred. Please retry."

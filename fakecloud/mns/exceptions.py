"""MNS's errors, one class a code. Codes, statuses and texts: MNS, page "Error codes"."""

from __future__ import annotations

from fakecloud.errors import CloudError


class QueueNotFound(CloudError):
    status, code, message = 404, "QueueNotExist", "The queue name you provided is not exist."


class QueueExists(CloudError):
    status, code = 409, "QueueAlreadyExist"
    message = "The queue you want to create is already exist."


class InvalidQueueName(CloudError):
    status, code = 400, "InvalidQueueName"
    message = (
        "The queue name you provided is invalid. QueueName should start with alphabet or digit, no longer than 256."
    )


class InvalidArgument(CloudError):
    status, code = 400, "InvalidArgument"


class MessageNotFound(CloudError):
    status, code, message = 404, "MessageNotExist", "Message not exist."

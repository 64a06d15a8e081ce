"""The errors that the emulated cloud answers instead of success. Each service has one class a code in its exceptions.py."""

from __future__ import annotations


class CloudError(Exception):
    """An error in the cloud's own words. Subclasses set status, code and message, as the API's error table has them."""

    status: int = 400
    code: str = ""
    message: str = ""

    def __init__(self, message: str = "", *, code: str = "", status: int = 0) -> None:
        self.message = message or self.message
        self.code = code or self.code
        self.status = status or self.status
        super().__init__(f"{self.status} {self.code}: {self.message}")


class NotEmulated(CloudError):
    """The fake does not know this action, parameter or value, and says so instead of inventing a success."""

    status = 501
    code = "Fakecloud.NotEmulated"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"fakecloud does not emulate {what}; docs/fidelity.md lists what it does, docs/emulator.md what its answers mean"
        )


class InvalidAccessKey(CloudError):
    status, code, message = 404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."


class SignatureMismatch(CloudError):
    status, code = 400, "SignatureDoesNotMatch"
    message = "Specified signature is not matched with our calculation."

    @classmethod
    def of(cls, string_to_sign: str) -> SignatureMismatch:
        """As the gateway words it: clients compare what follows the colon with their own, to tell a wrong secret from a
        wrong way of signing (alibaba-cloud-sdk-go, sdk/errors/signature_does_not_match_wrapper.go)."""
        return cls(f"{cls.message} server string to sign is:{string_to_sign}")


class TokenMismatch(CloudError):
    status, code = 400, "InvalidSecurityToken.MismatchWithAccessKey"
    message = "Specified SecurityToken mismatch with the AccessKey."


class TokenExpired(CloudError):
    status, code, message = 400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired."


class TimestampExpired(CloudError):
    status, code = 400, "InvalidTimeStamp.Expired"
    message = "Specified time stamp or date value is expired."


class TimestampMalformed(CloudError):
    status, code = 400, "InvalidTimeStamp.Format"
    message = "Specified time stamp or date value is not well formatted."


class NonceUsed(CloudError):
    status, code, message = 400, "SignatureNonceUsed", "Specified signature nonce was used already."


class ConnectionReset(Exception):
    """A fault: the connection breaks without an answer. The seam and the server each make their own kind of break."""


class ReadTimeout(Exception):
    """A fault: no answer comes. seconds: how long the server holds the connection before it drops it."""

    def __init__(self, seconds: float) -> None:
        super().__init__("no answer")
        self.seconds = seconds

"""Every SDK's errors into ours: what can be tried again, what cannot, and what must not be shown."""

from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException, ServerException, ThrottlingException
from aliyun.log import LogException
from darabonba.exceptions import RetryError, UnretryableException
from darabonba.policy.retry import RetryPolicyContext

from shared.errors import CloudCallError, PermanentError, Throttled, TransientError
from shared.gateways.translation import classify, translated

CODES: list[tuple[type[CloudCallError], int, tuple[str, ...]]] = [
    (Throttled, 400, ("Throttling", "Throttling.User", "Throttling.Api", "Rejected.Throttling", "ResourceExhausted",
                      "WriteQuotaExceed", "ReadQuotaExceed", "ShardWriteQuotaExceed", "FlowControl", "QpsLimitExceeded")),
    (Throttled, 403, ("Throttling", "Throttling.User")),
    (Throttled, 429, ("Throttling.Resource", "AnythingElse", "")),
    (Throttled, 503, ("ServerBusy",)),
    (TransientError, 400, ("InternalError", "InvalidSecurityToken.Expired", "SignatureNonceUsed", "RequestTimeout", "")),
    (TransientError, 403, ("IncorrectInstanceStatus", "OperationConflict")),
    (TransientError, 500, ("InternalError", "ServiceUnavailable", "SomethingNew", "")),
    (TransientError, 503, ("ServiceUnavailable",)),
    (TransientError, 0, ("LogRequestError", "BadResponse", "")),
    (PermanentError, 400, ("InvalidInstanceIds.Malformed", "MissingParameter.RegionId", "PostBodyInvalid", "SomethingNew")),
    (PermanentError, 401, ("InvalidRamRole.NotEcsRole", "Unauthorized", "SignatureNotMatch")),
    (PermanentError, 403, ("Forbidden.RAM", "InvalidUser.PassRoleForbidden", "InvalidNetworkType.MismatchRamRole",
                           "QuotaExceed.Tags")),
    (PermanentError, 404, ("InvalidInstanceId.NotFound", "InvalidRamRole.NotFound", "ProjectNotExist", "LogStoreNotExist")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "status", "code"), [(kind, status, code) for kind, status, codes in CODES for code in codes]
)
def test_a_code_is_of_its_kind(kind: type[CloudCallError], status: int, code: str) -> None:
    error = classify("Call", code, "m", status, "R-1")
    assert type(error) is kind
    assert (error.call, error.code, error.message, error.request_id) == ("Call", code, "m", "R-1")


def answered(kind: Any, status: int, **data: Any) -> Exception:
    code = data.get("Code", "None")  # the SDK gives the text "None" where the answer has no Code
    error: Exception = kind(status_code=status, code=code, message=f"code: {status}, x", request_id="R-1", data=data)
    return error


def unanswered(inner: Exception) -> Exception:
    context = RetryPolicyContext(retries_attempted=1, exception=inner)
    error: Exception = UnretryableException(context)
    return error


@pytest.mark.parametrize(
    ("raised", "kind", "code", "message"),
    [
        pytest.param(
            answered(ClientException, 403, Code="Forbidden.RAM", Message="No."),
            PermanentError,
            "Forbidden.RAM",
            "No.",
            id="4xx",
        ),
        pytest.param(
            answered(ServerException, 503, Code="ServiceUnavailable", Message="Later."),
            TransientError,
            "ServiceUnavailable",
            "Later.",
            id="5xx",
        ),
        pytest.param(
            answered(ThrottlingException, 400, Code="Throttling.User", Message="Slow."),
            Throttled,
            "Throttling.User",
            "Slow.",
            id="throttle",
        ),
        pytest.param(
            answered(ClientException, 403, ErrorCode="AccessDenied", ErrorMessage="FC says no"),
            PermanentError,
            "AccessDenied",
            "FC says no",
            id="FC 2.0",
        ),
        pytest.param(
            answered(ClientException, 400), TransientError, "", "no usable answer (code: 400, x)", id="no code"
        ),
        pytest.param(
            unanswered(RetryError("Connection refused")),
            TransientError,
            "",
            "no usable answer (Connection refused)",
            id="no connection",
        ),
        pytest.param(
            unanswered(RuntimeError("Failed to parse the value as json format")),
            TransientError,
            "",
            "no usable answer (Failed to parse the value as json format)",
            id="no JSON",
        ),
        pytest.param(
            LogException("ProjectNotExist", "The Project does not exist : p", "R-1", 404),
            PermanentError,
            "ProjectNotExist",
            "The Project does not exist : p",
            id="SLS",
        ),
        pytest.param(
            LogException("LogRequestError", "HTTPConnectionPool: refused"),
            TransientError,
            "LogRequestError",
            "HTTPConnectionPool: refused",
            id="SLS without a connection",
        ),
        pytest.param(
            AttributeError("'str' object has no attribute 'get'"),
            TransientError,
            "",
            "no usable answer (AttributeError: 'str' object has no attribute 'get')",
            id="what no SDK foresaw",
        ),
    ],
)
def test_an_sdks_error_comes_out_as_ours(raised: Exception, kind: type[Exception], code: str, message: str) -> None:
    with pytest.raises(CloudCallError) as caught, translated("Call"):
        raise raised
    assert type(caught.value) is kind
    assert (caught.value.call, caught.value.code, caught.value.message) == ("Call", code, message)
    assert caught.value.__cause__ is None, "Function Compute would log what the SDK's error shows"
    assert caught.value.__suppress_context__


def test_an_error_of_ours_is_left_as_it_is() -> None:
    ours = Throttled("Inner", "Throttling", "m")
    with pytest.raises(Throttled) as caught, translated("Outer"):
        raise ours
    assert caught.value is ours


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_is_no_error_of_the_cloud(stop: type[BaseException]) -> None:
    with pytest.raises(stop), translated("Call"):
        raise stop


@pytest.mark.parametrize(
    "text",
    [
        "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&AccessKeyId%3DLTAIx",
        "not matched. Server StringToSign is: x-acs-security-token:CAISsecret",
        "signature mismatch\nCanonicalRequest: POST\n/\nx-acs-security-token:CAISsecret",
    ],
)
def test_what_was_signed_is_cut_from_a_message_for_it_holds_the_token(text: str) -> None:
    message = classify("Call", "SignatureDoesNotMatch", text, 400, "").message
    assert not any(word in message for word in ("LTAIx", "CAISsecret"))
    assert message.endswith("(cut)")
    assert "match" in message


def test_a_message_is_one_line_and_no_longer_than_a_record_needs() -> None:
    message = classify("Call", "X", "a\n\tb " + "c" * 5_000, 400, "").message
    assert message.startswith("a b ccc")
    assert len(message) == 500


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        pytest.param(
            "NewConnectionError(\"HTTPConnection(host='127.0.0.1', port=9): Failed to establish a new connection: [Errno 111] Connection refused\")",
            ": [Errno 111] Connection refused)",
            id="nobody listens",
        ),
        pytest.param(
            "SSLError(SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)'))",
            ": [SSL: WRONG_VERSION_NUMBER] wrong version number)",
            id="no TLS there",
        ),
        pytest.param(
            "NameResolutionError(\"HTTPConnection(host='x', port=9): Failed to resolve 'x' ([Errno -2] Name or service not known)\")",
            ": [Errno -2] Name or service not known)",
            id="no such name",
        ),
        pytest.param("ConnectTimeoutError('timed out')", " (ConnectTimeoutError('timed out')))", id="no answer"),
    ],
)
def test_a_host_that_is_not_there_is_named_first_and_then_what_the_system_said(cause: str, told: str) -> None:
    """Out of what urllib3 and each SDK make of it."""
    said = f"no usable answer (HTTPConnectionPool(host='127.0.0.1', port=9): Max retries exceeded with url: /?a=b (Caused by {cause}))"
    assert classify("Call", "", said, 0, "").message == f"no usable answer (127.0.0.1:9 cannot be reached{told}"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ModuleNotFoundError("No module named 'msgspec'"), id="a module"),
        pytest.param(FileNotFoundError(2, "No such file or directory", "cacert.pem"), id="the CA certificates"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_package_that_lacks_something_is_no_passing_trouble(error: Exception, wrapped: bool) -> None:
    raised = UnretryableException(RetryPolicyContext(exception=error)) if wrapped else error
    with pytest.raises(PermanentError, match="build and deploy anew") as caught, translated("Call"):
        raise raised
    assert caught.value.code == "PackageIncomplete"

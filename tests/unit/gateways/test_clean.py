"""What a text from outside may show: no credential, whatever it is called or looks like, and no character but visible ones."""

from __future__ import annotations

import time
import traceback

import pytest
from darabonba.exceptions import UnretryableException
from darabonba.policy.retry import RetryPolicyContext

from shared import clean
from shared.errors import CloudCallError
from shared.gateways.clients import Credentials
from shared.gateways.translation import classify, translated

ID, SECRET = "LTAI5tRqPZ8xWcYv7NbKmJhG", "x7Kp2QmV9dRtY4wLzB8nHcJ3sF6gTa"
STS_ID, TOKEN = (
    "STS.NUyaLUZx8Mu5yLvm3p9qWcYv7",
    "CAIShwJ1q6Ft5B2yfSjIr5eBL9fR1pl30fWdcFDYhXUHTd1nhJDhPDz2IHlLLHJpBe0ZtvU2",
)
SIGNATURE = "0cQ4k8Zb7+Hq2/TnVw1yX5pLs3E="
HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PROOF = "c0ffee00c0ffee00c0ffee00c0ffee00"


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests of this process used is not known here."""
    monkeypatch.setattr(clean, "_known", {})


SAID = [
    # id, what the cloud says, what of it must not show, what of it must
    ("an id", f"The key {ID} is disabled.", ID, "is disabled."),
    ("a session's id", f"Specified access key is not found: {STS_ID}", STS_ID, "Specified access key is not found"),
    ("a login's id", "key TMP.3KdRtY4wLzB8nHc expired", "3KdRtY4wLzB8nHc", "expired"),
    ("a token", f"The token {TOKEN} has expired", TOKEN, "has expired"),
    ("a token in a URL", f"?SecurityToken={TOKEN}%2B%3D&x=1", TOKEN, "x=1"),
    ("a token of another form", "token " + "Ab3+/" * 30 + "== is malformed", "Ab3+/Ab3", "is malformed"),
    ("a secret by its name", f"AccessKeySecret={SECRET} is wrong", SECRET, "is wrong"),
    ("a short secret by its name", "AccessKeySecret=hunter2, refused", "hunter2", "refused"),
    ("a secret alone", f"signed with {SECRET} but", SECRET, "signed with"),
    ("JSON", f'{{"AccessKeySecret":"{SECRET}","Code":"Success"}}', SECRET, "Success"),
    ("JSON in JSON", f'{{\\"AccessKeySecret\\":\\"{SECRET[:12]}\\",\\"Code\\":\\"No\\"}}', SECRET[:12], "No"),
    ("XML", "<AccessKeySecret>short1</AccessKeySecret><Code>No</Code>", "short1", "<Code>No"),
    ("a dict", f"{{'access_key_secret': '{SECRET[:9]}', 'status': 400}}", SECRET[:9], "400"),
    ("a quoted query", f"AccessKeyId%3D{ID}%26Signature%3Dabc123%26", "abc123", "AccessKeyId"),
    ("a query quoted twice", "Signature%253Dabc123", "abc123", "Signature"),
    ("RPC's signature", f"GET /?Action=X&Signature={SIGNATURE} failed", SIGNATURE, "failed"),
    ("an Authorization header", f"{{'Authorization': 'acs {ID}:{SIGNATURE}', 'Host': 'ecs'}}", SIGNATURE, "'Host': 'ecs'"),
    ("ACS3", f"Authorization: ACS3-HMAC-SHA256 Credential={ID},SignedHeaders=host,Signature={HEX}", HEX, "Authorization"),
    ("SLS's header", f"Authorization: LOG {ID}:{SIGNATURE}", SIGNATURE, "Authorization"),
    ("a header's value alone", f"bad header LOG {ID}:{SIGNATURE} sent", SIGNATURE, "sent"),
    ("FC's header with an id of no known form", f"FC 123456:{SIGNATURE} sent", SIGNATURE, "sent"),
    ("requests' InvalidHeader", "reserved character(s) in header value: 'abc\\n'", "abc", "in header value"),
    ("requests' InvalidHeader, bytes", "reserved character(s) in header value: b'abc\\r'", "abc", "in header value"),
    ("a signature in hexadecimal digits", f"expected {HEX}, got another", HEX, "got another"),
    ("what was signed", f"not matched. server string to sign is:POST&%2F&AccessKeyId%3D{ID}", ID, "not matched"),
    ("what was signed, one word", "no match. ServerStringToSign:a\nb\nshorttoken", "shorttoken", "no match"),
    ("a canonical request", f"no match.\nCanonicalRequest: x-acs-security-token:{TOKEN}", TOKEN, "no match"),
    ("a header of the token", "x-acs-security-token : shorttoken next", "shorttoken", "next"),
    ("a proxy's password", "cannot connect to http://eve:pa55@proxy:3128 now", "pa55", "@proxy:3128"),
    ("a proxy's password with an @", "cannot connect to http://eve:pa@55@proxy:3128 now", "55@", "@proxy:3128"),
    ("a token in lines of 24", "token\n" + "\n".join(TOKEN[n : n + 24] for n in (0, 24, 48)) + "\nis old", TOKEN[48:], "token"),
    ("a token in HTML", f"token CAISh&#43;J&#x2F;{TOKEN[8:20]}&#61; is old", TOKEN[8:20], "is old"),
    ("a token in JSON", rf"token CAISh\u002bJ\/{TOKEN[8:20]}\u003d is old", TOKEN[8:20], "is old"),
    ("over two lines", f"key\n{ID}\nis gone", ID, "is gone"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "secret", "kept"), [row[1:] for row in SAID], ids=[row[0] for row in SAID])
def test_a_message_shows_no_credential_and_still_says_the_rest(text: str, secret: str, kept: str) -> None:
    error = classify("Call", "Code", text, 400, "")
    assert secret in text
    assert secret not in str(error)
    assert secret[:12] not in str(error)
    assert kept in error.message


HARMLESS = [
    "The specified InstanceId i-bp1a2b3c4d5e6f7g8h9i does not exist.",
    "User not authorized to operate on resource acs:ecs:cn-hangzhou:1234567890123456:instance/i-bp1ecr0000000000000a",
    "acs:ram::1234567890123456:role/aliyunserviceroleforfctriggereventbridge-of-a-very-long-name",
    "acs:ram::1234567890123456:role/AliyunServiceRoleForFCTriggerEventBridge",
    "request 473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E of 1-65dd9ece-123e1745-65dd9ece123e",
    "The Project does not exist : rolekeeper-records-of-cn-hangzhou-1234567890123456",
    "The security token you provided has expired.",
    "The specified AccessKeyId is disabled.",
    "中文：密钥无效。",
    "/code/alibabacloud_tea_openapi/client.py cannot be read",
    "/Users/LiWei/Projects/RoleKeeper2024/Deployments/2026Q4/build/bundle",
    "acs:ram::1234567890123456:role/Team-Payments-Production-Worker2024-V2",
    "https://ram.console.aliyun.com/roles/TeamPaymentsProductionWorker2024V2/detail",
    "The policy AliyunECSNetworkInterfaceManagementAccess20240101V2 does not exist.",
    f"expected sha256 {HEX}, got sha256:{HEX}",
    "AccessKeyId: is missing",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_names_ids_and_paths_are_left_as_they_are(text: str) -> None:
    assert clean.cleaned(text) == text


SENT = [
    ("as it is", SECRET, SECRET),
    ("of no known form", "plain-word-key", "plain-word-key"),
    ("in a URL", "key+of/slashes==", "key%2Bof%2Fslashes%3D%3D"),
    ("in a URL, small letters", "key+of/slashes==", "key%2bof%2fslashes%3d%3d"),
    ("in what is signed", "key+of/slashes==", "key%252Bof%252Fslashes%253D%253D"),
    ("in what is signed thrice", "key+of/slashes==", "key%25252Bof%25252Fslashes%25253D%25253D"),
    ("in JSON", "key+of/slashes==", r"key+of\/slashes=="),
    ("in JSON of Go and Java", "key+of/slashes==", r"key\u002bof/slashes\u003D\u003d"),
    ("in JSON in JSON", "key+of/slashes==", r"key\\u002bof\\/slashes=="),
    ("in HTML", "key+of/slashes==", "key&#43;of&#x2F;slashes&#61;&#x3d;"),
    ("over lines", "key+of/slashes==", "key+of\n/slash\r\n  es=="),
    ("over lines in JSON", "key+of/slashes==", r"key+of\n/slash\r\nes=="),
    ("a proof key", PROOF, PROOF),
]


@pytest.mark.parametrize(("secret", "sent"), [row[1:] for row in SENT], ids=[row[0] for row in SENT])
def test_a_secret_in_use_is_hidden_by_its_value_wherever_it_is(secret: str, sent: str) -> None:
    Credentials(access_key_id="LTAIx", access_key_secret=secret)
    text = f"something with-{sent}-in it"
    assert clean.cleaned(text) == "something with-***-in it"


def test_the_oldest_secrets_are_forgotten_so_that_a_process_does_not_grow() -> None:
    for number in range(clean.KEPT + 5):
        clean.keep(f"secretnumber{number:05}")
    assert len(clean.kept()) == clean.KEPT
    assert clean.masked("secretnumber01004") == "***"


@pytest.mark.parametrize(
    "raised",
    [
        pytest.param(ValueError(f"header value: '{TOKEN}\\n'"), id="what no SDK foresaw"),
        pytest.param(UnretryableException(RetryPolicyContext(exception=OSError(f"to {TOKEN}"))), id="no answer"),
        pytest.param(FileNotFoundError(2, f"of {TOKEN}", "cacert.pem"), id="an incomplete package"),
    ],
)
def test_nor_does_the_traceback_that_function_compute_logs(raised: Exception) -> None:
    try:
        with translated("Call"):
            raise raised
    except CloudCallError as error:
        logged = "".join(traceback.format_exception(error))
    assert "Call" in logged
    assert TOKEN[:12] not in logged


@pytest.mark.parametrize("where", ["code", "request id"])
def test_a_code_and_a_request_s_id_are_texts_from_outside_too(where: str) -> None:
    given = f"{ID}\x1b[31m"
    error = classify("Call", given if where == "code" else "", "m", 400, given if where != "code" else "")
    assert ID not in str(error) + error.code + error.request_id
    assert "\x1b" not in str(error) + error.code + error.request_id


UNSEEN = {
    "ESC": "\x1b", "NUL": "\0", "BEL": "\a", "backspace": "\b", "CR": "\r", "LF": "\n", "TAB": "\t", "DEL": "\x7f", "CSI": "\x9b",
    "NEL": "\x85", "soft hyphen": "\xad", "RLO": "\u202e", "LRI": "\u2066", "PDI": "\u2069", "LRM": "\u200e", "ALM": "\u061c",
    "ZWSP": "\u200b", "ZWJ": "\u200d", "BOM": "\ufeff", "WJ": "\u2060", "LS": "\u2028", "half a pair": "\udc80",
    "tag": "\U000e0041", "filler": "\u3164", "variation": "\ufe0f",
}  # fmt: skip


@pytest.mark.parametrize("char", UNSEEN.values(), ids=UNSEEN)
def test_what_cannot_be_seen_is_shown_as_an_escape(char: str) -> None:
    shown = clean.visible(f"a{char}b中é✔")
    assert char not in shown
    assert shown.startswith("a\\")
    assert shown.endswith("b中é✔")
    assert char not in classify("Call", "", f"a{char}b", 400, "").message


@pytest.mark.parametrize(
    "text", ["a" * 300_000, "AccessKey" * 30_000, "Ab1=" * 70_000, " " * 300_000, "://" * 99_000, "STS." * 70_000]
)
def test_no_answer_however_long_takes_long(text: str) -> None:
    began = time.process_time()
    assert len(clean.cleaned(text)) <= clean.LONGEST
    assert time.process_time() - began < 60, "a whole minute would be the square of what it should be"

"""PutLogs of the emulated SLS: what is written, what is refused and why; bodies made by the real SDK."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from aliyun.log import LogException
from aliyun.log.log_logs_raw_pb2 import LogGroupRaw
from hypothesis import given, settings
from hypothesis import strategies as st

from fakecloud.cloud import Cloud
from fakecloud.errors import CloudError
from fakecloud.sls import protobuf
from fakecloud.sls.exceptions import InvalidEncoding, PostBodyInvalid
from tests.contract.sls.toolbox import PROJECT, STORE, Logs

MB = 1024 * 1024


def send(logs: Logs, body: bytes, **headers: str | None) -> None:
    """A PutLogs with this body, signed by the SDK; a header of None is left out."""
    sent = {"x-log-bodyrawsize": str(len(body)), "Content-Type": "application/x-protobuf"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items() if value is not None})
    for name in [n.replace("_", "-") for n, value in headers.items() if value is None]:
        sent.pop(name)
    logs.client._send("POST", PROJECT, body, f"/logstores/{STORE}/shards/lb", {}, sent)


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(LogException) as caught:
        call()
    return caught.value.get_resp_status(), caught.value.get_error_code()


def group(logs: Logs, key: str = "id", value: bytes = b"1") -> bytes:
    made = LogGroupRaw()
    log = made.Logs.add()
    log.Time = logs.now
    content = log.Contents.add()
    content.Key, content.Value = key, value
    return bytes(made.SerializeToString())


def test_what_is_written_comes_back_with_its_topic_source_and_tags(cloud: Cloud, logs: Logs) -> None:
    logs.put({"id": "1", "message": "hé 世界"}, topic="t", logtags=[("host", "h1")])
    expected = {"__topic__": "t", "__tag__:host": "h1", "id": "1", "message": "hé 世界"}
    assert logs.rows() == [expected]
    found = logs.get().get_logs()[0]
    assert (found.get_time(), found.get_source()) == (logs.now, "source-1")
    assert cloud.sls.logs(PROJECT, STORE) == [{"__time__": str(logs.now), "__source__": "source-1", **expected}]


@pytest.mark.parametrize("options", [{}, {"compress": False}, {"hashKey": "a" * 32}], ids=["lz4", "plain", "hash key"])
def test_each_form_of_a_body_is_read(logs: Logs, options: dict[str, Any]) -> None:
    logs.put({"id": "1"}, **options)
    assert logs.ids("*") == ["1"]


@pytest.mark.parametrize(
    ("kind", "press"),
    [pytest.param("deflate", zlib.compress, id="deflate"), pytest.param("gzip", gzip.compress, id="gzip")],
)
def test_older_compressions_are_read(logs: Logs, kind: str, press: Callable[[bytes], bytes]) -> None:
    raw = group(logs)
    send(logs, press(raw), x_log_compresstype=kind, x_log_bodyrawsize=str(len(raw)))
    assert logs.ids("*") == ["1"]


def test_zstd_is_read_where_the_package_for_it_is(logs: Logs) -> None:
    """The OpenAPI SDKs compress so by default."""
    zstandard = pytest.importorskip("zstandard")
    raw = group(logs)
    send(logs, zstandard.compress(raw), x_log_compresstype="zstd", x_log_bodyrawsize=str(len(raw)))
    assert logs.ids("*") == ["1"]
    assert refusal(lambda: send(logs, b"x", x_log_compresstype="zstd")) == (400, "PostBodyUncompressError")
    assert refusal(
        lambda: send(logs, zstandard.compress(b"x" * 10_000_000), x_log_compresstype="zstd", x_log_bodyrawsize="9")
    ) == (
        400,
        "InvalidBodyRawSize",
    )


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"x_log_compresstype": "brotli"}, (400, "InvalidCompressType"), id="compression"),
        pytest.param({"x_log_compresstype": "lz4"}, (400, "PostBodyUncompressError"), id="not lz4"),
        pytest.param({"x_log_compresstype": "deflate"}, (400, "PostBodyUncompressError"), id="not deflate"),
        pytest.param({"x_log_bodyrawsize": None}, (400, "MissingBodyRawSize"), id="no raw size"),
        pytest.param({"x_log_bodyrawsize": "x"}, (400, "InvalidBodyRawSize"), id="raw size no number"),
        pytest.param({"x_log_bodyrawsize": "5"}, (400, "InvalidBodyRawSize"), id="raw size wrong"),
        pytest.param({"x_log_bodyrawsize": str(3 * MB + 1)}, (400, "PostBodyTooLarge"), id="raw size over 3 MB"),
        pytest.param({"Content_Type": None}, (400, "MissingContentType"), id="no content type"),
        pytest.param({"Content_Type": "application/json"}, (415, "InvalidContentType"), id="content type"),
    ],
)
def test_a_body_that_is_not_what_its_headers_say_is_refused(
    logs: Logs, headers: dict[str, str | None], expected: tuple[int, str]
) -> None:
    assert refusal(lambda: send(logs, group(logs), **headers)) == expected
    assert logs.ids("*") == []


def test_a_broken_message_is_told_from_text_that_is_not_utf_8(logs: Logs) -> None:
    assert refusal(lambda: send(logs, group(logs)[:-1])) == (400, "PostBodyInvalid")
    assert refusal(lambda: send(logs, b"\x0a\x02\x12\x00")) == (400, "PostBodyInvalid")
    assert refusal(lambda: send(logs, group(logs, value=b"\xff\xfe"))) == (400, "InvalidEncoding")


@pytest.mark.parametrize(
    ("contents", "offset", "code"),
    [
        pytest.param({"k" * 128: "v" * MB}, 0, None, id="the longest key; value 1 MB"),
        pytest.param({"k" * 129: "v"}, 0, "InvalidKey", id="key of 129 bytes"),
        pytest.param({"键" * 43: "v"}, 0, "InvalidKey", id="key of 129 bytes in 43 characters"),
        pytest.param({"": "v"}, 0, "InvalidKey", id="empty key"),
        pytest.param({"k": "v" * (MB + 1)}, 0, "PostBodyTooLarge", id="value over 1 MB"),
        pytest.param({"a": "v" * (MB // 2), "b": "v" * (MB // 2 + 200)}, 0, "PostBodyTooLarge", id="log over 1 MB"),
        pytest.param({"__time__": "1"}, 0, "InvalidKey", id="reserved __time__"),
        pytest.param({"__topic__": "1"}, 0, "InvalidKey", id="reserved __topic__"),
        pytest.param({"__tag__:a": "1"}, 0, "InvalidKey", id="reserved __tag__"),
        pytest.param({}, 0, "PostBodyInvalid", id="no contents"),
        pytest.param({"id": ""}, 0, None, id="an empty value"),
        pytest.param({"id": "1"}, -168 * 3600 + 60, None, id="nearly 168 hours old"),
        pytest.param({"id": "1"}, -168 * 3600 - 60, "PostBodyInvalid", id="over 168 hours old"),
        pytest.param({"id": "1"}, 15 * 60 - 60, None, id="nearly 15 minutes ahead"),
        pytest.param({"id": "1"}, 15 * 60 + 60, "PostBodyInvalid", id="over 15 minutes ahead"),
    ],
)
def test_one_log_over_a_limit_refuses_the_whole_request(
    cloud: Cloud, logs: Logs, contents: dict[str, str], offset: int, code: str | None
) -> None:
    def write() -> None:
        logs.put(contents, at=logs.now + offset)

    if code is None:
        write()
        assert len(cloud.sls.logs(PROJECT, STORE)) == 1
    else:
        assert refusal(write) == (400, code)
        assert cloud.sls.logs(PROJECT, STORE) == []


def test_the_time_window_follows_the_emulated_clock(cloud: Cloud, logs: Logs) -> None:
    cloud.clock.advance(10 * 86400)
    assert refusal(lambda: logs.put({"id": "1"})) == (400, "PostBodyInvalid")
    logs.put({"id": "2"}, at=logs.now + 10 * 86400)
    assert logs.ids("*", end=logs.now + 11 * 86400) == ["2"]


def test_4096_logs_pass_and_one_more_does_not_until_the_limit_is_raised(cloud: Cloud, logs: Logs) -> None:
    many = [{"id": str(number)} for number in range(4097)]
    assert refusal(lambda: logs.put(*many)) == (400, "PostBodyTooLarge")
    logs.put(*many[:4096])
    cloud.sls.limits.logs = 5000
    logs.put(*many)
    assert len(cloud.sls.logs(PROJECT, STORE)) == 8193


def test_a_logstore_or_project_that_does_not_exist_is_named(logs: Logs) -> None:
    logs.client.delete_logstore(PROJECT, STORE)
    assert refusal(lambda: logs.put({"id": "1"})) == (404, "LogStoreNotExist")
    logs.client.delete_project(PROJECT)
    assert refusal(lambda: logs.put({"id": "1"})) == (404, "ProjectNotExist")


def test_other_services_of_the_emulator_write_and_read_without_a_signature(cloud: Cloud, logs: Logs) -> None:
    cloud.sls.put(PROJECT, STORE, [{"message": "hello"}], topic="FCLogs:fn", source="fc")
    assert logs.rows('__topic__: "FCLogs:fn" and message: hello') == [{"__topic__": "FCLogs:fn", "message": "hello"}]
    with pytest.raises(CloudError, match="ProjectNotExist"):
        cloud.sls.put("absent", STORE, [])
    with pytest.raises(CloudError, match="LogStoreNotExist"):
        cloud.sls.logs(PROJECT, "absent")
    cloud.reset()
    with pytest.raises(CloudError, match="ProjectNotExist"):
        cloud.sls.logs(PROJECT, STORE)


def test_throttling_and_an_outage_come_in_the_words_of_sls(cloud: Cloud, logs: Logs, mocker: Any) -> None:
    cloud.faults.add("throttle", service="sls", action="PutLogs")
    assert refusal(lambda: logs.put({"id": "1"})) == (403, "WriteQuotaExceed")
    mocker.patch("aliyun.log.logclient.time.sleep")
    cloud.faults.add("5xx", service="sls", action="PutLogs", count=2)
    logs.put({"id": "2"})
    assert cloud.calls.count()["PutLogs"] == 4
    assert logs.ids("*") == ["2"]


TEXT = st.text(max_size=40)


@given(
    st.lists(
        st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.lists(st.tuples(TEXT, TEXT))), max_size=5
    ),
    TEXT,
    TEXT,
)
@settings(max_examples=60, deadline=None)
def test_the_decoder_reads_whatever_the_protobuf_library_writes(
    logs: list[tuple[int, int, list[tuple[str, str]]]], topic: str, source: str
) -> None:
    made = LogGroupRaw()
    made.Topic, made.Source, made.MachineUUID = topic, source, "passed over"
    for at, nanoseconds, contents in logs:
        log = made.Logs.add()
        log.Time, log.Time_ns = at, nanoseconds
        for key, value in contents:
            content = log.Contents.add()
            content.Key, content.Value = key, value.encode()
    found = protobuf.decode(made.SerializeToString())
    assert (found.topic, found.source) == (topic, source)
    assert [(log.time, log.nanoseconds, log.contents) for log in found.logs] == logs


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_the_decoder_refuses_garbage_in_the_clouds_words_and_never_breaks(body: bytes) -> None:
    with contextlib.suppress(PostBodyInvalid, InvalidEncoding):
        assert all(log.time >= 0 for log in protobuf.decode(body).logs)

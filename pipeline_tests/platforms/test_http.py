"""What a failed call means, and that no answer can hurt the one who asks."""

import json
import socket
import threading
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.platforms.base import Account, NotSent, PlatformError, Quota, Rejected, Unknown
from pipeline.platforms.failures import CallError, Refusal, classify_exception, classify_status, presentable
from pipeline.platforms.http import MAX_BODY_BYTES, Wire
from pipeline.platforms.limits import quota, retry_time
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import Answering, answering, reply

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def account(**credentials: str) -> Account:
    return Account(key="test", platform="test", publish_config={}, credentials=credentials, timeout_seconds=0.5)


def failure_of(answer: Answering, **credentials: str) -> Refusal:
    with answering(answer) as url, pytest.raises(CallError) as caught:
        Wire(account(**credentials)).call("POST", url).json()
    return caught.value.outcome


@pytest.mark.parametrize(
    ("status", "outcome", "kind"),
    [
        (400, Rejected, ErrorKind.VALIDATION),
        (413, Rejected, ErrorKind.VALIDATION),
        (422, Rejected, ErrorKind.VALIDATION),
        (404, Rejected, ErrorKind.VALIDATION),
        (403, Rejected, ErrorKind.POLICY),
        (401, NotSent, ErrorKind.AUTH),
        (429, NotSent, ErrorKind.RATE_LIMITED),
        (308, Rejected, ErrorKind.PROTOCOL),
        (303, Unknown, ErrorKind.UNAVAILABLE),
        (408, Unknown, ErrorKind.UNAVAILABLE),
        (500, Unknown, ErrorKind.UNAVAILABLE),
        (502, Unknown, ErrorKind.UNAVAILABLE),
        (503, Unknown, ErrorKind.UNAVAILABLE),
        (504, Unknown, ErrorKind.UNAVAILABLE),
    ],
)
def test_a_status_means_what_is_certain_about_it(status: int, outcome: type, kind: ErrorKind):
    refusal = classify_status(status, {}, None, NOW)
    assert isinstance(refusal, outcome)
    assert (refusal.error.kind, refusal.error.http_status) == (kind, status)


@given(
    status=st.integers(100, 999).filter(lambda s: not 200 <= s < 300),
    payload=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["errors", "message", "code", "detail", "field", "type"]), inner)
        ),
    ),
)
def test_any_status_with_any_payload_has_a_meaning_and_no_redirect_or_5xx_is_certain(status: int, payload: object):
    refusal = classify_status(status, {}, payload, NOW)
    if status >= 500 or status in (302, 303):
        assert isinstance(refusal, Unknown)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError("refused"), NotSent),
        (httpx.ConnectTimeout("slow"), NotSent),
        (httpx.PoolTimeout("busy"), NotSent),
        (httpx.InvalidURL("no"), NotSent),
        (httpx.UnsupportedProtocol("ftp"), NotSent),
        (httpx.ReadTimeout("slow"), Unknown),
        (httpx.WriteTimeout("slow"), Unknown),
        (httpx.ReadError("reset"), Unknown),
        (httpx.WriteError("pipe"), Unknown),
        (httpx.RemoteProtocolError("closed"), Unknown),
        (httpx.LocalProtocolError("b'Bearer secret'"), Unknown),
        (httpx.DecodingError("zip"), Unknown),
    ],
)
def test_only_a_connection_that_never_was_had_certainly_no_effect(error: httpx.RequestError, outcome: type):
    refusal = classify_exception(error)
    assert isinstance(refusal, outcome)
    assert "secret" not in refusal.error.message


def window(name: str, remaining: object, minutes: int) -> dict[str, str]:
    reset = int((NOW + timedelta(minutes=minutes)).timestamp())
    return {f"{name}-remaining": str(remaining), f"{name}-reset": str(reset)}


ROUTE, USER_DAY, APP_DAY = "x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "120"}, NOW + timedelta(seconds=120)),
        ({"retry-after": "Sat, 21 Nov 2026 12:05:00 GMT"}, NOW + timedelta(minutes=5)),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 900)}, NOW + timedelta(minutes=15)),
        ({"Retry-After": "60", "x-rate-limit-reset": str(int(NOW.timestamp()) + 900)}, NOW + timedelta(minutes=15)),
        ({**window(ROUTE, 0, 15), **window(USER_DAY, 3, 600)}, NOW + timedelta(minutes=15)),
        ({**window(ROUTE, 80, 15), **window(USER_DAY, 0, 600)}, NOW + timedelta(minutes=600)),
        ({**window(ROUTE, 80, 15), **window(APP_DAY, 7, 600)}, NOW + timedelta(minutes=15)),
        ({"Retry-After": "-5"}, NOW),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"x-rate-limit-reset": "9" * 30}, None),
        ({}, None),
    ],
)
def test_the_platforms_own_retry_time_is_read(headers: dict[str, str], expected: datetime | None):
    assert retry_time(headers, NOW) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (window(ROUTE, 99, 15), Quota(99, NOW + timedelta(minutes=15))),
        ({**window(ROUTE, 99, 15), **window(USER_DAY, 4, 600)}, Quota(4, NOW + timedelta(minutes=600))),
        ({**window(ROUTE, 3, 15), **window(APP_DAY, 50, 600)}, Quota(3, NOW + timedelta(minutes=15))),
        ({**window(ROUTE, 0, 15), **window(APP_DAY, 0, 600)}, Quota(0, NOW + timedelta(minutes=600))),
        (window(ROUTE, -1, 15), Quota(0, NOW + timedelta(minutes=15))),
        (window(ROUTE, "many", 15), None),
        ({"x-rate-limit-remaining": "5"}, None),
        ({}, None),
    ],
)
def test_the_tightest_window_that_is_told_is_the_quota(headers: dict[str, str], expected: Quota | None):
    assert quota(headers) == expected


@given(st.text(), st.text(), st.text())
def test_no_header_can_break_the_reading_of_limits(after: str, remaining: str, reset: str):
    try:
        headers = httpx.Headers(
            {"retry-after": after, "x-rate-limit-remaining": remaining, "x-rate-limit-reset": reset}
        )
    except UnicodeEncodeError:
        return
    moment, told = retry_time(headers, NOW), quota(headers)
    assert moment is None or moment.tzinfo is not None
    assert told is None or told.remaining >= 0


def test_a_refused_connection_was_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(CallError) as caught:
        Wire(account()).call("POST", f"http://127.0.0.1:{port}/")
    assert isinstance(caught.value.outcome, NotSent)
    assert caught.value.error.kind is ErrorKind.NETWORK


def test_a_timeout_after_the_request_left_is_unknown():
    given_up = threading.Event()

    def silent(_request) -> None:
        given_up.wait(5)

    try:
        assert isinstance(failure_of(silent), Unknown)
    finally:
        given_up.set()


def test_an_answer_that_comes_a_byte_at_a_time_is_given_up():
    done = threading.Event()

    def drip(request) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000000")
        request.end_headers()
        for _ in range(200):
            request.wfile.write(b" ")
            request.wfile.flush()
            if done.wait(0.05):
                return

    try:
        refusal = failure_of(drip)
    finally:
        done.set()
    assert isinstance(refusal, Unknown)
    assert refusal.error.message == "no answer in time after the request had left"


def test_headers_that_drip_are_given_up():
    done = threading.Event()

    def drip(request) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            if done.wait(0.05):
                return
            request.wfile.write(b"X: y\r\n")
        request.wfile.write(b"Content-Length: 2\r\n\r\n{}")

    try:
        refusal = failure_of(drip)
    finally:
        done.set()
    assert isinstance(refusal, Unknown)
    assert refusal.error.message == "no answer in time after the request had left"


def test_a_body_that_is_taken_a_byte_at_a_time_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = threading.Event()

        def take_slowly() -> None:
            taken, _ = listening.accept()
            with taken:
                while not done.wait(0.02):
                    taken.recv(1)

        taking = threading.Thread(target=take_slowly)
        taking.start()
        try:
            with pytest.raises(CallError) as caught:
                Wire(account()).call(
                    "PUT", f"http://127.0.0.1:{listening.getsockname()[1]}/", content=bytes(1 << 16) * 8
                )
        finally:
            done.set()
            taking.join()
    assert isinstance(caught.value.outcome, Unknown)
    assert caught.value.error.kind is ErrorKind.NETWORK


def test_ten_megabytes_of_garbage_after_an_effect_are_unknown_and_are_not_read_to_the_end():
    sent = []

    def flood(request) -> None:
        request.send_response(200)
        request.end_headers()
        for _ in range(640):
            request.wfile.write(b"x" * 64 * 1024)
            sent.append(64 * 1024)

    refusal = failure_of(flood)
    assert isinstance(refusal, Unknown)
    assert refusal.error.message == "the answer is too large"
    assert sum(sent) < 4 * MAX_BODY_BYTES


@pytest.mark.parametrize(("status", "outcome"), [(400, Rejected), (401, NotSent), (500, Unknown)])
def test_a_huge_or_broken_body_does_not_hide_the_status(status: int, outcome: type):
    assert isinstance(failure_of(lambda request: reply(request, status, b"x" * 10_000_000)), outcome)

    def broken(request) -> None:
        request.send_response(status)
        request.send_header("Content-Length", "100")
        request.end_headers()
        request.wfile.write(b"{")
        request.close_connection = True

    assert isinstance(failure_of(broken), outcome)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 200_000, b"\xff\xfe", b'{"half": '])
def test_a_success_that_is_no_json_is_unknown(body: bytes):
    refusal = failure_of(lambda request: reply(request, 200, body))
    assert isinstance(refusal, Unknown)
    assert refusal.error.kind is ErrorKind.PROTOCOL


def test_a_redirect_is_not_followed():
    asked = []

    def redirect(request) -> None:
        asked.append(request.path)
        reply(request, 307, Location="/elsewhere?token=abc")

    refusal = failure_of(redirect)
    assert asked == ["/"]
    assert isinstance(refusal, Rejected)
    assert refusal.error.message == "HTTP 307: moved to /elsewhere"


def test_a_secret_that_the_platform_says_back_is_hidden_and_the_message_is_short():
    def echo(request) -> None:
        body = {"message": f"bad\nkey {'hunter2hunter2'} {'y' * 5000}", "code": "hunter2hunter2"}
        reply(request, 400, json.dumps(body).encode())

    error = failure_of(echo, api_key="hunter2hunter2").error
    assert "hunter2" not in repr(error)
    assert error.message.startswith("HTTP 400: bad key [hidden] yyy")
    assert len(error.message) < 350


def test_a_secret_is_hidden_before_the_message_is_cut():
    long = Rejected(PlatformError(ErrorKind.VALIDATION, "x" * 295 + "hunter2hunter2"))
    assert "hunter" not in presentable(long, ["hunter2hunter2"]).error.message

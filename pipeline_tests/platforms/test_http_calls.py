"""What a call sends: bodies of any size, credentials where they belong, and nothing into the log."""

import logging
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pipeline.platforms.base import Account, Unknown
from pipeline.platforms.failures import CallError
from pipeline.platforms.http import Wire
from pipeline_tests.platforms.conftest import answering, reply


def account() -> Account:
    return Account(key="test", platform="test", publish_config={}, timeout_seconds=5)


def test_a_body_in_pieces_is_sent_with_its_length_and_not_chunked():
    heard = []

    def hear(request) -> None:
        heard.append((request.said, request.headers["Content-Length"], request.headers["Transfer-Encoding"]))
        reply(request, 200, b"{}")

    with answering(hear) as url:
        Wire(account()).call("PUT", url, content=(piece for piece in (b"he", b"", b"ard")), size=5)
    assert heard == [(b"heard", "5", None)]


@pytest.mark.parametrize("size", [4, 6])
def test_a_body_that_is_not_of_the_size_it_said_is_no_success(size: int):
    with answering(lambda request: reply(request, 200, b"{}")) as url:
        with pytest.raises(CallError) as caught:
            Wire(account()).call("PUT", url, content=iter([b"heard"]), size=size)
    assert isinstance(caught.value.outcome, Unknown)


def test_what_the_body_raises_passes_through():
    def unreadable():
        yield b"he"
        raise OSError("the disk is gone")

    with answering(lambda request: reply(request, 200, b"{}")) as url:
        with pytest.raises(OSError, match="the disk is gone"):
            Wire(account()).call("PUT", url, content=unreadable(), size=5)


def test_a_body_of_200_megabytes_needs_little_memory():
    piece, pieces = bytes(64 * 1024), 3200
    size = len(piece) * pieces
    with discarding() as (url, received):
        tracemalloc.start()
        try:
            body = (piece for _ in range(pieces))
            assert Wire(account()).call("PUT", url, content=body, size=size).status == 201
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()
    assert received == [size]


@contextmanager
def discarding() -> Iterator[tuple[str, list[int]]]:
    """A server that counts the bytes of one body and keeps none; its address and the count."""
    received: list[int] = []

    def receive() -> None:
        taken, _ = listening.accept()
        with taken, taken.makefile("rb") as stream:
            head = iter(stream.readline, b"\r\n")
            left = next(
                int(line.partition(b":")[2]) for line in list(head) if line.lower().startswith(b"content-length")
            )
            count = 0
            while left and (piece := stream.read1(min(left, 65536))):
                left, count = left - len(piece), count + len(piece)
            received.append(count)
            taken.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        receiving = threading.Thread(target=receive)
        receiving.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", received
        receiving.join()


def test_a_status_that_is_an_answer_comes_back_with_its_headers():
    with answering(lambda request: reply(request, 308, Range="bytes=0-262143")) as url:
        answer = Wire(account()).call("PUT", url, statuses={308})
        assert (answer.status, answer.headers["range"], answer.body) == (308, "bytes=0-262143", b"")
        with pytest.raises(CallError, match="308"):
            Wire(account()).call("PUT", url, statuses={404})


def test_credentials_are_left_out_where_asked():
    heard = []

    def hear(request) -> None:
        heard.append(request.headers["Authorization"])
        reply(request, 200)

    with answering(hear) as url:
        wire = Wire(account(), auth=("editor", "hunter2hunter2"))
        wire.call("PUT", url)
        wire.call("PUT", url, send_credentials=False)
    assert heard == ["Basic ZWRpdG9yOmh1bnRlcjJodW50ZXIy", None]


def test_no_address_and_no_header_is_logged_even_at_debug(caplog):
    caplog.set_level(logging.DEBUG)
    with answering(lambda request: reply(request, 200, Location="/upload?token=hunter2")) as url:
        Wire(account()).call("PUT", f"{url}/upload?token=hunter2", headers={"Authorization": "Bearer hunter2"})
    assert "hunter2" not in caplog.text


def test_a_call_goes_through_the_proxy_of_this_machine_but_to_the_hosts_that_it_leaves_out(monkeypatch):
    heard = []

    def hear(request) -> None:
        heard.append((request.path, request.headers["Proxy-Authorization"]))
        reply(request, 200)

    with answering(hear) as proxy, answering(hear) as direct:
        monkeypatch.setenv("http_proxy", proxy.replace("http://", "editor:secret@"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        Wire(account()).call("GET", "http://platform.test/posts")
        Wire(account()).call("GET", f"{direct}/posts")
    assert heard == [("http://platform.test/posts", "Basic ZWRpdG9yOnNlY3JldA=="), ("/posts", None)]

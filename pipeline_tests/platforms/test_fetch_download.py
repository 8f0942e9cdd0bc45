"""The guarded fetch into a file: whole, capped, in time and in little memory."""

import gzip
import hashlib
import io
import socket
import threading
import tracemalloc

import pytest

from pipeline.platforms.fetch import Downloaded, FetchError, RefusedError, download, origin_of
from pipeline_tests.web import serve

FILM = bytes(range(256)) * 4096


def downloaded(url: str, file: io.BytesIO, max_bytes: int = len(FILM), timeout_seconds: float = 10) -> Downloaded:
    origins = {origin_of(url)}
    return download(url, file, private_origins=origins, max_bytes=max_bytes, timeout_seconds=timeout_seconds)


@pytest.mark.parametrize(
    ("headers", "body"), [({}, FILM), ({"Content-Encoding": "gzip"}, gzip.compress(FILM))], ids=["plain", "packed"]
)
def test_a_download_is_written_to_the_file_and_told_by_size_and_digest(headers: dict[str, str], body: bytes):
    file = io.BytesIO()
    with serve(lambda _: (200, headers, body)) as address:
        found = downloaded(f"{address}/film", file)
    assert file.getvalue() == FILM
    assert found == Downloaded(f"{address}/film", hashlib.sha256(FILM).hexdigest(), len(FILM))


def test_a_download_obeys_the_guard_and_needs_a_success():
    with serve(lambda _: (404, {}, b"no")) as address:
        with pytest.raises(RefusedError, match="not a public one"):
            download(address, io.BytesIO(), max_bytes=1, timeout_seconds=1)
        with pytest.raises(FetchError, match="answered 404"):
            downloaded(address, io.BytesIO())


def test_a_redirect_whose_name_has_turned_to_a_private_address_is_refused(monkeypatch):
    with serve(lambda _: (302, {"Location": f"http://film.example:{port}/film"}, b"")) as address:
        port = address.rpartition(":")[2]
        origins = {origin_of(address)}
        real, answers = socket.getaddrinfo, iter(["93.184.215.14", "127.0.0.1"])

        def getaddrinfo(host, port, *args, **kwargs):
            given = next(answers) if host == "film.example" else host
            return real(given, port, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        assert socket.getaddrinfo("film.example", 80)[0][4][0] == "93.184.215.14"
        with pytest.raises(RefusedError, match=r"film\.example has the address 127\.0\.0\.1"):
            download(address, io.BytesIO(), private_origins=origins, max_bytes=1, timeout_seconds=5)


def test_an_endless_chunked_body_is_left_at_the_cap_and_at_the_deadline():
    def endless(request):
        request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while not enough.wait(pause):
                request.wfile.write(b"400\r\n" + bytes(1024) + b"\r\n")
        except OSError:
            pass

    enough, pause = threading.Event(), 0.0
    with serve(endless) as address:
        try:
            with pytest.raises(FetchError, match="larger than 1,000,000 bytes"):
                downloaded(address, io.BytesIO(), max_bytes=1_000_000)
            pause = 0.02
            with pytest.raises(FetchError, match=r"took longer than 0\.3 s"):
                downloaded(address, io.BytesIO(), timeout_seconds=0.3)
        finally:
            enough.set()


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 100\r\n\r\nhalf",
        b"Transfer-Encoding: chunked\r\n\r\n64\r\nhalf",
        b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(FILM, mtime=0)[:200],
    ],
)
def test_a_body_that_breaks_off_is_no_download(head: bytes):
    def broken(request):
        request.wfile.write(b"HTTP/1.1 200 OK\r\n" + head)

    with serve(broken) as address:
        with pytest.raises(FetchError, match="could not be read|broke off"):
            downloaded(address, io.BytesIO())


def test_a_large_download_needs_little_memory_packed_or_not(tmp_path):
    size = 64 * 1024 * 1024
    packed = gzip.compress(bytes(size), 1)

    def answer(request):
        if request.path == "/packed":
            return 200, {"Content-Encoding": "gzip"}, packed
        request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        piece = bytes(65536)
        for _ in range(size // len(piece)):
            request.wfile.write(piece)
        return None

    with serve(answer) as address:
        for path in ("/plain", "/packed"):
            with (tmp_path / "film").open("wb") as file:
                tracemalloc.start()
                try:
                    origins = {origin_of(address)}
                    found = download(address + path, file, private_origins=origins, max_bytes=size, timeout_seconds=60)
                    assert found.size == size
                    assert tracemalloc.get_traced_memory()[1] < 4_000_000
                finally:
                    tracemalloc.stop()

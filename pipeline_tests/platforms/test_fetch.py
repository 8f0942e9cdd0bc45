"""The guarded fetch, against a real server and against those who would misuse it."""

import gzip
import socket
import threading
import tracemalloc

import pytest

from pipeline.platforms.fetch import (
    Fetched,
    FetchError,
    NotModified,
    RefusedError,
    fetch,
    is_public,
    origin_of,
    probe,
)
from pipeline_tests.web import serve

PAGE = b"<rss/>"


def fetched(url: str, **options) -> Fetched:
    answer = fetch(url, allow_private=True, **options)
    assert isinstance(answer, Fetched)
    return answer


def test_an_answer_is_read_whole_with_what_the_server_says_of_it():
    headers = {"Content-Type": "application/rss+xml", "ETag": '"v1"', "Last-Modified": "Mon, 05 Oct 2026 08:00:00 GMT"}
    with serve(lambda _: (200, headers, PAGE)) as address:
        answer = fetched(f"{address}/feed?key=1")
    assert answer == Fetched(f"{address}/feed?key=1", PAGE, "application/rss+xml", '"v1"', headers["Last-Modified"])


def test_a_conditional_fetch_sends_the_validators_and_understands_not_modified():
    asked = {}

    def answer(request):
        asked.update(request.headers)
        return 304, {}, b""

    with serve(answer) as address:
        result = fetch(address, etag='"v1"', last_modified="Mon, 05 Oct 2026 08:00:00 GMT", allow_private=True)
    assert isinstance(result, NotModified)
    assert asked["If-None-Match"] == '"v1"'
    assert asked["If-Modified-Since"] == "Mon, 05 Oct 2026 08:00:00 GMT"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "169.254.169.254", "0.0.0.0"],
)
def test_an_address_that_is_not_public_is_refused(host: str):
    with pytest.raises(FetchError, match="not a public one"):
        fetch(f"http://{host}:9/latest/meta-data")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:4700::1111", True),
        ("::ffff:93.184.215.14", True),
        ("::ffff:10.0.0.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("192.0.0.9", False),
        ("224.0.0.1", False),
        ("ff02::1", False),
        ("fe80::1%1", False),
        ("fec0::1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("2001:0:7f00:1::", False),
        ("255.255.255.255", False),
    ],
)
def test_what_counts_as_public(address: str, public: bool):
    assert is_public(address) is public


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    resolve_to(monkeypatch, "93.184.215.14", "127.0.0.1")
    with pytest.raises(FetchError, match=r"feed\.example has the address 127\.0\.0\.1"):
        fetch("http://feed.example/")


def test_the_name_is_looked_up_once_and_the_checked_address_is_the_one_connected_to(monkeypatch):
    seen = []

    def answer(request):
        seen.append(request.headers["Host"])
        return 200, {}, PAGE

    with serve(answer) as address:
        port = int(address.rpartition(":")[2])
        looked_up = resolve_to(monkeypatch, "127.0.0.1")
        fetched(f"http://feed.example:{port}/")
    assert looked_up.count("feed.example") == 1
    assert seen == [f"feed.example:{port}"]


def resolve_to(monkeypatch, *addresses: str) -> list[str]:
    """Answer for feed.example as its name server would; the names that were looked up are in the list."""
    real, looked_up = socket.getaddrinfo, []

    def getaddrinfo(host, port, *args, **kwargs):
        looked_up.append(host)
        if host == "feed.example":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return looked_up


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "Only http and https"),
        ("gopher://127.0.0.1/", "Only http and https"),
        ("feed.xml", "without a scheme"),
        ("http:///feed", "Only http and https"),
        ("http://a\x00b/", "can't be read"),
        ("https://user:hunter2@feed.example/", "password"),
    ],
)
def test_a_url_that_is_no_public_web_address_is_refused(url: str, reason: str):
    with pytest.raises(FetchError, match=reason) as refusal:
        fetch(url)
    assert "hunter2" not in str(refusal.value)


def test_a_redirect_is_followed_and_passes_the_same_gate():
    targets = {"/old": "/new", "/away": "file:///etc/passwd", "/round": "/round", "/broken": "http://[::1/"}

    def answer(request):
        target = targets.get(request.path)
        return (302, {"Location": target}, b"") if target else (200, {}, PAGE)

    with serve(answer) as address:
        assert fetched(f"{address}/old").url == f"{address}/new"
        with pytest.raises(FetchError, match="Only http and https"):
            fetched(f"{address}/away")
        with pytest.raises(FetchError, match="redirects more than 5 times"):
            fetched(f"{address}/round")
        with pytest.raises(FetchError, match="could not be read"):
            fetched(f"{address}/broken")


def test_an_answer_larger_than_the_cap_is_refused_packed_or_not():
    big = b"0" * 5_000_000
    answers = {"/plain": ({}, big), "/packed": ({"Content-Encoding": "gzip"}, gzip.compress(big))}
    with serve(lambda request: (200, *answers[request.path])) as address:
        for path in answers:
            with pytest.raises(FetchError, match="larger than 1,000 bytes"):
                fetched(address + path, max_bytes=1000)
            assert fetched(address + path).body == big


def test_a_decompression_bomb_is_not_inflated_beyond_the_cap():
    bomb = gzip.compress(bytes(50_000_000))
    with serve(lambda _: (200, {"Content-Encoding": "gzip"}, bomb)) as address:
        tracemalloc.start()
        try:
            with pytest.raises(FetchError, match="larger than"):
                fetched(address, max_bytes=1_000_000)
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        ("br", PAGE, "encoded as br"),
        ("gzip", PAGE, "not the gzip it says"),
        ("gzip", gzip.compress(PAGE * 999, mtime=0)[:-9], "broke off"),
    ],
)
def test_an_answer_that_can_not_be_decoded_is_refused(encoding: str, body: bytes, reason: str):
    with (
        serve(lambda _: (200, {"Content-Encoding": encoding}, body)) as address,
        pytest.raises(FetchError, match=reason),
    ):
        fetched(address)


def test_a_server_that_sends_a_byte_at_a_time_is_not_waited_for():
    enough = threading.Event()

    def answer(request):
        request.send_response(200)
        request.end_headers()
        while not enough.wait(0.02):
            request.wfile.write(b"0")

    with serve(answer) as address:
        try:
            with pytest.raises(FetchError, match=r"took longer than 0\.3 s"):
                fetched(address, timeout_seconds=0.3)
        finally:
            enough.set()


@pytest.mark.parametrize("part", [b"HTTP/1.1 200 OK\r\n", b"H", b""])
def test_a_server_whose_headers_drip_is_not_waited_for(part: bytes):
    enough = threading.Event()

    def drip(request):
        request.wfile.write(part)
        for _ in range(100):
            if enough.wait(0.05):
                return
            request.wfile.write(b"X: y\r\n" if part.endswith(b"\n") else b"H")
        request.wfile.write(b"Content-Length: 0\r\n\r\n")

    with serve(drip) as address:
        try:
            for reading in (fetched, probed):
                with pytest.raises(FetchError, match=r"took longer than 0\.3 s"):
                    reading(address, timeout_seconds=0.3)
        finally:
            enough.set()


def probed(url: str, **options):
    return probe(url, private_origins={origin_of(url)}, **options)


def test_redirects_share_one_deadline():
    enough = threading.Event()

    def slow_redirect(request):
        enough.wait(0.2)
        return 302, {"Location": "/again"}, b""

    with serve(slow_redirect) as address:
        try:
            with pytest.raises(FetchError, match=r"took longer than 0\.5 s"):
                fetched(address, timeout_seconds=0.5)
        finally:
            enough.set()


def test_a_refusal_and_a_closed_port_are_told_without_the_query():
    with serve(lambda _: (403, {}, b"no")) as address:
        with pytest.raises(FetchError, match="answered 403") as refusal:
            fetched(f"{address}/feed?key=hunter2")
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(FetchError, match="could not be read") as refusal:
        fetched(f"{address}/feed?key=hunter2")
    assert "hunter2" not in str(refusal.value)


def test_a_host_with_several_addresses_is_reached_at_the_one_that_answers(monkeypatch):
    with serve(lambda _: (200, {}, PAGE)) as address:
        resolve_to(monkeypatch, "127.0.0.2", "127.0.0.1")
        assert fetched(f"http://feed.example:{address.rpartition(':')[2]}/").body == PAGE


def test_a_probe_tells_status_and_type_and_leaves_the_body_unread():
    written = []

    def endless(request):
        request.send_response(200)
        request.send_header("Content-Type", "video/mp4")
        request.end_headers()
        try:
            while True:
                written.append(request.wfile.write(bytes(65536)))
        except OSError:
            closed.set()

    closed = threading.Event()
    with serve(endless) as address:
        found = probe(f"{address}/film", private_origins={origin_of(address)})
        assert closed.wait(10)
    assert (found.url, found.status, found.content_type) == (f"{address}/film", 200, "video/mp4")
    assert sum(written) < 16_000_000  # what the system's buffers take


@pytest.mark.parametrize("status", [204, 404, 410, 500])
def test_a_probe_tells_a_refusal_as_a_status(status: int):
    with serve(lambda _: (status, {}, b"")) as address:
        assert probe(address, private_origins={origin_of(address)}).status == status


def test_a_probe_reaches_a_private_address_on_the_origins_that_are_allowed_alone_and_at_every_step():
    with serve(lambda _: (200, {}, PAGE)) as other, serve(lambda _: (302, {"Location": other}, b"")) as address:
        with pytest.raises(RefusedError, match="not a public one"):
            probe(address)
        with pytest.raises(RefusedError, match="not a public one"):
            probe(address, private_origins={origin_of(address)})
        with pytest.raises(RefusedError, match="not a public one"):
            probe(address, private_origins={origin_of(address), f"https{origin_of(other).removeprefix('http')}"})
        assert probe(address, private_origins={origin_of(address), origin_of(other)}).url == other


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://Example.COM/a?b#c", "http://example.com:80"),
        ("https://example.com:443/", "https://example.com:443"),
        ("http://127.0.0.1:3001/x/", "http://127.0.0.1:3001"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str):
    assert origin_of(url) == origin

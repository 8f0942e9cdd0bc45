"""The guarded way to read a public URL that somebody else wrote down: a feed, a file, an image.

Whoever writes the URL must not be able to make us read what only we can reach, fill the memory, or hold us for ever.
So the host is resolved once, every address it has must be public, the connection goes to an address that was checked
(a second look-up could be answered differently), redirects pass the same gate, and size and time are capped.
"""

import hashlib
import ipaddress
import socket
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    import httpx

MAX_BYTES: Final = 32 * 1024 * 1024
TIMEOUT_SECONDS: Final = 30.0
"""For the whole answer, redirects included."""
_USER_AGENT: Final = "pressroom"
_MAX_REDIRECTS: Final = 5
_PIECE: Final = 64 * 1024
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_NOT_MODIFIED: Final = 304

_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # IETF protocol assignments
        "64:ff9b::/96",  # NAT64, 6to4 and Teredo carry an IPv4 address inside, which may be anybody's
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fec0::/10",  # the site-local addresses of old
    )
)


class FetchError(Exception):
    """It could not be read, or may not be; the message says why, without the URL's query or a password."""


class RefusedError(FetchError):
    """It may not be read, whoever answers there: no web address, or not a public one."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer read whole, decoded. `etag` and `last_modified` are for the next conditional fetch."""

    url: str
    body: bytes
    content_type: str
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What was written to the file. `url` is where the redirects ended, `sha256` is in hexadecimal."""

    url: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server says that nothing has changed since the validators it was given."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What is at a URL, by the head of its answer. `url` is where the redirects ended."""

    url: str
    status: int
    content_type: str


def fetch(
    url: str,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    allow_private: bool = False,
    max_bytes: int = MAX_BYTES,
    timeout_seconds: float = TIMEOUT_SECONDS,
    user_agent: str = _USER_AGENT,
) -> Fetched | NotModified:
    """GET a public http or https URL.

    `allow_private` lifts the refusal of private addresses, for a feed on this machine or in one's own network.
    `user_agent` tells the server who reads there.

    Raises:
        FetchError: refused, unreachable, not a success, too large, too slow, or not decodable.
    """
    wanted = {name: value for name, value in _validators(etag, last_modified).items() if value}
    wanted["User-Agent"] = user_agent
    with _answer(url, wanted, lambda _: allow_private, timeout_seconds) as (target, response):
        if response.status_code == _NOT_MODIFIED:
            return NotModified()
        return Fetched(
            url=str(target),
            body=b"".join(_body(response, target, max_bytes)),
            content_type=response.headers.get("content-type", ""),
            etag=response.headers.get("etag"),
            last_modified=response.headers.get("last-modified"),
        )


def download(
    url: str,
    file: BinaryIO,
    *,
    private_origins: Collection[str] = (),
    max_bytes: int,
    timeout_seconds: float,
) -> Downloaded:
    """GET a public http or https URL into an open file, a piece at a time.

    Its content type is not looked at: whoever uses the file asks its bytes. On a failure the file holds what came
    until then.

    Raises:
        FetchError: as for `fetch`.
    """
    digest = hashlib.sha256()
    size = 0
    with _answer(url, {}, lambda target: _origin(target) in private_origins, timeout_seconds) as (target, response):
        for piece in _body(response, target, max_bytes):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
        return Downloaded(str(target), digest.hexdigest(), size)


def probe(url: str, *, private_origins: Collection[str] = (), timeout_seconds: float = 10.0) -> Probed:
    """See what is at a public http or https URL, without reading it.

    A GET whose body is left unread, because servers answer HEAD and ranges less truthfully. Addresses that are not
    public are refused at each step but on the `private_origins` (see `origin_of`).

    Raises:
        FetchError: refused, unreachable or too slow.
    """
    with _answer(url, {}, lambda target: _origin(target) in private_origins, timeout_seconds) as (target, response):
        return Probed(str(target), response.status_code, response.headers.get("content-type", ""))


def origin_of(url: str) -> str:
    """Scheme, host and port, which together say whose page it is. Raises: FetchError."""
    return _origin(_checked_url(url))


def _origin(target: "httpx.URL") -> str:
    return f"{target.scheme}://{target.host.lower()}:{_port(target)}"


@contextmanager
def _answer(
    url: str, headers: Mapping[str, str], may_be_private: "Callable[[httpx.URL], bool]", timeout_seconds: float
) -> "Iterator[tuple[httpx.URL, httpx.Response]]":
    """The last answer, its body unread, and where it came from.

    Raises:
        FetchError: what goes wrong on the way, and with the body.
    """
    import httpx

    from pipeline.platforms.transport import DeadlineTransport

    headers = {"User-Agent": _USER_AGENT, "Accept-Encoding": "gzip", "Connection": "close", **headers}
    deadline = time.monotonic() + timeout_seconds
    target = _checked_url(url)
    try:
        with httpx.Client(transport=DeadlineTransport(deadline), timeout=timeout_seconds) as client:
            for _ in range(_MAX_REDIRECTS + 1):
                addresses = _addresses_of(target, allow_private=may_be_private(target))
                with closing(_send(client, target, headers, addresses)) as response:
                    if response.status_code not in _REDIRECTS or "location" not in response.headers:
                        yield target, response
                        return
                    target = _checked_url(str(target.join(response.headers["location"])))
    except httpx.TimeoutException:
        raise FetchError(f"{_shown(target)} took longer than {timeout_seconds:g} s.") from None
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise FetchError(f"{_shown(target)} could not be read: {str(error) or type(error).__name__}.") from None
    raise FetchError(f"{_shown(target)} redirects more than {_MAX_REDIRECTS} times.")


def _send(
    client: "httpx.Client", target: "httpx.URL", headers: Mapping[str, str], addresses: list[str]
) -> "httpx.Response":
    """The answer, its body unread, of the first of the addresses that takes a connection."""
    import httpx

    for number, address in enumerate(addresses, start=1):
        request = client.build_request(
            "GET",
            target.copy_with(host=address),
            headers={**headers, "Host": target.netloc.decode("ascii")},
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        )
        try:
            return client.send(request, stream=True)
        except httpx.ConnectError:
            if number == len(addresses):
                raise
    raise AssertionError("a host that is known has an address")


def _body(response: "httpx.Response", target: "httpx.URL", max_bytes: int) -> Iterator[bytes]:
    """The body of a success in small pieces.

    Decoded by us, because the client inflates whatever comes before its size is known.
    """
    if not response.is_success:
        raise FetchError(f"{_shown(target)} answered {response.status_code} {response.reason_phrase}.")
    encoding = response.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise FetchError(f"{_shown(target)} is encoded as {encoding}, which was not asked for.")
    pieces = response.iter_raw()
    size = 0
    for piece in pieces if encoding == "identity" else _inflated(pieces, target):
        size += len(piece)
        if size > max_bytes:
            raise FetchError(f"{_shown(target)} is larger than {max_bytes:,} bytes.")
        yield piece


def _inflated(packed: Iterator[bytes], target: "httpx.URL") -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    for chunk in packed:
        rest = chunk
        while rest and not inflate.eof:
            try:
                yield inflate.decompress(rest, _PIECE)
            except zlib.error:
                raise FetchError(f"{_shown(target)} is not the gzip it says it is.") from None
            rest = inflate.unconsumed_tail
    if not inflate.eof:
        raise FetchError(f"{_shown(target)} broke off.")


def _checked_url(url: str) -> "httpx.URL":
    import httpx

    try:
        target = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise RefusedError(f"The URL can't be read: {error}.") from None
    if target.scheme not in ("http", "https") or not target.host:
        raise RefusedError(f"Only http and https URLs are read, not {target.scheme or 'a URL without a scheme'}.")
    if target.userinfo:
        raise RefusedError(f"The URL of {target.host} holds a password, which would be kept in clear text.")
    return target


def _addresses_of(target: "httpx.URL", *, allow_private: bool) -> list[str]:
    """Where to connect. All of the host's addresses are checked: which one is used is a matter of chance."""
    try:
        found = socket.getaddrinfo(target.host, _port(target), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchError(f"The host {target.host} is not known.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private:
        for address in addresses:
            if not is_public(address):
                raise RefusedError(f"The host {target.host} has the address {address}, which is not a public one.")
    return addresses


def _port(target: "httpx.URL") -> int:
    return target.port or (443 if target.scheme == "https" else 80)


def is_public(address: str) -> bool:
    """Whether an IP address, as text, is of the public internet and of one machine."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip.scope_id is not None:
            return False
    return (
        ip.is_global
        and not ip.is_multicast
        and not ip.is_reserved
        and not any(ip.version == network.version and ip in network for network in _NOT_PUBLIC)
    )


def _validators(etag: str | None, last_modified: str | None) -> dict[str, str | None]:
    return {"If-None-Match": etag, "If-Modified-Since": last_modified}


def _shown(url: "httpx.URL") -> str:
    """Without the query, which may hold a key."""
    return str(url.copy_with(query=None, fragment=None))

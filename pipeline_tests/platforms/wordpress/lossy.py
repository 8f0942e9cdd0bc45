"""A way to the site on which an answer can get lost."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import cast
from urllib.parse import urlsplit

_PIECE = 64 * 1024


class LossyProxy:
    """Passes connections on to a site; the adapter makes one for each call."""

    def __init__(self, site: str, origin: str) -> None:
        address = urlsplit(site)
        self.url = f"{origin}{address.path}"
        self._api = f"{address.path}/wp-json/wp/v2"
        self._address = (str(address.hostname), int(address.port or 80))
        self._losing: list[bytes] = []

    def lose_answer(self, method: str, route: str) -> None:
        """Let the answer to the next request whose route begins so be lost, once it has been given."""
        self._losing.append(f"{method} {self._api}/{route}".encode())

    def carry(self, client: socket.socket) -> None:
        with socket.create_connection(self._address) as upstream:
            said = client.recv(_PIECE)
            lost = next((start for start in self._losing if said.startswith(start)), None)
            upstream.sendall(said)
            Thread(target=_pour, args=(client, upstream), daemon=True).start()
            if lost is None:
                _pour(upstream, client)
                return
            self._losing.remove(lost)
            while upstream.recv(_PIECE):
                pass
            client.shutdown(socket.SHUT_RDWR)  # to close it would be put off: the other way still reads from it


def _pour(source: socket.socket, into: socket.socket) -> None:
    try:
        while piece := source.recv(_PIECE):
            into.sendall(piece)
    except OSError:
        return  # one of the two has hung up


class _Server(ThreadingTCPServer):
    daemon_threads = True


@contextmanager
def lossy(site: str) -> Iterator[LossyProxy]:
    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            proxy.carry(cast("socket.socket", self.request))

    with _Server(("127.0.0.1", 0), Handler) as server:
        proxy = LossyProxy(site, f"http://127.0.0.1:{server.server_address[1]}")
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield proxy
        finally:
            server.shutdown()

"""Pages of our own, asked over HTTP as a reader would: is a post's home there, so that others may point to it?"""

import threading
import time
from collections.abc import Callable, Collection
from typing import Final

import sqlalchemy as sa

from pipeline.platforms.fetch import FetchError, origin_of, probe
from pipeline.store.own_addresses import own_addresses

_OK: Final = 200
_BELIEVED_SECONDS: Final = 60.0
_ASKED_AT_ONCE: Final = 16


def own_origins(engine: sa.Engine) -> frozenset[str]:
    """The origins (scheme, host, port) that may be asked though their addresses are private.

    Only what an operator has set up counts, and the port with it: the address of a page comes from a platform's answer
    or from a text, and either could name another service of this machine or of its network.
    """
    with engine.connect() as connection:
        addresses = own_addresses(connection)
    return frozenset(origin for origin in map(_origin_or_none, addresses) if origin is not None)


def _origin_or_none(address: str) -> str | None:
    try:
        return origin_of(address)
    except FetchError:
        return None


class HomePages:
    """Whether home pages answer 200. Safe from several threads.

    The social versions of a post become due together: a page that answered is believed for a minute, and those who ask
    while somebody is asking share the answer, whichever it is.
    """

    def __init__(self, private_origins: Callable[[], Collection[str]]) -> None:
        """`private_origins` is called for each page that is asked: see `own_origins`."""
        self._private_origins = private_origins
        self._locks = [threading.Lock() for _ in range(_ASKED_AT_ONCE)]
        self._answers: dict[str, tuple[bool, float]] = {}

    def is_live(self, url: str) -> bool:
        """Takes up to ten seconds where nobody answers; raises nothing for what a network can do."""
        arrived = time.monotonic()
        with self._locks[hash(url) % _ASKED_AT_ONCE]:
            live, asked_at = self._answers.get(url, (False, float("-inf")))
            if asked_at >= arrived or (live and arrived - asked_at < _BELIEVED_SECONDS):
                return live
            live = self._ask(url)
            self._keep(url, live)
            return live

    def _ask(self, url: str) -> bool:
        try:
            return probe(url, private_origins=self._private_origins()).status == _OK
        except FetchError:
            return False

    def _keep(self, url: str, live: bool) -> None:
        now = time.monotonic()
        for old, (_, asked_at) in list(self._answers.items()):
            if now - asked_at > _BELIEVED_SECONDS:
                self._answers.pop(old, None)
        self._answers[url] = (live, now)

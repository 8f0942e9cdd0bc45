"""Containers: what a publication is prepared as, item by item, until Instagram has processed it.

Nobody sees a container, so one that was made twice does no harm; published is only the one that was recorded.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.platforms.base import Account, Journal, PlatformError, Unknown
from pipeline.platforms.content import Content
from pipeline.platforms.failures import CallError, garbled
from pipeline.platforms.instagram import files
from pipeline.platforms.instagram.graph import (
    ANOTHER_CONTAINER,
    NO_SUCH_CONTAINER,
    UNKNOWN_OBJECT,
    Graph,
    id_of,
    meaning_of,
)
from pipeline.platforms.media.facts import Media
from pipeline.platforms.waiting import until
from pipeline.vocabulary import ErrorKind, MediaKind

STEP: Final = "container"
PUBLISHED: Final = "PUBLISHED"
FINISHED: Final = "FINISHED"
IN_PROGRESS: Final = "IN_PROGRESS"
_EXPIRED: Final = "EXPIRED"
ENDED: Final = ("ERROR", _EXPIRED)
_KNOWN: Final = (PUBLISHED, FINISHED, IN_PROGRESS, *ENDED)
_POLL_SECONDS: Final = 3.0
_SUBCODE: Final = re.compile(r"\b2207\d{3}\b")


@dataclass(frozen=True, slots=True)
class State:
    """A container's `code`, one of the API's five; of an error, the API's words and the subcode in them."""

    code: str
    text: str = ""

    @property
    def subcode(self) -> int | None:
        found = _SUBCODE.search(self.text)
        return int(found[0]) if found else None


class Containers:
    """The containers of one account."""

    def __init__(self, graph: Graph, account: Account, user_id: str) -> None:
        self._graph = graph
        self._user_id = user_id
        self._source = account.media
        self._patience = account.patience_seconds
        self._pause = float(account.publish_config.get("poll_seconds") or _POLL_SECONDS)

    def state(self, id_: str) -> State | None:
        """None where Instagram knows no such container. Raises: CallError."""
        try:
            answer = self._graph.get(id_, fields="status_code,status")
        except CallError as failure:
            if failure.error.code in (UNKNOWN_OBJECT, *NO_SUCH_CONTAINER):
                return None
            raise
        code = answer.get("status_code")
        if code not in _KNOWN:
            raise garbled("Instagram's answer has no state of the container")
        return State(code, str(answer.get("status") or ""))

    def ready(self, content: Content, journal: Journal) -> str:
        """The id of a container of the content that can be published, made where an earlier attempt left none.

        Raises:
            CallError: none could be had; an `Unknown` of the kind `PENDING` where Instagram still works on it.
            MediaError: a file is not to be had, or not the one that was approved.
        """
        deadline = time.monotonic() + self._patience
        id_ = self._left(journal, STEP)
        if id_ is None:
            id_ = self._make(self._parameters(content, journal, deadline))
            journal.record(STEP, id_)
            self._rest(deadline)
        self._wait(id_, deadline)
        return id_

    def _parameters(self, content: Content, journal: Journal, deadline: float) -> dict[str, Any]:
        """Raises: CallError, MediaError."""
        caption = {"caption": content.body} if content.body else {}
        if len(content.media) == 1:
            return self._described(content.media[0], video="REELS") | caption
        items = self._items(content.media, journal, deadline)
        return {"media_type": "CAROUSEL", "children": items} | caption

    def _items(self, media: Sequence[Media], journal: Journal, deadline: float) -> list[str]:
        """The ids of a carousel's items, all of them processed. Raises: CallError, MediaError."""
        ids = []
        for number, each in enumerate(media, start=1):
            step = f"item-{number}"
            id_ = self._left(journal, step)
            if id_ is None:
                id_ = self._make(self._described(each, video="VIDEO") | {"is_carousel_item": True})
                journal.record(step, id_)
            ids.append(id_)
        self._rest(deadline)
        for id_ in ids:
            self._wait(id_, deadline)
        return ids

    def _described(self, media: Media, *, video: str) -> dict[str, Any]:
        """What a container of the file is made of; `video` is the API's name for its kind where it is one.

        Raises: MediaError: Instagram would fetch something else than was approved, or nothing.
        """
        files.check(media, self._source)
        if media.kind is MediaKind.VIDEO:
            return {"media_type": video, "video_url": media.url}
        described = {"image_url": media.url}
        return described | {"alt_text": media.alt_text} if media.alt_text else described

    def _left(self, journal: Journal, step: str) -> str | None:
        """What an earlier attempt left, unless it came to an end without being published. Raises: CallError."""
        id_ = journal.handles.get(step)
        state = self.state(id_) if id_ else None
        return None if state is None or state.code in ENDED else id_

    def _make(self, parameters: dict[str, Any]) -> str:
        """Raises: CallError."""
        return id_of(self._graph.post(self._user_id, "media", **parameters))

    def _rest(self, deadline: float) -> None:
        """Before the first question: Instagram takes a moment even for a picture."""
        time.sleep(max(0.0, min(self._pause, deadline - time.monotonic())))

    def _wait(self, id_: str, deadline: float) -> None:
        """Return once it can be used. Raises: CallError."""

        def settled() -> State | None:
            state = self.state(id_)
            if state is None:
                raise garbled("Instagram does not know the container that it has just made")
            return None if state.code == IN_PROGRESS else state

        state = until(settled, seconds=deadline - time.monotonic(), pause=self._pause)
        if state is None:
            raise CallError(Unknown(still_processing(id_)))
        if state.code in ENDED:
            raise _failed(state)


def still_processing(id_: str) -> PlatformError:
    return PlatformError(ErrorKind.PENDING, f"Instagram still processes the container {id_}")


def _failed(state: State) -> CallError:
    """For a container that came to an end: nothing of it was published."""
    outcome, kind = ANOTHER_CONTAINER if state.code == _EXPIRED else meaning_of(state.subcode)
    code = None if state.subcode is None else str(state.subcode)
    return CallError(outcome(PlatformError(kind, f"Instagram could not process it. {state.text}".strip(), code)))

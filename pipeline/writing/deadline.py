"""An HTTP client whose calls end at a deadline.

httpx's own time-outs are of each read: a server that sends a byte now and then is never too slow for them.
"""

import time
from collections.abc import Iterator
from typing import Any

import httpx


class DeadlineClient(httpx.Client):
    """Raises httpx.ReadTimeout where a response is not whole `seconds` after its request was sent."""

    def __init__(self, seconds: float) -> None:
        super().__init__(timeout=seconds, follow_redirects=False)
        self._seconds = seconds

    def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        deadline = time.monotonic() + self._seconds
        response = super().send(request, stream=True, **options)
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _UntilDeadline(response.stream, request, deadline)
        if not stream:
            try:
                response.read()
            finally:
                response.close()
        return response


class _UntilDeadline(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, request: httpx.Request, deadline: float) -> None:
        self._stream = stream
        self._request = request
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if time.monotonic() > self._deadline:
                raise httpx.ReadTimeout("the response is not whole in time", request=self._request)
            yield chunk

    def close(self) -> None:
        self._stream.close()

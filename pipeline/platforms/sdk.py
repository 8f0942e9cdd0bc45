"""Lets an SDK that is built on requests speak through our wire: its time-outs, caps and readings of failures hold.

The SDK builds and signs its requests; what it does on a failure is never reached, since a failure raises CallError.
"""

import io
from typing import Any

import requests
from requests.adapters import BaseAdapter

from pipeline.platforms.failures import garbled
from pipeline.platforms.http import Answer, Wire


class WireSession(requests.Session):
    """A requests session over a wire.

    `rewrite` is (the prefix of the SDK's fixed address, the prefix that is asked instead). It is applied before the
    request is signed, so that a signature is about the address that is asked.
    """

    def __init__(self, wire: Wire, rewrite: tuple[str, str] = ("", "")) -> None:
        super().__init__()
        self.trust_env = False  # proxies are the wire's business
        self._rewrite = rewrite
        adapter = _WireAdapter(wire)
        for scheme in ("https://", "http://"):
            self.mount(scheme, adapter)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        fixed, asked = self._rewrite
        address = str(url)
        if fixed and address.startswith(fixed):
            address = asked + address[len(fixed) :]
        return super().request(method, address, *args, **kwargs)


class _WireAdapter(BaseAdapter):
    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        """Raises: CallError."""
        body = request.body.encode() if isinstance(request.body, str) else request.body
        # Which encodings can be undone is the wire's to say.
        headers = {name: value for name, value in request.headers.items() if name.lower() != "accept-encoding"}
        answer = self._wire.call(str(request.method), str(request.url), headers=headers, content=body)
        return as_response(answer, request)

    def close(self) -> None:
        """Nothing is kept open."""


def as_response(answer: Answer, request: requests.PreparedRequest | None = None) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update(answer.headers)
    response.raw = io.BytesIO(answer.body)
    response.encoding = "utf-8"
    if request is not None:
        response.request = request
        response.url = str(request.url)
    return response


def json_of(response: requests.Response) -> Any:
    """Raises: CallError: it is not JSON, and nobody knows what the platform did."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        raise garbled("the answer is not JSON", response.status_code) from None

"""The store's error bodies: XML documents with a code."""

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

from starlette.responses import Response

from pipeline.sandbox.service import Refusal

_CODES: Final = {
    404: "NoSuchKey",
    405: "MethodNotAllowed",
    500: "InternalError",
    503: "ServiceUnavailable",
}


def refusal(status: int, code: str, message: str, **more: str) -> Refusal:
    """`more` are further elements of the document."""
    return Refusal(_answer(status, code, message, more))


def failure(status: int) -> Response:
    return _answer(status, _CODES.get(status, "InternalError"), "The request could not be served.", {})


def slow_down(seconds: float) -> Response:
    """S3 does not say for how long."""
    del seconds
    return _answer(503, "SlowDown", "Please reduce your request rate.", {})


def _answer(status: int, code: str, message: str, more: Mapping[str, str]) -> Response:
    elements = {"Code": code, "Message": message, **more, "RequestId": "SANDBOX"}
    body = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in elements.items())
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{body}</Error>'
    return Response(document, status, media_type="application/xml")

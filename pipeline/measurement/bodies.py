"""Bodies of requests from anybody, of which no more is read than may be."""

from starlette.requests import Request


async def body_of(request: Request, most: int) -> bytes | None:
    """None where it has more than `most` bytes."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            return None
    return bytes(body)

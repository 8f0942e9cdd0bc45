"""Conversions that shops send as they happen: `POST /conversions`, signed as Standard Webhooks 1.0.0 says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. A message counts for five
minutes. Heard again within them it changes nothing: a conversion is known by its source and id, and of two messages
about it, the one with the later `timestamp` holds, whichever comes first.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
import structlog
from pydantic import SecretStr, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pipeline.measurement.bodies import body_of
from pipeline.measurement.conversion_message import Message
from pipeline.store import conversions
from pipeline.store.conversions import ToldConversion
from pipeline.store.database import transaction
from pipeline.text import signing

log = structlog.get_logger(__name__)

TOLERANCE: Final = timedelta(minutes=5)
"""The specification's own libraries have the same."""
MOST_BYTES: Final = 1_000_000
_UNIX_SECONDS: Final = re.compile(r"[0-9]{1,12}")


class SecretError(ValueError):
    """The secret is not as the specification has it."""


class SignatureError(Exception):
    """The message is not from somebody who knows the secret, or not of now."""


def signing_keys(secret: SecretStr) -> list[bytes]:
    """The keys in the setting, parted by commas. Raises: SecretError."""
    return [_key(each.strip()) for each in secret.get_secret_value().split(",")]


def verify(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: datetime) -> None:
    """Raises: SignatureError."""
    identifier, moment, given = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not identifier or not _UNIX_SECONDS.fullmatch(moment):
        raise SignatureError("webhook-id or webhook-timestamp is missing")
    if abs(int(moment) - now.timestamp()) > TOLERANCE.total_seconds():
        raise SignatureError("webhook-timestamp is more than five minutes from now")
    expected = [signing.digest(key, identifier, moment, body) for key in keys]
    for each in given.split(" "):
        version, comma, signature = each.partition(",")
        if version == "v1" and comma and any(hmac.compare_digest(_decoded(signature), known) for known in expected):
            return
    raise SignatureError("no webhook-signature is by our secret")


def routes(engine: sa.Engine, secret: SecretStr | None, clock: Callable[[], datetime]) -> list[Route]:
    """Raises: SecretError."""
    keys = signing_keys(secret) if secret is not None else []

    async def take(request: Request) -> JSONResponse:
        if not keys:
            return _refusal(503, "PRESSROOM_CONVERSIONS_SECRET is not set: conversions are not taken over HTTP.")
        body = await body_of(request, MOST_BYTES)
        if body is None:
            return _refusal(413, f"A message has {MOST_BYTES:,} bytes at most.")
        try:
            verify(request.headers, body, keys, clock())
        except SignatureError as error:
            return _refusal(401, f"{error}.")
        sent_at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
        return await run_in_threadpool(_keep, engine, body, sent_at)

    return [Route("/conversions", take, methods=["POST"])]


def _keep(engine: sa.Engine, body: bytes, sent_at: datetime) -> JSONResponse:
    try:
        message = Message.model_validate(json.loads(body, parse_float=Decimal))
    except ValidationError as error:
        return _refusal(422, _told(error))
    except ValueError:  # of JSON or of its encoding
        return _refusal(400, "The body is not JSON.")
    with transaction(engine, "collector") as connection:
        posts = conversions.resolve_posts(connection, {each.post for each in message.conversions if each.post})
        told: list[ToldConversion] = []
        for each in message.conversions:
            if each.post is not None and each.post not in posts:
                return _refusal(422, f"There is no post {each.post}.")
            told.append(each.told(message.timestamp or sent_at, posts.get(each.post or "")))
        kept = conversions.keep(connection, told)
    log.info("conversions", added=kept.added, changed=kept.changed, unchanged=kept.unchanged)
    return JSONResponse({"added": kept.added, "changed": kept.changed, "unchanged": kept.unchanged})


def _refusal(status: int, why: str) -> JSONResponse:
    return JSONResponse({"error": why}, status_code=status, headers={"cache-control": "no-store"})


def _told(error: ValidationError) -> str:
    """What is wrong, without what was sent."""
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'message'}: {each['msg']}" for each in error.errors()[:5])


def _key(text: str) -> bytes:
    try:
        return signing.key_in(text)
    except ValueError as error:
        raise SecretError(f"PRESSROOM_CONVERSIONS_SECRET {error}") from None


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except ValueError:
        return b""

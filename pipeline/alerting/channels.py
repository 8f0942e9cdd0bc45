"""Where notices go: the log always, Slack or whatever takes its webhooks, and mail.

Each channel has outbox rows of its own, so that one which fails is tried again alone. A channel that isn't set up takes
its rows and says nothing: what happened before it was set up is not told afterwards.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final

import structlog

from pipeline.alerting import mail
from pipeline.alerting.notices import Notice, of_alert
from pipeline.distribution.relay import DeliveryError, Handler
from pipeline.settings import Settings
from pipeline.store.alerts import CHANNELS

log = structlog.get_logger(__name__)

Deliver = Callable[[Notice], None]
"""Tells one notice on one channel. Raises: DeliveryError."""

_TIMEOUT_SECONDS: Final = 10.0
_DEFAULT_WAIT: Final = timedelta(seconds=60)
_LONGEST_WAIT: Final = timedelta(hours=1)


def alert_handlers(settings: Settings) -> dict[str, Handler]:
    """For the relay: a handler for each topic of alerts and of the digest, whether its channel is set up or not."""
    ways = channels(settings)
    handlers: dict[str, Handler] = {}
    for channel in CHANNELS:
        deliver = ways.get(channel, _nobody)
        handlers[f"alert.{channel}"] = partial(_handle, deliver, of_alert)
        handlers[f"digest.{channel}"] = partial(_handle, deliver, _of_digest)
    return handlers


def channels(settings: Settings) -> dict[str, Deliver]:
    """The channels that are set up, by name."""
    ways: dict[str, Deliver] = {"log": _to_log}
    if settings.alert_webhook_url is not None:
        ways["slack"] = partial(_to_slack, settings.alert_webhook_url.get_secret_value())
    if settings.smtp_url is not None:
        ways["email"] = partial(mail.send, settings)
    return ways


def _handle(
    deliver: Deliver, read: Callable[[Mapping[str, Any]], Notice], _key: str, payload: Mapping[str, Any]
) -> None:
    deliver(read(payload))


def _of_digest(payload: Mapping[str, Any]) -> Notice:
    return Notice(**payload)


def _nobody(_notice: Notice) -> None:
    pass


def _to_log(notice: Notice) -> None:
    log.warning("alert", title=notice.title, text=notice.text)


def _to_slack(url: str, notice: Notice) -> None:
    import httpx

    text = f"*{_escaped(notice.title)}*\n{_escaped(notice.text)}"
    try:
        answer = httpx.post(url, json={"text": text}, timeout=_TIMEOUT_SECONDS, follow_redirects=False)
    except (httpx.RequestError, httpx.InvalidURL) as error:
        # `from None`, and the class alone: the address is a secret, and an exception may quote it.
        raise DeliveryError(f"the webhook can't be reached ({type(error).__name__})") from None
    if answer.is_success:
        return
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise DeliveryError("the webhook asks for patience (429)", retry_at=_retry_at(answer.headers))
    # 400: this message will never be taken. 403, 404 and 410 are about the address, which a person may correct.
    raise DeliveryError(
        f"the webhook answered {answer.status_code}", permanent=answer.status_code == httpx.codes.BAD_REQUEST
    )


def _escaped(text: str) -> str:
    """Slack's three characters of control; see "Formatting text for app surfaces" in its documentation."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _retry_at(headers: Mapping[str, str]) -> datetime:
    """Retry-After as seconds or a date (RFC 9110 §10.2.3), within reason."""
    now = datetime.now(UTC)
    said = headers.get("Retry-After", "")
    try:
        at = now + timedelta(seconds=int(said)) if said.isdigit() else parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        at = now + _DEFAULT_WAIT
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return min(max(at, now), now + _LONGEST_WAIT)

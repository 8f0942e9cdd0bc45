"""Notices as mail, over the SMTP server of `PRESSROOM_SMTP_URL`."""

import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, getaddresses, parseaddr
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import structlog

from pipeline.alerting.notices import Notice
from pipeline.distribution.relay import DeliveryError
from pipeline.settings import Settings

log = structlog.get_logger(__name__)

_TIMEOUT_SECONDS: Final = 15.0
_LONGEST_SUBJECT: Final = 150
_PORTS: Final = {"smtp": 587, "smtps": 465}


def send(settings: Settings, notice: Notice) -> None:
    """Raises: DeliveryError: the server did not take it, or it is not known whether it did."""
    message = compose(settings, notice)
    try:
        with _server(_address(settings)) as server:
            refused = server.send_message(message)
    except smtplib.SMTPResponseException as error:
        # The code alone: a server may repeat the name and more when it refuses a log-in.
        raise DeliveryError(f"the mail server answered {error.smtp_code} ({type(error).__name__})") from None
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryError(f"the mail server did not take it ({type(error).__name__})") from None
    if refused:
        log.warning("the mail server refused some of the recipients", recipients=sorted(refused))


def compose(settings: Settings, notice: Notice) -> EmailMessage:
    """The message. A notice that is sent twice keeps its Message-ID, and a mail reader shows it once.

    Raises:
        DeliveryError: nobody is named to send it to, or by.
    """
    recipients = [address for _, address in getaddresses([settings.alert_email_to or ""]) if "@" in address]
    name, sender = parseaddr(settings.alert_email_from)
    if not recipients:
        raise DeliveryError("PRESSROOM_ALERT_EMAIL_TO names nobody")
    if "@" not in sender:
        raise DeliveryError("PRESSROOM_ALERT_EMAIL_FROM is not an address")
    domain = sender.rpartition("@")[2]
    message = EmailMessage()
    message["Subject"] = _one_line(f"[Pressroom] {notice.title}")
    message["From"] = formataddr((name or "Pressroom", sender))
    message["To"] = ", ".join(recipients)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = _message_id(notice.id, domain)
    if notice.replies_to is not None:
        message["In-Reply-To"] = message["References"] = _message_id(notice.replies_to, domain)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notices in answer
    message.set_content(notice.text)
    if notice.html is not None:
        message.add_alternative(notice.html, subtype="html")
    return message


@contextmanager
def _server(address: SplitResult) -> Iterator[smtplib.SMTP]:
    """A session: encrypted and with a checked certificate wherever a password is sent.

    Without one, it is encrypted if the server offers it, whatever its certificate (RFC 7435): better than not at all.

    Raises:
        DeliveryError: a password is to be sent, and the server offers no encryption.
    """
    host, port = address.hostname or "", address.port or _PORTS[address.scheme]
    checked = ssl.create_default_context()
    if address.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_SECONDS, context=checked)
    else:
        server = smtplib.SMTP(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        server.ehlo_or_helo_if_needed()
        if address.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=checked if address.password else ssl._create_unverified_context())  # noqa: S323, SLF001 - see above
        elif address.scheme == "smtp" and address.password:
            raise DeliveryError("the mail server offers no encryption, and the password is not sent in the clear")
        if address.username and address.password:
            server.login(unquote(address.username), unquote(address.password))
        yield server
    finally:
        with suppress(smtplib.SMTPException, OSError):  # what was accepted is accepted, however the parting goes
            server.quit()


def _address(settings: Settings) -> SplitResult:
    """Raises: DeliveryError, which does not repeat the address: it may hold a password."""
    assert settings.smtp_url is not None
    try:
        address = urlsplit(settings.smtp_url.get_secret_value())
        usable = address.scheme in _PORTS and address.hostname and address.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise DeliveryError("PRESSROOM_SMTP_URL can't be read; it looks like smtp://user:password@mail.example.com:587")
    return address


def _message_id(notice_id: str, domain: str) -> str:
    return f"<{hashlib.sha256(notice_id.encode()).hexdigest()[:32]}@{domain}>"


def _one_line(text: str) -> str:
    """A header's value: a line break in it would begin another header."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1]}…"

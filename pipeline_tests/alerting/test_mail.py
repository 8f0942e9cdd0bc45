"""Mail as the server gets it."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pipeline.alerting import mail
from pipeline.alerting.notices import Notice
from pipeline.distribution.relay import DeliveryError
from pipeline_tests.alerting import smtp

NOTICE = Notice(id="alert 7", title="Not published: distribution 1f0c", text="It failed — see “show”.")


@pytest.fixture
def certificate(tmp_path):
    """For 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def encrypting(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with smtp.serving(smtp.MailServer(tls=context)) as server:
        yield server


@pytest.fixture
def mailing(configured):
    def settings(server, **values):
        return configured(
            **{
                "smtp_url": server.url,
                "alert_email_to": "desk@example.com",
                "alert_email_from": "pressroom@example.com",
                **values,
            }
        )

    return settings


def with_password(server):
    return server.url.replace("smtp://", "smtp://ada%40example.com:s%3Acret@")


def test_a_notice_arrives_as_it_was_written_at_everybody(mailing, mailbox):
    mail.send(mailing(mailbox, alert_email_to="desk@example.com, Ada <ada@example.com>"), NOTICE)
    (got,) = mailbox.mails
    assert got.get_content().strip() == NOTICE.text
    assert got["Subject"] == "[Pressroom] Not published: distribution 1f0c"
    assert got["From"] == "Pressroom <pressroom@example.com>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert [each.partition(">")[0] for each in mailbox.recipients] == ["TO:<desk@example.com", "TO:<ada@example.com"]


def test_the_same_notice_has_the_same_message_id_and_another_notice_another(mailing, mailbox):
    settings = mailing(mailbox)
    for notice in (NOTICE, NOTICE, Notice(id="alert 8", title="t", text="t")):
        mail.send(settings, notice)
    first, again, other = (got["Message-ID"] for got in mailbox.mails)
    assert first == again != other
    assert first.endswith("@example.com>")


def test_a_title_can_not_bring_a_header_of_its_own(mailing, mailbox):
    title = "A post\r\nBcc: everybody@example.com\r\n\r\nand a body\x00"
    mail.send(mailing(mailbox), Notice(id="1", title=title, text="t"))
    (got,) = mailbox.mails
    assert got["Bcc"] is None
    assert got["Subject"] == "[Pressroom] A post Bcc: everybody@example.com and a body"
    assert len(mailbox.recipients) == 1


def test_html_comes_with_the_text_beside_it(mailing, mailbox):
    mail.send(mailing(mailbox), Notice(id="1", title="t", text="plain", html="<p>rich</p>"))
    (got,) = mailbox.mails
    assert got.get_content_type() == "multipart/alternative"
    assert [part.get_content().strip() for part in got.iter_parts()] == ["plain", "<p>rich</p>"]


def test_a_password_goes_over_an_encrypted_connection_with_a_checked_certificate(
    mailing, encrypting, certificate, monkeypatch
):
    settings = mailing(encrypting, smtp_url=with_password(encrypting))
    with pytest.raises(DeliveryError, match="SSLCertVerificationError"):
        mail.send(settings, NOTICE)
    assert encrypting.logins == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    mail.send(settings, NOTICE)
    assert encrypting.logins == [("ada@example.com", "s:cret")]
    assert encrypting.encrypted == [True]


def test_a_password_is_never_sent_in_the_clear(mailing, mailbox):
    with pytest.raises(DeliveryError, match="not sent in the clear"):
        mail.send(mailing(mailbox, smtp_url=with_password(mailbox)), NOTICE)
    assert mailbox.logins == mailbox.mails == []


def test_without_a_password_any_encryption_that_is_offered_is_used(mailing, encrypting):
    mail.send(mailing(encrypting), NOTICE)
    assert encrypting.encrypted == [True]


@pytest.mark.parametrize(
    ("command", "answer", "told"),
    [
        ("MAIL", "451 later", "451"),
        ("RCPT", "550 nobody here", "SMTPRecipientsRefused"),
        ("DATA", "554 no", "554"),
        ("DATA", "hang up", "SMTPServerDisconnected"),
        ("EHLO", "hang up", "SMTPServerDisconnected"),
    ],
)
def test_a_server_that_does_not_take_it_is_asked_again_later(mailing, mailbox, command, answer, told):
    mailbox.refuse[command] = answer
    with pytest.raises(DeliveryError, match=told) as caught:
        mail.send(mailing(mailbox), NOTICE)
    assert not caught.value.permanent


def test_what_was_taken_is_sent_however_the_parting_goes(mailing, mailbox):
    mailbox.refuse["QUIT"] = "500 what?"
    mail.send(mailing(mailbox), NOTICE)
    mailbox.refuse["QUIT"] = "hang up"
    mail.send(mailing(mailbox), NOTICE)
    assert len(mailbox.mails) == 2


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"smtp_url": "http://user:secret@127.0.0.1"}, "PRESSROOM_SMTP_URL"),
        ({"smtp_url": "smtp://user:secret@127.0.0.1:port"}, "PRESSROOM_SMTP_URL"),
        ({"smtp_url": "smtp://user:secret@[::1"}, "PRESSROOM_SMTP_URL"),
        ({"smtp_url": "smtp://"}, "PRESSROOM_SMTP_URL"),
        ({"smtp_url": "smtp://127.0.0.1:9"}, "ConnectionRefusedError"),
        ({"alert_email_to": ""}, "PRESSROOM_ALERT_EMAIL_TO"),
        ({"alert_email_from": "nobody"}, "PRESSROOM_ALERT_EMAIL_FROM"),
    ],
)
def test_what_is_set_wrong_is_told_by_its_name_and_without_the_password(mailing, mailbox, values, told):
    with pytest.raises(DeliveryError, match=told) as caught:
        mail.send(mailing(mailbox, **values), NOTICE)
    assert "secret" not in str(caught.value)

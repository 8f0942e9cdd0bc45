"""Calls over TLS: only to a platform that proves who it is, and no longer than the deadline."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pipeline.platforms import transport
from pipeline.platforms.base import Account, NotSent
from pipeline.platforms.failures import CallError
from pipeline.platforms.http import Wire


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """For 127.0.0.1, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "platform.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    transport._tls.cache_clear()
    yield
    transport._tls.cache_clear()


@contextmanager
def platform(certificate: Path) -> Iterator[str]:
    """A server that answers one call over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def answer() -> None:
        taken, _ = listening.accept()
        with taken, suppress(OSError), context.wrap_socket(taken, server_side=True) as stream:
            stream.recv(65536)
            stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=answer)
        answering.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}/posts"
        answering.join()


def call(url: str, seconds: float = 5):
    return Wire(Account(key="test", platform="test", publish_config={}, timeout_seconds=seconds)).call("POST", url)


@pytest.mark.usefixtures("trusted")
def test_a_platform_whose_certificate_is_trusted_is_called(certificate: Path):
    with platform(certificate) as url:
        assert call(url).body == b"{}"


def test_a_platform_whose_certificate_is_not_trusted_gets_nothing(certificate: Path):
    with platform(certificate) as url, pytest.raises(CallError) as caught:
        call(url)
    assert isinstance(caught.value.outcome, NotSent)
    assert "certificate verify failed" in caught.value.error.message


def test_a_handshake_that_nobody_answers_was_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(CallError) as caught:
        call(f"https://127.0.0.1:{listening.getsockname()[1]}/", seconds=0.3)
    assert isinstance(caught.value.outcome, NotSent)
    assert caught.value.error.message == "no connection in time"

"""A mail server on loopback: as much of RFC 5321 as smtplib speaks, with STARTTLS and AUTH where it is told to."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """What it got, and how it behaves. `refuse`: the answer to a command, by its first word."""

    tls: ssl.SSLContext | None = None
    refuse: dict[str, str] = field(default_factory=dict)
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


class _Session(socketserver.BaseRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self.behaviour = self.server.behaviour
        self.encrypted = False
        self.file = self.request.makefile("rb")
        self.say("220 mail.test")
        while line := self.file.readline():
            command, _, rest = line.decode().strip().partition(" ")
            refusal = self.behaviour.refuse.get(command.upper())
            if refusal == "hang up":
                return
            if refusal:
                self.say(refusal)
            elif not self.answer(command.upper(), rest):
                return

    def answer(self, command: str, rest: str) -> bool:
        if command == "EHLO":
            offers = ["STARTTLS"] if self.behaviour.tls and not self.encrypted else []
            self.say("\r\n".join([f"250-{each}" for each in ["mail.test", *offers]] + ["250 AUTH PLAIN"]))
        elif command == "STARTTLS":
            assert self.behaviour.tls is not None
            self.say("220 go ahead")
            self.request = self.behaviour.tls.wrap_socket(self.request, server_side=True)
            self.file, self.encrypted = self.request.makefile("rb"), True
        elif command == "AUTH":
            _, name, password = base64.b64decode(rest.split()[1]).decode().split("\0")
            self.behaviour.logins.append((name, password))
            self.say("235 welcome")
        elif command == "RCPT":
            self.behaviour.recipients.append(rest)
            self.say("250 ok")
        elif command == "DATA":
            self.say("354 go on")
            lines = iter(self.file.readline, b".\r\n")
            text = b"".join(line.removeprefix(b".") for line in lines)  # RFC 5321 §4.5.2
            mail = message_from_bytes(text, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            self.behaviour.mails.append(mail)
            self.behaviour.encrypted.append(self.encrypted)
            self.say("250 taken")
        elif command == "QUIT":
            self.say("221 bye")
            return False
        else:
            self.say("250 ok")
        return True

    def say(self, line: str) -> None:
        self.request.sendall(line.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    behaviour: MailServer

    def handle_error(self, request, client_address) -> None:
        """A client that refuses our certificate ends the session; that is its right."""


@contextmanager
def serving(behaviour: MailServer) -> Iterator[MailServer]:
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.behaviour = behaviour
        behaviour.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield behaviour
        finally:
            server.shutdown()
            thread.join()

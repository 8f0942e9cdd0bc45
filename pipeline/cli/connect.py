"""`pressroom accounts connect`: the platform's own log-in page, and what comes back from it."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from pipeline.cli.console import engine, fail, name_values, out
from pipeline.cli.secrets import secret_keys

if TYPE_CHECKING:
    from pipeline.distribution.connecting import Connecting
    from pipeline.distribution.secret_keys import SecretKeys
    from pipeline.platforms.base import Adapter

_PATIENCE_SECONDS: Final = 600
_DONE: Final = "<!doctype html><html lang=en><meta charset=utf-8><title>Pressroom</title><p>{}</p>"


def connect(
    platform: Annotated[str, typer.Argument(help="Its name, such as youtube.")],
    *,
    name: Annotated[
        str | None, typer.Option(help="What to keep the credentials as: db:NAME. Default: PLATFORM.")
    ] = None,
    config: Annotated[
        list[str] | None, typer.Option(help="A setting of the account, NAME=VALUE; may be repeated.")
    ] = None,
    scopes: Annotated[
        str | None, typer.Option(help="What to ask for in place of the usual, with spaces between.")
    ] = None,
    port: Annotated[int, typer.Option(help="Where the answer comes; the platform must know this address.")] = 8765,
    paste: Annotated[
        bool, typer.Option("--paste", help="On another machine than the browser's: paste the address you end at.")
    ] = False,
) -> None:
    """Ask an account's owner on the platform's own page; what comes back is kept encrypted, and renewed before it ends.

    The app's client id and secret are asked for, or taken from db:NAME where they are known. Run it again to connect
    anew: accounts that name db:NAME use it at once.
    """
    from pipeline.distribution.connecting import ConnectError, Connecting, oauth_of
    from pipeline.platforms.registry import UnknownPlatformError, adapter_class

    keys = secret_keys()
    try:
        adapter = adapter_class(platform)
    except UnknownPlatformError as error:
        fail(str(error))
    publish_config = name_values(config or [])
    oauth = oauth_of(adapter, publish_config)
    if oauth is None:
        fail(f"{adapter.title} needs no connecting: keep its credentials with pressroom secrets set {name or platform}")
    if scopes is not None:
        oauth = replace(oauth, scopes=tuple(scopes.split()))
    kept = name or platform
    connecting = Connecting(oauth, _client(kept), f"http://127.0.0.1:{port}/callback")
    out.print("Open this, and say yes as the account's owner:", highlight=False)
    out.print(connecting.link, highlight=False, soft_wrap=True, markup=False)
    try:
        address = _pasted() if paste or not oauth.loopback else _called_back(connecting, port)
        credentials = connecting.finish(address)
    except ConnectError as error:
        fail(escape(str(error)))
    _keep(kept, json.dumps(credentials), keys)
    out.print(
        f"Connected: {_who(adapter, credentials, publish_config)}. Kept as db:{kept}", highlight=False, soft_wrap=True
    )
    _tell_next(platform, kept)


def _client(name: str) -> Mapping[str, str]:
    """The app's own credentials: those of an earlier time, else what is typed."""
    from pipeline.distribution.credentials import CredentialsAwayError, CredentialsError, Keepers, resolve

    try:
        known = resolve(f"db:{name}", Keepers(engine(), secret_keys()))
    except (CredentialsError, CredentialsAwayError):
        known = {}
    asked = {"client_id": ("The app's client id", False), "client_secret": ("Its client secret", True)}
    return {
        field: known.get(field) or typer.prompt(text, hide_input=hidden, err=True)
        for field, (text, hidden) in asked.items()
    }


def _pasted() -> str:
    return str(typer.prompt("The address you were sent to, whole", err=True))


def _called_back(connecting: "Connecting", port: int) -> str:
    """The address that the browser comes back to this machine with; anything else that calls is answered 404."""
    addresses: list[str] = []

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ours = self.path.startswith("/callback?") and connecting.is_ours(self.path)
            if ours:
                addresses.append(self.path)
            text = _DONE.format("Back to the terminal: you can close this page." if ours else "Nothing is here.")
            self.send_response(200 if ours else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """The address holds the code."""

    try:
        server = HTTPServer(("127.0.0.1", port), Callback)
    except OSError as error:
        fail(f"Port {port} can't be listened at: {error.strerror}. Give another with --port.")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    server.timeout = 1
    with server:
        while not addresses:
            if time.monotonic() > deadline:
                fail("Nobody came back within ten minutes. Nothing was kept.")
            server.handle_request()
    return addresses[0]


def _keep(name: str, text: str, keys: "SecretKeys") -> None:
    from pipeline.store import secrets
    from pipeline.store.database import transaction

    with transaction(engine(), "pressroom accounts connect") as connection:
        secrets.put(connection, name, keys.encrypt(text))


def _who(adapter: "type[Adapter]", credentials: Mapping[str, str], publish_config: Mapping[str, object]) -> str:
    """Whom they speak for, as far as the platform tells with no more settings than were given."""
    from pipeline.platforms.base import Account, PlatformUnavailableError

    account = Account("connecting", adapter.name, publish_config, credentials=credentials)
    try:
        identity = adapter(account).whoami()
    except (PlatformUnavailableError, ValueError):
        return adapter.title
    missing = f", which lacks {', '.join(identity.missing_scopes)}" if identity.missing_scopes else ""
    return escape(f"{identity.name}{missing}")


def _tell_next(platform: str, name: str) -> None:
    from pipeline.store.accounts import all_accounts

    with engine().connect() as connection:
        users = [row.account_key for row in all_accounts(connection) if row.credentials_secret_id == f"db:{name}"]
    for key in users:
        out.print(f"{key} uses it from now on. Was it paused? pressroom accounts resume {key}", highlight=False)
    if not users:
        out.print(f"Now: pressroom accounts add KEY {platform} --credentials db:{name}", highlight=False)

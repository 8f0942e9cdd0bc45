"""The calls of one account to its server, which an app password lets in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pipeline.platforms.base import Account, NotSent, PlatformError
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import Answer, Wire, as_object
from pipeline.vocabulary import ErrorKind

SERVER: Final = "https://bsky.social"


class Session:
    """An account on its server, let in by its app password; good for two hours."""

    def __init__(self, account: Account) -> None:
        """Raises: CallError: it was not let in."""
        login = {
            "identifier": required(account, account.credentials, "identifier"),
            "password": required(account, account.credentials, "app_password"),
        }
        self._address = f"{str(account.publish_config.get('base_url') or SERVER).rstrip('/')}/xrpc"
        begin = f"{self._address}/com.atproto.server.createSession"
        about = as_object(Wire(account).call("POST", begin, json=login).json())
        self.did, token = str(about.get("did")), str(about.get("accessJwt"))
        if "did" not in about or "accessJwt" not in about:
            raise garbled("the answer is no session")
        if about.get("active") is False:
            message = f"the account is {about.get('status') or 'not active'}"
            raise CallError(NotSent(PlatformError(ErrorKind.AUTH, message, code="inactive")))
        self._headers = {"Authorization": f"Bearer {token}"}
        self._wire = Wire(replace(account, credentials={**account.credentials, "session": token}))

    def call(self, method: str, procedure: str, *, headers: Mapping[str, str] | None = None, **request: Any) -> Answer:
        """Raises: CallError."""
        try:
            return self._wire.call(
                method, f"{self._address}/{procedure}", headers={**self._headers, **(headers or {})}, **request
            )
        except CallError as failure:
            raise _understood(failure) from None


def _understood(failure: CallError) -> CallError:
    """Refusals of the session come as bad requests, and are not about what was asked."""
    match failure.error.code:
        case "ExpiredToken":
            return CallError(NotSent(replace(failure.error, kind=ErrorKind.UNAVAILABLE)), failure.payload)
        case "InvalidToken":
            return CallError(failure.as_unauthorised(), failure.payload)
    return failure

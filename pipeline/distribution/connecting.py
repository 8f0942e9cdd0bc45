"""Connecting an account: its owner is asked in a browser, and what the platform sends back becomes credentials."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from pipeline.platforms.base import Adapter
from pipeline.platforms.oauth import OAuth, authorize_link
from pipeline.platforms.offer import OAUTH_URL
from pipeline.platforms.tokens import TokenError, exchange


def oauth_of(adapter: type[Adapter], publish_config: Mapping[str, object]) -> OAuth | None:
    """How an account with these settings is connected; None where its platform connects none."""
    elsewhere = publish_config.get(OAUTH_URL.name)
    return adapter.oauth.under(str(elsewhere)) if adapter.oauth is not None and elsewhere else adapter.oauth


class ConnectError(Exception):
    """The account was not connected; the message says why, without a secret. Nothing was kept."""


@dataclass(frozen=True, slots=True)
class Connecting:
    """One try: `state` and `verifier` tie the answer to the question (RFC 6749, 10.12; RFC 7636)."""

    oauth: OAuth
    client: Mapping[str, str] = field(repr=False)
    redirect_uri: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    @property
    def link(self) -> str:
        """Where the account's owner says yes."""
        client_id = self.client["client_id"]
        return authorize_link(self.oauth, client_id, self.redirect_uri, state=self.state, verifier=self.verifier)

    def is_ours(self, address: str) -> bool:
        """Whether the address that the browser was sent to answers this question."""
        return hmac.compare_digest(_told(address, "state").encode(), self.state.encode())

    def finish(self, address: str) -> dict[str, str]:
        """The credentials, from the address that the browser was sent to.

        Raises:
            ConnectError: the owner said no, the answer is not to our question, or no token came.
        """
        if not self.is_ours(address):
            raise ConnectError("The answer is not to this question; begin again.")
        if refusal := _told(address, "error"):
            described = _told(address, "error_description")
            raise ConnectError(f"The platform did not connect it: {refusal}{described and f' ({described})'}.")
        if not (code := _told(address, "code")):
            raise ConnectError("The answer holds no code; begin again.")
        try:
            return exchange(self.oauth, self.client, code, self.redirect_uri, self.verifier)
        except TokenError as error:
            raise ConnectError(f"The platform gave no token: {error}.") from None


def _told(address: str, name: str) -> str:
    return parse_qs(urlsplit(address).query).get(name, [""])[0]

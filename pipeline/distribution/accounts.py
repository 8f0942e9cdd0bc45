"""From an account's row to an adapter that can speak for it."""

from collections.abc import Callable, Mapping
from functools import partial

import sqlalchemy as sa

from pipeline.distribution.connecting import oauth_of
from pipeline.distribution.credentials import CredentialsAwayError, CredentialsError, Keepers, resolve
from pipeline.distribution.own_pages import own_origins
from pipeline.distribution.renewal import current
from pipeline.platforms.base import Account, Adapter
from pipeline.platforms.media.source import MediaSource
from pipeline.platforms.registry import UnknownPlatformError, adapter_class, open_adapter
from pipeline.store.accounts import AccountRow, all_accounts
from pipeline.vocabulary import AccountState

AdapterFactory = Callable[[AccountRow], Adapter]


class AccountUnusableError(Exception):
    """The account can't be used as it is set up (settings, credentials); the message says what to mend, no secret.

    `passes`: nothing is to be mended at the account; what keeps its credentials does not answer just now.
    """

    def __init__(self, message: str, *, passes: bool = False) -> None:
        super().__init__(message)
        self.passes = passes


def adapter_factory(keepers: Keepers, *, timeout_seconds: float) -> AdapterFactory:
    """Opens an account's adapter with its credentials, which are resolved each time and kept nowhere.

    Media come from public addresses, and from our own site's. The factory raises AccountUnusableError, which means that
    nothing was sent.
    """
    media = MediaSource(partial(own_origins, keepers.engine)) if keepers.engine else MediaSource()

    def open_account(row: AccountRow) -> Adapter:
        try:
            credentials = resolve(row.credentials_secret_id, keepers)
            if credentials and (oauth := oauth_of(adapter_class(row.name), row.publish_config)) is not None:
                reference = row.credentials_secret_id or ""
                credentials = current(reference, credentials, oauth, keepers, timeout_seconds=timeout_seconds)
        except (CredentialsError, UnknownPlatformError) as error:
            raise AccountUnusableError(str(error)) from None
        except CredentialsAwayError as error:
            raise AccountUnusableError(str(error), passes=True) from None
        account = Account(
            key=row.account_key,
            platform=row.name,
            publish_config=row.publish_config,
            account_id=row.account_id,
            credentials=credentials,
            timeout_seconds=timeout_seconds,
            media=media,
        )
        try:
            return open_adapter(account)
        except (UnknownPlatformError, ValueError) as error:
            raise AccountUnusableError(str(error)) from error

    return open_account


def open_all(engine: sa.Engine, open_adapter: AdapterFactory) -> Mapping[str, str]:
    """Open each active account, which renews its tokens where they end soon; why one can't be, by its key."""
    with engine.connect() as connection:
        rows = [row for row in all_accounts(connection) if row.state == AccountState.ACTIVE]
    unusable = {}
    for row in rows:
        try:
            open_adapter(row)
        except AccountUnusableError as error:
            unusable[row.account_key] = str(error)
    return unusable


def without_credentials(row: AccountRow) -> Adapter:
    """The account's adapter, for what it answers without I/O. Raises: UnknownPlatformError, ValueError."""
    return open_adapter(Account(row.account_key, row.name, row.publish_config, row.account_id))

"""When accounts' credentials end, as far as those tell that keep them. Nobody is asked, and nothing is renewed."""

from datetime import datetime

import sqlalchemy as sa

from pipeline.distribution.connecting import oauth_of
from pipeline.distribution.credentials import CredentialsAwayError, CredentialsError, Keepers, resolve
from pipeline.platforms.oauth import expiry, is_renewable
from pipeline.platforms.registry import UnknownPlatformError, adapter_class
from pipeline.store.accounts import AccountRow, all_accounts
from pipeline.vocabulary import AccountState


def endings(engine: sa.Engine, keepers: Keepers) -> dict[str, datetime | str]:
    """By the active accounts' keys: when their credentials end, or why they can't be read.

    Left out: credentials without an end, and those that are renewed before it without a person.
    """
    with engine.connect() as connection:
        accounts = [account for account in all_accounts(connection) if account.state == AccountState.ACTIVE]
    found = {account.account_key: _ending(account, keepers) for account in accounts}
    return {key: ending for key, ending in found.items() if ending is not None}


def _ending(account: AccountRow, keepers: Keepers) -> datetime | str | None:
    try:
        credentials = resolve(account.credentials_secret_id, keepers)
        oauth = oauth_of(adapter_class(account.name), account.publish_config)
    except (CredentialsError, CredentialsAwayError, UnknownPlatformError) as error:
        return str(error)
    return None if oauth is not None and is_renewable(oauth, credentials) else expiry(credentials)

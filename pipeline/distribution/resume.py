"""A paused account sends again, once its credentials are known to work."""

import sqlalchemy as sa

from pipeline.distribution.accounts import AccountUnusableError, AdapterFactory
from pipeline.platforms.base import PlatformUnavailableError
from pipeline.store import accounts, alerts
from pipeline.store.accounts import AccountRow
from pipeline.store.database import transaction
from pipeline.vocabulary import AlertKind


class ResumeError(Exception):
    """The account stays as it is; the message says why and what to do."""


def resume_account(
    engine: sa.Engine, open_adapter: AdapterFactory, account_key: str, actor: str, *, unchecked: bool = False
) -> str | None:
    """Ask the platform who we are, by a call without effect, and make the account active; returns its name there.

    `unchecked` leaves the question out and returns None: the first post will tell, and pause it again if refused.

    Raises:
        ResumeError: the credentials are refused or may not publish, or nobody could tell whether they are.
        UnknownAccountError: no account has that key.
    """
    with engine.connect() as connection:
        row = accounts.get(connection, account_key)
    name = None if unchecked else _ask(open_adapter, row)
    with transaction(engine, actor) as connection:
        accounts.lock(connection, row.id)
        accounts.resume(connection, row.id)
        alerts.resolve(connection, AlertKind.PAUSED, f"account {account_key}")
    return name


def _ask(open_adapter: AdapterFactory, row: AccountRow) -> str:
    try:
        identity = open_adapter(row).whoami()
    except (AccountUnusableError, PlatformUnavailableError) as error:
        reason = str(error)
    else:
        if not identity.missing_scopes:
            return identity.name
        reason = f"the credentials of {identity.name} lack a permission: {', '.join(identity.missing_scopes)}"
    raise ResumeError(f"{row.account_key} stays {row.state}: {reason}. Mend that first, or resume it unchecked.")

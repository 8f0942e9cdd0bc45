"""Tokens renewed before they end, by one process at a time, and kept in one step."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa
import structlog

from pipeline.distribution.credentials import CredentialsAwayError, CredentialsError, Keepers, resolve
from pipeline.platforms.oauth import OAuth, expiry, is_renewable
from pipeline.platforms.tokens import TokenError, renew
from pipeline.store import secrets

log = structlog.get_logger(__name__)

_KEPT: Final = "db:"


def current(
    reference: str, credentials: Mapping[str, str], oauth: OAuth, keepers: Keepers, *, timeout_seconds: float
) -> Mapping[str, str]:
    """Credentials that hold now: newer ones where those given end soon. Only what is kept as db:NAME is renewed.

    While one process renews them, the others go on with those that still hold. An attempt that fails leaves them as
    they are.

    Raises:
        CredentialsError: they have ended, and the platform renews them no more.
        CredentialsAwayError: they have ended, and newer ones can't be had just now.
    """
    if not reference.startswith(_KEPT) or not _is_due(oauth, credentials):
        return credentials
    assert keepers.engine is not None, "db: was resolved"
    name = reference.removeprefix(_KEPT)
    with _alone(keepers.engine, name, wait=_has_ended(credentials)) as connection:
        if connection is None:
            return credentials
        credentials = resolve(reference, keepers)  # somebody may have been faster
        if not _is_due(oauth, credentials):
            return credentials
        try:
            renewed = renew(oauth, credentials, timeout_seconds=timeout_seconds)
        except TokenError as error:
            return _kept_on(name, credentials, error)
        assert keepers.keys is not None, "db: was decrypted"
        secrets.put(connection, name, keepers.keys.encrypt(json.dumps(renewed)))
        log.info("credentials_renewed", name=name, until=renewed.get("expires_at"))
        return renewed


def _is_due(oauth: OAuth, credentials: Mapping[str, str]) -> bool:
    end = expiry(credentials)
    return end is not None and is_renewable(oauth, credentials) and datetime.now(UTC) >= end - oauth.renew_before


def _has_ended(credentials: Mapping[str, str]) -> bool:
    end = expiry(credentials)
    return end is not None and end <= datetime.now(UTC)


def _kept_on(name: str, credentials: Mapping[str, str], error: TokenError) -> Mapping[str, str]:
    """Those that still hold. Raises: CredentialsError, CredentialsAwayError."""
    log.warning("credentials_not_renewed", name=name, ended=error.ended, error=str(error))
    if not _has_ended(credentials):
        return credentials
    if error.ended:
        raise CredentialsError(
            f"The platform renews the credentials db:{name} no more ({error}). Connect the account again: "
            f"pressroom accounts connect PLATFORM --name {name}"
        )
    raise CredentialsAwayError(f"The credentials db:{name} have ended, and can't be renewed just now: {error}.")


@contextmanager
def _alone(engine: sa.Engine, name: str, *, wait: bool) -> Iterator[sa.Connection | None]:
    """A connection that alone may renew these credentials; None where another does and we need not `wait`.

    The lock is the session's: a transaction would stay open while the platform is asked.
    """
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not secrets.lock(connection, name, wait=wait):
                yield None
                return
            try:
                yield connection
            finally:
                secrets.unlock(connection, name)
    except sa.exc.DBAPIError as error:
        raise CredentialsAwayError(f"The database did not let us renew the credentials db:{name}.") from error

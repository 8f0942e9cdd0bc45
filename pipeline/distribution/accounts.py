"""From an account's row to an adapter that can speak for it: the one place where credentials are resolved."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from pipeline.platforms.base import Account, Adapter
from pipeline.platforms.registry import UnknownPlatformError, open_adapter
from pipeline.store.accounts import AccountRow

AdapterFactory = Callable[[AccountRow], Adapter]


class AccountUnusableError(Exception):
    """The account can't be used as it is set up (settings, credentials); the message says what to mend, no secret."""


def resolve_credentials(reference: str | None) -> dict[str, str]:
    """The secret behind a reference.

    `env:NAME` and `file:PATH` hold a JSON object; `sandbox:PLATFORM` is what the sandbox accepts; None is for
    accounts that need none (the site).

    Raises:
        AccountUnusableError: it is not there, or not a JSON object of strings.
    """
    if reference is None:
        return {}
    scheme, _, name = reference.partition(":")
    if scheme == "env":
        if name not in os.environ:
            raise AccountUnusableError(
                f"The environment variable {name} is not set (the account's credentials are {reference})."
            )
        return _parse(os.environ[name], reference)
    if scheme == "file":
        try:
            return _parse(Path(name).read_text(encoding="utf-8"), reference)
        except OSError as error:
            raise AccountUnusableError(
                f"The credentials' file can't be read ({reference}): {error.strerror}."
            ) from None
    if scheme == "sandbox":
        from pipeline.sandbox.credentials import BY_PLATFORM

        if name in BY_PLATFORM:
            return dict(BY_PLATFORM[name])
    raise AccountUnusableError(f"{reference!r} is not a reference to credentials; it looks like env:NAME or file:PATH.")


def _parse(text: str, reference: str) -> dict[str, str]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        # `from None` and no excerpt: the text is the secret.
        raise AccountUnusableError(f"{reference} does not hold a JSON object of strings.") from None
    return value


def adapter_factory(*, timeout_seconds: float) -> AdapterFactory:
    """Opens an account's adapter with its credentials.

    The factory raises AccountUnusableError, which means that nothing was sent.
    """

    def open_account(row: AccountRow) -> Adapter:
        account = Account(
            key=row.account_key,
            platform=row.name,
            publish_config=row.publish_config,
            account_id=row.account_id,
            credentials=resolve_credentials(row.credentials_secret_id),
            timeout_seconds=timeout_seconds,
        )
        try:
            return open_adapter(account)
        except (UnknownPlatformError, ValueError) as error:
            raise AccountUnusableError(str(error)) from error

    return open_account

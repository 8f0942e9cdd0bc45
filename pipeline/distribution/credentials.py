"""From a reference to the credentials behind it. Nothing here is kept, logged, or quoted in an error."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from pipeline.distribution.secret_keys import SecretKeyError, SecretKeys
from pipeline.settings import Settings
from pipeline.store import secrets


class CredentialsError(Exception):
    """What the reference names is not there, or not credentials; the message says what to mend, no secret."""


class CredentialsAwayError(Exception):
    """What keeps them does not answer just now. Nothing is wrong with the account."""


@dataclass(frozen=True, slots=True)
class Vault:
    """HashiCorp Vault or OpenBao: its address, and the token that may read the paths."""

    address: str
    token: str


@dataclass(frozen=True, slots=True)
class Keepers:
    """Who keeps credentials besides the environment and files. None: not set up."""

    engine: sa.Engine | None = None
    keys: SecretKeys | None = None
    vault: Vault | None = None

    @classmethod
    def from_settings(cls, settings: Settings, engine: sa.Engine) -> "Keepers":
        """Raises: SecretKeyError."""
        keys = settings.secret_keys and SecretKeys(settings.secret_keys.get_secret_value())
        token = settings.vault_token
        vault = Vault(settings.vault_addr, token.get_secret_value()) if settings.vault_addr and token else None
        return cls(engine, keys or None, vault)


def resolve(reference: str | None, keepers: Keepers) -> Mapping[str, str]:
    """The credentials behind a reference; none for None (the site).

    `env:NAME` and `file:PATH` hold a JSON object of strings; so does what `pressroom secrets set NAME` keeps encrypted
    for `db:NAME`. `vault:PATH` is a secret of a key/value engine, of either version. `sandbox:PLATFORM` is what the
    sandbox takes.

    Raises:
        CredentialsError: not there, or not a JSON object of strings.
        CredentialsAwayError: the database or the vault did not answer.
    """
    if reference is None:
        return {}
    scheme, _, name = reference.partition(":")
    read = _SCHEMES.get(scheme)
    if read is None or not name:
        raise CredentialsError(
            f"{reference!r} is not a reference to credentials; it looks like {', '.join(f'{s}:…' for s in _SCHEMES)}."
        )
    return _checked(read(name, keepers), reference)


def parse(text: str, reference: str) -> Mapping[str, str]:
    """Raises: CredentialsError: not a JSON object of strings."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return _checked(value, reference)


def _checked(value: object, reference: str) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        # Without an excerpt: it is the secret.
        raise CredentialsError(f"{reference} does not hold a JSON object of strings.")
    return value


def _from_environment(name: str, _: Keepers) -> object:
    if name not in os.environ:
        raise CredentialsError(f"The environment variable {name} is not set, and the account's credentials are in it.")
    return parse(os.environ[name], f"env:{name}")


def _from_file(name: str, _: Keepers) -> object:
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise CredentialsError(f"The credentials' file {name} can't be read: {why}.") from None
    return parse(text, f"file:{name}")


def _from_database(name: str, keepers: Keepers) -> object:
    if keepers.engine is None:
        raise CredentialsError(f"The credentials db:{name} are in the database, which is not at hand here.")
    if keepers.keys is None:
        raise CredentialsError(f"The credentials db:{name} are encrypted, and PRESSROOM_SECRET_KEYS is not set.")
    try:
        with keepers.engine.connect() as connection:
            ciphertext = secrets.get(connection, name)
    except sa.exc.DBAPIError as error:
        raise CredentialsAwayError(f"The database did not give the credentials db:{name}.") from error
    if ciphertext is None:
        raise CredentialsError(f"There are no credentials db:{name}. Keep them: pressroom secrets set {name}")
    try:
        return parse(keepers.keys.decrypt(ciphertext), f"db:{name}")
    except SecretKeyError as error:
        raise CredentialsError(f"The credentials db:{name} can't be read: {error}") from None


def _from_vault(path: str, keepers: Keepers) -> object:
    if keepers.vault is None:
        raise CredentialsError(f"The credentials are vault:{path}, and VAULT_ADDR and VAULT_TOKEN are not both set.")
    import httpx

    try:
        answer = httpx.get(
            f"{keepers.vault.address.rstrip('/')}/v1/{path}",
            headers={"X-Vault-Token": keepers.vault.token, "X-Vault-Request": "true"},
            timeout=10,
        )
    except httpx.HTTPError as error:
        raise CredentialsAwayError(f"The vault could not be asked for {path}: {type(error).__name__}.") from None
    if answer.status_code in (403, 404):
        raise CredentialsError(f"The vault gives nothing at {path}: it answered {answer.status_code}.")
    if not answer.is_success:
        raise CredentialsAwayError(f"The vault did not give {path}: it answered {answer.status_code}.")
    try:
        held = answer.json()["data"]
        # Version 2 of the engine wraps what version 1 answers: developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
        return held["data"] if set(held) == {"data", "metadata"} else held
    except (ValueError, KeyError, TypeError):
        raise CredentialsAwayError(f"The vault's answer for {path} is not the secret.") from None


def _from_sandbox(platform: str, _: Keepers) -> object:
    from pipeline.sandbox.analytics import STAND_INS
    from pipeline.sandbox.registry import find_stand_in

    stand_in = find_stand_in(platform) or STAND_INS.get(platform)
    if stand_in is None:
        raise CredentialsError(f"The sandbox has no stand-in for {platform!r}.")
    return dict(stand_in.credentials)


_SCHEMES: Mapping[str, Callable[[str, Keepers], object]] = {
    "env": _from_environment,
    "file": _from_file,
    "db": _from_database,
    "vault": _from_vault,
    "sandbox": _from_sandbox,
}

"""From a reference to credentials: each keeper, and what happens when it has none or does not answer."""

import json

import pytest
import sqlalchemy as sa

from pipeline.distribution.accounts import adapter_factory
from pipeline.distribution.credentials import CredentialsAwayError, CredentialsError, Keepers, Vault, resolve
from pipeline.distribution.publish import publish_due
from pipeline.distribution.secret_keys import SecretKeyError, SecretKeys
from pipeline.store import secrets, tables
from pipeline_tests import factories
from pipeline_tests.distribution.platform import NO_LOOK_AHEAD
from pipeline_tests.web import serve

PASSWORD = "sesame-opens-7"
CREDENTIALS = {"username": "editor", "application_password": PASSWORD}
NOBODY = "postgresql+psycopg://nobody@127.0.0.1:1/none"


def kept(engine, name, credentials=CREDENTIALS, keys=None):
    """Keepers that know these credentials as db:NAME."""
    keys = keys or SecretKeys(SecretKeys.new())
    with engine.begin() as connection:
        secrets.put(connection, name, keys.encrypt(json.dumps(credentials)))
    return Keepers(engine, keys)


def test_credentials_come_from_the_environment_a_file_and_the_database(engine, monkeypatch, tmp_path):
    monkeypatch.setenv("BLOG", json.dumps(CREDENTIALS))
    (tmp_path / "blog.json").write_text(json.dumps(CREDENTIALS))
    keepers = kept(engine, "blog")
    for reference in ("env:BLOG", f"file:{tmp_path / 'blog.json'}", "db:blog"):
        assert resolve(reference, keepers) == CREDENTIALS
    assert resolve(None, keepers) == {}


@pytest.mark.parametrize(
    "data", [CREDENTIALS, {"data": CREDENTIALS, "metadata": {"version": 3}}], ids=["version 1", "version 2"]
)
def test_credentials_come_from_a_vault_of_either_version(data):
    asked = []

    def answer(request):
        asked.append((request.path, request.headers["X-Vault-Token"]))
        return 200, {}, json.dumps({"data": data}).encode()

    with serve(answer) as address:
        assert resolve("vault:secret/data/blog", Keepers(vault=Vault(address, "token"))) == CREDENTIALS
    assert asked == [("/v1/secret/data/blog", "token")]


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("env:NOT_THERE", "NOT_THERE is not set"),
        ("file:/nowhere/blog.json", "can't be read"),
        ("db:nothing", "pressroom secrets set nothing"),
        ("vault:secret/blog", "VAULT_ADDR"),
        ("sandbox:pigeon", "no stand-in"),
        ("password", "not a reference"),
        ("env:", "not a reference"),
    ],
)
def test_a_reference_to_nothing_says_what_to_mend(engine, reference, told):
    with pytest.raises(CredentialsError, match=told):
        resolve(reference, Keepers(engine, SecretKeys(SecretKeys.new())))


@pytest.mark.parametrize("text", [PASSWORD, json.dumps([PASSWORD]), json.dumps({"password": [PASSWORD]})])
def test_what_is_no_json_object_of_strings_is_refused_and_not_quoted(monkeypatch, text):
    monkeypatch.setenv("BLOG", text)
    with pytest.raises(CredentialsError) as refused:
        resolve("env:BLOG", Keepers())
    assert PASSWORD not in str(refused.value)


def test_what_the_database_holds_is_encrypted_and_needs_its_key(engine):
    keepers = kept(engine, "blog")
    with engine.connect() as connection:
        (row,) = secrets.all_secrets(connection)
    assert PASSWORD.encode() not in row.ciphertext
    for keys in (None, SecretKeys(SecretKeys.new())):
        with pytest.raises(CredentialsError, match="PRESSROOM_SECRET_KEYS"):
            resolve("db:blog", Keepers(engine, keys))
    assert PASSWORD not in repr(keepers)


def test_credentials_of_an_older_key_are_read_until_they_are_rotated(engine):
    old, new = SecretKeys.new(), SecretKeys.new()
    kept(engine, "blog", keys=SecretKeys(old))
    assert resolve("db:blog", Keepers(engine, SecretKeys(f"{new}, {old}"))) == CREDENTIALS


def test_a_key_that_is_none_is_refused_and_not_quoted():
    with pytest.raises(SecretKeyError) as refused:
        SecretKeys(PASSWORD)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_vault_that_does_not_answer_is_away_and_not_without_the_credentials(status):
    with serve(lambda _: (status, {}, b"")) as address, pytest.raises(CredentialsAwayError):
        resolve("vault:secret/blog", Keepers(vault=Vault(address, "token")))
    with pytest.raises(CredentialsAwayError):
        resolve("vault:secret/blog", Keepers(vault=Vault("http://127.0.0.1:1", "token")))


def test_a_database_that_does_not_answer_is_away_and_not_without_the_credentials():
    nowhere = sa.create_engine(NOBODY, connect_args={"connect_timeout": 1})
    with pytest.raises(CredentialsAwayError):
        resolve("db:blog", Keepers(nowhere, SecretKeys(SecretKeys.new())))


def test_a_vault_that_is_away_puts_a_post_off_and_never_pauses_its_account(engine):
    with engine.begin() as connection:
        account = factories.account(connection, credentials_secret_id="vault:secret/blog")
        waiting = factories.distribution(connection, account)
    keepers = Keepers(vault=Vault("http://127.0.0.1:1", "token"))
    publish_due(engine, adapter_factory(keepers, timeout_seconds=5), NO_LOOK_AHEAD, worker="w")
    row = factories.row_of(engine, waiting)
    assert (row.status, row.retry_count) == ("scheduled", 1)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(tables.platforms.c.state)) == "active"


def test_credentials_that_are_not_there_pause_the_account_and_lose_nothing(engine):
    with engine.begin() as connection:
        account = factories.account(connection, credentials_secret_id="env:NOT_THERE")
        waiting = factories.distribution(connection, account)
    publish_due(engine, adapter_factory(Keepers(), timeout_seconds=5), NO_LOOK_AHEAD, worker="w")
    assert factories.row_of(engine, waiting).status == "scheduled"
    with engine.connect() as connection:
        assert connection.scalar(sa.select(tables.platforms.c.state)) == "paused"

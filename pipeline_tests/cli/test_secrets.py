"""`pressroom secrets` as it is typed."""

import json

import pytest
from typer.testing import CliRunner

from pipeline.cli.app import app
from pipeline.distribution.credentials import Keepers, resolve
from pipeline.distribution.secret_keys import SecretKeys
from pipeline.settings import settings
from pipeline.store import secrets
from pipeline_tests import factories

PASSWORD = "sesame-opens-7"
CREDENTIALS = {"username": "editor", "application_password": PASSWORD}


@pytest.fixture
def use_keys(pressroom, monkeypatch):
    def use(*keys):
        monkeypatch.setenv("PRESSROOM_SECRET_KEYS", ",".join(keys))
        settings.cache_clear()

    return use


def give(text, *words):
    return CliRunner().invoke(app, ["secrets", *words], input=text, terminal_width=200)


def held(engine, keys):
    return resolve("db:blog", Keepers(engine, SecretKeys(keys)))


def test_credentials_are_kept_listed_and_rotated_and_never_shown(engine, pressroom, use_keys):
    old = pressroom("secrets", "new-key").output.strip()
    use_keys(old)
    told = give(json.dumps(CREDENTIALS), "set", "blog").output
    assert "application_password, username" in told
    assert held(engine, old) == CREDENTIALS
    with engine.begin() as connection:
        factories.account(connection, account_key="blog-main", credentials_secret_id="db:blog")
    told += (listed := pressroom("secrets").output)
    assert "blog-main" in listed

    new = pressroom("secrets", "new-key").output.strip()
    use_keys(new, old)
    assert pressroom("secrets", "rotate").exit_code == 0
    assert held(engine, new) == CREDENTIALS
    assert PASSWORD not in told


def test_a_rotation_for_which_a_key_is_missing_changes_nothing(engine, pressroom, use_keys):
    first, second, third = SecretKeys.new(), SecretKeys.new(), SecretKeys.new()
    for name, key in (("blog", first), ("shop", second)):
        use_keys(key)
        give(json.dumps(CREDENTIALS), "set", name)
    use_keys(third, first)
    refused = pressroom("secrets", "rotate")
    assert refused.exit_code == 1
    assert "shop" in refused.output
    assert held(engine, first) == CREDENTIALS


def test_credentials_that_an_account_needs_are_not_forgotten(engine, pressroom, use_keys):
    use_keys(SecretKeys.new())
    give(json.dumps(CREDENTIALS), "set", "blog")
    with engine.begin() as connection:
        factories.account(connection, account_key="blog-main", credentials_secret_id="db:blog")
        secrets.put(connection, "old", b"anything")
    refused = pressroom("secrets", "remove", "blog")
    assert (refused.exit_code, "blog-main" in refused.output) == (1, True)
    assert pressroom("secrets", "remove", "old").exit_code == 0
    assert pressroom("secrets", "remove", "old").exit_code == 1


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("blog", PASSWORD, "JSON object of strings"),
        ("The Blog", json.dumps(CREDENTIALS), "no name"),
    ],
)
def test_what_can_not_be_kept_is_refused_and_not_quoted(pressroom, use_keys, name, text, told):
    use_keys(SecretKeys.new())
    refused = give(text, "set", name)
    assert refused.exit_code == 1
    assert told in refused.output
    assert PASSWORD not in refused.output


def test_without_a_key_the_command_says_how_to_make_one(pressroom):
    refused = give(json.dumps(CREDENTIALS), "set", "blog")
    assert refused.exit_code == 1
    assert "pressroom secrets new-key" in refused.output

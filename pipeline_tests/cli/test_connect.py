"""`pressroom accounts connect` as it is typed, with the part of a browser and its owner played over real HTTP."""

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from typer.testing import CliRunner

from pipeline.cli.app import app
from pipeline.distribution.accounts import adapter_factory
from pipeline.distribution.credentials import CredentialsError, Keepers, resolve
from pipeline.distribution.secret_keys import SecretKeys
from pipeline.platforms.registry import adapter_class, platform_names
from pipeline.sandbox.oauth import CLIENT
from pipeline.sandbox.registry import stand_ins
from pipeline.sandbox.server import running
from pipeline.settings import settings
from pipeline.store import accounts, secrets
from pipeline_tests import factories

CONNECTED = {name: oauth for name in platform_names() if (oauth := adapter_class(name).oauth) is not None}
COME_BACK = [name for name, oauth in CONNECTED.items() if oauth.loopback]
PASTED = [name for name, oauth in CONNECTED.items() if not oauth.loopback]


@pytest.fixture
def keys(pressroom, monkeypatch):
    keys = SecretKeys.new()
    monkeypatch.setenv("PRESSROOM_SECRET_KEYS", keys)
    settings.cache_clear()
    return keys


@pytest.fixture(scope="module")
def sandbox():
    with running() as sandbox:
        yield sandbox


def config(platform: str, sandbox) -> list[str]:
    pairs = stand_ins()[platform].publish_config(sandbox.url).items()
    return [word for name, value in pairs for word in ("--config", f"{name}={value}")]


def know_the_app(engine, keys: str, platform: str) -> None:
    with engine.begin() as connection:
        secrets.put(connection, platform, SecretKeys(keys).encrypt(json.dumps(CLIENT)))


@contextmanager
def connecting(platform: str, sandbox, *words: str):
    """The command in a process of its own, with the link that it shows and the port that it listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "accounts", "connect", platform]
    process = subprocess.Popen(
        [*command, "--port", str(port), *config(platform, sandbox), *words],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        link = next(line for line in process.stdout if line.startswith("http")).strip()
        yield process, link, port
    finally:
        process.kill()
        process.wait()


def owner_says(answer, link):
    """Where the platform's page sends the browser once its button is pressed."""
    assert httpx.get(link).status_code == 200
    sent = httpx.post(link, data={"answer": answer})
    assert sent.status_code == 302
    return sent.headers["location"]


def rest_of(process):
    said, _ = process.communicate(timeout=30)
    return said


@pytest.mark.parametrize("platform", COME_BACK)
def test_an_account_is_connected_through_the_platforms_page(engine, keys, sandbox, platform):
    know_the_app(engine, keys, platform)
    with connecting(platform, sandbox) as (process, link, _):
        assert httpx.get(owner_says("yes", link)).status_code == 200
        said = rest_of(process)
    assert process.returncode == 0, said
    assert_it_speaks_for_somebody(engine, keys, sandbox, platform)
    assert not [secret for secret in resolve(f"db:{platform}", keepers(engine, keys)).values() if secret in said]


def keepers(engine, keys: str) -> Keepers:
    return Keepers(engine, SecretKeys(keys))


def assert_it_speaks_for_somebody(engine, keys, sandbox, platform):
    held = resolve(f"db:{platform}", keepers(engine, keys))
    assert {"access_token", "expires_at", *CLIENT} <= held.keys()
    with engine.begin() as connection:
        factories.account(
            connection,
            name=platform,
            account_key="connected",
            credentials_secret_id=f"db:{platform}",
            publish_config=dict(stand_ins()[platform].publish_config(sandbox.url)),
        )
        row = accounts.get(connection, "connected")
    opened = adapter_factory(keepers(engine, keys), timeout_seconds=5)(row)
    assert "sandbox" in opened.whoami().name.lower()


@pytest.mark.parametrize("platform", PASTED)
def test_where_the_platform_sends_nobody_to_this_machine_the_address_is_pasted(engine, keys, sandbox, platform):
    know_the_app(engine, keys, platform)
    with connecting(platform, sandbox) as (process, link, _):
        said, _ = process.communicate(owner_says("yes", link) + "\n", timeout=30)
    assert process.returncode == 0, said
    assert_it_speaks_for_somebody(engine, keys, sandbox, platform)


def test_what_is_not_the_answer_to_our_question_connects_nothing(engine, keys, sandbox):
    know_the_app(engine, keys, "youtube")
    with connecting("youtube", sandbox) as (process, link, port):
        ours = owner_says("yes", link)
        forged = re.sub("state=[^&]*", "state=guessed", ours)
        assert httpx.get(forged).status_code == 404
        assert httpx.get(f"http://127.0.0.1:{port}/favicon.ico").status_code == 404
        assert process.poll() is None
        assert httpx.get(ours).status_code == 200
        rest_of(process)
    assert process.returncode == 0


def test_an_owner_who_says_no_is_told_and_nothing_is_kept(engine, keys, sandbox):
    know_the_app(engine, keys, "youtube")
    with connecting("youtube", sandbox) as (process, link, _):
        httpx.get(owner_says("no", link))
        said = rest_of(process)
    assert process.returncode == 1
    assert "access_denied (The user said no)" in said
    assert "access_token" not in resolve("db:youtube", keepers(engine, keys))


def typed(*words: str, text: str = ""):
    return CliRunner().invoke(app, ["accounts", "connect", *words], input=text, terminal_width=200)


def test_the_apps_own_credentials_are_asked_for_where_nobody_knows_them(engine, keys, sandbox):
    result = typed("youtube", "--paste", *config("youtube", sandbox), text="my-app\nmy-secret\nhttps://nowhere/\n")
    assert "client_id=my-app" in result.output
    assert "my-secret" not in result.output
    assert "The answer is not to this question" in result.output
    with pytest.raises(CredentialsError):
        resolve("db:youtube", keepers(engine, keys))


def test_a_platform_whose_credentials_are_made_there_says_so(keys):
    result = typed("wordpress")
    assert result.exit_code == 1
    assert "pressroom secrets set wordpress" in " ".join(result.output.split())


def test_without_a_key_nobody_is_asked_for_anything(pressroom):
    result = typed("youtube")
    assert result.exit_code == 1
    assert "pressroom secrets new-key" in result.output


def test_the_link_is_the_platforms_own_unless_the_account_says_otherwise(keys):
    shown = typed("youtube", "--paste", text="my-app\nmy-secret\nx\n").output
    link = next(line for line in shown.splitlines() if line.startswith("http"))
    assert urlsplit(link).netloc == "accounts.google.com"

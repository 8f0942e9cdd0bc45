"""The whole line at DEBUG, with every failure of every platform: no secret is anywhere that people or programs look.

Looked at: the logs of this process, Dagster's events and its GraphQL answers, every column of our database, what the
failures said, and the arguments of all processes.
"""

import base64
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import httpx
import pytest
import sqlalchemy as sa
import structlog

from pipeline.distribution.accounts import AccountUnusableError
from pipeline.distribution.connecting import Connecting
from pipeline.distribution.credentials import Keepers, resolve
from pipeline.distribution.plan import plan_post
from pipeline.distribution.secret_keys import SecretKeys
from pipeline.editorial.manual import add_post, read_post
from pipeline.platforms.base import PlatformUnavailableError
from pipeline.platforms.registry import adapter_class
from pipeline.resources.platforms import Platforms
from pipeline.sandbox.oauth import CLIENT
from pipeline.sandbox.registry import stand_ins
from pipeline.sandbox.vocabulary import FaultKind
from pipeline.settings import settings
from pipeline.store import secrets, tables, users
from pipeline.store.accounts import all_accounts
from pipeline_tests.line import Line, running_line
from pipeline_tests.platforms.rehearsal import rehearsal_of

_RUNS = """{ runsOrError { ... on Runs { results { runId runConfigYaml tags { key value } } } } }"""
_EVENTS = """query ($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events {
    ... on MessageEvent { message } ... on ErrorEvent { error { message stack causes { message stack } } }
    ... on MaterializationEvent { metadataEntries { label description ... on TextMetadataEntry { text }
        ... on JsonMetadataEntry { jsonString } ... on MarkdownMetadataEntry { mdStr } ... on UrlMetadataEntry { url } } }
} } } }"""


@pytest.fixture
def line(engine, tmp_path, monkeypatch) -> Iterator[Line]:
    monkeypatch.setenv("PRESSROOM_SECRET_KEYS", SecretKeys.new())
    monkeypatch.setenv("PRESSROOM_CALL_TIMEOUT_SECONDS", "2")
    home = tmp_path / "dagster"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance, running_line(engine, instance, tmp_path, monkeypatch) as line:
        yield line


@pytest.fixture
def log(tmp_path) -> Iterator[Path]:
    """All that this process logs, from DEBUG on."""
    path = tmp_path / "everything.log"
    handler, root = logging.FileHandler(path), logging.getLogger()
    level, levels = (
        root.level,
        {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "sqlalchemy.engine")},
    )
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    kept = structlog.get_config()
    with path.open("a") as file:
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
            logger_factory=structlog.PrintLoggerFactory(file),
            cache_logger_on_first_use=False,
        )
        yield path
    structlog.configure(**kept)
    root.removeHandler(handler)
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def secrets_of(platform: str, credentials: Mapping[str, str] | None = None) -> set[str]:
    """The stand-in's, or others for the same platform."""
    public = {"client_id", "expires_at", "scope", *rehearsal_of(platform).public}
    given = stand_ins()[platform].credentials if credentials is None else credentials
    return {value for name, value in given.items() if name not in public}


def the_keys() -> SecretKeys:
    configured = settings().secret_keys
    assert configured is not None
    return SecretKeys(configured.get_secret_value())


def keep(line: Line, platform: str, credentials: Mapping[str, str]) -> None:
    """Encrypted in the database, for the platform's account."""
    keys = the_keys()
    with line.engine.begin() as connection:
        secrets.put(connection, platform, keys.encrypt(json.dumps(dict(credentials))))
        account = tables.platforms.update().where(tables.platforms.c.name == platform)
        connection.execute(account.values(credentials_secret_id=f"db:{platform}"))


def kept(line: Line, platform: str) -> Mapping[str, str]:
    return resolve(f"db:{platform}", Keepers(line.engine, the_keys()))


def connected(line: Line, platform: str) -> dict[str, str]:
    """Tokens that the platform gave, and that have ended: they are renewed, and rotated, at their first use."""
    adapter, config = adapter_class(platform), stand_ins()[platform].publish_config(line.sandbox.url)
    assert adapter.oauth is not None
    connecting = Connecting(adapter.oauth.under(config["oauth_url"]), CLIENT, "http://127.0.0.1:1/callback")
    answer = httpx.post(connecting.link, data={"answer": "yes"})
    return {**connecting.finish(answer.headers["location"]), "expires_at": "2026-01-01T00:00:00+00:00"}


def forms_of(secret: str) -> set[str]:
    """As it may be written down: itself, in an address, in JSON, and with a user's name in Basic."""
    encoded = {
        base64.b64encode(f"{user}:{secret}".encode()).decode() for user in ("pressroom", "editor", CLIENT["client_id"])
    }
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], *encoded}


def due(line: Line, number: int) -> None:
    """A post of its own on every account, approved."""
    with line.engine.connect() as connection:
        author = users.find(connection, "Ada Lovelace")
    text = f"# Chains, part {number}\n\nOil the rollers of chain {number}, never its plates. Part {number} of nine."
    post = add_post(line.engine, author, read_post(text, vertical="workshop"))
    plan_post(line.engine, post.canonical_id)
    line.illustrate_all()
    line.approve_all()


def test_no_secret_is_seen_wherever_one_looks(line: Line, log: Path, capfd: pytest.CaptureFixture[str]):
    for platform in stand_ins():
        keep(line, platform, stand_ins()[platform].credentials)
    handed_out = connected(line, "youtube")
    keep(line, "youtube", handed_out)
    with line.engine.begin() as connection:
        writer = {"email": "ada@example.com", "full_name": "Ada Lovelace", "roles": ["writer"]}
        connection.execute(tables.users.insert().values(writer))
    said = [f"{fault}: {each}" for fault in (None, *FaultKind) for each in one_post_under(line, fault)]
    line.run("sync_metrics", all_accounts_of(line))
    rotated = kept(line, "youtube")
    assert rotated["refresh_token"] != handed_out["refresh_token"]
    said += refused_credentials(line)
    watched = set().union(*map(secrets_of, stand_ins()), wrong_credentials())
    watched |= secrets_of("youtube", handed_out) | secrets_of("youtube", rotated)
    looked_at = {
        "the log": log.read_text(),
        "the output": "".join(capfd.readouterr()),
        "what failures said": "\n".join(said),
        "the database": everything_in_the_database(line),
        "Dagster's storage": everything_in_dagster(line),
        "the arguments of processes": arguments_of_processes(),
        **answers_of_graphql(line),
    }
    assert all(len(text) > 500 for text in looked_at.values()), {name: len(text) for name, text in looked_at.items()}
    seen = {
        (where, secret)
        for secret in watched
        for where, text in looked_at.items()
        if any(form in text for form in forms_of(secret))
    }
    assert seen == set()


def one_post_under(line: Line, fault: FaultKind | None) -> list[str]:
    """Publish a post with the sending of every platform going wrong, and ask what became of it; what was answered."""
    line.sandbox.clear_faults()
    due(line, 0 if fault is None else 1 + list(FaultKind).index(fault))
    for platform in stand_ins() if fault is not None else ():
        method, path = rehearsal_of(platform).sending
        line.sandbox.fault(platform, fault, method=method, path=path, count=1, seconds=3)
    line.run("publish")
    with line.engine.begin() as connection:
        connection.execute(sa.text("update distributions set reconcile_at = now() where status = 'unknown'"))
        connection.execute(sa.text("update platforms set held_until = null, state = 'active', state_reason = null"))
    line.run("reconcile")
    return [
        row.message
        for row in line.rows("select error_message as message from distributions where error_message is not null")
    ]


def all_accounts_of(line: Line) -> dict[str, str]:
    line.tick("new_accounts")
    keys = line.instance.get_dynamic_partitions("account")
    return {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}


def wrong_credentials() -> set[str]:
    return {f"wrong-{secret}" for platform in stand_ins() for secret in secrets_of(platform)}


def refused_credentials(line: Line) -> list[str]:
    """What the platforms answer to wrong ones, and what a run makes of it."""
    for platform in stand_ins():
        wrong = {
            name: f"wrong-{value}" if value in secrets_of(platform) else value
            for name, value in stand_ins()[platform].credentials.items()
        }
        keep(line, platform, wrong)
    with line.engine.connect() as connection:
        rows = [row for row in all_accounts(connection) if row.name in stand_ins()]
    said = []
    for row in rows:
        with pytest.raises((PlatformUnavailableError, AccountUnusableError)) as refused:
            Platforms(database=line.database).adapters(row).whoami()
        said.append(f"{refused.value!r} {refused.getrepr(showlocals=False)}")
    due(line, 20)
    line.run("publish")
    return said


def everything_in_the_database(line: Line) -> str:
    with line.engine.connect() as connection:
        rows = [
            connection.scalars(sa.text(f'select cast("{name}" as text) from "{name}"')).all()
            for name in tables.metadata.tables
        ]
    return "\n".join(text for table in rows for text in table)


def everything_in_dagster(line: Line) -> str:
    folder = Path(line.instance.root_directory)
    return "\n".join(path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())


def arguments_of_processes() -> str:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.append((process / "cmdline").read_bytes().decode(errors="replace"))
            names = (process / "environ").read_bytes().decode(errors="replace").split("\0")
            found.append(" ".join(name.partition("=")[0] for name in names))
        except OSError:
            continue  # it ended, or is somebody else's
    return "\n".join(found)


def answers_of_graphql(line: Line) -> dict[str, str]:
    with webserver(line.instance.root_directory) as url:

        def ask(query: str, **variables: str) -> str:
            answer = httpx.post(f"{url}/graphql", json={"query": query, "variables": variables}, timeout=60)
            assert "errors" not in answer.json(), answer.text[:2000]
            return answer.text

        runs = ask(_RUNS)
        ids = [run["runId"] for run in json.loads(runs)["data"]["runsOrError"]["results"]]
        return {"GraphQL's runs": runs, "GraphQL's events": "\n".join(ask(_EVENTS, run=id_) for id_ in ids)}


@contextmanager
def webserver(home: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [str(Path(sys.executable).parent / "dagster-webserver"), "--empty-workspace", "-p", str(port)]
    process = subprocess.Popen(
        [*command, "-h", "127.0.0.1"],
        env={**os.environ, "DAGSTER_HOME": home},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/server_info").raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < deadline, "the web server did not come up"
                assert process.poll() is None, "the web server ended"
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()

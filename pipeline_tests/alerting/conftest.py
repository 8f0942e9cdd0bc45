"""The far ends of the channels: a webhook's receiver and a mail server; and Dagster's storage, made by Dagster."""

import json
import os
import shutil
import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dagster as dg
import pytest
import sqlalchemy as sa

# Not public, and the only way to write what the daemon writes without a daemon.
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteInstigatorOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster_shared.error import SerializableErrorInfo

from pipeline.settings import PROJECT_ROOT, Settings
from pipeline.store import database
from pipeline_tests.alerting import smtp
from pipeline_tests.cli.conftest import pressroom  # noqa: F401 - a fixture
from pipeline_tests.conftest import _drop as drop_database


@dataclass
class Receiver:
    """Takes webhooks, and answers each as told."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    texts: list[str] = field(default_factory=list)


@contextmanager
def receiving(receiver):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["Content-Type"] == "application/json"
            receiver.texts.append(body["text"])
            self.send_response(receiver.status)
            for name, value in {"Content-Length": "0", **receiver.headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/services/T0/B0/secret"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def slack():
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def mailbox():
    with smtp.serving(smtp.MailServer()) as server:
        yield server


@pytest.fixture
def configured(monkeypatch):
    """Settings from the environment: `configured(smtp_url=…)` sets PRESSROOM_SMTP_URL, None unsets."""

    def configure(**values):
        for name in ("ALERT_WEBHOOK_URL", "SMTP_URL", "ALERT_EMAIL_TO", "ALERT_EMAIL_FROM"):
            monkeypatch.delenv(f"PRESSROOM_{name}", raising=False)
        for name, value in values.items():
            monkeypatch.setenv(f"PRESSROOM_{name.upper()}", str(value))
        return Settings(_env_file=None)

    return configure


@pytest.fixture
def everywhere(configured, slack, mailbox):
    """All channels set up."""
    return configured(
        alert_webhook_url=slack.url,
        smtp_url=mailbox.url,
        alert_email_to="desk@example.com",
        alert_email_from="pressroom@example.com",
    )


class Books:
    """Dagster's storage, written by Dagster itself."""

    def __init__(self, url, instance):
        self.url, self.instance = url, instance
        self.engine = database.create_engine(url)

    def sensor(self, name, *, ago=timedelta(seconds=2), status=TickStatus.SKIPPED, on=True):
        """A tick so long ago; None: none. On as it is by its declaration, or switched off by hand."""
        origin = RemoteInstigatorOrigin(
            RemoteRepositoryOrigin(
                GrpcServerCodeLocationOrigin("127.0.0.1", 1, location_name="pressroom"), "repository"
            ),
            name,
        )
        switched = InstigatorStatus.DECLARED_IN_CODE if on else InstigatorStatus.STOPPED
        state = InstigatorState(origin, InstigatorType.SENSOR, switched, SensorInstigatorData(min_interval=5))
        known = self.instance.get_instigator_state(state.instigator_origin_id, state.selector_id)
        (self.instance.update_instigator_state if known else self.instance.add_instigator_state)(state)
        if ago is not None:
            tick = self.instance.create_tick(
                TickData(
                    instigator_origin_id=state.instigator_origin_id,
                    instigator_name=name,
                    instigator_type=InstigatorType.SENSOR,
                    status=TickStatus.STARTED,
                    timestamp=(datetime.now(UTC) - ago).timestamp(),
                    selector_id=state.selector_id,
                )
            )
            error = SerializableErrorInfo("it failed", [], None) if status is TickStatus.FAILURE else None
            self.instance.update_tick(tick.with_status(status, error=error))

    def run(self, *, ago, ended=False):
        """A run that began so long ago."""

        @dg.job
        def write_posts(): ...

        run_id = write_posts.execute_in_process(instance=self.instance).run_id
        with self.engine.begin() as connection:
            connection.execute(
                sa.text(
                    "update runs set status = :status, start_time = extract(epoch from now() - :ago) where run_id = :id"
                ),
                {"status": "SUCCESS" if ended else "STARTED", "ago": ago, "id": run_id},
            )
        return run_id


@pytest.fixture(scope="session")
def dagster_template(template, tmp_path_factory):
    """A database with Dagster's tables, and DAGSTER_HOME with the project's own `dagster.yaml`."""
    home = tmp_path_factory.mktemp("dagster")
    shutil.copy(PROJECT_ROOT / "dagster.yaml", home)
    url = template.set(database=f"test_{os.getpid()}_dagster")
    database.create_database(url)
    with opened(home, url) as instance:
        instance.get_runs(limit=1)
    yield home, url
    drop_database(url)


@pytest.fixture
def books(dagster_template):
    home, template = dagster_template
    url = template.set(database=f"test_{os.getpid()}_{uuid.uuid4().hex[:8]}")
    database.create_database(url, template=template.database)
    with opened(home, url) as instance:
        books = Books(url, instance)
        yield books
        books.engine.dispose()
    drop_database(url)


@contextmanager
def opened(home, url):
    driver = url.set(drivername="postgresql+psycopg2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        patch.setenv("DAGSTER_POSTGRES_URL", driver.render_as_string(hide_password=False))
        with dg.DagsterInstance.get() as instance:
            yield instance

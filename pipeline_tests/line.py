"""The project over a database, a Dagster instance, a sandbox and a site of a test's own."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import pytest
import sqlalchemy as sa

from pipeline import sensors
from pipeline.assembly import build_defs
from pipeline.distribution.plan import plan_post
from pipeline.editorial import review
from pipeline.editorial.checklist import ALL_ITEMS
from pipeline.editorial.media import add_media
from pipeline.platforms.site.server import create_app
from pipeline.resources.database import Database
from pipeline.resources.platforms import Platforms
from pipeline.sample.install import install_sample, sample_media
from pipeline.sandbox.server import running
from pipeline.settings import settings
from pipeline.store import users
from pipeline.store.database import transaction
from pipeline_tests.web import serve_app


class Line:
    def __init__(self, engine, instance, sandbox, site):
        self.engine, self.instance, self.sandbox, self.site = engine, instance, sandbox, site
        self.database = Database()
        self.defs = build_defs(resources={"database": self.database})

    def run(self, job, tags=None, *, succeeds=True):
        result = self.defs.resolve_job_def(job).execute_in_process(
            instance=self.instance, tags=tags, raise_on_error=False
        )
        assert result.success == succeeds
        return result

    def tick(self, sensor):
        """What the daemon does with a sensor: add the partitions, then run what is asked for."""
        definition = next(d for d in sensors.ALL if d.name == sensor)
        resources = {"database": self.database, "platforms": Platforms(database=self.database)}
        with dg.build_sensor_context(instance=self.instance, resources=resources) as context:
            data = definition.evaluate_tick(context)
        for request in data.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
        return data.run_requests or []

    def tick_and_run(self, sensor, *, succeeds=True):
        requests = self.tick(sensor)
        for request in requests:
            self.run(request.job_name or _only_job(sensor), request.tags, succeeds=succeeds)
        return len(requests)

    def rows(self, query, **parameters):
        with self.engine.connect() as connection:
            return connection.execute(sa.text(query), parameters).all()

    def statuses(self, table):
        return Counter(row.status for row in self.rows(f"select status from {table}"))

    def illustrate_all(self):
        """Give each post in review what the platforms want that take no post without."""
        for row in self.rows("select canonical_id from publisher_posts where status = 'review'"):
            for path, alt_text in sample_media():
                add_media(self.engine, row.canonical_id, str(path), alt_text)
            plan_post(self.engine, row.canonical_id)

    def approve_all(self):
        with self.engine.connect() as connection:
            reviewer = users.find(connection, "Demo reviewer (scripted)")
        for row in self.rows("select canonical_id from publisher_posts where status = 'review'"):
            review.approve(self.engine, row.canonical_id, reviewer, checked=ALL_ITEMS)


def _only_job(sensor):
    return next(d for d in sensors.ALL if d.name == sensor).job_name


@contextmanager
def running_line(engine, instance: dg.DagsterInstance, tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """With the sample installed; the settings are the line's until it ends."""
    with running() as sandbox, serve_app(create_app(tmp_path / "site")) as site_url:
        monkeypatch.setenv("PRESSROOM_HOME", str(tmp_path))
        monkeypatch.setenv("PRESSROOM_SANDBOX_PORT", sandbox.url.rpartition(":")[2])
        monkeypatch.setenv("PRESSROOM_SITE_PORT", site_url.rpartition(":")[2])
        monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
        settings.cache_clear()
        with transaction(engine, "test") as connection:
            install_sample(connection)
        yield Line(engine, instance, sandbox, tmp_path / "site")
    settings.cache_clear()

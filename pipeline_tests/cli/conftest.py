"""The command, typed in the test's own process, on the test's own database."""

import pytest
from typer.testing import CliRunner

from pipeline.cli import console
from pipeline.cli.app import app
from pipeline.settings import settings


@pytest.fixture
def pressroom(engine, database_url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    settings.cache_clear()
    console.engine.cache_clear()
    yield lambda *words: CliRunner().invoke(app, [str(word) for word in words], terminal_width=200)
    console.engine().dispose()
    console.engine.cache_clear()
    settings.cache_clear()

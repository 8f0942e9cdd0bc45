"""Newsrooms for the torture, rehearsed, and shared by its tests: what comes to rest disturbs nothing after it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from pipeline_tests.torture import matrix
from pipeline_tests.torture.newsroom import Newsroom


@pytest.fixture(scope="session")
def newsrooms(template: sa.URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Newsroom]]:
    """As many as there are processors to use."""
    with matrix.rooms(template, tmp_path_factory.mktemp("torture"), 2) as rooms:
        yield rooms


@pytest.fixture
def newsroom(newsrooms: list[Newsroom]) -> Iterator[Newsroom]:
    newsrooms[0].outside.sandbox.clear()
    yield newsrooms[0]
    newsrooms[0].retire_all()

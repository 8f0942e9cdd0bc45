"""A real WordPress, for the tests of this folder: `make test-wordpress`."""

from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from pipeline.platforms.base import Account
from pipeline_tests.platforms.conftest import serving
from pipeline_tests.platforms.rehearsal import SAMPLE
from pipeline_tests.platforms.wordpress.lossy import LossyProxy, lossy
from pipeline_tests.platforms.wordpress.site import account_of, api_of
from pipeline_tests.real_wordpress.packages import HERE, UnavailableError, install
from pipeline_tests.real_wordpress.server import WordPress, running


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Only who names this folder gets its tests: they take a download of hundreds of megabytes, and minutes."""
    named = [Path(config.invocation_params.dir, argument.partition("::")[0]).resolve() for argument in config.args]
    if any(path.is_relative_to(HERE) for path in named) or not collection_path.is_relative_to(HERE):
        return None
    return True


@pytest.fixture(scope="session")
def site() -> Iterator[WordPress]:
    try:
        install()
    except UnavailableError as reason:
        pytest.skip(f"No real WordPress: {reason}.")
    with running() as site:
        yield site


@pytest.fixture(scope="session")
def logins(site: WordPress) -> Mapping[str, tuple[str, str]]:
    return site.logins


@pytest.fixture
def wordpress(site: WordPress) -> Iterator[httpx.Client]:
    """Its API, as the editor."""
    with api_of(site.url, site.logins["editor"]) as client:
        yield client


@pytest.fixture
def way(site: WordPress) -> Iterator[LossyProxy]:
    with lossy(site.url) as proxy:
        yield proxy


@pytest.fixture
def account(way: LossyProxy, site: WordPress, library: str) -> Account:
    return account_of(way.url, site.logins["editor"], library)


@pytest.fixture(scope="session")
def library() -> Iterator[str]:
    with serving(partial(SimpleHTTPRequestHandler, directory=str(SAMPLE))) as url:
        yield url

"""The stand-in, as the tests that a real WordPress passes too want to have it."""

from collections.abc import Iterator, Mapping

import httpx
import pytest

from pipeline.platforms.base import Account
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.wordpress.credentials import CONTRIBUTOR, EDITOR
from pipeline_tests.platforms.wordpress.lossy import LossyProxy, lossy
from pipeline_tests.platforms.wordpress.site import account_of, api_of


@pytest.fixture
def logins() -> Mapping[str, tuple[str, str]]:
    users = {"editor": EDITOR, "contributor": CONTRIBUTOR}
    return {role: (user["username"], user["app_password"]) for role, user in users.items()}


@pytest.fixture
def wordpress(way: LossyProxy, logins: Mapping[str, tuple[str, str]]) -> Iterator[httpx.Client]:
    """WordPress's API, as the editor; the stand-in's addresses are those of the way on which it is asked."""
    with api_of(way.url, logins["editor"]) as client:
        yield client


@pytest.fixture
def way(sandbox: Sandbox) -> Iterator[LossyProxy]:
    """The way to the stand-in that the account takes."""
    with lossy(f"{sandbox.url}/wordpress") as proxy:
        yield proxy


@pytest.fixture
def account(way: LossyProxy, logins: Mapping[str, tuple[str, str]], library: str) -> Account:
    """The editor's."""
    return account_of(way.url, logins["editor"], library)

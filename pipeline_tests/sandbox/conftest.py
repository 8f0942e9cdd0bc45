from collections.abc import Iterator, Mapping

import httpx
import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.server import running
from pipeline.sandbox.wordpress.credentials import CONTRIBUTOR, EDITOR


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    """An empty sandbox."""
    server.clear()
    return server


@pytest.fixture
def logins() -> Mapping[str, tuple[str, str]]:
    """Of WordPress's users, by what they may do."""
    users = {"editor": EDITOR, "contributor": CONTRIBUTOR}
    return {role: (user["username"], user["app_password"]) for role, user in users.items()}


@pytest.fixture
def wordpress(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """WordPress's API, as the editor."""
    with httpx.Client(
        base_url=f"{sandbox.url}/wordpress/wp-json/wp/v2", auth=(EDITOR["username"], EDITOR["app_password"])
    ) as client:
        yield client

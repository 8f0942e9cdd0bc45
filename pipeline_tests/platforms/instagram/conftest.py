import pytest

from pipeline.sandbox.client import Sandbox
from pipeline_tests.platforms.rehearsal import Platform, platform_of


@pytest.fixture
def instagram(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("instagram", sandbox, library)

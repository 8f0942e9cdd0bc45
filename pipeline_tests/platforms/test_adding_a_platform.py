"""The platform that docs/adding-a-platform.md writes out is installed as somebody else's package, and works."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pipeline.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "adding-a-platform.md"
_BLOCK = re.compile(r"^```\w+\n# (?P<path>\S+\.(?:py|toml))\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
SUITE = """
import sys
import pytest
import pipeline_tests.platforms.rehearsals as rehearsals

rehearsals.__path__.append(sys.argv[1])
sys.exit(pytest.main(["-v", "-n", "0", "-p", "no:cacheprovider", "-k", "postbox", *sys.argv[2:]]))
"""
PREVIEW = """
from types import SimpleNamespace
from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.registry import adapter_class

article = AdaptableArticle("T", "Text.", "Many words. " * 99, (), "https://example.com/posts/t/", "Food")
account = SimpleNamespace(max_content_length=None)
print(len(adapter_class("postbox").adapt(article, account).body))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder that holds the page's files as an installer would leave them."""
    files = {match["path"]: match["text"] for match in _BLOCK.finditer(PAGE.read_text())}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    about = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    tables = (
        "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())])
        for group, entries in project["entry-points"].items()
    )
    (about / "entry_points.txt").write_text("\n".join(tables))
    return tmp_path


def run(package: Path, script: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(package), str(PROJECT_ROOT)])}
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_platform_on_the_page_passes_the_whole_contract_suite(package: Path):
    suite = ("pipeline_tests/platforms/test_adapters.py", "pipeline_tests/platforms/test_odd_answers.py")
    told = run(package, SUITE, str(package / "rehearsals"), *suite)
    (passed,) = re.findall(r"(\d+) passed", told)
    assert int(passed) > 40


def test_the_platform_on_the_page_adapts_an_article_to_its_limit(package: Path):
    assert 200 < int(run(package, PREVIEW)) <= 280


def test_the_page_names_files_that_are_there():
    named = re.findall(r"`((?:pipeline|pipeline_tests)/[\w/]+\.py)`", PAGE.read_text())
    linked = re.findall(r"\]\(([\w/.-]+\.md)\)", PAGE.read_text())
    assert named
    assert [path for path in named if "NAME" not in path and not (PROJECT_ROOT / path).exists()] == []
    assert [path for path in linked if not (PAGE.parent / path).exists()] == []

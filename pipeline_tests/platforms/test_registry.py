"""Platforms are found among the installed packages: Pressroom's own, and anybody's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.platforms.registry import UnknownPlatformError, adapter_class, platform_names

PIGEON = """
from datetime import UTC, datetime

from pipeline.platforms.article import AdaptedContent
from pipeline.platforms.base import Published
from pipeline.platforms.offer import Capabilities, Guarantee, Permalink


class PigeonAdapter:
    name = "pigeon"
    capabilities = Capabilities(
        update=False, delete=False, schedule=False, metrics=False, metrics_batch=0, guarantee=Guarantee.LIKELY
    )
    permalink = Permalink(pattern="[a-z]+", in_address="/rings/([a-z]+)$", where="the letters on its ring")

    def __init__(self, account):
        self._account = account

    @classmethod
    def adapt(cls, article, account):
        return AdaptedContent(title=None, body=article.title.upper(), link_url=None)

    def publish(self, content, journal):
        return Published(f"{self._account.key} carries {content.body}", None, datetime.now(UTC))
"""
FLIGHT = """
from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.base import Account
from pipeline.platforms.content import Content
from pipeline.platforms.permalinks import external_id
from pipeline.platforms.registry import adapter_class, open_adapter, platform_names

article = AdaptableArticle("Coo", "Coo.", "Coo.", (), "https://example.com/coo/", "Birds")
adapted = adapter_class("pigeon").adapt(article, None)
outcome = open_adapter(Account("loft", "pigeon", {})).publish(Content("1", adapted.body), None)
print(*platform_names())
print(outcome.external_id)
print(external_id("pigeon", "https://example.com/rings/abc", {}, None))
"""


def install(folder: Path, name: str, *entry_points: str) -> None:
    """What an installer leaves behind of a package that adds platforms."""
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("\n".join(["[pressroom.platforms]", *entry_points, ""]))


def run(script: str, folder: Path) -> str:
    """What a process prints that has the folder's packages beside ours."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusal(platform: str, folder: Path) -> str:
    return run(
        "from pipeline.platforms.registry import *\n"
        f"try:\n    adapter_class({platform!r})\n"
        "except UnknownPlatformError as error:\n    print(error)\n",
        folder,
    )


def test_a_name_that_no_package_registers_is_answered_with_those_that_are():
    with pytest.raises(UnknownPlatformError, match=r"'myspace'; there are: bluesky, .*site, .*x, youtube"):
        adapter_class("myspace")


def test_every_registered_platform_has_an_adapter_of_its_name():
    assert {adapter_class(name).name for name in platform_names()} == set(platform_names())
    assert {"mailchimp", "site", "wordpress", "x"} <= set(platform_names())


def test_a_package_of_somebody_elses_adds_a_platform(tmp_path: Path):
    (tmp_path / "pigeon_post.py").write_text(PIGEON)
    install(tmp_path, "pressroom_pigeon", "pigeon = pigeon_post:PigeonAdapter")
    names, published, known_as = run(FLIGHT, tmp_path).splitlines()
    assert names.split() == sorted([*platform_names(), "pigeon"])
    assert published == "loft carries COO"
    assert known_as == "abc"


def test_a_package_that_can_not_be_loaded_is_no_adapter_and_harms_no_other(tmp_path: Path):
    (tmp_path / "empty.py").touch()
    install(tmp_path, "broken", "parrot = no_such_module:Parrot", "raven = empty:Raven")
    assert "No module named 'no_such_module'" in refusal("parrot", tmp_path)
    assert "has no attribute 'Raven'" in refusal("raven", tmp_path)
    assert refusal("site", tmp_path) == ""


def test_two_packages_for_one_platform_are_refused_because_either_might_publish(tmp_path: Path):
    install(tmp_path, "impostor", "x = impostor:XAdapter")
    assert "impostor:XAdapter and pipeline.platforms.x:XAdapter" in refusal("x", tmp_path)

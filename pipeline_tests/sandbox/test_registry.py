"""Stand-ins are found among the installed packages: Pressroom's own, and anybody's."""

import os
import subprocess
import sys
from pathlib import Path

from pipeline.sandbox.registry import find_stand_in, stand_ins

PIGEON = """
from starlette.responses import PlainTextResponse

from pipeline.sandbox.service import Endpoint, StandIn

STAND_IN = StandIn(
    name="pigeon",
    title="Pigeon post",
    api="/loft",
    endpoints=[Endpoint("GET", "/loft/coo", lambda call: PlainTextResponse("coo"))],
    failure=lambda status: PlainTextResponse("a cat", status),
    rate_limited=lambda seconds: PlainTextResponse("asleep", 429),
    credentials={"ring": "abc"},
    publish_config=lambda sandbox: {"base_url": f"{sandbox}/pigeon"},
)
"""
FLIGHT = """
import httpx

from pipeline.distribution.credentials import Keepers, resolve
from pipeline.sandbox.registry import find_stand_in, stand_ins
from pipeline.sandbox.server import running

print(*stand_ins())
print(resolve("sandbox:pigeon", Keepers()))
with running() as sandbox:
    loft = find_stand_in("pigeon").publish_config(sandbox.url)["base_url"]
    sandbox.fault("pigeon", "unavailable")
    print(*(httpx.get(f"{loft}/loft/coo").text for _ in range(2)), sep=", then ")
"""


def test_every_stand_in_is_registered_under_its_platforms_name():
    assert {name: each.name for name, each in stand_ins().items()} == {name: name for name in stand_ins()}
    assert find_stand_in("x") is stand_ins()["x"]
    assert find_stand_in("site") is None


def test_a_package_of_somebody_elses_adds_a_platform(tmp_path: Path):
    (tmp_path / "pigeon_loft.py").write_text(PIGEON)
    about = tmp_path / "pigeon_loft-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon_loft\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[pressroom.sandbox]\npigeon = pigeon_loft:STAND_IN\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", FLIGHT], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    names, credentials, said = done.stdout.splitlines()
    assert names.split() == sorted([*stand_ins(), "pigeon"])
    assert credentials == "{'ring': 'abc'}"
    assert said == "a cat, then coo"

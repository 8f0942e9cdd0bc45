"""Beginning a post: a video that is then uploaded, or pictures that TikTok fetches itself.

The stand-in fetches nothing: it takes a picture for what its address ends in.
"""

from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field
from starlette.responses import Response

from pipeline.sandbox.ledger import Document
from pipeline.sandbox.service import Call
from pipeline.sandbox.tiktok import posts
from pipeline.sandbox.tiktok.access import Part, body, take_turn
from pipeline.sandbox.tiktok.creator import has_posted_too_much
from pipeline.sandbox.tiktok.credentials import User
from pipeline.sandbox.tiktok.errors import answer, forbidden, invalid

_LEAST_CHUNK: Final = 5_000_000
_MOST_CHUNK: Final = 64 * 1024 * 1024
_MOST_BYTES: Final = 4 * 1024**3
_MOST_CHUNKS: Final = 1000
_MOST_DRAFTS: Final = 5
_TITLE: Final = 2200
_PICTURES_TITLE: Final = 90
_PICTURES_DESCRIPTION: Final = 4000
_VERIFIED: Final = ("127.0.0.1", "localhost", "example.com", "example.org", "example.net")
"""The hosts whose ownership the app has shown."""

_Privacy = Literal["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]


class _Said(Part):
    title: str = ""
    privacy_level: _Privacy
    disable_comment: bool = False
    brand_content_toggle: bool = False
    brand_organic_toggle: bool = False


class _VideoSaid(_Said):
    disable_duet: bool = False
    disable_stitch: bool = False
    video_cover_timestamp_ms: int = 0
    is_aigc: bool = False


class _PicturesSaid(_Said):
    description: str = ""
    auto_add_music: bool = False


class _File(Part):
    source: Literal["FILE_UPLOAD"]
    video_size: int = Field(gt=0, le=_MOST_BYTES)
    chunk_size: int = Field(gt=0, le=_MOST_CHUNK)
    total_chunk_count: int = Field(gt=0, le=_MOST_CHUNKS)


class _Addresses(Part):
    source: Literal["PULL_FROM_URL"]
    photo_cover_index: int = Field(ge=0)
    photo_images: list[str] = Field(min_length=1, max_length=35)


class _Video(Part):
    post_info: _VideoSaid
    source_info: _File


class _Draft(Part):
    source_info: _File


class _Pictures(Part):
    media_type: Literal["PHOTO"]
    post_mode: Literal["DIRECT_POST"]
    post_info: _PicturesSaid
    source_info: _Addresses


def video(call: Call, user: User) -> Response:
    take_turn(call, user)
    asked = body(call, _Video)
    _check_length("title", asked.post_info.title, _TITLE)
    _check_chunks(asked.source_info)
    _check_may_post(call, user, asked.post_info)
    said = {"title": "", "description": asked.post_info.title, "privacy_level": asked.post_info.privacy_level}
    return _upload_begun(call, posts.begin(call, user, "v_pub_file~v2-1", said, **asked.source_info.model_dump()))


def draft(call: Call, user: User) -> Response:
    """A video that the user will find in their inbox and may publish from there."""
    take_turn(call, user)
    asked = body(call, _Draft)
    _check_chunks(asked.source_info)
    if posts.count_of_day(call, user, is_draft=True) >= _MOST_DRAFTS:
        raise forbidden("spam_risk_too_many_pending_share", "There may be at most 5 pending shares in 24 hours.")
    facts = asked.source_info.model_dump()
    return _upload_begun(call, posts.begin(call, user, "v_inbox_file~v2", {"is_draft": True}, **facts))


def pictures(call: Call, user: User) -> Response:
    take_turn(call, user)
    asked = body(call, _Pictures)
    _check_length("title", asked.post_info.title, _PICTURES_TITLE)
    _check_length("description", asked.post_info.description, _PICTURES_DESCRIPTION)
    addresses = asked.source_info.photo_images
    if asked.source_info.photo_cover_index >= len(addresses):
        raise invalid("source_info.photo_cover_index: there is no such picture")
    _check_may_post(call, user, asked.post_info)
    for address in addresses:
        _check_ownership(address)
    said = asked.post_info.model_dump(include={"title", "description", "privacy_level"})
    post = posts.begin(call, user, "p_pub_url~v2", said, pictures=addresses)
    if any(urlsplit(address).path.lower().endswith((".png", ".gif")) for address in addresses):
        post["fail_reason"] = "file_format_check_failed"
    posts.finish(call, post)
    return answer({"publish_id": post["publish_id"]})


def _upload_begun(call: Call, post: Document) -> Response:
    where = call.link(f"/tiktok/v2/upload?upload_id={post['publish_id']}&upload_token={post['upload_token']}")
    return answer({"publish_id": post["publish_id"], "upload_url": where})


def _check_length(field: str, text: str, limit: int) -> None:
    if len(text.encode("utf-16-le")) // 2 > limit:
        raise invalid(f"post_info.{field}: it is longer than {limit} UTF-16 runes")


def _check_chunks(file: _File) -> None:
    size, chunk = file.video_size, file.chunk_size
    if chunk < _LEAST_CHUNK and chunk != size:
        raise invalid("source_info.chunk_size: a chunk has at least 5 MB, or is the whole video")
    if file.total_chunk_count != size // chunk:
        raise invalid("The total chunk count is invalid")


def _check_may_post(call: Call, user: User, said: _Said) -> None:
    if has_posted_too_much(call, user):
        raise forbidden("spam_risk_too_many_posts", "The daily post cap from the API is reached for the user.")
    if said.privacy_level not in user.privacy_levels:
        raise forbidden("privacy_level_option_mismatch", "The privacy level is none of the creator's options.")
    if not user.is_audited and not (user.is_private and said.privacy_level == "SELF_ONLY"):
        raise forbidden(
            "unaudited_client_can_only_post_to_private_accounts",
            "Unaudited clients can only post to a private account, for the creator alone.",
        )
    if said.brand_content_toggle and said.privacy_level == "SELF_ONLY":
        raise invalid("Branded content visibility cannot be set to private.")


def _check_ownership(address: str) -> None:
    parts = urlsplit(address)
    is_here = parts.hostname in ("127.0.0.1", "localhost")
    if parts.hostname not in _VERIFIED or not (parts.scheme == "https" or is_here):
        raise forbidden("url_ownership_unverified", "Please verify the ownership of the domain or of the URL prefix.")

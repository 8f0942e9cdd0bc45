"""One publication on its way: begun, uploaded or fetched, worked on by TikTok, moderated, and told the id of.

Handles: `publish_id`, TikTok's for the post, recorded just before the part of the video that publishes it, so that
without one nothing was published; `video_bytes`, by which an upload that broke off is known; `pictures`, that pictures
were submitted. An empty handle is one that a refusal has made void.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pipeline.platforms.base import (
    Absent,
    Account,
    Inconclusive,
    Journal,
    NotSent,
    PlatformError,
    Published,
    PublishOutcome,
    ReconcileOutcome,
    Rejected,
    Unknown,
)
from pipeline.platforms.content import Content
from pipeline.platforms.failures import CallError, garbled, media_failure, required
from pipeline.platforms.http import Wire
from pipeline.platforms.media.facts import Media, MediaError
from pipeline.platforms.media.source import LocalMedia
from pipeline.platforms.tiktok import reading
from pipeline.platforms.tiktok.api import Api
from pipeline.platforms.tiktok.reading import Creator, Standing
from pipeline.platforms.tiktok.rules import VIDEO
from pipeline.platforms.tiktok.upload import USUAL_PART, Cut, send
from pipeline.platforms.waiting import until
from pipeline.vocabulary import ErrorKind, MediaKind

PUBLISH_ID: Final = "publish_id"
_VIDEO_BYTES: Final = "video_bytes"
_PICTURES: Final = "pictures"
_FORGOTTEN: Final = "invalid_publish_id"
_PUBLIC: Final = "PUBLIC_TO_EVERYONE"
_POLL_SECONDS: Final = 4.0
"""TikTok takes 30 such questions a minute, from everything that uses the token together."""


class Publication:
    """A content on its way to an account."""

    def __init__(self, account: Account, api: Api, content: Content, journal: Journal) -> None:
        self._account = account
        self._config = account.publish_config
        self._api = api
        self._content = content
        self._journal = journal
        self._video = next((each for each in content.media if each.kind is MediaKind.VIDEO), None)
        self._pictures = [each for each in content.media if each.kind is MediaKind.IMAGE]

    def publish(self) -> PublishOutcome:
        try:
            earlier = self._earlier()
            if earlier is not None:
                return earlier
            creator = self._api.creator()
            privacy = self._privacy(creator)
        except CallError as failure:
            return failure.without_effect()
        if self._video is not None:
            return self._publish_video(self._video, creator, self._video_info(creator, privacy))
        if self._pictures:
            return self._publish_pictures(self._pictures, creator, self._pictures_info(creator, privacy))
        return Rejected(PlatformError(ErrorKind.VALIDATION, "TikTok takes no post without a video or a picture"))

    def reconcile(self) -> ReconcileOutcome:
        publish_id = self._journal.handles.get(PUBLISH_ID)
        if not publish_id and self._journal.handles.get(_PICTURES):
            return Inconclusive(_UNANSWERED)
        try:
            if not publish_id:
                self._api.creator()  # nothing was published; whether TikTok is there is all that it could tell
                return Absent()
            standing = self._api.standing(publish_id)
            if standing.has_failed or standing.lacks(self._bytes_begun()):
                return Absent()
            if self._is_live(standing):
                return self._published(publish_id, standing, None)
            return Inconclusive(_pending(standing))
        except CallError as failure:
            return failure.inconclusive()

    def _earlier(self) -> PublishOutcome | None:
        """What has become of an earlier attempt; None where it can't have published anything.

        Raises:
            CallError: TikTok doesn't say.
        """
        publish_id = self._journal.handles.get(PUBLISH_ID)
        if not publish_id:  # of pictures submitted without an answer, a person has said that they aren't there
            return None
        try:
            if self._api.standing(publish_id).lacks(self._bytes_begun()):
                return None
        except CallError as failure:
            if failure.error.code != _FORGOTTEN:
                raise
            return None
        return self._wait(publish_id, None)

    def _publish_video(self, video: Media, creator: Creator, info: dict[str, Any]) -> PublishOutcome:
        try:
            with self._account.media.open(video, VIDEO) as local:
                publish_id = self._upload(local, creator, info)
        except MediaError as error:
            return media_failure(error)
        except CallError as failure:
            return failure.outcome
        return self._wait(publish_id, creator.username)

    def _upload(self, video: LocalMedia, creator: Creator, info: dict[str, Any]) -> str:
        """The post's publish id. Raises: CallError."""
        longest, seconds = creator.longest_seconds, video.duration_seconds
        if longest is not None and seconds is not None and seconds > longest:
            message = f"the video plays {seconds:.0f} s, and the creator may post {longest:g} s"
            raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, message)))
        cut = Cut.of(video.size, int(self._config.get("chunk_bytes") or USUAL_PART))
        try:
            publish_id, address = self._api.begin_video(info, cut.source_info())
            if not self._api.may_upload_to(address):
                raise garbled("the address to upload to is neither https nor TikTok's own")
        except CallError as failure:
            raise CallError(failure.without_effect()) from None

        def before_last() -> None:
            self._journal.record(_VIDEO_BYTES, str(video.size))
            self._journal.record(PUBLISH_ID, publish_id)

        send(Wire(self._account), address, video, cut, before_last)
        return publish_id

    def _publish_pictures(self, pictures: Sequence[Media], creator: Creator, info: dict[str, Any]) -> PublishOutcome:
        """One call does it all; if its answer is lost, there is nothing that TikTok could be asked for."""
        self._journal.record(_PICTURES, "submitted")
        try:
            publish_id = self._api.publish_pictures(info, [picture.url for picture in pictures])
        except CallError as failure:
            if not isinstance(failure.outcome, Unknown):
                self._journal.record(_PICTURES, "")
            return failure.outcome
        self._journal.record(PUBLISH_ID, publish_id)
        return self._wait(publish_id, creator.username)

    def _wait(self, publish_id: str, username: str | None) -> PublishOutcome:
        """What comes of what TikTok has, as far as it comes within the account's patience."""

        def settled() -> Standing | None:
            standing = self._api.standing(publish_id)
            return standing if standing.has_failed or self._is_live(standing) else None

        pause = float(self._config.get("poll_seconds") or _POLL_SECONDS)
        try:
            standing = until(settled, seconds=self._account.patience_seconds, pause=pause)
            if standing is None:
                return Unknown(PlatformError(ErrorKind.PENDING, "TikTok still works on it"))
            if standing.has_failed:
                return self._given_up(standing)
            return self._published(publish_id, standing, username)
        except CallError as failure:
            return Unknown(failure.error)

    def _given_up(self, standing: Standing) -> Rejected | NotSent:
        """TikTok won't publish it: another attempt begins anew."""
        if self._video is None:
            self._journal.record(_PICTURES, "")
        self._journal.record(PUBLISH_ID, "")
        return reading.failure(standing, datetime.now(UTC))

    def _is_live(self, standing: Standing) -> bool:
        """Until moderators have seen it, a post for everybody has no id; another never gets one."""
        is_public = self._config.get("privacy_level") == _PUBLIC
        return standing.state == "PUBLISH_COMPLETE" and (standing.post_id is not None or not is_public)

    def _published(self, publish_id: str, standing: Standing, username: str | None) -> Published:
        """Raises: CallError: TikTok doesn't tell whose it is, where `username` doesn't."""
        if standing.post_id is None:
            return Published(publish_id, None, datetime.now(UTC))
        kind = "photo" if self._video is None else "video"
        address = self._api.page(username or self._api.creator().username, kind, standing.post_id)
        return Published(standing.post_id, address, datetime.now(UTC))

    def _bytes_begun(self) -> int | None:
        """How large the video is whose upload an earlier attempt began."""
        size = self._journal.handles.get(_VIDEO_BYTES)
        return int(size) if size else None

    def _privacy(self, creator: Creator) -> str:
        """Raises: CallError: it is not set, or none that TikTok offers the creator."""
        level = required(self._account, self._config, "privacy_level")
        if level not in creator.privacy_levels:
            offered = ", ".join(creator.privacy_levels)
            message = f"the account's privacy_level is {level}, and TikTok offers {offered}"
            raise CallError(NotSent(PlatformError(ErrorKind.AUTH, message, code="privacy_level_option_mismatch")))
        return level

    def _video_info(self, creator: Creator, privacy: str) -> dict[str, Any]:
        return {
            "title": self._content.body,
            **self._info(creator, privacy),
            "disable_duet": self._is_off("duet", creator),
            "disable_stitch": self._is_off("stitch", creator),
            "is_aigc": bool(self._config.get("is_aigc")),
        }

    def _pictures_info(self, creator: Creator, privacy: str) -> dict[str, Any]:
        return {
            "title": self._content.title or "",
            "description": self._content.body,
            **self._info(creator, privacy),
            "auto_add_music": bool(self._config.get("auto_add_music")),
        }

    def _info(self, creator: Creator, privacy: str) -> dict[str, Any]:
        return {
            "privacy_level": privacy,
            "disable_comment": self._is_off("comment", creator),
            "brand_content_toggle": bool(self._config.get("brand_content_toggle")),
            "brand_organic_toggle": bool(self._config.get("brand_organic_toggle")),
        }

    def _is_off(self, interaction: str, creator: Creator) -> bool:
        return interaction in creator.forbids or bool(self._config.get(f"disable_{interaction}"))


_UNANSWERED: Final = PlatformError(
    ErrorKind.NETWORK,
    "the pictures were submitted and TikTok's answer was lost; only the account itself shows whether they are there",
    code="pictures_unanswered",
)


def _pending(standing: Standing) -> PlatformError:
    match standing.state:
        case "SEND_TO_USER_INBOX":
            message = "TikTok has sent it to the creator's inbox, who may publish it from there"
        case "PUBLISH_COMPLETE":
            message = "TikTok has published it and does not tell its id before its moderators have seen it"
        case _:
            message = f"TikTok still works on it ({standing.state})"
    return PlatformError(ErrorKind.PENDING, message, code=standing.state.lower())

"""One account on TikTok. The body of a video is its caption; pictures have a title and a body."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Final

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.audience import Audience
from pipeline.platforms.base import (
    Account,
    Adapter,
    Gone,
    Identity,
    Journal,
    Metrics,
    PublishOutcome,
    ReconcileOutcome,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.failures import CallError
from pipeline.platforms.http import batches
from pipeline.platforms.media.facts import Media
from pipeline.platforms.media.rules import misfits, problems
from pipeline.platforms.oauth import OAuth
from pipeline.platforms.offer import OAUTH_URL, Capabilities, Guarantee, Permalink, Setting
from pipeline.platforms.tiktok import reading, text
from pipeline.platforms.tiktok.api import ADDRESS, MOST_IDS, WEB_ADDRESS, Api
from pipeline.platforms.tiktok.publication import PUBLISH_ID, Publication
from pipeline.platforms.tiktok.rules import PICTURES, VIDEO
from pipeline.vocabulary import MediaKind

_OAUTH: Final = OAuth(
    "https://www.tiktok.com/v2/auth/authorize/",
    "https://open.tiktokapis.com/v2/oauth/token/",
    ("user.info.basic", "user.info.stats", "video.publish", "video.list"),
    renew_before=timedelta(hours=2),
    client_id_name="client_key",
    scope_separator=",",
    hex_challenge=True,
)
"""https://developers.tiktok.com/doc/login-kit-desktop; a token holds a day."""


class TikTokAdapter(Adapter):
    name: ClassVar[str] = "tiktok"
    title: ClassVar[str] = "TikTok"
    capabilities = Capabilities(
        update=False,
        delete=False,
        schedule=False,
        metrics=True,
        metrics_batch=MOST_IDS,
        guarantee=Guarantee.CERTAIN,
        takes=(VIDEO, PICTURES),
        audience=True,
        needs=(MediaKind.VIDEO, MediaKind.IMAGE),
        remarks={
            "metrics": "public posts only",
            "audience": "with the scope user.info.stats",
            "guarantee": "videos; where the answer to the submission of pictures is lost, a person decides",
        },
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=r"\d+|\w+~\S+",
        in_address=r"/(?:video|photo)/(\d+)",
        handle=PUBLISH_ID,
        where="the number after /video/ or /photo/ in its address",
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting(
            "privacy_level",
            "Who may see what is posted: PUBLIC_TO_EVERYONE, MUTUAL_FOLLOW_FRIENDS, FOLLOWER_OF_CREATOR or SELF_ONLY."
            " An app that TikTok has not audited may only post for SELF_ONLY, to a private account.",
            required=True,
        ),
        Setting("disable_comment", "Whether nobody may comment. A creator's own choice against it holds anyhow."),
        Setting("disable_duet", "Whether nobody may make a duet with a video."),
        Setting("disable_stitch", "Whether nobody may stitch a video."),
        Setting("is_aigc", "Whether videos are labelled as made with AI."),
        Setting("brand_content_toggle", "Whether posts are labelled as a paid partnership."),
        Setting("brand_organic_toggle", "Whether posts are labelled as promotion of one's own business."),
        Setting("auto_add_music", "Whether TikTok may put music to pictures."),
        Setting("chunk_bytes", "How much of a video goes in one request: 5 MB to 64 MB, 32 MB unless told."),
        Setting("poll_seconds", "How long to wait before asking again what has become of a post: 4 unless told."),
        Setting("base_url", f"Where the API and the posts are, instead of {ADDRESS} and {WEB_ADDRESS}."),
        OAUTH_URL,
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting(
            "access_token",
            "A user access token with the scopes video.publish and, for figures, video.list and user.info.stats.",
            required=True,
        ),
    )
    oauth: ClassVar[OAuth | None] = _OAUTH

    def __init__(self, account: Account) -> None:
        self._account = account
        self._api = Api(account)

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """A caption for the video; for pictures a title and a longer text. Limits are in UTF-16 code units."""
        media = adaptation.media_for(article.media, cls.capabilities.takes)
        limit = text.PICTURES_TEXT if _are_pictures(media) else text.CAPTION
        caption, hashtags = text.caption(article, min(limit, account.max_content_length or limit))
        title_limit = min(text.PICTURES_TITLE, account.max_title_length or text.PICTURES_TITLE)
        return AdaptedContent(
            title=text.title(article, title_limit) if _are_pictures(media) else None,
            body=caption,
            link_url=article.link,
            media=media,
            platform_specific={"hashtags": hashtags},
        )

    def validate(self, content: Content) -> list[Problem]:
        found = [
            Problem(each.field, f"The {each.field} counts {each.used} {each.unit} on TikTok; {each.limit} are allowed.")
            for each in self.measure(content)
            if each.is_over
        ]
        found += problems(content.media, self.capabilities.takes)
        found += adaptation.needed(content.media, self.capabilities)
        pictures = [each for each in content.media if each.kind is MediaKind.IMAGE]
        for picture in pictures:  # TikTok fetches them itself, so that nothing can be converted on the way
            found += [Problem("media", f"{picture.url}: {misfit}") for misfit in misfits(picture, PICTURES)]
        if pictures and not _are_pictures(content.media):
            found.append(Problem("media", "TikTok takes a video or pictures in one post, not both."))
        return list(dict.fromkeys(found))

    def measure(self, content: Content) -> list[Measure]:
        unit = "UTF-16 code units"
        if not _are_pictures(content.media):
            return [Measure("body", text.length(content.body), text.CAPTION, unit)]
        return [
            Measure("title", text.length(content.title or ""), text.PICTURES_TITLE, unit),
            Measure("body", text.length(content.body), text.PICTURES_TEXT, unit),
        ]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        return Publication(self._account, self._api, content, journal).publish()

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        return Publication(self._account, self._api, content, journal).reconcile()

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        """Of what TikTok doesn't show, nothing is known: it may be gone, or not be for everybody any more."""
        public = [id_ for id_ in external_ids if id_.isdecimal()]  # the others have no id that figures are told by
        figures: dict[str, Metrics | Gone] = {}
        try:
            for ids in batches(public, MOST_IDS):
                found = {str(video.get("id")): video for video in self._api.videos(ids)}
                figures |= {id_: reading.metrics(found[id_]) for id_ in ids if id_ in found}
        except CallError as failure:
            raise failure.unavailable() from None
        return figures

    def audience(self) -> Audience | None:
        """None where the token was given without leave to ask."""
        try:
            return reading.audience(self._api.user())
        except CallError as failure:
            if reading.is_missing_scope(failure.error):
                return None
            raise failure.unavailable() from None

    def whoami(self) -> Identity:
        missing = []
        name = "an account that its token does not name"
        try:
            creator = self._api.creator()
            name = f"{creator.nickname} (@{creator.username})"
        except CallError as failure:
            if not reading.is_missing_scope(failure.error):
                raise failure.unavailable() from None
            missing.append("video.publish")
        try:
            self._api.newest_video()
        except CallError as failure:
            if not reading.is_missing_scope(failure.error):
                raise failure.unavailable() from None
            missing.append("video.list")
        return Identity(name, tuple(missing))


def _are_pictures(media: Sequence[Media]) -> bool:
    """Whether it goes out as pictures: a video goes before them."""
    kinds = {each.kind for each in media}
    return MediaKind.IMAGE in kinds and MediaKind.VIDEO not in kinds

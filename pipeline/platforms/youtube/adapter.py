"""YouTube, through its Data API v3.

A publication is an upload session, which takes the film in chunks, tells after any failure how much it has, and becomes
a video with the last byte. YouTube then works on the film; the video counts as published when that has ended well. A
session that is lost is looked up among the channel's uploads, by a tag that holds the distribution's id.

A scheduled video is uploaded at once, private, with the time at which YouTube makes it public.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.audience import Audience
from pipeline.platforms.base import (
    Absent,
    Account,
    Adapter,
    Changed,
    ChangeOutcome,
    Gone,
    Identity,
    Inconclusive,
    Journal,
    Metrics,
    NotSent,
    PlatformError,
    Published,
    PublishOutcome,
    ReconcileOutcome,
    Rejected,
    Scheduled,
    ScheduleOutcome,
    Unknown,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.failures import CallError, garbled
from pipeline.platforms.http import as_object
from pipeline.platforms.media import rules
from pipeline.platforms.oauth import OAuth
from pipeline.platforms.offer import OAUTH_URL, Capabilities, Guarantee, Permalink, Setting
from pipeline.platforms.waiting import until
from pipeline.platforms.youtube import figures, text
from pipeline.platforms.youtube.api import LIST, VIDEOS, Api
from pipeline.platforms.youtube.publication import FILM, VIDEO_STEP, Publication
from pipeline.platforms.youtube.refusals import gone
from pipeline.platforms.youtube.video import Video, Visibility, address_of
from pipeline.vocabulary import ErrorKind, MediaKind

_WEB_URL: Final = "https://www.youtube.com"
_POLL_SECONDS: Final = 5.0
_CATEGORY: Final = "22"
_SCOPE: Final = "https://www.googleapis.com/auth/youtube"
_ENOUGH: Final = frozenset({_SCOPE, f"{_SCOPE}.force-ssl"})
_PENDING: Final = PlatformError(ErrorKind.PENDING, "YouTube is processing the video")
_OAUTH: Final = OAuth(
    "https://accounts.google.com/o/oauth2/v2/auth",
    "https://oauth2.googleapis.com/token",
    ("https://www.googleapis.com/auth/youtube", "https://www.googleapis.com/auth/yt-analytics.readonly"),
    renew_before=timedelta(minutes=10),
    asks={"access_type": "offline", "prompt": "consent"},
)
"""https://developers.google.com/identity/protocols/oauth2/native-app; a token holds an hour."""


class YouTubeAdapter(Adapter):
    name: ClassVar[str] = "youtube"
    title: ClassVar[str] = "YouTube"
    capabilities: Capabilities = Capabilities(
        update=True,
        delete=True,
        schedule=True,
        metrics=True,
        metrics_batch=figures.BATCH,
        guarantee=Guarantee.CERTAIN,
        takes=(FILM,),
        audience=True,
        needs=(MediaKind.VIDEO,),
        remarks={
            "update": "title, description and tags; the film stays",
            "quota": "told only once it is used up",
            "audience": "to three digits; who came and who went with `analytics`",
        },
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=r"[\w-]{11}",
        in_address=r"(?:[?&]v=|youtu\.be/|/shorts/)([\w-]{11})",
        handle=VIDEO_STEP,
        where="the eleven characters after v= in its address",
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting("privacy_status", "Who sees its videos: public (the default), unlisted or private."),
        Setting("category_id", f"The number of its videos' category; {_CATEGORY}, people and blogs, by default."),
        Setting("made_for_kids", "Whether its videos are made for children; they are not by default."),
        Setting("synthetic_media", "Whether its videos show altered or made-up scenes that look real."),
        Setting("notify_subscribers", "Whether subscribers are told of a new video; they are by default."),
        Setting("analytics", "Whether to ask YouTube Analytics too, for shares and time watched; not by default."),
        Setting("chunk_bytes", "How much is uploaded at a time, in multiples of 256 KiB; 16 MiB by default."),
        Setting("poll_seconds", "How often to ask whether a video is processed; every 5 s by default."),
        Setting("base_url", "The address of the APIs, in place of Google's."),
        Setting("web_url", f"Where people watch the videos; {_WEB_URL} by default."),
        OAUTH_URL,
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("access_token", f"An OAuth access token of the channel, with the scope {_SCOPE}.", required=True),
    )
    oauth: ClassVar[OAuth | None] = _OAUTH

    def __init__(self, account: Account) -> None:
        config = self._config = account.publish_config
        self._account = account
        self._api = Api(account)
        self._analytics = bool(config.get("analytics"))
        if self._analytics:
            self.capabilities = replace(type(self).capabilities, metrics_batch=figures.ANALYTICS_BATCH)
        self._web_url = str(config.get("web_url") or _WEB_URL).rstrip("/")
        self._privacy = str(config.get("privacy_status") or "public")
        self._poll = float(config.get("poll_seconds") or _POLL_SECONDS)

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """`max_content_length` is in bytes of the description."""
        return AdaptedContent(
            title=text.title(article, account.max_title_length),
            body=text.description(article, account.max_content_length),
            link_url=article.link,
            media=adaptation.media_for(article.media, cls.capabilities.takes),
            platform_specific={"tags": text.tags(article), "language": article.language},
        )

    def validate(self, content: Content) -> list[Problem]:
        return [
            *text.problems(content),
            *rules.problems(content.media, self.capabilities.takes),
            *adaptation.needed(content.media, self.capabilities),
        ]

    def measure(self, content: Content) -> list[Measure]:
        return text.measure(content)

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        outcome = self._bring_about(content, journal, Visibility(self._privacy))
        if isinstance(outcome, Scheduled):
            return garbled("YouTube holds the video back").outcome
        return outcome

    def schedule(self, content: Content, at: datetime, journal: Journal) -> ScheduleOutcome:
        outcome = self._bring_about(content, journal, Visibility("private", at))
        if isinstance(outcome, Published):  # its time came meanwhile
            return Unknown(PlatformError(ErrorKind.PENDING, "the video is public already"))
        return outcome

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        """A film that YouTube can't read or won't show is absent: publishing again tells so, and uploads nothing."""
        try:
            known = Publication(self._api, self._account, content, journal).look_up()
            if not isinstance(known, str):
                return Absent()
            video = self._read(known)
        except CallError as failure:
            return failure.inconclusive()
        if video is not None and video.refused:
            return Absent()
        if video is None or not video.is_processed:
            return Inconclusive(_PENDING)
        shown = self._shown(video)
        return Inconclusive(shown.error) if isinstance(shown, Rejected) else shown

    def unschedule(self, external_id: str) -> ChangeOutcome:
        """Leaves the video to its owner alone."""
        try:
            video = self._read(external_id)
        except CallError as failure:
            return failure.without_effect()
        if video is not None and video.visibility.privacy != "private":
            return Rejected(PlatformError(ErrorKind.POLICY, "the video is public already"))
        if video is None or video.visibility.at is None:
            return Changed(external_id)
        return self._change(external_id, {"status": video.changed_status(Visibility("private"))})

    def update(self, external_id: str, content: Content) -> ChangeOutcome:
        try:
            video = self._read(external_id)
        except CallError as failure:
            return failure.without_effect()
        if video is None:
            return Rejected(PlatformError(ErrorKind.VALIDATION, "the video is not on YouTube"))
        return self._change(external_id, {"snippet": video.changed_snippet(self._snippet(content))})

    def delete(self, external_id: str) -> ChangeOutcome:
        try:
            answer = self._api.call("DELETE", self._api.address(VIDEOS), params={"id": external_id})
        except CallError as failure:
            return Changed(external_id) if gone(failure) else failure.outcome
        if answer.body:
            return garbled("YouTube did not say that it deleted the video", answer.status).outcome
        return Changed(external_id)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        try:
            return figures.counted(self._api, external_ids, analytics=self._analytics)
        except CallError as failure:
            raise failure.unavailable() from None

    def audience(self) -> Audience | None:
        try:
            return figures.audience(self._api, analytics=self._analytics)
        except CallError as failure:
            raise failure.unavailable() from None

    def whoami(self) -> Identity:
        try:
            channels = self._api.items(
                "/youtube/v3/channels", "youtube#channelListResponse", part="snippet", mine="true"
            )
            if not channels:
                raise garbled("the token belongs to no channel")
            name = as_object(channels[0].get("snippet")).get("title")
            scopes = self._api.scopes()
        except CallError as failure:
            raise failure.unavailable() from None
        return Identity(str(name), () if scopes & _ENOUGH else (_SCOPE,))

    def _bring_about(
        self, content: Content, journal: Journal, wanted: Visibility
    ) -> Published | Scheduled | Rejected | NotSent | Unknown:
        video = {"snippet": self._snippet(content), "status": self._status(wanted)}
        try:
            publication = Publication(self._api, self._account, content, journal)
            id_ = publication.upload(video, notify=bool(self._config.get("notify_subscribers", True)))
        except CallError as failure:
            return failure.outcome
        if VIDEO_STEP not in journal.handles:
            time.sleep(self._poll)  # no film is processed the moment it has arrived
        try:
            found = until(lambda: self._decided(id_), seconds=self._account.patience_seconds, pause=self._poll)
        except CallError as failure:
            return Unknown(failure.error)
        if found is None:
            return Unknown(_PENDING)
        return found.refused or self._shown_to(wanted, found)

    def _shown_to(self, wanted: Visibility, video: Video) -> Published | Scheduled | Rejected | NotSent | Unknown:
        """Show a video that an earlier plan, or YouTube, left hidden; one that people see is never hidden again."""
        if video.visibility.privacy == "private" and video.visibility.status() != wanted.status():
            try:
                answer = self._put(video.id, {"status": video.changed_status(wanted)})
            except CallError as failure:
                return failure.outcome
            video = Video(video.id, video.snippet, Video.of(answer).status)
        return self._shown(video)

    def _shown(self, video: Video) -> Published | Scheduled | Rejected:
        shown = video.shown(self._web_url)
        if shown is not None:
            return shown
        if self._privacy == "private":
            return video.published(self._web_url)
        return Rejected(PlatformError(ErrorKind.POLICY, f"YouTube keeps the video {video.id} private", code="private"))

    def _decided(self, id_: str) -> Video | None:
        """The video, once YouTube has made up its mind about the film. Raises: CallError."""
        video = self._read(id_)
        return video if video is not None and (video.is_processed or video.refused) else None

    def _read(self, id_: str) -> Video | None:
        """None where it is not there, or not yet. Raises: CallError."""
        resources = self._api.items(VIDEOS, LIST, part="snippet,status", id=id_)
        return next((Video.of(each) for each in resources if each.get("id") == id_), None)

    def _change(self, id_: str, parts: Mapping[str, Mapping[str, Any]]) -> ChangeOutcome:
        try:
            self._put(id_, parts)
        except CallError as failure:
            return failure.outcome
        return Changed(id_, address_of(id_, self._web_url))

    def _put(self, id_: str, parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Raises: CallError: among others, the answer is not the video."""
        answer = self._api.ask("PUT", VIDEOS, params={"part": ",".join(parts)}, json={"id": id_, **parts})
        if answer.get("id") != id_:
            raise garbled("YouTube's answer is not the video that was changed")
        return answer

    def _snippet(self, content: Content) -> dict[str, Any]:
        language = content.platform_specific.get("language")
        return {
            "title": content.title,
            "description": content.body,
            "tags": text.marked_tags(content),
            "categoryId": str(self._config.get("category_id") or _CATEGORY),
            **({"defaultLanguage": str(language)} if language else {}),
        }

    def _status(self, wanted: Visibility) -> dict[str, Any]:
        """Who sees it is always said: without a word everybody would."""
        synthetic = {"containsSyntheticMedia": True} if self._config.get("synthetic_media") else {}
        for_kids = bool(self._config.get("made_for_kids", False))
        return {**wanted.status(), "selfDeclaredMadeForKids": for_kids, **synthetic}

"""The adapter: see the package."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
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
    PlatformError,
    Published,
    PublishOutcome,
    Quota,
    ReconcileOutcome,
    Rejected,
    Unknown,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.failures import CallError, garbled, media_failure, required
from pipeline.platforms.http import as_list
from pipeline.platforms.instagram import caption, containers, files, insights, timeline
from pipeline.platforms.instagram.containers import Containers
from pipeline.platforms.instagram.graph import (
    ADDRESS,
    FACEBOOK_LOGIN_ADDRESS,
    UNKNOWN_OBJECT,
    VERSION,
    Graph,
    id_of,
    publishing_scope,
)
from pipeline.platforms.media.facts import MediaError
from pipeline.platforms.oauth import Lengthening, OAuth
from pipeline.platforms.offer import OAUTH_URL, Capabilities, Guarantee, Permalink, Setting
from pipeline.vocabulary import ErrorKind, MediaKind

_OAUTH: Final = OAuth(
    "https://www.instagram.com/oauth/authorize",
    "https://api.instagram.com/oauth/access_token",
    ("instagram_business_basic", "instagram_business_content_publish", "instagram_business_manage_insights"),
    renew_before=timedelta(days=10),
    pkce=False,
    scope_separator=",",
    loopback=False,
    lengthening=Lengthening(
        "https://graph.instagram.com/access_token",
        "ig_exchange_token",
        "https://graph.instagram.com/refresh_access_token",
        "ig_refresh_token",
    ),
)
"""https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login; a long
token holds 60 days. It is one for https://graph.instagram.com."""


class InstagramAdapter(Adapter):
    name: ClassVar[str] = "instagram"
    title: ClassVar[str] = "Instagram"
    capabilities: Capabilities = Capabilities(
        update=False,
        delete=True,
        schedule=False,
        metrics=True,
        metrics_batch=1,
        guarantee=Guarantee.CERTAIN,
        takes=(files.PICTURES, files.VIDEOS),
        needs=(MediaKind.IMAGE, MediaKind.VIDEO),
        quota=True,
        audience=True,
        remarks={"delete": "where the account's `may_delete` says so", "metrics": "up to two days late"},
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=r"\d+", where="its id in the API, a long number; its address holds only a short code"
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting("user_id", "The professional account's id in the API, a number.", required=True),
        Setting("base_url", f"The API's address; default {ADDRESS}, for Facebook Login {FACEBOOK_LOGIN_ADDRESS}."),
        Setting("api_version", f"The API's version; default {VERSION}."),
        Setting("reels", "Whether a post's video goes out as a reel in place of its pictures; default no."),
        Setting("max_hashtags", "How many hashtags a caption may have; default 30."),
        Setting("may_delete", "Whether its token may delete (Facebook Login, instagram_manage_contents); default no."),
        Setting("poll_seconds", "How often to ask whether a container is processed; default 3."),
        OAUTH_URL,
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("access_token", "A long-lived token that may publish and read insights.", required=True),
    )
    oauth: ClassVar[OAuth | None] = _OAUTH

    def __init__(self, account: Account) -> None:
        self._account = account
        self._graph = Graph(account)
        may_delete = bool(account.publish_config.get("may_delete"))
        self.capabilities = replace(type(self).capabilities, delete=may_delete)

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """A caption for the post's pictures or, where the account's `reels` says so, for its video."""
        text, hashtags = caption.adapted(article, account)
        takes = (files.VIDEOS, files.PICTURES) if account.publish_config.get("reels") else cls.capabilities.takes
        return AdaptedContent(
            title=None,
            body=text,
            link_url=article.link,
            media=adaptation.media_for(article.media, takes),
            platform_specific={"hashtags": hashtags},
        )

    def validate(self, content: Content) -> list[Problem]:
        problems = [
            Problem("body", f"The caption has {used:,} {unit}; {limit:,} are allowed.")
            for used, limit, unit in (
                (caption.length(content.body), caption.LIMIT, "characters"),
                (caption.hashtags(content.body), caption.most_hashtags(self._account.publish_config), "hashtags"),
                (caption.mentions(content.body), caption.MOST_MENTIONS, "mentions"),
            )
            if used > limit
        ]
        return problems + adaptation.needed(content.media, self.capabilities) + files.problems(content.media)

    def measure(self, content: Content) -> list[Measure]:
        hashtags = Measure("hashtags", caption.hashtags(content.body), caption.WISE_HASHTAGS, "hashtags")
        return [Measure("body", caption.length(content.body), caption.LIMIT), hashtags]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        try:
            if containers.STEP in journal.handles:  # an earlier attempt came as far as publishing
                earlier = self._earlier(content, journal)
                if earlier is not None:
                    return earlier
            container = self._containers.ready(content, journal)
        except MediaError as error:
            return media_failure(error)
        except CallError as failure:
            return failure.outcome if failure.error.kind is ErrorKind.PENDING else failure.without_effect()
        try:
            media_id = id_of(self._graph.post(self._user_id, "media_publish", creation_id=container))
        except CallError as failure:
            return failure.outcome
        return self._published(media_id)

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        try:
            return self._asked(content, journal)
        except CallError as failure:
            return failure.inconclusive()

    def delete(self, external_id: str) -> ChangeOutcome:
        if not self.capabilities.delete:
            message = f"the account {self._account.key} may not delete on Instagram: its setting may_delete is off"
            return Rejected(PlatformError(ErrorKind.POLICY, message))
        try:
            answer = self._graph.delete(external_id)
        except CallError as failure:
            if failure.error.code == UNKNOWN_OBJECT:
                return self._not_deleted(external_id, failure.error)
            return failure.outcome
        if answer.get("success") is not True:
            return Unknown(PlatformError(ErrorKind.PROTOCOL, "Instagram did not say that it deleted the post"))
        return Changed(external_id)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        try:
            return {id_: self._figures(id_) for id_ in external_ids}
        except CallError as failure:
            raise failure.unavailable() from None

    def audience(self) -> Audience | None:
        try:
            return insights.audience(self._graph, self._user_id)
        except CallError as failure:
            raise failure.unavailable() from None

    def whoami(self) -> Identity:
        """The permission to publish shows in whether the publishing limit may be read."""
        try:
            name = self._graph.get(self._user_id, fields="username").get("username")
        except CallError as failure:
            raise failure.unavailable() from None
        try:
            self._limit()
        except CallError as failure:
            if failure.error.kind is not ErrorKind.AUTH:
                raise failure.unavailable() from None
            return Identity(f"@{name}", (publishing_scope(self._graph.host),))
        return Identity(f"@{name}")

    def quota(self) -> Quota | None:
        """The window moves, so something may be free again before it ends."""
        try:
            told = self._limit()
        except CallError as failure:
            raise failure.unavailable() from None
        config = told.get("config")
        total = config.get("quota_total") if isinstance(config, dict) else None
        seconds = config.get("quota_duration") if isinstance(config, dict) else None
        used = told.get("quota_usage")
        if not (isinstance(total, int) and isinstance(seconds, int) and isinstance(used, int)):
            return None
        return Quota(max(0, total - used), datetime.now(UTC) + timedelta(seconds=seconds))

    def _earlier(self, content: Content, journal: Journal) -> Published | Unknown | None:
        """What became of the container that was recorded; None where that isn't published. Raises: CallError."""
        match self._asked(content, journal):
            case Published() as published:
                return published
            case Inconclusive(error=error) if error.kind is not ErrorKind.PENDING:
                return Unknown(error)
        return None

    def _asked(self, content: Content, journal: Journal) -> Published | Absent | Inconclusive:
        """Raises: CallError."""
        container = journal.handles.get(containers.STEP)
        recorded = [container] if container else list(journal.handles.values())  # until then, a carousel's items
        states = {id_: self._containers.state(id_) for id_ in recorded}
        for id_, state in states.items():
            if state is not None and state.code == containers.IN_PROGRESS:
                return Inconclusive(containers.still_processing(id_))
        state = states[container] if container else None
        if state is not None and state.code != containers.PUBLISHED:
            return Absent()
        found = timeline.find(self._graph, self._user_id, content.body, journal.started_at)
        if found is None and state is not None:
            message = f"the container {container} is published, and no publication of the account has its caption yet"
            return Inconclusive(PlatformError(ErrorKind.PROTOCOL, message))
        return found or Absent()

    def _published(self, media_id: str) -> Published:
        """With its address, where that is told: that it is live is certain without."""
        try:
            return timeline.published(media_id, self._graph.get(media_id, fields="permalink,timestamp"))
        except CallError:
            return Published(media_id, None, datetime.now(UTC))

    def _not_deleted(self, media_id: str, error: PlatformError) -> ChangeOutcome:
        """What the refusal means that is the same for what is gone and for what can't be deleted."""
        try:
            gone = self._is_gone(media_id)
        except CallError as failure:
            return failure.without_effect()
        return Changed(media_id) if gone else Rejected(replace(error, kind=ErrorKind.POLICY))

    def _figures(self, media_id: str) -> Metrics | Gone:
        """Raises: CallError."""
        try:
            return insights.metrics(self._graph, media_id)
        except CallError as failure:
            if failure.error.code == UNKNOWN_OBJECT and self._is_gone(media_id):
                return Gone()
            raise

    def _is_gone(self, media_id: str) -> bool:
        """Whether Instagram doesn't know the publication, though it shows the account.

        Raises:
            CallError: it does not show the account either, which says nothing of the publication.
        """
        self._graph.get(self._user_id, fields="id")
        try:
            self._graph.get(media_id, fields="id")
        except CallError as failure:
            if failure.error.code == UNKNOWN_OBJECT:
                return True
            raise
        return False

    def _limit(self) -> dict[str, Any]:
        """Raises: CallError."""
        answer = self._graph.get(self._user_id, "content_publishing_limit", fields="quota_usage,config")
        told = as_list(answer.get("data"))
        if not told:
            raise garbled("Instagram's answer has no limit")
        return told[0]

    @cached_property
    def _user_id(self) -> str:
        """Raises: CallError."""
        return required(self._account, self._account.publish_config, "user_id")

    @cached_property
    def _containers(self) -> Containers:
        """Raises: CallError."""
        return Containers(self._graph, self._account, self._user_id)

"""One account on X: what it may say, saying it, and finding out what became of that."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import quote

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
    ReconcileOutcome,
    Rejected,
    Unknown,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.failures import CallError, garbled, media_failure
from pipeline.platforms.http import as_object
from pipeline.platforms.limits import quota
from pipeline.platforms.media.facts import MediaError
from pipeline.platforms.media.rules import problems, rule_for
from pipeline.platforms.oauth import OAuth
from pipeline.platforms.offer import OAUTH_URL, Capabilities, Charge, Guarantee, Permalink, Price, Prices, Setting
from pipeline.platforms.sdk import json_of
from pipeline.platforms.x import prices, text, thread
from pipeline.platforms.x.api import Api, id_of, made_at
from pipeline.platforms.x.figures import BATCH, YOUNG, Reader, audience
from pipeline.platforms.x.timeline import Timeline
from pipeline.platforms.x.uploads import TAKES, Uploads
from pipeline.text.fitting import fit
from pipeline.text.rendering import clean, one_line, text_of
from pipeline.vocabulary import ErrorKind

_MAX_HASHTAGS: Final = 2
_MOST_POSTS: Final = 10
_THREAD_STEP: Final = "thread"
_OAUTH: Final = OAuth(
    "https://x.com/i/oauth2/authorize",
    "https://api.x.com/2/oauth2/token",
    ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access"),
    renew_before=timedelta(minutes=10),
    basic=True,
)
"""https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token; a token holds two hours."""


class XAdapter(Adapter):
    name: ClassVar[str] = "x"
    title: ClassVar[str] = "X"
    capabilities: Capabilities = Capabilities(
        update=False,
        delete=True,
        schedule=False,
        metrics=True,
        metrics_batch=BATCH,
        guarantee=Guarantee.LIKELY,
        takes=TAKES,
        audience=True,
        remarks={
            "update": "an edited post gets a new id",
            "metrics": "clicks with the setting `non_public_metrics`, for 30 days",
            "quota": "told with each post",
        },
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=r"\d+", in_address=r"/status/(\d+)", where="the number after /status/ in its address"
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting("base_url", "The API's address; default https://api.x.com."),
        Setting("user_id", "The account's number; saves a call when looking back."),
        Setting("max_weighted_length", "For accounts that may write more than 280."),
        Setting("thread", "true: an article goes on in numbered posts after the first."),
        Setting("thread_posts", f"How many posts a thread has at most; default {_MOST_POSTS}."),
        Setting("non_public_metrics", "true: ask for clicks and what else only the owner is shown."),
        Setting(
            "metrics_from_timeline", "true: read a month's figures from the own timeline, at a fifth of the price."
        ),
        Setting("fields_parameter", "X's name for the parameter that selects a post's fields; default post.fields."),
        OAUTH_URL,
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("api_key", "The app's consumer key, for OAuth 1.0a."),
        Setting("api_secret", "The app's consumer secret, for OAuth 1.0a."),
        Setting("access_token", "The account's access token; alone, it is one of OAuth 2.0.", required=True),
        Setting("access_secret", "The secret of that token, for OAuth 1.0a."),
        Setting("oauth2_access_token", "An access token of OAuth 2.0, which is preferred to the others."),
    )
    oauth: ClassVar[OAuth | None] = _OAUTH
    list_prices: ClassVar[Sequence[Price]] = prices.LIST

    def __init__(self, account: Account) -> None:
        config = account.publish_config
        self._account = account
        self._api = Api(account)
        self._timeline = Timeline(self._api, account)
        self._uploads = Uploads(self._api, account)
        self._reader = Reader(
            self._api,
            self._timeline,
            non_public=config.get("non_public_metrics") is True,
            from_timeline=config.get("metrics_from_timeline") is True,
        )

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """What the article is about in its own words, up to two hashtags, the link; in a thread, all it says."""
        threads = account.publish_config.get("thread") is True and not article.parts
        limit = _limit(account.publish_config)
        limit = min(limit, account.max_content_length or limit)
        if len(article.parts) > 1:
            return _in_parts(article, limit)
        room = limit - thread.room_for_number() if threads else limit
        hashtags = adaptation.hashtags(article.keywords, _MAX_HASHTAGS)

        def said(hook: str, tags: int) -> str:
            parts = (hook, " ".join(hashtags[:tags]), article.link)
            return clean("\n\n".join(part for part in parts if part))

        def measure(hook: str) -> int:
            return text.weighted_length(said(hook, 0))

        hook = fit(adaptation.teaser(article), room, measure, thread.links)
        tags = next(n for n in range(len(hashtags), -1, -1) if n == 0 or text.weighted_length(said(hook, n)) <= room)
        first, more = said(hook, tags), []
        if threads:
            paragraphs = [text_of(block) for block in adaptation.disclosed(article)]
            told = [paragraph for paragraph in paragraphs if paragraph and one_line(paragraph) != hook]
            most = int(account.publish_config.get("thread_posts") or _MOST_POSTS)
            first, *more = thread.numbered(first, told, limit, most)
        return AdaptedContent(
            title=None,
            body=first,
            link_url=article.link,
            media=adaptation.media_for(article.media, TAKES),
            platform_specific={"hashtags": hashtags[:tags], **({thread.KEY: more} if more else {})},
        )

    def validate(self, content: Content) -> list[Problem]:
        found = []
        for name, said, length in zip(self._names(content), thread.posts(content), self.measure(content), strict=True):
            if not said.strip():
                found.append(Problem(name, "The post has no text."))
            if length.is_over:
                found.append(
                    Problem(name, f"The post counts {length.used} characters on X; {length.limit} are allowed.")
                )
            if text.has_refused_characters(said):
                found.append(Problem(name, "The post holds a character that X refuses."))
            if text.cashtags(said) > 1:
                found.append(Problem(name, "X takes one cashtag a post."))
        found += problems(content.media, TAKES)
        if len({rule_for(each, TAKES) for each in content.media}) > 1:
            found.append(Problem("media", "X takes up to four pictures, or one GIF, or one video."))
        return found

    def measure(self, content: Content) -> list[Measure]:
        limit = _limit(self._account.publish_config)
        named = zip(self._names(content), thread.posts(content), strict=True)
        return [Measure(name, text.weighted_length(said), limit, "weighted characters") for name, said in named]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        posts = thread.posts(content)
        try:
            found = self._earlier(posts, journal)
        except CallError as failure:
            return Unknown(failure.error)
        try:
            media = [] if found[0] else self._uploads.ready(content.media, journal)
        except MediaError as error:
            return media_failure(error)
        except CallError as failure:
            return failure.outcome if failure.error.kind is ErrorKind.PENDING else failure.without_effect()
        live: list[Published] = []
        for number, said in enumerate(posts, start=1):
            try:
                post = found[number - 1] or self._post(said, media, live[-1].external_id if live else None, journal)
            except CallError as failure:
                # Behind a first post that is live, nothing can be said to have had no effect.
                return Unknown(failure.error) if live else failure.outcome
            if len(posts) > 1:
                journal.record(f"post-{number}", post.external_id)
            live.append(post)
            media = []
        return live[0]

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        """A thread that is not whole counts as absent: publishing goes on with what is missing."""
        posts = thread.posts(content)
        try:
            found = self._found(posts, journal)
            if found[0] is not None and None not in found:
                return found[0]
            pending = self._uploads.pending(content.media, journal)
        except CallError as failure:
            return failure.inconclusive()
        return Absent() if pending is None else Inconclusive(pending)

    def update(self, external_id: str, content: Content) -> ChangeOutcome:  # noqa: ARG002 - the protocol's
        return Rejected(PlatformError(ErrorKind.POLICY, "X gives an edited post a new id: delete it and publish again"))

    def delete(self, external_id: str) -> ChangeOutcome:
        """Of a thread, the later posts first: what a failure leaves is still found by its first."""
        try:
            later = self._timeline.parts_after(external_id) if external_id.isdecimal() else []
            for id_ in (*later, external_id):
                self._delete(id_)
        except CallError as failure:
            return failure.outcome
        return Changed(external_id)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        """Of a thread, its first post's."""
        try:
            return self._reader.figures(external_ids)
        except CallError as failure:
            raise failure.unavailable() from None

    def audience(self) -> Audience | None:
        try:
            return audience(self._api)
        except CallError as failure:
            raise failure.unavailable() from None

    def prices(self) -> Prices:
        return prices.of_questions(YOUNG if self._account.publish_config.get("metrics_from_timeline") is True else None)

    @classmethod
    def charges(cls, content: Content) -> Mapping[Charge, int]:
        return prices.charges(content)

    def whoami(self) -> Identity:
        try:
            response = self._api.call("GET", "/2/users/me")
            name = as_object(as_object(json_of(response)).get("data")).get("username")
        except CallError as failure:
            raise failure.unavailable() from None
        # X tells on every answer to a call signed with OAuth 1.0a what the token may do: read, read-write or more.
        return Identity(f"@{name}", ("write",) * (response.headers.get("x-access-level") == "read"))

    def _earlier(self, posts: Sequence[str], journal: Journal) -> list[Published | None]:
        """What an earlier attempt at a thread has posted. Raises: CallError."""
        if len(posts) == 1:
            return [None]
        if _THREAD_STEP in journal.handles:
            return self._found(posts, journal)
        journal.record(_THREAD_STEP, str(len(posts)))
        return [None] * len(posts)

    def _found(self, posts: Sequence[str], journal: Journal) -> list[Published | None]:
        """Of each post what is known of it, or what the timeline tells. Raises: CallError."""
        ids = [journal.handles.get(f"post-{number}") for number in range(1, len(posts) + 1)]
        unknown = [said for said, id_ in zip(posts, ids, strict=True) if id_ is None]
        seen = iter(self._timeline.said(unknown, journal.started_at) if unknown else [])
        return [self._of_id(id_) if id_ else self._seen(next(seen)) for id_ in ids]

    def _post(self, said: str, media: Sequence[str], reply_to: str | None, journal: Journal) -> Published:
        """Raises: CallError."""
        asked: dict[str, Any] = {"text": said}
        if media:
            asked["media"] = {"media_ids": list(media)}
        if reply_to:
            asked["reply"] = {"in_reply_to_tweet_id": reply_to}
        try:
            response = self._api.call("POST", "/2/tweets", json=asked)
        except CallError as failure:
            if failure.error.http_status == 403 and "duplicate content" in failure.error.message.lower():  # noqa: PLR2004
                return self._adopted(said, journal, failure.error)
            raise
        id_ = id_of(as_object(json_of(response)).get("data"))
        return Published(id_, self._api.page(id_), datetime.now(UTC), quota(response.headers))

    def _adopted(self, said: str, journal: Journal, error: PlatformError) -> Published:
        """The post of this publication that another is a duplicate of. Raises: CallError: it is not to be seen."""
        try:
            (post,) = self._timeline.said([said], journal.started_at)
            found = self._seen(post)
        except CallError:
            found = None
        if found is None:
            duplicate = PlatformError(ErrorKind.DUPLICATE, error.message, error.code, error.http_status)
            raise CallError(Unknown(duplicate))
        return found

    def _delete(self, id_: str) -> None:
        """Raises: CallError."""
        try:
            answer = self._api.ask("DELETE", f"/2/tweets/{quote(id_, safe='')}").get("data")
        except CallError as failure:
            if failure.error.http_status == 404:  # noqa: PLR2004
                return
            raise
        if as_object(answer).get("deleted") is not True:
            raise garbled("X did not say that it deleted the post")

    def _seen(self, post: Mapping[str, Any] | None) -> Published | None:
        """Raises: CallError: it has no id."""
        if post is None:
            return None
        id_ = id_of(post)
        return Published(id_, self._api.page(id_), _moment(post.get("created_at")))

    def _of_id(self, id_: str) -> Published:
        return Published(id_, self._api.page(id_), made_at(id_))

    def _names(self, content: Content) -> list[str]:
        return ["body", *(f"post {number}" for number in range(2, len(thread.posts(content)) + 1))]


def _in_parts(article: AdaptableArticle, limit: int) -> AdaptedContent:
    """The parts as they were approved, a post each, numbered; the link behind the last."""
    first, *more = thread.of_parts(article.texts, article.link, limit)
    return AdaptedContent(
        title=None,
        body=first,
        link_url=article.link,
        media=adaptation.media_for(article.media, TAKES),
        platform_specific={thread.KEY: more} if more else {},
    )


def _limit(publish_config: Mapping[str, Any]) -> int:
    """In X's weighted counting."""
    return int(publish_config.get("max_weighted_length") or text.LIMIT)


def _moment(told: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(told)).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)

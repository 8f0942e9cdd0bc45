"""X, through its API v2 with OAuth 1.0a user tokens; tweepy signs, our wire carries.

X keeps no handle of ours: a post whose answer was lost is found in the account's own timeline, by its text, since the
publication began. A 403 for duplicate content says that an earlier try may have landed and is looked up like that.

Settings (`publish_config`), all optional: `base_url`, the API's address; `user_id`, saves a call when looking back;
`max_weighted_length`, for accounts that may write more; `fields_parameter`, X's name for the parameter that selects a
post's fields. Credentials: `api_key`, `api_secret`, `access_token`, `access_secret`.

The body is the whole text, its link included. Pictures are not uploaded. An edited post gets a new id, so there is no
update.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Final

import tweepy
from requests import Response

from pipeline.platforms import adaptation, x_text
from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
from pipeline.platforms.base import (
    Absent,
    Account,
    Adapter,
    Capabilities,
    Changed,
    ChangeOutcome,
    Gone,
    Guarantee,
    Identity,
    Journal,
    Metrics,
    Permalink,
    PlatformError,
    Published,
    PublishOutcome,
    Quota,
    ReconcileOutcome,
    Rejected,
    Setting,
    Unknown,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import Wire, as_list, as_object, batches
from pipeline.platforms.limits import quota
from pipeline.platforms.sdk import WireSession, json_of
from pipeline.text.fitting import fit, link_spans
from pipeline.text.rendering import clean
from pipeline.vocabulary import ErrorKind

for _name in ("tweepy", "oauthlib", "requests_oauthlib"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # at DEBUG they log tokens and signatures

_TWEEPY_ADDRESS: Final = "https://api.twitter.com"
_ADDRESS: Final = "https://api.x.com"
_WEB_ADDRESS: Final = "https://x.com"
_MAX_HASHTAGS: Final = 2
_SKEW: Final = timedelta(minutes=2)
"""How far X's clock may be behind ours."""
_PAGES: Final = 32
"""A timeline reaches back 3,200 posts."""
_ACCOUNT_PROBLEMS: Final = ("oauth1-permissions", "client-forbidden")
"""Refusals of the token or the app, whatever the post says."""
_INTERACTIONS: Final = ("like_count", "repost_count", "reply_count", "quote_count", "bookmark_count")


class XAdapter(Adapter):
    name: ClassVar[str] = "x"
    title: ClassVar[str] = "X"
    capabilities: Capabilities = Capabilities(
        update=False, delete=True, schedule=False, metrics=True, metrics_batch=100, guarantee=Guarantee.LIKELY
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=r"\d+", in_address=r"/status/(\d+)", where="the number after /status/ in its address"
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting("base_url", "The API's address; default https://api.x.com."),
        Setting("user_id", "The account's number; saves a call when looking back."),
        Setting("max_weighted_length", "For accounts that may write more than 280."),
        Setting("fields_parameter", "X's name for the parameter that selects a post's fields; default tweet.fields."),
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("api_key", "The app's consumer key.", required=True),
        Setting("api_secret", "The app's consumer secret.", required=True),
        Setting("access_token", "The account's access token.", required=True),
        Setting("access_secret", "The secret of that token.", required=True),
    )

    def __init__(self, account: Account) -> None:
        self._account = account
        self._address = str(account.publish_config.get("base_url") or _ADDRESS).rstrip("/")
        self._fields = str(account.publish_config.get("fields_parameter") or "tweet.fields")

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """What the article is about in its own words, up to two hashtags, and the link."""
        limit = _limit(account.publish_config)
        limit = min(limit, account.max_content_length or limit)
        hashtags = adaptation.hashtags(article.keywords, _MAX_HASHTAGS)

        def said(hook: str, tags: int) -> str:
            parts = (hook, " ".join(hashtags[:tags]), article.canonical_url)
            return clean("\n\n".join(part for part in parts if part))

        def measure(hook: str) -> int:
            return x_text.weighted_length(said(hook, 0))

        def links(text: str) -> list[tuple[int, int]]:
            return link_spans(text) + x_text.link_spans(text)

        hook = fit(adaptation.teaser(article), limit, measure, links)
        tags = next(n for n in range(len(hashtags), -1, -1) if n == 0 or x_text.weighted_length(said(hook, n)) <= limit)
        return AdaptedContent(
            title=None,
            body=said(hook, tags),
            link_url=article.canonical_url,
            platform_specific={"hashtags": hashtags[:tags]},
        )

    def validate(self, content: Content) -> list[Problem]:
        problems = []
        (text,) = self.measure(content)
        if not content.body.strip():
            problems.append(Problem("body", "The post has no text."))
        if text.is_over:
            problems.append(Problem("body", f"The post counts {text.used} characters on X; {text.limit} are allowed."))
        if x_text.has_refused_characters(content.body):
            problems.append(Problem("body", "The post holds a character that X refuses."))
        if x_text.cashtags(content.body) > 1:
            problems.append(Problem("body", "X takes one cashtag a post."))
        return problems

    def measure(self, content: Content) -> list[Measure]:
        length = x_text.weighted_length(content.body)
        return [Measure("body", length, _limit(self._account.publish_config), "weighted characters")]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        try:
            response = self._call("POST", "/2/tweets", json={"text": content.body})
            tweet = as_object(as_object(json_of(response)).get("data"))
            return self._published(tweet, datetime.now(UTC), quota(response.headers))
        except CallError as failure:
            if failure.error.http_status == 403 and "duplicate content" in failure.error.message.lower():  # noqa: PLR2004
                return self._adopt(content, journal, failure.error)
            if failure.error.code == "usage-capped":
                return failure.as_rate_limited()
            if failure.error.code in _ACCOUNT_PROBLEMS:
                return failure.as_unauthorised()
            return failure.outcome

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        try:
            return self._look_back(content.body, journal.started_at) or Absent()
        except CallError as failure:
            return failure.inconclusive()

    def update(self, external_id: str, content: Content) -> ChangeOutcome:  # noqa: ARG002 - the protocol's
        return Rejected(PlatformError(ErrorKind.POLICY, "X gives an edited post a new id: delete it and publish again"))

    def delete(self, external_id: str) -> ChangeOutcome:
        try:
            answer = as_object(self._ask("DELETE", f"/2/tweets/{external_id}").get("data"))
        except CallError as failure:
            return Changed(external_id) if failure.error.http_status == 404 else failure.outcome  # noqa: PLR2004
        if answer.get("deleted") is not True:
            return Unknown(PlatformError(ErrorKind.PROTOCOL, "X did not say that it deleted the post"))
        return Changed(external_id)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        figures: dict[str, Metrics | Gone] = {}
        try:
            for ids in batches(external_ids, self.capabilities.metrics_batch):
                query = {"ids": ",".join(ids), self._fields: "public_metrics"}
                answer = self._ask("GET", "/2/tweets", params=query)
                for tweet in as_list(answer.get("data", [])):
                    figures[str(tweet.get("id"))] = metrics_of(tweet.get("public_metrics"))
                for problem in as_list(answer.get("errors", [])):
                    if str(problem.get("type")).endswith("/resource-not-found"):
                        figures[str(problem.get("resource_id") or problem.get("value"))] = Gone()
        except CallError as failure:
            raise failure.unavailable() from None
        return figures

    def whoami(self) -> Identity:
        try:
            response = self._call("GET", "/2/users/me")
            name = as_object(as_object(json_of(response)).get("data")).get("username")
        except CallError as failure:
            raise failure.unavailable() from None
        # X tells on every answer to a signed call what the token may do: read, read-write or more.
        return Identity(f"@{name}", ("write",) * (response.headers.get("x-access-level") == "read"))

    def _adopt(self, content: Content, journal: Journal, error: PlatformError) -> PublishOutcome:
        try:
            found = self._look_back(content.body, journal.started_at)
        except CallError:
            found = None
        return found or Unknown(PlatformError(ErrorKind.DUPLICATE, error.message, error.code, error.http_status))

    def _look_back(self, text: str, since: datetime) -> Published | None:
        """The newest post of the account that says this, since then. Raises: CallError."""
        for tweet in self._timeline(since - _SKEW):
            if x_text.says(tweet, text):
                return self._published(tweet, _moment(tweet.get("created_at")))
        return None

    def _timeline(self, since: datetime) -> Iterator[dict[str, Any]]:
        """Raises: CallError."""
        query = {
            "start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "max_results": "100",
            self._fields: "created_at,entities,note_tweet",
        }
        for _ in range(_PAGES):
            answer = self._ask("GET", f"/2/users/{self._user_id}/tweets", params=query)
            if answer.get("errors") and "data" not in answer:
                raise garbled("X does not show the account's timeline")
            yield from as_list(answer.get("data", []))
            token = as_object(answer.get("meta", {})).get("next_token")
            if not token:
                return
            query["pagination_token"] = str(token)

    def _published(self, tweet: Mapping[str, Any], at: datetime, told: Quota | None = None) -> Published:
        """Raises: CallError: it has no id."""
        id_ = tweet.get("id")
        if not isinstance(id_, str) or not id_:
            raise garbled("X's answer has no id")
        web = _WEB_ADDRESS if self._address == _ADDRESS else self._address
        return Published(id_, f"{web}/i/status/{id_}", at, told)

    @cached_property
    def _user_id(self) -> str:
        """Raises: CallError."""
        known = self._account.publish_config.get("user_id")
        return str(known or as_object(self._ask("GET", "/2/users/me").get("data")).get("id"))

    def _ask(self, method: str, route: str, **request: Any) -> dict[str, Any]:
        """Raises: CallError."""
        return as_object(json_of(self._call(method, route, **request)))

    def _call(self, method: str, route: str, **request: Any) -> Response:
        """Raises: CallError."""
        response: Response = self._client.request(method, route, user_auth=True, **request)
        return response

    @cached_property
    def _client(self) -> Any:
        keys = (
            required(self._account, self._account.credentials, name)
            for name in ("api_key", "api_secret", "access_token", "access_secret")
        )
        client = tweepy.Client(None, *keys, wait_on_rate_limit=False)
        client.session = WireSession(Wire(self._account), rewrite=(_TWEEPY_ADDRESS, self._address))
        return client


def metrics_of(public: Any) -> Metrics:
    """X's public figures; the newer `repost_count` and the older `retweet_count` are one.

    `engagements` is likes, reposts, replies, quotes and bookmarks together.
    """
    if not isinstance(public, dict):
        return Metrics()
    counts = {name: value for name, value in public.items() if isinstance(value, int)}
    if "retweet_count" in counts:
        counts.setdefault("repost_count", counts.pop("retweet_count"))
    interactions = [counts[name] for name in _INTERACTIONS if name in counts]
    return Metrics(
        impressions=counts.pop("impression_count", None),
        engagements=sum(interactions) if interactions else None,
        shares=counts.pop("repost_count", None),
        comments=counts.pop("reply_count", None),
        likes=counts.pop("like_count", None),
        saves=counts.pop("bookmark_count", None),
        platform_metrics=counts,
    )


def _limit(publish_config: Mapping[str, Any]) -> int:
    """In X's weighted counting."""
    return int(publish_config.get("max_weighted_length") or x_text.LIMIT)


def _moment(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)

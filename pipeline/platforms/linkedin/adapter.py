"""LinkedIn, as a member or as an organisation, through its versioned REST API with OAuth 2.0 tokens.

LinkedIn keeps no handle of ours. An organisation's post whose answer was lost is found among its posts, by its words,
since the publication began. A member's posts are shown to few apps: a person decides. A 422 for a duplicate names a
post and is believed where that post is there, is the account's and is no older than the publication; LinkedIn has been
seen to name ghosts.

Content: the body is the whole text, its link included; `platform_specific` may name `hashtags`, and a mention is
written `@[Name](urn:li:organization:123)`. Without files, the title and the link become a card below the text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
    Unknown,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.failures import CallError, garbled, media_failure
from pipeline.platforms.http import as_object
from pipeline.platforms.linkedin import figures, identity, little, posts
from pipeline.platforms.linkedin.api import FORBIDDEN, NOT_FOUND, ORGANIZATION, WEB, Api, in_url, input_errors
from pipeline.platforms.linkedin.uploads import IMAGES, VIDEO, Uploads
from pipeline.platforms.media import rules
from pipeline.platforms.media.facts import MediaError
from pipeline.platforms.oauth import OAuth
from pipeline.platforms.offer import OAUTH_URL, Capabilities, Guarantee, Permalink, Setting
from pipeline.text.fitting import fit
from pipeline.text.rendering import clean, one_line
from pipeline.vocabulary import ErrorKind

_MAX_HASHTAGS: Final = 3
_MAX_TITLE: Final = 200
_CREATED: Final = 201
_NO_CONTENT: Final = 204
_SKEW: Final = timedelta(minutes=2)
"""How far LinkedIn's clock may be behind ours."""
_PROCESSING: Final = PlatformError(ErrorKind.PENDING, "LinkedIn is still working on the files of the post")
_OAUTH: Final = OAuth(
    "https://www.linkedin.com/oauth/v2/authorization",
    "https://www.linkedin.com/oauth/v2/accessToken",
    ("w_organization_social", "r_organization_social", "rw_organization_admin"),
    renew_before=timedelta(days=7),
    pkce=False,
)
"""https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow; a token holds 60 days. An app for
members is another, with the scopes openid, profile and w_member_social."""


class LinkedInAdapter(Adapter):
    name: ClassVar[str] = "linkedin"
    title: ClassVar[str] = "LinkedIn"
    capabilities: Capabilities = Capabilities(
        update=True,
        delete=True,
        schedule=False,
        metrics=True,
        metrics_batch=figures.A_CALL,
        guarantee=Guarantee.LIKELY,
        takes=(VIDEO, IMAGES),
        audience=True,
        remarks={
            "update": "the text only",
            "audience": "an organisation's",
            "metrics_batch": "1 for a member, and a call for each figure",
            "guarantee": "for an organisation; for a member, a person decides",
        },
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=posts.URN.pattern,
        in_address=rf"({posts.URN.pattern})",
        where="its URN, urn:li:share:… or urn:li:ugcPost:…, which “Embed this post” shows",
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting("author", "Who posts: urn:li:organization:… or urn:li:person:….", required=True),
        Setting("version", "The month of the API's version, as YYYYMM; LinkedIn ends each after about a year."),
        Setting("visibility", "PUBLIC (the default), LOGGED_IN, or CONNECTIONS for a member."),
        Setting("member_metrics", "False for a member whose app has no r_member_postAnalytics; default true."),
        Setting("video_metrics", "True for an organisation: ask how its videos were watched, at two calls each."),
        Setting("poll_seconds", "The pause between two questions whether a file is ready to be posted; default 2."),
        Setting("base_url", "An address in place of LinkedIn's API and sign-in."),
        Setting("web_url", "Where people see the posts; default https://www.linkedin.com."),
        OAUTH_URL,
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("access_token", "The member's or the administrator's token.", required=True),
        Setting("client_id", "The app's, to learn what the token may do and when it ends."),
        Setting("client_secret", "The app's, for the same."),
    )
    oauth: ClassVar[OAuth | None] = _OAUTH

    def __init__(self, account: Account) -> None:
        config = account.publish_config
        self._account = account
        self._web = str(config.get("web_url") or config.get("base_url") or WEB).rstrip("/")
        self._is_member = not str(config.get("author") or ORGANIZATION).startswith(ORGANIZATION)
        self._api = Api(account)
        self._uploads = Uploads(account, self._api)
        if self._is_member:
            self.capabilities = replace(
                self.capabilities,
                metrics=bool(config.get("member_metrics", True)),
                metrics_batch=1,
                audience=False,
                guarantee=Guarantee.A_PERSON_DECIDES,
            )

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """The title, what the article is about in its own words, the link, and up to three hashtags."""
        limit = min(little.LIMIT, account.max_content_length or little.LIMIT)
        title = adaptation.title_of(article, min(_MAX_TITLE, account.max_title_length or _MAX_TITLE))
        hashtags = adaptation.hashtags(article.keywords, _MAX_HASHTAGS)
        teaser = adaptation.teaser(article)

        def said(opening: Sequence[str], hook: str, tags: int) -> str:
            parts = (*opening, hook, article.link, " ".join(hashtags[:tags]))
            return clean("\n\n".join(part for part in parts if part))

        def measure(opening: Sequence[str], hook: str, tags: int) -> int:
            return little.length(said(opening, hook, tags), hashtags[:tags])

        both = [one_line(article.disclosure or ""), title if title != teaser else ""]
        opening = next(
            each
            for each in (both, both[:1], [])
            if measure(each, teaser, 0) <= limit or measure(each, "", 0) * 2 <= limit or not each
        )
        hook = fit(teaser, limit, lambda hook: measure(opening, hook, 0))
        tags = next(n for n in range(len(hashtags), -1, -1) if n == 0 or measure(opening, hook, n) <= limit)
        return AdaptedContent(
            title=title,
            body=said(opening, hook, tags),
            link_url=article.link,
            media=adaptation.media_for(article.media, cls.capabilities.takes),
            platform_specific={"hashtags": hashtags[:tags]},
        )

    def validate(self, content: Content) -> list[Problem]:
        problems = []
        (text,) = self.measure(content)
        if not content.body.strip():
            problems.append(Problem("body", "The post has no text."))
        if text.is_over:
            message = f"The post counts {text.used:,} characters as LinkedIn is sent them; {text.limit:,} are allowed."
            problems.append(Problem("body", message))
        if len(content.title or "") > posts.MAX_TITLE:
            problems.append(Problem("title", f"LinkedIn takes titles of up to {posts.MAX_TITLE} characters."))
        if len({each.kind for each in content.media}) > 1:
            problems.append(Problem("media", "A post on LinkedIn has pictures or a video, not both."))
        return problems + rules.problems(content.media, self.capabilities.takes)

    def measure(self, content: Content) -> list[Measure]:
        length = little.length(content.body, posts.hashtags(content))
        return [Measure("body", length, little.LIMIT, "characters as sent, escapes included")]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        try:
            post = self._prepared(content, journal)
        except MediaError as error:
            return media_failure(error)
        except CallError as failure:
            return failure.without_effect()
        if post is None:
            # Nothing is posted. Where LinkedIn can be asked, waiting for it uses up no try.
            return NotSent(_PROCESSING) if self._is_member else Unknown(_PROCESSING)
        try:
            return self._posted(post)
        except CallError as failure:
            return self._refused(failure, journal)

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        try:
            found = self._look_back(content.body, journal.started_at)
            if found is None and self._uploads.are_processed_still(content.media, journal.handles):
                return Inconclusive(_PROCESSING)
            return found or Absent()
        except CallError as failure:
            if self._is_member and failure.error.http_status == FORBIDDEN:
                return Absent()  # which is no evidence under a member's guarantee: a person is asked
            return failure.inconclusive()

    def update(self, external_id: str, content: Content) -> ChangeOutcome:
        """Changes the text; files and the card stay."""
        patch = {"patch": {"$set": {"commentary": posts.commentary(content)}}}
        try:
            self._change("POST", external_id, "PARTIAL_UPDATE", json=patch)
        except CallError as failure:
            return failure.outcome
        return Changed(external_id, self._address(external_id))

    def delete(self, external_id: str) -> ChangeOutcome:
        try:
            self._change("DELETE", external_id, "DELETE")
        except CallError as failure:
            return Changed(external_id) if failure.error.http_status == NOT_FOUND else failure.outcome
        return Changed(external_id)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        if not self.capabilities.metrics:
            return {}
        try:
            if self._is_member:
                return figures.of_member(self._api, external_ids)
            videos = self._account.publish_config.get("video_metrics") is True
            return figures.of_organization(self._api, external_ids, videos=videos)
        except CallError as failure:
            raise failure.unavailable() from None

    def audience(self) -> Audience | None:
        if self._is_member:
            return None
        try:
            return figures.audience(self._api)
        except CallError as failure:
            raise failure.unavailable() from None

    def whoami(self) -> Identity:
        try:
            return identity.of_member(self._api) if self._is_member else identity.of_organization(self._api)
        except CallError as failure:
            raise failure.unavailable() from None

    def _prepared(self, content: Content, journal: Journal) -> dict[str, Any] | None:
        """The post as it is sent, once its files are there; None where LinkedIn is still working on those.

        Raises:
            CallError: nobody sees an effect.
            MediaError: a file is not to be had.
        """
        files = self._uploads.sent(content.media, journal)
        if not self._uploads.are_ready(files):
            return None
        visibility = str(self._account.publish_config.get("visibility") or "PUBLIC")
        return posts.document(content, self._api.author, visibility, files)

    def _posted(self, post: Mapping[str, Any]) -> Published:
        """Raises: CallError."""
        answer = self._api.rest("POST", "posts", json=post)
        urn = answer.headers.get("x-restli-id", "")
        if answer.status != _CREATED or not posts.URN.fullmatch(urn):
            raise garbled("LinkedIn's answer names no post", answer.status)
        return Published(urn, self._address(urn), datetime.now(UTC))

    def _refused(self, failure: CallError, journal: Journal) -> PublishOutcome:
        codes = input_errors(failure)
        if "MEDIA_ASSET_WAITING_UPLOAD" in codes:
            return NotSent(_PROCESSING)
        if "DUPLICATE_POST" not in codes:
            return failure.outcome
        try:
            found = self._original(failure, journal.started_at - _SKEW)
        except CallError:  # most apps are shown no member's posts
            found = None
        return found or Unknown(replace(failure.error, kind=ErrorKind.DUPLICATE, code="DUPLICATE_POST"))

    def _original(self, failure: CallError, since: datetime) -> Published | None:
        """The post that a refusal for a duplicate names, where it is there, and of this publication.

        Raises:
            CallError: LinkedIn does not tell.
        """
        named = posts.URN.search(str(as_object(failure.payload).get("message")))
        post = posts.read(self._api, named.group()) if named else None
        if post is None or post.get("author") != self._api.author or posts.created(post) < since:
            return None
        return self._published(post)

    def _look_back(self, text: str, since: datetime) -> Published | None:
        """The newest post of the account that says this, since then. Raises: CallError."""
        for post in posts.newest(self._api, since - _SKEW):
            if post.get("lifecycleState") != "PUBLISH_FAILED" and little.says(str(post.get("commentary")), text):
                return self._published(post)
        return None

    def _published(self, post: Mapping[str, Any]) -> Published:
        """Raises: CallError: it has no URN, or does not tell when it was made."""
        urn = posts.urn_of(post)
        return Published(urn, self._address(urn), posts.created(post))

    def _change(self, method: str, external_id: str, restli_method: str, **request: Any) -> None:
        """Raises: CallError."""
        answer = self._api.rest(method, f"posts/{in_url(external_id)}", restli_method=restli_method, **request)
        if answer.status != _NO_CONTENT:
            raise garbled("LinkedIn did not say that it changed the post", answer.status)

    def _address(self, urn: str) -> str:
        return f"{self._web}/feed/update/{urn}/"

"""WordPress, through the REST API of its core (wp/v2), with an Application Password.

A post's slug ends in a piece of the distribution's id. WordPress does not refuse a slug that is taken, so the slug is
no guard against a second post; it is how a post whose answer was lost is found again.

Settings (`publish_config`): `api_url`, the site's address. Credentials: `username`, `app_password`.
Content: `platform_specific` may name `categories` and `tags`, made where they aren't there, an `excerpt`, and a
`featured_image_id`. Pictures are not uploaded. Core has no figures of its own: `metrics` only tells what is gone.
"""

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar, Final

from slugify import slugify

from pipeline.platforms import adaptation
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
    Inconclusive,
    Journal,
    Metrics,
    Permalink,
    PlatformError,
    Published,
    PublishOutcome,
    ReconcileOutcome,
    Rejected,
    Setting,
)
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.failures import CallError, garbled, required
from pipeline.platforms.http import Wire, as_list, as_object, batches
from pipeline.text.fitting import fit
from pipeline.vocabulary import ErrorKind

_SLUG_STEP: Final = "slug"
_SLUG_WORDS: Final = 60
_TRASHED: Final = "__trashed"
_MAX_CATEGORIES: Final = 3
_NEEDED: Final = ("edit_posts", "publish_posts", "upload_files")
_MAY_NOT_PUBLISH: Final = ("rest_cannot_create", "rest_cannot_publish")
_LIVE: Final = ("publish", "trash")
"""What was live; a post in the trash was taken down after that."""


class WordPressAdapter(Adapter):
    name: ClassVar[str] = "wordpress"
    title: ClassVar[str] = "WordPress"
    capabilities: Capabilities = Capabilities(
        update=True, delete=True, schedule=False, metrics=False, metrics_batch=100, guarantee=Guarantee.LIKELY
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=r"\d+", in_address=r"[?&]p=(\d+)", where="the number after post= in the address of its editor"
    )
    settings: ClassVar[Sequence[Setting]] = (Setting("api_url", "The site's address.", required=True),)
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("username", "The author's log-in name.", required=True),
        Setting("app_password", "An Application Password of that user.", required=True),
    )

    def __init__(self, account: Account) -> None:
        self._account = account

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """HTML and the names of its terms; where the site is not the article's home, it says where that is.

        `max_content_length` is in characters of HTML.
        """
        address = html.escape(article.canonical_url)
        source = "" if account.is_home else f'\n<p>First published at <a href="{address}">{address}</a>.</p>'
        limit = None if account.max_content_length is None else account.max_content_length - len(source)
        topics = adaptation.names(article.topics, _MAX_CATEGORIES) or adaptation.names([article.vertical], 1)
        return AdaptedContent(
            title=adaptation.title_of(article, account.max_title_length),
            # A square bracket could open a shortcode, which WordPress would run.
            body=(adaptation.markup(article, limit) + source).replace("[", "&#91;"),
            link_url=article.canonical_url,
            platform_specific={
                "excerpt": fit(adaptation.teaser(article), adaptation.EXCERPT_LIMIT),
                "categories": topics,
                "tags": adaptation.names(article.keywords, adaptation.MAX_TAGS),
            },
        )

    def validate(self, content: Content) -> list[Problem]:
        problems = []
        if not (content.title or "").strip():
            problems.append(Problem("title", "A WordPress post needs a title."))
        if not content.body.strip():
            problems.append(Problem("body", "The post has no text."))
        problems += [
            Problem(f"platform_specific.{name}", "Must be a list of names.")
            for name in ("categories", "tags")
            if not _are_names(content.platform_specific.get(name, ()))
        ]
        return problems

    def measure(self, content: Content) -> list[Measure]:
        excerpt = str(content.platform_specific.get("excerpt") or "")
        return [
            Measure("title", len(content.title or ""), None),
            Measure("body", len(content.body), None, "characters of HTML"),
            Measure("excerpt", len(excerpt), adaptation.EXCERPT_LIMIT),
        ]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        try:
            if _SLUG_STEP in journal.handles:  # an earlier attempt came as far as sending
                earlier = self._find(journal.handles[_SLUG_STEP])
                if earlier is not None:
                    return _published(earlier)
            slug = journal.handles.get(_SLUG_STEP) or slug_for(content)
            post = self._fields(content) | {"slug": slug, "status": "publish"}
        except CallError as failure:
            return failure.without_effect()
        journal.record(_SLUG_STEP, slug)
        try:
            return _published(as_object(self._ask("POST", "posts", json=post)))
        except CallError as failure:
            return failure.as_unauthorised() if failure.error.code in _MAY_NOT_PUBLISH else failure.outcome

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        try:
            found = self._find(journal.handles.get(_SLUG_STEP) or slug_for(content))
            outcome = Absent() if found is None else _published(found)
        except CallError as failure:
            return failure.inconclusive()
        return Inconclusive(outcome.error) if isinstance(outcome, Rejected) else outcome

    def update(self, external_id: str, content: Content) -> ChangeOutcome:
        try:
            fields = self._fields(content)
        except CallError as failure:
            return failure.without_effect()
        try:
            post = as_object(self._ask("POST", f"posts/{external_id}", json=fields))
        except CallError as failure:
            return failure.outcome
        return Changed(external_id, post.get("link"))

    def delete(self, external_id: str) -> ChangeOutcome:
        """Moves it to the trash."""
        try:
            self._ask("DELETE", f"posts/{external_id}")
        except CallError as failure:
            if failure.error.code not in ("rest_already_trashed", "rest_post_invalid_id"):
                return failure.outcome
        return Changed(external_id)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        gone: dict[str, Metrics | Gone] = {}
        try:
            for ids in batches(external_ids, self.capabilities.metrics_batch):
                query = {"include": ",".join(ids), "per_page": len(ids), "_fields": "id"}
                there = {str(post.get("id")) for post in as_list(self._ask("GET", "posts", params=query))}
                gone |= {id_: Gone() for id_ in ids if id_ not in there}
        except CallError as failure:
            raise failure.unavailable() from None
        return gone

    def whoami(self) -> Identity:
        try:
            user = as_object(self._ask("GET", "users/me", params={"context": "edit"}))
        except CallError as failure:
            raise failure.unavailable() from None
        held = user.get("capabilities")
        missing = tuple(name for name in _NEEDED if not held.get(name)) if isinstance(held, dict) else ()
        return Identity(str(user.get("name")), missing)

    def _fields(self, content: Content) -> dict[str, Any]:
        """Raises: CallError."""
        extra = content.platform_specific
        fields = {
            "title": content.title,
            "content": content.body,
            "excerpt": extra.get("excerpt"),
            "featured_media": extra.get("featured_image_id"),
            "categories": [self._term("categories", name) for name in extra.get("categories", ())],
            "tags": [self._term("tags", name) for name in extra.get("tags", ())],
        }
        return {name: value for name, value in fields.items() if value}

    def _term(self, taxonomy: str, name: str) -> int:
        """The id of a category or a tag, made where it isn't there: posts would drop an unknown one without a word.

        Raises:
            CallError: among others, the account may not make one.
        """
        query = {"search": name, "per_page": 100, "_fields": "id,name"}
        for term in as_list(self._ask("GET", taxonomy, params=query)):
            if html.unescape(str(term.get("name"))).casefold() == name.casefold():
                return _whole(term, "id")
        try:
            return _whole(as_object(self._ask("POST", taxonomy, json={"name": name})), "id")
        except CallError as failure:
            if failure.error.code == "term_exists":  # under another spelling, or made by another post just now
                return _whole(as_object(as_object(failure.payload).get("data")), "term_id")
            raise

    def _find(self, slug: str) -> dict[str, Any] | None:
        """Raises: CallError."""
        query = {
            "slug": f"{slug},{slug}{_TRASHED}",
            "status": "any,trash",
            "context": "edit",
            "_fields": "id,slug,status,link,date_gmt",
        }
        return next(iter(as_list(self._ask("GET", "posts", params=query))), None)

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        """Raises: CallError."""
        return self._wire.call(method, f"{self._api}/{path}", **request).json()

    @cached_property
    def _wire(self) -> Wire:
        credentials = self._account.credentials
        username = required(self._account, credentials, "username")
        return Wire(self._account, auth=(username, required(self._account, credentials, "app_password")))

    @cached_property
    def _api(self) -> str:
        site = required(self._account, self._account.publish_config, "api_url").rstrip("/")
        return f"{site.removesuffix('/wp-json')}/wp-json/wp/v2"


def slug_for(content: Content) -> str:
    """Words of the title, then the first 12 hex digits of the distribution's id."""
    words = slugify(content.title or "", max_length=_SLUG_WORDS, word_boundary=True)
    return f"{words or 'post'}-{content.distribution_id.replace('-', '')[:12]}"


def _published(post: Mapping[str, Any]) -> Published | Rejected:
    """Raises: CallError: the answer is not a post."""
    id_ = _whole(post, "id")
    status = str(post.get("status"))
    if status not in _LIVE:
        message = f"WordPress keeps it as post {id_}, {status}, and does not show it"
        return Rejected(PlatformError(ErrorKind.POLICY, message, code=f"status_{status}"))
    try:
        moment = datetime.fromisoformat(str(post.get("date_gmt"))).replace(tzinfo=UTC)
    except ValueError:
        moment = datetime.now(UTC)
    return Published(str(id_), post.get("link"), moment)


def _whole(thing: Mapping[str, Any], name: str) -> int:
    """Raises: CallError."""
    value = thing.get(name)
    if not isinstance(value, int):
        raise garbled(f"the answer has no {name}")
    return value


def _are_names(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(each, str) for each in value)

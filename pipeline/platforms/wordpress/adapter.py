"""The adapter: posts, published at once or at a time, changed and taken down."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import quote

from slugify import slugify

from pipeline.platforms import adaptation
from pipeline.platforms.article import AdaptableArticle, AdaptedContent, Destination
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
from pipeline.platforms.failures import CallError, media_failure
from pipeline.platforms.http import as_list, as_object, batches
from pipeline.platforms.media.facts import MediaError
from pipeline.platforms.media.rules import MediaRule, problems
from pipeline.platforms.offer import Capabilities, Guarantee, Permalink, Setting
from pipeline.platforms.wordpress.library import MAX_BYTES, Library, takes
from pipeline.platforms.wordpress.site import MAY_NOT, MISSING, STATE_FIELDS, TRASHED, Site, state_of
from pipeline.text.fitting import fit
from pipeline.vocabulary import ErrorKind, MediaKind

_SLUG_STEP: Final = "slug"
_SLUG_WORDS: Final = 60
_TAKEN_BACK: Final = "-taken-back"
_SOONEST: Final = timedelta(minutes=2)
"""WordPress publishes at once what is due within a minute, and its clock need not be ours."""
_MAX_CATEGORIES: Final = 3
_NEEDED: Final = ("edit_posts", "publish_posts", "upload_files")
_Outcome = Published | Scheduled | Rejected | NotSent | Unknown


class WordPressAdapter(Adapter):
    """Content: `platform_specific` may name `categories` and `tags`, made where they aren't there, an `excerpt`, and a
    `featured_image_id`, a picture of the site's; without that the first of the post's own is its featured image. The
    other files stand below the text. Core has no figures of its own: `metrics` only tells what is gone.
    """

    name: ClassVar[str] = "wordpress"
    title: ClassVar[str] = "WordPress"
    capabilities: Capabilities = Capabilities(
        update=True,
        delete=True,
        schedule=True,
        metrics=False,
        metrics_batch=100,
        guarantee=Guarantee.LIKELY,
        takes=takes(MAX_BYTES),
        remarks={"delete": "to the trash; its files stay", "metrics": "core counts nothing; only what is gone is told"},
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=r"\d+", in_address=r"[?&]p=(\d+)", where="the number after post= in the address of its editor"
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting("api_url", "The site's address.", required=True),
        Setting("max_upload_bytes", f"How large a file its server takes; default {MAX_BYTES:,}, as PHP is delivered."),
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("username", "The author's log-in name.", required=True),
        Setting("app_password", "An Application Password of that user.", required=True),
    )

    def __init__(self, account: Account) -> None:
        rules = _rules(account.publish_config)
        self.capabilities = replace(type(self).capabilities, takes=rules)
        self._site = Site(account)
        self._library = Library(self._site, account, rules)

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """HTML and the names of its terms; where the site is not the article's home, it says where that is.

        `max_content_length` is in characters of HTML. Files of every kind go along.
        """
        page, link = html.escape(article.canonical_url), html.escape(article.link)
        source = "" if account.is_home else f'\n<p>First published at <a href="{link}">{page}</a>.</p>'
        limit = None if account.max_content_length is None else account.max_content_length - len(source)
        topics = adaptation.names(article.topics, _MAX_CATEGORIES) or adaptation.names([article.vertical], 1)
        rules = _rules(account.publish_config)
        return AdaptedContent(
            title=adaptation.title_of(article, account.max_title_length),
            # A square bracket could open a shortcode, which WordPress would run.
            body=(adaptation.markup(article, limit) + source).replace("[", "&#91;"),
            link_url=article.link,
            media=tuple(each for rule in rules for each in adaptation.media_for(article.media, [rule])),
            platform_specific={
                "excerpt": fit(adaptation.teaser(article), adaptation.EXCERPT_LIMIT),
                "categories": topics,
                "tags": adaptation.names(article.keywords, adaptation.MAX_TAGS),
            },
        )

    def validate(self, content: Content) -> list[Problem]:
        found = []
        if not (content.title or "").strip():
            found.append(Problem("title", "A WordPress post needs a title."))
        if not content.body.strip():
            found.append(Problem("body", "The post has no text."))
        found += problems(content.media, self.capabilities.takes)
        found += [
            Problem(f"platform_specific.{name}", "Must be a list of names.")
            for name in ("categories", "tags")
            if not _are_names(content.platform_specific.get(name, ()))
        ]
        return found

    def measure(self, content: Content) -> list[Measure]:
        excerpt = str(content.platform_specific.get("excerpt") or "")
        return [
            Measure("title", len(content.title or ""), None),
            Measure("body", len(content.body), None, "characters of HTML"),
            Measure("excerpt", len(excerpt), adaptation.EXCERPT_LIMIT),
        ]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        outcome = self._earlier(journal) or self._sent(content, journal, {"status": "publish"})
        if isinstance(outcome, Scheduled):
            message = f"WordPress holds it until {outcome.at:%Y-%m-%d %H:%M} UTC"
            return Unknown(PlatformError(ErrorKind.PENDING, message, code="status_future"))
        return outcome

    def schedule(self, content: Content, at: datetime, journal: Journal) -> ScheduleOutcome:
        outcome = self._earlier(journal)
        if outcome is None:
            if at - datetime.now(UTC) < _SOONEST:
                message = f"WordPress schedules what is {_SOONEST.seconds // 60} minutes ahead or more"
                return Rejected(PlatformError(ErrorKind.VALIDATION, message, code="too_soon"))
            moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
            outcome = self._sent(content, journal, {"status": "future", "date_gmt": moment})
        if isinstance(outcome, Published):
            return Unknown(PlatformError(ErrorKind.PROTOCOL, "WordPress shows it already", code="status_publish"))
        return outcome

    def unschedule(self, external_id: str) -> ChangeOutcome:
        """Moves it to the trash, under a slug by which no later attempt would take it for one of its own."""
        path = f"posts/{quote(external_id, safe='')}"
        try:
            post = as_object(self._site.ask("GET", path, params={"context": "edit", "_fields": STATE_FIELDS}))
            state, slug = state_of(post), str(post.get("slug"))
        except CallError as failure:
            return Changed(external_id) if failure.error.code == MISSING else failure.without_effect()
        if isinstance(state, Published):
            if post["status"] == "trash":
                return Changed(external_id)
            return Rejected(PlatformError(ErrorKind.POLICY, "it is live by now", code="status_publish"))
        try:
            if not slug.removesuffix(TRASHED).endswith(_TAKEN_BACK):
                status = {} if post["status"] == "trash" else {"status": "draft"}
                self._site.ask("POST", path, json={"slug": slug.removesuffix(TRASHED) + _TAKEN_BACK, **status})
        except CallError as failure:
            return failure.outcome
        return self.delete(external_id)

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        try:
            found = self._site.post(journal.handles.get(_SLUG_STEP) or slug_for(content))
            state = Absent() if found is None else state_of(found)
        except CallError as failure:
            return failure.inconclusive()
        return Inconclusive(state.error) if isinstance(state, Rejected) else state

    def update(self, external_id: str, content: Content) -> ChangeOutcome:
        try:
            fields = self._fields(content)
        except CallError as failure:
            return failure.without_effect()
        except MediaError as error:
            return media_failure(error)
        try:
            post = as_object(self._site.ask("POST", f"posts/{quote(external_id, safe='')}", json=fields))
        except CallError as failure:
            return failure.outcome
        return Changed(external_id, post.get("link"))

    def delete(self, external_id: str) -> ChangeOutcome:
        """Moves it to the trash, where it can be had back. Its files stay in the library."""
        try:
            self._site.ask("DELETE", f"posts/{quote(external_id, safe='')}")
        except CallError as failure:
            if failure.error.code not in ("rest_already_trashed", MISSING):
                return failure.outcome
        return Changed(external_id)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        gone: dict[str, Metrics | Gone] = {}
        try:
            for ids in batches(external_ids, self.capabilities.metrics_batch):
                query = {"include": ",".join(ids), "per_page": len(ids), "_fields": "id"}
                there = {str(post.get("id")) for post in as_list(self._site.ask("GET", "posts", params=query))}
                gone |= {id_: Gone() for id_ in ids if id_ not in there}
        except CallError as failure:
            raise failure.unavailable() from None
        return gone

    def whoami(self) -> Identity:
        try:
            user = as_object(self._site.ask("GET", "users/me", params={"context": "edit"}))
        except CallError as failure:
            raise failure.unavailable() from None
        held = user.get("capabilities")
        missing = tuple(name for name in _NEEDED if not held.get(name)) if isinstance(held, dict) else ()
        return Identity(str(user.get("name")), missing)

    def _earlier(self, journal: Journal) -> _Outcome | None:
        """What an earlier attempt that came as far as sending has left; None where there is nothing of one."""
        if _SLUG_STEP not in journal.handles:
            return None
        try:
            found = self._site.post(journal.handles[_SLUG_STEP])
            return None if found is None else state_of(found)
        except CallError as failure:
            return failure.without_effect()

    def _sent(self, content: Content, journal: Journal, placing: Mapping[str, str]) -> _Outcome:
        """A new post, with its status and its date by `placing`."""
        slug = journal.handles.get(_SLUG_STEP) or slug_for(content)
        try:
            post = {**self._fields(content), "slug": slug, **placing}
        except CallError as failure:
            return failure.without_effect()
        except MediaError as error:
            return media_failure(error)
        journal.record(_SLUG_STEP, slug)
        try:
            return state_of(as_object(self._site.ask("POST", "posts", json=post)))
        except CallError as failure:
            return failure.as_unauthorised() if failure.error.code in MAY_NOT else failure.outcome

    def _fields(self, content: Content) -> dict[str, Any]:
        """All that the content says, what it has not included: an update takes that away.

        Raises: CallError, MediaError.
        """
        extra = content.platform_specific
        featured, below = extra.get("featured_image_id"), self._library.attachments(content)
        if not featured:
            first = next((each for each in below if each.kind is MediaKind.IMAGE), None)
            featured, below = first and first.id, [each for each in below if each is not first]
        fields = {
            "title": content.title,
            "content": "\n".join([content.body, *(each.figure() for each in below)]),
            "excerpt": extra.get("excerpt") or "",
            "featured_media": featured or 0,
            "tags": [self._site.term("tags", name) for name in extra.get("tags", ())],
        }
        if categories := extra.get("categories"):  # a post has one at least: without a word, the site's default
            fields["categories"] = [self._site.term("categories", name) for name in categories]
        return fields


def slug_for(content: Content) -> str:
    """Words of the title, then the first 12 hex digits of the distribution's id."""
    words = slugify(content.title or "", max_length=_SLUG_WORDS, word_boundary=True)
    return f"{words or 'post'}-{content.distribution_id.replace('-', '')[:12]}"


def _rules(publish_config: Mapping[str, Any]) -> tuple[MediaRule, ...]:
    return takes(int(publish_config.get("max_upload_bytes") or MAX_BYTES))


def _are_names(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(each, str) for each in value)

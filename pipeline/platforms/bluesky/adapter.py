"""One account on Bluesky."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar, Final

from pipeline.platforms import adaptation, short_posts
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
    Journal,
    Metrics,
    NotSent,
    Published,
    PublishOutcome,
    ReconcileOutcome,
    Rejected,
    Unknown,
)
from pipeline.platforms.bluesky import figures, text, thread
from pipeline.platforms.bluesky.session import SERVER, Session
from pipeline.platforms.bluesky.thread import Live
from pipeline.platforms.content import Content, Measure, Problem
from pipeline.platforms.failures import CallError, garbled, media_failure
from pipeline.platforms.http import as_list, as_object, batches
from pipeline.platforms.media import rules
from pipeline.platforms.media.facts import Media, MediaError
from pipeline.platforms.offer import Capabilities, Guarantee, Permalink, Setting
from pipeline.text.fitting import fit
from pipeline.vocabulary import MediaKind

_WEB: Final = "https://bsky.app"
_COLLECTION: Final = "app.bsky.feed.post"
_KEY_STEP: Final = "rkey"
_KEY_LETTERS: Final = "234567abcdefghijklmnopqrstuvwxyz"
_MAX_HASHTAGS: Final = 2
_BEHIND: Final = "links"
"""The key of `platform_specific` under which it stands where an address in the text leads, if not to itself."""
_PAGE: Final = 100
"""Of records; a thread is written in one go, and is shorter."""
_PICTURES: Final = rules.MediaRule(
    MediaKind.IMAGE,
    (rules.JPEG, rules.PNG, rules.WEBP),
    max_bytes=1_000_000,  # 2,000,000 since 2026, which a server that was not brought up to date refuses
    most=4,
)


class BlueskyAdapter(Adapter):
    name: ClassVar[str] = "bluesky"
    title: ClassVar[str] = "Bluesky"
    capabilities: Capabilities = Capabilities(
        update=False,
        delete=True,
        schedule=False,
        metrics=True,
        metrics_batch=25,
        guarantee=Guarantee.CERTAIN,
        takes=(_PICTURES,),
        audience=True,
        remarks={"update": "readers are shown the first version", "metrics": "no impressions and no clicks"},
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=f"[{_KEY_LETTERS}]{{13}}",
        in_address=f"/post/([{_KEY_LETTERS}]{{13}})",
        handle=_KEY_STEP,
        where="the 13 characters after /post/ in its address",
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting("base_url", f"The account's server, where it is not {SERVER}."),
        Setting("web_url", f"Where posts are read, where that is not {_WEB}."),
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("identifier", "The account's handle, or its DID.", required=True),
        Setting("app_password", "One of its app passwords, not the password itself.", required=True),
    )

    def __init__(self, account: Account) -> None:
        self._account = account
        self._web = str(account.publish_config.get("web_url") or _WEB).rstrip("/")

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """What the article is about and up to two hashtags, with a card of it or, beside pictures, the link.

        One that is told in parts is a thread, the card with its last post.
        """
        media = adaptation.media_for(article.media, (_PICTURES,))
        plain = replace(article, tracking=None)  # readers see short addresses, and are led by what is behind them
        limit = min(text.MAX_GRAPHEMES, account.max_content_length or text.MAX_GRAPHEMES)
        if len(article.parts) > 1:
            body, *more = short_posts.in_parts(article.parts, None, limit, text.length)
            about, extra = article.excerpt, {short_posts.THREAD: more} if more else {}
        else:
            tags = adaptation.hashtags(article.keywords, _MAX_HASHTAGS)
            link = _shown(article) if media else None
            body, kept = short_posts.teased(plain, limit, text.length, tags, link)
            about, extra = adaptation.teaser(plain), {"hashtags": list(kept)}
        behind = _behind(article, [body, *extra.get(short_posts.THREAD, ())])
        return AdaptedContent(
            title=adaptation.title_of(article, account.max_title_length),
            body=body,
            link_url=article.link,
            media=media,
            platform_specific={
                "description": fit(about, adaptation.EXCERPT_LIMIT),
                "language": article.language,
                **extra,
                **({_BEHIND: behind} if behind else {}),
            },
        )

    def validate(self, content: Content) -> list[Problem]:
        problems = []
        if not content.body.strip() and not content.media:
            problems.append(Problem("body", "The post has no text."))
        problems += [
            Problem(each.field, f"The post has {each.used:,} {each.unit}; Bluesky takes {each.limit:,}.")
            for each in self.measure(content)
            if each.is_over
        ]
        return problems + rules.problems(content.media, self.capabilities.takes)

    def measure(self, content: Content) -> list[Measure]:
        return [
            measure
            for number, post in enumerate(short_posts.posts(content), start=1)
            for measure in (
                Measure(short_posts.field(number), short_posts.graphemes(post.body), text.MAX_GRAPHEMES),
                Measure(short_posts.field(number), len(post.body.encode()), text.MAX_BYTES, "bytes"),
            )
        ]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        live: list[Live] = []
        for number, post in enumerate(short_posts.posts(content), start=1):
            sent = self._sent(post, journal, short_posts.step(_KEY_STEP, number), live)
            if not isinstance(sent, Live):
                # Behind a first post that is live, nothing can be said to have had no effect.
                return Unknown(sent.error) if live else sent
            live.append(sent)
        return live[0].published

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        """The keys say all. A thread that is not whole counts as absent: publishing goes on with what is missing."""
        steps = [short_posts.step(_KEY_STEP, number) for number, _ in enumerate(short_posts.posts(content), start=1)]
        try:
            found = [self._find(journal.handles.get(step)) for step in steps]
        except CallError as failure:
            return failure.inconclusive()
        return found[0].published if found[0] is not None and None not in found else Absent()

    def delete(self, external_id: str) -> ChangeOutcome:
        """Of a thread, the later posts first: what a failure leaves is still found by its first."""
        try:
            for key in (*self._later(external_id), external_id):
                place = self._place(key)
                as_object(self._session.call("POST", "com.atproto.repo.deleteRecord", json=place).json())
        except CallError as failure:
            return failure.outcome
        return Changed(external_id)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        """A post may be shown a little after it was made: only one that its repository lacks is gone."""
        found: dict[str, Metrics | Gone] = {}
        try:
            for keys in batches(external_ids, self.capabilities.metrics_batch):
                wanted = {self._uri(key): key for key in keys}
                for post in as_list(self._ask("app.bsky.feed.getPosts", uris=list(wanted)).get("posts")):
                    if post.get("uri") in wanted:
                        found[wanted[post["uri"]]] = figures.metrics_of(post)
            found |= {key: Gone() for key in external_ids if key not in found and self._find(key) is None}
        except CallError as failure:
            raise failure.unavailable() from None
        return found

    def audience(self) -> Audience | None:
        try:
            return figures.audience(self._ask("app.bsky.actor.getProfile", actor=self._session.did))
        except CallError as failure:
            raise failure.unavailable() from None

    def whoami(self) -> Identity:
        try:
            return Identity(f"@{self._ask('com.atproto.server.getSession').get('handle')}")
        except CallError as failure:
            raise failure.unavailable() from None

    def _sent(
        self, post: Content, journal: Journal, step: str, earlier: Sequence[Live]
    ) -> Live | Rejected | NotSent | Unknown:
        """The post, by this attempt or one before, or how the attempt at it ended."""
        key = journal.handles.get(step)
        try:
            found = self._find(key)
            if found is not None:
                return found
            record = self._record(post, datetime.now(UTC)) | thread.reply_to(earlier)
        except CallError as failure:
            return failure.without_effect()
        except MediaError as error:
            return media_failure(error)
        if key is None:
            key = new_key()
            journal.record(step, key)
        try:
            answer = self._session.call("POST", "com.atproto.repo.createRecord", json=self._place(key, record=record))
            told = as_object(answer.json())
            if str(told.get("uri")) != self._uri(key):
                raise garbled("the answer does not name the post")
        except CallError as failure:
            return failure.outcome
        published = replace(self._published(key, record), quota=figures.posts_left(answer))
        return Live(published, {"uri": self._uri(key), "cid": str(told.get("cid"))})

    def _later(self, first: str) -> list[str]:
        """The keys of the posts behind the first of a thread, the last one first; keys sort by time.

        Raises: CallError.
        """
        place = {"repo": self._session.did, "collection": _COLLECTION}
        answer = self._ask("com.atproto.repo.listRecords", **place, limit=_PAGE, cursor=first, reverse="true")
        return thread.keys_after(self._uri(first), as_list(answer.get("records")))

    def _record(self, content: Content, now: datetime) -> dict[str, Any]:
        """The post, its pictures uploaded; they are shown to nobody without it.

        Raises:
            CallError: a picture was not taken.
            MediaError: one is not to be had.
        """
        record: dict[str, Any] = {
            "$type": _COLLECTION,
            "text": content.body,
            "createdAt": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "facets": text.facets(content.body, content.platform_specific.get(_BEHIND) or {}),
        }
        language = content.platform_specific.get("language")
        if language:
            record["langs"] = [str(language)]
        if content.media:
            pictures = [self._uploaded(picture) for picture in content.media]
            record["embed"] = {"$type": "app.bsky.embed.images", "images": pictures}
        elif content.link_url:
            card = {
                "uri": content.link_url,
                "title": content.title or content.link_url,
                "description": str(content.platform_specific.get("description") or ""),
            }
            record["embed"] = {"$type": "app.bsky.embed.external", "external": card}
        return record

    def _uploaded(self, picture: Media) -> dict[str, Any]:
        """Raises: CallError, MediaError."""
        with self._account.media.open(picture, _PICTURES) as local:
            answer = self._session.call(
                "POST",
                "com.atproto.repo.uploadBlob",
                headers={"Content-Type": local.mime_type},
                content=local.chunks(0, local.size),
                size=local.size,
            )
            blob = as_object(as_object(answer.json()).get("blob"))
            link = as_object(blob.get("ref")).get("$link")
            shape = {"width": local.width, "height": local.height}
        # Made anew: a server that adds a field to its answer need not take it back.
        image = {"$type": "blob", "ref": {"$link": link}, "mimeType": blob.get("mimeType"), "size": blob.get("size")}
        return {"image": image, "alt": picture.alt_text, "aspectRatio": shape}

    def _find(self, key: str | None) -> Live | None:
        """The post under the key; without one, none was sent, and all that is asked is to be let in.

        Raises:
            CallError: among others, the account was not let in.
        """
        place = {"repo": self._session.did, "collection": _COLLECTION, "rkey": key}
        if key is None:
            return None
        try:
            told = self._ask("com.atproto.repo.getRecord", **place)
            published = self._published(key, as_object(told.get("value")))
            return Live(published, {"uri": self._uri(key), "cid": str(told.get("cid"))})
        except CallError as failure:
            # Before 2025 the name was that of every bad request.
            if failure.error.code == "RecordNotFound" or "Could not locate record" in failure.error.message:
                return None
            raise

    def _published(self, key: str, record: Mapping[str, Any]) -> Published:
        try:
            moment = datetime.fromisoformat(str(record.get("createdAt"))).astimezone(UTC)
        except ValueError:
            moment = datetime.now(UTC)
        return Published(key, f"{self._web}/profile/{self._session.did}/post/{key}", moment)

    def _place(self, key: str, **more: Any) -> dict[str, Any]:
        return {"repo": self._session.did, "collection": _COLLECTION, "rkey": key, **more}

    def _uri(self, key: str) -> str:
        return f"at://{self._session.did}/{_COLLECTION}/{key}"

    def _ask(self, query: str, **params: Any) -> dict[str, Any]:
        """Raises: CallError."""
        return as_object(self._session.call("GET", query, params=params).json())

    @cached_property
    def _session(self) -> Session:
        """Raises: CallError."""
        return Session(self._account)


def _shown(article: AdaptableArticle) -> str:
    """The article's address as readers see it: without tags, or the short link."""
    short = article.tracking is not None and article.tracking.short_code is not None
    return article.link if short else article.canonical_url


def _behind(article: AdaptableArticle, posts: Sequence[str]) -> dict[str, str]:
    """Where addresses in the posts lead, of those that lead elsewhere than they say."""
    if article.tracking is None:
        return {}
    shown = {post[start:end] for post in posts for start, end in short_posts.links(post)}
    found = {address: article.tracking.behind(address) for address in sorted(shown)}
    return {address: leads for address, leads in found.items() if leads != address}


def new_key() -> str:
    """A key that no other post has: a TID, the microsecond and ten random bits in letters that sort by time."""
    number = time.time_ns() // 1000 << 10 | secrets.randbelow(1 << 10)
    return "".join(_KEY_LETTERS[number >> shift & 31] for shift in range(60, -1, -5))

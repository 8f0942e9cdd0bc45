"""One account on a Mastodon server."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
from pipeline.platforms.http import Answer, as_list, as_object, batches
from pipeline.platforms.limits import quota
from pipeline.platforms.mastodon import figures, text
from pipeline.platforms.mastodon.files import PENDING, TAKES, Files, Limits, are_pending
from pipeline.platforms.mastodon.held import Held, unschedulable
from pipeline.platforms.mastodon.server import NOT_FOUND, Server, id_of, moment_of
from pipeline.platforms.media import rules
from pipeline.platforms.media.facts import MediaError
from pipeline.platforms.offer import Capabilities, Guarantee, Permalink, Setting
from pipeline.vocabulary import ErrorKind, MediaKind

_SAID_STEP: Final = "said"
_SCHEDULE_STEP: Final = "scheduled for"
_MAX_HASHTAGS: Final = 3
_SKEW: Final = timedelta(minutes=2)
"""How far the server's clock may be behind ours."""
_NEEDED: Final = ("read:accounts", "read:statuses", "write:media", "write:statuses")


class MastodonAdapter(Adapter):
    name: ClassVar[str] = "mastodon"
    title: ClassVar[str] = "Mastodon"
    capabilities: Capabilities = Capabilities(
        update=True,
        delete=True,
        schedule=True,
        metrics=True,
        metrics_batch=20,
        guarantee=Guarantee.LIKELY,
        takes=TAKES,
        audience=True,
        remarks={"update": "the text; its files stay", "metrics": "no impressions and no clicks"},
    )
    permalink: ClassVar[Permalink] = Permalink(
        pattern=r"\d+", in_address=r"/@[^/]+/(\d+)", where="the number at the end of its address"
    )
    settings: ClassVar[Sequence[Setting]] = (
        Setting("base_url", "The account's server, such as https://mastodon.social.", required=True),
        Setting("visibility", "Who sees the posts: public (the default), unlisted or private."),
        Setting("max_characters", "What the server takes, where that is not 500."),
    )
    secrets: ClassVar[Sequence[Setting]] = (
        Setting("access_token", f"A token with the scopes {', '.join(_NEEDED)}.", required=True),
    )

    def __init__(self, account: Account) -> None:
        self._account = account
        self._server = Server(account)

    @classmethod
    def adapt(cls, article: AdaptableArticle, account: Destination) -> AdaptedContent:
        """What the article is about, up to three hashtags, and the link. One that is told in parts is a thread."""
        limit = _limit(account.publish_config)
        limit = min(limit, account.max_content_length or limit)
        if len(article.parts) > 1:
            body, *more = short_posts.in_parts(article.texts, article.link, limit, text.length)
            extra = {short_posts.THREAD: more} if more else {}
        else:
            tags = adaptation.hashtags(article.keywords, _MAX_HASHTAGS)
            body, kept = short_posts.teased(article, limit, text.length, tags, article.link)
            extra = {"hashtags": list(kept)}
        return AdaptedContent(
            title=None,
            body=body,
            link_url=article.link,
            media=adaptation.media_for(article.media, TAKES),
            platform_specific={**extra, "language": article.language},
        )

    def validate(self, content: Content) -> list[Problem]:
        problems = []
        if not content.body.strip() and not content.media:
            problems.append(Problem("body", "The post has no text."))
        problems += [
            Problem(said.field, f"The post counts {said.used} characters; {said.limit} are allowed.")
            for said in self.measure(content)
            if said.is_over
        ]
        if len(content.media) > 1 and any(each.kind is not MediaKind.IMAGE for each in content.media):
            problems.append(Problem("media", "Mastodon takes pictures together, and one film or one sound alone."))
        return problems + rules.problems(content.media, self.capabilities.takes)

    def measure(self, content: Content) -> list[Measure]:
        spoiler, limit = str(content.platform_specific.get("spoiler_text") or ""), _limit(self._account.publish_config)
        return [
            Measure(short_posts.field(number), text.length(spoiler + post.body), limit)
            for number, post in enumerate(short_posts.posts(content), start=1)
        ]

    def publish(self, content: Content, journal: Journal) -> PublishOutcome:
        live: list[Published] = []
        for number, post in enumerate(short_posts.posts(content), start=1):
            outcome = self._post(post, number, journal, live[-1].external_id if live else None)
            if not isinstance(outcome, Published):
                # Behind a first post that is live, nothing can be said to have had no effect.
                return Unknown(outcome.error) if live else outcome
            live.append(outcome)
        return live[0]

    def reconcile(self, content: Content, journal: Journal) -> ReconcileOutcome:
        """A thread that is not whole counts as absent: publishing goes on with what is missing."""
        posts = short_posts.posts(content)
        said = [
            journal.handles.get(short_posts.step(_SAID_STEP, number)) or text.print_of(post.body)
            for number, post in enumerate(posts, start=1)
        ]
        try:
            live = [self._look_back(each, journal.started_at) for each in said]
            found: ReconcileOutcome | None = None if None in live else live[0]
            if found is None and _SCHEDULE_STEP in journal.handles:
                found = self._held_back(said[0])
            if found is None and are_pending(self._server, journal.handles):
                found = Inconclusive(PENDING)
        except CallError as failure:
            return failure.inconclusive()
        return found or Absent()

    def schedule(self, content: Content, at: datetime, journal: Journal) -> ScheduleOutcome:
        if (refused := unschedulable(content, at)) is not None:
            return Rejected(refused)
        try:
            if _SAID_STEP in journal.handles:
                earlier = self._handed_over(journal.handles[_SAID_STEP], journal.started_at)
                if earlier is not None:
                    return earlier
            status = self._prepared(content, journal) | {"scheduled_at": at.astimezone(UTC).isoformat()}
        except CallError as failure:
            return _before_sending(failure)
        except MediaError as error:
            return media_failure(error)
        journal.record(_SAID_STEP, text.print_of(content.body))
        journal.record(_SCHEDULE_STEP, at.astimezone(UTC).isoformat())
        try:
            return _scheduled(as_object(self._sent(status, f"{content.distribution_id} {int(at.timestamp())}").json()))
        except CallError as failure:
            return failure.outcome

    def unschedule(self, external_id: str) -> ChangeOutcome:
        """Once its time has come, what is not held back any more may be live: the account's posts tell."""
        try:
            held = Held.named(external_id)
            as_object(self._server.ask("DELETE", f"v1/scheduled_statuses/{held.id}"))
        except CallError as failure:
            if failure.error.http_status != NOT_FOUND:
                return failure.outcome
        else:
            return Changed(external_id)
        try:
            live = self._look_back(held.said, held.at) if held.at <= datetime.now(UTC) else None
        except CallError as failure:
            return Unknown(failure.error)
        if live is not None:
            message = f"it is live by now, as {live.external_id}"
            return Rejected(PlatformError(ErrorKind.POLICY, message, code="published"))
        return Changed(external_id)

    def update(self, external_id: str, content: Content) -> ChangeOutcome:
        if short_posts.THREAD in content.platform_specific:
            message = "a thread is not edited as one: delete it and publish again"
            return Rejected(PlatformError(ErrorKind.POLICY, message, code="thread"))
        try:
            shown = as_object(self._server.ask("GET", f"v1/statuses/{external_id}"))
            # What is not named is taken away.
            files = [str(each.get("id")) for each in as_list(shown.get("media_attachments", []))]
        except CallError as failure:
            return failure.without_effect()
        try:
            changed = self._server.ask(
                "PUT", f"v1/statuses/{external_id}", json=_text_of(content) | {"media_ids": files}
            )
            return Changed(external_id, _published(as_object(changed)).external_url)
        except CallError as failure:
            return failure.outcome

    def delete(self, external_id: str) -> ChangeOutcome:
        """Of a thread, the later posts first: what a failure leaves is still found by its first."""
        try:
            for id_ in (*self._server.parts_after(external_id), external_id):
                as_object(self._server.ask("DELETE", f"v1/statuses/{id_}"))
        except CallError as failure:
            return Changed(external_id) if failure.error.http_status == NOT_FOUND else failure.outcome
        return Changed(external_id)

    def metrics(self, external_ids: Sequence[str]) -> dict[str, Metrics | Gone]:
        found: dict[str, Metrics | Gone] = {}
        try:
            for ids in batches(external_ids, self.capabilities.metrics_batch):
                answer = as_list(self._server.ask("GET", "v1/statuses", params={"id[]": list(ids)}))
                there = {str(status.get("id")): status for status in answer}
                found |= {id_: figures.metrics_of(there[id_]) if id_ in there else Gone() for id_ in ids}
        except CallError as failure:
            raise failure.unavailable() from None
        return found

    def audience(self) -> Audience | None:
        try:
            return figures.audience(self._server)
        except CallError as failure:
            raise failure.unavailable() from None

    def whoami(self) -> Identity:
        """A token has the scopes of its app at most, and the app's are told."""
        try:
            name = as_object(self._server.ask("GET", "v1/accounts/verify_credentials")).get("acct")
            told = as_object(self._server.ask("GET", "v1/apps/verify_credentials")).get("scopes")
        except CallError as failure:
            raise failure.unavailable() from None
        held = told if isinstance(told, list) else _NEEDED
        return Identity(f"@{name}", tuple(each for each in _NEEDED if not {each, each.partition(":")[0]} & set(held)))

    def _post(
        self, post: Content, number: int, journal: Journal, reply_to: str | None
    ) -> Published | Rejected | NotSent | Unknown:
        """One post of a publication, sent by this attempt or by one before, or how the attempt at it ended."""
        step = short_posts.step(_SAID_STEP, number)
        try:
            if step in journal.handles:  # an earlier attempt came as far as sending
                earlier = self._look_back(journal.handles[step], journal.started_at)
                if earlier is not None:
                    return earlier
            status = self._prepared(post, journal) | ({"in_reply_to_id": reply_to} if reply_to else {})
        except CallError as failure:
            return _before_sending(failure)
        except MediaError as error:
            return media_failure(error)
        journal.record(step, text.print_of(post.body))
        try:
            answer = self._sent(status, short_posts.step(post.distribution_id, number))
            return replace(_published(as_object(answer.json())), quota=quota(answer.headers))
        except CallError as failure:
            return failure.outcome

    def _prepared(self, content: Content, journal: Journal) -> dict[str, Any]:
        """The status as it is sent, its files uploaded and ready.

        Raises:
            CallError: among others, the text is too long for this server.
            MediaError: a file is not to be had.
        """
        limits = Limits.told_by(as_object(self._server.ask("GET", "v2/instance")))
        status = _text_of(content)
        used = text.length(status["spoiler_text"] + status["status"], limits.characters_a_link)
        if used > limits.characters:
            message = f"the post counts {used} characters; this server takes {limits.characters}"
            raise CallError(Rejected(PlatformError(ErrorKind.VALIDATION, message, code="too_long")))
        files = Files(self._server, self._account, limits, journal)
        status["media_ids"] = [files.upload(media, n) for n, media in enumerate(content.media, start=1)]
        status["visibility"] = str(self._account.publish_config.get("visibility") or "public")
        return status

    def _sent(self, status: Mapping[str, Any], key: str) -> Answer:
        """Raises: CallError."""
        try:
            return self._server.call("POST", "v1/statuses", headers={"Idempotency-Key": key}, json=status)
        except CallError as failure:
            if failure.error.http_status == NOT_FOUND:  # the key is known, and what was made with it is gone
                raise CallError(Unknown(replace(failure.error, kind=ErrorKind.DUPLICATE))) from None
            raise

    def _look_back(self, said: str, since: datetime) -> Published | None:
        """The newest post of the account that says this, since then. Raises: CallError."""
        for status in self._server.timeline(since - _SKEW):
            if text.print_of_shown(str(status.get("content"))) == said:
                return _published(status)
        return None

    def _handed_over(self, said: str, since: datetime) -> Scheduled | Unknown | None:
        """What became of an earlier attempt to schedule it. Raises: CallError."""
        held = self._held_back(said)
        if held is None and self._look_back(said, since) is not None:
            return Unknown(PlatformError(ErrorKind.DUPLICATE, "it is live already"))
        return held

    def _held_back(self, said: str) -> Scheduled | None:
        """What says this and is to be published by the server. Raises: CallError."""
        for status in self._server.held_back():
            if text.print_of(str(as_object(status.get("params")).get("text"))) == said:
                return _scheduled(status)
        return None


def _before_sending(failure: CallError) -> Rejected | NotSent | Unknown:
    """What is still worked on is asked about; anything else was without effect."""
    return failure.outcome if failure.error.kind is ErrorKind.PENDING else failure.without_effect()


def _text_of(content: Content) -> dict[str, Any]:
    """What a status says, and may be changed to say."""
    extra = content.platform_specific
    status = {"status": content.body, "spoiler_text": str(extra.get("spoiler_text") or "")}
    return status | ({"language": str(extra["language"])} if extra.get("language") else {})


def _published(status: Mapping[str, Any]) -> Published:
    """Raises: CallError: the answer is no status."""
    return Published(id_of(status), status.get("url"), moment_of(status.get("created_at")))


def _scheduled(status: Mapping[str, Any]) -> Scheduled:
    """Raises: CallError: the answer is not of what is held back."""
    at = moment_of(status.get("scheduled_at"))
    said = text.print_of(str(as_object(status.get("params")).get("text")))
    return Scheduled(Held(id_of(status), at, said).name(), None, at)


def _limit(publish_config: Mapping[str, Any]) -> int:
    """In characters as Mastodon counts them."""
    return int(publish_config.get("max_characters") or text.MAX_CHARACTERS)

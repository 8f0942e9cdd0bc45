"""The engine against a model of it: whatever happens, in whatever order, they agree, and nothing is published twice."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from structlog.testing import capture_logs

from pipeline.distribution import intervene
from pipeline.distribution.hashing import version_hash
from pipeline.distribution.publish import publish_due
from pipeline.distribution.reconcile import reconcile
from pipeline.editorial import review
from pipeline.editorial.checklist import ALL_ITEMS
from pipeline.platforms.base import NotSent, PlatformError, Rejected
from pipeline.platforms.content import Content
from pipeline.store import accounts, claims, tables, users
from pipeline.store.announcements import Announce
from pipeline.store.database import transaction
from pipeline.vocabulary import DistributionStatus as Status
from pipeline.vocabulary import ErrorKind, PostStatus
from pipeline_tests import factories
from pipeline_tests.distribution.model import MAX_TRIES, NOT_OUT, Account, Action, Distribution, Event, Model, Passing
from pipeline_tests.distribution.platform import CONFIG as TEST_CONFIG
from pipeline_tests.distribution.platform import Platform, inconclusive, lost_answer
from pipeline_tests.web import serve

# Nothing happens by the passing of time: the rules move the clocks of what they mean.
HOUR = timedelta(hours=1)
CONFIG = replace(
    TEST_CONFIG, lease=HOUR, settle=HOUR, look_ahead=timedelta(0), max_tries=MAX_TRIES, breaker_failures=10**6
)
CONCERNS_NO_OTHER = [
    Event.PUBLISHED,
    Event.REJECTED,
    Event.UNAVAILABLE,
    Event.ANSWER_LOST,
    Event.REQUEST_LOST,
]
KEYS = ["home", "other"]
ANY = st.integers(0, 5)


BY_THE_CLOCK = {
    Passing.LEASES: "update distributions set lease_until = now() where status = 'publishing'",
    Passing.SETTLING: "update distributions set settle_until = now() where status = 'unknown'",
    Passing.RATE_LIMITS: "update platforms set held_until = null",
}


def never_arrived(content, journal):
    raise TimeoutError("and nobody knows")


def in_an_hour(kind):
    return lambda content, journal: NotSent(PlatformError(kind, "not now"), datetime.now(UTC) + HOUR)


ANSWERS = {
    Event.REJECTED: lambda content, journal: Rejected(PlatformError(ErrorKind.VALIDATION, "no")),
    Event.UNAVAILABLE: in_an_hour(ErrorKind.UNAVAILABLE),
    Event.RATE_LIMITED: in_an_hour(ErrorKind.RATE_LIMITED),
    Event.AUTH: in_an_hour(ErrorKind.AUTH),
    Event.ANSWER_LOST: lost_answer,
    Event.REQUEST_LOST: never_arrived,
}


class Newsroom(RuleBasedStateMachine):
    def __init__(self, engine, pages):
        super().__init__()
        self.engine = engine
        self.platform = Platform(pages=pages)
        self.model = Model({key: Account(is_home=key == "home") for key in KEYS})
        with self.sql() as connection:
            connection.execute(sa.text("truncate users, publisher_verticals, platforms, cross_post_groups cascade"))
            self.ids = {
                key: factories.account(
                    connection, name="test", account_key=key, is_home=key == "home", publish_config={"base_url": pages}
                )
                for key in KEYS
            }
            self.vertical = factories.vertical(connection, base_url=pages)
            self.author = factories.user(connection, roles=["writer"])
            factories.user(connection, email="ada@example.com")
            self.ada = users.find(connection, "ada@example.com")

    def sql(self):
        return transaction(self.engine, "test")

    # What the newsroom does

    @initialize()
    def approve_the_first(self):
        self._approve()

    @precondition(lambda self: len(self.model.unfinished()) < 3)
    @rule()
    def approve(self):
        self._approve()

    def _approve(self):
        with self.sql() as connection:
            post_id = factories.post(connection, self.vertical, self.author, content_hash="checked")
            canonical_id = connection.scalar(
                sa.select(tables.publisher_posts.c.canonical_id).where(tables.publisher_posts.c.id == post_id)
            )
            connection.execute(
                tables.seo_reports.insert().values(post_id=post_id, content_hash="checked", score=80, findings=[])
            )
            group_id = factories.insert(connection, tables.cross_post_groups, name=canonical_id)
            made = {self._drafted(connection, post_id, group_id, key): key for key in KEYS}
        review.approve(self.engine, canonical_id, self.ada, checked=ALL_ITEMS)
        self.model.distributions |= {id_: Distribution(id_, key, post_id) for id_, key in made.items()}

    def _drafted(self, connection, post_id, group_id, key):
        row: dict[str, Any] = {
            "platform_id": self.ids[key],
            "title": None,
            "body": "Cut above a bud.",
            "link_url": None,
            "media_urls": [],
            "platform_specific": {},
        }
        return factories.insert(
            connection,
            tables.distributions,
            **row,
            post_id=post_id,
            cross_post_group_id=group_id,
            content_type="manual",
            status="draft",
            content_hash=version_hash(SimpleNamespace(**row)),
        )

    @rule(key=st.sampled_from(KEYS), paused=st.booleans())
    def pause_or_resume(self, key, paused):
        with self.sql() as connection:
            if paused:
                accounts.pause(connection, self.ids[key], "a holiday")
            else:
                accounts.resume(connection, self.ids[key])
        self.model.pause(key, paused=paused)

    @precondition(lambda self: self.model.ready() and all(item.as_approved for item in self.model.unfinished()))
    @rule(which=ANY)
    def change_after_approval(self, which):
        item = self._one_of(self.model.ready(), which)
        with self.sql() as connection:
            connection.execute(sa.text("update distributions set body = 'Never cut.' where id = :id"), {"id": item.id})
        item.as_approved = False

    @precondition(lambda self: self.model.unfinished())
    @rule(which=ANY, action=st.sampled_from(Action))
    def a_person_acts(self, which, action):
        item = self._one_of(self.model.unfinished(), which)
        not_there = item.status == Status.UNKNOWN and not item.effects
        expected = self.model.act(item, action)
        reference = str(item.id)
        match action:
            case Action.RETRY:
                (result,) = intervene.retry(self.engine, [reference], "Ada", not_there=not_there)
            case Action.RELEASE:
                (result,) = intervene.release(self.engine, [reference], "Ada")
            case Action.HOLD:
                (result,) = intervene.hold(self.engine, [reference], "Ada", reason="wait")
            case Action.CANCEL:
                (result,) = intervene.cancel(self.engine, [reference], "Ada", reason="no", not_there=not_there)
            case Action.MARK_PUBLISHED:
                url = f"{self.platform.pages}/{item.id}"
                result = intervene.mark_published(
                    self.engine, reference, "Ada", url=url, platform_id=f"ext-{item.id}", announce=Announce()
                )
        assert result.changed == expected, result.message

    # What workers and platforms do

    @rule(which=ANY, event=st.sampled_from(Event))
    def send_one(self, which, event):
        item = self._one_of(self._ready(), which)
        self._make_due([item.id, *(each.id for each in self.model.stopped())])
        self.platform.behaviour = lambda content, journal: self._happen(event, content, journal)
        publish_due(self.engine, self.platform.open, CONFIG, worker="worker")
        self.model.send(item, event)

    @rule(events=st.lists(st.sampled_from(CONCERNS_NO_OTHER), min_size=5, max_size=5))
    def send_all(self, events):
        items = self.model.unfinished()
        planned = {str(item.id): event for item, event in zip(items, cycle(events), strict=False)}
        self._make_due([item.id for item in items])
        self.platform.behaviour = lambda content, journal: self._happen(
            planned[content.distribution_id], content, journal
        )
        publish_due(self.engine, self.platform.open, CONFIG, worker="worker")
        for item in sorted(items, key=lambda item: item.account != "home"):
            self.model.send(item, planned[str(item.id)])

    @rule(which=ANY, sent=st.booleans())
    def a_worker_dies(self, which, sent):
        item = self._one_of(self._ready(), which)
        sent = sent and item.as_approved
        self._make_due([item.id])
        with transaction(self.engine, "dead") as connection:
            (claimed,) = claims.claim(connection, worker="dead", lease=CONFIG.lease, lanes=len(KEYS))
        assert claimed.id == item.id
        if sent:
            self.platform.effect(item.account, Content(str(item.id), "Cut above a bud."))
        self.model.claim_and_die(item, sent=sent)

    @precondition(lambda self: self.model.something_unresolved())
    @rule(platform_answers=st.booleans())
    def reconcile(self, platform_answers):
        asked = [id_ for id_, item in self.model.distributions.items() if item.to_be_asked]
        self._reconcile(asked, platform_answers=platform_answers)
        self.model.reconcile(platform_answers=platform_answers)

    @precondition(lambda self: self.model.waits_for_time())
    @rule(what=st.sampled_from(Passing))
    def time_passes(self, what):
        if what in BY_THE_CLOCK:
            with self.sql() as connection:
                connection.execute(sa.text(BY_THE_CLOCK[what]))
        self.model.time_passes(what)

    # What must hold

    @invariant()
    def the_engine_agrees_with_the_model(self):
        with self.engine.connect() as connection:
            rows = connection.execute(sa.select(tables.distributions)).all()
            posts = dict(connection.execute(sa.text("select id, status from publisher_posts")).all())
            groups = dict(
                connection.execute(
                    sa.text(
                        "select distinct d.post_id, g.status from cross_post_groups g "
                        "join distributions d on d.cross_post_group_id = g.id"
                    )
                ).all()
            )
        expected = self.model.distributions
        assert {row.id: row.status for row in rows} == {id_: item.status for id_, item in expected.items()}
        assert {row.id: row.retry_count for row in rows} == {id_: item.tries for id_, item in expected.items()}
        assert groups == {post: self.model.group_status(post) for post in self.model.posts()}
        assert posts == {
            post: PostStatus.PUBLISHED if post in self.model.published_posts else PostStatus.SCHEDULED
            for post in self.model.posts()
        }

    @invariant()
    def nothing_has_two_effects_and_what_is_published_has_one(self):
        for id_, item in self.model.distributions.items():
            effects = self.platform.effects_of(id_)
            assert effects == item.effects <= 1
            assert item.status != Status.PUBLISHED or effects == 1 or item.by_hand
            assert item.status not in NOT_OUT or effects == 0

    @invariant()
    def every_step_is_a_transition_of_the_table_and_in_the_log_without_a_gap(self):
        with self.engine.connect() as connection:
            bad = connection.execute(
                sa.text("""
                    select * from (
                        select e.*, lag(e.to_status) over (partition by e.distribution_id order by e.id) as before
                        from distribution_events e
                    ) as event
                    where event.from_status is distinct from event.before
                        or (event.from_status is not null and not exists (
                            select from distribution_transitions t
                            where t.from_status = event.from_status and t.to_status = event.to_status
                        ))
                """)
            ).all()
            latest = connection.execute(
                sa.text(
                    "select distinct on (distribution_id) distribution_id, to_status from distribution_events "
                    "order by distribution_id, id desc"
                )
            ).all()
        assert bad == []
        assert dict(latest) == {id_: item.status for id_, item in self.model.distributions.items()}

    @invariant()
    def an_attempt_is_open_while_its_distribution_is_in_the_air_and_only_then(self):
        with self.engine.connect() as connection:
            open_ = set(
                connection.scalars(sa.text("select distribution_id from publish_attempts where outcome is null"))
            )
        assert open_ == {id_ for id_, item in self.model.distributions.items() if item.status == Status.PUBLISHING}

    # How it is done

    def _ready(self):
        """What can be sent; where nothing can, the newsroom sees to it that something is."""
        if not self.model.ready():
            self.time_passes(Passing.LEASES)
            self.time_passes(Passing.RATE_LIMITS)
            self.pause_or_resume("home", paused=False)
            self._approve()
        return self.model.ready()

    def _one_of(self, items, which):
        return items[which % len(items)]

    def _make_due(self, ids):
        """These and no others, whatever they waited for."""
        with self.sql() as connection:
            connection.execute(
                sa.text("""
                    update distributions
                    set next_attempt_at = now() + case when id = any (:ids) then interval '-1 second' else '1 day' end
                    where status = 'scheduled'
                """),
                {"ids": ids},
            )

    def _happen(self, event, content, journal):
        if event in ANSWERS:
            return ANSWERS[event](content, journal)
        if event != Event.PUBLISHED:
            self._lapse(content)
        if event == Event.LATE:
            with transaction(self.engine, "other") as connection:
                assert claims.expire_leases(connection, CONFIG.settle)
        if event in (Event.OVERTAKEN, Event.OVERTAKEN_BEFORE_A_STEP):
            self._reconcile([], platform_answers=True)
        if event == Event.OVERTAKEN_BEFORE_A_STEP:
            journal.record("container", "c-1")
        return None

    def _lapse(self, content):
        with self.sql() as connection:
            connection.execute(
                sa.text("update distributions set lease_until = now() where id = :id"), {"id": content.distribution_id}
            )

    def _reconcile(self, asked, *, platform_answers):
        """Asks about these, and about those whose lease ran out."""
        with self.sql() as connection:
            connection.execute(
                sa.text("""
                    update distributions
                    set reconcile_at = now() + case when id = any (:asked) then interval '0' else '1 day' end
                    where status = 'unknown'
                """),
                {"asked": asked},
            )
        self.platform.answer = None if platform_answers else inconclusive()
        reconcile(self.engine, self.platform.open, CONFIG, worker="inquirer")
        self.platform.answer = None


def test_the_engine_does_what_its_model_does_whatever_happens_in_whatever_order(engine):
    long = bool(os.environ.get("PRESSROOM_LONG_TESTS"))
    profile = settings(
        max_examples=500 if long else 10,
        stateful_step_count=60,
        derandomize=not long,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if long else [Phase.generate],  # shrinking takes minutes
    )
    # A traceback in colours for each bug that the adapter plays would cost more time than the engine.
    with serve(lambda request: (200, {}, b"the article")) as pages, capture_logs():

        class Here(Newsroom):
            def __init__(self):
                super().__init__(engine, pages)

        run_state_machine_as_test(Here, settings=profile)

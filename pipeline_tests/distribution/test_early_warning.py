"""The look a day and an hour ahead: real database, the sandbox's platforms, real pages and media on loopback."""

import json
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from pipeline.distribution.accounts import AccountUnusableError, adapter_factory
from pipeline.distribution.credentials import Keepers
from pipeline.distribution.early_warning import look_ahead
from pipeline.platforms.base import Identity, PlatformError, PlatformUnavailableError
from pipeline.platforms.content import Problem
from pipeline.sandbox.server import running
from pipeline.sandbox.wordpress.credentials import CONTRIBUTOR
from pipeline.sandbox.x.credentials import READ_ONLY, USER
from pipeline.store import accounts, early_warnings, tables
from pipeline.store.database import transaction
from pipeline.vocabulary import ErrorKind
from pipeline_tests import factories
from pipeline_tests.distribution.platform import CONFIG, Platform
from pipeline_tests.web import serve

DAY, HOUR = timedelta(hours=20), timedelta(minutes=40)
PRUNING = "Cut the shoot just above an outward bud, at a slant, so that rain runs off and the wound dries by evening."
PNG = {"Content-Type": "image/png"}


@pytest.fixture
def connection(engine):
    """For setting up: committed before anything else looks."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.fixture
def web(connection):
    """A site on loopback that is ours: what it answers by path, and how often each was asked."""
    site = SimpleNamespace(answers={}, asked=Counter())

    def answer(request):
        site.asked[request.path] += 1
        return site.answers.get(request.path, (404, {}, b""))

    with serve(answer) as site.url:
        factories.vertical(connection, base_url=site.url)
        yield site


def scheduled(connection, account, **values):
    """Of itself it has nothing to be warned of: a text like no other, and no link."""
    return factories.distribution(connection, account, **{"body": uuid.uuid4().hex, "link_url": None, **values})


def look(engine, platform=None, **options):
    opened = (platform or Platform()).open
    return look_ahead(engine, opened, on_time=CONFIG.on_time, worker="test", **options)


def found(engine):
    """The open warnings' messages by kind; a test has one distribution, or one that is warned of."""
    with engine.connect() as connection:
        return {str(row.kind): row.message for row in early_warnings.open_warnings(connection)}


def waiting(engine):
    with engine.connect() as connection:
        return early_warnings.anything_to_look_at(connection)


def alerts(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.alerts).order_by(tables.alerts.c.id)).all()


def change(connection, table, row_id, **values):
    connection.execute(table.update().where(table.c.id == row_id).values(**values))


def let_pass(connection, time):
    for table, columns in (
        (tables.distributions, ("scheduled_for", "next_attempt_at")),
        (tables.distribution_checks, ("scheduled_for",)),
    ):
        connection.execute(table.update().values({name: table.c[name] - time for name in columns}))


def unavailable(kind, message="the platform's own words"):
    def whoami(account):
        raise PlatformUnavailableError(PlatformError(kind, message))

    return whoami


@pytest.mark.parametrize(
    ("due_in", "stage"),
    [
        (timedelta(minutes=5), "hour"),
        (timedelta(minutes=59), "hour"),
        (timedelta(minutes=61), "day"),
        (timedelta(hours=23), "day"),
        (timedelta(hours=25), None),
        (timedelta(minutes=-5), None),
    ],
)
def test_a_distribution_is_looked_at_in_its_window_and_once(engine, connection, due_in, stage):
    scheduled(connection, factories.account(connection), due_in=due_in)
    assert waiting(engine) is (stage is not None)
    assert look(engine).looked_at == (stage is not None)
    assert connection.scalars(sa.select(tables.distribution_checks.c.stage)).all() == [stage] * (stage is not None)
    assert not waiting(engine)
    assert look(engine).looked_at == 0
    assert look(engine, again=True).looked_at == (stage is not None)
    assert found(engine) == {}


@pytest.mark.parametrize("status", ["draft", "held"])
def test_what_is_not_scheduled_is_not_looked_at(engine, connection, status):
    id_ = scheduled(connection, factories.account(connection), due_in=DAY)
    if status == "held":
        change(connection, tables.distributions, id_, status="held", hold_reason="a person wants it")
    else:
        change(connection, tables.distributions, id_, status="draft")
    assert not waiting(engine)
    assert look(engine, again=True).looked_at == 0


def test_what_was_looked_at_a_day_before_is_looked_at_in_its_last_hour(engine, connection):
    scheduled(connection, factories.account(connection), due_in=timedelta(minutes=62))
    assert look(engine).looked_at == 1
    let_pass(connection, timedelta(minutes=5))
    assert waiting(engine)
    assert look(engine).looked_at == 1
    assert not waiting(engine)


def test_a_new_time_asks_for_a_new_look(engine, connection):
    id_ = scheduled(connection, factories.account(connection), due_in=DAY)
    look(engine)
    later = datetime.now(UTC) + DAY + timedelta(minutes=3)
    change(connection, tables.distributions, id_, scheduled_for=later, next_attempt_at=later)
    assert look(engine).looked_at == 1


def test_more_than_one_batch_is_looked_at_and_each_account_and_page_asked_once(engine, connection, web):
    web.answers["/here"] = (200, {}, b"")
    accounts_ = [factories.account(connection), factories.account(connection)]
    post_id, review_id = factories.approved_post(connection)
    for number in range(230):
        scheduled(
            connection,
            accounts_[number % 2],
            post_id=post_id,
            review_id=review_id,
            variant_group=str(number),
            link_url=f"{web.url}/here",
            due_in=timedelta(hours=2, seconds=number // 50),
        )
    platform, asked = Platform(), Counter[str]()

    def count(account):
        asked[account.key] += 1
        return Identity(account.key)

    platform.identity = count
    assert look(engine, platform).looked_at == 230
    assert sorted(asked.values()) == [1, 1]
    assert web.asked == {"/here": 1}
    assert look(engine, platform, again=True).looked_at == 230


def test_a_paused_account_is_told_with_the_way_to_resume_it(engine, connection):
    paused = factories.account(connection, account_key="x-main", state="paused", state_reason="holiday")
    scheduled(connection, paused, due_in=DAY)
    look(engine)
    assert found(engine) == {
        "account": "The account x-main is paused (holiday). Resume it: pressroom accounts resume x-main."
    }


def test_a_paused_vertical_is_told_with_the_way_to_let_it_go_on(engine, connection):
    vertical = factories.vertical(connection, paused_at=datetime.now(UTC), pause_reason="a strike")
    scheduled(connection, factories.account(connection), due_in=DAY, vertical_id=vertical)
    look(engine)
    assert found(engine) == {"account": "Its vertical is paused (a strike). Let it go on: pressroom schedule resume."}


def test_what_a_platform_holds_goes_out_at_its_hour_and_counts_for_what_comes_after(engine, connection):
    account = factories.account(connection, posts_per_day=1, held_until=datetime.now(UTC) + timedelta(hours=3))
    for_ = datetime.now(UTC) + timedelta(hours=2)
    held = scheduled(connection, account, scheduled_for=for_, next_attempt_at=for_, handed_over_for=for_)
    after = scheduled(connection, account, due_in=timedelta(hours=4))
    look(engine)
    assert list(found(engine)) == ["quota"]
    warned = connection.scalar(sa.select(tables.distribution_warnings.c.distribution_id))
    assert (warned, held != after) == (after, True)


@pytest.mark.parametrize(("rest", "warned"), [(DAY - timedelta(hours=1), False), (DAY + timedelta(hours=1), True)])
def test_an_account_that_rests_is_told_where_it_rests_beyond_the_time(engine, connection, rest, warned):
    account = factories.account(connection, held_until=datetime.now(UTC) + rest)
    scheduled(connection, account, due_in=DAY)
    look(engine)
    assert ("rests until" in found(engine).get("account", "")) is warned


def test_refused_credentials_are_told_a_day_before(engine, connection):
    scheduled(connection, factories.account(connection, account_key="x-main"), due_in=DAY)
    platform = Platform()
    platform.identity = unavailable(ErrorKind.AUTH, "HTTP 401: Unauthorized")
    look(engine, platform)
    assert found(engine) == {
        "credentials": "The platform refuses the credentials of x-main (HTTP 401: Unauthorized). "
        "Renew them, then ask: pressroom accounts check x-main."
    }


@pytest.mark.parametrize("kind", [ErrorKind.NETWORK, ErrorKind.UNAVAILABLE, ErrorKind.RATE_LIMITED])
def test_a_platform_that_can_not_be_reached_says_nothing_of_its_credentials(engine, connection, kind):
    account = factories.account(connection)
    id_ = scheduled(connection, account, due_in=DAY)
    platform = Platform()
    platform.identity = unavailable(kind)
    look(engine, platform)
    assert found(engine) == {}
    soon = datetime.now(UTC) + HOUR
    change(connection, tables.distributions, id_, scheduled_for=soon, next_attempt_at=soon)
    look(engine, platform)
    assert list(found(engine)) == ["account"]
    assert "could not be asked (the platform's own words)" in found(engine)["account"]


@pytest.mark.parametrize(("ends", "warned"), [(timedelta(hours=19), True), (timedelta(hours=21), False)])
def test_credentials_that_end_before_the_time_are_told(engine, connection, ends, warned):
    scheduled(connection, factories.account(connection), due_in=DAY, timezone="Asia/Tokyo")
    platform, end = Platform(), datetime.now(UTC) + ends
    platform.identity = lambda account: Identity("ann", expires_at=end)
    look(engine, platform)
    assert ("credentials" in found(engine)) is warned
    if warned:
        assert f"{end + timedelta(hours=9):%Y-%m-%d %H:%M} Asia/Tokyo, before its time" in found(engine)["credentials"]


def test_an_account_that_can_not_be_opened_or_whose_adapter_fails_ends_no_look(engine, connection):
    def no_secret(row):
        raise AccountUnusableError("The environment variable X_SECRET is not set.")

    scheduled(connection, factories.account(connection), due_in=DAY)
    look_ahead(engine, no_secret, on_time=CONFIG.on_time, worker="test")
    assert "X_SECRET is not set" in found(engine)["credentials"]

    def bug(account):
        raise KeyError("name")

    platform = Platform()
    platform.identity = platform.problems = bug
    assert look(engine, platform, again=True).looked_at == 1
    assert "KeyError" in found(engine)["content"]


def test_the_sandboxs_credentials_and_permissions_are_what_it_says(engine, connection, monkeypatch, tmp_path):
    with running() as sandbox:
        keys = {
            "good": USER,
            "wrong": {**USER, "access_token": "revoked"},
            "reading": READ_ONLY,
            "contributor": CONTRIBUTOR,
        }
        for name, secret in keys.items():
            (tmp_path / name).write_text(json.dumps(dict(secret)))
            is_x = "api_key" in secret
            account = factories.account(
                connection,
                name="x" if is_x else "wordpress",
                account_key=name,
                credentials_secret_id=f"file:{tmp_path / name}",
                publish_config={"base_url": f"{sandbox.url}/x"} if is_x else {"api_url": f"{sandbox.url}/wordpress"},
            )
            scheduled(connection, account, due_in=DAY, title="Pruning", body=f"About {name}", link_url=None)
        opened = adapter_factory(Keepers(), timeout_seconds=5)
        look_ahead(engine, opened, on_time=CONFIG.on_time, worker="test")
    rows = connection.execute(
        sa.text("""
            select p.account_key, w.kind, w.message from distribution_warnings w
            join distributions d on d.id = w.distribution_id join platforms p on p.id = d.platform_id
        """)
    ).all()
    assert {row.account_key: row.kind for row in rows} == dict.fromkeys(
        ("wrong", "reading", "contributor"), "credentials"
    )
    said = {row.account_key: row.message for row in rows}
    assert "refuses the credentials of wrong" in said["wrong"]
    assert "lack the permission: write." in said["reading"]
    assert "lack the permission: publish_posts, upload_files." in said["contributor"]


def attempts(connection, account_id, distribution_id, *ages):
    for number, age in enumerate(ages):
        connection.execute(
            tables.publish_attempts.insert().values(
                distribution_id=distribution_id,
                platform_id=account_id,
                lease_token=number,
                worker="w",
                started_at=datetime.now(UTC) - age,
                finished_at=datetime.now(UTC),
                outcome="published",
            )
        )


def test_a_post_that_its_accounts_own_limit_would_put_off_is_told_by_how_much(engine, connection):
    account = factories.account(connection, account_key="x-main", posts_per_day=2)
    for due_in in (timedelta(hours=2), timedelta(hours=3), timedelta(hours=5)):
        last = scheduled(connection, account, due_in=due_in)
    assert look(engine).newly_warned == 1
    ((kind, message),) = found(engine).items()
    assert kind == "quota"
    assert "It would go out 21 h 0 min late" in message
    assert "by its limit of 2 a day and what the account x-main sends before" in message
    assert connection.scalar(sa.select(tables.distribution_warnings.c.distribution_id)) == last


def test_what_was_sent_counts_too_and_a_few_minutes_are_not_late(engine, connection):
    account = factories.account(connection, posts_per_day=2, min_interval_minutes=4)
    first = scheduled(connection, account, due_in=timedelta(hours=2))
    scheduled(connection, account, due_in=timedelta(hours=2, minutes=1))
    look(engine)
    assert found(engine) == {}
    attempts(connection, account, first, timedelta(hours=1))
    look(engine, again=True)
    assert list(found(engine)) == ["quota"]


@pytest.mark.parametrize(("remaining", "late"), [(0, 2), (1, 1), (2, 0)])
def test_the_quota_that_the_platform_reported_is_counted_down(engine, connection, remaining, late):
    now = datetime.now(UTC)
    account = factories.account(
        connection, quota_remaining=remaining, quota_reported_at=now, quota_resets_at=now + timedelta(hours=8)
    )
    for hours in (2, 3, 9):
        scheduled(connection, account, due_in=timedelta(hours=hours))
    assert look(engine).newly_warned == late
    assert ("the quota that its platform reported" in found(engine).get("quota", "")) is (late > 0)


def test_a_content_that_is_no_longer_fit_or_no_longer_approved_is_told(engine, connection):
    id_ = scheduled(connection, factories.account(connection), due_in=DAY)
    platform = Platform()
    platform.problems = lambda content: [Problem("body", f"too long: {len(content.body)}")] * ("long" in content.body)
    look(engine, platform)
    assert found(engine) == {}
    change(connection, tables.distributions, id_, body="much too long")
    look(engine, platform, again=True)
    said = found(engine)["content"]
    assert "not what was approved" in said
    assert "body: too long: 13" in said


def test_missing_media_are_told_and_media_that_are_none(engine, connection, web):
    web.answers |= {
        "/a.png": (200, PNG, b"x"),
        "/page.png": (200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>"),
        "/forbidden.png": (403, {}, b""),
    }
    names = ("a.png", "page.png", "forbidden.png", "gone.png")
    scheduled(connection, factories.account(connection), due_in=DAY, media_urls=[f"{web.url}/{name}" for name in names])
    look(engine)
    assert found(engine) == {
        "media": f"{web.url}/page.png is text/html, no picture, video or sound. {web.url}/forbidden.png answers 403. "
        f"{web.url}/gone.png answers 404. Put the file there, or change the post."
    }


def test_dead_links_are_told_wherever_they_stand_and_asked_once(engine, connection, web):
    web.answers |= {"/here": (200, {}, b""), "/robots-not-welcome": (403, {}, b""), "/moved": (410, {}, b"")}
    body = (
        f'<p>See <a href="{web.url}/here">here</a>, <a href="{web.url}/a?b=1&amp;c=2">there</a>, '
        f"{web.url}/robots-not-welcome, ({web.url}/moved), https://example.com/shop and http://shop.test/.</p>"
    )
    for account in (factories.account(connection), factories.account(connection)):
        scheduled(connection, account, due_in=DAY, body=body, link_url=f"{web.url}/gone")
    assert look(engine).newly_warned == 2
    assert found(engine)["link"].startswith(
        f"{web.url}/gone answers 404. {web.url}/a?b=1&c=2 answers 404. {web.url}/moved answers 410. Readers"
    )
    assert web.asked == {"/gone": 1, "/here": 1, "/a?b=1&c=2": 1, "/robots-not-welcome": 1, "/moved": 1}


def test_the_posts_own_page_is_not_there_yet_and_not_missed(engine, connection, web):
    author, reviewer = factories.user(connection, roles=["writer"]), factories.user(connection)
    vertical = connection.scalar(sa.select(tables.publisher_verticals.c.id))
    post_id = factories.post(connection, vertical, author, slug="own")
    review_id = connection.scalar(
        tables.reviews.insert()
        .values(post_id=post_id, reviewer_id=reviewer, decision="approved", content_hash="any")
        .returning(tables.reviews.c.id)
    )
    scheduled(
        connection,
        factories.account(connection),
        post_id=post_id,
        review_id=review_id,
        due_in=DAY,
        body=f"Read {web.url}/own/?utm_source=x today",
        link_url=f"{web.url}/own/",
    )
    look(engine)
    assert found(engine) == {}
    assert web.asked == {}


def test_a_server_that_does_not_answer_is_told_in_the_last_hour_only(engine, connection, web):
    web.answers["/down"] = (503, {}, b"")
    nobody = "http://127.0.0.1:9"
    factories.vertical(connection, base_url=nobody)
    id_ = scheduled(
        connection,
        factories.account(connection),
        due_in=DAY,
        link_url=f"{nobody}/",
        media_urls=[f"{web.url}/down"],
    )
    look(engine)
    assert found(engine) == {}
    soon = datetime.now(UTC) + HOUR
    change(connection, tables.distributions, id_, scheduled_for=soon, next_attempt_at=soon)
    look(engine)
    assert "could not be read" in found(engine)["link"]
    assert f"{web.url}/down answers 503" in found(engine)["media"]


def test_a_link_into_our_own_network_is_not_asked_and_told(engine, connection):
    asked: list[str] = []

    def answer(request):
        asked.append(request.path)
        return 200, {}, b""

    with serve(answer) as url:
        scheduled(connection, factories.account(connection), due_in=DAY, link_url=f"{url}/admin")
        look(engine)
    assert "not a public one" in found(engine)["link"]
    assert asked == []


@pytest.mark.parametrize(
    ("body", "alike"),
    [
        (PRUNING, True),
        (f"<p>{PRUNING.upper()}</p> https://x.test/2", True),
        (PRUNING.replace("evening", "morning"), True),
        ("Water the roots in the morning and leave the leaves dry; mildew needs wet leaves and a warm night.", False),
        ("https://x.test/2", False),
    ],
)
def test_a_near_duplicate_on_the_same_account_is_told(engine, connection, body, alike):
    account = factories.account(connection)
    earlier = scheduled(connection, account, due_in=timedelta(hours=2), body=f"{PRUNING} https://x.test/1")
    scheduled(connection, account, due_in=timedelta(hours=3), body=body, link_url=None)
    scheduled(connection, factories.account(connection), due_in=timedelta(hours=4), body=PRUNING)
    assert look(engine).newly_warned == alike
    said = found(engine).get("near_duplicate", "")
    assert (str(earlier)[:8] in said) is alike


@pytest.mark.parametrize(("days", "alike"), [(29, True), (31, False)])
def test_what_was_published_in_the_last_thirty_days_counts(engine, connection, days, alike):
    account = factories.account(connection)
    scheduled(
        connection, account, body=PRUNING, status="published", published_at=datetime.now(UTC) - timedelta(days=days)
    )
    scheduled(connection, account, due_in=DAY, body=PRUNING)
    look(engine)
    assert ("100% the same" in found(engine).get("near_duplicate", "")) is alike


def test_the_variants_of_one_experiment_may_be_alike(engine, connection):
    account = factories.account(connection)
    post_id, review_id = factories.approved_post(connection)
    for variant in ("a", "b"):
        scheduled(
            connection, account, post_id=post_id, review_id=review_id, due_in=DAY, body=PRUNING, variant_group=variant
        )
    look(engine)
    assert found(engine) == {}


def test_a_person_is_told_once_of_what_is_new_and_again_in_the_last_hour(engine, connection):
    account = factories.account(connection, account_key="x-main", state="paused", state_reason="holiday")
    id_ = scheduled(connection, account, due_in=DAY, title="Pruning", link_url="http://127.0.0.1:7/")
    assert look(engine).newly_warned == 1
    (told,) = alerts(engine)
    assert (told.kind, told.subject, told.times) == ("warning", f"distribution {id_}", 1)
    assert "” for x-main, due" in told.message
    assert "is paused" in told.message
    assert "not a public one" in told.message
    assert look(engine, again=True).newly_warned == 0

    platform, soon = Platform(), datetime.now(UTC) + HOUR
    platform.identity = unavailable(ErrorKind.AUTH)
    change(connection, tables.distributions, id_, scheduled_for=soon, next_attempt_at=soon)
    look(engine, platform)
    first, second = alerts(engine)
    assert first.times == 1
    assert second.subject == f"distribution {id_} in its last hour"
    assert "refuses the credentials" in second.message
    assert "is paused" not in second.message


def test_what_is_mended_is_resolved_at_the_next_look_and_its_alert_with_the_last(engine, connection, web):
    account = factories.account(connection, state="paused", state_reason="holiday")
    scheduled(connection, account, due_in=DAY, link_url=f"{web.url}/late")
    look(engine)
    assert set(found(engine)) == {"account", "link"}
    web.answers["/late"] = (200, {}, b"")
    look(engine, again=True)
    assert set(found(engine)) == {"account"}
    assert [row.resolved_at for row in alerts(engine)] == [None]
    with transaction(engine, "test") as mended:
        accounts.resume(mended, account)
    look(engine, again=True)
    assert found(engine) == {}
    assert None not in [row.resolved_at for row in alerts(engine)]


def test_what_is_sent_or_taken_back_is_warned_of_no_longer(engine, connection):
    account = factories.account(connection, state="paused", state_reason="holiday")
    id_ = scheduled(connection, account, due_in=DAY)
    look(engine)
    change(connection, tables.distributions, id_, status="cancelled")
    assert found(engine) == {}
    assert waiting(engine)
    look(engine)
    assert not waiting(engine)
    assert None not in connection.scalars(sa.select(tables.distribution_warnings.c.resolved_at)).all()
    assert None not in [row.resolved_at for row in alerts(engine)]

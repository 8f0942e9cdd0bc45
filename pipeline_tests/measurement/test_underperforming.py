"""What does badly, told: old enough, once, with what to try, and ended without noise."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from pipeline.measurement import underperforming
from pipeline.measurement.underperforming import tell
from pipeline.store import tables
from pipeline.store.alerts import about, open_alerts
from pipeline_tests import factories

NOW = datetime.now(UTC)


def post(connection, name: str, *, days_ago: float, views: int, bounce_rate: float = 0.9, **values) -> UUID:
    at = NOW - timedelta(days=days_ago)
    author = factories.user(connection)
    post_id = factories.post(
        connection,
        values.pop("vertical", None) or factories.vertical(connection, timezone="UTC"),
        author,
        canonical_id=name,
        title=f"All about {name}",
        status="published",
        human_reviewed=True,
        reviewed_by=author,
        reviewed_at=at,
        published_at=at,
        **values,
    )
    read(connection, post_id, at, views, bounce_rate=bounce_rate)
    return post_id


def read(connection, post_id: UUID, at: datetime, views: int, **values) -> None:
    factories.insert(
        connection, tables.publisher_post_analytics, post_id=post_id, date=at.date(), views=views, **values
    )


def publication(connection, account: UUID, *, days_ago: float, **figures: int) -> UUID:
    at = NOW - timedelta(days=days_ago)
    post_id = post(connection, f"garden-{days_ago:g}-{figures['engagements']}", days_ago=days_ago, views=10**6)
    published = factories.insert(
        connection,
        tables.distributions,
        post_id=post_id,
        content_type="generated",
        platform_id=account,
        body="Cut above a bud.",
        content_hash="any",
        status="published",
        published_at=at,
    )
    connection.execute(
        tables.distribution_age_figures.insert().values(
            distribution_id=published,
            age_hours=48,
            platform_id=account,
            published_at=at,
            measured_age_hours=48,
            **figures,
        )
    )
    return published


def messages(engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {alert.subject: alert.message for alert in open_alerts(connection)}


def notices(engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select payload from outbox where topic = 'alert.log' order by id"))
        return [(row.payload["event"], row.payload["subject"]) for row in rows]


def test_a_post_of_an_hour_is_nobodys_concern_and_one_of_five_days_is_told_once(engine):
    with engine.begin() as connection:
        post(connection, "an-hour-old", days_ago=0.04, views=1)
        post(connection, "five-days-old", days_ago=5, views=12)
    assert tell(engine).raised == ["post five-days-old"]
    assert tell(engine).raised == []
    assert messages(engine) == {
        "post five-days-old": (
            "“All about five-days-old” had 12 views in its first days, and 90% of its visitors left at once. They come "
            "and do not stay: give it another opening. A live page is not changed; write it anew, pressroom new, and "
            "take this one down: pressroom review archive five-days-old"
        )
    }
    assert notices(engine) == [("raised", "post five-days-old")]


def test_a_publication_is_told_with_what_is_usual_on_its_account_and_the_command_that_follows(engine):
    with engine.begin() as connection:
        account = factories.account(connection, account_key="x-one", timezone="UTC")
        for number in range(20):
            publication(connection, account, days_ago=20 + number, impressions=1000, engagements=100)
        weak = publication(connection, account, days_ago=5, impressions=900, engagements=4)
        publication(connection, account, days_ago=1, impressions=900, engagements=3)
    assert tell(engine).raised == [about(weak)]
    assert messages(engine)[about(weak)] == (
        "“All about garden-5-4” had 4 engagements on x-one at an age at which 100 are usual there. As many saw it as "
        "see others, and few did anything. Try other words or another picture: pressroom recycle now garden-5-4 --on "
        "x-one"
    )


def test_what_has_only_become_too_old_is_put_away_without_a_word(engine):
    with engine.begin() as connection:
        post_id = post(connection, "poor", days_ago=13, views=12)
    tell(engine)
    with engine.begin() as connection:
        later = tables.publisher_posts.update().where(tables.publisher_posts.c.id == post_id)
        connection.execute(later.values(published_at=NOW - timedelta(days=15)))
    assert tell(engine).over == ["post poor"]
    assert messages(engine) == {}
    assert notices(engine) == [("raised", "post poor")]


def test_a_fading_post_that_is_read_again_is_told_to_be_over(engine):
    with engine.begin() as connection:
        vertical = factories.vertical(connection)
        for number in range(7):
            name = "fading" if number == 6 else f"steady-{number}"
            post_id = post(connection, name, days_ago=200, views=1, vertical=vertical)
            for day in range(1, 57):
                is_down = name == "fading" and day <= 28
                read(connection, post_id, NOW - timedelta(days=day), 10 if is_down else 100)
    assert tell(engine).raised == ["fading post fading"]
    assert "would have had 2,800. Bring it up to date" in messages(engine)["fading post fading"]
    with engine.begin() as connection:
        connection.execute(sa.text("update publisher_post_analytics set views = 100 where views = 10"))
    assert tell(engine).over == ["fading post fading"]
    assert notices(engine) == [("raised", "fading post fading"), ("resolved", "fading post fading")]


def test_no_more_are_open_at_a_time_than_anybody_acts_on_the_worst_first(engine, monkeypatch):
    monkeypatch.setattr(underperforming, "MOST_OPEN", 2)
    with engine.begin() as connection:
        worst = [post(connection, f"poor-{views}", days_ago=5, views=views) for views in (30, 10, 20)][1]
    told = tell(engine)
    assert (told.raised, told.untold) == (["post poor-10", "post poor-20"], 1)
    with engine.begin() as connection:
        connection.execute(
            sa.text("update publisher_post_analytics set views = 5000 where post_id = :id"), {"id": worst}
        )
    told = tell(engine)
    assert (told.over, told.raised, told.untold) == (["post poor-10"], ["post poor-30"], 0)


@pytest.mark.parametrize("suggestion", ["retitle", "re-time", "recycle"])
def test_a_publication_without_a_post_of_ours_gets_advice_without_a_command(suggestion):
    row = {
        "id": UUID(int=1),
        "canonical_id": None,
        "account": "x-one",
        "title": "t",
        "engagements": 1,
        "usual_engagements": 10,
        "suggestion": suggestion,
    }
    assert "recycle now" not in underperforming._publication(row).message

"""What a newcomer finds."""

from typing import Any

import pytest
import sqlalchemy as sa

from pipeline.editorial.sources import sync_sources
from pipeline.sample.install import install_sample
from pipeline.sandbox.registry import stand_ins
from pipeline.settings import settings
from pipeline.store import accounts, users
from pipeline.store.database import transaction
from pipeline.store.site_analytics import retire_source, set_beacon, sources
from pipeline.store.tables import platforms


@pytest.fixture
def installed(engine):
    with transaction(engine, "test") as connection:
        install_sample(connection)
    return engine


def everything(engine) -> dict[str, list[Any]]:
    names = ["publisher_verticals", "users", "content_sources", "affiliate_products", "platforms"]
    with engine.connect() as connection:
        return {name: connection.execute(sa.text(f"select * from {name} order by id")).fetchall() for name in names}


def test_the_sample_is_read_whole_and_every_item_has_a_known_rate(installed):
    (report,) = sync_sources(installed)
    assert (report.error, report.rows_bad, report.notes) == (None, 0, ())
    assert report.rows_new >= 15
    with installed.connect() as connection:
        items = connection.execute(sa.text("select caption, engagement_rate, url from raw_content")).all()
    assert all(120 <= len(item.caption.split()) <= 250 and item.engagement_rate and item.url for item in items)
    assert sum(item.engagement_rate >= 0.05 for item in items) >= 10


def test_a_second_installation_touches_nothing(installed):
    before = everything(installed)
    with transaction(installed, "test") as connection:
        install_sample(connection)
    assert everything(installed) == before


def test_scripted_actors_are_no_persons_and_the_site_is_the_home(installed):
    with installed.connect() as connection:
        reviewer = users.find(connection, "Demo reviewer (scripted)")
        assert not reviewer.is_person
        assert [(row.account_key, row.is_home) for row in accounts.all_accounts(connection)] == [
            ("site", True),
            *((f"{name}-sandbox", False) for name in stand_ins()),
        ]


def test_the_addresses_follow_the_ports_and_what_somebody_set_stays(installed, monkeypatch):
    with installed.begin() as connection:
        connection.execute(
            sa.text("""
                update platforms set posts_per_hour = 3, publish_config = publish_config || '{"from_name": "Ours"}'
                where account_key = 'mailchimp-sandbox'
            """)
        )
        connection.execute(
            sa.text("""
                update platforms set credentials_secret_id = 'env:REAL', publish_config = '{"api_url": "https://real.example"}'
                where account_key = 'wordpress-sandbox'
            """)
        )
    monkeypatch.setenv("PRESSROOM_SANDBOX_PORT", "4002")
    settings.cache_clear()
    try:
        with transaction(installed, "test") as connection:
            install_sample(connection)
            mail, blog = (accounts.get(connection, f"{name}-sandbox") for name in ("mailchimp", "wordpress"))
            kept = connection.scalar(
                sa.text("select posts_per_hour from platforms where account_key = 'mailchimp-sandbox'")
            )
    finally:
        settings.cache_clear()
    assert mail.publish_config["base_url"] == "http://127.0.0.1:4002/mailchimp/3.0"
    assert (mail.publish_config["from_name"], kept) == ("Ours", 3)
    assert blog.publish_config == {"api_url": "https://real.example"}


def test_the_site_counts_its_readers_from_the_start_and_not_against_anybodys_will(engine):
    site = platforms.c.account_key == "site"
    with engine.begin() as connection:
        install_sample(connection)
        told = connection.scalar(sa.select(platforms.c.publish_config).where(site))["beacon_url"]
        assert told == f"http://127.0.0.1:{settings().collect_port}/v/site"
        set_beacon(connection, "site", "http://127.0.0.1:1/v/site", remembers=True)
        install_sample(connection)  # an address on this machine follows the settings
        assert connection.scalar(sa.select(platforms.c.publish_config).where(site))["beacon_url"] == told
        set_beacon(connection, "site", None, remembers=False)
        (source,) = sources(connection)
        retire_source(connection, source.id)
        install_sample(connection)
        assert "beacon_url" not in connection.scalar(sa.select(platforms.c.publish_config).where(site))
        assert sources(connection) == []

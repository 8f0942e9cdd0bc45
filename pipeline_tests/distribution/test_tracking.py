"""The links of the versions that the planner writes: tagged by one scheme, stable, and what was approved stays."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from pipeline.distribution.plan import plan_post
from pipeline.distribution.preview import preview_post
from pipeline.distribution.reach import links_in
from pipeline.distribution.tracking import link_code
from pipeline.platforms.bluesky.text import facets
from pipeline.settings import settings
from pipeline.store import short_links, tables
from pipeline.text.rendering import text_of
from pipeline_tests import factories

PAGE = "https://garden.example/prune/"
TEXT = """# How to prune

Cut above a bud, as [we told](/grafting/ "pressroom:related ab") and [others did](https://other.example/a?b=1).
Sharp [secateurs](https://www.awin1.com/cread.php?x=1 "pressroom:sponsored cd") help; [more](https://garden.example/sap/).
"""
SOCIAL = ("x", "linkedin", "mastodon", "bluesky")


@pytest.fixture
def connection(engine):
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.fixture
def post_id(connection):
    """A draft for the site, a syndicated blog, a newsletter, a podcast's notes and four networks."""
    vertical_id = factories.vertical(connection, slug="garden", base_url="https://garden.example")
    for name in ("site", "wordpress", "mailchimp", *SOCIAL):
        factories.account(connection, name=name, account_key=name, is_home=name == "site")
    return factories.post(
        connection,
        vertical_id,
        factories.user(connection),
        canonical_id="garden-1",
        slug="prune",
        content=TEXT,
        excerpt="Where to cut.",
        status="draft",
    )


def versions(engine):
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(tables.distributions, tables.platforms.c.account_key, tables.platforms.c.name).join(
                tables.platforms, tables.platforms.c.id == tables.distributions.c.platform_id
            )
        )
        return {row.account_key: row for row in rows}


def links_of(text):
    """Every address in a version's text or HTML."""
    found = re.findall(r"https?://[^\s<>\"')]+", text)
    return [address.replace("&amp;", "&").rstrip(".") for address in found]


def tags_of(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items() if name.startswith("utm_")}


def test_every_link_home_is_tagged_and_no_link_to_others(engine, post_id):
    plan_post(engine, "garden-1")
    found = versions(engine)
    media = {"wordpress": "syndication", "mailchimp": "email"}
    for key, version in found.items():
        plain = str(version.platform_specific.get("plain_text") or "")
        said = version.body if key != "wordpress" else version.body.replace(f">{PAGE}</a>", "></a>")
        addresses = [*links_of(said), *links_of(plain), *([version.link_url] if version.link_url else [])]
        for address in addresses:
            if urlsplit(address).hostname != "garden.example" or key == "site":
                assert tags_of(address) == {}, (key, address)
            elif key != "bluesky" or address == version.link_url:
                assert tags_of(address) == {
                    "utm_source": version.name,
                    "utm_medium": media.get(key, "social"),
                    "utm_campaign": "garden",
                    "utm_content": version.link_code,
                }, (key, address)
    assert '"/grafting/"' in found["site"].body
    assert "https://other.example/a?b=1" in found["wordpress"].body
    assert f">{PAGE}</a>" in found["wordpress"].body  # readers see the clean address
    for key in ("site", "wordpress", "mailchimp"):
        assert f"clickref={found[key].link_code}" in found[key].body


def test_the_code_is_the_databases_and_each_versions_own(engine, post_id):
    plan_post(engine, "garden-1")
    found = versions(engine).values()
    assert all(version.link_code == link_code(version.post_id, version.platform_id) for version in found)
    assert len({version.link_code for version in found}) == len(found)


def test_a_version_written_again_has_the_same_links_and_one_that_is_previewed_too(engine, post_id):
    shown = {each.account_key: each.body for each in preview_post(engine, "garden-1").versions}
    plan_post(engine, "garden-1")
    first = {key: (version.content_hash, version.body) for key, version in versions(engine).items()}
    plan_post(engine, "garden-1")
    assert {key: (version.content_hash, version.body) for key, version in versions(engine).items()} == first
    assert {key: body for key, (_, body) in first.items()} == shown


def test_what_was_written_without_tags_and_is_approved_stays_as_it_was_approved(engine, connection, post_id):
    plan_post(engine, "garden-1")
    before = versions(engine)["x"]
    connection.execute(
        tables.distributions.update()
        .where(tables.distributions.c.id == before.id)
        .values(status="cancelled", body=f"Old words {PAGE}", link_url=PAGE, content_hash="approved")
    )
    plan_post(engine, "garden-1")
    after = versions(engine)["x"]
    assert (after.body, after.link_url, after.content_hash) == (f"Old words {PAGE}", PAGE, "approved")


def test_the_campaign_of_a_post_is_told_in_its_links(engine, connection, post_id):
    vertical_id = connection.scalar(sa.select(tables.publisher_posts.c.vertical_id))
    campaign_id = factories.insert(
        connection,
        tables.campaigns,
        name="spring-2027",
        vertical_id=vertical_id,
        begins="2027-03-01T00:00:00Z",
        ends="2027-04-01T00:00:00Z",
    )
    connection.execute(tables.publisher_posts.update().values(campaign_id=campaign_id))
    plan_post(engine, "garden-1")
    assert tags_of(versions(engine)["linkedin"].link_url)["utm_campaign"] == "spring-2027"


def test_on_bluesky_readers_see_the_short_address_and_are_led_by_the_whole(engine, connection, post_id):
    post = connection.execute(sa.select(tables.publisher_posts)).one()
    factories.post(
        connection,
        post.vertical_id,
        post.author_id,
        canonical_id="garden-1-again-1",
        content=f"Read {PAGE} today, and https://other.example/ too.",
        status="draft",
        content_type="repurposed",
        repurposed_from=post_id,
        repurposed_as="again",
        platforms=["bluesky"],
        account_id=connection.scalar(
            sa.select(tables.platforms.c.id).where(tables.platforms.c.account_key == "bluesky")
        ),
        canonical_url=PAGE,
    )
    plan_post(engine, "garden-1-again-1")
    version = versions(engine)["bluesky"]
    assert version.body.startswith(f"Read {PAGE} today, and https://other.example/ too.")
    (shown,) = version.platform_specific["links"]
    assert (shown, tags_of(version.platform_specific["links"][shown])["utm_source"]) == (PAGE, "bluesky")
    (first, _) = facets(version.body, version.platform_specific["links"])
    assert tags_of(first["features"][0]["uri"])["utm_content"] == version.link_code


@pytest.fixture
def collector_known(monkeypatch):
    monkeypatch.setenv("PRESSROOM_COLLECT_URL", "https://go.garden.press/")
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_with_short_links_readers_are_led_through_the_collector_to_the_tagged_page(
    engine, connection, post_id, collector_known
):
    connection.execute(tables.platforms.update().where(tables.platforms.c.name == "x").values(short_links=True))
    plan_post(engine, "garden-1")
    version = versions(engine)["x"]
    assert version.link_url.startswith("https://go.garden.press/r/")
    assert links_of(version.body) == [version.link_url]
    code = version.link_url.rpartition("/")[2]
    assert tags_of(short_links.target_of(connection, code))["utm_content"] == version.link_code
    assert short_links.codes_of(connection, [version.id]) == {version.id: {code}}
    assert links_in(version.body, version.link_url, [PAGE], {code}) == []  # its page is not there yet
    plan_post(engine, "garden-1")
    assert versions(engine)["x"].content_hash == version.content_hash


def test_a_short_link_is_of_its_target_so_that_another_page_is_another_link(
    engine, connection, post_id, collector_known
):
    connection.execute(tables.platforms.update().where(tables.platforms.c.name == "x").values(short_links=True))
    plan_post(engine, "garden-1")
    before = versions(engine)["x"]
    connection.execute(tables.publisher_posts.update().values(slug="moved"))
    plan_post(engine, "garden-1")
    after = versions(engine)["x"]
    assert after.link_url != before.link_url
    assert after.content_hash != before.content_hash


def test_an_account_has_no_short_links_where_readers_can_not_reach_the_collector(engine, connection, post_id):
    connection.execute(tables.platforms.update().values(short_links=True))
    plan_post(engine, "garden-1")
    assert connection.scalar(sa.select(sa.func.count()).select_from(tables.short_links)) == 0
    assert text_of(versions(engine)["mailchimp"].body)

"""What articles link to, with the database: products, published posts, and the pages that go."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from pipeline.editorial import linking, links
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories

BASE = "https://garden.example"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Garden:
    """A vertical with its posts and products."""

    def __init__(self, engine):
        self.engine = engine
        with transaction(engine, "test") as connection:
            self.id = factories.vertical(connection, slug="garden", base_url=BASE)
            self.author = factories.user(connection, roles=["writer"])
            self.reviewer = factories.user(connection)

    def post(self, canonical_id, *, status="published", **values):
        published = {"human_reviewed": True, "reviewed_by": self.reviewer, "reviewed_at": NOW, "published_at": NOW}
        row = {
            "canonical_id": canonical_id,
            "slug": canonical_id,
            "title": f"All about {canonical_id}",
            "status": status,
            **(published if status in ("published", "archived") else {}),
            **values,
        }
        with transaction(self.engine, "test") as connection:
            return factories.post(connection, row.pop("vertical_id", self.id), self.author, **row)

    def product(self, name, *keywords, **values):
        with transaction(self.engine, "test") as connection:
            connection.execute(
                tables.affiliate_products.insert().values(
                    vertical_id=self.id,
                    name=name,
                    merchant="Shop",
                    affiliate_url=f"https://shop.example/{name}",
                    keywords=list(keywords),
                    **values,
                )
            )

    def linked(self, markdown, canonical_id="draft"):
        with self.engine.connect() as connection:
            return linking.with_links(connection, markdown, vertical_id=self.id, canonical_id=canonical_id)


@pytest.fixture
def garden(engine):
    return Garden(engine)


def test_only_published_posts_with_a_page_of_their_own_are_linked_and_never_the_post_itself(garden):
    original = garden.post("pruning", target_keyword="prune roses")
    for status in ("draft", "review", "archived"):
        garden.post(f"mulch-{status}", status=status, target_keyword="mulch")
    garden.post("myself", target_keyword="watering cans")
    garden.post(
        "thread",
        content_type="repurposed",
        platforms=["x"],
        canonical_url=f"{BASE}/pruning/",
        repurposed_from=original,
        repurposed_as="thread",
        target_keyword="aphids",
    )
    with transaction(garden.engine, "test") as connection:
        other = factories.vertical(connection)
    garden.post("elsewhere", target_keyword="slugs", vertical_id=other)
    text = "Prune roses in March.\n\nThen mulch.\n\nFill watering cans.\n\nMind aphids.\n\nAnd slugs."
    article = garden.linked(text, "myself")
    assert f'[Prune roses]({BASE}/pruning/ "pressroom:related ' in article
    assert article.count("](") == 1
    assert links.without_links(article) == text


def test_the_phrase_of_two_posts_leads_to_the_one_closer_to_the_article(garden):
    """The newer one shares as many phrases; only what the posts say tells them apart."""
    garden.post("roses", keywords=["pruning"], content="Roses: cut each rose above a bud that looks outward.")
    garden.post("apples", keywords=["pruning"], content="Apple trees in an orchard fruit on spurs.")
    roses, apples = "Roses bloom on new wood. Their bud wakes in March.", "An orchard of apple trees fruits in autumn."
    assert f"[Pruning]({BASE}/roses/" in garden.linked(f"# T\n\n{roses}\n\nPruning is all.")
    assert f"[Pruning]({BASE}/apples/" in garden.linked(f"# T\n\n{apples}\n\nPruning is all.")


@pytest.mark.parametrize("phrase", ["prune roses", "C++", "well-known", "東京", "l'eau", "AT&T", "naïve café"])
def test_whatever_could_be_linked_is_found_in_the_database(garden, phrase):
    garden.post("one", target_keyword=phrase.lower(), keywords=[])
    assert f"{BASE}/one/" in garden.linked(f"We say {phrase} here.")


def test_a_post_is_linked_by_its_title_as_well(garden):
    garden.post("guide", title="The Rose Guide")
    assert f"[the rose guide]({BASE}/guide/" in garden.linked("See the rose guide.")


def test_of_products_with_one_keyword_the_higher_priority_wins_then_the_name(garden):
    for name in ("beta", "alpha"):
        garden.product(name, "secateurs")
    assert "shop.example/alpha" in garden.linked("Sharp secateurs.")
    garden.product("zeta", "secateurs", priority=1)
    assert "shop.example/zeta" in garden.linked("Sharp secateurs.")


def test_a_change_of_a_product_holds_from_the_next_article_on(garden):
    garden.product("spade", "spade")
    assert "shop.example/spade" in garden.linked("A spade.")
    changes = (
        "update affiliate_products set affiliate_url = 'https://shop.example/new'",
        "update affiliate_products set is_active = false",
        "update affiliate_products set is_active = true, updated_at = '2020-01-01'",
        "delete from affiliate_products",
    )
    for change, expected in zip(changes, ("/new", "A spade.", "/new", "A spade."), strict=True):
        with transaction(garden.engine, "test") as connection:
            connection.execute(sa.text(change))
        assert expected in garden.linked("A spade.")


def test_products_are_kept_ready_for_a_stated_number_of_verticals(engine, monkeypatch):
    monkeypatch.setattr(linking, "_CATALOGUES", 2)
    with transaction(engine, "test") as connection:
        ids = [factories.vertical(connection) for _ in range(3)]
    catalogues = linking._Catalogues()
    with engine.connect() as connection:
        first = catalogues.of(connection, ids[0])
        assert catalogues.of(connection, ids[0]) is first
        for vertical_id in ids[1:]:
            catalogues.of(connection, vertical_id)
        assert list(catalogues._kept) == ids[1:]


def findings(garden, markdown, canonical_id="myself"):
    with garden.engine.connect() as connection:
        found = linking.audit(connection, canonical_id, markdown)
    return {(finding.check, finding.severity) for finding in found if finding.severity != "good"}


def test_a_link_to_a_product_without_the_mark_blocks(garden):
    garden.post("myself", status="draft")
    garden.product("späde", "spade")
    for text in (
        "A [spade](https://shop.example/späde).",
        "A [spade][1].\n\n[1]: https://shop.example/sp%C3%A4de",
        "<https://shop.example/späde>",
        "A <a href='https://shop.example/späde'>spade</a>.",
    ):
        assert ("affiliate links marked", "blocking") in findings(garden, text), text
    marked = f'{links.DISCLOSURE}\n\nA [spade](https://shop.example/späde "pressroom:sponsored").'
    assert findings(garden, marked) == set()
    assert findings(garden, garden.linked("A spade.")) == set()
    assert findings(garden, "A [spade](https://elsewhere.example/).") == set()


def test_links_to_what_is_not_published_and_to_itself_are_told(garden):
    garden.post("myself", status="draft")
    garden.post("gone", status="archived")
    garden.post("there")
    for href in (f"{BASE}/gone/", f"{BASE}/gone?x=1#y", "/gone/", f"{BASE}/myself/"):
        assert findings(garden, f"[x]({href})") == {("internal links lead to pages", "improvement")}, href
    for href in (
        f"{BASE}/there/",
        "/there",
        "/about/",
        f"{BASE}/tags/gone/",
        "https://garden.example.com/gone/",
        "#gone",
    ):
        assert findings(garden, f"[x]({href})") == set(), href


def broken(garden):
    with garden.engine.connect() as connection:
        return [(link.canonical_id, link.words, link.target.canonical_id) for link in linking.broken_links(connection)]


def test_the_pages_that_link_to_one_that_was_taken_down_are_known(garden, pressroom_output):
    garden.post("guide", target_keyword="rose guide")
    article = garden.linked("Our rose guide.")
    assert "guide/" in article
    for name, content, status in (
        ("by-us", article, "published"),
        ("by-hand", "[the *guide*](/guide/#top) and [again][g]\n\n[g]: https://garden.example/guide", "published"),
        ("about-it", "`[x](https://garden.example/guide/)` and https://garden.example/guidebook/", "published"),
        ("not-out", article, "draft"),
    ):
        garden.post(name, content=content, status=status)
    assert broken(garden) == []
    with garden.engine.connect() as connection:
        assert {link.canonical_id for link in linking.links_to(connection, "guide")} == {"by-us", "by-hand"}
    with transaction(garden.engine, "test") as connection:
        connection.execute(sa.text("update publisher_posts set status = 'archived' where canonical_id = 'guide'"))
    assert sorted(broken(garden)) == [
        ("by-hand", "again", "guide"),
        ("by-hand", "the guide", "guide"),
        ("by-us", "rose guide", "guide"),
    ]
    told = pressroom_output("links", "broken")
    assert "by-us" in told
    assert "“the guide” leads to “All about guide”, taken down:" in told


def test_a_rejected_draft_breaks_nothing(garden):
    garden.post("rejected", status="archived", published_at=None)
    garden.post("linking", content=f"[x]({BASE}/rejected/)")
    assert broken(garden) == []


@pytest.fixture
def pressroom_output(engine, database_url, monkeypatch):
    from typer.testing import CliRunner

    from pipeline.cli import console
    from pipeline.cli.app import app
    from pipeline.settings import settings

    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))
    settings.cache_clear()
    console.engine.cache_clear()
    yield lambda *words: CliRunner().invoke(app, list(words), terminal_width=200).output
    console.engine().dispose()
    console.engine.cache_clear()
    settings.cache_clear()

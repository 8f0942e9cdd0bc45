"""Profit per article, channel and vertical: every cost is in it once, and what is unknown is not taken for nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from pipeline.editorial import budget
from pipeline.editorial.analysis import analyse_new
from pipeline.measurement.attribution.booking import book_costs
from pipeline.measurement.attribution.crediting import credit
from pipeline.store import ai_costs, fees, profit, tables
from pipeline.store.reports import run_report
from pipeline.vocabulary import AiOutcome
from pipeline.writing.base import Analysis, Source, Written
from pipeline.writing.calls import Call, CallBook, Price, Usage
from pipeline.writing.offline import OfflineWriter
from pipeline_tests import factories
from pipeline_tests.editorial.items import caption_of, item, one_source
from pipeline_tests.measurement.attribution import world
from pipeline_tests.measurement.attribution.world import HALF_LIFE, LOOK_BACK, NOW, ago

LONG_AGO = (NOW - timedelta(days=400)).date()


def work_out(engine) -> None:
    credit(engine, look_back=LOOK_BACK, half_life=HALF_LIFE)
    book_costs(engine)


def report(engine, name: str, **parameters):
    with engine.connect() as connection:
        found = run_report(connection, name, **parameters)
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def called(engine, vertical_id, usd: str | None, **whose) -> None:
    """A call to a model that cost so much; None: nobody knows."""
    price = Price("own", Decimal(1), Decimal(1), Decimal(1))
    usage = Usage(
        "m", 1, AiOutcome.OK if usd else AiOutcome.FAILED, cost_usd=None if usd is None else Decimal(usd), price=price
    )
    call = Call(f"k{whose}{usd}", "write", "p", "m", Decimal("0.5"), 60)
    budget.book(engine, vertical_id=vertical_id, **whose).admit(call).keep(usage, None)


@pytest.fixture
def vertical_id(engine):
    with engine.begin() as connection:
        return factories.vertical(connection, name="Nature", slug="nature")


@pytest.fixture
def article(engine, vertical_id):
    """Told from two items of a source; on Bluesky and X."""
    with engine.begin() as connection:
        source = factories.insert(
            connection,
            tables.content_sources,
            name="wire",
            kind="feed",
            location="http://127.0.0.1:9",
            vertical_id=vertical_id,
        )
        items = [
            factories.insert(
                connection,
                tables.raw_content,
                source_id=source,
                external_id=str(n),
                caption="A bud.",
                content_hash=str(n),
                raw={},
                url=f"http://127.0.0.1:9/{n}",
                canonical_id="nature-1" if n == 0 else None,
            )
            for n in range(2)
        ]
        story = factories.insert(connection, tables.stories, canonical_id="nature-1")
        connection.execute(sa.text("delete from story_items"))
        for item in items:
            connection.execute(
                tables.story_items.insert().values(content_id=item, story_id=story, digest="d", bands=[1])
            )
        post_id = world.post(
            connection, vertical_id=vertical_id, canonical_id="nature-1", title="On buds", source_content_id=items[0]
        )
        world.publication(connection, "sky", post_id=post_id, platform="bluesky", vertical_id=vertical_id)
        world.publication(
            connection,
            "x-main",
            post_id=post_id,
            platform="x",
            vertical_id=vertical_id,
            body="Buds: https://example.com/",
        )
    for item in items:
        called(engine, vertical_id, "0.01", content_id=item)
    called(engine, vertical_id, "0.30", canonical_id="nature-1")
    return post_id


def test_an_article_pays_for_its_writing_its_storys_analyses_and_its_publications(engine, article):
    with engine.begin() as connection:
        world.conversion(connection, usd="12.5", post_id=article)
    work_out(engine)
    (line,) = report(engine, "profit_per_article")
    assert (line["title"], line["conversions"], line["unknown_costs"]) == ("On buds", 1, 0)
    assert line["cost_usd"] == Decimal("0.30") + 2 * Decimal("0.01") + Decimal("0.20")
    assert line["profit_usd"] == Decimal("11.98")


class PayingWriter(OfflineWriter):
    """Each analysis costs two cents."""

    def analyse(self, source: Source, book: CallBook) -> Written[Analysis]:
        call = Call(source.text, "analyse", "p", "m", Decimal("0.02"), 60)
        book.admit(call).keep(Usage("m", 1, AiOutcome.OK, cost_usd=Decimal("0.02")), None)
        return super().analyse(source, book)


def test_what_the_analysis_of_its_items_cost_is_the_posts_once_there_is_one(engine):
    source_id = one_source(engine)
    with engine.begin() as connection:
        taken, _copied = item(connection, source_id), item(connection, source_id)
        item(connection, source_id, caption=caption_of(7))
    assert analyse_new(engine, PayingWriter()).analysed == 3
    with engine.begin() as connection:
        assert ai_costs.cost_of(connection, ["nature-9"]) == {}
        by_post = dict(ai_costs.costs_by(connection, "post", ago(days=1), rows=9))
        assert by_post[""].cost_usd == Decimal("0.06")
        connection.execute(sa.text("update raw_content set canonical_id = 'nature-9' where id = :id"), {"id": taken})
        connection.execute(
            sa.text(
                "update stories set canonical_id = 'nature-9' from story_items i where i.story_id = stories.id"
                " and i.content_id = :id"
            ),
            {"id": taken},
        )
        assert ai_costs.cost_of(connection, ["nature-9"])["nature-9"].cost_usd == Decimal("0.04")
        bills = ai_costs.bills_of(connection, "nature-9")
        by_post = dict(ai_costs.costs_by(connection, "post", ago(days=1), rows=9))
    assert [bill.task for bill in bills] == ["analyse", "analyse"]
    assert (by_post["nature-9"].cost_usd, by_post[""].cost_usd) == (Decimal("0.04"), Decimal("0.02"))


def test_the_month_is_shared_by_its_publications_and_a_cost_noted_by_hand_counts(engine, article, vertical_id):
    with engine.begin() as connection:
        sky = connection.scalar(sa.select(tables.platforms.c.id).where(tables.platforms.c.account_key == "sky"))
        world.publication(connection, "sky", post_id=world.post(connection, vertical_id=vertical_id, title="On bark"))
        fees.set_fee(connection, sky, "month", Decimal(29), since=ago(days=3).date(), note="the scheduler's plan")
        fees.add_other(connection, day=NOW.date(), usd=Decimal(40), what="a drawing", post_id=article)
    work_out(engine)
    lines = {line["title"]: line for line in report(engine, "profit_per_article")}
    assert lines["On bark"]["cost_usd"] == Decimal("14.5")
    assert lines["On buds"]["cost_usd"] == Decimal("40.52") + Decimal("14.5")


def test_an_own_rate_goes_before_the_list_price_and_books_anew_what_was_booked(engine, article):
    work_out(engine)
    with engine.begin() as connection:
        assert costs(connection)["publication"] == Decimal("0.2")
        x = connection.scalar(sa.select(tables.platforms.c.id).where(tables.platforms.c.account_key == "x-main"))
        fees.set_fee(connection, x, "publication", Decimal("0.07"), since=LONG_AGO, note="")
    work_out(engine)
    with engine.begin() as connection:
        assert costs(connection)["publication"] == Decimal("0.07")
        assert fees.end_fee(connection, x, "publication", on=ago(days=30).date())
    work_out(engine)
    with engine.connect() as connection:
        assert costs(connection)["publication"] == Decimal("0.2")


def costs(connection) -> dict[str, Decimal | None]:
    return {line.kind: line.usd for line in profit.trace(connection, "nature-1", "linear").costs}


def test_a_later_rate_ends_the_one_before_and_an_earlier_one_ends_where_the_next_begins(engine, article):
    with engine.begin() as connection:
        x = connection.scalar(sa.select(tables.platforms.c.id).where(tables.platforms.c.account_key == "x-main"))
        for day in (20, 10, 15):
            fees.set_fee(connection, x, "call", Decimal(day), since=ago(days=day).date(), note="")
        spans = [(fee.usd, fee.starts_on, fee.ends_on) for fee in fees.all_fees(connection)]
    assert spans == [
        (Decimal(20), ago(days=20).date(), ago(days=16).date()),
        (Decimal(15), ago(days=15).date(), ago(days=11).date()),
        (Decimal(10), ago(days=10).date(), None),
    ]


def test_what_asking_for_figures_cost_is_the_ledgers_or_an_own_rate(engine, article):
    with engine.begin() as connection:
        x = connection.scalar(sa.select(tables.platforms.c.id).where(tables.platforms.c.account_key == "x-main"))
        connection.execute(
            tables.metrics_reads.insert().values(
                platform_id=x, day=ago(days=3).date(), calls=2, publications=30, usd=Decimal("0.15")
            )
        )
    work_out(engine)
    with engine.begin() as connection:
        assert costs(connection)["account"] == Decimal("0.15")
        fees.set_fee(connection, x, "call", Decimal("0.001"), since=LONG_AGO, note="")
    work_out(engine)
    with engine.connect() as connection:
        assert costs(connection)["account"] == Decimal("0.03")


def test_a_cost_or_a_value_that_nobody_knows_leaves_the_profit_unknown(engine, article, vertical_id):
    with engine.begin() as connection:
        world.conversion(connection, usd=None, value=Decimal(9), currency="XTS", post_id=article)
        world.conversion(connection, usd="5", post_id=article)
    work_out(engine)
    (line,) = report(engine, "profit_per_article")
    assert (line["unvalued"], line["revenue_usd"], line["profit_usd"]) == (1, 5, None)
    with engine.begin() as connection:
        connection.execute(tables.conversions.update().where(tables.conversions.c.currency == "XTS").values(usd=2))
    called(engine, vertical_id, None, canonical_id="nature-1")
    work_out(engine)
    (line,) = report(engine, "profit_per_article")
    assert (line["unvalued"], line["unknown_costs"], line["revenue_usd"], line["profit_usd"]) == (0, 1, 7, None)


def test_a_platform_without_an_adapter_is_not_free(engine, article):
    with engine.begin() as connection:
        world.publication(connection, "loft", post_id=article, platform="pigeon")
    work_out(engine)
    (line,) = report(engine, "profit_per_article")
    assert (line["unknown_costs"], line["profit_usd"]) == (1, None)


def test_channels_and_verticals_add_up_to_the_same_whole(engine, article, vertical_id):
    with engine.begin() as connection:
        elsewhere = factories.vertical(connection, name="Cities", slug="cities")
        x = connection.scalar(sa.select(tables.platforms.c.id).where(tables.platforms.c.account_key == "x-main"))
        thread, _ = world.publication(connection, "x-main", post_id=world.post(connection, vertical_id=elsewhere))
        world.click(connection, "ada", ago(hours=5), thread)
        world.conversion(connection, "ada", usd="100.01", post_id=article)
        world.conversion(connection, usd="0.02")
        fees.set_fee(connection, x, "month", Decimal(100), since=LONG_AGO, note="")
        fees.add_other(connection, day=NOW.date(), usd=Decimal("3.5"), what="an advertisement", platform_id=x)
        fees.add_other(connection, day=NOW.date(), usd=Decimal(7), what="office")
    called(engine, elsewhere, "0.05", content_id=None)
    work_out(engine)
    for model in ("first", "shapley"):
        channels = report(engine, "profit_per_channel", months=20, model=model)
        verticals = report(engine, "profit_per_vertical", months=20, model=model)
        assert sum(line["revenue_usd"] for line in channels) == Decimal("100.03")
        assert sum(line["revenue_usd"] for line in verticals) == Decimal("100.03")
    months = len({line["month"] for line in channels if line["channel"] == "x-main"})
    assert sum(line["cost_usd"] for line in channels) == 100 * months + Decimal("3.5") + Decimal("0.2") + Decimal(
        "0.015"
    )
    making = Decimal("0.3") + Decimal("0.02") + Decimal("0.05")
    assert sum(line["cost_usd"] for line in verticals) == sum(line["cost_usd"] for line in channels) + making + 7


def test_a_post_is_traced_from_its_source_to_its_profit(engine, article):
    with engine.begin() as connection:
        thread = connection.scalar(
            sa.text("select d.id from distributions d join platforms p on p.id = d.platform_id where p.name = 'x'")
        )
        world.click(connection, "ada", ago(hours=9), thread)
        world.visit(connection, "ada", ago(hours=9), distribution_id=thread, post_id=article)
        world.conversion(connection, "ada", usd="4")
    work_out(engine)
    with engine.connect() as connection:
        found = profit.trace(connection, "nature-1", "position")
    assert (found.origin.source, found.origin.source_url, found.origin.story_items) == (
        "wire",
        "http://127.0.0.1:9/0",
        2,
    )
    publications = {each.account_key: each for each in found.publications}
    assert (publications["x-main"].link_clicks, publications["x-main"].visits) == (1, 1)
    assert (publications["x-main"].conversions, publications["x-main"].usd) == (Decimal(1), Decimal(4))
    assert publications["sky"].usd == 0
    assert publications["sky"].impressions is None
    assert [(each.channel, each.usd) for each in found.earned] == [("x-main", Decimal(4))]
    assert found.profit_usd == Decimal(4) - Decimal("0.52")

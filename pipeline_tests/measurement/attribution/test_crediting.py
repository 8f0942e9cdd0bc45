"""From visits and conversions in the database to credits and their sums: nothing lost, nothing made, nothing twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.measurement.attribution import crediting
from pipeline.measurement.attribution.crediting import credit
from pipeline.measurement.attribution.models import MODELS
from pipeline.store import attribution, tables
from pipeline_tests.measurement.attribution import world
from pipeline_tests.measurement.attribution.world import HALF_LIFE, LOOK_BACK, ago


def run(engine):
    return credit(engine, look_back=LOOK_BACK, half_life=HALF_LIFE)


def rows(engine, statement: str, **values) -> list[sa.Row]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text(statement), values))


def credits_of(engine, conversion_id, model: str = "linear") -> dict[str, Decimal]:
    found = rows(
        engine,
        f"select channel, sum({model}) from attribution_credits c where conversion_id = :id group by channel",
        id=conversion_id,
    )
    return {channel: share.normalize() for channel, share in found}


def sums(engine, model: str = "linear") -> dict[str, Decimal | None]:
    return {
        row.channel: row.usd
        for row in rows(
            engine, "select channel, sum(usd) as usd from attributed_months where model = :m group by 1", m=model
        )
    }


def change(engine, conversion_id, **values) -> None:
    with engine.begin() as connection:
        connection.execute(tables.conversions.update().where(tables.conversions.c.id == conversion_id).values(**values))


def late(engine) -> None:
    """The conversions came in a while ago: none of their touches can still be on its way."""
    with engine.begin() as connection:
        connection.exec_driver_sql("alter table conversions disable trigger user")
        connection.execute(tables.conversions.update().values(received_at=ago(hours=1)))
        connection.exec_driver_sql("alter table conversions enable trigger user")


def test_a_visitor_who_came_by_a_post_and_a_letter_owes_half_to_each(engine):
    with engine.begin() as connection:
        thread, _ = world.publication(connection, "x-main")
        letter, article = world.publication(connection, "letter")
        world.click(connection, "ada", ago(days=2), thread)
        world.visit(connection, "ada", ago(days=2) + timedelta(seconds=1), distribution_id=thread)
        world.visit(connection, "ada", ago(hours=3), distribution_id=letter)
        world.visit(connection, "ada", ago(hours=2))
        sale = world.conversion(connection, "ada")
    report = run(engine)
    assert (report.conversions, report.touches) == (1, 2)
    assert credits_of(engine, sale) == {"x-main": Decimal("0.5"), "letter": Decimal("0.5")}
    assert credits_of(engine, sale, "first")["letter"] == 0
    assert sums(engine, "last") == {"letter": 10}
    assert rows(engine, "select distinct post_id from attributed_months where channel = 'letter'") == [(article,)]


def test_channels_without_an_account_go_by_their_tags_and_foreign_pages_are_referrals(engine):
    with engine.begin() as connection:
        world.visit(connection, "bob", ago(days=1), utm_source="Partner", utm_medium="Banner")
        world.visit(connection, "bob", ago(hours=5), referrer_host="news.example")
        sale = world.conversion(connection, "bob")
    run(engine)
    assert credits_of(engine, sale) == {"partner / banner": Decimal("0.5"), "referral": Decimal("0.5")}


def test_what_is_older_than_the_look_back_or_after_the_conversion_does_not_count(engine):
    with engine.begin() as connection:
        thread, _ = world.publication(connection, "x-main")
        world.click(connection, "ada", ago(days=31), thread)
        world.click(connection, "ada", ago(days=-1), thread)
        sale = world.conversion(connection, "ada")
    run(engine)
    assert credits_of(engine, sale) == {"direct": 1}


def test_a_network_that_tells_only_the_sub_id_credits_its_publication(engine):
    with engine.begin() as connection:
        thread, article = world.publication(connection, "x-main")
        world.conversion(connection, distribution_id=thread)
    run(engine)
    assert rows(engine, "select channel, distribution_id, post_id from attribution_credits") == [
        ("x-main", thread, article)
    ]


def test_the_page_where_it_happened_is_credited_only_where_nothing_led_there(engine):
    with engine.begin() as connection:
        home, article = world.publication(connection, "site", platform="site")
        connection.execute(sa.text("update platforms set is_home = true"))
        thread, _ = world.publication(connection, "x-main")
        world.click(connection, "ada", ago(hours=1), thread)
        led = world.conversion(connection, "ada", distribution_id=home, post_id=article)
        alone = world.conversion(connection, distribution_id=home, post_id=article)
    run(engine)
    assert credits_of(engine, led) == {"x-main": 1}
    assert credits_of(engine, alone) == {"site": 1}


def test_a_second_run_has_nothing_to_do_and_a_change_is_all_that_the_next_one_does(engine):
    with engine.begin() as connection:
        sale, other = world.conversion(connection), world.conversion(connection)
        thread, _ = world.publication(connection, "x-main")
    late(engine)
    assert (run(engine).conversions, run(engine).conversions) == (2, 0)
    change(engine, other, distribution_id=thread)
    assert (run(engine).conversions, run(engine).months) == (1, 0)
    assert sums(engine) == {"direct": 10, "x-main": 10}
    change(engine, sale, detail={"told": "again"})
    report = run(engine)
    assert (report.conversions, report.months) == (0, 0)


def test_a_network_that_confirms_when_the_page_views_are_gone_changes_the_sums_and_not_the_credits(engine):
    with engine.begin() as connection:
        world.visit(connection, "ada", ago(days=1), utm_source="partner")
        sale = world.conversion(connection, "ada", status="pending")
    late(engine)
    run(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("truncate page_views")
    change(engine, sale, status="confirmed", usd=8)
    report = run(engine)
    assert (report.conversions, report.months) == (0, 1)
    assert sums(engine) == {"partner / none": 8}
    change(engine, sale, status="reversed")
    run(engine)
    assert sums(engine) == {}


def test_a_conversion_that_just_came_in_is_credited_again_for_touches_on_their_way(engine):
    with engine.begin() as connection:
        world.conversion(connection)
    assert [run(engine).conversions for _ in range(2)] == [1, 1]
    late(engine)
    assert [run(engine).conversions for _ in range(2)] == [1, 0]


def test_a_touch_told_late_changes_what_was_credited(engine):
    with engine.begin() as connection:
        thread, _ = world.publication(connection, "x-main")
        sale = world.conversion(connection, "ada")
    late(engine)
    run(engine)
    assert sums(engine) == {"direct": 10}
    with engine.begin() as connection:
        world.visit(connection, "ada", ago(days=1), distribution_id=thread)
    assert run(engine).conversions == 1
    assert credits_of(engine, sale) == {"x-main": 1}
    assert sums(engine) == {"x-main": 10}


def test_a_conversion_that_moves_to_another_month_leaves_nothing_behind(engine):
    with engine.begin() as connection:
        sale = world.conversion(connection, at=ago(days=1))
    run(engine)
    change(engine, sale, occurred_at=ago(days=70))
    run(engine)
    assert len(rows(engine, "select distinct month from attributed_months")) == 1
    assert sums(engine) == {"direct": 10}


def test_other_settings_work_everything_out_anew(engine):
    with engine.begin() as connection:
        thread, _ = world.publication(connection, "x-main")
        world.click(connection, "ada", ago(days=9), thread)
        sale = world.conversion(connection, "ada")
    run(engine)
    assert credits_of(engine, sale) == {"x-main": 1}
    report = credit(engine, look_back=timedelta(days=5), half_life=HALF_LIFE)
    assert report.began_anew
    assert credits_of(engine, sale) == {"direct": 1}


def test_unknown_money_stays_unknown_and_pending_money_is_not_revenue(engine):
    with engine.begin() as connection:
        world.conversion(connection, usd=None, value=Decimal(7), currency="XTS")
        world.conversion(connection, usd=None, kind="signup")
        world.conversion(connection, usd="3", status="pending")
    run(engine)
    ((conversions, pending, unvalued, usd, pending_usd),) = rows(
        engine,
        "select conversions, pending, unvalued, usd, pending_usd from attributed_months where model = 'shapley'",
    )
    assert (conversions, pending, unvalued, usd, pending_usd) == (2, 1, 1, None, 3)


def test_a_run_that_dies_between_two_batches_is_gone_on_with(engine, monkeypatch):
    with engine.begin() as connection:
        for _ in range(5):
            world.conversion(connection)
    late(engine)
    monkeypatch.setattr(crediting, "_BATCH", 2)
    replace, calls = attribution.replace_credits, []

    def dies(*arguments):
        calls.append(1)
        replace(*arguments)
        if len(calls) == 2:
            raise ConnectionError("the machine went away")

    monkeypatch.setattr(attribution, "replace_credits", dies)
    with pytest.raises(ConnectionError):
        run(engine)
    assert len(rows(engine, "table attribution_credits")) == 2
    assert run(engine).conversions == 3
    assert sums(engine) == {"direct": 50}


_visits = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 40 * 24), st.sampled_from(["x", "y", "z", "tags", "foreign"])),
    max_size=25,
)
_sales = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", None]),
        st.integers(0, 50),
        st.one_of(st.none(), st.decimals("-999.9999", "99999.9999", places=4)),
        st.sampled_from(["confirmed", "confirmed", "pending", "reversed"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_visits, _sales)
def test_whatever_happened_every_model_adds_up_to_the_conversions_to_the_last_digit(engine, visits, sales):
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "truncate conversions, link_clicks, page_views, attributed_months, attribution_stale_months cascade"
        )
        known = {key: world.publication(connection, key)[0] for key in "xyz"}
        for visitor, hours, source in visits:
            values = {"tags": {"utm_source": "Ä"}, "foreign": {"referrer_host": "a.example"}}
            world.visit(
                connection, visitor, ago(hours=hours), **values.get(source, {"distribution_id": known.get(source)})
            )
        for visitor, hours, usd, status in sales:
            amount = None if usd is None else str(usd)
            world.conversion(connection, visitor, ago(hours=hours), amount, status=status)
    run(engine)
    for model in MODELS:
        per_conversion = rows(engine, f"select sum({model}) from attribution_credits c group by conversion_id")
        assert {share for (share,) in per_conversion} == {1}
        assert len(per_conversion) == len(sales)
        ((conversions, pending, usd, pending_usd, unvalued),) = rows(
            engine,
            "select coalesce(sum(conversions), 0), coalesce(sum(pending), 0), sum(usd), sum(pending_usd), "
            "coalesce(sum(unvalued), 0) from attributed_months where model = :model",
            model=model,
        )
        by_status = {
            status: [usd for _, _, usd, of in sales if of == status] for status in ("confirmed", "pending", "reversed")
        }
        assert conversions == len(by_status["confirmed"])
        assert pending == len(by_status["pending"])
        assert unvalued == by_status["confirmed"].count(None)
        assert usd == _total(by_status["confirmed"])
        assert pending_usd == _total(by_status["pending"])


def _total(amounts: list[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None

"""Files of conversions: what networks' reports say, and what can't be read in two ways."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.measurement.conversion_reports import Reading, ReportError, read_network, read_own
from pipeline.measurement.rate_files import RatesError, read_rates
from pipeline.store import conversions, exchange_rates, tables
from pipeline.store.conversions import ToldConversion
from pipeline.store.database import transaction
from pipeline.text.networks import networks
from pipeline.vocabulary import ConversionStatus
from pipeline_tests import factories

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def reading(source="awin", **options):
    return Reading(**{"source": source, "told_at": NOW, "zone": UTC, **options})


def read(network, text, **options):
    return read_network(text.splitlines(keepends=True), networks()[network], reading(network, **options))


def test_awins_transactions_are_read():
    (pending, declined) = read(
        "awin",
        "id,advertiserName,transactionDate,commissionAmount.amount,commissionAmount.currency,clickRefs.clickRef,commissionStatus\n"
        "171,Shears & Co,2026-11-20T09:59:00,1.25,EUR,0123456789ab,pending\n"
        "172,Shears & Co,2026-11-20T10:59:00,-3,EUR,,declined\n",
        zone=ZoneInfo("Europe/Berlin"),
    )
    assert (pending.external_id, pending.value, pending.currency) == ("171", Decimal("1.25"), "EUR")
    assert pending.occurred_at == datetime(2026, 11, 20, 8, 59, tzinfo=UTC)
    assert (pending.click_code, pending.status) == ("0123456789ab", ConversionStatus.PENDING)
    assert pending.detail == {"network": "Awin", "merchant": "Shears & Co"}
    assert (declined.value, declined.click_code, declined.status) == (Decimal(-3), None, ConversionStatus.REVERSED)


def test_a_correction_of_cj_is_a_conversion_of_its_own_below_zero():
    sale, correction = read(
        "cj",
        "commissionId,eventDate,pubCommissionAmountUsd,shopperId,actionStatus\n"
        "100,2026-11-20T10:00:00Z,30.00,0123456789ab,locked\n"
        "101,2026-11-20T10:00:00Z,-30.00,0123456789ab,closed\n",
    )
    assert sale.value + correction.value == 0
    assert {sale.currency, correction.currency} == {"USD"}
    assert sale.external_id != correction.external_id


def test_impacts_action_listing_is_read():
    (action,) = read(
        "impact",
        '"Action Id","Campaign","Action Date","Payout","Currency","SubId1","State"\n'
        '"8882.1234.1","ACME","2026-11-20T10:00:00-05:00","$1,027.75","USD","0123456789ab","APPROVED"\n',
    )
    assert (action.value, action.currency, action.status) == (Decimal("1027.75"), "USD", ConversionStatus.CONFIRMED)
    assert action.occurred_at == datetime(2026, 11, 20, 15, tzinfo=UTC)


AMAZON = (
    "Fee-Earnings reports from 11-01-2026 to 11-20-2026\n"
    "Category,Name,ASIN,Seller,Tracking ID,Date Shipped,Price($),Items Shipped,Returns,Revenue($),Ad Fees($),Device Type Group\n"
    "Garden,Secateurs,B01,Amazon.com,us-20,2026-11-20 10:00:00,25,1,0,25,0.75,DESKTOP\n"
    "Garden,Secateurs,B01,Amazon.com,us-20,2026-11-20 10:00:00,25,1,0,25,0.75,DESKTOP\n"
    "Garden,Secateurs,B01,Amazon.com,us-20,2026-11-21 10:00:00,25,0,1,-25,-0.75,DESKTOP\n"
    "Total,,,,,,,,,,0.75,\n"
)


def test_amazons_lines_without_an_id_are_each_one_conversion_however_often_they_are_read(engine):
    first, second, returned = read("amazon", AMAZON, currency="USD")
    assert len({first.external_id, second.external_id, returned.external_id}) == 3
    assert sum(each.value for each in (first, second, returned)) == Decimal("0.75")
    for expected in ((3, 0), (0, 0)):
        with transaction(engine, "test") as connection:
            kept = conversions.keep(connection, read("amazon", AMAZON, currency="USD"))
        assert (kept.added, kept.changed) == expected


@pytest.mark.parametrize(
    ("network", "text", "line", "told"),
    [
        ("amazon", AMAZON, 3, "--currency"),
        ("awin", "id,date,commission,currency,status\n1,2026-11-20,1,EUR,strange\n", 2, "'strange'"),
        ("awin", "id,date,commission,currency\n1,11/20/2026,1,EUR\n", 2, "--date-format"),
        ("awin", "id,date,commission,currency\n\n,2026-11-20,1,EUR\n", 3, "no id"),
        ("awin", "id,date,commission,currency\n1,,1,EUR\n", 2, "no date"),
        ("awin", 'id,date,commission,currency\n1,2026-11-20,"1.234,50",EUR\n', 2, "--decimal-comma"),
        ("awin", 'id,date,commission,currency\n1,2026-11-20,"1,5",EUR\n', 2, "--decimal-comma"),
        ("awin", "id,date,commission,currency\n1,2026-11-20,1,EURO\n", 2, "'EURO'"),
        ("awin", "id,date,commission,currency\n1\0,2026-11-20,1,EUR\n", 2, "NUL"),
    ],
)
def test_a_line_that_can_not_be_read_surely_is_named_and_nothing_is_read(network, text, line, told):
    with pytest.raises(ReportError) as caught:
        read(network, text)
    assert caught.value.lines[0].line == line
    assert told in caught.value.lines[0].reason


def test_a_file_without_the_headings_is_refused_with_those_that_are_needed():
    with pytest.raises(ReportError, match="transaction date"):
        read("awin", "a,b\n1,2\n")


@pytest.mark.parametrize(
    ("cell", "comma", "amount"),
    [("1,234.50", False, "1234.50"), ("1.234,50", True, "1234.50"), ("(12)", False, "-12"), ("−3 €", False, "-3")],
)
def test_an_amount_is_read_as_it_is_written(cell, comma, amount):
    (told,) = read("awin", f'id;date;commission;currency\n1;2026-11-20;"{cell}";EUR\n', decimal_comma=comma)
    assert told.value == Decimal(amount)


def test_a_list_of_ones_own_is_read_with_the_posts_it_names():
    text = "id,occurred_at,kind,value,currency,code,post\n7,2026-11-20,signup,,,,garden-1\n8,2026-11-20,sale,5,,abc,\n"
    signup, sale = read_own(text.splitlines(keepends=True), reading("shop", currency="EUR"))
    assert (signup[0].kind, signup[0].value, signup[1]) == ("signup", None, "garden-1")
    assert (sale[0].source, sale[0].value, sale[0].currency, sale[0].click_code) == ("shop", Decimal(5), "EUR", "abc")
    with pytest.raises(ReportError) as caught:
        read_own(["id,occurred_at,amount\n", "1,2026-11-20,5\n"], reading())
    assert "amount" in caught.value.lines[0].reason


def stored(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.conversions).order_by(tables.conversions.c.external_id)).all()


def sale(number, value="10", currency="EUR", **fields):
    occurred_at = datetime(2026, 11, 20 if number < 10 else 8, 10, tzinfo=UTC)
    given = {
        "source": "shop",
        "external_id": f"{number:02}",
        "occurred_at": occurred_at,
        "told_at": NOW,
        "kind": "sale",
    }
    return ToldConversion(**{**given, "value": Decimal(value), "currency": currency, **fields})


def test_a_rate_that_comes_late_prices_what_it_is_of_and_nothing_else(engine):
    with transaction(engine, "test") as connection:
        kept = conversions.keep(connection, [sale(1), sale(2, currency="GBP"), sale(3, currency="USD"), sale(11)])
        assert kept.unpriced == {"EUR": 2, "GBP": 1}
    assert [row.usd for row in stored(engine)] == [None, None, Decimal(10), None]
    friday = ["currency,date,usd_per_unit\n", "EUR,2026-11-13,1.05\n"]
    with transaction(engine, "test") as connection:
        assert exchange_rates.put(connection, read_rates(friday, "test")) == 1
    assert [row.usd for row in stored(engine)] == [Decimal("10.50"), None, Decimal(10), None]
    with transaction(engine, "test") as connection:
        exchange_rates.put(connection, read_rates(["currency,date,usd_per_unit\n", "EUR,2026-11-20,1.10\n"], "test"))
    assert [(row.usd, row.revision) for row in stored(engine)] == [
        (Decimal(11), 3),
        (None, 1),
        (Decimal(10), 1),
        (None, 1),
    ]


def test_the_central_banks_rates_are_turned_into_dollars():
    ecb = ["Date, USD, GBP, JPY, CYP, \n", "2026-11-20, 1.10, 0.88, 160, N/A, \n", "2026-11-19, N/A, 0.88, 1, 1, \n"]
    rates = {rate.currency: rate.usd_per_unit for rate in read_rates(ecb, "ecb")}
    assert rates == {"EUR": Decimal("1.10"), "GBP": Decimal("1.25"), "JPY": Decimal("0.006875")}


@pytest.mark.parametrize(
    "line", ["EUR,2026-11-20,0", "EUR,2026-11-20,x", "EUR,20.11.2026,1", "USD,2026-11-20,1", "eur,2026-11-20,1"]
)
def test_a_rate_that_can_not_be_one_is_refused(line):
    with pytest.raises(RatesError, match="Line 2"):
        read_rates(["currency,date,usd_per_unit\n", line], "test")


def test_a_code_that_is_nobodys_is_counted_and_kept(engine):
    with transaction(engine, "test") as connection:
        distribution_id = factories.distribution(connection, factories.account(connection))
        code = connection.scalar(sa.select(tables.distributions.c.link_code))
        kept = conversions.keep(
            connection, [sale(1, click_code=code), sale(2, click_code="deadbeef0000"), sale(3, utm_content=code)]
        )
    assert kept.unresolved == 1
    assert [row.distribution_id for row in stored(engine)] == [distribution_id, None, distribution_id]


_tellings = st.lists(
    st.builds(
        lambda number, value, minutes, status: sale(
            number, value, told_at=NOW.replace(minute=minutes), status=ConversionStatus(status)
        ),
        st.integers(1, 3),
        st.decimals(-1000, 1000, places=2).map(str),
        st.integers(0, 59),
        st.sampled_from(["pending", "confirmed", "reversed"]),
    ),
    max_size=6,
    unique_by=lambda each: (each.external_id, each.told_at),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=_tellings, data=st.data())
def test_in_whatever_order_and_batches_it_is_told_the_latest_word_is_what_is_known(engine, told, data):
    order = data.draw(st.permutations(told))
    cut = data.draw(st.integers(0, len(order)))
    with transaction(engine, "test") as connection:
        connection.execute(tables.conversions.delete())
        for batch in (order[:cut], order[cut:], order):
            conversions.keep(connection, batch)
    latest = {each.external_id: each for each in sorted(told, key=lambda each: each.told_at)}
    assert {row.external_id: (row.value, row.status, row.usd) for row in stored(engine)} == {
        key: (each.value, each.status, None) for key, each in latest.items()
    }

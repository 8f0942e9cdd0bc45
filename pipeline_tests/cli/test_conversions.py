"""`pressroom conversions`, `collect` and `accounts short-links` as they are typed."""

import sqlalchemy as sa

from pipeline.settings import settings
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline_tests import factories

AWIN = (
    "id,advertiserName,transactionDate,commissionAmount.amount,commissionAmount.currency,clickRefs.clickRef,commissionStatus\n"
    "171,Shears \x1b[31m& Co,{day}T09:59:00,1.25,EUR,{code},approved\n"
    "172,Shears & Co,{day}T10:59:00,2.50,USD,nobody,declined\n"
)


def written(path, content):
    path.write_text(content, encoding="utf-8")
    return path


def test_a_networks_report_is_imported_priced_and_shown(pressroom, engine, tmp_path):
    with transaction(engine, "test") as connection:
        post_id, review_id = factories.approved_post(connection, canonical_id="garden-1")
        account = factories.account(connection, account_key="x-main")
        factories.distribution(connection, account, post_id=post_id, review_id=review_id)
        code = connection.scalar(sa.select(tables.distributions.c.link_code))
        day = connection.scalar(sa.text("select (now() at time zone 'utc')::date - 1"))
    report = written(tmp_path / "awin.csv", AWIN.format(day=day, code=code))
    told = pressroom("conversions", "import", report, "--from", "awin").output
    assert "2 added, 0 changed, 0 as they were" in told
    assert "1 came with a code that is no link's of ours" in told
    assert "1 in EUR" in told
    shown = pressroom("conversions").output
    for words in (
        "awin",
        "1 confirmed",
        "worth unknown",
        "1 reversed",
        "1.25 EUR",
        "garden-1 on x-main",
        "no post known",
    ):
        assert words in shown
    rates = written(tmp_path / "rates.csv", f"currency,date,usd_per_unit\nEUR,{day},1.20\n")
    assert "1 rates kept; 1 conversions are priced anew" in pressroom("conversions", "rates", rates).output
    assert f"EUR  {day} to {day}  1 days" in pressroom("conversions", "rates").output
    assert "$1.50" in pressroom("conversions", "--post", "garden-1").output
    assert "No conversion of shop" in pressroom("conversions", "--source", "shop").output
    again = pressroom("conversions", "import", report, "--from", "awin", "--as-of", "2026-01-01")
    assert "0 added, 0 changed, 2 as they were" in again.output


def test_what_can_not_be_read_is_said_line_by_line_and_nothing_is_kept(pressroom, engine, tmp_path):
    report = written(tmp_path / "r.csv", "id,date,commission,currency\n1,2026-11-20,1,EUR\n2,\x1b[2J,1,EUR\n")
    refused = pressroom("conversions", "import", report, "--from", "awin")
    assert refused.exit_code == 1
    assert "line 3" in refused.output
    assert "\x1b[2J" not in refused.output
    assert "No conversion in the last 30 days" in pressroom("conversions").output
    assert "there are awin, cj" in pressroom("conversions", "import", report, "--from", "acme").stderr
    assert (
        "no post garden-9"
        in pressroom(
            "conversions",
            "import",
            written(tmp_path / "own.csv", "id,occurred_at,post\n1,2026-11-20,garden-9\n"),
            "--from",
            "csv",
        ).stderr
    )
    (tmp_path / "latin.csv").write_bytes(b"id,date\n\xe9")
    assert "not UTF-8" in pressroom("conversions", "import", tmp_path / "latin.csv", "--from", "awin").stderr


def test_a_network_of_ones_own_is_told_by_a_file(pressroom, tmp_path):
    columns = written(
        tmp_path / "acme.toml",
        '[acme]\ntitle = "Acme"\n[acme.report]\nid = ["order"]\noccurred_at = ["day"]\nvalue = ["fee"]\n',
    )
    report = written(tmp_path / "r.csv", "order,day,fee\n1,2026-11-20,3\n")
    said = ("conversions", "import", report, "--from", "acme", "--currency", "usd", "--columns")
    assert "1 added" in pressroom(*said, columns).output
    wrong = pressroom(*said, written(tmp_path / "bad.toml", "[acme.report]\nid = ['x']\nsurprise = 1\n"))
    assert wrong.exit_code == 1
    assert "surprise" in wrong.stderr
    assert "Impact" not in pressroom("conversions", "networks").stderr


def test_short_links_are_switched_on_only_where_readers_can_reach_the_collector(pressroom, engine, monkeypatch):
    with transaction(engine, "test") as connection:
        factories.account(connection, account_key="x-main")
    refused = pressroom("accounts", "short-links", "x-main")
    assert refused.exit_code == 1
    assert "PRESSROOM_COLLECT_URL" in refused.stderr
    assert "known to this machine only" in pressroom("collect").output
    monkeypatch.setenv("PRESSROOM_COLLECT_URL", "https://go.example")
    settings.cache_clear()
    assert "lead through short links" in pressroom("accounts", "short-links", "x-main").output
    shown = pressroom("collect").output
    assert "https://go.example" in shown
    assert "short links: x-main" in shown
    assert "not taken; set PRESSROOM_CONVERSIONS_SECRET" in shown
    assert "straight to the page" in pressroom("accounts", "short-links", "x-main", "--off").output
    assert "no account" in pressroom("collect").output


def test_a_collector_with_a_wrong_secret_says_so_and_does_not_show_it(pressroom, monkeypatch):
    monkeypatch.setenv("PRESSROOM_CONVERSIONS_SECRET", "whsec_c2hvcnQ=")
    settings.cache_clear()
    refused = pressroom("collect", "serve")
    assert refused.exit_code == 1
    assert "24 to 64 bytes" in refused.stderr
    assert "c2hvcnQ" not in refused.stderr

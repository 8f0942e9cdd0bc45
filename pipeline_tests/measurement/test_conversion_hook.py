"""Conversions over real HTTP: whose word is taken, once, and in which order."""

import base64
import hashlib
import hmac
import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from pipeline.measurement.collector import create_app
from pipeline.measurement.conversion_hook import MOST_BYTES, SecretError
from pipeline.store import exchange_rates, tables
from pipeline.store.database import transaction
from pipeline.store.exchange_rates import Rate
from pipeline_tests import factories
from pipeline_tests.web import serve_app

KEY, OLD_KEY = b"k" * 32, b"o" * 24
SECRET = SecretStr(",".join(f"whsec_{base64.b64encode(key).decode()}" for key in (KEY, OLD_KEY)))
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
SALE = {
    "source": "shop",
    "id": "order-17",
    "occurred_at": "2026-11-20T09:59:00+01:00",
    "value": "19.90",
    "currency": "EUR",
    "visitor": "a1b2c3",
}


@contextmanager
def shop(engine, secret=SECRET, now=NOW):
    with serve_app(create_app(engine, secret=secret, clock=lambda: now)) as url, httpx.Client(base_url=url) as client:
        yield client


def signed(body, *, key=KEY, at=NOW, id_="msg_1"):
    moment = str(int(at.timestamp()))
    digest = hmac.new(key, f"{id_}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id_,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1a,xxx v1,{base64.b64encode(digest).decode()}",
    }


def tell(client, data, *, timestamp=None, headers=None, **signing):
    message = {"type": "conversion", "data": data} | ({"timestamp": timestamp} if timestamp else {})
    body = json.dumps(message).encode()
    return client.post("/conversions", content=body, headers={**signed(body, **signing), **(headers or {})})


def stored(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.conversions).order_by(tables.conversions.c.external_id)).all()


def test_a_sale_is_kept_once_with_whose_link_led_to_it(engine):
    with transaction(engine, "test") as connection:
        distribution_id = factories.distribution(connection, factories.account(connection))
        row = connection.execute(sa.select(tables.distributions)).one()
        exchange_rates.put(connection, [Rate("EUR", NOW.date() - timedelta(days=1), Decimal("1.0834"), "test")])
    with shop(engine) as client:
        first = tell(client, {**SALE, "code": row.link_code})
        again = tell(client, {**SALE, "code": row.link_code}, id_="msg_2")
    assert (first.status_code, first.json()) == (200, {"added": 1, "changed": 0, "unchanged": 0})
    assert again.json() == {"added": 0, "changed": 0, "unchanged": 1}
    (sale,) = stored(engine)
    assert (sale.distribution_id, sale.post_id, sale.visitor) == (distribution_id, row.post_id, "a1b2c3")
    assert (sale.value, sale.currency, sale.usd) == (Decimal("19.90"), "EUR", Decimal("19.90") * Decimal("1.0834"))
    assert (sale.kind, sale.status, sale.revision) == ("sale", "confirmed", 1)


def test_what_has_no_rate_or_no_value_is_worth_an_unknown_number_of_dollars_and_not_none(engine):
    with shop(engine) as client:
        tell(
            client,
            [SALE, {"source": "shop", "id": "sign-up-1", "occurred_at": "2026-11-20T10:00:00Z", "kind": "signup"}],
        )
    assert [(row.external_id, row.value, row.usd) for row in stored(engine)] == [
        ("order-17", Decimal("19.90"), None),
        ("sign-up-1", None, None),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"headers": {"webhook-signature": "v1,AAAA"}},
        {"headers": {"webhook-signature": ""}},
        {"headers": {"webhook-signature": b"v1,\xe9"}},
        {"headers": {"webhook-id": "msg_2"}},
        {"headers": {"webhook-timestamp": "1"}},
        {"headers": {"webhook-timestamp": b"\xb2"}},
        {"key": b"x" * 32},
        {"at": NOW - timedelta(minutes=6)},
        {"at": NOW + timedelta(minutes=6)},
    ],
)
def test_a_message_that_is_not_signed_now_and_by_us_is_refused(engine, change):
    with shop(engine) as client:
        answer = tell(client, SALE, **change)
    assert answer.status_code == 401
    assert stored(engine) == []


def test_the_key_of_until_now_is_believed_while_both_are_set(engine):
    with shop(engine) as client:
        assert tell(client, SALE, key=OLD_KEY).status_code == 200


def test_without_a_secret_nothing_is_taken_and_a_wrong_one_is_told_at_the_start(engine):
    with shop(engine, secret=None) as client:
        assert tell(client, SALE).status_code == 503
    for wrong in ("whsec_c2hvcnQ=", "c2VjcmV0", "whsec_é"):
        with pytest.raises(SecretError):
            create_app(engine, secret=SecretStr(wrong))


def test_of_two_messages_the_later_word_holds_whichever_comes_first(engine):
    refund = {"source": "shop", "id": "order-17", "occurred_at": SALE["occurred_at"], "status": "reversed"}
    with shop(engine) as client:
        tell(client, refund, timestamp="2026-11-21T09:59:00Z")
        late = tell(client, SALE, timestamp="2026-11-20T10:00:00Z")
    assert late.json() == {"added": 0, "changed": 1, "unchanged": 0}
    (sale,) = stored(engine)
    assert (sale.status, sale.value, sale.visitor) == ("reversed", Decimal("19.90"), "a1b2c3")  # not known before


def test_two_words_of_one_conversion_in_one_message_are_both_heard(engine):
    confirmed = {"source": "shop", "id": "order-17", "occurred_at": SALE["occurred_at"], "status": "confirmed"}
    with shop(engine) as client:
        assert tell(client, [{**SALE, "status": "pending"}, confirmed]).json() == {
            "added": 1,
            "changed": 1,
            "unchanged": 0,
        }
    assert [(row.status, row.value) for row in stored(engine)] == [("confirmed", Decimal("19.90"))]


def test_a_refund_keeps_what_was_known_and_counts_as_a_change(engine):
    refund = {"source": "shop", "id": "order-17", "occurred_at": SALE["occurred_at"], "status": "reversed"}
    with shop(engine) as client:
        tell(client, SALE, timestamp="2026-11-20T10:00:00Z")
        assert tell(client, refund, timestamp="2026-11-21T09:00:00Z").json()["changed"] == 1
    (sale,) = stored(engine)
    assert (sale.status, sale.value, sale.currency, sale.visitor) == ("reversed", Decimal("19.90"), "EUR", "a1b2c3")
    assert sale.revision == 2


def test_what_a_shop_says_besides_is_kept_as_it_is(engine):
    with shop(engine) as client:
        assert tell(client, {**SALE, "detail": {"items": [{"weight": 0.1, "name": "é"}]}}).status_code == 200
    assert [row.detail for row in stored(engine)] == [{"items": [{"weight": "0.1", "name": "é"}]}]


def test_a_sum_keeps_every_digit_that_was_sent(engine):
    body = json.dumps({"type": "conversion", "data": {**SALE, "value": 0}}).replace(
        '"value": 0', '"value": 123456789012.123457'
    )
    with shop(engine) as client:
        client.post("/conversions", content=body.encode(), headers=signed(body.encode()))
    assert [row.value for row in stored(engine)] == [Decimal("123456789012.123457")]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({**SALE, "occurred_at": "2026-11-20T09:59:00"}, "occurred_at"),
        ({**SALE, "currency": None}, "value and currency"),
        ({**SALE, "value": "NaN"}, "value"),
        ({**SALE, "surprise": 1}, "surprise"),
        ({**SALE, "detail": {"note": "a\x00b"}}, "detail"),
        ({**SALE, "detail": {"note": "\ud800"}}, "detail"),
        ({**SALE, "detail": {"note": float("nan")}}, "detail"),
        ({**SALE, "source": "\ud800"}, "source"),
        ({**SALE, "id": "a\x00b"}, "id"),
        ({**SALE, "post": "garden-none"}, "no post garden-none"),
        ([], "data"),
    ],
)
def test_what_can_not_be_kept_is_refused_with_the_reason_and_nothing_of_it_is_kept(engine, data, told):
    with shop(engine) as client:
        answer = tell(client, [{**SALE, "id": "good"}, data] if isinstance(data, dict) else data)
    assert answer.status_code == 422
    assert told in answer.json()["error"]
    assert stored(engine) == []


def test_a_body_that_is_too_long_or_no_json_is_refused(engine):
    with shop(engine) as client:
        assert client.post("/conversions", content=b"x" * (MOST_BYTES + 1)).status_code == 413
        assert client.post("/conversions", content=b"\xff{", headers=signed(b"\xff{")).status_code == 400
        assert client.get("/conversions").status_code == 405

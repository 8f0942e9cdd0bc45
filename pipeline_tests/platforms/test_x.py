"""X beyond what every adapter promises."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from pipeline.platforms.base import Absent, Adapter, Gone, Inconclusive, Metrics, NotSent, Published, Rejected, Unknown
from pipeline.platforms.content import Content
from pipeline.platforms.x import text as x_text
from pipeline.platforms.x.figures import metrics_of
from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.x.credentials import BEARER_TOKEN, READ_ONLY, USER
from pipeline.sandbox.x.users import USER_ID
from pipeline.vocabulary import ErrorKind
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish


@pytest.fixture
def x(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("x", sandbox, library)


def said_by_x(x: Platform, status: int, body: Any) -> Any:
    """What publishing comes to where X answers this, and a look back finds nothing to be read."""
    with answering(lambda request: reply(request, status, json.dumps(body).encode())) as url:
        return x.adapter(publish_config={"base_url": url}).publish(x.content(), Notebook().journal())


@pytest.mark.parametrize(
    "body",
    [
        "R&D <b> \"quoted\" 'single' &amp; https://example.com/a?x=1&y=2 👩‍🚀",
        "Links https://example.com and https://example.com/b/ (HTTP://example.net/) and example.org, and/or www.example.org/x/",
        "Cafe\u0301 with  two   blanks\n\nand lines",
    ],
)
def test_a_post_is_found_again_by_what_it_says(x: Platform, body: str):
    adapter, content, notebook = x.adapter(), x.content(body=body), Notebook()
    x.fail("drop_after")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    found = adapter.reconcile(content, notebook.journal())
    assert isinstance(found, Published)
    assert found.external_id == x.effects()[0].external_id
    assert adapter.reconcile(x.content(body=f"{body}!"), notebook.journal()) == Absent()


def test_a_post_is_found_behind_many_newer_ones(x: Platform):
    adapter, content, notebook = x.adapter(), x.content(body="the oldest"), Notebook()
    publish(adapter, content)
    for number in range(20):
        publish(adapter, x.content(body=f"newer {number}"))
    assert isinstance(adapter.reconcile(content, notebook.journal()), Published)


def test_the_timeline_is_read_page_by_page(x: Platform):
    pages = {
        "": {"data": [{"id": "2", "text": "newer"}], "meta": {"next_token": "t2"}},
        "t2": {"data": [{"id": "1", "text": "wanted", "created_at": "2026-03-04T05:06:07.000Z"}], "meta": {}},
    }

    def serve(request) -> None:
        token = request.path.partition("pagination_token=")[2].partition("&")[0]
        reply(request, 200, json.dumps(pages[token]).encode())

    with answering(serve) as url:
        adapter = x.adapter(publish_config={"base_url": url, "user_id": "1"})
        found = adapter.reconcile(x.content(body="wanted"), Notebook().journal())
    assert found == Published("1", f"{url}/i/status/1", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))


def test_a_refusal_for_duplicate_content_adopts_the_post_that_landed(x: Platform):
    adapter, content, notebook = x.adapter(), x.content(), Notebook()
    first = publish(adapter, content, notebook)
    second = adapter.publish(content, notebook.journal())
    assert isinstance(second, Published)
    assert second.external_id == first.external_id
    assert len(x.effects()) == 1


def test_a_duplicate_of_something_older_is_unknown_and_not_adopted(x: Platform):
    adapter, content = x.adapter(), x.content()
    publish(adapter, content)
    later = Notebook(started_at=datetime.now(UTC) + timedelta(hours=1))
    outcome = adapter.publish(content, later.journal())
    assert isinstance(outcome, Unknown)
    assert outcome.error.kind is ErrorKind.DUPLICATE


def test_a_used_up_budget_rests_the_account(x: Platform):
    body = {"title": "UsageCapExceeded", "detail": "cap", "type": "https://api.twitter.com/2/problems/usage-capped"}
    outcome = said_by_x(x, 403, body)
    assert isinstance(outcome, NotSent)
    assert outcome.error.kind is ErrorKind.RATE_LIMITED


def test_what_x_would_still_take_is_told_with_each_post(x: Platform):
    first, second = (publish(x.adapter(), x.content()) for _ in range(2))
    assert first.quota is not None
    assert second.quota is not None
    assert (first.quota.remaining, second.quota.remaining) == (99, 98)
    assert timedelta() < first.quota.resets_at - datetime.now(UTC) <= timedelta(minutes=15)


def test_a_day_that_is_used_up_is_waited_for_and_not_the_quarter_of_an_hour(x: Platform):
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=20)
    headers = {
        "x_rate_limit_remaining": "80",
        "x_rate_limit_reset": str(int((tomorrow - timedelta(hours=20)).timestamp()) + 900),
        "x_user_limit_24hour_remaining": "0",
        "x_user_limit_24hour_reset": str(int(tomorrow.timestamp())),
    }
    with answering(lambda request: reply(request, 429, b"{}", **headers)) as url:
        outcome = x.adapter(publish_config={"base_url": url}).publish(x.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.retry_at == tomorrow


def test_a_token_that_may_only_read_is_found_out_by_asking_and_rests_the_account_at_sending(x: Platform):
    adapter = x.adapter(credentials=READ_ONLY)
    assert list(adapter.whoami().missing_scopes) == ["write"]
    outcome = adapter.publish(x.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert (outcome.error.kind, outcome.error.code) == (ErrorKind.AUTH, "oauth1-permissions")
    assert x.effects() == []


@pytest.mark.parametrize("body", [{"errors": [{"title": "Oops"}]}, {"data": {}}, {"data": {"id": 5}}, {"data": []}])
def test_a_success_that_carries_errors_and_no_id_is_unknown(x: Platform, body: Any):
    assert isinstance(said_by_x(x, 200, body), Unknown)


def test_another_refusal_is_final(x: Platform):
    outcome = said_by_x(x, 403, {"title": "Forbidden", "detail": "You are not permitted to perform this action."})
    assert isinstance(outcome, Rejected)
    assert outcome.error.message == "HTTP 403: You are not permitted to perform this action."


def test_a_timeline_that_x_does_not_show_decides_nothing(x: Platform):
    body = {"errors": [{"title": "Not Found Error", "detail": "Could not find user"}]}
    with answering(lambda request: reply(request, 200, json.dumps(body).encode())) as url:
        adapter = x.adapter(publish_config={"base_url": url, "user_id": "1"})
        assert isinstance(adapter.reconcile(x.content(), Notebook().journal()), Inconclusive)


def test_figures_count_every_public_interaction_under_the_old_name_and_the_new():
    counts = {"like_count": 5, "reply_count": 3, "quote_count": 2, "bookmark_count": 1, "impression_count": 900}
    expected = Metrics(
        impressions=900,
        engagements=15,
        shares=4,
        comments=3,
        likes=5,
        saves=1,
        platform_metrics={"quote_count": 2, "other_count": 8},
    )
    assert metrics_of({**counts, "retweet_count": 4, "other_count": 8}) == expected
    assert metrics_of({**counts, "repost_count": 4, "other_count": 8}) == expected


def test_a_figure_that_x_does_not_give_is_unknown_and_a_zero_is_a_zero():
    assert metrics_of({"like_count": 0}) == Metrics(likes=0, engagements=0)
    assert metrics_of({}) == Metrics()
    assert metrics_of(None) == Metrics()


@pytest.mark.parametrize("parameter", ["tweet.fields", "post.fields"])
def test_many_posts_are_counted_in_few_calls_and_the_deleted_are_gone(x: Platform, parameter: str):
    adapter = x.adapter(publish_config={**x.config, "fields_parameter": parameter})
    live = publish(adapter, x.content()).external_id
    deleted = publish(adapter, x.content()).external_id
    adapter.delete(deleted)
    figures = adapter.metrics([live, deleted, *map(str, range(1000, 1150))])
    assert len(figures) == 152
    assert figures[deleted] == Gone()
    counted = figures[live]
    assert isinstance(counted, Metrics)
    assert counted.impressions is not None
    assert counted.clicks is None
    assert "retweet_count" not in counted.platform_metrics


def test_clicks_are_told_to_an_account_that_asks_and_only_while_x_shows_them(x: Platform):
    adapter = x.adapter(publish_config={**x.config, "non_public_metrics": True})
    young = publish(adapter, x.content()).external_id
    asked = []

    def note(request) -> None:
        asked.append(parse_qs(request.path.partition("?")[2]))
        reply(request, 200, b'{"data": []}')

    with answering(note) as url:
        noting = x.adapter(publish_config={"base_url": url, "non_public_metrics": True})
        noting.metrics([young, "1000"])
    assert [(query["ids"], query["post.fields"]) for query in asked] == [
        ([young], ["public_metrics,non_public_metrics"]),
        (["1000"], ["public_metrics"]),
    ]
    counted = adapter.metrics([young])[young]
    assert isinstance(counted, Metrics)
    assert counted.clicks is not None
    assert "user_profile_clicks" in counted.platform_metrics


def test_figures_only_the_owner_sees_do_not_replace_public_ones():
    owners = {"url_link_clicks": 7, "impression_count": 950, "engagements": 30}
    assert metrics_of({"impression_count": 900}, owners) == Metrics(
        impressions=900, clicks=7, platform_metrics={"engagements": 30}
    )


def calls_for_metrics(adapter: Adapter, x: Platform, ids: list[str]) -> tuple[int, int]:
    """How many of the account's timeline and how many look-ups."""
    x.sandbox.fault("x", "delay", seconds=0, count=100, method="GET", path="/users/")
    x.sandbox.fault("x", "delay", seconds=0, count=100, method="GET")
    figures = adapter.metrics(ids)
    assert list(figures) == ids or set(figures) == set(ids)
    timeline, lookups = (100 - int(fault["count"]) for fault in x.sandbox.faults())
    x.sandbox.clear_faults()
    return timeline, lookups


def test_figures_are_read_from_the_own_timeline_where_the_price_matters(x: Platform):
    adapter = x.adapter(publish_config={**x.config, "metrics_from_timeline": True, "user_id": USER_ID})
    ids = [publish(adapter, x.content()).external_id for _ in range(3)]
    assert calls_for_metrics(adapter, x, ids) == (1, 0)
    adapter.delete(ids[1])
    assert adapter.metrics(ids)[ids[1]] == Gone()  # which only a look-up tells
    assert calls_for_metrics(adapter, x, [*ids, "1000"]) == (1, 1)  # as are posts of long ago
    assert calls_for_metrics(adapter, x, ["1000"]) == (0, 1)
    assert calls_for_metrics(x.adapter(), x, ids) == (0, 1)


def test_the_timeline_is_read_no_further_than_needed(x: Platform):
    adapter = x.adapter(publish_config={**x.config, "user_id": USER_ID})
    ids = [publish(adapter, x.content()).external_id for _ in range(3)]
    asked = []

    def serve(request) -> None:
        asked.append(parse_qs(request.path.partition("?")[2]))
        body = {"data": [{"id": id_} for id_ in ids[1:]], "meta": {"next_token": "more"}}
        reply(request, 200, json.dumps(body).encode())

    with answering(serve) as url:
        config = {"base_url": url, "user_id": "1", "metrics_from_timeline": True}
        assert set(x.adapter(publish_config=config).metrics(ids[1:])) == set(ids[1:])
    (query,) = asked
    assert (query["since_id"], query["until_id"]) == ([str(int(ids[1]) - 1)], [str(int(ids[2]) + 1)])


@pytest.mark.parametrize("credentials", [{"access_token": BEARER_TOKEN}, {**USER, "oauth2_access_token": BEARER_TOKEN}])
def test_a_token_of_oauth_2_speaks_for_the_account_too(x: Platform, credentials: dict[str, str]):
    seen = []

    def note(request) -> None:
        seen.append(request.headers["Authorization"])
        reply(request, 401, json.dumps({"detail": f"not {BEARER_TOKEN}"}).encode())

    adapter = x.adapter(credentials=credentials)
    publish(adapter, x.content(media=x.media("picture")))
    assert adapter.whoami().missing_scopes == ()
    with answering(note) as url:
        outcome = x.adapter(credentials=credentials, publish_config={"base_url": url}).publish(
            x.content(), Notebook().journal()
        )
    assert seen == [f"Bearer {BEARER_TOKEN}"]
    assert BEARER_TOKEN not in repr(outcome)


def test_of_oauth_1_every_key_is_wanted(x: Platform):
    partial = {name: value for name, value in USER.items() if name != "access_secret"}
    outcome = x.adapter(credentials=partial).publish(x.content(), Notebook().journal())
    assert isinstance(outcome, NotSent)
    assert outcome.error.code == "missing_access_secret"


def test_what_x_would_refuse_is_told_beforehand(x: Platform):
    def messages(body: str, **more: Any) -> list[str]:
        return [problem.message for problem in x.adapter().validate(Content("id", body=body, **more))]

    assert messages("日" * 140) == []
    assert messages("日" * 141) == ["The post counts 282 characters on X; 280 are allowed."]
    assert messages("") == ["The post has no text."]
    assert messages("$AAPL and $MSFT") == ["X takes one cashtag a post."]
    assert messages("a mark \ufeff inside") == ["The post holds a character that X refuses."]
    premium = x.adapter(publish_config={**x.config, "max_weighted_length": 4000})
    assert premium.validate(Content("id", body="a" * 4000)) == []


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("a" * 280, 280),
        ("https://example.com/" + "a" * 500, 23),
        ("日本", 4),
        ("👩‍👩‍👧‍👦", 2),
        ("e\u0301", 1),
        ("see example.com now", 4 + 23 + 4),
    ],
)
def test_a_text_counts_as_x_counts_it(text: str, length: int):
    assert x_text.weighted_length(text) == length


def test_the_whole_of_a_long_post_is_compared():
    tweet = {
        "text": "The begin… https://t.co/1",
        "note_tweet": {
            "text": "The beginning https://t.co/2",
            "entities": {"urls": [{"url": "https://t.co/2", "expanded_url": "https://example.com/"}]},
        },
    }
    assert x_text.says(tweet, "The beginning https://example.com")
    assert not x_text.says(tweet, "The begin…")

"""Evergreen articles told again: what is said, what never is said twice, and what the rules allow."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from pipeline.distribution.plan import plan_post
from pipeline.editorial.arrivals import ArrivalError
from pipeline.editorial.checklist import ALL_ITEMS
from pipeline.editorial.desk import ReviewError
from pipeline.editorial.recycled import NothingNewError, Teller, tell_again
from pipeline.editorial.recycling_run import candidates, run
from pipeline.editorial.review import approve, reject
from pipeline.editorial.revisions import revise
from pipeline.store import recycling, tables, users
from pipeline.store.database import transaction
from pipeline.store.recycling import Limits
from pipeline.store.revisions import PostText
from pipeline.text.likeness import pieces, repeated
from pipeline.text.likeness import said as words_of
from pipeline.writing.offline import OfflineWriter
from pipeline.writing.openai_compatible import OpenAICompatibleWriter
from pipeline_tests import factories
from pipeline_tests.writing.stand_in import Reply, endpoint, obliging

SENTENCES = (
    "Prune a rose in late winter, when its buds begin to swell.",
    "A slanted cut sheds the rain and keeps the stem from rotting.",
    "Blades that were cleaned with spirit carry no illness over.",
    "Old wood that bears no flowers is taken out at the ground.",
)
TEXT = "# How to prune a rose\n\n" + "\n\n".join(SENTENCES) + "\n"
PLANTS = tuple(
    f"# Plants\n\n{sentence}\n"
    for sentence in (
        "Basil sulks below ten degrees, so keep it on a warm sill.",
        "Carrots fork where the soil is stony or freshly dunged.",
        "A fig fruits better when its roots have little room.",
        "Leeks are earthed up twice to keep their shafts white.",
        "Slugs dislike copper, though rain washes most barriers away.",
    )
)
LIMITS = Limits(min_age=timedelta(90), gap=timedelta(60), most_per_week=2, most_times=3)
OFFLINE = OfflineWriter()


@pytest.fixture
def newsroom(engine):
    """A person who writes, one who reviews, and an account on X."""
    with transaction(engine, "test") as connection:
        factories.account(connection, name="x", account_key="x-garden")
        factories.user(connection, email="walter@example.com", full_name="Walter", roles=["writer"])
        factories.user(connection, email="rita@example.com", full_name="Rita", roles=["reviewer"])
        return {name: users.find(connection, name) for name in ("Walter", "Rita")}


@pytest.fixture
def walter(newsroom):
    return newsroom["Walter"]


@pytest.fixture
def rose(engine, newsroom):
    """An evergreen article, live for 200 days."""
    with transaction(engine, "test") as connection:
        factories.published_article(connection, "garden-rose", TEXT)
    age(engine, 200)
    return "garden-rose"


def age(engine, days):
    """So many days go by for all that is published, and it is evergreen."""
    with transaction(engine, "test") as connection:
        for table in ("publisher_posts", "distributions"):
            connection.execute(
                sa.text(f"update {table} set published_at = published_at - make_interval(days => :days)"),
                {"days": days},
            )
        connection.execute(sa.text("update publisher_posts set is_evergreen = true where repurposed_from is null"))


def rule(engine, **values):
    """For every vertical."""
    with transaction(engine, "test") as connection:
        for vertical_id in connection.scalars(sa.select(tables.publisher_verticals.c.id)):
            recycling.set_rule(connection, vertical_id, Limits(**{**as_dict(LIMITS), **values}), None)


def as_dict(limits):
    return {name: getattr(limits, name) for name in Limits.__dataclass_fields__}


def more_articles(engine, count):
    """Evergreen articles of the rose's vertical on its home, as old."""
    with transaction(engine, "test") as connection:
        p = tables.publisher_posts
        old = connection.execute(sa.select(p).where(p.c.canonical_id == "garden-rose")).one()
        home = connection.scalar(sa.select(tables.platforms.c.id).where(tables.platforms.c.is_home))
        for number in range(count):
            post_id = factories.post(
                connection, old.vertical_id, old.author_id, canonical_id=f"garden-m{number}", status="published",
                content=PLANTS[number],
                human_reviewed=True, reviewed_by=old.reviewed_by, reviewed_at=old.reviewed_at,
                published_at=old.published_at, is_evergreen=True,
            )  # fmt: skip
            factories.insert(
                connection, tables.distributions, post_id=post_id, content_type="generated", platform_id=home,
                body="Page.", media_urls=[], platform_specific={}, content_hash="h", status="published",
                published_at=old.published_at, external_id=f"m{number}", external_url=f"http://127.0.0.1:9/m{number}/",
            )  # fmt: skip


def publish_all(engine):
    """All that tells an article again is approved, and comes out now."""
    with engine.connect() as connection:
        rita = users.find(connection, "Rita")
    for post in told(engine):
        if post.status == "draft":
            plan_post(engine, post.canonical_id)
            approve(engine, post.canonical_id, rita, checked=ALL_ITEMS)
    with transaction(engine, "test") as connection:
        sent = "from publisher_posts p where p.id = d.post_id and p.repurposed_as = 'again'"
        connection.execute(
            sa.text(f"""
                update distributions d set status = 'publishing', lease_until = now() {sent} and d.status = 'scheduled'
            """)
        )
        connection.execute(
            sa.text(f"""
                update distributions d set status = 'published', lease_until = null, published_at = now()
                {sent} and d.status = 'publishing'
            """)
        )
        connection.execute(
            sa.text("""
                update publisher_posts set status = 'published', published_at = now()
                where repurposed_as = 'again' and status = 'scheduled'
            """)
        )


def told(engine):
    with engine.connect() as connection:
        p = tables.publisher_posts
        return connection.execute(sa.select(p).where(p.c.repurposed_as == "again").order_by(p.c.created_at)).all()


def account_says(engine, account_key, body, **values):
    with transaction(engine, "test") as connection:
        account_id = connection.scalars(
            sa.select(tables.platforms.c.id).where(tables.platforms.c.account_key == account_key)
        ).one()
        factories.distribution(connection, account_id, body=body, **values)


def test_it_is_a_post_of_its_own_for_one_account_that_links_to_the_article(engine, walter, rose):
    made = tell_again(engine, OFFLINE, walter, rose, "x-garden")
    again = tell_again(engine, OFFLINE, walter, rose, "x-garden")
    assert (made.canonical_id, made.is_new, again.canonical_id, again.is_new) == (
        "garden-rose-again", True, "garden-rose-again", False,
    )  # fmt: skip
    (post,) = told(engine)
    assert (post.status, post.content_type, list(post.platforms), post.is_evergreen) == (
        "draft", "repurposed", ["x"], True,
    )  # fmt: skip
    assert post.content.strip() == SENTENCES[0]
    assert post.canonical_url == "http://127.0.0.1:9/rose/"
    with transaction(engine, "test") as connection:
        factories.account(connection, name="x", account_key="x-second")
    plan_post(engine, made.canonical_id)
    with engine.connect() as connection:
        (version,) = connection.execute(
            sa.select(tables.distributions).where(tables.distributions.c.status == "draft")
        ).all()
    assert version.body == f"{SENTENCES[0]}\n\n{version.link_url}"
    assert version.link_url.startswith("http://127.0.0.1:9/rose/?utm_source=x&")
    assert version.platform_id == post.account_id


def test_each_telling_is_new_to_the_account_until_nothing_is_left_to_tell(engine, walter, rose):
    for _ in SENTENCES:
        tell_again(engine, OFFLINE, walter, rose, "x-garden")
        publish_all(engine)
    texts = [post.content for post in told(engine)]
    assert len(texts) == len(SENTENCES)
    assert not any(repeated(pieces(a), words_of(b)) for i, a in enumerate(texts) for b in texts[:i])
    account_says(engine, "x-garden", "How to prune a rose: it's easy")
    with pytest.raises(Exception, match="was not said before"):
        tell_again(engine, OFFLINE, walter, rose, "x-garden")


def test_what_another_post_of_the_account_said_is_not_said_again_whatever_stands_around_it(engine, walter, rose):
    bodies = {
        "x-same": (SENTENCES[0], {}),
        "x-more": (f"LOOK\n\n{SENTENCES[0].upper()} https://a.example/ #rose " + "So much more is said. " * 9, {}),
        "x-near": (SENTENCES[0].replace("late winter", "early spring"), {}),
        "x-thread": ("1/2", {"platform_specific": {"thread": ["Look:", SENTENCES[0] + "\n\n2/2"]}}),
    }
    with transaction(engine, "test") as connection:
        for key in bodies:
            factories.account(connection, name="x", account_key=key)
    for key, (body, values) in bodies.items():
        account_says(engine, key, body, **values)
        tell_again(engine, OFFLINE, walter, rose, key)
    assert [post.content.strip() for post in told(engine)] == [SENTENCES[1]] * 4


def test_what_was_given_up_was_never_said_and_what_another_account_said_does_not_count(engine, walter, rose):
    with transaction(engine, "test") as connection:
        factories.account(connection, name="bluesky", account_key="b-garden")
    account_says(engine, "b-garden", SENTENCES[0])
    account_says(engine, "x-garden", SENTENCES[0], status="cancelled")
    tell_again(engine, OFFLINE, walter, rose, "x-garden")
    tell_again(engine, OFFLINE, walter, rose, "b-garden")
    first, second = told(engine)
    assert (first.content.strip(), second.content.strip()) == SENTENCES[:2]
    assert second.canonical_id == "garden-rose-again-2"


def test_where_all_of_a_models_posts_were_said_before_none_is_stored(engine, walter, rose):
    account_says(engine, "x-garden", "Otters rest in kelp beds near the shore while pups sleep and tides.")
    with endpoint() as server:
        server.replies = [obliging()]
        writer = OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini")
        with pytest.raises(NothingNewError, match="x-garden has said before"):
            tell_again(engine, writer, walter, rose, "x-garden")
    assert told(engine) == []


def test_after_a_rejection_it_is_told_with_the_note_and_in_other_words(engine, newsroom, walter, rose):
    first = tell_again(engine, OFFLINE, walter, rose, "x-garden")
    reject(engine, first.canonical_id, newsroom["Rita"], "Too dry.")
    with endpoint() as server:
        server.replies = [obliging()]
        tell_again(
            engine, OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini"), walter, rose, "x-garden"
        )
        (request,) = server.requests
    assert "Too dry." in request["messages"][0]["content"]
    assert SENTENCES[0] in request["messages"][1]["content"]
    assert told(engine)[1].ai_generated
    reject(engine, told(engine)[1].canonical_id, newsroom["Rita"], "No.")
    tell_again(engine, OFFLINE, walter, rose, "x-garden")
    assert told(engine)[2].content.strip() == SENTENCES[1]


def test_nobody_approves_a_repetition_even_where_an_editor_wrote_it(engine, newsroom, walter, rose):
    account_says(engine, "x-garden", SENTENCES[3], status="published", published_at=sa.func.now(), external_id="1")
    made = tell_again(engine, OFFLINE, walter, rose, "x-garden")
    plan_post(engine, made.canonical_id)
    post = told(engine)[0]
    revise(
        engine, made.canonical_id, newsroom["Rita"],
        PostText(title=post.title, content=SENTENCES[3], excerpt=post.excerpt, meta_title=None, meta_description=None, target_keyword=None),
    )  # fmt: skip
    with pytest.raises(ReviewError, match="The account said 100% of it before"):
        approve(engine, made.canonical_id, newsroom["Rita"], checked=ALL_ITEMS)


def test_what_cannot_be_told_again_is_refused_with_the_reason(engine, newsroom, walter, rose):
    with transaction(engine, "test") as connection:
        factories.account(connection, name="instagram", account_key="i-garden")
    for key in ("i-garden", "site", "nobody"):
        with pytest.raises(ArrivalError, match=f"{key} is no active account"):
            tell_again(engine, OFFLINE, walter, rose, key)
    with pytest.raises(ArrivalError, match="no post garden-nothing"):
        tell_again(engine, OFFLINE, walter, "garden-nothing", "x-garden")
    first = tell_again(engine, OFFLINE, walter, rose, "x-garden").canonical_id
    with pytest.raises(ArrivalError, match="tells another article again itself"):
        tell_again(engine, OFFLINE, walter, first, "x-garden")
    reject(engine, first, newsroom["Rita"], "No.")
    with transaction(engine, "test") as connection:
        connection.execute(sa.text("update publisher_posts set is_evergreen = false, expires_at = now()"))
    with pytest.raises(ArrivalError, match="has expired"):
        tell_again(engine, OFFLINE, walter, rose, "x-garden")


def test_without_a_rule_nothing_is_told_by_itself(engine, rose):
    assert run(engine, OFFLINE).made == []
    assert told(engine) == []


def test_what_the_rules_do_not_allow_is_not_told(engine, rose):
    rule(engine, min_age=timedelta(201))
    assert run(engine, OFFLINE).made == []
    rule(engine)
    for change, undo in (
        ("publisher_posts set is_evergreen = false", "publisher_posts set is_evergreen = true"),
        ("platforms set state = 'paused', state_reason = 'Rest.'", "platforms set state = 'active'"),
        (
            "publisher_verticals set paused_at = now(), pause_reason = 'Rest.'",
            "publisher_verticals set paused_at = null, pause_reason = null",
        ),
        ("publisher_verticals set is_active = false", "publisher_verticals set is_active = true"),
        ("distributions set external_url = null", "distributions set external_url = 'http://127.0.0.1:9/rose/'"),
    ):
        with transaction(engine, "test") as connection:
            connection.execute(sa.text(f"update {change}"))
        assert run(engine, OFFLINE).made == [], change
        with transaction(engine, "test") as connection:
            connection.execute(sa.text(f"update {undo}"))
    assert run(engine, OFFLINE).made == ["garden-rose-again"]


def test_the_gap_and_the_most_times_hold_for_each_account(engine, rose):
    rule(engine, most_times=2)
    made = []
    for _ in range(4):
        made.append(len(run(engine, OFFLINE).made))
        publish_all(engine)
        made.append(len(run(engine, OFFLINE).made))
        age(engine, 60)
    assert made == [1, 0, 1, 0, 0, 0, 0, 0]


def test_a_rule_for_some_accounts_leaves_the_others_alone(engine, rose):
    with transaction(engine, "test") as connection:
        chosen = factories.account(connection, name="bluesky", account_key="b-garden")
        vertical_id = connection.scalar(sa.text("select vertical_id from publisher_posts"))
        recycling.set_rule(connection, vertical_id, LIMITS, [chosen])
    run(engine, OFFLINE)
    assert [list(post.platforms) for post in told(engine)] == [["bluesky"]]


def test_a_week_holds_what_waits_and_what_came_out_and_what_was_told_least_comes_next(engine, rose):
    more_articles(engine, 4)
    rule(engine)
    first = run(engine, OFFLINE).made
    assert len(first) == 2
    publish_all(engine)
    age(engine, 6)
    assert run(engine, OFFLINE).made == []
    age(engine, 1)
    second = run(engine, OFFLINE).made
    assert len(second) == 2
    originals = {post.repurposed_from for post in told(engine)}
    assert len(originals) == 4


def test_two_articles_that_say_the_same_are_not_both_told_before_either_is_planned(engine, rose):
    more_articles(engine, 2)
    with transaction(engine, "test") as connection:
        connection.execute(
            sa.text("update publisher_posts set content = :text, title = 'What to know of herbs on a small sill'"),
            {"text": PLANTS[0]},
        )
    rule(engine, most_per_week=3)
    report = run(engine, OFFLINE)
    assert (len(report.made), len(report.left)) == (1, 2)


def test_runs_at_once_never_make_more_than_the_rule_allows(engine, rose):
    more_articles(engine, 5)
    rule(engine)
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: run(engine, OFFLINE), range(4)))
    assert sum(len(report.made) for report in reports) == 2
    assert len(told(engine)) == 2


def test_of_several_who_tell_on_one_account_the_second_sees_what_the_first_stored(engine, rose):
    more_articles(engine, 3)
    with engine.connect() as connection:
        account = recycling.Account(
            *connection.execute(sa.text("select id, account_key, name from platforms where not is_home")).one()
        )
    start = Barrier(4)

    class Together(OfflineWriter):
        def repurpose(self, task, book, /):
            start.wait(timeout=60)
            return super().repurpose(task, book)

    def allowed(connection, pair):
        count = recycling.lately(connection, pair.account.id, pair.published_at)
        time.sleep(0.2)
        if count >= 2:
            raise ArrivalError("The week is full.")

    def tell(canonical_id):
        try:
            return Teller(engine, Together(), "test").tell(canonical_id, account, allowed).is_new
        except ArrivalError:
            return False

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(tell, ["garden-rose", "garden-m0", "garden-m1", "garden-m2"]))
    assert sum(made) == len(told(engine)) == 2


def test_an_article_of_which_nothing_came_is_left_for_a_week_and_the_next_has_its_turn(engine, rose):
    more_articles(engine, 1)
    with transaction(engine, "test") as connection:
        connection.execute(
            sa.text(
                "update publisher_posts set content = '# Rose' || E'\\n\\nIt is.' where canonical_id = 'garden-rose'"
            )
        )
    rule(engine)
    report = run(engine, OFFLINE)
    assert (report.made, [left.canonical_id for left in report.left]) == (["garden-m0-again"], ["garden-rose"])
    assert run(engine, OFFLINE).left == []
    with engine.connect() as connection:
        (found,) = recycling.rules(connection)
        reasons = {
            pair.canonical_id: against and against.reason
            for pair, against in candidates(connection, found, told(engine)[0].created_at)
        }
    assert str(reasons["garden-rose"]).startswith("nothing new could be made of it")
    with transaction(engine, "test") as connection:
        connection.execute(sa.text("update recycling_refusals set at = at - interval '7 days'"))
    assert [left.canonical_id for left in run(engine, OFFLINE).left] == ["garden-rose"]


def test_a_writer_that_cannot_be_reached_is_asked_once_and_the_rest_is_left(engine, rose):
    more_articles(engine, 3)
    rule(engine)
    with endpoint() as server:
        server.replies = [Reply(status=500, body={"error": {"message": "on fire"}})]
        report = run(engine, OpenAICompatibleWriter(base_url=server.base_url, model="gpt-4o-mini"))
        asked = len(server.requests)
    assert (report.made, len(report.left), len(report.stopped)) == ([], 1, 1)
    assert list(report.stopped.values()) == ["repurpose: HTTP 500"]
    assert asked == 1


def test_a_spent_budget_leaves_everything_for_the_next_run_and_counts_as_no_try(engine, rose):
    rule(engine)
    with endpoint() as server:
        server.replies = [obliging()]
        report = run(engine, OpenAICompatibleWriter(base_url=server.base_url, model="a-model-without-a-price"))
        assert server.requests == []
    assert (report.made, report.left, len(report.stopped)) == ([], [], 1)
    assert run(engine, OFFLINE).made == ["garden-rose-again"]


def test_the_database_takes_no_telling_without_its_account_nor_two_at_once(engine, walter, rose):
    tell_again(engine, OFFLINE, walter, rose, "x-garden")
    copy = """
        insert into publisher_posts (canonical_id, vertical_id, author_id, content_type, title, slug, content,
            content_hash, platforms, canonical_url, repurposed_from, repurposed_as, account_id)
        select 'garden-other', vertical_id, author_id, content_type, title, 'other', content, content_hash, platforms,
            canonical_url, repurposed_from, repurposed_as, {account}
        from publisher_posts where repurposed_as = 'again'
    """
    for account, constraint in (("null", "violates check"), ("account_id", "publisher_posts_again_open")):
        with pytest.raises(sa.exc.IntegrityError, match=constraint), transaction(engine, "test") as connection:
            connection.execute(sa.text(copy.format(account=account)))

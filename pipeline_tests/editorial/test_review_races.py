"""Twenty reviewers at one post at once: each state is left once, by one decision, and the log says which."""

import random
import threading
from itertools import pairwise

import pytest
import sqlalchemy as sa

from pipeline.distribution.plan import plan_post
from pipeline.editorial import review, withdrawal
from pipeline.editorial.checklist import ALL_ITEMS
from pipeline.editorial.desk import ReviewError
from pipeline.store.database import transaction
from pipeline.vocabulary import POST_TRANSITIONS
from pipeline_tests import factories
from pipeline_tests.editorial.newsdesk import POST, newsdesk, revise, versions_of, who

REVIEWERS, ROUNDS = 20, 3


@pytest.fixture
def desk(engine):
    newsdesk(engine)
    with transaction(engine, "test") as connection:
        for number in range(REVIEWERS):
            factories.user(connection, email=f"r{number}@example.com", roles=["reviewer", "publisher"])
    return engine


def all_at_once(*deeds):
    """Start them together; returns what was refused, as a sentence each. Anything else that is raised is raised."""
    barrier, refused, broken = threading.Barrier(len(deeds)), [], []

    def run(deed):
        barrier.wait()
        try:
            deed()
        except ReviewError as error:
            refused.append(str(error))
        except BaseException as error:  # noqa: BLE001 - raised below, in the test's own thread
            broken.append(error)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
    return refused


def rows(engine, query):
    with engine.connect() as connection:
        return connection.execute(sa.text(query)).all()


def decide(engine, number, kind):
    person = who(engine, f"r{number}")
    match kind:
        case "approve":
            return lambda: review.approve(engine, POST, person, checked=ALL_ITEMS)
        case "changes":
            return lambda: review.request_changes(engine, POST, person, f"more facts, says {number}")
        case "reject":
            return lambda: review.reject(engine, POST, person, f"no, says {number}")
        case "unschedule":
            return lambda: withdrawal.unschedule(engine, POST, person, f"later, says {number}")
    return lambda: edit(engine, number)


def edit(engine, number):
    revise(engine, f"r{number}", content=f"# How to prune\n\nCut {number} mm above a bud. {random.random()}")
    plan_post(engine, POST)


def is_consistent(engine):
    """What the tables say of the post, each from its own side."""
    events = rows(engine, "select from_status, to_status from post_events order by id")
    for before, after in pairwise(events):
        assert before.to_status == after.from_status, "no state is entered that was not left"
        assert (after.from_status, after.to_status) in {(str(a), str(b)) for a, b in POST_TRANSITIONS}
    (post,) = rows(engine, "select * from publisher_posts")
    assert post.status == events[-1].to_status
    moves = [(event.from_status, event.to_status) for event in events]
    decided = [row.decision for row in rows(engine, "select decision from reviews order by id")]
    assert decided.count("approved") == moves.count(("review", "scheduled"))
    assert decided.count("changes_requested") == moves.count(("review", "draft"))
    assert decided.count("rejected") == sum(to == "archived" for _, to in moves)
    numbers = [row.number for row in rows(engine, "select number from post_revisions order by number")]
    assert numbers == list(range(1, len(numbers) + 1))
    (latest,) = rows(engine, f"select * from post_revisions where number = {numbers[-1]}")
    assert (latest.content, latest.content_hash) == (post.content, post.content_hash)
    bound = rows(
        engine,
        "select r.content_hash as reviewed, p.content_hash as said, r.revision from reviews r"
        " join post_revisions p on p.post_id = r.post_id and p.number = r.revision",
    )
    assert len(bound) == len(decided)
    assert all(row.reviewed == row.said for row in bound)
    return post


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_of_twenty_reviewers_who_approve_reject_and_ask_for_changes_at_once_one_decides(desk, round_):
    kinds = random.Random(round_).choices(["approve", "reject", "changes"], k=REVIEWERS)
    refused = all_at_once(*(decide(desk, number, kind) for number, kind in enumerate(kinds)))
    post = is_consistent(desk)
    left_review = rows(desk, "select 1 from post_events where from_status = 'review'")
    assert len(left_review) == 1
    # A draft can still be rejected: that is a state of its own, and left once as well.
    assert len(refused) in (REVIEWERS - 1, REVIEWERS - 2)
    assert post.status in ("scheduled", "archived", "draft")


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_with_editors_among_them_what_is_approved_is_one_text_and_its_own_versions(desk, round_):
    choices = ["approve", "changes", "edit", "edit", "unschedule"]
    kinds = random.Random(round_).choices(choices, k=REVIEWERS)
    all_at_once(*(decide(desk, number, kind) for number, kind in enumerate(kinds)))
    post = is_consistent(desk)
    if post.status == "scheduled":
        home, x = versions_of(desk)
        assert home.status == x.status == "scheduled"
        said = post.content.split("\n\n")[-1]
        assert said in home.body or post.content_hash == "h1"
        (bound,) = rows(
            desk,
            f"select content_hash from review_versions where distribution_id = '{home.id}'"
            f" and review_id = {home.review_id}",
        )
        assert bound.content_hash == home.content_hash


def test_what_a_reviewer_saw_and_somebody_changed_meanwhile_is_never_bound(desk):
    deeds = [decide(desk, number, "edit") for number in range(5)]
    seen = [
        lambda n=number: review.approve(desk, POST, who(desk, f"r{n}"), checked=ALL_ITEMS, revision=1)
        for number in range(5, 10)
    ]
    all_at_once(*deeds, *seen)
    is_consistent(desk)
    assert {row.revision for row in rows(desk, "select revision from reviews")} <= {1}

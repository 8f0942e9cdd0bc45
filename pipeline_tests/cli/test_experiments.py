"""`pressroom experiments`: from the plan to the verdict, as a person types it."""

import pytest
import sqlalchemy as sa

from pipeline_tests.learning.laboratory import Laboratory


@pytest.fixture
def laboratory(engine):
    return Laboratory(engine)


def said(result) -> str:
    return " ".join(result.output.split())


def new(pressroom, *more, arm="question=Do you know? {excerpt}", posts=24):
    words = ("new", "questions", "--account", "bluesky", "--vary", "body", "--because", "People like to be asked.")
    return pressroom("experiments", *words, "--arm", arm, "--metric", "clicks", "--posts", posts, *more)


def test_an_experiment_is_planned_started_looked_at_and_stopped(pressroom, laboratory):
    assert "There is no experiment." in pressroom("experiments").output
    planned = new(pressroom)
    assert planned.exit_code == 0, planned.output
    assert "With 24 posts, it finds an effect of" in said(planned)
    assert "too few to tell how they vary" in said(planned)
    assert pressroom("experiments", "start", "questions").exit_code == 0
    version = laboratory.plan()
    laboratory.publish(version.id, {"clicks": 7})
    assert "0 of 1" in said(pressroom("experiments", "questions"))
    settled = pressroom("experiments", "settle")
    assert f"{version.variant_group} 1 of 1" in said(settled)
    assert "It goes on." in said(settled)
    stopped = pressroom("experiments", "stop", "questions", "--because", "The account is closed.")
    assert stopped.exit_code == 0
    assert "The account is closed." in said(pressroom("experiments", "questions"))
    assert "questions stopped" in said(pressroom("experiments"))


def test_words_of_a_single_post_are_written_into_its_version(pressroom, laboratory):
    new(pressroom, arm="witty")
    pressroom("experiments", "start", "questions")
    drafted = laboratory.post()
    assert laboratory.plan(drafted).variant_group is None
    given = pressroom("experiments", "vary", "questions", drafted, "--say", "witty=Snip, snip.")
    assert given.exit_code == 0, given.output
    version = laboratory.version(drafted)
    assert version.variant_group is not None
    assert version.body.startswith("Snip, snip.") is (version.variant_group == "witty")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("experiments", "start", "nothing"), "There is no experiment 'nothing'"),
        (("experiments", "stop", "questions", "--because", "x"), "only one that runs is stopped"),
        (("experiments", "apply", "questions"), "questions has no winner: it is draft."),
        (("experiments", "apply", "questions", "--off"), "is not applied"),
        (("experiments", "vary", "questions", "garden-1", "--say", "control=x"), "ARM being one of question"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(pressroom, laboratory, words, message):
    new(pressroom)
    laboratory.post()
    refused = pressroom(*words)
    assert refused.exit_code == 1
    assert message in said(refused)


def test_a_draft_can_be_thrown_away_and_what_has_begun_is_kept(pressroom, laboratory):
    new(pressroom)
    again = new(pressroom)
    assert (again.exit_code, "There is an experiment questions already." in said(again)) == (1, True)
    assert pressroom("experiments", "remove", "questions").exit_code == 0
    new(pressroom)
    pressroom("experiments", "start", "questions")
    refused = pressroom("experiments", "remove", "questions")
    assert (refused.exit_code, "it is kept" in said(refused)) == (1, True)


def test_power_is_told_of_the_accounts_own_posts_where_they_are_known(pressroom, laboratory, engine):
    for number in range(3):
        laboratory.publish(laboratory.plan().id, {"clicks": number})
    with engine.begin() as connection:
        connection.execute(sa.text("set local session_replication_role = replica"))
        connection.execute(
            sa.text("""
                insert into distribution_age_figures
                    (distribution_id, age_hours, platform_id, published_at, measured_age_hours, clicks)
                select gen_random_uuid(), 48, id, now() - interval '9 days', 48, 90 + n
                from platforms, generate_series(1, 30) n
            """)
        )
    told = said(new(pressroom))
    assert "too few" not in told
    assert "it finds an effect of" in told

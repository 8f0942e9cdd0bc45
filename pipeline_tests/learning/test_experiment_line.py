"""An experiment from its design to its winner: lots before approval, outcomes at one age, a rule that was fixed."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from pipeline.learning.experiments.running import settle
from pipeline.store import experiment_units, experiments, tables
from pipeline.store.database import transaction
from pipeline.store.experiments import ExperimentError
from pipeline.store.plans import read_post
from pipeline.vocabulary import ExperimentMethod, ExperimentStatus, Varied, Verdict
from pipeline_tests.learning.laboratory import MAILCHIMP, Laboratory


@pytest.fixture
def laboratory(engine):
    return Laboratory(engine)


def outcomes(laboratory):
    with laboratory.engine.connect() as connection:
        return connection.execute(sa.select(tables.experiment_outcomes)).all()


def tell_arms(engine, arms):
    """As the platform told them within the last hour."""
    with engine.begin() as connection:
        connection.execute(
            sa.text("""
                insert into distribution_metrics
                    (distribution_id, recorded_at, recorded_hour, hours_since_publish, platform_metrics)
                select id, now(), date_trunc('hour', now()), 48, cast(:told as jsonb) from distributions
                on conflict (distribution_id, recorded_hour) do update set platform_metrics = excluded.platform_metrics
            """).bindparams(sa.bindparam("told", {"arms": arms}, JSONB))
        )


def test_a_post_is_given_its_arm_while_it_is_a_draft_and_keeps_it(laboratory):
    laboratory.start()
    versions = [laboratory.plan() for _ in range(4)]
    assert sorted(each.variant_group for each in versions) == ["control", "control", "question", "question"]
    for each in versions:
        is_question = each.variant_group == "question"
        assert each.status == "draft"
        assert each.is_control is not is_question
        assert each.body.startswith("Do you know? What to cut") is is_question
    again = laboratory.plan("garden-1")
    assert (again.id, again.variant_group, again.content_hash) == (
        versions[0].id,
        versions[0].variant_group,
        versions[0].content_hash,
    )


def test_a_draft_that_was_there_before_the_start_joins_when_it_is_written_again(laboratory):
    before = laboratory.plan()
    laboratory.start()
    after = laboratory.plan("garden-1")
    assert before.variant_group is None
    assert (after.id, after.variant_group in ("control", "question")) == (before.id, True)


def test_no_more_posts_are_given_an_arm_than_were_planned(laboratory):
    laboratory.start(most_posts=2)
    assert [laboratory.plan().variant_group is None for _ in range(3)] == [False, False, True]


def test_a_post_of_which_the_arms_say_the_same_takes_no_part(laboratory):
    laboratory.start(arms=[("plain", "{title}")])
    assert laboratory.plan(laboratory.post(title="Same", excerpt="Same")).variant_group is None
    assert laboratory.plan().variant_group is not None


def test_an_arm_of_words_takes_only_posts_that_have_them(laboratory):
    experiment = laboratory.start(arms=[("witty", None)])
    without, having = laboratory.plan(), laboratory.post()
    with transaction(laboratory.engine, "test") as connection:
        post_id = read_post(connection, having).id
        experiments.set_words(connection, experiment.id, post_id, {experiment.arms[1].id: "Snip, snip."})
    version = laboratory.plan(having)
    assert without.variant_group is None
    assert version.body.startswith("Snip, snip.") is (version.variant_group == "witty")
    assert version.variant_group in ("control", "witty")


def test_what_is_fixed_before_the_start_cannot_be_changed_after_it(laboratory):
    experiment = laboratory.start()
    for change in (
        "update experiments set metric = 'likes'",
        "update experiments set horizon_hours = 24",
        "update experiments set most_posts = 400",
        "update experiments set hypothesis = 'Another one'",
        "update experiments set status = 'draft', started_at = null",
        'update experiment_arms set treatment = \'{"body": "x"}\' where place = 1',
        f"insert into experiment_arms (experiment_id, name, place) values ('{experiment.id}', 'c', 2)",
    ):
        with pytest.raises(sa.exc.DBAPIError), laboratory.engine.begin() as connection:
            connection.execute(sa.text(change))
    laboratory.plan()
    for change in ("update experiment_units set turn = 7", "delete from experiment_units"):
        with pytest.raises(sa.exc.DBAPIError, match="only grows"), laboratory.engine.begin() as connection:
            connection.execute(sa.text(change))


def test_an_account_has_one_running_experiment(laboratory):
    laboratory.start()
    with pytest.raises(ExperimentError, match="questions runs on bluesky"):
        laboratory.start(name="another")


def test_what_is_unknown_or_lost_is_never_a_zero(laboratory):
    laboratory.start()
    told, untold, gone = (laboratory.plan() for _ in range(3))
    laboratory.publish(told.id, {"clicks": 0})
    laboratory.publish(untold.id, {"clicks": None, "likes": 3})
    laboratory.publish(gone.id, None)
    [settled] = settle(laboratory.engine)
    assert settled.new == 3
    found = {each.lost: each.amount for each in outcomes(laboratory)}
    assert found == {None: 0, "its platform told no figure at that age": None}
    assert settled.look.measured == 1
    assert settle(laboratory.engine)[0].new == 0


def test_a_figure_before_its_age_is_not_counted(laboratory):
    laboratory.start(horizon_hours=168)
    version = laboratory.plan()
    laboratory.publish(version.id, {"clicks": 5}, age_hours=48, hours_ago=200)
    [settled] = settle(laboratory.engine)
    assert (settled.new, settled.look.measured) == (0, 0)


def test_a_clear_winner_is_called_applied_and_written_from_then_on(laboratory):
    laboratory.start(most_posts=24)
    for number in range(24):
        version = laboratory.plan()
        clicks = (900 if version.variant_group == "question" else 20) + number % 7
        laboratory.publish(version.id, {"clicks": clicks})
    [settled] = settle(laboratory.engine)
    assert (settled.look.verdict, settled.is_applied) == (Verdict.WINNER, True)
    experiment = laboratory.experiment()
    assert (experiment.status, experiment.winner_id) == (ExperimentStatus.DECIDED, experiment.arms[1].id)
    after = laboratory.plan()
    assert after.body.startswith("Do you know? ")
    assert after.variant_group is None
    assert settle(laboratory.engine) == []
    with laboratory.engine.connect() as connection:
        [look] = experiment_units.looks(connection, experiment.id)
    assert (look.measured, look.found["verdict"]) == (24, "winner")


def test_arms_that_are_alike_end_undecided_or_without_a_difference(laboratory):
    laboratory.start(most_posts=8, margin=0.9)
    for _ in range(8):
        laboratory.publish(laboratory.plan().id, {"clicks": 1000})
    [settled] = settle(laboratory.engine)
    assert settled.look.verdict in (Verdict.UNDECIDED, Verdict.NO_DIFFERENCE)
    assert not settled.is_applied


def test_a_bandit_gives_the_better_arm_more_often(laboratory):
    laboratory.start(method=ExperimentMethod.BANDIT, most_posts=40)
    for _ in range(8):
        version = laboratory.plan()
        laboratory.publish(version.id, {"clicks": 50_000 if version.variant_group == "question" else 2})
        settle(laboratory.engine)
    arms = [laboratory.plan().variant_group for _ in range(8)]
    assert arms.count("question") >= 7
    assert laboratory.experiment().status == ExperimentStatus.RUNNING


def test_an_email_is_split_by_its_platform_and_measured_arm_by_arm(engine):
    laboratory = Laboratory(engine, "mailchimp", publish_config=MAILCHIMP)
    laboratory.start(
        varies=Varied.TITLE, metric="click_rate", arms=[("why", "Why {title}?")], most_posts=1, horizon_hours=24
    )
    version = laboratory.plan()
    variate = version.platform_specific["variate"]
    assert version.status == "draft", version.hold_reason
    assert version.variant_group is None
    assert variate["varies"] == "subject"
    assert [(arm["name"], arm["value"]) for arm in variate["arms"]] == [
        ("control", version.title),
        ("why", f"Why {version.title}?"),
    ]
    laboratory.publish(version.id, {"clicks": 700}, age_hours=24, hours_ago=26)
    tell_arms(engine, [{"delivered": 10_000, "unique_clicks": 200}, {"delivered": 10_000}])
    assert settle(engine)[0].new == 1
    tell_arms(engine, [{"delivered": 10_000, "unique_clicks": 200}, {"delivered": 10_000, "unique_clicks": 500}])
    [settled] = settle(engine)
    assert settled.new == 1
    assert settled.look.verdict == Verdict.WINNER
    assert [each.figure for each in settled.look.arms] == [0.02, 0.05]
    assert laboratory.plan().title.startswith("Why ")


@pytest.mark.parametrize(
    ("platform", "changes", "message"),
    [
        ("x", {"varies": Varied.TITLE, "arms": [("b", "Why {title}?")]}, "no use for the title"),
        ("bluesky", {"arms": [("b", "{headline}")]}, "not {headline}"),
        ("bluesky", {"metric": "fame"}, "no metric"),
        ("bluesky", {"most_posts": 41}, "blocks of 2"),
        ("bluesky", {"metric": "click_rate"}, "does not split"),
        ("bluesky", {"horizon_hours": 47}, "horizon is one of"),
        ("bluesky", {"arms": [("control", "x {excerpt}")]}, "a name of its own"),
        ("mailchimp", {"metric": "clicks"}, "splits its readers"),
        ("bluesky", {"varies": Varied.TIME, "arms": [("b", "25")]}, "0 to 23"),
        ("instagram", {"varies": Varied.IMAGE, "arms": [("b", "none")]}, "takes none without"),
    ],
)
def test_an_experiment_that_cannot_be_meant_so_is_refused_with_the_reason(engine, platform, changes, message):
    with pytest.raises(ExperimentError, match=message):
        Laboratory(engine, platform, publish_config=MAILCHIMP if platform == "mailchimp" else {}).found(**changes)


def test_the_asset_ends_what_is_decided_and_shows_it_as_a_picture(laboratory, database_resource):
    import dagster as dg

    from pipeline.assets.experiments import experiment_results
    from pipeline.assets.metrics import distribution_metrics

    laboratory.start(most_posts=2)
    for clicks in (0, 5):
        laboratory.publish(laboratory.plan().id, {"clicks": clicks})
    upstream = dg.SourceAsset(distribution_metrics.key)
    result = dg.materialize([experiment_results, upstream], resources={"database": database_resource})
    metadata = result.asset_materializations_for_node("experiment_results")[0].metadata
    assert metadata["decided"].value == 1
    assert "too little can be told" in str(metadata["experiments"].value)
    assert str(metadata["intervals, look by look"].value).startswith("![questions: clicks at 48 h on bluesky")
    assert laboratory.experiment().verdict == Verdict.UNDECIDED


def test_times_are_tried_by_the_slots_that_planning_may_take(laboratory):
    from datetime import UTC, datetime

    from pipeline.scheduling import outlook
    from pipeline.timing import PostingHour

    laboratory.start(varies=Varied.TIME, arms=[("evening", "mon-tue 20-21")], most_posts=2)
    versions = [laboratory.plan() for _ in range(2)]
    with laboratory.engine.connect() as connection:
        loaded = outlook.load(connection, account_ids=[laboratory.account_id], now=datetime.now(UTC))
    [evening] = [each.id for each in versions if each.variant_group == "evening"]
    allowed = frozenset(PostingHour(day, hour) for day in (1, 2) for hour in (20, 21))
    assert loaded.calendars[laboratory.account_id].hours_of == {evening: allowed}
    assert loaded.calendars[laboratory.account_id].hours is None

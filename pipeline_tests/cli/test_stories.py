"""`pressroom stories` as it is typed."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from pipeline.editorial.analysis import analyse_new
from pipeline.store.stories import claim_stories, stories_to_resume
from pipeline.writing.offline import OfflineWriter
from pipeline_tests.editorial.items import LEASE, caption_of, item, one_source


@pytest.fixture
def items(engine):
    """A story that was taken up, its twin, a candidate, a weak one, and one whose analysis failed."""
    source_id = one_source(engine, slug="otters")
    with engine.begin() as connection:
        made: dict[str, UUID | str] = {
            "taken": item(connection, source_id, caption=caption_of(1), engagement_rate=0.5),
            "twin": item(connection, source_id, caption=f"Look: {caption_of(1)}"),
            "next": item(connection, source_id, caption=caption_of(2), engagement_rate=0.2),
            "weak": item(connection, source_id, caption=caption_of(3), engagement_rate=0.012),
            "dull": item(connection, source_id, caption="Good \x1b[31mmorning."),
        }
    assert analyse_new(engine, OfflineWriter()).failures == []
    with engine.begin() as connection:
        [made["story"]] = [story.canonical_id for story in claim_stories(connection, limit=1, lease=LEASE)]
        made["failed"] = item(
            connection,
            source_id,
            caption=caption_of(4),
            url="https://example.com/failed",
            story_attempts=3,
            story_error="analysis: the model choked",
        )
    return made


def test_the_overview_says_what_is_next_what_was_taken_and_why_another_is_not(pressroom, items):
    output = pressroom("stories").output
    following = output.partition("Next, the best first")[2].partition("Taken up")[0]
    assert str(items["next"])[:8] in following
    assert str(items["twin"])[:8] not in following
    assert f"{items['story']}  " in output.partition("Taken up")[2].partition("Failed")[0]
    assert "analysis: the model choked (3 attempts)" in output
    assert f"a further source of {items['story']}" in output
    weak = output.partition("Not strong enough")[2]
    assert "1.2% of its readers engaged, not 5%" in weak
    assert "hook 0 of 70" in weak or "of 70" in weak
    assert "\x1b[31m" not in output


def test_an_item_is_shown_with_its_facts_its_score_and_who_tells_the_same(pressroom, items):
    output = pressroom("stories", "show", items["story"]).output
    without_its_vertical = items["story"].rpartition("-")[2]
    assert pressroom("stories", "show", without_its_vertical).output == output
    assert "informative sentences" in output
    assert "+36" in output
    assert "its post" not in output
    assert str(items["twin"])[:8] in output
    assert caption_of(1)[:40] in output


def test_an_editor_picks_an_item_and_it_is_written_next(engine, pressroom, items):
    result = pressroom("stories", "pick", str(items["weak"])[:13])
    assert result.exit_code == 0, result.output
    assert "Picked: otters-" in result.output
    with engine.begin() as connection:
        [story] = stories_to_resume(connection, limit=5, lease=LEASE)
    assert (story.content_id, story.canonical_id) == (items["weak"], result.output.split()[1])


@pytest.mark.parametrize(
    ("which", "reason"),
    [
        ("twin", "a further source of otters-"),
        ("taken", "is being written"),
        ("failed", "its analysis failed"),
    ],
)
def test_what_cannot_be_picked_says_why(pressroom, items, which, reason):
    result = pressroom("stories", "pick", items[which])
    assert result.exit_code == 1
    assert reason in result.output


def test_a_failed_analysis_begins_anew_when_a_person_says_so(engine, pressroom, items):
    assert pressroom("stories", "retry", "https://example.com/failed").exit_code == 0
    assert analyse_new(engine, OfflineWriter()).analysed == 1
    again = pressroom("stories", "retry", items["failed"])
    assert again.exit_code == 1
    assert "nothing to try again" in again.output


def test_a_failed_story_begins_anew_when_a_person_says_so(engine, pressroom, items):
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "update raw_content set story_error = 'refused', story_attempts = 3, story_lease_until = null "
                "where canonical_id is not null"
            )
        )
    assert "pressroom stories retry" in pressroom("stories", "show", items["story"]).output
    assert pressroom("stories", "retry", items["story"]).exit_code == 0
    with engine.begin() as connection:
        [story] = stories_to_resume(connection, limit=5, lease=LEASE)
    assert story.canonical_id == items["story"]


def test_an_item_that_there_is_not_ends_the_command(pressroom, items):
    for words in ("nothing", "%%%%%%%%"):
        result = pressroom("stories", "show", words)
        assert result.exit_code == 1
        assert "No item has that id" in result.output


def test_without_items_it_says_what_to_do(pressroom):
    assert "pressroom ingest" in pressroom("stories").output

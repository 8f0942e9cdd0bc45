"""`pressroom media` as it is typed: files of a post, and what the accounts' versions make of them."""

import pytest

from pipeline.distribution.plan import plan_post
from pipeline.store.database import transaction
from pipeline_tests import factories
from pipeline_tests.platforms.rehearsal import SAMPLE


@pytest.fixture(autouse=True)
def _newsroom(engine, tmp_path):
    with transaction(engine, "test") as connection:
        vertical_id = factories.vertical(connection, slug="garden")
        factories.post(connection, vertical_id, factories.user(connection), canonical_id="garden-1", status="draft")
        config = {"folder": str(tmp_path / "site"), "base_url": "https://garden.example", "name": "Garden"}
        factories.account(connection, name="site", account_key="site", is_home=True, publish_config=config)
        factories.account(connection, name="podcast", account_key="show")
    plan_post(engine, "garden-1")


def test_files_are_added_listed_and_taken_away_and_those_left_out_are_told(pressroom):
    assert "It has none." in pressroom("media", "list", "garden-1").output
    added = pressroom("media", "add", "garden-1", SAMPLE / "picture.jpg", "--alt", "A wheel [orange]")
    assert "Added: image, image/jpeg, https://garden.example/media/" in added.output
    assert "left out  show: The post has no audio" in added.output
    assert "left out" not in pressroom("media", "add", "garden-1", SAMPLE / "sound.mp3").output
    listed = pressroom("media", "list", "garden-1").output
    assert "A wheel [orange]" in listed
    assert "1080 x 1080" in listed
    (address,) = (word for word in listed.split() if word.endswith(".mp3"))
    assert "held  show: media: The post has no audio" in pressroom("media", "remove", "garden-1", address).output
    assert ".mp3" not in pressroom("media", "list", "garden-1").output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "garden-1", str(SAMPLE / "picture.jpg")], "A picture needs a text"),
        (["add", "garden-1", "nothing.jpg", "--alt", "x"], "There is no file nothing.jpg"),
        (["add", "garden-9", str(SAMPLE / "sound.mp3")], "There is no post garden-9"),
        (["list", "garden-9"], "There is no post garden-9"),
        (["remove", "garden-1", "https://garden.example/x.jpg"], "garden-1 has no file https://garden.example/x.jpg"),
    ],
)
def test_what_can_not_be_done_is_told_in_a_sentence(pressroom, words, told):
    result = pressroom("media", *words)
    assert result.exit_code == 1
    assert told in " ".join(result.output.split())

"""The checklist: what programs found and who looked, each for one text with its files."""

import pytest
import sqlalchemy as sa

from pipeline.distribution.plan import plan_post
from pipeline.editorial import checklist, review
from pipeline.editorial.checklist import ALL_ITEMS
from pipeline.editorial.desk import ReviewError
from pipeline.editorial.rights import legal_findings, picture_findings
from pipeline.editorial.voice import voice_findings
from pipeline.store import tables
from pipeline.store.database import transaction
from pipeline.vocabulary import ReviewItem
from pipeline.writing.voice import VoiceProfile
from pipeline_tests import factories
from pipeline_tests.editorial.newsdesk import POST, approve, newsdesk, post_of, revise, who

LEGAL, IMAGES, VOICE = ReviewItem.LEGAL, ReviewItem.IMAGES, ReviewItem.BRAND_VOICE


@pytest.fixture
def desk(engine):
    return newsdesk(engine)


def confirmed(engine):
    return {item.item for item in checklist.run(engine, POST).items if item.confirmed}


def rows(engine):
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(tables.review_checks))


def test_each_item_has_both_parts_kept_for_exactly_this_text(desk):
    found = checklist.run(desk, POST)
    assert [item.item for item in found.items] == list(ReviewItem)
    assert all(item.findings for item in found.items)
    checklist.confirm(desk, POST, who(desk, "ada"), {LEGAL}, note="The credit is right.")
    legal = checklist.run(desk, POST).items[-1]
    assert legal.confirmed is not None
    assert (legal.confirmed.by, legal.confirmed.note) == ("Ada Lovelace", "The credit is right.")


def test_the_automated_part_is_written_again_only_where_it_says_something_else(desk):
    checklist.run(desk, POST)
    before = rows(desk)
    checklist.run(desk, POST)
    assert rows(desk) == before
    with transaction(desk, "test") as connection:
        connection.execute(tables.publisher_verticals.update().values(voice_profile={"avoided_words": ["bud"]}))
    assert [item.item for item in checklist.run(desk, POST).items if item.findings[0].check == "avoided word"] == [
        VOICE
    ]
    assert rows(desk) == before + 1


def test_without_every_items_human_part_there_is_no_approval_and_the_missing_ones_are_named(desk):
    ada = who(desk, "ada")
    with pytest.raises(ReviewError, match="nobody has confirmed factual_accuracy, brand_voice, seo"):
        review.approve(desk, POST, ada)
    with pytest.raises(ReviewError, match="nobody has confirmed images. "):
        review.approve(desk, POST, ada, checked=ALL_ITEMS - {IMAGES})
    assert post_of(desk).status == "review"
    assert confirmed(desk) == set(), "what a refused approval confirmed is not kept"


def test_several_people_confirm_one_checklist(desk):
    checklist.confirm(desk, POST, who(desk, "grace"), ALL_ITEMS - {LEGAL})
    review.approve(desk, POST, who(desk, "ada"), checked={LEGAL})
    assert post_of(desk).status == "scheduled"


def test_a_change_of_the_text_voids_the_human_part_and_going_back_to_it_brings_it_back(desk):
    checklist.confirm(desk, POST, who(desk, "grace"), ALL_ITEMS)
    revise(desk, "ada", content="# How to prune\n\nNever cut.")
    plan_post(desk, POST)
    assert confirmed(desk) == set()
    with pytest.raises(ReviewError, match="nobody has confirmed"):
        review.approve(desk, POST, who(desk, "ada"))


def test_another_picture_voids_the_human_part_too(desk):
    checklist.confirm(desk, POST, who(desk, "grace"), ALL_ITEMS)
    with transaction(desk, "test") as connection:
        factories.insert(
            connection,
            tables.post_media,
            post_id=post_of(desk).id,
            position=0,
            kind="image",
            mime_type="image/jpeg",
            url="http://127.0.0.1:9/rose.jpg",
            sha256="0" * 64,
            bytes=1000,
            width=640,
            height=480,
            alt_text="A rose",
        )
    assert confirmed(desk) == set()
    images = next(item for item in checklist.run(desk, POST).items if item.item == IMAGES)
    assert "It is 640 pixels wide" in " ".join(finding.message for finding in images.findings)


def test_what_blocks_blocks_though_everything_was_confirmed(desk):
    with transaction(desk, "test") as connection:
        sponsored = '# How to prune\n\nBuy [shears](https://shop.example/shears "pressroom:sponsored").'
        connection.execute(tables.publisher_posts.update().values(content=sponsored, content_hash="h2"))
    with pytest.raises(ReviewError, match=r"(?i)can't be approved yet: .*disclos"):
        approve(desk)
    assert post_of(desk).status == "review"


def test_items_of_another_revision_than_the_one_that_was_seen_are_not_confirmed(desk):
    revise(desk, "grace", content="# Two")
    with pytest.raises(ReviewError, match="revision 2 now, not 1"):
        checklist.confirm(desk, POST, who(desk, "ada"), ALL_ITEMS, revision=1)


def test_words_that_are_avoided_and_sentences_too_long_are_found_with_their_place():
    profile = VoiceProfile(avoided_words=["game changer"], longest_sentence_words=8)
    text = "# A game changer\n\nShort.\n\nThis sentence here is quite a bit too long for us.\n\nSecond."
    found = [(each.check, each.place) for each in voice_findings(text, profile, "en")]
    assert found == [
        ("avoided word", "heading: “A game changer”"),
        ("sentence length", "paragraph 2: “This sentence here is quite a …”"),
    ]


def test_a_profile_that_asks_for_nothing_is_said_to():
    (only,) = voice_findings("# Any\n\nText.", VoiceProfile(), "en")
    assert only.severity == "good"
    assert "no words to avoid" in only.message


def test_a_long_quotation_and_a_source_that_is_not_linked_are_found():
    quoted = "> " + " ".join(["word"] * 80)
    found = {each.check: each for each in legal_findings(f"# A\n\n{quoted}", "https://source.example/a")}
    assert found["quotation length"].place == "line 3"
    assert found["credit"].severity == "improvement"
    (credit,) = legal_findings("See [it](https://source.example/a).", "https://source.example/a")
    assert credit.severity == "good"


def test_a_small_picture_and_one_described_by_its_files_name_are_found():
    picture = {"url": "http://127.0.0.1:9/a.jpg", "alt_text": "IMG_2041.JPG", "width": 800, "height": 600, "bytes": 1}
    assert [each.check for each in picture_findings([picture])] == ["picture size", "alternative text"]

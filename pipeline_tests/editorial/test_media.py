"""Pictures, films and sounds of a post: what is kept of them, and what the accounts' versions make of them."""

import hashlib
import io

import pytest
from PIL import Image

from pipeline.distribution.plan import article_of, plan_post
from pipeline.editorial.media import PostMediaError, add_media, remove_media
from pipeline.platforms.media.facts import Media
from pipeline.store import plans, tables
from pipeline_tests import factories
from pipeline_tests.platforms.media_files import film, noise, picture, sound
from pipeline_tests.web import serve

SITE = "https://garden.example"
POST = "garden-1"


@pytest.fixture
def connection(engine):
    """For setting up: committed before anything else looks."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


@pytest.fixture
def vertical_id(connection):
    """With a draft that nobody planned yet."""
    vertical_id = factories.vertical(connection)
    factories.post(connection, vertical_id, factories.user(connection), canonical_id=POST, status="draft")
    return vertical_id


@pytest.fixture
def folder(connection, vertical_id, tmp_path):
    """That of the vertical's home, a site of ours."""
    config = {"folder": str(tmp_path / "site"), "base_url": SITE, "name": "Garden"}
    factories.account(connection, name="site", account_key="site", is_home=True, publish_config=config)
    return tmp_path / "site"


def given(tmp_path, body: bytes, name: str = "given") -> str:
    path = tmp_path / name
    path.write_bytes(body)
    return str(path)


def media_of_the_post(engine) -> tuple[Media, ...]:
    with engine.connect() as connection:
        return tuple(article_of(plans.read_post(connection, POST)).media)


def test_a_file_is_kept_at_the_site_under_a_name_of_its_bytes(engine, folder, tmp_path):
    body = film()
    added = add_media(engine, POST, given(tmp_path, body), " A wheel  turns ")
    digest = hashlib.sha256(body).hexdigest()
    assert (added.url, added.sha256) == (f"{SITE}/media/{digest[:16]}.mp4", digest)
    assert (folder / "media" / f"{digest[:16]}.mp4").read_bytes() == body
    assert (added.duration_seconds, added.width, added.alt_text) == (3.0, 640, "A wheel turns")
    assert media_of_the_post(engine) == (added,)


def test_a_picture_is_kept_as_a_jpeg_without_what_the_camera_wrote(engine, folder, tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    added = add_media(engine, POST, given(tmp_path, picture("PNG", exif=exif)), "Stripes")
    (kept,) = (folder / "media").iterdir()
    assert (added.mime_type, kept.suffix) == ("image/jpeg", ".jpg")
    with Image.open(io.BytesIO(kept.read_bytes())) as image:
        assert not image.getexif()


def test_a_see_through_picture_stays_one(engine, folder, tmp_path):
    body = io.BytesIO()
    Image.new("RGBA", (64, 48), (255, 0, 0, 100)).save(body, "PNG")
    assert add_media(engine, POST, given(tmp_path, body.getvalue()), "Glass").mime_type == "image/png"


def test_the_same_file_again_changes_its_text_and_files_keep_their_order(engine, folder, tmp_path):
    for body, text in [(picture("JPEG"), "first"), (sound(), ""), (picture("JPEG"), "better")]:
        add_media(engine, POST, given(tmp_path, body), text)
    assert [(each.kind, each.alt_text) for each in media_of_the_post(engine)] == [("image", "better"), ("audio", "")]


@pytest.mark.parametrize(
    ("body", "alt_text", "message"),
    [
        (picture("JPEG"), "  ", "A picture needs a text that says what it shows"),
        (b"<svg/>", "A shape", "The file is no JPEG"),
        (film()[:40], "Broken", "given"),
    ],
)
def test_what_cannot_be_shown_to_everybody_is_refused_and_nothing_is_kept(engine, folder, body, alt_text, message):
    path = given(folder.parent, body)
    with pytest.raises(PostMediaError, match=message):
        add_media(engine, POST, path, alt_text)
    assert media_of_the_post(engine) == ()
    assert not (folder / "media").exists()


def test_a_file_that_is_not_there_is_named(engine, folder):
    with pytest.raises(PostMediaError, match=r"There is no file /nowhere/a\.jpg"):
        add_media(engine, POST, "/nowhere/a.jpg", "Nothing")


def test_a_file_of_a_private_address_is_only_read_where_that_is_allowed(engine, folder):
    with serve(lambda _: (200, {}, sound())) as address:
        with pytest.raises(PostMediaError, match="not a public one"):
            add_media(engine, POST, f"{address}/a.mp3", "")
        assert add_media(engine, POST, f"{address}/a.mp3", "", allow_private=True).url.startswith(f"{SITE}/media/")


def test_without_a_site_of_ours_a_file_stays_where_its_address_says(engine, vertical_id, tmp_path):
    with pytest.raises(PostMediaError, match="give its web address"):
        add_media(engine, POST, given(tmp_path, sound()), "")
    with serve(lambda _: (200, {}, sound())) as address:
        assert add_media(engine, POST, f"{address}/a.mp3", "", allow_private=True).url == f"{address}/a.mp3"


@pytest.mark.parametrize("status", ["scheduled", "archived"])
def test_what_was_approved_or_archived_keeps_its_files(engine, connection, folder, tmp_path, status):
    added = add_media(engine, POST, given(tmp_path, sound()), "")
    reviewer = factories.user(connection)
    posts = tables.publisher_posts
    steps = {"scheduled": ("review", "scheduled"), "archived": ("archived",)}[status]
    for step in steps:
        approved = {"human_reviewed": True, "reviewed_by": reviewer, "reviewed_at": "now", "scheduled_at": "now"}
        connection.execute(posts.update().values(status=step, **(approved if step == "scheduled" else {})))
    with pytest.raises(PostMediaError, match=f"{POST} is {status}"):
        add_media(engine, POST, given(tmp_path, noise("JPEG", (20, 20))), "Noise")
    with pytest.raises(PostMediaError, match=f"{POST} is {status}"):
        remove_media(engine, POST, added.url)
    assert media_of_the_post(engine) == (added,)


def test_the_site_gets_the_picture_and_the_version_binds_its_bytes(engine, connection, folder, tmp_path):
    plan_post(engine, POST)
    before = stored_version(connection)
    added = add_media(engine, POST, given(tmp_path, picture("JPEG")), "Stripes")
    plan_post(engine, POST)
    after = stored_version(connection)
    assert after.media_urls == [added.url]
    assert after.platform_specific["media"][0]["sha256"] == added.sha256
    assert after.content_hash != before.content_hash
    remove_media(engine, POST, added.url)
    plan_post(engine, POST)
    assert stored_version(connection).content_hash == before.content_hash


def stored_version(connection):
    return connection.execute(tables.distributions.select()).one()


def test_a_platform_that_takes_films_alone_is_left_out_until_there_is_one(engine, connection, folder, tmp_path):
    factories.account(connection, name="youtube", account_key="films")
    assert plan_post(engine, POST).left_out == {"films": "The post has no video, and the platform takes none without."}
    added = add_media(engine, POST, given(tmp_path, film()), "A wheel turns")
    plan = plan_post(engine, POST)
    assert ([version.account_key for version in plan.versions], plan.left_out) == (["site", "films"], {})
    remove_media(engine, POST, added.url)
    (_, films) = plan_post(engine, POST).versions
    assert (films.status, films.hold_reason) == (
        "held",
        "media: The post has no video, and the platform takes none without.",
    )
    add_media(engine, POST, given(tmp_path, film()), "A wheel turns")
    (_, films) = plan_post(engine, POST).versions
    assert (films.status, films.hold_reason) == ("draft", None)

"""A database of an earlier release is brought up to date, with what it holds."""

import hashlib
import shutil

import pytest
import sqlalchemy as sa

from pipeline.distribution.publish import publish_due
from pipeline.store import database, revisions
from pipeline_tests import factories
from pipeline_tests.distribution.platform import NO_LOOK_AHEAD, Platform

_LANDED = {
    "0001_vocabulary": "534b8b8bf8131b46424a522f2f829dde343e88197470e4ee014f6f735d49d408",
    "0002_people": "876d149050138d9a6a6ee8bb0655ae9789c5ca6802212ead5fea2332c442112f",
    "0003_sources": "d222a91d7dcbe0c09a3a5d459509ebc2f2dc1d16c04e1152d97226c95e94af3b",
    "0004_posts": "2f6a62f64c3c319334f9af23269863ce90805c368afb300e87a52df300b4a0c9",
    "0005_distribution": "f248057fabbc2478663b31211b5f9d9b77b279358decc7b655d7936a39fcd73d",
    "0006_metrics": "6554b54a7302ac4594e2498efe22dfa988c6caa99f7aa3826de4c976a9bd0f03",
    "0007_engine": "01b40911da708dffb7a52191309701ddff77e2540b5c14ff31844a52211f77a3",
    "0008_secrets": "c84567d7f6e43c74bd2b446f70d3f79e444fa8823fca5eef00bacdbf9c366157",
    "0009_media": "83d65ee3b73635d28e14707c2adf64092864365773b2a39700b45ae7936f9ef9",
    "0010_stories": "b5bcbd10a2662b483b60ecb2d53f22378ec4c5ddb6a50110758a25ad6c63060a",
    "0011_writing": "567658d898ddb4a41df66ea4119ba150471e13b88c62f948371575a3258c83fc",
    "0012_review": "4b716075eaea2cf68898e66620a4d74e3bcbd1be3466d464f309f5a7578eaf5a",
    "0013_posts": "8f7116e60e0b6b14518048907e465bf8d712e04bed839abd8a4c6d9b35da5f9f",
    "0014_links": "5408e97ebcba43f7b43438be809085f5c6561041a6947591c243d432b015b383",
    "0015_seo": "71d6fe46777e6f4f46421e803e950ab6771f7b5dceb5fd85aab8698022397c23",
    "0016_slots": "83e6859d5ddecfedce735e6b039c2fd44c51c989270a905e82c03357a625e3d2",
    "0017_booking": "1384548fa802ed4f0b8ac82cced2483a23c642ea877c45b272d48583e6e512ff",
    "0018_plans": "d2588626aee25d038885ce3e7cdb6d46fc8c0c77878f1b412d6c86087c10c3ce",
    "0019_native": "fe3f6f5e077fa9f581ed4cda73684d668e3f2c58bf0a9264e896a957ad9bd4fe",
    "0020_recycling": "f1c65dfb17bef68b0b1ae8a8f8c9fcb7a9dd3213c41b51df0b3518671b84177e",
    "0021_calendar_feed": "7c27fcb4a694a495f883c891b73bfc0a87898bf604efcbaa12dc2baacde8ef9a",
    "0022_metrics": "5d90c687597a9e2d5f7b0e8aebeb5094b3d81f0c10614bd0cc15eba4db49696e",
    "0023_site_analytics": "59479f26ec4d5cf43ecea4e76ac1a52a6c8771784831bf7e528e88d827133193",
    "0024_conversions": "8f9542926931871d3483158bdd34b58f8f38abc37428436337082cfe21cf817c",
    "0025_attribution": "f20ede4a85ee0e550841a02dc26a518f8d50048dcc64841e21b4cf2ac82751aa",
    "0026_patterns": "000fa16c87cd3185d5a2cb9745630e4388a18e952b1c938d7282a29e6e71e432",
    "0027_experiments": "9113bbcfade89e1f0d975e53d9593ac67ae78b150036ecba5324633cdb3cfa00",
    "0028_reports": "a194914afd090c4fe4d317cbfd5a1f96f6d69ba7721cab00778d152225913d48",
    "0029_audience": "643dd20c98c32aa228c8c05d23fde04f96f3d9367f17dd25db375026dd3f9909",
}
"""Databases were made by these; what is to change comes in a migration of its own. A release adds its migrations here."""


def test_a_migration_that_databases_were_made_by_is_not_edited():
    digests = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in database.MIGRATIONS.glob("*.sql")}
    assert {name: digests.get(name) for name in _LANDED} == _LANDED


@pytest.fixture
def earlier(database_url, tmp_path):
    """An empty database as the release before the publish engine left it."""
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    for name in sorted(_LANDED)[:6]:
        shutil.copy(database.MIGRATIONS / f"{name}.sql", migrations)
    engine = database.create_engine(database_url)
    with engine.begin() as connection:
        # Everything goes, the template's tables and the list of the migrations it was made by.
        connection.execute(sa.text("drop schema public cascade"))
        connection.execute(sa.text("create schema public"))
    database.migrate(database_url, migrations)
    yield engine
    engine.dispose()


def test_what_was_scheduled_under_an_earlier_release_is_published_after_the_upgrade(earlier):
    with earlier.begin() as connection:
        due = factories.distribution(connection, factories.account(connection))
    assert database.migrate(earlier.url)
    platform = Platform()
    publish_due(earlier, platform.open, NO_LOOK_AHEAD, worker="w")
    assert (factories.row_of(earlier, due).status, platform.effects_of(due)) == ("published", 1)


def test_a_post_of_an_earlier_release_begins_with_its_present_text_as_its_first_revision(earlier):
    with earlier.begin() as connection:
        author = factories.user(connection, full_name="Walter Writer")
        factories.post(connection, factories.vertical(connection), author, canonical_id="garden-1", title="Prune")
    database.migrate(earlier.url)
    with earlier.connect() as connection:
        (first,) = revisions.of_post(connection, "garden-1")
    assert (first.number, first.text.title, first.actor) == (1, "Prune", "Walter Writer")

"""Articles told again and pages commented on by a model, and what two people at once make of it."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import sqlalchemy as sa

from pipeline.editorial import repurposed_form
from pipeline.editorial.curated import Choice, curate
from pipeline.editorial.repurposed import repurpose
from pipeline.editorial.review import reject
from pipeline.store import tables, users
from pipeline.store.database import transaction
from pipeline.writing.calls import Price
from pipeline.writing.offline import OfflineWriter
from pipeline.writing.openai_compatible import OpenAICompatibleWriter
from pipeline_tests import factories
from pipeline_tests.editorial.pages import INJECTED, LEAD, article, html
from pipeline_tests.web import serve
from pipeline_tests.writing.stand_in import endpoint, obliging

TEXT = """# Chains

Wipe the chain first, with a rag. Then brush it, link by link.

Rinse it with little water. Oil it at last.

Do so every week. Do it more often in winter.
"""


@pytest.fixture
def walter(engine):
    with transaction(engine, "test") as connection:
        factories.user(connection, email="walter@example.com", full_name="Walter", roles=["writer"])
        return users.find(connection, "walter@example.com")


@pytest.fixture
def original(engine):
    with transaction(engine, "test") as connection:
        for name in ("x", "mailchimp", "tiktok"):
            factories.account(connection, name=name, account_key=name)
        factories.published_article(connection, "garden-chains", TEXT)
    return "garden-chains"


@pytest.fixture
def server():
    with endpoint() as running:
        running.replies = [obliging()]
        yield running


@pytest.fixture
def model(server):
    price = Price("test", Decimal(1), Decimal(1), Decimal(1))
    return OpenAICompatibleWriter(base_url=server.base_url, model="m-1", prices={"m-1": price})


def post_of(engine, canonical_id):
    with engine.connect() as connection:
        p = tables.publisher_posts
        return connection.execute(sa.select(p).where(p.c.canonical_id == canonical_id)).one()


def test_a_models_telling_is_marked_as_such_billed_and_never_paid_for_again(engine, walter, original, server, model):
    thread = repurpose(engine, model, walter, original, "thread")
    post = post_of(engine, thread.canonical_id)
    assert (post.ai_generated, post.ai_model, post.author_id != walter.id) == (True, "gpt-4o-mini", True)
    assert post.content.count("\n---\n") == 4
    assert TEXT.splitlines()[2] in server.prompts[0]
    with engine.connect() as connection:
        (bill,) = connection.execute(sa.select(tables.ai_usage)).all()
    assert (bill.task, bill.canonical_id, bill.outcome) == ("repurpose", original, "ok")
    assert not repurpose(engine, model, walter, original, "thread").is_new
    with transaction(engine, "test") as connection:
        connection.execute(sa.text("delete from seo_reports"))
        connection.execute(sa.text("update publisher_posts set status = 'archived' where repurposed_as = 'thread'"))
    assert repurpose(engine, model, walter, original, "thread").canonical_id == "garden-chains-thread-2"
    assert len(server.requests) == 1


def test_after_a_rejection_the_writer_is_given_the_note_and_what_was_rejected(engine, walter, original, server, model):
    first = repurpose(engine, model, walter, original, "script")
    with transaction(engine, "test") as connection:
        factories.user(connection, email="rita@example.com", full_name="Rita", roles=["reviewer"])
        rita = users.find(connection, "rita@example.com")
    reject(engine, first.canonical_id, rita, "Shorter, please.")
    again = repurpose(engine, model, walter, original, "script")
    assert again.canonical_id == "garden-chains-script-2"
    _, second = server.requests
    assert "Shorter, please." in second["messages"][0]["content"]
    assert "Otters rest in kelp" in second["messages"][1]["content"]


def test_two_people_at_once_make_one_post_a_form(engine, walter, original):
    with ThreadPoolExecutor(4) as pool:
        arrivals = list(
            pool.map(lambda _: repurpose(engine, OfflineWriter(), walter, original, "newsletter"), range(4))
        )
    assert {arrival.canonical_id for arrival in arrivals} == {"garden-chains-newsletter"}
    assert sum(arrival.is_new for arrival in arrivals) == 1


def test_a_model_comments_on_a_page_whose_text_is_data_to_it(engine, walter, server, model):
    with transaction(engine, "test") as connection:
        factories.vertical(connection, slug="garden")
    page = article(body=f"<p>{INJECTED}</p>")
    with serve(lambda _: html(page)) as address:
        added = curate(engine, model, walter, Choice(f"{address}/chains"), allow_private=True)
    post = post_of(engine, added.canonical_id)
    assert (post.content_type, post.ai_generated, post.author_id != walter.id) == ("curated", True, True)
    assert post.content.startswith("# How long a chain lasts\n\nOtters rest in")
    assert f"> {LEAD}\n" in post.content
    assert all(INJECTED not in request["messages"][0]["content"] for request in server.requests)
    assert any(INJECTED in prompt for prompt in server.prompts)


@pytest.mark.parametrize(
    ("form", "content", "said"),
    [
        ("thread", "One.\n\n---\n\nTwo.", ("improvement", "The thread has 2 parts.", "content")),
        ("thread", "---", ("blocking", "The thread is empty.", "content")),
        ("carousel", "\n\n---\n\n".join(f"Slide {n}." for n in range(11)), ("blocking", "The carousel has 11 parts.", "content")),
        ("script", "One.\n\n---\n\n" + "a" * 301 + "\n\n---\n\nThree.", ("improvement", "The line counts 301 characters.", f"line 2: “{'a' * 40}”")),
        ("thread", f"One.\n\n---\n\n{'推' * 121}\n\n---\n\nThree.", ("improvement", "The post counts 242 characters.", f"post 2: “{'推' * 40}”")),
        ("newsletter", "Intro.\n\n- One.\n- Two.", ("good", "The newsletter has 3 parts, none too long.", "content")),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_form_is_a_finding_with_its_place(form, content, said):
    (finding,) = repurposed_form.findings(form, content)
    assert (finding.severity, finding.message, finding.place) == said

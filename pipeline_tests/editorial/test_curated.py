"""Pages from elsewhere: what becomes of one that an editor points readers to, and which can't be curated."""

import json

import pytest
import sqlalchemy as sa

from pipeline.editorial import quotation
from pipeline.editorial.arrivals import ArrivalError
from pipeline.editorial.curated import Choice, curate
from pipeline.editorial.markdown import parse, text_of
from pipeline.store import tables, users
from pipeline.store.database import transaction
from pipeline.writing.offline import OfflineWriter
from pipeline_tests import factories
from pipeline_tests.editorial.pages import INJECTED, LEAD, article, html, site
from pipeline_tests.web import serve

COMMENT = "Worth five minutes: they *measured* it, over a year."


@pytest.fixture(autouse=True)
def _newsroom(engine):
    with transaction(engine, "test") as connection:
        factories.vertical(connection, slug="workshop", name="Workshop", base_url="https://workshop.example")
        factories.user(connection, email="walter@example.com", full_name="Walter", roles=["writer"])


@pytest.fixture
def bring_in(engine):
    with engine.connect() as connection:
        walter = users.find(connection, "walter@example.com")

    def bring_in(url, comment=COMMENT, *, allow_private=True, **choice):
        return curate(
            engine, OfflineWriter(), walter, Choice(url, comment=comment, **choice), allow_private=allow_private
        )

    return bring_in


def posts_of(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.publisher_posts)).all()


def test_a_page_becomes_a_post_with_our_comment_a_short_quotation_credit_and_link(engine, bring_in):
    answer, asked = site({"/chains": html(article())})
    with serve(answer) as address:
        added = bring_in(f"{address}/chains?utm_source=mail#comments")
    (post,) = posts_of(engine)
    assert added.is_new
    assert (post.canonical_id, post.content_type, post.status) == (added.canonical_id, "curated", "draft")
    assert post.content == (
        f"# How long a chain lasts\n\n{COMMENT}\n\n> {LEAD}\n\n"
        f"*[How long a chain lasts]({address}/chains). Bike News, Anna Bell*\n"
    )
    assert post.excerpt == "Worth five minutes: they measured it, over a year."
    assert post.credit == {
        "publisher": "Bike News",
        "author": "Anna Bell",
        "url": f"{address}/chains",
        "license": None,
    }
    assert post.canonical_url is None  # its own page is the canonical one
    assert not post.ai_generated
    assert asked[0]["User-Agent"] == "pressroom (+https://workshop.example)"
    with engine.connect() as connection:
        item = connection.execute(sa.select(tables.raw_content)).one()
        source = connection.execute(sa.select(tables.content_sources)).one()
    assert (item.id, item.canonical_id) == (post.source_content_id, post.canonical_id)
    assert "pressure washers" in item.caption
    assert "pressure washers" not in post.content
    assert (source.name, source.kind, source.is_active) == ("curated-workshop", "page", False)


def test_the_same_page_again_changes_nothing_whatever_its_address_counts(engine, bring_in):
    answer, asked = site({"/chains": html(article()), "/short": (301, {"Location": "/chains"}, b"")})
    with serve(answer) as address:
        first = bring_in(f"{address}/short")
        again = bring_in(f"{address}/chains?fbclid=abc", comment="Another comment.")
        by_short_address = bring_in(f"{address}/short#top")
    assert {first.canonical_id, again.canonical_id, by_short_address.canonical_id} == {first.canonical_id}
    assert (first.is_new, again.is_new, by_short_address.is_new) == (True, False, False)
    (post,) = posts_of(engine)
    assert COMMENT in post.content
    assert len(asked) == 2  # what is known is not read again


def test_another_address_of_a_page_that_is_there_makes_no_second_post(engine, bring_in):
    answer, _ = site({"/chains": html(article()), "/moved": (302, {"Location": "/chains"}, b"")})
    with serve(answer) as address:
        first = bring_in(f"{address}/chains")
        assert bring_in(f"{address}/moved") == type(first)(first.canonical_id, first.status, is_new=False)
    assert len(posts_of(engine)) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (html(article(head='<meta property="article:content_tier" content="locked">')), "behind a paywall"),
        (
            html(
                article(
                    head='<script type="application/ld+json">'
                    + json.dumps({"@graph": [{"@type": "NewsArticle", "isAccessibleForFree": "False"}]})
                    + "</script>"
                )
            ),
            "behind a paywall",
        ),
        (html(article(paragraphs=("Subscribe to read on.",))), "holds no article"),
        (html(""), "holds no article"),
        (html("<html><body><div id='app'></div><script>render()</script></body></html>"), "holds no article"),
        ((200, {"Content-Type": "application/pdf"}, b"%PDF-1.7"), "application/pdf, no web page"),
        ((200, {}, b"\x00\x01"), "no web page"),
        ((200, {"Content-Type": "text/html"}, b"<p>" + b"word " * 1_100_000), "larger than"),
        ((404, {}, b""), "404"),
        ((500, {}, b""), "500"),
    ],
)
def test_a_page_that_can_not_be_curated_is_refused_with_the_reason_and_leaves_nothing(engine, bring_in, answer, said):
    with serve(lambda _: answer) as address:
        with pytest.raises(ArrivalError, match=said):
            bring_in(f"{address}/page")
    with engine.connect() as connection:
        for table in (tables.publisher_posts, tables.raw_content, tables.content_sources):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_neither_a_private_address_nor_a_redirect_to_one_is_read(bring_in):
    reached = []

    def inside(request):
        reached.append(request.path)
        return html(article())

    with serve(inside) as address:
        for url in (f"{address}/chains", "file:///etc/passwd", "http://user:secret@example.com/"):
            with pytest.raises(ArrivalError):
                bring_in(url, allow_private=False)
    assert reached == []


def test_hostile_markup_and_instructions_come_out_as_inert_text(engine, bring_in):
    hostile = html(
        article(
            head='<meta property="og:title" content="&lt;script&gt;alert(1)&lt;/script&gt; # [Chains](javascript:x)">',
            paragraphs=(
                (
                    f"<script>steal()</script><b onclick='x()'>{INJECTED}</b> ![x](javascript:alert(1)) `code` said the page "
                    "in its very first sentence."
                ),
                *(
                    f"Paragraph {n} goes on about chains, and says nothing else that a reader could use."
                    for n in range(9)
                ),
            ),
        ).replace("How long a chain lasts", "<i>How</i> long")
    )
    with serve(lambda _: hostile) as address:
        bring_in(f"{address}/x", comment="Look at this.")
    (post,) = posts_of(engine)
    tokens = parse(post.content)
    hrefs = [c.attrs["href"] for t in tokens for c in t.children or () if c.type == "link_open"]
    assert hrefs == [f"{address}/x"]
    assert not any(c.type in {"image", "html_inline", "code_inline"} for t in tokens for c in t.children or ())
    assert not any(t.type == "html_block" for t in tokens)
    assert "steal()" not in post.content
    assert [t.type for t in tokens].count("heading_open") == 1


def test_a_quotation_is_the_pages_own_words_and_short(bring_in, engine):
    with serve(lambda _: html(article())) as address:
        with pytest.raises(ArrivalError, match="word for word"):
            bring_in(f"{address}/x", quotation="A clean chain lasts for ever.")
        with pytest.raises(ArrivalError, match="may be quoted"):
            bring_in(
                f"{address}/x",
                quotation="The mechanics weighed each chain when it was new and again when it was worn out.",
            )
        bring_in(f"{address}/x", quotation="  Cleaning takes five minutes\n a week. ")
        bring_in(f"{address}/y", quotation="", title="Chains, weighed")
    quoted, unquoted = sorted(posts_of(engine), key=lambda post: post.credit["url"])
    assert "\n\n> Cleaning takes five minutes a week.\n\n" in quoted.content
    assert "> " not in unquoted.content
    assert unquoted.title == "Chains, weighed"


def test_the_offline_writer_makes_no_comment_because_it_can_only_repeat_the_page(engine, bring_in):
    with serve(lambda _: html(article())) as address:
        with pytest.raises(ArrivalError, match="--comment"):
            bring_in(f"{address}/x", comment=None)
    assert posts_of(engine) == []


def test_a_comment_without_the_credit_or_with_a_long_quotation_is_a_finding_that_blocks():
    credit = {"publisher": "Bike News", "author": None, "url": "https://bike.example/a", "license": None}
    linked = "Read [it](https://bike.example/a).\n\n"
    assert [each.severity for each in quotation.findings(linked, credit)] == ["good"]
    assert [each.check for each in quotation.findings("Read it.", credit)] == ["credit"]
    long = f"{linked}> {'word ' * 30}\n\nAnd:\n\n> {'word ' * 21}"
    (finding,) = quotation.findings(long, credit)
    assert (finding.check, finding.severity, finding.message) == ("quotation", "blocking", "51 words are quoted.")


def test_the_writer_of_the_page_is_text_like_any_other(engine, bring_in):
    page = html(article().replace("Anna Bell", "A](javascript:x) **B**"))
    with serve(lambda _: page) as address:
        bring_in(f"{address}/x")
    (post,) = posts_of(engine)
    assert "javascript" not in " ".join(str(c.attrs) for t in parse(post.content) for c in t.children or ())
    assert "**B**" in text_of(parse(post.content)) or "B" in text_of(parse(post.content))

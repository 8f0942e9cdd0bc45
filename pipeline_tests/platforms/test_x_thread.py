"""A long article as numbered posts on X, each posted once whatever fails in between."""

from collections import Counter
from typing import Any

import pytest

from pipeline.platforms.article import AdaptableArticle, AdaptedContent
from pipeline.platforms.base import Absent, Changed, NotSent, Published, Unknown
from pipeline.platforms.content import Content
from pipeline.platforms.x import XAdapter, thread
from pipeline.platforms.x import text as x_text
from pipeline.sandbox.client import Sandbox
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish
from pipeline_tests.platforms.test_adapters import FAILURES, calls_of, fail_after

SENTENCE = "Roses are cut above a bud that looks outwards, in a slope, with clean and sharp blades. "
LINK = "https://example.com/a-very-long-address/that-must-not-be-cut"


@pytest.fixture
def x(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("x", sandbox, library)


class Destination:
    """An account's settings, as adapting sees them."""

    name = "x"
    max_content_length = None
    max_title_length = None
    is_home = False

    def __init__(self, **publish_config: Any) -> None:
        self.publish_config = publish_config


def adapted(markdown: str, **publish_config: Any) -> AdaptedContent:
    article = AdaptableArticle(
        title="Roses",
        markdown=markdown,
        excerpt="How to cut roses.",
        keywords=["roses"],
        canonical_url="https://example.com/roses",
        vertical="garden",
        disclosure="We were paid.",
    )
    return XAdapter.adapt(article, Destination(**publish_config))


def thread_of(x: Platform, posts: int = 3) -> Content:
    content = x.content()
    more = [f"Part {number} {content.distribution_id}\n\n{number}/{posts}" for number in range(2, posts + 1)]
    return x.content(body=f"{content.body}\n\n1/{posts}", platform_specific={"thread": more})


def kinds(x: Platform) -> Counter[str]:
    return Counter(effect.kind for effect in x.sandbox.effects("x"))


def test_an_article_is_cut_into_numbered_posts_that_x_takes_and_nothing_is_lost(x: Platform):
    markdown = "\n\n".join([f"# Roses\n\nFirst. {SENTENCE * 6}", f"Read {LINK} first. {SENTENCE * 3}", "Last words."])
    version = adapted(markdown, thread=True)
    posts = [version.body, *version.platform_specific["thread"]]
    assert [post.rpartition("\n\n")[2] for post in posts] == [
        f"{number}/{len(posts)}" for number in range(1, len(posts) + 1)
    ]
    assert all(x_text.weighted_length(post) <= 280 for post in posts)
    assert posts[0].startswith("How to cut roses.")
    assert "https://example.com/roses" in posts[0]
    assert posts[1].startswith("We were paid.")
    assert any(LINK in post for post in posts)
    whole = " ".join(post.rpartition("\n\n")[0].replace("\n\n", " ") for post in posts[1:])
    assert whole.split() == f"We were paid. First. {SENTENCE * 6} Read {LINK} first. {SENTENCE * 3} Last words.".split()
    content = Content("id", version.body, platform_specific=version.platform_specific)
    assert x.adapter().validate(content) == []
    assert [measure.field for measure in x.adapter().measure(content)][:2] == ["body", "post 2"]


def test_a_list_stays_one_and_what_the_first_post_says_is_not_said_again():
    posts = adapted("How to cut roses.\n\n- One\n- Two", thread=True).platform_specific["thread"]
    assert posts == ["We were paid.\n\n• One\n• Two\n\n2/2"]


def test_a_thread_ends_where_the_account_wants_and_says_that_there_is_more():
    posts = adapted(SENTENCE * 30, thread=True, thread_posts=3).platform_specific["thread"]
    assert len(posts) == 2
    assert posts[-1].endswith("…\n\n3/3")
    assert x_text.weighted_length(posts[-1]) <= 280


def test_without_the_setting_there_is_one_post_without_a_number():
    version = adapted(SENTENCE * 30)
    assert "thread" not in version.platform_specific
    assert not thread.is_part(version.body)


def test_a_word_without_an_end_is_cut_between_characters():
    posts = adapted("👩‍👩‍👧‍👦" * 500, thread=True).platform_specific["thread"]
    assert all(x_text.weighted_length(post) <= 280 for post in posts)
    assert "👩‍👩‍👧‍👦" in posts[-1]


def test_a_link_behind_words_without_blanks_is_not_cut():
    posts = adapted(f"{'薔' * 128}{LINK}", thread=True).platform_specific["thread"]
    assert LINK in posts[-1]


def test_each_post_answers_the_one_before_and_the_first_is_the_publication(x: Platform):
    adapter, content, notebook = x.adapter(), thread_of(x), Notebook()
    published = publish(adapter, content, notebook)
    effects = x.sandbox.effects("x")
    assert [effect.kind for effect in effects] == ["tweet_created", "reply_created", "reply_created"]
    assert [effect.text for effect in effects[1:]] == content.platform_specific["thread"]
    assert published.external_id == effects[0].external_id == notebook.handles["post-1"]
    assert adapter.reconcile(content, notebook.journal()).external_id == published.external_id  # type: ignore[union-attr]
    again = publish(adapter, content, notebook)
    assert again.external_id == published.external_id
    assert kinds(x).total() == 3


@pytest.mark.parametrize("kind", FAILURES)
def test_whichever_call_fails_each_post_is_there_once_in_the_end(x: Platform, kind: str):
    for calls_before in range(calls_of(x, lambda: publish(x.adapter(), thread_of(x)))):
        x.sandbox.clear()
        adapter, content, notebook = x.adapter(), thread_of(x), Notebook()
        fail_after(x, calls_before, kind)
        outcome = adapter.publish(content, notebook.journal())
        assert x.sandbox.faults() == []
        if isinstance(outcome, NotSent):
            assert kinds(x).total() == 0
        found = adapter.reconcile(content, notebook.journal())
        whole = kinds(x).total() == 3
        assert isinstance(found, Published if whole else Absent)
        publish(adapter, content, notebook)
        assert kinds(x) == {"tweet_created": 1, "reply_created": 2}


def test_a_failure_behind_the_first_post_is_never_called_not_sent(x: Platform):
    fail_after(x, 1, "rate_limit")
    assert isinstance(x.adapter().publish(thread_of(x), Notebook().journal()), Unknown)


def test_posts_whose_ids_were_lost_are_looked_for_before_any_is_posted(x: Platform):
    adapter, content, notebook = x.adapter(), thread_of(x), Notebook()
    publish(adapter, content, notebook)
    notebook.handles = {"thread": "3"}
    x.sandbox.fault("x", "server_error", method="POST", path="/tweets")
    publish(adapter, content, notebook)
    assert len(x.sandbox.faults()) == 1
    assert kinds(x).total() == 3


def test_deleting_takes_all_of_a_thread_and_nothing_else(x: Platform):
    adapter = x.adapter(publish_config={**x.config, "thread": True})
    other = publish(adapter, x.content())
    first = publish(adapter, thread_of(x)).external_id
    publish(adapter, thread_of(x))
    x.sandbox.fault("x", "drop_before", method="DELETE")
    assert not isinstance(adapter.delete(first), Changed)
    assert adapter.delete(first) == Changed(first)
    assert adapter.delete(first) == Changed(first)
    assert kinds(x)["tweet_deleted"] == 3
    assert other.external_id in adapter.metrics([other.external_id])

"""Threads on Bluesky and Mastodon: each post answers the one before, and is there once whatever fails in between."""

from typing import Any

import pytest

from pipeline.platforms import short_posts
from pipeline.platforms.article import AdaptableArticle
from pipeline.platforms.base import Absent, Changed, NotSent, Published, Unknown
from pipeline.platforms.content import Content
from pipeline.platforms.registry import adapter_class
from pipeline.sandbox.client import Sandbox
from pipeline_tests.platforms.rehearsal import Notebook, Platform, platform_of, publish
from pipeline_tests.platforms.test_adapters import FAILURES, calls_of, fail_after

PAGE = "https://example.com/roses/"
CREATED = {"bluesky": "post_created", "mastodon": "status_created"}
PARTS = ("Roses are cut above a bud.", "Sharp blades. " * 60, "Never in the rain.")


@pytest.fixture(params=sorted(CREATED))
def platform(request, sandbox: Sandbox, library: str) -> Platform:
    return platform_of(request.param, sandbox, library)


class Destination:
    max_content_length = None
    max_title_length = None
    is_home = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.publish_config: dict[str, Any] = {}


def adapted(name: str, parts=PARTS):
    article = AdaptableArticle(
        title="Roses", markdown="unused", excerpt="How to cut roses.", keywords=["roses"], canonical_url=PAGE,
        vertical="garden", parts=parts,
    )  # fmt: skip
    return adapter_class(name).adapt(article, Destination(name))


def thread_of(platform: Platform, posts: int = 3) -> Content:
    content = platform.content()
    more = [f"Part {number} {content.distribution_id}\n\n{number}/{posts}" for number in range(2, posts + 1)]
    return platform.content(body=f"{content.body}\n\n1/{posts}", platform_specific={"thread": more}, link_url=PAGE)


def created(platform: Platform) -> list[Any]:
    return [each for each in platform.sandbox.effects(platform.name) if each.kind == CREATED[platform.name]]


def test_all_parts_are_posts_in_their_order_that_the_platform_takes(platform: Platform):
    version = adapted(platform.name)
    posts = [version.body, *version.platform_specific["thread"]]
    assert len(posts) > len(PARTS)  # the long one is several
    assert [post.rpartition("\n\n")[2] for post in posts] == [f"{n}/{len(posts)}" for n in range(1, len(posts) + 1)]
    said = " ".join(" ".join(post.rpartition("\n\n")[0].split()) for post in posts).replace(f" {PAGE}", "")
    assert said == " ".join(" ".join(part.split()) for part in PARTS)
    content = Content("", version.body, version.title, version.link_url, (), version.platform_specific)
    adapter = platform.adapter()
    assert adapter.validate(content) == []
    assert [measure.is_over for measure in adapter.measure(content)] == [False] * len(adapter.measure(content))
    last = short_posts.posts(content)[-1]
    assert PAGE in (last.body if platform.name == "mastodon" else str(last.link_url))


def test_one_part_is_one_post_without_a_number(platform: Platform):
    version = adapted(platform.name, ("Roses are cut above a bud.",))
    assert "thread" not in version.platform_specific
    assert "1/1" not in version.body


def test_each_post_answers_the_one_before_and_the_first_is_the_publication(platform: Platform):
    adapter, content, notebook = platform.adapter(), thread_of(platform), Notebook()
    published = publish(adapter, content, notebook)
    first, *more = created(platform)
    assert published.external_id == first.external_id
    assert [effect.text for effect in more] == content.platform_specific["thread"]
    found = adapter.reconcile(content, notebook.journal())
    assert isinstance(found, Published)
    assert found.external_id == first.external_id
    assert publish(adapter, content, notebook).external_id == first.external_id
    assert len(created(platform)) == 3


@pytest.mark.parametrize("kind", FAILURES)
def test_whichever_call_fails_each_post_is_there_once_in_the_end(platform: Platform, kind: str):
    for calls_before in range(calls_of(platform, lambda: publish(platform.adapter(), thread_of(platform)))):
        platform.sandbox.clear()
        adapter, content, notebook = platform.adapter(), thread_of(platform), Notebook()
        fail_after(platform, calls_before, kind)
        outcome = adapter.publish(content, notebook.journal())
        assert platform.sandbox.faults() == []
        if isinstance(outcome, NotSent):
            assert created(platform) == []
        whole = len(created(platform)) == 3
        found = adapter.reconcile(content, notebook.journal())
        assert isinstance(found, Published if whole else Absent)
        publish(adapter, content, notebook)
        assert [effect.text for effect in created(platform)] == [
            content.body,
            *content.platform_specific["thread"],
        ]


def test_a_failure_behind_the_first_post_is_never_called_not_sent(platform: Platform):
    adapter, content, notebook = platform.adapter(), thread_of(platform), Notebook()
    calls = calls_of(platform, lambda: publish(platform.adapter(), thread_of(platform)))
    platform.sandbox.clear()
    fail_after(platform, calls - 1, "rate_limit")
    assert isinstance(adapter.publish(content, notebook.journal()), Unknown)
    assert len(created(platform)) == 2


def test_deleting_takes_all_of_a_thread_and_nothing_else(platform: Platform):
    adapter = platform.adapter()
    other = publish(adapter, platform.content())
    thread = publish(adapter, thread_of(platform))
    later = publish(adapter, thread_of(platform))
    assert isinstance(adapter.delete(thread.external_id), Changed)
    gone = [e for e in platform.sandbox.effects(platform.name) if e.kind.endswith("_deleted")]
    assert len(gone) == 3
    assert gone[-1].external_id == thread.external_id
    assert {other.external_id, later.external_id}.isdisjoint(each.external_id for each in gone)
    assert isinstance(adapter.delete(thread.external_id), Changed)

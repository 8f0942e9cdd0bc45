"""An article as an email that mail programs show as it is meant."""

from typing import Any

import html5lib
import httpx
import pytest
from lxml import etree

from pipeline.platforms.article import AdaptableArticle, AdaptedContent
from pipeline.platforms.content import Content
from pipeline.platforms.mailchimp import MailchimpAdapter
from pipeline.platforms.mailchimp.markup import for_mail
from pipeline.platforms.media.facts import Media
from pipeline.sandbox.client import Sandbox
from pipeline.vocabulary import MediaKind
from pipeline_tests.platforms.rehearsal import Platform, platform_of, publish
from pipeline_tests.platforms.test_x_thread import Destination

PAGE = "https://example.com/articles/roses"


def picture(name: str, width: int | None = 1080, **changes: Any) -> Media:
    facts = {"kind": MediaKind.IMAGE, "mime_type": "image/jpeg", "size": 1000, "height": 1080, **changes}
    alt = 'A "rose" & more'
    return Media(url=f"https://example.com/media/{name}", sha256="0" * 64, width=width, alt_text=alt, **facts)


def adapted(markdown: str, *media: Media) -> AdaptedContent:
    article = AdaptableArticle(
        title="Roses & more",
        markdown=markdown,
        excerpt="How to cut roses.",
        keywords=[],
        canonical_url=PAGE,
        vertical="garden",
        media=media,
    )
    return MailchimpAdapter.adapt(article, Destination())


def images(body: str) -> list[dict[str, str]]:
    page = html5lib.parse(body, treebuilder="lxml", namespaceHTMLElements=False)
    return [dict(image.attrib) for image in page.iter("img")]


@pytest.fixture
def mailchimp(sandbox: Sandbox, library: str) -> Platform:
    return platform_of("mailchimp", sandbox, library)


def test_the_post_s_picture_is_on_top_by_its_address_with_its_description_and_its_width(mailchimp: Platform):
    version = adapted("Cut them.", picture("rose.jpg"), picture("second.jpg"))
    (shown,) = images(version.body)
    assert (shown["src"], shown["alt"]) == ("https://example.com/media/rose.jpg", 'A "rose" & more')
    assert shown["width"] == "552"
    assert [media.url for media in version.media] == [shown["src"]]
    content = Content("id", version.body, title=version.title, media=version.media)
    assert mailchimp.adapter().validate(content) == []


def test_a_picture_is_shown_no_wider_than_it_is(mailchimp: Platform):
    (shown,) = images(adapted("Cut them.", picture("small.png", 120)).body)
    assert shown["width"] == "120"
    assert "max-width:120px" in shown["style"]


def test_pictures_of_the_text_have_whole_addresses_and_are_not_shown_twice():
    version = adapted("![A rose](/media/rose.jpg)\n\n![](pot.jpg)", picture("rose.jpg", 400))
    assert [(shown["src"], shown["alt"], shown["width"]) for shown in images(version.body)] == [
        ("https://example.com/media/rose.jpg", "A rose", "400"),
        ("https://example.com/articles/pot.jpg", "", "552"),
    ]


def test_a_picture_that_the_email_does_not_show_is_found_out(mailchimp: Platform):
    version = adapted("Cut them.")
    content = Content("id", version.body, title=version.title, media=(picture("rose.jpg"),))
    (problem,) = mailchimp.adapter().validate(content)
    assert problem.field == "media"
    assert "belongs into its HTML" in problem.message


def test_every_part_of_an_article_has_its_style_where_mail_programs_read_it():
    markdown = """
## A heading

- one
- two

1. first

> said

| tool | use |
| --- | --- |
| saw | thick wood |

Some `code`, a [link](/more?a=1&b=2), 5 &lt; 6 &amp; 7.

```
a < b && `c`
```

"""
    page = html5lib.parse(adapted(markdown).body, treebuilder="lxml", namespaceHTMLElements=False)
    for tag in ("h2", "ul", "ol", "li", "blockquote", "table", "th", "td", "p", "pre", "a"):
        found = list(page.iter(tag))
        assert found, tag
        assert all(element.get("style") for element in found), tag
    data = [table for table in page.iter("table") if table.get("role") is None]
    assert [table.get("cellspacing") for table in data] == ["0"]
    assert [code.get("style") is None for code in page.iter("code")] == [False, True]  # the block has its own
    assert "https://example.com/more?a=1&b=2" in [link.get("href") for link in page.iter("a")]
    text = etree.tostring(page, method="text", encoding="unicode")
    assert "5 < 6 & 7." in text
    assert "a < b && `c`" in text


@pytest.mark.parametrize(
    "markup",
    ["<p>a &amp;lt; b &#60; c &nbsp; d</p>", '<p><img src="https://e.org/a.png" alt="&quot;x&quot; &lt;b&gt;"></p>'],
)
def test_what_is_escaped_stays_escaped(markup: str):
    once = for_mail(markup, PAGE, {})
    assert for_mail(once, PAGE, {}) == once
    before, after = (html5lib.parseFragment(each, treebuilder="lxml") for each in (markup, once))
    assert "".join(before[0].itertext()) == "".join(after[0].itertext())
    assert [element.get("alt") for element in before[0].iter()] == [element.get("alt") for element in after[0].iter()]


def test_the_archive_shows_the_email_with_its_tags_filled_in(mailchimp: Platform):
    version = adapted("Cut them.", picture("rose.jpg"))
    content = mailchimp.content(
        body=version.body, media=version.media, platform_specific=dict(version.platform_specific)
    )
    published = publish(mailchimp.adapter(), content)
    assert published.external_url is not None
    page = httpx.get(published.external_url).text
    assert "Cut them." in page
    assert "https://example.com/media/rose.jpg" in page
    assert "*|" not in page

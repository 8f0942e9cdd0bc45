import html5lib
import httpx
import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.mailchimp.audience import LIST_ID
from pipeline.sandbox.mailchimp.credentials import ACCOUNT
from pipeline.sandbox.x.credentials import BEARER_TOKEN

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)><a href='javascript:alert(3)'>x</a>"


@pytest.fixture
def published(sandbox: Sandbox, wordpress: httpx.Client) -> dict[str, str]:
    """A page on each platform, each of whose texts tries to run a script. The addresses by platform."""
    wordpress.post("/posts", json={"title": f"Title {ATTACK}", "content": f"<p>Text</p>{ATTACK}", "status": "publish"})
    bearer = {"Authorization": f"Bearer {BEARER_TOKEN}"}
    httpx.post(f"{sandbox.url}/x/2/tweets", json={"text": f"Text {ATTACK}"}, headers=bearer)
    settings = {"subject_line": f"Title {ATTACK}", "from_name": ATTACK[:90], "reply_to": "a@example.com"}
    campaign = {"type": "regular", "recipients": {"list_id": LIST_ID}, "settings": settings}
    with httpx.Client(base_url=f"{sandbox.url}/mailchimp/3.0", auth=("any", ACCOUNT["api_key"])) as mailchimp:
        made = mailchimp.post("/campaigns", json=campaign).json()
        mailchimp.put(f"/campaigns/{made['id']}/content", json={"html": f"<p>Text *|UNSUB|*</p>{ATTACK}"})
        assert mailchimp.post(f"/campaigns/{made['id']}/actions/send").status_code == 204
    return {effect.platform: effect.url for effect in sandbox.effects() if effect.url}


def test_every_page_says_that_it_is_not_the_real_thing(sandbox: Sandbox, published: dict[str, str]):
    assert published.keys() == {"wordpress", "x", "mailchimp"}
    for address in (*published.values(), sandbox.url, f"{sandbox.url}/wordpress/", f"{sandbox.url}/wordpress/none/"):
        page = httpx.get(address)
        assert "Pressroom sandbox: not the real" in page.text
        assert page.headers["server"] == "pressroom-sandbox"
        assert "Not the real platform" in page.headers["x-pressroom-sandbox"]


def test_every_answer_of_an_api_is_labelled_too(sandbox: Sandbox):
    sandbox.fault("wordpress", "unavailable")
    for path in ("/wordpress/wp-json/wp/v2/posts", "/x/2/users/me", "/mailchimp/3.0/ping", "/x/2/nothing", "/nothing"):
        assert "Not the real platform" in httpx.get(f"{sandbox.url}{path}").headers["x-pressroom-sandbox"]


def test_nothing_published_can_run_in_a_readers_browser(sandbox: Sandbox, published: dict[str, str]):
    for address in (*published.values(), sandbox.url, f"{sandbox.url}/wordpress/"):
        document = html5lib.parse(httpx.get(address).text, namespaceHTMLElements=False)
        assert document.findall(".//script") == []
        for element in document.iter():
            assert not any(name.startswith("on") for name in element.attrib)
            assert not element.get("href", "").startswith("javascript")


def test_every_page_is_well_formed_with_a_language_a_title_and_one_main_heading(
    sandbox: Sandbox, published: dict[str, str]
):
    for address in (*published.values(), sandbox.url, f"{sandbox.url}/wordpress/", f"{sandbox.url}/x/i/status/1"):
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        document = parser.parse(httpx.get(address).text)
        assert parser.errors == []
        assert document.get("lang") == "en"
        assert (document.findtext(".//title") or "").strip()
        assert len(document.findall(".//h1")) == 1
        assert len(document.findall(".//main")) == 1


def test_the_front_page_links_to_what_was_published(sandbox: Sandbox, published: dict[str, str]):
    sandbox.fault("x", "delay", path="/tweets")
    front = httpx.get(sandbox.url).text
    for address in published.values():
        assert f'href="{address}"' in front
        assert httpx.get(address).status_code == 200
    assert "delay" in front


def test_what_was_taken_down_is_not_shown(sandbox: Sandbox, wordpress: httpx.Client, published: dict[str, str]):
    (effect,) = sandbox.effects("wordpress")
    wordpress.delete(f"/posts/{effect.external_id}")
    tweet = published["x"].rpartition("/")[2]
    httpx.delete(f"{sandbox.url}/x/2/tweets/{tweet}", headers={"Authorization": f"Bearer {BEARER_TOKEN}"})
    assert httpx.get(published["wordpress"]).status_code == 404
    assert httpx.get(published["x"]).status_code == 404

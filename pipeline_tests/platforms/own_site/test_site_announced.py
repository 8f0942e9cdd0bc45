"""What the site serves for those who are told of its pages: IndexNow's key and the feed's hub."""

import httpx
import pytest
from lxml import etree
from pydantic import ValidationError

from pipeline.settings import Settings, settings

KEY = "a1b2c3d4-E5"
HUB = "https://hub.example.com/"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def configured(monkeypatch):
    monkeypatch.setenv("PRESSROOM_INDEXNOW_KEY", KEY)
    monkeypatch.setenv("PRESSROOM_WEBSUB_HUB", HUB)
    settings.cache_clear()
    yield
    settings.cache_clear()


def links_of_feed(site):
    feed = etree.fromstring(site.read("feed.xml").encode())
    return [(link.get("rel"), link.get("href")) for link in feed.findall(f"{ATOM}link")]


def test_the_key_is_served_at_its_own_name_and_is_all_of_its_file(configured, served):
    served.publish("cast-iron")
    answer = httpx.get(f"{served.base_url}/{KEY}.txt")
    assert (answer.status_code, answer.text) == (200, KEY)
    assert answer.headers["content-type"].startswith("text/plain")


def test_the_feed_names_its_hub_and_itself(configured, site):
    site.publish("cast-iron")
    assert ("hub", HUB) in links_of_feed(site)
    assert ("self", f"{site.base_url}/feed.xml") in links_of_feed(site)


def test_a_site_of_which_nobody_is_told_has_neither(site):
    site.publish("cast-iron")
    assert "hub" not in dict(links_of_feed(site))
    assert [name for name in site.tree() if name.endswith(".txt")] == ["robots.txt"]


@pytest.mark.parametrize("key", ["short", "../../etc/passwd", "a1b2c3d4/e5", "k" * 129, "a1b2c3d4\n", "a1b2_c3d4"])
def test_a_key_that_is_not_of_the_protocols_form_is_refused(key):
    with pytest.raises(ValidationError, match="PRESSROOM_INDEXNOW_KEY"):
        Settings(_env_file=None, PRESSROOM_INDEXNOW_KEY=key)

"""The stand-in's effects and pages; what it has in common with a real WordPress is in test_wordpress_api.py."""

from datetime import UTC, datetime, timedelta

import httpx

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.ledger import Ledger, timestamp
from pipeline_tests.sandbox.test_wordpress_api import picture, post, upload


def test_what_is_refused_has_no_effect(wordpress: httpx.Client, sandbox: Sandbox):
    assert wordpress.post("/posts", json={"title": " ", "status": "publish"}).status_code == 400
    assert wordpress.post("/posts", json={"title": "x"}, auth=("nobody", "x")).status_code == 401
    assert upload(wordpress, "a.exe").status_code == 500
    assert sandbox.effects() == []


def test_a_scheduled_post_is_published_at_its_time(tmp_path):
    from pipeline.sandbox.wordpress.posts import publish_due

    ledger = Ledger(tmp_path / "sandbox.sqlite")
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    scheduled = {"id": 7, "slug": "s", "status": "future", "date": timestamp(at), "title": "T", "content": "C"}
    ledger.put("wordpress", "post", "7", scheduled, lookup="s")
    ledger.put("wordpress", "due", "7", {"id": "7", "at": timestamp(at), "url": "http://here/s/"})
    publish_due(ledger, at - timedelta(seconds=1))
    assert ledger.effects() == []
    for _ in range(2):
        publish_due(ledger, at + timedelta(hours=3))
    (effect,) = ledger.effects()
    assert (effect.kind, effect.external_id, effect.at, effect.url) == ("post_published", "7", at, "http://here/s/")
    assert (ledger.get("wordpress", "post", "7") or {})["status"] == "publish"


def test_every_deletion_is_an_effect_and_a_repeated_one_is_none(wordpress: httpx.Client, sandbox: Sandbox):
    made = post(wordpress)
    for _ in range(2):
        wordpress.delete(f"/posts/{made['id']}")
    assert [effect.kind for effect in sandbox.effects()] == ["post_created", "post_deleted"]


def test_a_file_its_alt_text_and_the_post_that_shows_it_are_effects(wordpress: httpx.Client, sandbox: Sandbox):
    made = upload(wordpress, "a.png").json()
    wordpress.post(f"/media/{made['id']}", json={"alt_text": 'Green & "still"'})
    shown = f'<figure><video controls src="{made["source_url"]}"></video></figure><script>1</script>'
    featured = post(wordpress, featured_media=made["id"], content=shown)
    page = httpx.get(featured["link"]).text
    assert f'<img src="{made["source_url"]}" alt="Green &amp; &#34;still&#34;">' in page
    assert f'<video controls="" src="{made["source_url"]}"></video>' in page
    assert "<script>1" not in page
    assert httpx.get(made["source_url"]).content == picture()
    told = [(effect.kind, effect.title, effect.text) for effect in sandbox.effects()]
    assert told[:2] == [("media_uploaded", "a.png", None), ("media_updated", "a.png", 'Green & "still"')]

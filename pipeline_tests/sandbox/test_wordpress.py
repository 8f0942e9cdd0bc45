from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.ledger import Ledger, timestamp
from pipeline.sandbox.wordpress.credentials import CONTRIBUTOR


def post(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer = client.post("/posts", json={"title": "A title", "status": "publish", **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("auth", [None, ("sandbox-editor", "wrong"), ("nobody", "sand boxs andb oxsa ndbo xsan")])
def test_a_wrong_or_missing_password_cannot_create(sandbox: Sandbox, auth: tuple[str, str] | None):
    api = f"{sandbox.url}/wordpress/wp-json/wp/v2"
    refused = httpx.post(f"{api}/posts", json={"title": "x"}, auth=auth)
    assert (refused.status_code, refused.json()["code"]) == (401, "rest_cannot_create")
    assert httpx.get(f"{api}/users/me", auth=auth).json()["code"] == "rest_not_logged_in"
    assert httpx.get(f"{api}/posts?context=edit", auth=auth).json()["code"] == "rest_forbidden_context"
    assert httpx.get(f"{api}/posts?status=any", auth=auth).json()["code"] == "rest_forbidden_status"
    assert httpx.get(f"{api}/posts", auth=auth).status_code == 200
    assert sandbox.effects() == []


def test_the_password_counts_without_its_spaces(sandbox: Sandbox):
    me = httpx.get(
        f"{sandbox.url}/wordpress/wp-json/wp/v2/users/me", auth=("sandbox-editor", "sandboxsandboxsandboxsan")
    )
    assert me.json()["slug"] == "sandbox-editor"


def test_a_contributor_writes_drafts_and_may_not_publish_or_upload(sandbox: Sandbox):
    auth = (CONTRIBUTOR["username"], CONTRIBUTOR["app_password"])
    with httpx.Client(base_url=f"{sandbox.url}/wordpress/wp-json/wp/v2", auth=auth) as contributor:
        capabilities = contributor.get("users/me", params={"context": "edit"}).json()["capabilities"]
        assert "publish_posts" not in capabilities
        assert contributor.post("posts", json={"title": "A draft"}).status_code == 201
        refused = contributor.post("posts", json={"title": "At once", "status": "publish"})
        assert (refused.status_code, refused.json()["code"]) == (403, "rest_cannot_publish")
        upload = contributor.post("media", content=b"x", headers={"Content-Disposition": "attachment; filename=a.png"})
        assert (upload.status_code, upload.json()["code"]) == (400, "rest_cannot_create")


def test_a_taken_slug_becomes_another_silently(wordpress: httpx.Client):
    assert [post(wordpress, slug="same")["slug"] for _ in range(3)] == ["same", "same-2", "same-3"]


def test_a_slug_is_made_of_the_title_once_it_is_published(wordpress: httpx.Client):
    draft = post(wordpress, title="Größe & more", status="draft")
    assert draft["slug"] == ""
    published = wordpress.post(f"/posts/{draft['id']}", json={"status": "publish"}).json()
    assert published["slug"] == "grosse-more"
    assert published["link"].endswith("/wordpress/grosse-more/")


def test_a_post_is_found_by_its_slug_whatever_its_status(wordpress: httpx.Client):
    made = post(wordpress, slug="d-42", status="draft", content="<p>Text</p>")
    look_up = {"slug": "d-42", "status": "any", "context": "edit"}
    (found,) = wordpress.get("/posts", params=look_up).json()
    assert (found["id"], found["content"]["raw"]) == (made["id"], "<p>Text</p>")
    assert wordpress.get("/posts", params={"slug": "d-42"}).json() == []

    wordpress.delete(f"/posts/{made['id']}")
    assert wordpress.get("/posts", params=look_up).json() == []
    assert wordpress.get("/posts", params={"slug": "d-42__trashed", "status": "any"}).json() == []
    (trashed,) = wordpress.get("/posts", params={"slug": "d-42__trashed", "status": "trash"}).json()
    assert trashed["id"] == made["id"]


def test_texts_are_shown_raw_to_the_editor_and_rendered_to_all(wordpress: httpx.Client):
    made = post(wordpress, title={"raw": "This & that"}, content="<p>Body</p>")
    assert made["title"] == {"raw": "This & that", "rendered": "This &amp; that"}
    seen = wordpress.get(f"/posts/{made['id']}").json()
    assert seen["title"] == {"rendered": "This &amp; that"}
    assert seen["content"] == {"rendered": "<p>Body</p>", "protected": False}


def test_an_empty_post_is_refused(wordpress: httpx.Client, sandbox: Sandbox):
    refused = wordpress.post("/posts", json={"title": " ", "status": "publish"})
    assert (refused.status_code, refused.json()["code"]) == (400, "empty_content")
    assert sandbox.effects() == []


@pytest.mark.parametrize(
    "fields",
    [{"status": "live"}, {"date_gmt": "soon"}, {"categories": ["news"]}, {"title": 3}, {"comment_status": "maybe"}],
)
def test_a_value_of_the_wrong_kind_is_refused(wordpress: httpx.Client, fields: dict[str, Any]):
    refused = wordpress.post("/posts", json={"title": "x", **fields})
    assert (refused.status_code, refused.json()["code"]) == (400, "rest_invalid_param")


def test_a_broken_body_is_refused(wordpress: httpx.Client):
    refused = wordpress.post("/posts", content="{", headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (400, "rest_invalid_json")


def test_unknown_meta_and_categories_are_dropped_without_a_word(wordpress: httpx.Client):
    made = post(wordpress, meta={"campaign": "x"}, categories=[1, 999], tags=[999])
    assert (made["meta"], made["categories"], made["tags"]) == ({"footnotes": ""}, [1], [])


def test_publishing_in_the_future_schedules_and_scheduling_in_the_past_publishes(wordpress: httpx.Client):
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    scheduled = post(wordpress, date_gmt=later)
    assert (scheduled["status"], scheduled["date_gmt"]) == ("future", later)
    assert httpx.get(scheduled["link"]).status_code == 404
    assert post(wordpress, status="future", date_gmt="2020-01-01T00:00:00")["status"] == "publish"


def test_a_scheduled_post_is_published_at_its_time(wordpress: httpx.Client, tmp_path):
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


def test_deleting_trashes_once_and_frees_the_slug(wordpress: httpx.Client, sandbox: Sandbox):
    made = post(wordpress, slug="gone")
    trashed = wordpress.delete(f"/posts/{made['id']}").json()
    assert (trashed["status"], trashed["slug"]) == ("trash", "gone__trashed")
    again = wordpress.delete(f"/posts/{made['id']}")
    assert (again.status_code, again.json()["code"]) == (410, "rest_already_trashed")
    assert post(wordpress, slug="gone")["slug"] == "gone"
    forced = wordpress.delete(f"/posts/{made['id']}", params={"force": "true"})
    assert forced.json()["deleted"] is True
    assert wordpress.get(f"/posts/{made['id']}").status_code == 404
    assert [effect.kind for effect in sandbox.effects()] == [
        "post_created",
        "post_deleted",
        "post_created",
        "post_deleted",
    ]


def test_a_missing_post_is_404_to_read_update_and_delete(wordpress: httpx.Client):
    for answer in (wordpress.get("/posts/99"), wordpress.post("/posts/99", json={}), wordpress.delete("/posts/99")):
        assert (answer.status_code, answer.json()["code"]) == (404, "rest_post_invalid_id")


def test_posts_are_read_in_batches_with_totals(wordpress: httpx.Client):
    ids = [post(wordpress, title=f"Post {number}")["id"] for number in range(5)]
    first = wordpress.get("/posts", params={"include": f"{ids[0]},{ids[3]},999", "per_page": 100})
    assert {each["id"] for each in first.json()} == {ids[0], ids[3]}
    assert (first.headers["x-wp-total"], first.headers["x-wp-totalpages"]) == ("2", "1")
    page = wordpress.get("/posts", params={"per_page": 2, "page": 3})
    assert [each["id"] for each in page.json()] == [ids[0]]
    assert (page.headers["x-wp-total"], page.headers["x-wp-totalpages"]) == ("5", "3")
    beyond = wordpress.get("/posts", params={"per_page": 2, "page": 4})
    assert (beyond.status_code, beyond.json()["code"]) == (400, "rest_post_invalid_page_number")
    assert wordpress.get("/posts", params={"per_page": 101}).status_code == 400
    assert wordpress.get("/posts", params={"_fields": "id,title.rendered"}).json()[0].keys() == {"id", "title"}


def test_a_term_is_made_once_and_found_by_name_or_slug(wordpress: httpx.Client):
    made = wordpress.post("/categories", json={"name": "R&D News"})
    assert (made.status_code, made.json()["slug"], made.json()["name"]) == (201, "r-d-news", "R&amp;D News")
    again = wordpress.post("/categories", json={"name": "r&d news"})
    assert (again.status_code, again.json()["code"]) == (400, "term_exists")
    assert again.json()["data"]["term_id"] == made.json()["id"]
    assert wordpress.get("/categories", params={"search": "d news"}).json() == [made.json()]
    assert wordpress.get("/categories", params={"slug": "r-d-news"}).json() == [made.json()]
    assert wordpress.get("/tags", params={"slug": "r-d-news"}).json() == []
    nameless = wordpress.post("/tags", json={})
    assert (nameless.status_code, nameless.json()["code"]) == (400, "rest_missing_callback_param")
    assert post(wordpress, categories=[made.json()["id"]])["categories"] == [made.json()["id"]]


def test_terms_of_other_names_or_other_slugs_are_other_terms(wordpress: httpx.Client):
    made = [{"name": "C++"}, {"name": "C#"}, {"name": "C++", "slug": "cpp"}]
    assert [wordpress.post("/tags", json=term).json()["slug"] for term in made] == ["c", "c-2", "cpp"]
    for again in ({"name": "c#"}, {"name": "C#", "slug": "c-2"}):
        assert wordpress.post("/tags", json=again).json()["code"] == "term_exists"


def test_media_come_as_raw_bytes_and_are_served_again(wordpress: httpx.Client, sandbox: Sandbox):
    picture = b"\x89PNG\r\n\x1a\n not really"
    headers = {"Content-Type": "image/png", "Content-Disposition": 'attachment; filename="My picture.png"'}
    made = wordpress.post("/media", content=picture, headers=headers)
    assert (made.status_code, made.json()["mime_type"]) == (201, "image/png")
    assert httpx.get(made.json()["source_url"]).content == picture
    featured = post(wordpress, featured_media=made.json()["id"], content="<p>Look</p>")
    assert made.json()["source_url"] in httpx.get(featured["link"]).text
    assert sandbox.effects()[0].kind == "media_uploaded"


@pytest.mark.parametrize(
    ("content", "headers", "code"),
    [
        (
            b"",
            {"Content-Type": "image/png", "Content-Disposition": "attachment; filename=a.png"},
            "rest_upload_no_data",
        ),
        (b"x", {"Content-Disposition": "attachment; filename=a.png"}, "rest_upload_no_content_type"),
        (b"x", {"Content-Type": "image/png"}, "rest_upload_no_content_disposition"),
        (b"x", {"Content-Type": "image/png", "Content-Disposition": "inline"}, "rest_upload_invalid_disposition"),
        (
            b"x",
            {"Content-Type": "text/x", "Content-Disposition": "attachment; filename=a.exe"},
            "rest_upload_sideload_error",
        ),
    ],
)
def test_what_is_no_upload_is_refused(wordpress: httpx.Client, content: bytes, headers: dict[str, str], code: str):
    assert wordpress.post("/media", content=content, headers=headers).json()["code"] == code


def test_a_featured_picture_must_exist(wordpress: httpx.Client):
    refused = wordpress.post("/posts", json={"title": "x", "featured_media": 77})
    assert (refused.status_code, refused.json()["code"]) == (400, "rest_invalid_featured_media")


def test_an_unknown_route_is_told_as_wordpress_does(wordpress: httpx.Client):
    for answer in (wordpress.get("/nothing"), wordpress.delete("/posts")):
        assert (answer.status_code, answer.json()["code"]) == (404, "rest_no_route")

"""What WordPress's API does. `pipeline_tests/real_wordpress` asks a real one the same: nothing here is only ours."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

Login = tuple[str, str]


def post(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer = client.post("/posts", json={"title": "A title", "status": "publish", **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def picture(format_: str = "PNG") -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (4, 3), "green").save(drawn, format_)
    return drawn.getvalue()


def upload(client: httpx.Client, name: str, content: bytes | None = None, type_: str = "image/png") -> httpx.Response:
    headers = {"Content-Type": type_, "Content-Disposition": f'attachment; filename="{name}"'}
    return client.post("/media", content=picture() if content is None else content, headers=headers)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def ids(answer: httpx.Response) -> list[int]:
    return [each["id"] for each in answer.json()]


@pytest.mark.parametrize("who", ["nobody", "a wrong password", "a wrong name"])
def test_a_wrong_or_missing_password_cannot_write_and_may_read_what_is_public(
    wordpress: httpx.Client, logins: Mapping[str, Login], who: str
):
    name, password = logins["editor"]
    auth = {"nobody": None, "a wrong password": (name, "wrong"), "a wrong name": ("nobody", password)}[who]
    with httpx.Client(base_url=wordpress.base_url, auth=auth, timeout=wordpress.timeout) as client:
        assert refusal(client.post("/posts", json={"title": "x"})) == (401, "rest_cannot_create")
        assert refusal(upload(client, "a.png")) == (401, "rest_cannot_create")
        assert refusal(client.get("/users/me")) == (401, "rest_not_logged_in")
        assert refusal(client.get("/posts?context=edit")) == (401, "rest_forbidden_context")
        assert refusal(client.get("/posts?status=any")) == (400, "rest_invalid_param")
        assert client.get("/posts").status_code == 200


def test_the_password_counts_without_its_spaces(wordpress: httpx.Client, logins: Mapping[str, Login]):
    name, password = logins["editor"]
    assert wordpress.get("/users/me", auth=(name, password.replace(" ", ""))).json()["slug"] == name


def test_a_contributor_writes_drafts_and_may_not_publish_or_upload_or_touch_what_others_wrote(
    wordpress: httpx.Client, logins: Mapping[str, Login]
):
    theirs, picture_id = post(wordpress, status="draft")["id"], upload(wordpress, "theirs.png").json()["id"]
    with httpx.Client(base_url=wordpress.base_url, auth=logins["contributor"], timeout=wordpress.timeout) as client:
        held = client.get("/users/me", params={"context": "edit"}).json()["capabilities"]
        assert "publish_posts" not in held
        own = client.post("/posts", json={"title": "A draft"})
        assert own.status_code == 201
        at_once = {"title": "At once", "status": "publish"}
        assert refusal(client.post("/posts", json=at_once)) == (403, "rest_cannot_publish")
        assert refusal(client.post(f"/posts/{own.json()['id']}", json=at_once)) == (403, "rest_cannot_publish")
        assert refusal(upload(client, "a.png")) == (403, "rest_cannot_create")
        assert refusal(client.post(f"/posts/{theirs}", json={"title": "Mine"})) == (403, "rest_cannot_edit")
        assert refusal(client.post(f"/media/{picture_id}", json={"alt_text": "x"})) == (403, "rest_cannot_edit")
        assert refusal(client.delete(f"/posts/{theirs}")) == (403, "rest_cannot_delete")
        assert refusal(client.post("/categories", json={"name": "Theirs"})) == (403, "rest_cannot_create")
        assert client.post("/tags", json={"name": "A contributor's"}).status_code == 201
        assert client.delete(f"/posts/{own.json()['id']}").status_code == 200


def test_a_taken_slug_becomes_another_silently(wordpress: httpx.Client):
    assert [post(wordpress, slug="same")["slug"] for _ in range(3)] == ["same", "same-2", "same-3"]


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Größe & more", "grose-more"),
        ("R&amp;D: <i>it</i> is “done”", "rd-it-is-done"),
        ("a.b_c--d / e – f", "a-b_c-d-e-f"),
        ("100% Ærø", "100-aero"),
    ],
)
def test_a_slug_is_made_of_the_title_once_it_is_published(wordpress: httpx.Client, title: str, slug: str):
    draft = post(wordpress, title=title, status="draft")
    assert draft["slug"] == ""
    published = wordpress.post(f"/posts/{draft['id']}", json={"status": "publish"}).json()
    assert published["slug"] == slug
    assert published["link"].endswith(f"/{slug}/")


def test_a_post_is_found_by_its_slug_whatever_its_status(wordpress: httpx.Client):
    made = post(wordpress, slug="d-42", status="draft", content="<p>Text</p>")
    look_up = {"slug": "d-42", "status": "any", "context": "edit"}
    (found,) = wordpress.get("/posts", params=look_up).json()
    assert (found["id"], found["content"]["raw"]) == (made["id"], "<p>Text</p>")
    assert wordpress.get("/posts", params={"slug": "d-42"}).json() == []

    wordpress.delete(f"/posts/{made['id']}")
    assert wordpress.get("/posts", params=look_up).json() == []
    assert wordpress.get("/posts", params={"slug": "d-42__trashed", "status": "any"}).json() == []
    trashed = {"slug": "d-42,d-42__trashed", "status": "any,trash"}
    assert ids(wordpress.get("/posts", params=trashed)) == [made["id"]]


def test_texts_are_shown_raw_to_the_editor_and_rendered_to_all(wordpress: httpx.Client):
    made = post(wordpress, title={"raw": "This & that"}, content="<p>Body</p>")
    assert made["title"] == {"raw": "This & that", "rendered": "This &#038; that"}
    seen = wordpress.get(f"/posts/{made['id']}").json()
    assert seen["title"] == {"rendered": "This &#038; that"}
    assert seen["content"].keys() == {"rendered", "protected"}
    assert seen["content"]["rendered"].strip() == "<p>Body</p>"


@pytest.mark.parametrize("fields", [{"title": " "}, {"title": 3}, {"title": "", "featured_media": 1}])
def test_an_empty_post_is_refused(wordpress: httpx.Client, fields: dict[str, Any]):
    assert refusal(wordpress.post("/posts", json={"status": "publish", **fields})) == (400, "empty_content")


@pytest.mark.parametrize(
    "fields", [{"status": "live"}, {"date_gmt": "soon"}, {"categories": ["news"]}, {"comment_status": "maybe"}]
)
def test_a_value_of_the_wrong_kind_is_refused(wordpress: httpx.Client, fields: dict[str, Any]):
    refused = wordpress.post("/posts", json={"title": "x", **fields})
    assert refusal(refused) == (400, "rest_invalid_param")
    assert list(refused.json()["data"]["params"]) == list(fields)


def test_a_broken_body_is_refused(wordpress: httpx.Client):
    refused = wordpress.post("/posts", content="{", headers={"Content-Type": "application/json"})
    assert refusal(refused) == (400, "rest_invalid_json")


def test_unknown_meta_terms_and_pictures_are_dropped_without_a_word(wordpress: httpx.Client):
    made = post(wordpress, meta={"campaign": "x"}, categories=[1, 99999], tags=[99999], featured_media=99999)
    assert (made["meta"], made["categories"], made["tags"]) == ({"footnotes": ""}, [1], [])
    assert made["featured_media"] == 0


def test_what_a_post_had_is_taken_from_it_by_an_empty_value(wordpress: httpx.Client):
    tag = wordpress.post("/tags", json={"name": "For a while"}).json()["id"]
    shown = upload(wordpress, "for-a-while.png").json()["id"]
    made = post(wordpress, tags=[tag], excerpt="In short", featured_media=shown)
    assert (made["tags"], made["excerpt"]["raw"], made["featured_media"]) == ([tag], "In short", shown)
    kept = wordpress.post(f"/posts/{made['id']}", json={"title": "Another"}).json()
    assert (kept["tags"], kept["excerpt"]["raw"], kept["featured_media"]) == ([tag], "In short", shown)
    bare = wordpress.post(f"/posts/{made['id']}", json={"tags": [], "excerpt": "", "featured_media": 0}).json()
    assert (bare["tags"], bare["excerpt"]["raw"], bare["featured_media"]) == ([], "", 0)


def in_an_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")


def test_publishing_in_the_future_schedules_and_scheduling_what_is_due_publishes(wordpress: httpx.Client):
    later = in_an_hour()
    scheduled = post(wordpress, date_gmt=later)
    assert (scheduled["status"], scheduled["date_gmt"]) == ("future", later)
    assert httpx.get(scheduled["link"], timeout=60).status_code == 404
    soon = (datetime.now(UTC) + timedelta(seconds=40)).strftime("%Y-%m-%dT%H:%M:%S")
    for due in ("2020-01-01T00:00:00", soon):
        assert post(wordpress, status="future", date_gmt=due)["status"] == "publish"
    assert post(wordpress, status="future")["status"] == "publish"


def test_a_scheduled_post_that_is_made_a_draft_keeps_its_slug_and_its_date(wordpress: httpx.Client):
    later = in_an_hour()
    made = post(wordpress, status="future", date_gmt=later, slug="not-yet")
    draft = wordpress.post(f"/posts/{made['id']}", json={"status": "draft", "slug": "not-yet-after-all"}).json()
    assert (draft["status"], draft["slug"], draft["date_gmt"]) == ("draft", "not-yet-after-all", later)
    trashed = wordpress.delete(f"/posts/{made['id']}").json()
    assert (trashed["status"], trashed["slug"]) == ("trash", "not-yet-after-all__trashed")


def test_deleting_trashes_once_and_frees_the_slug(wordpress: httpx.Client):
    made = post(wordpress, slug="gone")
    trashed = wordpress.delete(f"/posts/{made['id']}").json()
    assert (trashed["status"], trashed["slug"]) == ("trash", "gone__trashed")
    assert refusal(wordpress.delete(f"/posts/{made['id']}")) == (410, "rest_already_trashed")
    changed = wordpress.post(f"/posts/{made['id']}", json={"title": "In the trash"}).json()
    assert (changed["status"], changed["slug"], changed["title"]["raw"]) == ("trash", "gone__trashed", "In the trash")
    assert post(wordpress, slug="gone")["slug"] == "gone"
    assert wordpress.delete(f"/posts/{made['id']}", params={"force": "true"}).json()["deleted"] is True
    assert wordpress.get(f"/posts/{made['id']}").status_code == 404


def test_a_draft_without_a_slug_is_trashed_under_the_mark_alone(wordpress: httpx.Client):
    made = post(wordpress, status="draft")
    assert wordpress.delete(f"/posts/{made['id']}").json()["slug"].startswith("__trashed")


def test_a_missing_post_is_404_to_read_update_and_delete(wordpress: httpx.Client):
    path = "/posts/99999"
    for answer in (wordpress.get(path), wordpress.post(path, json={}), wordpress.delete(path)):
        assert refusal(answer) == (404, "rest_post_invalid_id")


def test_posts_are_read_in_batches_with_totals(wordpress: httpx.Client):
    made = [post(wordpress, title=f"Post {number}")["id"] for number in range(5)]
    first = wordpress.get("/posts", params={"include": f"{made[0]},{made[3]},99999", "per_page": 100})
    assert set(ids(first)) == {made[0], made[3]}
    assert (first.headers["x-wp-total"], first.headers["x-wp-totalpages"]) == ("2", "1")
    asked: dict[str, Any] = {"include": ",".join(map(str, made)), "per_page": 2}
    page = wordpress.get("/posts", params={**asked, "page": 3})
    assert (len(page.json()), page.headers["x-wp-total"], page.headers["x-wp-totalpages"]) == (1, "5", "3")
    beyond = wordpress.get("/posts", params={**asked, "page": 4})
    assert refusal(beyond) == (400, "rest_post_invalid_page_number")
    assert refusal(wordpress.get("/posts", params={"per_page": 101})) == (400, "rest_invalid_param")
    assert wordpress.get("/posts", params={"_fields": "id,title.rendered"}).json()[0].keys() == {"id", "title"}


def test_a_term_is_made_once_and_found_by_its_slug(wordpress: httpx.Client):
    made = wordpress.post("/categories", json={"name": "R&D News"})
    assert (made.status_code, made.json()["slug"], made.json()["name"]) == (201, "rd-news", "R&amp;D News")
    again = wordpress.post("/categories", json={"name": "r&d news"})
    assert refusal(again) == (400, "term_exists")
    assert again.json()["data"]["term_id"] == made.json()["id"]
    assert ids(wordpress.get("/categories", params={"slug": "rd-news"})) == [made.json()["id"]]
    assert wordpress.get("/tags", params={"slug": "rd-news"}).json() == []
    assert refusal(wordpress.post("/tags", json={})) == (400, "rest_missing_callback_param")
    assert post(wordpress, categories=[made.json()["id"]])["categories"] == [made.json()["id"]]


def test_a_term_is_searched_for_as_its_name_is_kept_which_is_escaped(wordpress: httpx.Client):
    made = wordpress.post("/tags", json={"name": "Q&A corner"}).json()
    assert ids(wordpress.get("/tags", params={"search": "a CORNER"})) == [made["id"]]
    assert ids(wordpress.get("/tags", params={"search": "Q&amp;A corner"})) == [made["id"]]
    assert ids(wordpress.get("/tags", params={"search": "Q&A corner"})) == []


def test_a_terms_name_loses_what_looks_like_a_tag(wordpress: httpx.Client):
    made = wordpress.post("/tags", json={"name": "Views & <Opinions>"})
    assert (made.json()["name"], made.json()["slug"]) == ("Views &amp;", "views")


def test_terms_of_other_names_or_other_slugs_are_other_terms(wordpress: httpx.Client):
    made = [{"name": "C++"}, {"name": "C#"}, {"name": "C++", "slug": "cpp"}]
    assert [wordpress.post("/tags", json=term).json()["slug"] for term in made] == ["c", "c-2", "cpp"]
    for again in ({"name": "c#"}, {"name": "C#", "slug": "c-2"}):
        assert refusal(wordpress.post("/tags", json=again)) == (400, "term_exists")


def test_media_come_as_raw_bytes_and_are_served_again(wordpress: httpx.Client):
    made = upload(wordpress, "My picture (1).png")
    assert (made.status_code, made.json()["mime_type"], made.json()["alt_text"]) == (201, "image/png", "")
    assert (made.json()["slug"], made.json()["title"]["raw"]) == ("my-picture-1", "My-picture-1")
    assert httpx.get(made.json()["source_url"], timeout=60).content == picture()
    assert post(wordpress, featured_media=made.json()["id"])["featured_media"] == made.json()["id"]


def test_a_file_is_found_by_the_slug_that_its_name_makes_and_a_second_gets_another(wordpress: httpx.Client):
    first, second = (upload(wordpress, "d-42-0a1b.png").json() for _ in range(2))
    assert (first["slug"], second["slug"], second["title"]["raw"]) == ("d-42-0a1b", "d-42-0a1b-1", "d-42-0a1b-1")
    found = wordpress.get("/media", params={"slug": "d-42-0a1b,nothing", "_fields": "id,slug,alt_text,source_url"})
    assert found.json() == [{name: first[name] for name in ("id", "slug", "alt_text", "source_url")}]
    other = upload(wordpress, "d-42-0a1b.gif", picture("GIF"), "image/gif").json()
    assert (other["slug"], other["title"]["raw"]) == ("d-42-0a1b-2", "d-42-0a1b")
    assert ids(wordpress.get("/media", params={"slug": "d-42-0a1b", "status": "inherit"})) == [first["id"]]
    for query in ({"status": "any"}, {"media_type": "picture"}):
        assert refusal(wordpress.get("/media", params=query)) == (400, "rest_invalid_param")


def test_a_files_alt_text_is_one_line_without_tags(wordpress: httpx.Client):
    path = f"/media/{upload(wordpress, 'described.png').json()['id']}"
    assert (
        wordpress.post(path, json={"alt_text": 'A <b>red</b> "x"\n& so  on'}).json()["alt_text"] == 'A red "x" & so on'
    )
    assert wordpress.get(path).json()["alt_text"] == 'A red "x" & so on'
    assert refusal(wordpress.post(path, json={"alt_text": 5})) == (400, "rest_invalid_param")
    assert refusal(wordpress.post("/media/99999", json={"alt_text": "x"})) == (404, "rest_post_invalid_id")


def test_a_picture_under_another_pictures_suffix_gets_its_own(wordpress: httpx.Client):
    made = upload(wordpress, "really-a-gif.png", picture("GIF")).json()
    assert (made["mime_type"], made["source_url"].rpartition(".")[2]) == ("image/gif", "gif")


@pytest.mark.parametrize(
    ("content", "headers", "expected"),
    [
        (b"", {"Content-Type": "image/png", "Content-Disposition": "attachment; filename=a.png"}, "no_data"),
        (b"x", {"Content-Disposition": "attachment; filename=a.png"}, "no_content_type"),
        (b"x", {"Content-Type": "image/png"}, "no_content_disposition"),
        (b"x", {"Content-Type": "image/png", "Content-Disposition": "inline"}, "invalid_disposition"),
        (
            picture(),
            {"Content-Type": "image/png", "Content-Disposition": "attachment; filename=a.png", "Content-MD5": "x"},
            "hash_mismatch",
        ),
    ],
)
def test_what_is_no_upload_is_refused(wordpress: httpx.Client, content: bytes, headers: dict[str, str], expected: str):
    refused = wordpress.post("/media", content=content, headers=headers)
    assert refusal(refused) == (412 if expected == "hash_mismatch" else 400, f"rest_upload_{expected}")


@pytest.mark.parametrize("name", ["a.exe", "a.php", "nothing", "text.png", "text.mp4", "text.mp3", "film.mp3"])
def test_a_file_of_a_type_that_is_not_allowed_or_not_what_its_name_says_is_refused_by_a_500(
    wordpress: httpx.Client, name: str
):
    film = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"
    refused = upload(wordpress, name, film if name.startswith("film") else b"hello")
    assert refusal(refused) == (500, "rest_upload_sideload_error")


def test_an_unknown_route_is_told_as_wordpress_does(wordpress: httpx.Client):
    for answer in (wordpress.get("/nothing"), wordpress.delete("/posts")):
        assert refusal(answer) == (404, "rest_no_route")

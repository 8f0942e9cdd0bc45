"""TikTok's stand-in: who may ask and post what, and what is told of posts."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pipeline.sandbox.tiktok.credentials import CREATOR, DRAFTS_ONLY, METERED, UNAUDITED, UNAUDITED_PUBLIC
from pipeline_tests.sandbox.tiktok import HTTP, MB, PROCESSING, PUBLISH, TikTok, code, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TikTok]:
    with serving(tmp_path_factory.mktemp("tiktok")) as tiktok:
        yield tiktok


@pytest.fixture
def tiktok(served: TikTok) -> TikTok:
    served.sandbox.clear()
    return served


def test_every_answer_is_an_envelope_that_says_ok_or_why_not(tiktok: TikTok):
    good = tiktok.ask(f"{PUBLISH}/creator_info/query/").json()["error"]
    assert (good["code"], good["message"]) == ("ok", "")
    assert good["log_id"]
    assert code(tiktok.ask(f"{PUBLISH}/creator_info/query/", credentials={"access_token": "wrong"})) == (
        401,
        "access_token_invalid",
    )
    assert code(tiktok.ask("/v2/nothing/")) == (404, "unsupported_path")


def test_a_token_opens_only_what_its_scopes_are_for(tiktok: TikTok):
    for path in (
        f"{PUBLISH}/creator_info/query/",
        f"{PUBLISH}/video/init/",
        f"{PUBLISH}/content/init/",
        "/v2/video/list/",
    ):
        assert code(tiktok.ask(path, {}, DRAFTS_ONLY)) == (401, "scope_not_authorized")


def test_the_token_belongs_in_a_bearer_header_and_the_body_is_json(tiktok: TikTok):
    url = f"{tiktok.sandbox.url}/tiktok{PUBLISH}/status/fetch/"
    token = CREATOR["access_token"]
    assert code(HTTP.post(url, json={"publish_id": "1"}, headers={"Authorization": f"Basic {token}"}))[0] == 401
    assert code(HTTP.post(url, json={"publish_id": "1"}, params={"access_token": token}))[0] == 401
    bearer = {"Authorization": f"Bearer {token}"}
    assert code(HTTP.post(url, data={"publish_id": "1"}, headers=bearer)) == (400, "invalid_params")
    assert code(HTTP.post(url, content=b"{", headers={**bearer, "Content-Type": "application/json"}))[0] == 400


def test_a_creator_is_offered_what_a_private_or_a_public_account_may_choose(tiktok: TikTok):
    public = tiktok.ask(f"{PUBLISH}/creator_info/query/").json()["data"]
    private = tiktok.ask(f"{PUBLISH}/creator_info/query/", credentials=UNAUDITED).json()["data"]
    assert public["privacy_level_options"] == ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert private["privacy_level_options"] == ["FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]
    assert (public["duet_disabled"], private["duet_disabled"]) == (False, True)


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ({"caption": "unknown"}, {}),
        ({"privacy_level": "EVERYBODY"}, {}),
        ({"title": 5}, {}),
        ({"title": "👩" * 1101}, {}),
        ({"brand_content_toggle": True, "privacy_level": "SELF_ONLY"}, {}),
        ({}, {"source": "PULL_FROM_URL"}),
        ({}, {"video_url": "https://example.com/v.mp4"}),
        ({}, {"video_size": 0}),
        ({}, {"video_size": 4 * 1024**3 + 1, "chunk_size": 64 * MB, "total_chunk_count": 67}),
    ],
)
def test_a_video_of_another_form_is_refused(tiktok: TikTok, said: dict[str, Any], file: dict[str, Any]):
    assert code(tiktok.begin(said=said, file=file)) == (400, "invalid_params")


def test_a_title_counts_its_utf_16_units(tiktok: TikTok):
    assert code(tiktok.begin(said={"title": "👩" * 1100})) == (200, "ok")


def test_an_app_that_was_not_audited_posts_to_private_accounts_and_for_their_owner_alone(tiktok: TikTok):
    refused = (403, "unaudited_client_can_only_post_to_private_accounts")
    own = {"privacy_level": "SELF_ONLY"}
    assert code(tiktok.begin(said=own, credentials=UNAUDITED)) == (200, "ok")
    assert code(tiktok.begin(said={"privacy_level": "MUTUAL_FOLLOW_FRIENDS"}, credentials=UNAUDITED)) == refused
    assert code(tiktok.begin(said=own, credentials=UNAUDITED_PUBLIC)) == refused
    assert code(tiktok.begin(credentials=UNAUDITED)) == (403, "privacy_level_option_mismatch")


def test_a_seventh_beginning_in_a_minute_is_refused(tiktok: TikTok):
    for _ in range(6):
        assert code(tiktok.begin(credentials=METERED)) == (200, "ok")
    seventh = tiktok.begin(credentials=METERED)
    assert code(seventh) == (429, "rate_limit_exceeded")
    assert "retry-after" not in seventh.headers


def test_a_sixteenth_post_in_a_day_is_refused_and_told_beforehand_by_a_200(tiktok: TikTok):
    for _ in range(15):
        tiktok.ledger.remove("tiktok", "turns", "sandbox_metered")
        oldest = tiktok.publish(credentials=METERED)
    tiktok.ledger.remove("tiktok", "turns", "sandbox_metered")
    assert code(tiktok.ask(f"{PUBLISH}/creator_info/query/", credentials=METERED)) == (200, "spam_risk_too_many_posts")
    assert code(tiktok.begin(credentials=METERED)) == (403, "spam_risk_too_many_posts")
    tiktok.move(oldest, "whole", timedelta(days=1))
    assert code(tiktok.begin(credentials=METERED)) == (200, "ok")


def test_pictures_are_fetched_from_verified_addresses_and_get_a_page(tiktok: TikTok):
    begun = tiktok.begin_pictures("https://example.com/a.jpg", "http://127.0.0.1:1/b.webp").json()["data"]
    assert tiktok.standing(begun["publish_id"])["status"] == "PROCESSING_DOWNLOAD"
    (effect,) = tiktok.sandbox.effects("tiktok")
    assert (effect.title, effect.text) == ("Look", "Two of them")
    assert effect.url == f"{tiktok.sandbox.url}/tiktok/@sandbox_press/photo/{effect.external_id}"
    assert tiktok.settled(begun["publish_id"])["publicaly_available_post_id"] == [int(effect.external_id)]
    unverified = tiktok.begin_pictures("https://example.com/a.jpg", "https://elsewhere.test/b.jpg")
    assert code(unverified) == (403, "url_ownership_unverified")
    assert code(tiktok.begin_pictures("http://example.com/a.jpg")) == (403, "url_ownership_unverified")


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ({"title": "x" * 91}, {}),
        ({"description": "x" * 4001}, {}),
        ({"disable_duet": True}, {}),
        ({}, {"photo_cover_index": 1}),
        ({}, {"photo_images": []}),
        ({}, {"photo_images": ["https://example.com/a.jpg"] * 36}),
        ({}, {"source": "FILE_UPLOAD"}),
    ],
)
def test_pictures_of_another_form_are_refused(tiktok: TikTok, said: dict[str, Any], source: dict[str, Any]):
    assert code(tiktok.begin_pictures("https://example.com/a.jpg", said=said, source=source)) == (400, "invalid_params")


def test_only_the_own_public_posts_are_counted(tiktok: TikTok):
    ids = []
    for how in ({}, {"said": {"privacy_level": "SELF_ONLY"}}, {"credentials": METERED}):
        publish_id = tiktok.publish(**how)
        tiktok.move(publish_id, "whole", PROCESSING)
        ids.append(tiktok.sandbox.effects("tiktok")[-1].external_id)
    unfinished = tiktok.publish()
    ids.append(tiktok.sandbox.effects("tiktok")[-1].external_id)
    answer = tiktok.ask("/v2/video/query/", {"filters": {"video_ids": ids}}, fields="id,view_count")
    (video,) = answer.json()["data"]["videos"]
    assert video.keys() == {"id", "view_count"}
    assert video["id"] == ids[0]
    assert tiktok.standing(unfinished)["publicaly_available_post_id"] == []


def test_a_question_of_another_form_is_refused(tiktok: TikTok):
    filters = {"filters": {"video_ids": ["1"]}}
    assert code(tiktok.ask("/v2/video/query/", filters)) == (400, "invalid_params")
    assert code(tiktok.ask("/v2/video/query/", filters, fields="id,save_count")) == (400, "invalid_params")
    many = {"filters": {"video_ids": list(map(str, range(21)))}}
    assert code(tiktok.ask("/v2/video/query/", many, fields="id")) == (400, "invalid_params")
    assert code(tiktok.ask("/v2/video/list/", {"max_count": 21}, fields="id")) == (400, "invalid_params")
    assert code(tiktok.ask(f"{PUBLISH}/status/fetch/", {"publish_id": "none"})) == (400, "invalid_publish_id")
    others = tiktok.begin(credentials=METERED).json()["data"]["publish_id"]
    code_of_others = "token_not_authorized_for_specified_publish_id"
    assert code(tiktok.ask(f"{PUBLISH}/status/fetch/", {"publish_id": others})) == (400, code_of_others)


def test_posts_are_listed_page_by_page_the_newest_first(tiktok: TikTok):
    for age in (3, 2, 1):
        tiktok.move(tiktok.publish(), "whole", PROCESSING * age)
    ids = [effect.external_id for effect in tiktok.sandbox.effects("tiktok")]
    first = tiktok.ask("/v2/video/list/", {"max_count": 2}, fields="id").json()["data"]
    assert ([video["id"] for video in first["videos"]], first["has_more"]) == ([ids[2], ids[1]], True)
    second = tiktok.ask("/v2/video/list/", {"cursor": first["cursor"]}, fields="id").json()["data"]
    assert ([video["id"] for video in second["videos"]], second["has_more"]) == ([ids[0]], False)


def test_figures_grow_with_a_posts_age(tiktok: TikTok):
    publish_id = tiktok.publish()
    id_ = tiktok.sandbox.effects("tiktok")[0].external_id

    def views(age: timedelta) -> int:
        tiktok.move(publish_id, "whole", age)
        answer = tiktok.ask("/v2/video/query/", {"filters": {"video_ids": [id_]}}, fields="view_count")
        return int(answer.json()["data"]["videos"][0]["view_count"])

    assert 0 < views(PROCESSING) < views(timedelta(days=1))


def test_a_page_shows_a_post_and_runs_nothing_of_it(tiktok: TikTok):
    attack = "<script>alert(1)</script>"
    tiktok.publish(said={"title": attack})
    tiktok.begin_pictures('https://example.com/"onerror="alert(1).jpg', said={"title": attack})
    for effect in tiktok.sandbox.effects("tiktok"):
        page = HTTP.get(effect.url or "").text
        assert "&lt;script&gt;" in page
        assert "<script" not in page
        assert '"onerror' not in page
    assert HTTP.get(f"{tiktok.sandbox.url}/tiktok/@sandbox_press/video/1").status_code == 404

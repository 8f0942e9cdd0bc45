"""The stand-in for LinkedIn refuses what LinkedIn refuses, and takes without a word what LinkedIn takes so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.linkedin.credentials import MEMBER, ORGANIZATION, ORGANIZATION_URN, PERSON_URN, READ_ONLY
from pipeline.sandbox.server import running
from pipeline_tests.sandbox.linkedin_calls import client, headers, made, post, quoted, refusal


@pytest.fixture
def linkedin(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """The API, as the organisation's administrator."""
    with client(sandbox) as opened:
        yield opened


def test_a_post_is_named_in_a_header_and_given_back_with_its_times_in_milliseconds(linkedin: httpx.Client):
    urn = made(linkedin, commentary="Hello #AI")
    found = linkedin.get(f"/rest/posts/{quoted(urn)}").json()
    assert (found["id"], found["author"], found["lifecycleState"]) == (urn, ORGANIZATION_URN, "PUBLISHED")
    assert found["commentary"] == r"Hello {hashtag|\#|AI}"
    assert int(urn.rpartition(":")[2]) >> 22 == found["createdAt"]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"Authorization": ""}, 401, "INVALID_ACCESS_TOKEN"),
        ({"Authorization": "Bearer another"}, 401, "INVALID_ACCESS_TOKEN"),
        ({"LinkedIn-Version": ""}, 400, "VERSION_MISSING"),
        ({"LinkedIn-Version": "202510"}, 426, "NONEXISTENT_VERSION"),
        ({"LinkedIn-Version": "299901"}, 426, "NONEXISTENT_VERSION"),
        ({"LinkedIn-Version": "202600"}, 426, "NONEXISTENT_VERSION"),
        ({"X-Restli-Protocol-Version": ""}, 400, "INVALID_PROTOCOL_VERSION"),
        ({"X-Restli-Protocol-Version": "1.0.0"}, 400, "INVALID_PROTOCOL_VERSION"),
    ],
)
def test_a_call_without_its_headers_is_refused(sandbox: Sandbox, changed: dict[str, str], status: int, code: str):
    answer = httpx.post(f"{sandbox.url}/linkedin/api/rest/posts", json=post(), headers=headers(**changed))
    assert refusal(answer) == (status, code)
    assert sandbox.effects() == []


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (post(title="x"), 403, "Unpermitted fields present in REQUEST_BODY"),
        (post(content={"media": {"id": "urn:li:image:1", "alt": "x"}}), 403, "[/content/media/alt]"),
        (post(distribution=None), 422, "/distribution :: field is required"),
        (post(visibility="EVERYBODY"), 400, "/visibility"),
        (post(commentary="a" * 3001), 400, "maximum length of 3000"),
        (post(commentary="\\#" * 1501), 400, "maximum length of 3000"),
        (post(author="urn:li:organization:2"), 403, "[/author]"),
        (post(author=PERSON_URN), 403, "Not enough permissions to access: posts.CREATE.20260701"),
        (post(content={"media": {"id": "urn:li:image:1"}}), 400, "not an asset"),
        (post(content={"multiImage": {"images": [{"id": "urn:li:image:1"}]}}), 400, "at least 2"),
        (
            post(content={"media": {"id": "urn:li:image:1"}, "article": {"source": "https://e.org", "title": "x"}}),
            422,
            "more than one member",
        ),
        (post(content={"article": {"source": "https://e.org"}}), 422, "/content/article/title"),
    ],
)
def test_a_post_outside_the_schema_or_the_limits_is_refused(
    linkedin: httpx.Client, sandbox: Sandbox, body: dict[str, Any], status: int, said: str
):
    answer = linkedin.post("/rest/posts", json=body)
    assert answer.status_code == status
    assert said in answer.json()["message"]
    assert sandbox.effects() == []


def test_a_token_that_may_only_read_may_not_write(sandbox: Sandbox):
    with client(sandbox, READ_ONLY) as reader:
        assert refusal(reader.post("/rest/posts", json=post())) == (403, "ACCESS_DENIED")
        assert reader.get("/rest/organizations/1000001").json()["localizedName"]
    assert sandbox.effects() == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (r"all \(of\) it \\ \_", r"all (of) it \ _"),
        ("cut (here", "cut "),
        ("cut_here", "cut"),
        ("C# is", "C"),
        ("#AI {hashtag|\\#|ML} #1", "#AI #ML #1"),
        (r"with @[Acme \(EU\)](urn:li:organization:1) and @me", "with Acme (EU) and "),
    ],
)
def test_an_unescaped_character_ends_the_post_and_is_answered_with_a_201(
    linkedin: httpx.Client, sandbox: Sandbox, sent: str, shown: str
):
    made(linkedin, commentary=sent)
    (effect,) = sandbox.effects()
    assert effect.text == shown


def test_the_same_text_again_is_refused_with_the_urn_of_the_post_that_has_it(linkedin: httpx.Client):
    urn = made(linkedin)
    answer = linkedin.post("/rest/posts", json=post())
    assert answer.status_code == 422
    assert answer.json()["message"].endswith(f"Content is a duplicate of {urn}")
    assert answer.json()["errorDetails"]["inputErrors"][0]["code"] == "DUPLICATE_POST"


def test_the_text_of_a_deleted_post_is_a_duplicate_of_a_ghost(linkedin: httpx.Client):
    urn = made(linkedin)
    assert [linkedin.delete(f"/rest/posts/{quoted(urn)}").status_code for _ in range(2)] == [204, 204]
    answer = linkedin.post("/rest/posts", json=post())
    ghost = answer.json()["message"].rpartition(" ")[2]
    assert answer.status_code == 422
    assert ghost != urn
    assert linkedin.get(f"/rest/posts/{quoted(ghost)}").status_code == 404


def test_only_the_text_can_be_changed_and_only_in_the_one_way(linkedin: httpx.Client, sandbox: Sandbox):
    address = f"/rest/posts/{quoted(made(linkedin))}"
    patch = {"patch": {"$set": {"commentary": "Changed"}}}
    method = {"X-RestLi-Method": "PARTIAL_UPDATE"}
    assert linkedin.post(address, json=patch).status_code == 400
    visibility = {"patch": {"$set": {"commentary": "x", "visibility": "PUBLIC"}}}
    assert "[/patch/$set/visibility]" in linkedin.post(address, json=visibility, headers=method).json()["message"]
    assert linkedin.post(address, json=patch, headers=method).status_code == 204
    assert [(each.kind, each.text) for each in sandbox.effects()] == [
        ("post_created", "Hello"),
        ("post_updated", "Changed"),
    ]
    missing = quoted("urn:li:share:1")
    assert linkedin.post(f"/rest/posts/{missing}", json=patch, headers=method).status_code == 404


def test_a_urn_in_an_address_is_percent_encoded(linkedin: httpx.Client):
    urn = made(linkedin)
    batch = {"X-RestLi-Method": "BATCH_GET"}
    assert refusal(linkedin.get(f"/rest/posts/{urn}")) == (400, "ILLEGAL_ARGUMENT")
    assert refusal(linkedin.get(f"/rest/posts?ids=List({urn})", headers=batch)) == (400, "ILLEGAL_ARGUMENT")


def test_an_organisations_posts_are_found_newest_first_in_pages_and_read_several_at_once(linkedin: httpx.Client):
    urns = [made(linkedin, commentary=f"Post {number}") for number in range(5)]
    finder, batch = {"X-RestLi-Method": "FINDER"}, {"X-RestLi-Method": "BATCH_GET"}
    search = f"/rest/posts?q=author&author={quoted(ORGANIZATION_URN)}&sortBy=CREATED"

    def found(more: str) -> list[str]:
        return [each["id"] for each in linkedin.get(search + more, headers=finder).json()["elements"]]

    assert found("") == urns[::-1]
    assert found("&count=2") + found("&count=2&start=2") == urns[:0:-1]
    assert linkedin.get(search).status_code == 400
    assert linkedin.get(f"{search}&count=101", headers=finder).status_code == 400
    assert linkedin.get(f"{search}&fields=id", headers=finder).status_code == 400
    both = f"/rest/posts?ids=List({quoted(urns[0])},{quoted('urn:li:share:1')})"
    answer = linkedin.get(both, headers=batch).json()
    assert list(answer["results"]) == [urns[0]]
    assert answer["errors"]["urn:li:share:1"]["status"] == 404


def test_a_members_posts_are_shown_to_nobody_and_their_figures_one_by_one(sandbox: Sandbox):
    with client(sandbox, MEMBER) as member:
        urn = made(member, author=PERSON_URN)
        assert refusal(member.get(f"/rest/posts/{quoted(urn)}")) == (403, "ACCESS_DENIED")
        search = f"/rest/posts?q=author&author={quoted(PERSON_URN)}"
        assert refusal(member.get(search, headers={"X-RestLi-Method": "FINDER"})) == (403, "ACCESS_DENIED")
        figures = f"/rest/memberCreatorPostAnalytics?q=entity&entity=(share:{quoted(urn)})&aggregation=TOTAL&queryType="
        (element,) = member.get(f"{figures}LINK_CLICKS").json()["elements"]
        assert element == {"count": 0, "metricType": "LINK_CLICKS", "targetEntity": {"share": urn}}
        older = {"LinkedIn-Version": "202603"}
        assert member.get(f"{figures}LINK_CLICKS", headers=older).status_code == 400
        assert member.get(f"{figures}IMPRESSION", headers=older).status_code == 200


def test_statistics_go_by_kind_and_leave_out_what_nobody_saw(tmp_path: Path):
    address = f"/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity={quoted(ORGANIZATION_URN)}"
    with running(tmp_path / "sandbox.sqlite") as sandbox, client(sandbox) as linkedin:
        urn = made(linkedin)
        wanted = f"{address}&shares=List({quoted(urn)})"
        assert linkedin.get(wanted).json()["elements"] == []
        assert refusal(linkedin.get(wanted.replace("shares", "ugcPosts"))) == (400, "INVALID_URN_TYPE")
    with running(tmp_path / "sandbox.sqlite", speed=1e9) as sandbox, client(sandbox) as linkedin:
        (element,) = linkedin.get(wanted).json()["elements"]
        assert element["share"] == urn
        assert element["totalShareStatistics"]["impressionCount"] >= 300


def test_the_151st_post_of_a_day_is_refused_and_reading_goes_on(linkedin: httpx.Client, sandbox: Sandbox):
    for number in range(150):
        made(linkedin, commentary=f"Post {number}")
    answer = linkedin.post("/rest/posts", json=post())
    assert refusal(answer) == (429, "TOO_MANY_REQUESTS")
    assert "DAY limit" in answer.json()["message"]
    assert "retry-after" not in answer.headers
    assert len(sandbox.effects()) == 150
    assert linkedin.get("/rest/organizations/1000001").status_code == 200


def test_a_token_is_told_of_to_its_app_alone(sandbox: Sandbox):
    address = f"{sandbox.url}/linkedin/api/oauth/v2/introspectToken"
    app = {name: ORGANIZATION[name] for name in ("client_id", "client_secret")}
    told = httpx.post(address, data={**app, "token": MEMBER["access_token"]}).json()
    assert (told["active"], told["scope"]) == (True, "openid,profile,r_member_postAnalytics,w_member_social")
    assert httpx.post(address, data={**app, "token": "another"}).json() == {"active": False}
    assert httpx.post(address, data={**app, "client_secret": "wrong", "token": "x"}).status_code == 401
    assert httpx.post(address, json=app).status_code == 400


def test_the_member_is_told_by_openid_connect(sandbox: Sandbox):
    address = f"{sandbox.url}/linkedin/api/v2/userinfo"
    token = {"Authorization": f"Bearer {MEMBER['access_token']}"}
    assert httpx.get(address, headers=token).json()["sub"] == PERSON_URN.rpartition(":")[2]
    assert httpx.get(address).status_code == 401
    assert httpx.get(address, headers=headers()).status_code == 403

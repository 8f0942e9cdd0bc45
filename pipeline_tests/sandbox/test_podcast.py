"""The stand-in for podcasts: an object store as strict as S3, and apps as strict as PSP-1."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.podcast.credentials import ACCESS, BUCKET, REGION

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
<atom:link href="https://show.example/feed.xml" rel="self" type="application/rss+xml"/>
<title>Show</title><description>About</description><link>https://show.example</link><language>en</language>
<itunes:category text="News"/><itunes:explicit>false</itunes:explicit><itunes:image href="https://show.example/c.jpg"/>
{items}</channel>
</rss>"""
ITEM = """<item><title>{title}</title><description>Notes &lt;b&gt;</description><guid isPermaLink="false">{guid}</guid>
<enclosure url="{sandbox}/podcast/files/a.mp3" length="5" type="audio/mpeg"/>
<pubDate>Sat, 21 Nov 2026 12:00:00 +0000</pubDate></item>"""


class Store:
    """S3's REST API, signed by hand: the adapter's own signing is tested elsewhere."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.key = dict(ACCESS)
        self.region = REGION
        self.bucket = BUCKET
        self.now = datetime.now(UTC)
        self.client = httpx.Client(verify=False)  # loading certificates takes longer than all the rest

    def call(
        self,
        method: str,
        name: str,
        body: bytes = b"",
        *,
        query: str = "",
        digest: str | None = None,
        unsigned: dict[str, str] | None = None,
        **headers: str,
    ) -> httpx.Response:
        path = quote(f"/podcast/s3/{self.bucket}/{name}".rstrip("/"))
        sent = {each.replace("_", "-"): value for each, value in headers.items()}
        sent["host"] = self.sandbox.url.removeprefix("http://")
        sent["x-amz-date"] = f"{self.now:%Y%m%dT%H%M%SZ}"
        sent["x-amz-content-sha256"] = digest or hashlib.sha256(body).hexdigest()
        sent["authorization"] = self.authorization(method, path, query, sent)
        address = f"{self.sandbox.url}{path}{'?' if query else ''}{query}"
        return self.client.request(method, address, headers={**sent, **(unsigned or {})}, content=body)

    def authorization(self, method: str, path: str, query: str, sent: dict[str, str]) -> str:
        names = ";".join(sorted(sent))
        lines = "".join(f"{name}:{sent[name]}\n" for name in sorted(sent))
        request = "\n".join((method, path, query, lines, names, sent["x-amz-content-sha256"]))
        scope = f"{self.now:%Y%m%d}/{self.region}/s3/aws4_request"
        words = "\n".join(("AWS4-HMAC-SHA256", sent["x-amz-date"], scope, hashlib.sha256(request.encode()).hexdigest()))
        key = f"AWS4{self.key['secret_access_key']}".encode()
        for part in (*scope.split("/"), words):
            key = hmac.digest(key, part.encode(), "sha256")
        return f"AWS4-HMAC-SHA256 Credential={self.key['access_key_id']}/{scope}, SignedHeaders={names}, Signature={key.hex()}"

    def write_feed(self, *items: str) -> httpx.Response:
        content = FEED.replace("{items}", "".join(items)).replace("{sandbox}", self.sandbox.url)
        return self.call("PUT", "feed.xml", content.encode())

    def seen(self) -> list[tuple[str, str | None]]:
        return [(effect.kind, effect.title) for effect in self.sandbox.effects("podcast")]


def item(title: str = "One", guid: str = "g1") -> str:
    return ITEM.replace("{title}", title).replace("{guid}", guid)


@pytest.fixture
def store(sandbox: Sandbox) -> Store:
    return Store(sandbox)


@pytest.fixture
def stocked(store: Store) -> Store:
    """With the file that `item` names."""
    assert store.call("PUT", "a.mp3", b"sound", content_type="audio/mpeg").status_code == 200
    return store


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.text.partition("<Code>")[2].partition("</Code>")[0]


def test_an_object_is_stored_read_listed_and_removed(store: Store):
    put = store.call("PUT", "episodes/é 1.mp3", b"sound", content_type="audio/mpeg")
    assert put.headers["etag"] == f'"{hashlib.md5(b"sound").hexdigest()}"'
    read = store.call("GET", "episodes/é 1.mp3")
    assert (read.content, read.headers["etag"], read.headers["content-type"]) == (
        b"sound",
        put.headers["etag"],
        "audio/mpeg",
    )
    listed = store.call("GET", "", query="list-type=2&prefix=episodes%2F").text
    assert "<Key>episodes/é 1.mp3</Key>" in listed
    assert "<Size>5</Size>" in listed
    assert "<Contents>" not in store.call("GET", "", query="list-type=2&prefix=other").text
    assert store.call("DELETE", "episodes/é 1.mp3").status_code == 204
    assert store.call("DELETE", "episodes/é 1.mp3").status_code == 204
    assert refused(store.call("GET", "episodes/é 1.mp3")) == (404, "NoSuchKey")
    assert store.seen() == [("file_stored", "episodes/é 1.mp3"), ("file_removed", "episodes/é 1.mp3")]


def test_a_write_depends_on_what_is_there(store: Store):
    assert refused(store.call("PUT", "a", b"1", if_match='"none"')) == (404, "NoSuchKey")
    first = store.call("PUT", "a", b"1", if_none_match="*").headers["etag"]
    assert refused(store.call("PUT", "a", b"2", if_none_match="*")) == (412, "PreconditionFailed")
    assert store.call("PUT", "a", b"2", if_match=first).status_code == 200
    assert refused(store.call("PUT", "a", b"3", if_match=first)) == (412, "PreconditionFailed")
    assert refused(store.call("PUT", "a", b"3", if_none_match='"x"')) == (501, "NotImplemented")
    assert store.call("GET", "a").content == b"2"


@pytest.mark.parametrize("name", ["access_key_id", "secret_access_key"])
def test_another_key_is_refused(store: Store, name: str):
    store.key[name] = "another"
    code = "InvalidAccessKeyId" if name == "access_key_id" else "SignatureDoesNotMatch"
    assert refused(store.call("PUT", "a", b"1")) == (403, code)
    assert store.seen() == []


def test_a_call_without_a_signature_or_with_a_broken_one_is_refused(store: Store):
    assert refused(store.client.get(f"{store.sandbox.url}/podcast/s3/{BUCKET}/a")) == (403, "AccessDenied")
    assert refused(store.call("GET", "a", unsigned={"authorization": "Bearer x"})) == (
        400,
        "AuthorizationHeaderMalformed",
    )


def test_a_signature_holds_for_its_own_call_only(store: Store):
    signed = store.call("GET", "a").request.headers["authorization"]
    for method, name, query in (("DELETE", "a", ""), ("GET", "b", ""), ("GET", "", "list-type=2")):
        again = store.call(method, name, query=query, unsigned={"authorization": signed})
        assert refused(again) == (403, "SignatureDoesNotMatch")


def test_the_region_the_time_and_the_body_are_those_that_were_signed(store: Store):
    store.region = "us-east-1"
    assert refused(store.call("GET", "a")) == (400, "AuthorizationHeaderMalformed")
    store.region = REGION
    assert refused(store.call("PUT", "a", b"1", digest="0" * 64)) == (400, "XAmzContentSHA256Mismatch")
    assert store.call("PUT", "a", b"1", digest="UNSIGNED-PAYLOAD").status_code == 200
    assert refused(store.call("PUT", "a", b"1", unsigned={"x-amz-acl": "public-read"})) == (403, "AccessDenied")
    store.now -= timedelta(minutes=16)
    assert refused(store.call("GET", "a")) == (403, "RequestTimeTooSkewed")


def test_what_the_store_has_not_is_refused(store: Store):
    assert refused(store.call("GET", "a", query="acl=")) == (501, "NotImplemented")
    assert refused(store.call("GET", "", query="uploads=")) == (501, "NotImplemented")
    assert refused(store.call("GET", "", query="list-type=2&max-keys=x")) == (400, "InvalidArgument")
    assert refused(store.call("PUT", "k" * 1025, b"1")) == (400, "KeyTooLongError")
    store.bucket = "another"
    assert refused(store.call("PUT", "a", b"1")) == (404, "NoSuchBucket")


def test_apps_see_each_episode_once_then_its_changes_and_that_it_is_gone(stocked: Store):
    stocked.write_feed(item())
    stocked.write_feed(item("Two", "g2"), item())
    stocked.write_feed(item("Two", "g2"), item("One, corrected"))
    stocked.write_feed(item("Two", "g2"))
    stocked.call("DELETE", "feed.xml")
    assert stocked.seen()[1:] == [
        ("episode_published", "One"),
        ("episode_published", "Two"),
        ("episode_updated", "One, corrected"),
        ("episode_removed", "One, corrected"),
        ("file_removed", "feed.xml"),
        ("episode_removed", "Two"),
    ]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('version="2.0"', 'version="1.0"'),
        ("xmlns:atom", "xmlns:other"),
        ("podcastindex.org/namespace/1.0", "podcastindex.org/namespace/2.0"),
        ('rel="self"', 'rel="next"'),
        ("<title>Show</title>", ""),
        ("<description>About</description>", ""),
        ("About", "ü" * 2001),
        ("<link>https://show.example</link>", ""),
        ("<language>en</language>", ""),
        ('<itunes:category text="News"/>', ""),
        ("<itunes:explicit>false", "<itunes:explicit>clean"),
        ('<itunes:image href="https://show.example/c.jpg"/>', ""),
        ("<title>One</title>", ""),
        ("<title>One", f"<title>{'t' * 256}"),
        ("Notes", "ü" * 2001),
        ('<guid isPermaLink="false">g1</guid>', ""),
        ('length="5"', 'length="6"'),
        ('type="audio/mpeg"', 'type="audio/ogg"'),
        ("files/a.mp3", "files/b.mp3"),
        ("Sat, 21 Nov 2026 12:00:00 +0000", "2026-11-21T12:00:00Z"),
        ("<pubDate>", '<itunes:image href="{sandbox}/podcast/files/none.jpg"/><pubDate>'),
        ("</channel>", f"{item()}</channel>"),
        ("</rss>", ""),
    ],
)
def test_apps_drop_a_feed_that_the_standard_does_not_allow(stocked: Store, was: str, becomes: str):
    whole = FEED.replace("{items}", item())
    assert was in whole
    broken = whole.replace(was, becomes, 1).replace("{sandbox}", stocked.sandbox.url)
    assert stocked.call("PUT", "feed.xml", broken.encode()).status_code == 200
    assert [kind for kind, _ in stocked.seen()] == ["file_stored", "feed_refused"]


def test_the_pages_show_what_was_published_and_run_none_of_it(stocked: Store):
    stocked.write_feed(
        item("&lt;script&gt;x&lt;/script&gt;", "g1").replace("Notes", "&lt;script&gt;y&lt;/script&gt;Notes")
    )
    url = stocked.sandbox.url
    for address in (f"{url}/podcast/episodes/g1", f"{url}/podcast/"):
        page = stocked.client.get(address)
        assert page.status_code == 200
        assert "&lt;script&gt;x" in page.text
        assert "<script" not in page.text
    sound = stocked.client.get(f"{url}/podcast/files/a.mp3")
    assert (sound.content, sound.headers["content-type"], sound.headers["x-content-type-options"]) == (
        b"sound",
        "audio/mpeg",
        "nosniff",
    )
    assert stocked.client.get(f"{url}/podcast/files/none").status_code == 404
    assert stocked.client.get(f"{url}/podcast/episodes/none").status_code == 404


def test_of_a_large_object_only_the_size_and_the_digest_are_kept(store: Store):
    body = b"\0" * (4 * 1024 * 1024 + 1)
    etag = store.call("PUT", "large.mp3", body).headers["etag"]
    assert etag == f'"{hashlib.md5(body).hexdigest()}"'
    assert f"<Size>{len(body)}</Size>" in store.call("GET", "", query="list-type=2").text
    assert store.client.get(f"{store.sandbox.url}/podcast/files/large.mp3").status_code == 404


def test_one_request_too_many_is_answered_as_s3_does(store: Store):
    store.sandbox.fault("podcast", "rate_limit")
    assert refused(store.call("GET", "a")) == (503, "SlowDown")
    store.sandbox.fault("podcast", "unavailable")
    assert refused(store.call("GET", "a")) == (503, "ServiceUnavailable")

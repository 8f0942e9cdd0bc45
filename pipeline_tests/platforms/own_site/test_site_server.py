"""The site as a reader's browser finds it, over real HTTP."""

import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest


@pytest.fixture
def browser(served):
    with httpx.Client(base_url=served.base_url, trust_env=False) as client:
        yield client


def test_a_published_article_is_at_its_address_and_linked_from_the_front_page(served, browser):
    outcome = served.publish("cast-iron")
    answer = browser.get(outcome.external_url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "A heavy pan" in answer.text
    assert 'href="/cast-iron/"' in browser.get("/").text
    assert browser.get("/assets/style.css").headers["content-type"].startswith("text/css")


def test_an_address_without_its_slash_leads_to_the_one_with(served, browser):
    served.publish("cast-iron")
    answer = browser.get("/cast-iron")
    assert answer.is_redirect
    assert httpx.URL(answer.headers["location"]).path == "/cast-iron/"


@pytest.mark.parametrize("path", ["/cast-iron/", "/cast-iron", "/cast-iron/index.html", "/cast-iron/410.html"])
def test_a_taken_down_page_answers_410_with_a_page_for_people(served, browser, path):
    served.publish("cast-iron")
    served.adapter.delete("cast-iron")
    answer = browser.get(path)
    assert answer.status_code == 410
    assert "was taken down" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/",
        "/.pressroom/records/cast-iron.json",
        "/%2epressroom/lock",
        "/x/..%2f.pressroom/lock",
        "/a%00b",
        "/" + "a" * 300,
    ],
)
def test_what_is_not_there_or_not_for_readers_is_404(served, browser, path):
    served.publish("cast-iron")
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "There is no page here" in answer.text


def test_no_script_may_run_on_a_page(served, browser):
    served.publish("cast-iron")
    for path in ("/", "/cast-iron/", "/nothing/"):
        headers = browser.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"


def test_an_update_shows_at_once_and_an_unchanged_page_is_not_sent_again(served, browser):
    served.publish("cast-iron")
    first = browser.get("/cast-iron/")
    again = browser.get("/cast-iron/", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    served.adapter.update("cast-iron", served.content("cast-iron", body="<p>A wholly different text, corrected.</p>"))
    after = browser.get("/cast-iron/", headers={"if-none-match": first.headers["etag"]})
    assert "corrected" in after.text


def test_the_command_serves_a_folder_until_it_is_interrupted(site):
    site.publish("cast-iron")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "site", "serve"]
    process = subprocess.Popen([*command, "--folder", str(site.folder), "--port", str(port)])
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/cast-iron/", trust_env=False)
                break
            except httpx.ConnectError:
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.1)
        assert answer.status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in {0, 130, -signal.SIGINT}
    finally:
        process.kill()
        process.wait()

"""Codes and tokens, over real HTTP with a token endpoint that says what a test wants."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from pipeline.platforms.oauth import Lengthening, OAuth, authorize_link, expiry, is_renewable
from pipeline.platforms.tokens import TokenError, exchange, renew
from pipeline_tests.platforms.conftest import answering, reply

PLAIN = OAuth("https://example.com/authorize", "https://example.com/token", ("read", "write"), timedelta(minutes=10))
CLIENT = {"client_id": "the-client", "client_secret": "the-client-secret"}
HELD = {
    **CLIENT,
    "access_token": "old-access",
    "refresh_token": "old-refresh",
    "expires_at": "2026-01-01T00:00:00+00:00",
}
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def answers(document: object, status: int = 200, asked: list | None = None):
    def answer(request) -> None:
        if asked is not None:
            asked.append((request.path, dict(parse_qsl(request.said.decode())), request.headers))
        reply(request, status, json.dumps(document).encode(), Content_Type="application/json")

    return answering(answer)


def test_the_link_asks_for_the_scopes_and_proves_who_asked():
    link = authorize_link(PLAIN, "the-client", "http://127.0.0.1:8765/callback", state="s", verifier=VERIFIER)
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    # The verifier and its challenge are those of RFC 7636, appendix B.
    assert query == {
        "response_type": "code",
        "client_id": "the-client",
        "redirect_uri": "http://127.0.0.1:8765/callback",
        "scope": "read write",
        "state": "s",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    tiktok = replace(PLAIN, client_id_name="client_key", scope_separator=",", pkce=False, asks={"prompt": "consent"})
    link = authorize_link(tiktok, "k", "http://127.0.0.1/", state="s", verifier=VERIFIER)
    assert "client_key=k&" in link
    assert "scope=read%2Cwrite" in link
    assert "prompt=consent" in link
    assert "code_challenge" not in link


def test_a_code_brings_tokens_and_when_they_end():
    asked: list = []
    told = {
        "access_token": "a",
        "refresh_token": "r",
        "expires_in": 3600,
        "scope": "read write",
        "token_type": "bearer",
    }
    before = datetime.now(UTC)
    with answers(told, asked=asked) as url:
        held = exchange(replace(PLAIN, token_url=url), CLIENT, "the-code", "http://127.0.0.1/callback", VERIFIER)
    ((_, form, _),) = asked
    assert form == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": "http://127.0.0.1/callback",
        "code_verifier": VERIFIER,
        **CLIENT,
    }
    end = expiry(held)
    assert end is not None
    assert timedelta(minutes=59) < end - before < timedelta(minutes=61)
    assert {name: held[name] for name in ("access_token", "refresh_token", "client_id", "scope")} == {
        "access_token": "a",
        "refresh_token": "r",
        "client_id": "the-client",
        "scope": "read write",
    }


def test_a_client_may_prove_itself_in_a_header_instead_of_the_form():
    asked: list = []
    with answers({"access_token": "a"}, asked=asked) as url:
        renew(replace(PLAIN, token_url=url, basic=True), HELD)
    ((_, form, headers),) = asked
    assert "client_secret" not in form
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"the-client:the-client-secret"


def test_a_refresh_token_that_is_not_given_anew_stays():
    with answers({"access_token": "new", "expires_in": 60}) as url:
        renewed = renew(replace(PLAIN, token_url=url), HELD)
    assert (renewed["access_token"], renewed["refresh_token"]) == ("new", "old-refresh")
    with answers({"access_token": "new", "expires_in": 60, "refresh_token": "newer"}) as url:
        assert renew(replace(PLAIN, token_url=url), HELD)["refresh_token"] == "newer"


def test_a_short_token_is_lengthened_and_a_long_one_renewed_by_itself():
    asked: list = []
    with answers({"access_token": "long", "expires_in": 5_000_000}, asked=asked) as url:
        longer = Lengthening(f"{url}/longer", "x_exchange_token", f"{url}/newer", "x_refresh_token")
        oauth = replace(PLAIN, token_url=url, lengthening=longer)
        held = exchange(oauth, CLIENT, "c", "http://127.0.0.1/", VERIFIER)
        assert is_renewable(oauth, held)
        renew(oauth, held)
    queries = [dict(parse_qsl(urlsplit(path).query)) for path, _, _ in asked[1:]]
    assert [urlsplit(path).path for path, _, _ in asked] == ["/", "/longer", "/newer"]
    assert queries == [
        {"grant_type": "x_exchange_token", "client_secret": "the-client-secret", "access_token": "long"},
        {"grant_type": "x_refresh_token", "access_token": "long"},
    ]


@pytest.mark.parametrize(
    ("status", "document", "ended"),
    [
        (400, {"error": "invalid_grant", "error_description": "Token has been revoked."}, True),
        (401, {"error": "invalid_client"}, True),
        (
            200,
            {"error": "invalid_grant", "error_description": "Refresh token is invalid or expired.", "log_id": "1"},
            True,
        ),
        (400, {"error": "temporarily_unavailable"}, False),
        (429, {"error": "slow_down"}, False),
        (503, {}, False),
        (200, {}, False),
        (200, [], False),
        (200, {"access_token": ""}, False),
        (200, {"access_token": 7}, False),
    ],
)
def test_only_the_platforms_word_ends_a_connection(status, document, ended):
    with answers(document, status) as url, pytest.raises(TokenError) as failure:
        renew(replace(PLAIN, token_url=url), HELD)
    assert failure.value.ended is ended


def test_nobody_answering_ends_no_connection():
    with pytest.raises(TokenError) as failure:
        renew(replace(PLAIN, token_url="http://127.0.0.1:1/token"), HELD, timeout_seconds=2)
    assert not failure.value.ended


def test_no_secret_comes_back_in_an_error():
    def echo(request) -> None:
        reply(request, 400, json.dumps({"error": "bad", "error_description": request.said.decode()}).encode())

    with answering(echo) as url, pytest.raises(TokenError) as failure:
        renew(replace(PLAIN, token_url=url), HELD)
    assert [secret for secret in ("old-refresh", "the-client-secret") if secret in str(failure.value)] == []

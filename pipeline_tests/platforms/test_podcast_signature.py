"""Signature Version 4, against the examples that AWS publishes for S3.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
from datetime import UTC, datetime

import pytest

from pipeline.platforms.podcast.sigv4 import EMPTY, Signer, query_string

SIGNER = Signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
HOST = "https://examplebucket.s3.amazonaws.com"
NOW = datetime(2013, 5, 24, tzinfo=UTC)
WELCOME = hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()
DATED = {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "sha256", "signature"),
    [
        (
            "GET",
            "/test.txt",
            {"Range": "bytes=0-9"},
            EMPTY,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test%24file.text",
            DATED,
            WELCOME,
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        ("GET", "/?lifecycle=", {}, EMPTY, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "GET",
            f"/?{query_string({'prefix': 'J', 'max-keys': '2'})}",
            {},
            EMPTY,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_a_request_is_signed_as_in_the_vendors_example(method, path, headers, sha256, signature):
    signed = SIGNER.signed(method, f"{HOST}{path}", headers, sha256, NOW)
    assert signed["authorization"].endswith(f",Signature={signature}")
    assert signed["authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
    )


def test_a_temporary_keys_token_is_sent_and_signed():
    signer = Signer("key", "secret", "auto", "token")
    signed = signer.signed("GET", f"{HOST}/a", {}, EMPTY, NOW)
    assert signed["x-amz-security-token"] == "token"
    assert "x-amz-security-token" in signed["authorization"]


def test_no_secret_is_in_the_repr():
    assert repr(Signer("key", "secret-one", "auto", "secret-two")) == "Signer(access_key_id='key', region='auto')"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://store.example:443/a", "store.example"),
        ("http://store.example:80/a", "store.example"),
        ("http://store.example:9000/a", "store.example:9000"),
        ("http://[::1]:9000/a", "[::1]:9000"),
    ],
)
def test_the_host_is_signed_as_it_is_sent(url, host):
    assert SIGNER.signed("GET", url, {}, EMPTY, NOW)["host"] == host

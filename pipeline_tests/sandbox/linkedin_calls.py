"""LinkedIn's API as the tests of its stand-in call it."""

from typing import Any

import httpx

from pipeline.sandbox.client import Sandbox
from pipeline.sandbox.linkedin.credentials import ORGANIZATION, ORGANIZATION_URN


def headers(credentials: Any = ORGANIZATION, **changes: str) -> dict[str, str]:
    given = {
        "Authorization": f"Bearer {credentials['access_token']}",
        "LinkedIn-Version": "202607",
        "X-Restli-Protocol-Version": "2.0.0",
    }
    return {name: value for name, value in (given | changes).items() if value}


def client(sandbox: Sandbox, credentials: Any = ORGANIZATION) -> httpx.Client:
    return httpx.Client(base_url=f"{sandbox.url}/linkedin/api", headers=headers(credentials))


def post(**changes: Any) -> dict[str, Any]:
    given = {
        "author": ORGANIZATION_URN,
        "commentary": "Hello",
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED"},
        "lifecycleState": "PUBLISHED",
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def quoted(urn: str) -> str:
    return urn.replace(":", "%3A")


def made(linkedin: httpx.Client, **changes: Any) -> str:
    answer = linkedin.post("/rest/posts", json=post(**changes))
    assert answer.status_code == 201, answer.text
    assert answer.content == b""
    return answer.headers["x-restli-id"]


def refusal(answer: httpx.Response) -> tuple[int, str | None]:
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json().get("code")

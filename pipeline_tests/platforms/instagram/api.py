"""A Graph API that answers what a test wants."""

import json
from collections.abc import Callable
from typing import Any

from pipeline.sandbox.instagram.access import ACCOUNT_ID
from pipeline_tests.platforms.conftest import answering, reply
from pipeline_tests.platforms.rehearsal import Notebook, Platform

MADE = (200, {"id": "17"})
FINISHED = (200, {"status_code": "FINISHED"})


def answers(*given: tuple[int, Any], asked: list[Any] | None = None) -> Callable[[Any], None]:
    """Each answer in turn, the last one from then on; `asked` gets method, path and body of each request."""
    left = list(given)

    def answer(request: Any) -> None:
        if asked is not None:
            asked.append((request.command, request.path, json.loads(request.said or b"null")))
        status, body = left.pop(0) if len(left) > 1 else left[0]
        reply(request, status, json.dumps(body).encode())

    return answer


def error(code: int, subcode: int | None = None, **more: Any) -> dict[str, Any]:
    return {"error": {"message": "In words.", "code": code, "error_subcode": subcode, "fbtrace_id": "A", **more}}


def settings(url: str, **more: Any) -> dict[str, Any]:
    return {"base_url": url, "user_id": ACCOUNT_ID, "poll_seconds": 0.01, **more}


def publishing(instagram: Platform, *given: tuple[int, Any], **account: Any) -> Any:
    """What publishing a picture comes to where the API answers this, call by call."""
    with answering(answers(*given)) as url:
        adapter = instagram.adapter(publish_config=settings(url), **account)
        return adapter.publish(instagram.content(), Notebook().journal())

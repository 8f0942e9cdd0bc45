"""A stand-in for a model's endpoint: speaks the chat completions protocol on loopback, and misbehaves as told."""

import json
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from pipeline_tests.writing.obliging import obliging_answer

MODEL = "gpt-4o-mini"


@dataclass
class Reply:
    """One answer; `content` is the model's text. Without one the answer obliges: it is what was asked for."""

    content: str | None = None
    obliging: bool = False
    change: Callable[[dict[str, Any]], Mapping[str, Any]] | None = None
    """What is done to an obliging answer."""
    finish_reason: str = "stop"
    refusal: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    """Instead of a completion: sent as it is."""
    drop: bool = False
    drop_half_way: bool = False
    drip_seconds: float = 0.0
    """Between one byte and the next."""
    usage: Mapping[str, Any] | None = field(
        default_factory=lambda: {
            "prompt_tokens": 1000,
            "completion_tokens": 200,
            "total_tokens": 1200,
            "prompt_tokens_details": {"cached_tokens": 400},
        }
    )
    model: str = MODEL


def obliging(**values: Any) -> Reply:
    """The answer that was asked for, whatever that is."""
    return Reply(obliging=True, **values)


def rate_limited(**headers: str) -> Reply:
    """`retry_after="2"` is the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=429, headers=named, body={"error": {"message": "slow down", "code": "rate_limit_exceeded"}})


@dataclass
class Endpoint:
    """Answers with `replies` in order, the last one again and again; keeps every request."""

    base_url: str
    replies: list[Reply] = field(default_factory=list)
    latency_seconds: float = 0.0
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    at_once: int = 0
    """Calls being answered now, and the most there ever were."""
    most_at_once: int = 0
    lock: Lock = field(default_factory=Lock)

    @property
    def prompts(self) -> list[str]:
        """The user's part of each request's first turn."""
        return [request["messages"][1]["content"] for request in self.requests]

    @contextmanager
    def answering(self, request: dict[str, Any], key: str | None) -> Iterator[Reply]:
        with self.lock:
            self.requests.append(request)
            self.keys.append(key)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        try:
            time.sleep(self.latency_seconds)
            yield reply
        finally:
            with self.lock:
                self.at_once -= 1


class _Handler(BaseHTTPRequestHandler):
    state: Endpoint

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.state.answering(request, self.headers["Authorization"]) as reply:
            if reply.drop:
                self._reset()
            else:
                self._send(reply, request)

    def _send(self, reply: Reply, request: dict[str, Any]) -> None:
        body = reply.body if reply.body is not None else _completion(reply, request)
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(reply.status)
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if reply.drop_half_way:
            self.wfile.write(data[: len(data) // 2])
            self._reset()
        elif reply.drip_seconds:
            self._drip(data, reply.drip_seconds)
        else:
            self.wfile.write(data)

    def _reset(self) -> None:
        # Reset rather than close, as a crashed server does.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _drip(self, data: bytes, seconds: float) -> None:
        try:
            for byte in data:
                self.wfile.write(bytes([byte]))
                time.sleep(seconds)
        except OSError:  # the caller has had enough
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    state = Endpoint(f"http://127.0.0.1:{server.server_port}/v1")
    server.RequestHandlerClass = type("Handler", (_Handler,), {"state": state})
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _completion(reply: Reply, request: dict[str, Any]) -> dict[str, Any]:
    content = reply.content
    if reply.obliging:
        answer = obliging_answer(request)
        content = json.dumps(reply.change(answer) if reply.change else answer)
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": reply.model,
        "choices": [
            {
                "index": 0,
                "finish_reason": reply.finish_reason,
                "message": {"role": "assistant", "content": content, "refusal": reply.refusal},
            }
        ],
        "usage": reply.usage,
    }

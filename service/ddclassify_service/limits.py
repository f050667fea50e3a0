"""Bounds on bodies and concurrency, kept before a request is parsed."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem


class Limits:
    """Middleware that answers 413 to bodies over the limit and 429 to requests over the number worked on at once."""

    def __init__(self, app: ASGIApp, max_body: int, max_concurrency: int) -> None:
        self._app = app
        self._max_body = max_body
        self._max_concurrency = max_concurrency
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or turn it away."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        if self._running >= self._max_concurrency:
            detail = f"{self._max_concurrency} requests are being worked on; try again shortly"
            await problem("busy", detail, {"Retry-After": "1"})(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._max_body:
            await problem("too-large", self._detail())(scope, receive, send)
            return
        self._running += 1
        try:
            body = await self._read(receive)
            if body is None:
                await problem("too-large", self._detail())(scope, receive, send)
            else:
                await self._app(scope, _replay(body, receive), send)
        finally:
            self._running -= 1

    async def _read(self, receive: Receive) -> bytes | None:
        """The whole body, None as soon as it is over the limit."""
        parts = bytearray()
        while True:
            message = await receive()
            parts += message.get("body", b"")
            if len(parts) > self._max_body:
                return None
            if not message.get("more_body", False):
                return bytes(parts)

    def _detail(self) -> str:
        return f"the body is over {self._max_body} bytes; send fewer texts at a time"


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body in one piece, then whatever comes after it."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed

"""HEAD and OPTIONS on every route, and an `Allow` that names all methods of a path (RFC 9110 §9.3, §10.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Match, Mount

if TYPE_CHECKING:
    from starlette.routing import Router
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = ("GET", "POST", "PUT", "DELETE")
"""What the routes have."""


class Methods:
    """Answers HEAD as GET without its body, and OPTIONS by itself."""

    def __init__(self, app: ASGIApp, *, router: Router) -> None:
        self._app = app
        self._router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]

        async def send_as_asked(message: Message) -> None:
            # The server leaves out the body of an answer to HEAD, but keeps its length.
            scope["method"] = method
            if message["type"] == "http.response.start" and message["status"] == 405:
                others = [header for header in message["headers"] if header[0].lower() != b"allow"]
                message["headers"] = [*others, (b"allow", self._allowed(scope).encode())]
            await send(message)

        allowed = self._allowed(scope) if method == "OPTIONS" else ""
        if allowed:
            await Response(status_code=204, headers={"Allow": allowed})(scope, receive, send)
            return
        if method == "HEAD":
            scope["method"] = "GET"
        await self._app(scope, receive, send_as_asked)

    def _allowed(self, scope: Scope) -> str:
        """Empty for a path that nothing answers."""
        methods = [method for method in _METHODS if self._answers({**scope, "method": method})]
        if not methods:
            return ""
        return ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])

    def _answers(self, scope: Scope) -> bool:
        # What is mounted has files, which are only read.
        routes = (r for r in self._router.routes if not isinstance(r, Mount) or scope["method"] == "GET")
        return any(route.matches(scope)[0] is Match.FULL for route in routes)

"""The witness' door (C2SP tlog-witness): `POST /add-checkpoint`, and what it cosigned last, for monitors."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import trace_core
from trace_api.errors import Unavailable
from trace_api.witness.book import Cosigned

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from trace_api.witness.book import Book

REQUEST_BYTES_MAX = 512 * 1024
"""Of a request: 63 hashes and a checkpoint with a hundred signatures of the largest kind."""
REQUEST_S_MAX = 10.0
"""How long a request may take to arrive."""
SIZE_TYPE = "text/x.tlog.size"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Witness:
    """`signers` cosign, all under one name; `log_keys` are the vkeys of each log that is watched, by origin."""

    signers: list[trace_core.NoteSigner]
    log_keys: dict[str, list[str]]
    book: Book
    now_s: Callable[[], int] = lambda: int(time.time())

    def add_checkpoint(self, body: bytes) -> tuple[int, str, bytes]:
        """Status, media type and body of the answer. Cost: one commit to the disk, one signature a key.

        (1) The request is read. (2) In one transaction it is judged by what was cosigned last, which it replaces.
        (3) Only when that is durable is anything signed: a kill before it leaves no signature, a kill behind it a
        checkpoint that may be cosigned again.
        """
        # (1)
        try:
            request = trace_core.AddCheckpoint(body)
        except trace_core.ProofError as refused:
            return _refusal(400, str(refused))
        # (2)
        status, reason, last_size = 0, "", 0

        def decide(last: Cosigned | None) -> bool:
            nonlocal status, reason, last_size
            seen = None if last is None else (last.tree_size, last.root_hash)
            status, reason = request.judge(self.log_keys.get(request.origin, []), seen)
            last_size = 0 if last is None else last.tree_size
            return status == 200

        own = request.checkpoint_by(self.log_keys.get(request.origin, []))
        new = Cosigned(request.tree_size, request.root_hash, own)
        if not self.book.replace(request.origin, new, decide):
            if status == 422 or (status == 409 and request.tree_size == last_size):
                # Signed by the log, and no continuation of what it signed before: evidence, to be kept.
                log.error("inconsistent", origin=request.origin, checkpoint=request.checkpoint.decode())
            return (409, SIZE_TYPE, f"{last_size}\n".encode()) if status == 409 else _refusal(status, reason)
        # (3)
        lines = b"".join(signer.signature_line(request.checkpoint, self.now_s()) for signer in self.signers)
        log.info("cosigned", origin=request.origin, tree_size=request.tree_size)
        return 200, "text/plain; charset=utf-8", lines


def _refusal(status: int, reason: str) -> tuple[int, str, bytes]:
    return status, "text/plain; charset=utf-8", f"{reason}\n".encode()


def create_app(witness: Witness) -> Starlette:
    """The application. Everything that it keeps is in the witness' book."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            body = await asyncio.wait_for(_read(request), REQUEST_S_MAX)
        except TimeoutError:
            return PlainTextResponse("the request does not arrive\n", 408)
        if body is None:
            return PlainTextResponse("the request is too long\n", 413)
        try:
            status, media_type, content = await asyncio.to_thread(witness.add_checkpoint, body)
        except Unavailable as failure:
            log.error("book", detail=str(failure))
            return PlainTextResponse(f"{failure}\n", 503)
        # As a header, because a charset would be added to a media type.
        return Response(content, status, headers={"Content-Type": media_type})

    async def checkpoint(request: Request) -> Response:
        wanted = request.path_params["origin_hash"]
        for origin in witness.log_keys:
            if hashlib.sha256(origin.encode()).hexdigest() == wanted:
                last = await asyncio.to_thread(witness.book.last, origin)
                if last is not None:
                    lines = [signer.signature_line(last.checkpoint, witness.now_s()) for signer in witness.signers]
                    return Response(last.checkpoint + b"".join(lines), media_type="text/plain; charset=utf-8")
        return PlainTextResponse("no checkpoint of such a log\n", 404)

    async def about(_request: Request) -> Response:
        keys = [signer.verifier_key for signer in witness.signers]
        logs = {o: hashlib.sha256(o.encode()).hexdigest() for o in witness.log_keys}
        return Response(orjson.dumps({"keys": keys, "logs": logs}), media_type="application/json")

    return Starlette(
        routes=[
            Route("/", about),
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{origin_hash}/checkpoint", checkpoint),
        ]
    )


async def _read(request: Request) -> bytes | None:
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > REQUEST_BYTES_MAX:
                return None
    except ClientDisconnect:
        return b""
    return body

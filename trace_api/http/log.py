"""`/log`: the transparency log, exactly as C2SP tlog-tiles has it."""

from __future__ import annotations

import gzip
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Request, Response
from starlette.routing import Route

import trace_core
from trace_api.errors import Gone, NotFound
from trace_api.http import schemas
from trace_api.http.problems import of_trace_error
from trace_api.http.service import Service, ServiceOf
from trace_api.http.short_cuts import ShortCut
from trace_api.log import tiles
from trace_api.log.item_index import index_origin
from trace_api.store.log import Log

router = APIRouter(prefix="/log", tags=["log"])

IMMUTABLE = "public, max-age=31536000, immutable"
CHECKPOINT_CACHE = "no-cache"
_CORS = {"Access-Control-Allow-Origin": "*"}


@router.get("/checkpoint", response_class=Response)
async def get_checkpoint(service: ServiceOf) -> Response:
    """The latest published checkpoint, a C2SP signed note, with its cosignatures."""
    return await _checkpoint(service, Log.EVENTS)


@router.get("/index/checkpoint", response_class=Response)
async def get_index_checkpoint(service: ServiceOf) -> Response:
    """The latest published checkpoint of the index' log, which has a root of the index over items as each leaf."""
    return await _checkpoint(service, Log.INDEX)


async def _checkpoint(service: Service, log: Log) -> Response:
    note = await tiles.checkpoint_note(service.store, log)
    return Response(note, headers={"Cache-Control": CHECKPOINT_CACHE, **_CORS}, media_type="text/plain; charset=utf-8")


@router.get("/key", response_class=Response)
async def get_key(service: ServiceOf) -> Response:
    """The log's verifier keys (vkeys), one a line: Ed25519 first."""
    return _keys(service.keys.signers(service.origin))


@router.get("/index/key", response_class=Response)
async def get_index_key(service: ServiceOf) -> Response:
    """The verifier keys of the index' log."""
    return _keys(service.keys.for_index().signers(index_origin(service.origin)))


def _keys(signers: list[trace_core.NoteSigner]) -> Response:
    vkeys = "".join(f"{signer.verifier_key}\n" for signer in signers)
    return Response(vkeys, headers=_CORS, media_type="text/plain; charset=utf-8")


@router.get("/policy", response_class=Response)
async def get_policy(service: ServiceOf) -> Response:
    """Whose cosignatures this server waits for before it publishes, as a C2SP tlog-policy. A hint: those who check
    decide themselves whom they trust."""
    return Response(service.publisher.policy_text, headers=_CORS, media_type="text/plain; charset=utf-8")


@router.get("/retention")
async def get_retention(service: ServiceOf) -> Response:
    """For how many days entries and tiles are served (null: for ever), and the minimum index that follows now
    (C2SP tlog-tiles, "Pruning")."""
    told = {"retentionDays": service.retention.days, "minimumIndex": await service.retention.minimum_index()}
    return Response(orjson.dumps(told), headers=_CORS, media_type="application/json")


@router.get("/proof/{leaf_index}.tlog-proof", response_class=Response, responses=schemas.problems(404))
async def get_proof(service: ServiceOf, leaf_index: Annotated[int, Path(ge=0, lt=1 << 63)]) -> Response:
    """That a leaf is in the log: a C2SP tlog-proof under the latest published checkpoint, with the log entry as its
    extra data."""
    proof = await service.questions.log_proof(leaf_index)
    return Response(proof, headers={"Cache-Control": CHECKPOINT_CACHE, **_CORS}, media_type="text/plain; charset=utf-8")


async def get_tile(request: Request) -> Response:
    """A tile of hashes or of entries. Routed without the framework's machinery: everybody reads these."""
    service: Service = request.app.state.service
    path = f"tile/{request.path_params['path']}"
    log = Log.INDEX if request.url.path.startswith("/log/index/") else Log.EVENTS
    try:
        if log is Log.EVENTS:
            await service.retention.check(path)
        content = await tiles.read_tile(service.store, path, log)
    except (NotFound, Gone) as absent:
        return of_trace_error(absent)
    headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding", **_CORS}
    if path.startswith("tile/entries/") and "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = gzip.compress(content, 6), "gzip"
    return Response(content, headers=headers, media_type="application/octet-stream")


tile_routes = [
    Route("/log/tile/{path:path}", get_tile, methods=["GET"]),
    Route("/log/index/tile/{path:path}", get_tile, methods=["GET"]),
]
SHORT_CUTS = {
    "/log/checkpoint": ShortCut(get_checkpoint, shared={}),
    "/log/index/checkpoint": ShortCut(get_index_checkpoint, shared={}),
    "/log/key": ShortCut(get_key, shared={}),
    "/log/index/key": ShortCut(get_index_key, shared={}),
}

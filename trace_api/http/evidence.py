"""`/receipt` and `/evidence`: what proves an event to somebody who trusts nobody, the whole of it or chosen fields."""

from __future__ import annotations

import asyncio
import functools
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import segno
from fastapi import APIRouter, Query, Response

import trace_core
from trace_api.http import schemas
from trace_api.http.service import OnBehalfOf, ServiceOf

if TYPE_CHECKING:
    import jinja2

    from trace_api.http.service import Service

router = APIRouter(tags=["events"])

EVENT_ID_CHARACTERS_MAX = 2_000
FIELDS_MAX = 1_000
"""Pointers of one disclosure."""
POINTER_CHARACTERS_MAX = 2_000
QR_BYTES_MAX = 2_953
"""What the largest QR code holds, with the least error correction."""
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""Equal evidence gives equal bytes."""
_WEB = Path(__file__).parent.parent / "web"

EventId = Annotated[str, Query(max_length=EVENT_ID_CHARACTERS_MAX, description="Event id, or content digest in hex")]
Fields = Annotated[
    list[Annotated[str, Query(max_length=POINTER_CHARACTERS_MAX)]] | None,
    Query(
        max_length=FIELDS_MAX,
        description="JSON pointer of a field to show, such as /epcList/0; repeatable. All else is withheld",
    ),
]


@router.get("/receipt", responses=schemas.problems(404))
async def get_receipt(service: ServiceOf, partner: OnBehalfOf, event: EventId, field: Fields = None) -> Response:
    """The receipt of an event: its log entry, the proof that it is in the log, and what opens it. With `field`, a
    disclosure: those fields alone, each with what proves it."""
    return Response(orjson.dumps(await _document(service, partner, event, field)), media_type="application/json")


@router.get("/evidence", responses={**schemas.problems(404), 200: {"content": {"application/zip": {}}}})
async def get_evidence(service: ServiceOf, partner: OnBehalfOf, event: EventId, field: Fields = None) -> Response:
    """An evidence bundle: the receipt, or with `field` the disclosure; the proof that its entry is in the log, as a
    C2SP tlog-proof; the policy of this server, as a hint; and a page to read, which says what was checked and what
    remains unproven."""
    document = await _document(service, partner, event, field)
    proof = await service.questions.log_proof(document["leaf_index"])
    key_id = document.get("issuer", {}).get("key")
    records = None if key_id is None else await service.questions.key_records(key_id)
    bundle = await asyncio.to_thread(_bundle, document, proof, records, service.publisher.policy_text)
    headers = {"Content-Disposition": f'attachment; filename="evidence-{document["leaf_index"]}.zip"'}
    return Response(bundle, headers=headers, media_type="application/zip")


async def _document(service: Service, partner: str, event: str, fields: list[str] | None) -> dict[str, Any]:
    if fields:
        return await service.questions.disclosure(event, fields, partner)
    return await service.questions.receipt(event, partner)


def _bundle(document: dict[str, Any], proof: bytes, records: dict[str, Any] | None, policy: bytes) -> bytes:
    name = "receipt" if "event" in document else "disclosure"
    encoded = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    files = {f"{name}.json": encoded, "entry.tlog-proof": proof, "policy.txt": policy}
    if records is not None:
        files["key-records.json"] = orjson.dumps(records, option=orjson.OPT_INDENT_2)
    checked = trace_core.check_evidence(_packed(files), trace_core.Policy(policy))
    shown = [orjson.loads(shown["text"]) for shown in document.get("fields", [])]
    event = orjson.loads(document["event"]) if "event" in document else dict(shown)
    page = _page().render(
        name=name,
        document=document,
        event=orjson.dumps(event, option=orjson.OPT_INDENT_2).decode(),
        checked=checked,
        qr_code=_qr_code(proof),
        proof_bytes=len(proof),
        origin=document["checkpoint"].split("\n", 1)[0],
    )
    return _packed({"index.html": page.encode(), **files})


def _qr_code(proof: bytes) -> str | None:
    """The proof file as an image in SVG; None where no QR code holds it."""
    if len(proof) > QR_BYTES_MAX:
        return None
    # Bytes by bytes, so that whoever scans it has the file itself.
    code: str = segno.make_qr(proof, error="l", mode="byte", boost_error=False).svg_inline(scale=3, border=4)
    return code


def _packed(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for file, content in files.items():
            bundle.writestr(zipfile.ZipInfo(file, ZIP_DATE), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


@functools.cache
def _page() -> jinja2.Template:
    # A start need not wait for it.
    import jinja2

    loader = jinja2.FileSystemLoader(_WEB)
    pages = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return pages.get_template("evidence.html")

"""From the bytes of a capture to its job. One native call, one transaction; no loop over events."""

from __future__ import annotations

import asyncio
import enum
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

import orjson

import trace_core
from trace_api.capture.numbers import CaptureNumbers
from trace_api.errors import Invalid, Unavailable
from trace_api.partners import registry
from trace_api.store import captures
from trace_core.key_records import THUMBPRINT

if TYPE_CHECKING:
    from trace_api.store.pool import Store

T_co = TypeVar("T_co", covariant=True)
SEED_BYTES = 32
BODY_BYTES_AT_ONCE_MAX = 16_384
"""A capture of no more is prepared where it is: under a millisecond, which is less than another thread takes to begin
where there is much to do."""
DUPLICATE_ROUNDS_MAX = 8
"""How often a capture may lose the race for one of its events to another capture before it gives up."""


_TOO_LONG = (
    "a business step, disposition, read point, business location or id of an element of master data has more than"
    f" {captures.ELEMENT_ID_BYTES_MAX} bytes, or a type of master data more than {captures.VOCABULARY_BYTES_MAX}"
)


class ErrorBehaviour(enum.StrEnum):
    """What happens to the good events of a capture with bad ones (EPCIS 2.0, GS1-Capture-Error-Behaviour)."""

    ROLLBACK = "rollback"
    PROCEED = "proceed"


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """A capture as it came through the door. `body` is kept as it is."""

    body: bytes
    partner: str
    error_behaviour: ErrorBehaviour = ErrorBehaviour.ROLLBACK
    strict: bool = False
    one_event: bool = False
    """Refuse a document of several events or none, before anything of it is stored."""
    syntax: trace_core.Syntax = "json"
    is_record: bool = False
    """A record of the server's own: it may name keys of partners, which nobody else may say anything of."""
    signature: str | None = None
    """Who signed it: the value of `Wayproof-Signature`."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What became of a capture. `event_ids` are those of the accepted events in order of the document,
    whether they are stored now or were before."""

    job: captures.Job
    event_ids: list[str]


class Door:
    """Holds what every capture needs: the store, the log's blinding key, a block of capture numbers."""

    def __init__(self, store: Store, blinding_key: bytes) -> None:
        self._store = store
        self._blinding = trace_core.Blinding(blinding_key)
        self._numbers = CaptureNumbers(store)

    async def capture(self, request: CaptureRequest) -> Captured:
        """Takes one capture the whole way; when it returns, the capture is durable.

        Raises `Invalid` when the body is no EPCIS document at all. What is wrong with single events
        stands in the job. The same content captured before is not stored again: the job counts it.
        """
        record_time = datetime.now(UTC)
        capture_no = await self._numbers.next()
        prepared = await self._prepare(request, record_time, capture_no)
        problems = orjson.loads(prepared.problems_json)
        if prepared.document_refused:
            raise Invalid("the body is not a valid EPCIS document", problems=problems)
        if request.one_event and prepared.event_total != 1:
            one = {"pointer": "", "code": "one_event", "message": f"send one event, not {prepared.event_total}"}
            raise Invalid("the body is not one event", problems=[one])
        row = captures.CaptureRow(
            capture_no=capture_no,
            capture_id=uuid.uuid4(),
            partner=request.partner,
            record_time=record_time,
            context=prepared.context,
            body_digest=prepared.body_digest,
            master_data=prepared.master_data,
            issuer=prepared.issuer,
        )
        outcome = await self._store_new(request, row, prepared, problems)
        job = captures.Job(row.capture_id, row.partner, record_time, None, is_published=False, outcome=outcome)
        return Captured(job, prepared.event_ids)

    async def _prepare(
        self, request: CaptureRequest, record_time: datetime, capture_no: int
    ) -> trace_core.PreparedCapture:
        """The capture through the core; of one whose events are signed each on its own, once more with their keys."""
        prepare = partial(
            trace_core.prepare_capture,
            request.body,
            partner=request.partner,
            record_time_us=int(record_time.timestamp() * 1_000_000),
            capture_no=capture_no,
            seed=secrets.token_bytes(SEED_BYTES),
            blinding=self._blinding,
            strict=request.strict,
            syntax=request.syntax,
            claim=await self._claim(request, record_time),
            reserved=None if request.is_record else THUMBPRINT,
        )
        prepared = await _prepared(request, prepare)
        if prepared.wanted_keys is None:
            return prepared
        async with self._store.session() as connection:
            signers = await registry.signers_of(connection, prepared.wanted_keys, record_time)
        return await _prepared(request, partial(prepare, signers=signers))

    async def _claim(
        self, request: CaptureRequest, record_time: datetime
    ) -> tuple[trace_core.Authorship, trace_core.PartnerKey, str] | None:
        """Who says to have signed the capture, by a key that counts when it comes."""
        if request.signature is None:
            return None
        if request.error_behaviour is ErrorBehaviour.PROCEED:
            message = "one signature covers all events, so a signed capture is stored whole: rollback, not proceed"
            raise Invalid(message, [{"pointer": "", "code": "signature", "message": message}])
        async with self._store.session() as connection:
            claim = await registry.claim_of(connection, request.signature, record_time)
        return claim.authorship, claim.key, claim.partner

    async def _store_new(
        self,
        request: CaptureRequest,
        row: captures.CaptureRow,
        prepared: trace_core.PreparedCapture,
        problems: list[dict[str, object]],
    ) -> captures.Outcome:
        """Stores what is not there yet. Whoever commits an event first has it; the others find it there."""
        storable = prepared.error_count == 0 or request.error_behaviour is ErrorBehaviour.PROCEED
        stored_before: list[bytes] = []
        for _ in range(DUPLICATE_ROUNDS_MAX):
            copies = await _prepared(request, partial(prepared.copies, stored_before)) if storable else None
            stored = copies.event_count if copies else 0
            outcome = captures.Outcome(
                success=prepared.error_count == 0,
                error_behaviour=request.error_behaviour.value,
                event_total=prepared.event_total,
                stored=stored,
                repeated=prepared.accepted_count - stored if storable else 0,
                problems=problems,
                problems_left_out=prepared.problems_left_out,
            )
            try:
                return await captures.store_capture(self._store, row, outcome, copies, names=prepared)
            except captures.ValueTooLong:
                raise Invalid(_TOO_LONG, problems=[{"pointer": "", "code": "too_long", "message": _TOO_LONG}]) from None
            except captures.DuplicateEvents:
                stored_before = list(await captures.find_digests(self._store, prepared.content_digests))
        raise Unavailable("other captures keep storing the same events; try again")


class _Work(Protocol[T_co]):
    """A call of the core."""

    def __call__(self, *, threads: int | None) -> T_co: ...


async def _prepared(request: CaptureRequest, work: _Work[T_co]) -> T_co:
    """What the core makes of a request: beside the event loop and on all cores, unless it is small."""
    if len(request.body) <= BODY_BYTES_AT_ONCE_MAX:
        return work(threads=1)
    return await asyncio.to_thread(work, threads=None)

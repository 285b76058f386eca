"""Capture jobs as the REST bindings show them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from trace_api.errors import NotFound, Unavailable
from trace_api.store import captures

if TYPE_CHECKING:
    import uuid

    from trace_api.http.service import Service
    from trace_api.store.captures import Job

ACKNOWLEDGE_S_MAX = 30.0
"""How long an answer waits for the sequencer; then 503, and the capture is stored all the same."""
_LOOK_AGAIN_S = 0.25


async def load(service: Service, capture_id: uuid.UUID, partner: str | None = None) -> Job:
    """Raises `NotFound` for a job that is not there, or is another partner's."""
    job = await captures.load_capture(service.store, capture_id)
    if job is None or partner not in (None, job.partner):
        raise NotFound("no such capture job")
    return job


async def wait_sequenced(service: Service, capture_id: uuid.UUID) -> Job:
    """The job once its new events have leaf indexes. Raises `Unavailable` after `ACKNOWLEDGE_S_MAX`."""
    deadline = asyncio.get_running_loop().time() + ACKNOWLEDGE_S_MAX
    while True:
        job = await load(service, capture_id)
        if job.outcome.stored == 0 or job.first_leaf_index is not None:
            return job
        if asyncio.get_running_loop().time() > deadline:
            raise Unavailable(f"stored as capture {capture_id}, but not sequenced yet")
        # A checkpoint of another process is seen by looking again.
        await service.sequencer.wait_published(_LOOK_AGAIN_S)


def as_dict(job: Job) -> dict[str, object]:
    """A capture job of EPCIS 2.0, with what we add: counts, findings, and the place in the log. JSON-serialisable."""
    problems = job.outcome.problems
    errors = [_error(p) for p in problems if p["severity"] == "error"]
    return {
        "captureID": str(job.capture_id),
        "createdAt": job.record_time,
        "finishedAt": job.record_time,
        "running": False,
        "success": job.outcome.success,
        "captureErrorBehaviour": job.outcome.error_behaviour,
        "errors": errors,
        "findings": [p for p in problems if p["severity"] == "finding"],
        "problemsLeftOut": job.outcome.problems_left_out,
        "eventTotal": job.outcome.event_total,
        "eventsStored": job.outcome.stored,
        "eventsRepeated": job.outcome.repeated,
        "state": "stored" if job.first_leaf_index is None and job.outcome.stored else "published",
        "firstLeafIndex": job.first_leaf_index,
    }


def _error(problem: dict[str, object]) -> dict[str, object]:
    return {
        "type": "epcisException:ValidationException",
        "title": "Event refused" if "event_index" in problem else "Document refused",
        "status": 400,
        "detail": problem["message"],
        **problem,
    }

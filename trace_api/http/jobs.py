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


async def wait_logged(service: Service, capture_id: uuid.UUID, *, published: bool) -> Job:
    """The job once its new events have leaf indexes; with `published`, once a checkpoint over them is out. Raises
    `Unavailable` after `ACKNOWLEDGE_S_MAX`."""
    deadline = asyncio.get_running_loop().time() + ACKNOWLEDGE_S_MAX
    wait = service.publisher.wait_published if published else service.sequencer.wait_sequenced
    while True:
        job = await load(service, capture_id)
        if job.outcome.stored == 0 or job.is_published or (job.first_leaf_index is not None and not published):
            return job
        if asyncio.get_running_loop().time() > deadline:
            missing = "published" if published else "sequenced"
            raise Unavailable(f"stored as capture {capture_id}, but not {missing} yet")
        # What another process does is seen by looking again.
        await wait(_LOOK_AGAIN_S)


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
        "state": _state(job),
        "firstLeafIndex": job.first_leaf_index,
    }


def _state(job: Job) -> str:
    if job.is_published or job.outcome.stored == 0:
        return "published"
    return "stored" if job.first_leaf_index is None else "sequenced"


def _error(problem: dict[str, object]) -> dict[str, object]:
    return {
        "type": "epcisException:ValidationException",
        "title": "Event refused" if "event_index" in problem else "Document refused",
        "status": 400,
        "detail": problem["message"],
        **problem,
    }

"""Records: what was done here, captured as an event, so that it stands in the log like everything else."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from trace_api.capture.road import CaptureRequest
from trace_api.errors import Unavailable
from trace_api.query.documents import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trace_api.http.service import Service

NAMESPACES = {"erasure": "urn:wayproof:erasure:", "key": "urn:wayproof:key:"}
"""Of the fields of records, by their prefixes."""


async def record(
    service: Service, partner: str, *, about: str, action: str, prefix: str, fields: Mapping[str, object]
) -> str:
    """Captures that something was done with the thing `about`, before it is done: a crash between leaves a record of
    what is done when it is asked for again. Returns the event id, which is not made from the content."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    event_id = f"urn:uuid:{uuid.uuid4()}"
    event = {
        "type": "ObjectEvent",
        "eventID": event_id,
        "eventTime": now,
        "eventTimeZoneOffset": "+00:00",
        "action": action,
        "epcList": [about],
        **{f"{prefix}:{name}": value for name, value in fields.items()},
    }
    document = {
        "@context": [CONTEXT, {prefix: NAMESPACES[prefix]}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": now,
        "epcisBody": {"eventList": [event]},
    }
    captured = await service.door.capture(CaptureRequest(orjson.dumps(document), partner, strict=True, is_record=True))
    service.sequencer.wake()
    if not captured.job.outcome.success:
        raise Unavailable("the record was refused, and nothing was done")
    return event_id

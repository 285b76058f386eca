"""What answers and bodies look like, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

Responses = dict[int | str, dict[str, Any]]

_TIME = {"type": "string", "format": "date-time"}
_TEXT, _COUNT, _FLAG = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "boolean"}
_CONTEXT = {"anyOf": [{"type": "string"}, {"type": "array"}, {"type": "object"}]}
_QUERY = {"type": "object", "description": "Parameters of docs/queries.md, and an @context for their prefixes"}


def _object(required: str, **properties: object) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def ref(name: str) -> dict[str, Any]:
    """A schema of `COMPONENTS`."""
    return {"$ref": f"#/components/schemas/{name}"}


_RESULTS = _object("queryName resultsBody", queryName=_TEXT, subscriptionID=_TEXT, resultsBody=_object("eventList"))
_SCHEDULE = {
    "type": "object",
    "properties": dict.fromkeys(("second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek"), _TEXT),
    "additionalProperties": False,
}
_WHEN = {"stream": _FLAG, "schedule": _SCHEDULE, "reportIfEmpty": _FLAG, "initialRecordTime": _TIME}
COMPONENTS: dict[str, Any] = {
    "Problem": {
        "description": "A problem document (RFC 9457); `errors` name events, JSON pointers or parameters",
        **_object(
            "type title status detail",
            type=_TEXT,
            title=_TEXT,
            status={"type": "integer", "minimum": 400, "maximum": 599},
            detail=_TEXT,
            errors=_list({"type": "object"}),
        ),
    },
    "CaptureJob": _object(
        "captureID createdAt finishedAt running success captureErrorBehaviour errors findings eventTotal eventsStored",
        captureID={"type": "string", "format": "uuid"},
        createdAt=_TIME,
        finishedAt=_TIME,
        running=_FLAG,
        success=_FLAG,
        captureErrorBehaviour={"type": "string", "enum": ["rollback", "proceed"]},
        errors=_list({"allOf": [ref("Problem")]}),
        findings=_list({"type": "object"}),
        eventTotal=_COUNT,
        eventsStored=_COUNT,
        eventsRepeated=_COUNT,
        problemsLeftOut=_COUNT,
        state={"type": "string", "enum": ["stored", "published"]},
        firstLeafIndex={"anyOf": [_COUNT, {"type": "null"}]},
    ),
    "Collection": _object(
        "@context type member", **{"@context": _CONTEXT}, type={"const": "Collection"}, member=_list(_TEXT)
    ),
    "Event": _object(
        "@context type eventTime eventTimeZoneOffset eventID",
        **{"@context": _CONTEXT},
        type=_TEXT,
        eventID=_TEXT,
        eventTime=_TEXT,
        eventTimeZoneOffset=_TEXT,
    ),
    "EPCISQueryDocument": _object(
        "@context type schemaVersion creationDate epcisBody",
        **{"@context": _CONTEXT},
        type={"const": "EPCISQueryDocument"},
        schemaVersion={"const": "2.0"},
        creationDate=_TIME,
        epcisBody=_object("queryResults", queryResults=_RESULTS),
    ),
    "NamedQuery": _object("name query", name={"type": "string", "minLength": 1, "maxLength": 200}, query=_QUERY),
    "NewSubscription": {
        **_object("dest", dest={"type": "string", "format": "uri"}, signatureToken=_TEXT, **_WHEN),
        "additionalProperties": False,
    },
    "Subscription": _object(
        "subscriptionID dest createdAt minRecordTime epcFormat reportIfEmpty failures",
        subscriptionID={"type": "string", "format": "uuid"},
        dest=_TEXT,
        createdAt=_TIME,
        minRecordTime=_TIME,
        lastNotifiedAt=_TIME,
        epcFormat=_TEXT,
        failures=_COUNT,
        lastFailure=_TEXT,
        **_WHEN,
    ),
    "Links": _object("links", links={**_list({"type": "object"}), "minItems": 1, "maxItems": 100}),
    "Key": _object(
        "keyID partner key validFrom registeredAt record",
        keyID=_TEXT,
        partner=_TEXT,
        key={"type": "object"},
        verifierKey=_TEXT,
        record=_TEXT,
        revocationRecord=_TEXT,
    ),
    "Linkset": _object("linkset", linkset=_list(_object("anchor", anchor=_TEXT))),
    "Verdict": _object(
        "scan item verdict reasons state contents event_count timeline voided names proofs",
        scan=_TEXT,
        item=_TEXT,
        verdict={"enum": ["genuine", "genuine-with-warnings", "unverifiable", "suspect", "rejected"]},
        reasons=_list(_object("code weight message events", code=_TEXT, weight=_TEXT, message=_TEXT)),
        event_count={"type": ["integer", "null"], "minimum": 0},
        timeline=_list({"type": "object"}),
    ),
    "State": _object("item state contents names truncated", item=_TEXT, truncated=_FLAG),
    "MasterData": _object("vocabularyList", vocabularyList=_list(_object("type vocabularyElementList"))),
}

_REFUSED = {
    400: "What came is not what it should be; `errors` name where",
    401: "One has to prove who asks",
    403: "Nobody may do that here",
    404: "There is nothing of that name",
    406: "The answer does not exist in that form, or that version of the standard",
    408: "The body does not arrive",
    409: "Something has that name already",
    410: "It was there, and is not shown any more",
    413: "More than a limit: of a body, or of what a query may cost or find",
    414: "The address is too long",
    415: "Another media type or content encoding than those that are read",
    429: "Over a number of things that one may have",
    431: "The headers are too long, or too many",
    503: "Not now; try again",
}


def problems(*statuses: int) -> Responses:
    """Refusals, as problem documents."""
    content = {"application/problem+json": {"schema": ref("Problem")}}
    return {status: {"description": _REFUSED[status], "content": content} for status in statuses}


def found(schema: dict[str, Any], description: str = "Found", *, media_type: str = "application/json") -> Responses:
    """An answer of one form."""
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}}


def made(schema: dict[str, Any], status: int = 201, description: str = "Made") -> Responses:
    """What has come to be."""
    return {status: {"description": description, "content": {"application/json": {"schema": schema}}}}


def body(schema: dict[str, Any], *media_types: str) -> dict[str, Any]:
    """A request body that has to be there."""
    content = {media_type: {"schema": schema} for media_type in media_types or ("application/json",)}
    return {"requestBody": {"required": True, "content": content}}


def list_of(name: str) -> dict[str, Any]:
    """A list of what a component is."""
    return _list(ref(name))

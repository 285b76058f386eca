"""What all resources of EPCIS 2.0's REST bindings share: versions, and what `OPTIONS` tells of a resource."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

import trace_core
from trace_api.errors import NotAcceptable
from trace_api.http.problems import of_trace_error
from trace_api.query.documents import CbvFormat, EpcFormat

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from trace_api.settings import Settings

RESOURCES = (
    "queries",
    "capture",
    "events",
    "eventTypes",
    "epcs",
    "readPoints",
    "bizLocations",
    "dispositions",
    "bizSteps",
)
"""Top-level resources in the standard's order."""
EVENTS_MAX = (1 << 20) - 1
"""Events of one capture, as the core has it."""
VERSION = "2.0.0"
READS_FROM = "1.2.0"
"""The oldest version whose documents are read, in XML."""
_LOW, _HIGH, _NEWEST = (1, 2, 0), (2, 0, 0), 9_999
_STANDARDS = ("EPCIS", "CBV")
_SPOKEN = {f"GS1-{standard}-Version": VERSION for standard in _STANDARDS}
_VERSION = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?")
_DISCOVERY = {
    **{f"GS1-{standard}-Min": READS_FROM for standard in _STANDARDS},
    **{f"GS1-{standard}-Max": VERSION for standard in _STANDARDS},
    "GS1-EPC-Format": ", ".join(EpcFormat),
    "GS1-CBV-XML-Format": ", ".join(CbvFormat),
    "GS1-Vendor-Version": f"Wayproof {trace_core.__version__}",
}
EVERYWHERE = (*_SPOKEN, *_DISCOVERY)
"""Headers by which every resource tells what it can."""
DISCOVERED = {
    "capture": ("GS1-EPCIS-Capture-Limit", "GS1-EPCIS-Capture-File-Size-Limit", "GS1-Capture-Error-Behaviour")
}
"""Those of one resource alone."""


class Profile:
    """Refuses versions that are not spoken here, and says which ones are."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        limits = (str(EVENTS_MAX), str(settings.capture_body_bytes_max), "all")
        self._more = {"capture": dict(zip(DISCOVERED["capture"], limits, strict=True))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        resource = scope.get("path", "").split("/")[1:2]
        if scope["type"] != "http" or resource not in ([name] for name in (*RESOURCES, "nextPageToken", "")):
            await self._app(scope, receive, send)
            return

        async def send_with_versions(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                headers.update(_SPOKEN)
                if scope["method"] == "OPTIONS":
                    headers.update(_DISCOVERY | self._more.get(resource[0], {}))
                message["headers"] = headers.raw
            await send(message)

        try:
            _check_versions(Headers(scope=scope))
        except NotAcceptable as refusal:
            await of_trace_error(refusal)(scope, receive, send_with_versions)
            return
        await self._app(scope, receive, send_with_versions)


def _check_versions(headers: Headers) -> None:
    """Documents may be of any version that is read; answers are of the newest."""
    for standard in _STANDARDS:
        sent = _version(headers, f"GS1-{standard}-Version", VERSION)
        at_least = _version(headers, f"GS1-{standard}-Min", READS_FROM)
        # At most 2 means the newest of the versions 2.
        at_most = _version(headers, f"GS1-{standard}-Max", VERSION, missing=_NEWEST)
        if not _LOW <= sent <= _HIGH or not at_least <= _HIGH <= at_most:
            raise NotAcceptable(f"{standard} is read from {READS_FROM} to {VERSION}, and answered in {VERSION}")


def _version(headers: Headers, name: str, default: str, *, missing: int = 0) -> tuple[int, ...]:
    """A version as three numbers; `missing` stands for those that it does not have."""
    found = _VERSION.fullmatch(headers.get(name, default).strip())
    if found is None:
        raise NotAcceptable(f"{name} is a version such as {default}")
    return tuple(missing if part is None else int(part) for part in found.groups())

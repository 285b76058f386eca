"""Every error that this package raises on purpose.

    TraceError
    ├── CaptureError        a capture cannot be taken
    │   ├── Invalid         … because it is not what it should be; names the places
    │   ├── TooLarge        … because it is over a limit; names the limit
    │   ├── TooSlow         … because it does not arrive
    │   └── UnsupportedMedia
    ├── QueryError          a query cannot be answered
    │   ├── QueryParameter  … because of one parameter, by its name
    │   ├── QueryInvalid    … because it is none
    │   ├── QueryTooComplex … because it costs too much
    │   └── QueryTooLarge   … because more events are found than it wants
    ├── Subscription        a subscription cannot be made; names the place
    ├── AlreadyThere        something has that name already
    ├── TooMany             over a number of things that one may have
    ├── Unauthorised        one has to say who asks
    ├── Forbidden           nobody may do that here
    ├── NotAcceptable       the answer that is wished for does not exist
    ├── NotFound            nothing has that name, or the asker may not know of it
    ├── Gone                it was there, and is not shown any more
    ├── StoreError          the database said something that it should not
    └── Unavailable         not now; trying again may help

Errors of the core (`trace_core.ProofError`, `SignatureError`, `ScanError`) are its own tree. Only
`http.problems` turns any of these into a status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class TraceError(Exception):
    """Root of the tree."""


class CaptureError(TraceError):
    """A capture cannot be taken."""


class Invalid(CaptureError):
    """What came is not what it should be. `problems` name event, JSON pointer, code and message."""

    def __init__(self, message: str, problems: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class TooLarge(CaptureError):
    """Over a limit, in bytes."""

    def __init__(self, message: str, limit: int) -> None:
        super().__init__(message)
        self.limit = limit


class TooSlow(CaptureError):
    """The body does not arrive."""


class UnsupportedMedia(CaptureError):
    """Another media type or content encoding than those that are read."""


class QueryError(TraceError):
    """A query cannot be answered."""


class QueryParameter(QueryError):
    """One parameter, by its name, is not what it should be."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(f"{parameter}: {message}")
        self.parameter = parameter


class QueryInvalid(QueryError):
    """It is no query at all; `pointer` says where."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer


class QueryTooComplex(QueryError):
    """It costs more than a query may."""


class QueryTooLarge(QueryError):
    """More events are found than it wants."""


class Subscription(TraceError):
    """A subscription cannot be made; `pointer` says what of it is not what it should be."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer.removeprefix('/') or 'the subscription'}: {message}")
        self.pointer = pointer


class AlreadyThere(TraceError):
    """Something has that name already."""


class TooMany(TraceError):
    """Over a number of things that one may have."""


class Unauthorised(TraceError):
    """Who asks has to say, and prove, who that is."""


class Forbidden(TraceError):
    """Nobody may do that here."""


class NotAcceptable(TraceError):
    """The answer that is wished for does not exist in that form, or that version of the standard."""


class NotFound(TraceError):
    """Nothing has that name, or the asker may not know of it; the answer is the same."""


class Gone(TraceError):
    """It was there, and is not shown any more."""


class StoreError(TraceError):
    """The database said something that it should not."""


class Unavailable(TraceError):
    """Not now; trying again may help."""

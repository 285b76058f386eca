"""Errors as RFC 9457 problem documents. The only place where an exception becomes a status.

Types are those of the EPCIS 2.0 REST bindings where the standard names one, else `wayproof:…`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from trace_api import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
"""What a client that is told 503 should wait."""

log = structlog.get_logger()


def problem(
    status: int,
    type_: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **members: object,
) -> Response:
    """A problem document. `members` are extension members (RFC 9457 §3.2), JSON-serialisable."""
    body = {"type": type_, "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **members}
    return Response(orjson.dumps(body), status, dict(headers or {}), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes every exception of ours, and those of the framework, a problem document."""
    app.add_exception_handler(errors.TraceError, _trace_error)
    app.add_exception_handler(RequestValidationError, _request_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def of_trace_error(error: errors.TraceError) -> Response:
    """The problem document of an error of ours; 5xx only where it is our fault or the database's."""
    match error:
        case errors.Invalid():
            return problem(400, "epcisException:ValidationException", str(error), errors=list(error.problems))
        case errors.QueryParameter():
            wrong = [{"parameter": error.parameter, "message": str(error)}]
            return problem(400, "epcisException:QueryParameterException", str(error), errors=wrong)
        case errors.QueryInvalid():
            wrong = [{"pointer": error.pointer, "message": str(error)}]
            return problem(400, "epcisException:QueryValidationException", str(error), errors=wrong)
        case errors.Subscription():
            wrong = [{"pointer": error.pointer, "message": str(error)}]
            return problem(400, "epcisException:SubscriptionControlsException", str(error), errors=wrong)
        case errors.AlreadyThere():
            return problem(409, "epcisException:ResourceAlreadyExistsException", str(error))
        case errors.TooMany():
            return problem(429, "wayproof:too-many", str(error))
        case errors.QueryTooComplex():
            return problem(413, "epcisException:QueryTooComplexException", str(error))
        case errors.QueryTooLarge():
            return problem(413, "epcisException:QueryTooLargeException", str(error))
        case errors.Unauthorised():
            asked = {"WWW-Authenticate": "Bearer"}
            return problem(401, "epcisException:SecurityException", str(error), headers=asked)
        case errors.Forbidden():
            return problem(403, "epcisException:SecurityException", str(error))
        case errors.NotAcceptable():
            return problem(406, "epcisException:NotAcceptableException", str(error))
        case errors.NotFound():
            return problem(404, "epcisException:NoSuchResourceException", str(error))
        case errors.Gone():
            return problem(410, "wayproof:gone", str(error))
        case errors.TooLarge():
            return problem(413, "epcisException:CaptureLimitExceededException", str(error), limit=error.limit)
        case errors.UnsupportedMedia():
            return problem(415, "epcisException:UnsupportedMediaTypeException", str(error))
        case errors.TooSlow():
            return problem(408, "wayproof:too-slow", str(error))
        case errors.Unavailable():
            retry = {"Retry-After": str(RETRY_AFTER_S)}
            return problem(503, "wayproof:unavailable", str(error), headers=retry)
        case _:
            log.error("unexpected", error=type(error).__name__)
            return problem(500, "epcisException:ImplementationException", "an error of the server's own")


async def _trace_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TraceError)
    return of_trace_error(error)


async def _request_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Never the input itself: it may hold what JSON cannot (NaN), and what is nobody's business.
    wrong = [{"parameter": ".".join(map(str, e["loc"][1:])), "message": e["msg"]} for e in error.errors()]
    detail = "; ".join(f"{w['parameter']}: {w['message']}" for w in wrong)
    return problem(400, "epcisException:QueryParameterException", detail, errors=wrong)


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    type_ = {
        404: "epcisException:NoSuchResourceException",
        405: "wayproof:method-not-allowed",
    }.get(error.status_code, "about:blank")
    return problem(error.status_code, type_, str(error.detail), headers=error.headers)


async def _unexpected(_request: Request, error: Exception) -> Response:
    log.error("unexpected", error=type(error).__name__, exc_info=error)
    return problem(500, "epcisException:ImplementationException", "an error of the server's own")

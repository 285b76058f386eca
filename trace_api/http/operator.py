"""What only the operator may do: those who have the token that the server was started with."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request

from trace_api.errors import Forbidden, Unauthorised
from trace_api.http.service import ServiceOf


def require_operator(request: Request, service: ServiceOf) -> None:
    """Raises `Unauthorised` or `Forbidden` unless the operator asks."""
    token = service.settings.operator_token
    if token is None:
        raise Forbidden("this server was started without an operator's token (WAYPROOF_OPERATOR_TOKEN)")
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Unauthorised("send the operator's token: Authorization: Bearer …")


async def _operator(request: Request, service: ServiceOf) -> None:
    require_operator(request, service)


Operator = Annotated[None, Depends(_operator)]

"""One delivery: a signed POST, answered with 2xx or not delivered."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time

import httpcore

from trace_api.delivery.addresses import CheckedNetwork

DELIVERY_S_MAX = 20.0
"""From the first look at the name to the status of the answer."""
CONNECTIONS_MAX = 16


class NotDelivered(Exception):
    """Why a delivery has to be tried again, in words for the subscriber."""


def signature(token: str, moment: int, body: bytes) -> str:
    """GS1-Signature: `t=<seconds since 1970>,v1=<HMAC-SHA256, hexadecimal>` under the subscriber's token, over the
    seconds in decimal, a full stop, and the body."""
    mac = hmac.new(token.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return f"t={moment},v1={mac.hexdigest()}"


class Webhooks:
    """Connections to whoever subscribed."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._connections: httpcore.AsyncConnectionPool | None = None

    @property
    def _pool(self) -> httpcore.AsyncConnectionPool:
        # Not before there is something to send: to read all certificate authorities takes a while.
        if self._connections is None:
            self._connections = httpcore.AsyncConnectionPool(
                ssl_context=httpcore.default_ssl_context(),
                max_connections=CONNECTIONS_MAX,
                keepalive_expiry=5.0,
                network_backend=CheckedNetwork(private=self._private),
            )
        return self._connections

    async def close(self) -> None:
        if self._connections is not None:
            await self._connections.aclose()

    async def send(self, url: str, body: bytes, token: str | None, delivery: str) -> None:
        """Posts a document. `delivery` names it, again in each attempt. Redirects are not followed, and of the answer
        only its status is read. Raises `NotDelivered`."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Wayproof",
            "GS1-EPCIS-Version": "2.0.0",
            "Wayproof-Delivery": delivery,
        }
        if token is not None:
            headers["GS1-Signature"] = signature(token, int(time.time()), body)
        try:
            async with asyncio.timeout(DELIVERY_S_MAX):
                async with self._pool.stream("POST", url, headers=list(headers.items()), content=body) as response:
                    status = response.status
        except TimeoutError:
            raise NotDelivered(f"no answer in {DELIVERY_S_MAX:.0f} seconds") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as failure:
            raise NotDelivered(str(failure)[:200] or type(failure).__name__) from None
        if not 200 <= status < 300:
            raise NotDelivered(f"answered with status {status}")

"""Where a webhook may go: to public addresses, and to the one that was looked at."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpcore

from trace_api.errors import Subscription

if TYPE_CHECKING:
    from collections.abc import Iterable

DEST_CHARACTERS_MAX = 2_000
PORTS = frozenset({80, 443})
"""Well-known ports that a webhook may have, besides those from 1024 on."""
PORT_FREE_MIN = 1024
RESOLVE_S_MAX = 5.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(httpcore.ConnectError):
    """A name leads to an address that is not public."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL that a webhook may be sent to, as far as its text tells."""

    url: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: object) -> Self:
        """Raises `Subscription` for what is no http(s) URL without credentials, on a port of `PORTS` or above."""
        if not isinstance(text, str) or not text.isascii() or not text.isprintable() or len(text) > DEST_CHARACTERS_MAX:
            raise Subscription("/dest", "a URL in ASCII that the events are posted to")
        try:
            parts = urlsplit(text)
            port = {"http": 80, "https": 443}.get(parts.scheme, 0) if parts.port is None else parts.port
        except ValueError as error:
            raise Subscription("/dest", str(error)) from None
        if parts.scheme not in ("http", "https") or not parts.hostname or " " in text or "\\" in text:
            raise Subscription("/dest", "an http or https URL with a host")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise Subscription("/dest", "no credentials and no fragment; the signature says who sends")
        if port not in PORTS and port < PORT_FREE_MIN:
            raise Subscription("/dest", f"port 80, 443, or one from {PORT_FREE_MIN} on")
        return cls(text, parts.hostname, port)


def is_public(address: Address) -> bool:
    """Whether an address is one of the open network, also behind each way of writing one address inside another."""
    inner: list[Address | None] = []
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return (
        (address.is_global or address in _NAT64)
        and not address.is_multicast
        and not address.is_reserved
        and all(is_public(one) for one in inner if one is not None)
    )


async def resolve(host: str, port: int, *, private: bool) -> list[Address]:
    """The addresses of a host, every one of which may be connected to. Raises `AddressRefused`, or
    `httpcore.ConnectError` where there is none."""
    try:
        async with asyncio.timeout(RESOLVE_S_MAX):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} has no address: {error}") from None
    addresses = [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]
    if not addresses:
        raise httpcore.ConnectError(f"{host} has no address")
    # One private address among public ones is how a name is turned against us.
    if not private and not all(map(is_public, addresses)):
        raise AddressRefused(f"{host} leads to an address that is not public")
    return addresses


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were looked at, never to a name: between looking and connecting it could change."""

    def __init__(self, *, private: bool) -> None:
        self._network = httpcore.AnyIOBackend()
        self._private = private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's own name)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of the host."""
        addresses = await resolve(host, port, private=self._private)
        return await self._network.connect_tcp(str(addresses[0]), port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Between attempts of the pool's own, of which there are none."""
        await self._network.sleep(seconds)

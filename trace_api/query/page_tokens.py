"""Page tokens: a place in a list, sealed, with an end. The server keeps nothing for a token until somebody ends it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from trace_api.errors import Invalid, NotFound
from trace_api.store import page_tokens as ended

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

TOKEN_CHARACTERS_MAX = 4_000
LIFE_S = 24 * 3600
"""How long a token leads on."""
_MAC_BYTES = 16
_LIST_BYTES = 8
_FOREIGN = "the page token is not one of ours, or belongs to another list or query"


@dataclass(frozen=True, slots=True)
class PageToken:
    """What leads to the next page, and until when."""

    text: str
    expires: datetime


class PageTokens:
    """Writes and reads tokens under a key of the server's own."""

    def __init__(self, blinding_key: bytes) -> None:
        self._key = hashlib.blake2b(key=blinding_key, person=b"wayproof page").digest()

    def write(self, list_: str, place: Sequence[object]) -> PageToken:
        """A token for a place, JSON-serialisable, in a list. `list_` names it, with all that shapes its order."""
        expires = int(time.time()) + LIFE_S
        payload = orjson.dumps([expires, self._seal(list_.encode(), _LIST_BYTES).hex(), *place])
        text = base64.urlsafe_b64encode(self._seal(payload, _MAC_BYTES) + payload).decode().rstrip("=")
        return PageToken(text, datetime.fromtimestamp(expires, UTC))

    async def read(self, connection: asyncpg.Connection, list_: str, text: str) -> list[Any]:
        """The place that a token leads to. Raises `Invalid` for one of another list, one that was ended, and one
        whose time is over. Cost: one look into an index."""
        expires, of, *place = self._open(text)
        if of != self._seal(list_.encode(), _LIST_BYTES).hex():
            raise Invalid(_FOREIGN)
        if expires < time.time() or await ended.is_ended(connection, self._digest(text)):
            raise Invalid("the page token has ended; begin again at the first page")
        return place

    async def end(self, connection: asyncpg.Connection, text: str) -> None:
        """Ends a token. Raises `NotFound` for one that is none of ours."""
        try:
            expires, *_ = self._open(text)
        except Invalid:
            raise NotFound("no such page token") from None
        await ended.end(connection, self._digest(text), datetime.fromtimestamp(expires, UTC))

    def _open(self, text: str) -> list[Any]:
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise Invalid(_FOREIGN) from None
        mac, payload = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
        if len(text) > TOKEN_CHARACTERS_MAX or not hmac.compare_digest(mac, self._seal(payload, _MAC_BYTES)):
            raise Invalid(_FOREIGN)
        parts: list[Any] = orjson.loads(payload)
        return parts

    def _seal(self, data: bytes, size: int) -> bytes:
        return hashlib.blake2b(data, key=self._key, digest_size=size).digest()

    def _digest(self, text: str) -> bytes:
        # Of the bytes: one token can be spelled with and without padding.
        return hashlib.sha256(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))).digest()

"""Asks the witnesses of a policy for cosignatures (C2SP tlog-witness), all at once."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import httpx
import structlog

import trace_core
from trace_api.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Prove = Callable[[int, int], Awaitable[list[bytes]]]
    """The consistency proof between two sizes of the log."""

COSIGN_S_MAX = 5.0
"""How long a checkpoint waits for its quorum; then it is not published, and the next one is tried."""
GRACE_S = 0.2
"""How long the other witnesses may still take once there is a quorum."""
_KEY_ID_CHARACTERS = 5
"""Of a signature in base64, those that the key's id alone decides: 30 of its 32 bits."""
ANSWER_BYTES_MAX = 64 * 1024
"""Of an answer of a witness, some signature lines."""
_SIZE_DIGITS_MAX = 20

log = structlog.get_logger()


class OtherHistory(Unavailable):
    """Too few witnesses cosign, and one of them has cosigned what this database does not have: it was restored from a
    backup that is too old, or another server signs for the same log. To go on would show a second history."""


@dataclass(slots=True)
class _Witness:
    name: str
    url: str
    cosigned_size: int = 0
    """What it has cosigned last, as far as we know; it corrects us."""


class Cosigners:
    """The witnesses of one policy that have a URL."""

    def __init__(self, policy_text: bytes, client: httpx.AsyncClient | None = None) -> None:
        self.policy_text = policy_text
        self._policy = trace_core.Policy(policy_text)
        self._client = client
        self._witnesses = [_Witness(name, url.rstrip("/")) for name, _, url in self._policy.witnesses if url]

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, policy_text: bytes) -> AsyncIterator[Self]:
        """With connections that are kept alive. Raises `SignatureError` for what is no policy."""
        alone = cls(policy_text)
        if alone.is_alone:
            # A client reads all certificate authorities, which takes a while.
            yield alone
            return
        async with httpx.AsyncClient(timeout=COSIGN_S_MAX) as client:
            yield cls(policy_text, client)

    @property
    def is_alone(self) -> bool:
        """Whether there is nobody to ask."""
        return not self._witnesses

    async def cosign(self, checkpoint: bytes, prove: Prove) -> bytes | None:
        """The checkpoint with its cosignatures; None when there is no quorum within `COSIGN_S_MAX`.

        Raises `OtherHistory` when there is no quorum, and a witness contradicts. That of one alone stops nothing: it
        may be wrong itself.
        """
        asked = {asyncio.create_task(self._ask(witness, checkpoint, prove)) for witness in self._witnesses}
        deadline = asyncio.get_running_loop().time() + COSIGN_S_MAX
        note, contradictions = checkpoint, []
        try:
            while asked and (left := deadline - asyncio.get_running_loop().time()) > 0:
                answered, asked = await asyncio.wait(asked, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                for task in answered:
                    try:
                        note = self._policy.add_cosignatures(note, _one_a_key(task.result()))
                    except trace_core.SignatureError as refused:
                        log.warning("witness_left_out", reason=str(refused))
                    except OtherHistory as contradiction:
                        log.error("witness_contradicts", detail=str(contradiction))
                        contradictions.append(contradiction)
                if asked and self._is_quorum(note):
                    deadline = min(deadline, asyncio.get_running_loop().time() + GRACE_S)
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        if self._is_quorum(note):
            return note
        if contradictions:
            raise contradictions[0]
        return None

    def _is_quorum(self, note: bytes) -> bool:
        try:
            self._policy.check(note)
        except trace_core.SignatureError:
            return False
        return True

    async def _ask(self, witness: _Witness, checkpoint: bytes, prove: Prove) -> bytes:
        """Signature lines; none when the witness does not answer, or does not cosign. Raises `OtherHistory`."""
        size = trace_core.checkpoint_size(checkpoint)
        # Whoever has cosigned another size than we think says so, once.
        for _ in range(2):
            old_size = min(witness.cosigned_size, size)
            body = trace_core.AddCheckpoint.write(
                old_size=old_size, proof=await prove(old_size, size), checkpoint=checkpoint
            )
            try:
                status, answer = await self._post(f"{witness.url}/add-checkpoint", body)
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as failure:
                log.warning("witness_silent", witness=witness.name, reason=type(failure).__name__)
                return b""
            if status == httpx.codes.OK:
                witness.cosigned_size = size
                return answer
            if status == httpx.codes.UNPROCESSABLE_ENTITY:
                raise OtherHistory(f"what the witness {witness.name} has cosigned last is not the begin of this log")
            if status != httpx.codes.CONFLICT or (cosigned := _read_size(answer)) is None:
                break
            if cosigned > size:
                raise OtherHistory(f"the witness {witness.name} has cosigned {cosigned} leaves, and there are {size}")
            if cosigned == old_size:
                raise OtherHistory(f"the witness {witness.name} has cosigned another tree of {cosigned} leaves")
            witness.cosigned_size = cosigned
        log.error("witness_refuses", witness=witness.name, status=status)
        return b""

    async def _post(self, url: str, body: bytes) -> tuple[int, bytes]:
        assert self._client is not None, "who has witnesses has a client"
        async with asyncio.timeout(COSIGN_S_MAX), self._client.stream("POST", url, content=body) as answer:
            content = b""
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > ANSWER_BYTES_MAX:
                    raise httpx.DecodingError("the answer is too long")
            return answer.status_code, content


def _one_a_key(answer: bytes) -> bytes:
    """The first signature line of each key. A note has room for few: with good ones of many times, a single witness
    could leave none to the others."""
    first: dict[bytes, bytes] = {}
    for line in answer.split(b"\n"):
        first.setdefault(line[: line.rfind(b" ") + 1 + _KEY_ID_CHARACTERS], line)
    return b"\n".join(first.values())


def _read_size(answer: bytes) -> int | None:
    digits = answer.removesuffix(b"\n")
    return int(digits) if digits.isdigit() and len(digits) <= _SIZE_DIGITS_MAX else None

"""What one witness answers is no harm to what the others do."""

from __future__ import annotations

import asyncio

import httpx
import pytest

import trace_core
from trace_api.log.cosigners import Cosigners

ORIGIN = "a.test/log"
LOG = trace_core.NoteSigner("Ed25519", ORIGIN, bytes(32))
HOSTILE = trace_core.NoteSigner("cosignature", "hostile.test", bytes([1]) * 32)
HONEST = trace_core.NoteSigner("cosignature", "honest.test", bytes([2]) * 32)
POLICY = (
    f"log {LOG.verifier_key}\nwitness hostile {HOSTILE.verifier_key} https://hostile.test/\n"
    f"witness honest {HONEST.verifier_key} https://honest.test/\nquorum honest\n"
).encode()
NOTE = trace_core.sign_checkpoint(signers=[LOG], origin=ORIGIN, tree_size=1, root_hash=bytes(32), time_s=0)


@pytest.mark.parametrize("lines", [99, 150, 400])
def test_witness_that_answers_with_many_signatures_holds_up_no_publication(lines: int) -> None:
    hostile_answered = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "hostile.test":
            hostile_answered.set()
            return httpx.Response(200, content=b"".join(HOSTILE.signature_line(NOTE, n + 1) for n in range(lines)))
        await hostile_answered.wait()
        return httpx.Response(200, content=HONEST.signature_line(NOTE, 1))

    async def prove(_old_size: int, _new_size: int) -> list[bytes]:
        return []

    async def cosigned() -> bytes | None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            return await Cosigners(POLICY, client).cosign(NOTE, prove)

    note = asyncio.run(cosigned())
    assert note is not None
    assert {name for name, _ in trace_core.Policy(POLICY).check(note)[3]} >= {"honest"}
    assert note.count(b"hostile.test") <= 1

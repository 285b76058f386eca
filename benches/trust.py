"""What proofs weigh, how fast they are checked, how long a leaf waits to be out, and how fast an auditor reads."""

from __future__ import annotations

import asyncio
import base64
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

import trace_core
from benches.table import Goal, Row
from trace_api.audit.index import Auditor
from trace_api.audit.reader import LogReader
from trace_api.audit.state import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx


CAPTURES = 60
CHECKS = 2_000
CADENCE_S = 1.0
QR_BYTES, HISTORY_BYTES = 2_953, 8_000


def trust(client: httpx.Client, landmarks: list[trace_core.Landmark], events: int) -> Iterator[Row | Goal]:
    """On the server that was just filled, without witnesses."""
    yield from _sizes(client, landmarks, events)
    yield from _checks(client)
    yield from _published(client)
    yield _audited(client, events)


def _sizes(client: httpx.Client, landmarks: list[trace_core.Landmark], events: int) -> Iterator[Row | Goal]:
    proof = client.get(f"/log/proof/{events // 3}.tlog-proof").content
    what = f"tlog-proof with its entry, {events:,} leaves"
    yield Row(what, f"{len(proof):,} B")
    yield Goal(what, f"≤ {QR_BYTES:,} B, what a QR code holds", QR_BYTES / len(proof))
    while (answer := client.get("/completeness", params={"item": landmarks[0].digital_link})).status_code != 200:
        time.sleep(0.2)
    items = [landmark.digital_link for landmark in landmarks if landmark.role in ("pack", "consignment")]
    proofs = [client.get("/completeness", params={"item": item}).json() for item in items[:100]]
    nearest = min(proofs, key=lambda proof: abs(len(proof["leaf_indexes"]) - 10))
    bare = _bare(nearest)
    inclusions = [
        trace_core.read_log_proof(client.get(f"/log/proof/{n}.tlog-proof").content) for n in nearest["leaf_indexes"]
    ]
    shared = {step for _, steps, _, _ in inclusions for step in steps}
    entries = sum(len(entry or b"") for _, _, _, entry in inclusions)
    size = bare + 32 * len(shared) + entries + len(inclusions[0][2])
    what = f"history of an item of {len(inclusions)} events with completeness, {events:,} leaves"
    yield Row(what, f"{size:,} B, hashes that proofs share once")
    yield Goal(what, f"≤ {HISTORY_BYTES:,} B", HISTORY_BYTES / size)
    assert answer.status_code == 200


def _bare(proof: dict[str, Any]) -> int:
    """Bytes of a proof of completeness without base64."""
    parts = [base64.b64decode(proof[name]) for name in ("token", "lookup_proof", "entry")]
    return (
        sum(map(len, parts))
        + 32 * len(proof["inclusion_proof"])
        + len(proof["checkpoint"])
        + 8 * len(proof["leaf_indexes"])
    )


def _checks(client: httpx.Client) -> Iterator[Row]:
    key = client.get("/log/key").text.strip()
    policy = trace_core.Policy(client.get("/log/policy").content)
    proof = client.get("/log/proof/1.tlog-proof").content
    complete = client.get("/completeness", params={"item": "https://id.gs1.org/01/09521234543213/21/NEVER"}).content
    for what, document, by in (("tlog-proof", proof, key), ("proof of absence", complete, policy)):
        start = time.perf_counter()
        for _ in range(CHECKS):
            trace_core.check_evidence(document, by)
        took = time.perf_counter() - start
        yield Row(f"{what} checked, signatures and all", f"{CHECKS / took:,.0f}/s")


def _published(client: httpx.Client) -> Iterator[Row]:
    """From sending a capture of one event to the published checkpoint over it, at random moments of the cadence."""
    times = []
    for n in range(CAPTURES):
        event = {
            "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            "type": "ObjectEvent",
            "action": "OBSERVE",
            "eventTime": "2026-01-01T00:00:00Z",
            "eventTimeZoneOffset": "+00:00",
            "epcList": [f"urn:example:published:{n}"],
        }
        time.sleep(0.037 * (n % 27))
        start = time.perf_counter()
        answer = client.post(
            "/capture?ack=published", content=orjson.dumps(event), headers={"Content-Type": "application/json"}
        )
        times.append(time.perf_counter() - start)
        assert answer.json()["state"] == "published", answer.text
    cuts = statistics.quantiles(times, n=100)
    numbers = f"p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"
    limit = f"half the cadence of {CADENCE_S:g} s, on average"
    yield Row("from capture to published", numbers, limit, f"{CADENCE_S / 2 / cuts[49]:.2f} (p50)")


def _audited(client: httpx.Client, events: int) -> Row:
    policy = trace_core.Policy(client.get("/log/policy").content)
    prefix = f"{client.base_url}/log".replace("//log", "/log")

    async def visit(state: Path) -> None:
        async with LogReader.open(prefix) as reader, LogReader.open(f"{prefix}/index") as index_reader:
            kept = Kept.load(state, with_index=True)
            await Auditor(reader, policy, index_reader, policy, lambda kept: kept.save(state)).visit(kept)

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        asyncio.run(visit(Path(folder) / "state"))
        took = time.perf_counter() - start
    return Row(f"audit from nothing, index and all, {events:,} leaves", f"{events / took:,.0f} leaves/s")

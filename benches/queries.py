"""The ten queries that clients send most, and the export of everything, on the server that was just filled."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from benches.table import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    import trace_core

TIMES = 200
PER_PAGE = 30
CHUNK_BYTES = 1 << 20
EXPORTED = 250_000
"""Lines that are read of an export, of whatever length."""


def queries(client: httpx.Client, landmarks: list[trace_core.Landmark], events: int) -> Iterator[Row]:
    """p50 and p99 of a first page of 30 events, over values that the data has, in turns."""
    for what, asked in _typical(client, landmarks).items():
        times, found = [], 0
        for n in range(TIMES):
            parameters = asked[n % len(asked)] | {"perPage": PER_PAGE}
            start = time.perf_counter()
            answer = client.get("/events", params=parameters)
            times.append(time.perf_counter() - start)
            assert answer.status_code == 200, answer.text[:300]
            found += len(answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"])
        cuts = statistics.quantiles(times, n=100)
        yield Row(
            f"query: {what}, over {events:,} events, {found / TIMES:.1f} found",
            f"p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms",
        )


def _typical(client: httpx.Client, landmarks: list[trace_core.Landmark]) -> dict[str, list[dict[str, Any]]]:
    items = [landmark.digital_link for landmark in landmarks if landmark.role in ("pack", "consignment")]
    places = client.get("/readPoints", params={"perPage": 50}).json()["member"]
    urns = [landmark.urn for landmark in landmarks if landmark.urn.startswith("urn:epc:id:sgtin:")]
    patterns = [urn.replace(":id:", ":idpat:").rpartition(".")[0] + ".*" for urn in urns]
    last = {"orderBy": "eventTime", "orderDirection": "DESC"}
    # The first ones are all of one large lot.
    latest = client.get("/events", params={"perPage": 500, **last}).json()
    some = latest["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    documents = [
        {f"EQ_bizTransaction_{one.get('type', '')}": one["bizTransaction"]}
        for event in some
        for one in event.get("bizTransactionList", [])
    ]
    ids = [{"EQ_eventID": event["eventID"]} for event in some if "eventID" in event]
    return {
        "an item (MATCH_anyEPC)": [{"MATCH_anyEPC": item} for item in items],
        "an event id": ids or [{"EQ_eventID": "urn:uuid:none"}],
        "a document's number": documents,
        "a business step, latest": [{"EQ_bizStep": step, **last} for step in ("shipping", "receiving", "packing")],
        "a place, latest": [{"EQ_readPoint": place, **last} for place in places],
        "a step at a place": [{"EQ_bizStep": "receiving", "EQ_readPoint": place} for place in places],
        "an hour": [{"GE_eventTime": e["eventTime"], "LT_eventTime": _later(e["eventTime"])} for e in some[::20]],
        "what came in since a time": [{"GE_recordTime": "2020-01-01T00:00:00Z", "orderBy": "recordTime"}],
        "warmer than 8 °C": [{"GT_value_CEL": 8.0 + n / 10, **last} for n in range(10)],
        "a product's items (pattern)": [{"MATCH_epc": pattern, **last} for pattern in patterns],
    }


def _later(time_text: str) -> str:
    return time_text[:11] + f"{min(int(time_text[11:13]) + 1, 23):02}" + time_text[13:]


def export(client: httpx.Client, events: int, resident: Callable[[], int]) -> Iterator[Row]:
    """All events as lines, in one answer, of which the first are taken."""
    before, peak, lines, size = resident(), 0, 0, 0
    start = time.perf_counter()
    with client.stream("GET", "/events", headers={"Accept": "application/x-ndjson"}, timeout=3600) as answer:
        for chunk in answer.iter_bytes(CHUNK_BYTES):
            lines, size, peak = lines + chunk.count(b"\n"), size + len(chunk), max(peak, resident())
            if lines >= EXPORTED:
                break
    took = time.perf_counter() - start
    assert lines >= min(events, EXPORTED)
    rates = f"{lines / took:,.0f} events/s, {size / took / 1e6:,.0f} MB/s"
    what = f"export as NDJSON, the first {EXPORTED:,} of {events:,} events" if events > EXPORTED else "export as NDJSON"
    yield Row(what, f"{rates}; memory grows by {(peak - before) / 1e6:,.0f} MB")

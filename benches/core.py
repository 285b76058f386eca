"""The core beside its peers: event hash ids, the way of a capture, trees, GS1 keys."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

import trace_core
from benches.interleaved import compare, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.table import Row

REPOSITORY = Path(__file__).parent.parent
GS1_ENGINE_PER_S = 700_000


def event_hash_ids() -> Iterator[Row]:
    """Event hash ids a second, beside the reference implementation on the same events."""
    document = document_of_size(10_000, 500)
    small = document_of_size(200, 500)
    size = len(document) / 10_000
    rate = 10_000 / min(seconds(lambda: trace_core.event_hash_ids(document)) for _ in range(7))
    yield "event hash ids from JSON", f"{rate:,.0f}/s of {size:.0f} B", "goal 300,000/s", f"{rate / 300_000:.2f}"
    try:
        from epcis_event_hash_generator import hash_generator, json_to_py
    except ImportError:
        yield "… and the Python reference", "-", "epcis-event-hash-generator is not installed", "-"
        return
    logging.disable(logging.CRITICAL)
    parsed = orjson.loads(small)

    def reference() -> list[str]:
        events = json_to_py.event_list_from_epcis_document_json(json.loads(json.dumps(parsed)))
        return hash_generator.epcis_hashes_from_events(events)

    with contextlib.redirect_stderr(io.StringIO()):
        assert reference() == trace_core.event_hash_ids(small), "the reference gives other ids"
        ratio = compare(lambda: [trace_core.event_hash_ids(small) for _ in range(20)], reference, pairs=7)
    times = 20 * ratio.median_of_pairs
    peer = f"reference: {200 / ratio.peer_s:,.0f}/s"
    yield (
        "… and the Python reference",
        f"{20 * 200 / ratio.ours_s:,.0f}/s",
        peer,
        f"{times:,.0f}{' (void)' if ratio.void else ''}",
    )


def syntaxes() -> Iterator[Row]:
    """The same events from XML and from JSON, from bytes to their ids; and JSON written as XML."""
    document = document_of_size(5_000, 500)
    xml = trace_core.xml_of_json(document)
    assert trace_core.event_hash_ids(xml) == trace_core.event_hash_ids(document)
    ratio = compare(lambda: trace_core.event_hash_ids(xml), lambda: trace_core.event_hash_ids(document), pairs=7)
    yield (
        "event hash ids from XML",
        f"{5_000 / ratio.ours_s:,.0f}/s of {len(xml) / 5_000:.0f} B, {len(xml) / ratio.ours_s / 1e6:,.0f} MB/s",
        f"JSON: {5_000 / ratio.peer_s:,.0f}/s, {len(document) / ratio.peer_s / 1e6:,.0f} MB/s",
        f"{ratio.median_of_pairs:.2f}{' (void)' if ratio.void else ''}",
    )
    rate = 5_000 / min(seconds(lambda: trace_core.xml_of_json(document)) for _ in range(7))
    yield "JSON written as XML", f"{rate:,.0f} events/s", "-", "-"


def capture_path() -> Iterator[Row]:
    """Bytes to COPY buffers, beside its floor."""
    document = document_of_size(10_000, 1_000)
    blinding = trace_core.Blinding(bytes(32))

    def prepare() -> None:
        prepared = trace_core.prepare_capture(
            document,
            partner="bench",
            record_time_us=1_800_000_000_000_000,
            capture_no=1,
            seed=bytes(32),
            blinding=blinding,
            strict=False,
            threads=1,
        )
        assert prepared.error_count == 0
        prepared.copies([], threads=1)

    rate = 10_000 / min(seconds(prepare) for _ in range(7))
    floor = "floor 246,000/s, before commitments"
    yield (
        "capture path, bytes to COPY buffers, one core",
        f"{rate:,.0f}/s of {len(document) / 10_000:.0f} B",
        floor,
        f"{rate / 246_000:.2f}",
    )


def capture_memory() -> Iterator[Row]:
    """How much a capture of 10,000 events needs beside its body, in a process of its own."""
    events = 10_000
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(events)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    body, grown = map(int, done.stdout.split())
    yield (
        f"memory of a capture of {events:,} events, body included",
        f"{(body + grown) / 1e6:,.0f} MB",
        f"5 × its body of {body / 1e6:.1f} MB",
        f"{(body + grown) / body / 5:.2f}",
    )


_MEMORY = """
import sys
from pathlib import Path
import trace_core

def memory(name):
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024

body = trace_core.Simulator(events=int(sys.argv[1]), seed=3).next_document(int(sys.argv[1]))
blinding = trace_core.Blinding(bytes(32))
Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
before = memory("VmRSS")
prepared = trace_core.prepare_capture(body, partner="bench", record_time_us=1_800_000_000_000_000, capture_no=1,
                                      seed=bytes(32), blinding=blinding, strict=False)
copies = prepared.copies([])
print(len(body), memory("VmHWM") - before)
"""


def rust_examples() -> Iterator[Row]:
    """What the crates measure themselves, in one process each."""
    for package, example in (("wayproof-merkle", "peers"), ("wayproof-gs1", "measure")):
        command = ["cargo", "run", "--release", "--quiet", "-p", package, "--example", example]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                yield from _rows_of(orjson.loads(line))


def _rows_of(measured: dict[str, float | str | bool]) -> Iterator[Row]:
    if "peer_per_s" in measured:
        ours, peer = f"{measured['ours_per_s']:,.0f}/s", f"{measured['peer']}: {measured['peer_per_s']:,.0f}/s"
        ratio = f"{measured['ratio']:.1f}{' (void)' if measured['void'] else ''}"
        yield f"{measured['operation']}, lanes: {measured['lanes']}", ours, peer, ratio
    if "round_trips_per_s" in measured:
        rate = float(measured["round_trips_per_s"])
        peer = f"the GS1 syntax engine in C, as measured elsewhere: {GS1_ENGINE_PER_S:,}/s"
        yield "element string → Digital Link → element string", f"{rate:,.0f}/s", peer, f"{rate / GS1_ENGINE_PER_S:.1f}"


def document_of_size(events: int, size: int) -> bytes:
    """Simulated events within a tenth of `size` bytes, as they come, of all kinds."""
    simulator = trace_core.Simulator(events=events * 20, seed=11, troubled_per_10k=0)
    document = orjson.loads(simulator.next_document(events * 20) or b"{}")
    found = document["epcisBody"]["eventList"]
    fitting = [event for event in found if abs(len(orjson.dumps(event)) - size) <= size / 10][:events]
    assert len(fitting) == events, "the simulator has too few events of this size"
    document["epcisBody"]["eventList"] = fitting
    return orjson.dumps(document)

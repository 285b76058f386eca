"""The core beside its floor and its peers: event hash ids, the way of a capture, GS1 keys."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

import trace_core
from benches.interleaved import compare, seconds
from benches.rust import REPOSITORY, example, row
from benches.table import Goal, Row, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.interleaved import Ratio

GS1_ENGINE_PER_S = 700_000
"""Round trips of the GS1 syntax engine in C, as measured elsewhere on this kind of machine."""
IDS_GOAL, CAPTURE_GOAL, REFERENCE_GOAL = 300_000, 140_000, 330
"""Events a second on one core; times the Python reference."""
XML_TIMES_MAX = 2
EVENTS, SMALL = 5_000, 200
MEMORY_TIMES_MAX = 5
MEMORY_EVENTS = 10_000


def core() -> Iterator[Row | Goal]:
    """Needs cargo for what cannot be beaten."""
    document, capture = document_of_size(EVENTS, 500), document_of_size(EVENTS, 1_000)
    xml = trace_core.xml_of_json(document)
    assert trace_core.event_hash_ids(xml) == trace_core.event_hash_ids(document)
    with tempfile.TemporaryDirectory(prefix="wayproof-bench-") as folder:
        files = [Path(folder) / name for name in ("events.json", "events.xml", "capture.json")]
        for file, content in zip(files, (document, xml, capture), strict=True):
            file.write_bytes(content)
        read, ids, ids_of_xml, prepared = example("wayproof-capture", *files)
    orjson_s = min(seconds(lambda: orjson.loads(capture)) for _ in range(7))
    times_orjson = f"{read['ours_per_s'] * orjson_s / EVENTS:.2f}"
    yield replace(row(read), peer=f"orjson, into Python: {EVENTS / orjson_s:,.0f}/s", times_peer=times_orjson)
    times, reference = _reference()
    yield replace(row(ids), peer=reference, times_peer=said(times, scale=REFERENCE_RUNS, digits=0) if times else "-")
    yield Goal(ids["operation"], f"{IDS_GOAL:,}/s", ids["ours_per_s"] / IDS_GOAL)
    if times:
        reached = REFERENCE_RUNS * times.median_of_pairs / REFERENCE_GOAL
        yield Goal(ids["operation"], f"{REFERENCE_GOAL} × the Python reference", reached)
    yield row(ids_of_xml)
    within = ids_of_xml["ours_per_s"] / ids["ours_per_s"] * XML_TIMES_MAX
    yield Goal(ids_of_xml["operation"], f"within {XML_TIMES_MAX} × of the time of JSON", within)
    rate = EVENTS / min(seconds(lambda: trace_core.xml_of_json(document)) for _ in range(7))
    yield Row("JSON written as XML", f"{rate:,.0f} events/s")
    yield row(prepared)
    yield Goal(prepared["operation"], f"{CAPTURE_GOAL:,}/s", prepared["ours_per_s"] / CAPTURE_GOAL)
    yield from _memory()
    yield from _gs1()


REFERENCE_RUNS = 20
"""Of ours for each of the reference's, on the same events."""


def _reference() -> tuple[Ratio | None, str]:
    """Beside the reference implementation on the same events, once both give the same ids."""
    try:
        from epcis_event_hash_generator import hash_generator, json_to_py
    except ImportError:
        return None, "epcis-event-hash-generator is not installed"
    logging.disable(logging.CRITICAL)
    small = document_of_size(SMALL, 500)
    parsed = orjson.loads(small)

    def reference() -> list[str]:
        events = json_to_py.event_list_from_epcis_document_json(json.loads(json.dumps(parsed)))
        return hash_generator.epcis_hashes_from_events(events)

    def ours() -> None:
        for _ in range(REFERENCE_RUNS):
            trace_core.event_hash_ids(small)

    with contextlib.redirect_stderr(io.StringIO()):
        assert reference() == trace_core.event_hash_ids(small), "the reference gives other ids"
        ratio = compare(ours, reference, pairs=7)
    return ratio, f"epcis_event_hash_generator: {SMALL / ratio.peer_s:,.0f}/s"


def _memory() -> Iterator[Row | Goal]:
    """How much a capture needs beside its body, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, str(MEMORY_EVENTS)], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    body, grown = map(int, done.stdout.split())
    what = f"memory of a capture of {MEMORY_EVENTS:,} events, body included"
    size = (body + grown) / body
    yield Row(what, f"{(body + grown) / 1e6:,.0f} MB", f"its body: {body / 1e6:.1f} MB", f"{1 / size:.2f}")
    yield Goal(what, f"{MEMORY_TIMES_MAX} × its body", MEMORY_TIMES_MAX / size)


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


def _gs1() -> Iterator[Row]:
    for line in example("wayproof-gs1"):
        if "round_trips_per_s" in line:
            rate = line["round_trips_per_s"]
            peer = f"the GS1 syntax engine in C, measured elsewhere: {GS1_ENGINE_PER_S:,}/s"
            times = f"{rate / GS1_ENGINE_PER_S:.1f}"
            yield Row("element string → Digital Link → element string", f"{rate:,.0f}/s", peer=peer, times_peer=times)


def document_of_size(events: int, size: int) -> bytes:
    """Simulated events within a tenth of `size` bytes, as they come, of all kinds."""
    simulator = trace_core.Simulator(events=events * 20, seed=11, troubled_per_10k=0)
    document = orjson.loads(simulator.next_document(events * 20) or b"{}")
    found = document["epcisBody"]["eventList"]
    fitting = [event for event in found if abs(len(orjson.dumps(event)) - size) <= size / 10][:events]
    assert len(fitting) == events, "the simulator has too few events of this size"
    document["epcisBody"]["eventList"] = fitting
    return orjson.dumps(document)

"""Simulated captures, prepared as the server prepares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trace_core

if TYPE_CHECKING:
    from collections.abc import Iterator

BLINDING_KEY = bytes(range(32))


def prepared(simulator: trace_core.Simulator, document_events: int) -> Iterator[tuple[int, bytes, trace_core.Copies]]:
    """Number, document and COPY streams of one capture after the other."""
    blinding = trace_core.Blinding(BLINDING_KEY)
    number = 0
    while (document := simulator.next_document(document_events)) is not None:
        number += 1
        capture = trace_core.prepare_capture(
            document,
            partner="bench",
            record_time_us=1_800_000_000_000_000,
            capture_no=number,
            seed=number.to_bytes(32),
            blinding=blinding,
            strict=False,
        )
        yield number, document, capture.copies([])

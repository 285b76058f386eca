"""Ratios that a noisy machine cannot bend much: A and B in turns, in one process."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DISAGREEMENT_MAX = 0.05
"""Where the two estimators differ by more, the machine was too busy and the run says so."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times faster ours is. `void` when the two estimators disagree."""

    ours_s: float
    peer_s: float
    median_of_pairs: float
    ratio_of_minima: float

    @property
    def void(self) -> bool:
        return abs(self.median_of_pairs / self.ratio_of_minima - 1) > DISAGREEMENT_MAX


def compare(ours: Callable[[], object], peer: Callable[[], object], pairs: int) -> Ratio:
    """Runs both in alternating order, `pairs` times. Seconds are the minima."""
    times: list[tuple[float, float]] = []
    for pair in range(pairs):
        first, second = (ours, peer) if pair % 2 == 0 else (peer, ours)
        a, b = seconds(first), seconds(second)
        times.append((a, b) if pair % 2 == 0 else (b, a))
    return ratio_of(times)


def ratio_of(times: list[tuple[float, float]]) -> Ratio:
    """Of pairs that were measured one right after the other: seconds of ours, seconds of the peer."""
    ours_s, peer_s = min(a for a, _ in times), min(b for _, b in times)
    return Ratio(ours_s, peer_s, statistics.median(b / a for a, b in times), peer_s / ours_s)


def seconds(run: Callable[[], object]) -> float:
    """How long one run takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start

"""What is asked of a filled server, over HTTP, one question after the other."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benches.server import RECALL_ITEMS, TRACED_EVENTS, Filled, Server, percentile, percentiles
from benches.table import Goal, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOK_UPS, TRACES, RECALLS, LARGE_RECALLS = 400, 200, 40, 20
WARM_UPS = 5


@dataclass(frozen=True, slots=True)
class Question:
    """One kind, with what it is asked about in turns, and its goal: a percentile in milliseconds, or none."""

    name: str
    what: str
    path: str
    parameter: str
    asked: Sequence[str]
    times: int
    goal: tuple[int, float] | None = None


def questions(filled: Filled) -> list[Question]:
    """Those that its data allows."""
    lots = filled.of_role("lot")
    large = filled.of_role("large_lot")
    traced, longest = (
        f"the latest {TRACED_EVENTS} events with proofs, of items with {of.events.start} to {of.events.stop - 1}"
        for of in (filled.traced, filled.longest)
    )
    recalled = f"recall of a lot reaching {RECALL_ITEMS:,} items"
    all_of_them = [
        Question("look_up", "item look-up (history)", "/history", "item", filled.items, LOOK_UPS, (99, 5)),
        Question("verdict", "verdict with proofs", "/verify", "scan", filled.items, LOOK_UPS, (99, 10)),
        Question("trace", traced, "/verify", "scan", filled.traced.items, TRACES, (99, 20)),
        Question("longest", longest, "/verify", "scan", filled.longest.items, TRACES),
        Question("recall", "recall of a lot", "/recall", "item", lots, RECALLS),
        Question("large_recall", recalled, "/recall", "item", large, LARGE_RECALLS, (95, 150)),
    ]
    return [question for question in all_of_them if question.asked]


def ask(server: Server, question: Question) -> list[float]:
    """Seconds of each time; the first few are not counted, for the plans that Postgres makes."""
    about = itertools.cycle(question.asked)
    times = [
        server.timed(question.path, {question.parameter: item})
        for item in itertools.islice(about, WARM_UPS + question.times)
    ]
    return times[WARM_UPS:]


def prepared_bytes(server: Server) -> list[float]:
    """Seconds of what the same server cannot do faster: an answer of some hundred bytes that is always the same."""
    return [server.timed("/log/key", {}) for _ in range(WARM_UPS + LOOK_UPS)][WARM_UPS:]


def answers(server: Server, filled: Filled) -> Iterator[Row | Goal]:
    """A row for each kind of question, beside prepared bytes."""
    least = prepared_bytes(server)
    limit = f"GET of prepared bytes: {percentiles(least, 50, 99)}"
    for question in questions(filled):
        times = ask(server, question)
        what = f"{question.what}, over {filled.events:,} events"
        of_limit = percentile(least, 50) / percentile(times, 50)
        yield Row(what, percentiles(times, 50, 95, 99), limit, f"{of_limit:.2f} (p50)")
        if question.goal:
            percent, goal_ms = question.goal
            yield Goal(what, f"p{percent} ≤ {goal_ms:g} ms", goal_ms / percentile(times, percent))

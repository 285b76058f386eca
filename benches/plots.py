"""Draws what grew: throughput, latency and storage against the size of the database, as SVG and PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import orjson
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIGURES = Path("docs/figures")
NUMBERS = "growth.json"
LATENCIES = {
    # Name: what people read, and the goal of the percentile drawn, in milliseconds.
    "look_up": ("item look-up", "p99", 5),
    "verdict": ("verdict with proofs", "p99", 10),
    "trace": ("verdict with proofs, of about 50 events", "p99", 20),
    "longest": ("verdict with proofs, longest histories", "p99", None),
    "large_recall": ("recall of 10,000 items", "p95", 150),
    "prepared_bytes": ("GET of prepared bytes", "p99", None),
}
STORAGE_GOAL = 1.5
INCHES = (8, 4.2)
DOTS_PER_INCH = 144


def draw(folder: Path) -> list[Path]:
    """One figure for each, from the numbers in the folder. The same numbers give the same bytes."""
    sizes = orjson.loads((folder / NUMBERS).read_bytes())["sizes"]
    # Of one seed, without a date, so that a repository sees a change only where there is one.
    mpl.rcParams.update({"svg.hashsalt": "wayproof", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3})
    drawn = []
    for name, plot in (("throughput", _throughput), ("latency", _latency), ("storage", _storage)):
        figure = Figure(figsize=INCHES, layout="constrained")
        axes = figure.subplots()
        axes.set_xscale("log")
        axes.set_xlabel("events in the database")
        plot(axes, sizes)
        for kind in ("svg", "png"):
            path = folder / f"growth-{name}.{kind}"
            about = {"Date": None} if kind == "svg" else {"Software": None}
            figure.savefig(path, dpi=DOTS_PER_INCH, metadata=about)
            drawn.append(path)
    return drawn


def table(folder: Path) -> str:
    """The same numbers as Markdown, a column for each size."""
    sizes = orjson.loads((folder / NUMBERS).read_bytes())["sizes"]
    rows: list[tuple[str, ...]] = [("events", *(f"{size['events']:,}" for size in sizes))]
    rows.append(("---",) * len(rows[0]))
    rows.append(("raw COPY, events/s", *(f"{size['raw_copy_per_s']:,}" for size in sizes)))
    rows.append(("capture over HTTP, events/s", *(f"{size['captured_per_s']:,}" for size in sizes)))
    rows.append(("… of raw COPY", *(f"{size['captured_per_s'] / size['raw_copy_per_s']:.2f}" for size in sizes)))
    for name, (what, _, goal) in LATENCIES.items():
        of_goal = "" if goal is None else f" (goal {goal} ms)"
        times = [size["milliseconds"].get(name, {}) for size in sizes]
        shown = (" / ".join(f"{took[p]:.1f}" for p in took) or "-" for took in times)
        rows.append((f"{what}, p50 / p95 / p99 ms{of_goal}", *shown))
        if name in ("trace", "longest"):
            rows.append(("… of so many events", *("-".join(map(str, size[f"{name}_events"])) for size in sizes)))
    times = (size["bytes_per_event"] / size["json_bytes_per_event"] for size in sizes)
    rows.append((f"storage, times the JSON (goal {STORAGE_GOAL})", *(f"{ratio:.2f}" for ratio in times)))
    rows.append(("start, slowest of three, s", *(f"{size['start_s'][-1]:.1f}" for size in sizes)))
    rows.append(("server's memory at its peak, MB", *(f"{size['peak_memory_mb']:,}" for size in sizes)))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _throughput(axes: Axes, sizes: list[dict[str, Any]]) -> None:
    largest = sizes[-1]["captured_meanwhile"]
    axes.plot(*zip(*largest, strict=True), lw=1, alpha=0.6, label="capture over HTTP, while the largest fills")
    axes.plot(*_of(sizes, "captured_per_s"), "o-", label="capture over HTTP, whole fill")
    axes.plot(*_of(sizes, "raw_copy_per_s"), "s--", label="raw COPY of the same rows")
    axes.set_ylabel("events a second")
    axes.set_ylim(bottom=0)
    axes.set_title("Throughput: durable, indexed, in the log")
    axes.legend()


def _latency(axes: Axes, sizes: list[dict[str, Any]]) -> None:
    events = [size["events"] for size in sizes]
    for name, (what, percent, goal) in LATENCIES.items():
        times = [size["milliseconds"].get(name, {}).get(percent) for size in sizes]
        (line,) = axes.plot(events, times, "o-", label=f"{what}, {percent}")
        if goal is not None:
            axes.axhline(goal, color=line.get_color(), ls=":", lw=1)
    axes.set_yscale("log")
    axes.set_ylabel("milliseconds, over HTTP")
    axes.set_title("Latency; dotted: the goal of the same colour")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def _storage(axes: Axes, sizes: list[dict[str, Any]]) -> None:
    axes.plot(*_of(sizes, "bytes_per_event"), "o-", label="all that is stored: rows, indexes, tiles, index tree")
    axes.plot(*_of(sizes, "json_bytes_per_event"), "s--", label="the event's own JSON")
    goal = [size["json_bytes_per_event"] * STORAGE_GOAL for size in sizes]
    axes.plot([size["events"] for size in sizes], goal, ":", label=f"goal: {STORAGE_GOAL} × the JSON")
    axes.set_ylabel("bytes an event")
    axes.set_ylim(bottom=0)
    axes.set_title("Storage")
    axes.legend()


def _of(sizes: list[dict[str, Any]], name: str) -> tuple[list[int], list[float]]:
    return [size["events"] for size in sizes], [size[name] for size in sizes]

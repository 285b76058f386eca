"""Follows a log that does not push: asks for its checkpoint, and fetches, checks and stores what is new."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

import trace_core
from trace_api.errors import TraceError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from trace_api.mirror.copy import LogCopy
    from trace_api.mirror.mirror import Mirror
    from trace_api.mirror.source import LogSource

    OnProgress = Callable[[int, int], None]
    """Is told of entries that are stored, and of entries in all."""

PERIOD_S = 10.0
"""From one look at a log that is followed to the next."""

log = structlog.get_logger()


class Inconsistent(TraceError):
    """The log shows something that it did not sign, or that is no continuation of what it showed before."""


async def catch_up(mirror: Mirror, source: LogSource, on_progress: OnProgress = lambda _done, _all: None) -> LogCopy:
    """Brings the copy of a log to its checkpoint, and cosigns that. Goes on where it was interrupted.

    (1) The checkpoint holds by the mirror's policy. (2) It continues the last one, which it replaces. (3) Entries are
    fetched and, each bundle proven to be of that checkpoint's tree, stored. (4) The mirror cosigns.

    Raises `Unavailable` when log or disk cannot be used, `Inconsistent` for what no honest log shows. Memory: some
    bundles.
    """
    try:
        # (1)
        note = await source.checkpoint()
        origin, tree_size, root_hash, _ = mirror.policy.check(note)
        copy = mirror.copies[origin]
        # (2)
        newest = await asyncio.to_thread(mirror.book.newest, origin)
        if newest is not None and tree_size < newest.tree_size:
            # A cache may be behind; what it shows must still be our begin.
            if tree_size <= copy.next_entry and not await asyncio.to_thread(copy.begins_with, tree_size, root_hash):
                raise Inconsistent(f"{origin} shows another tree of {tree_size} leaves than it showed before")
        else:
            await _continue(mirror, source, note, 0 if newest is None else newest.tree_size)
        pending = await asyncio.to_thread(mirror.book.newest, origin)
        assert pending is not None, "there is one from (2) on"
        # (3)
        end = pending.tree_size
        on_progress(copy.next_entry, end)
        async for package in source.packages(copy.next_entry, end, end):
            await asyncio.to_thread(copy.add, package, pending)
            on_progress(package.end, end)
    except trace_core.TraceError as refused:
        source.forget()
        raise Inconsistent(f"{source.url}: {refused}") from None
    # (4)
    if copy.mirrored_size < end or copy.checkpoint() is None:
        await asyncio.to_thread(copy.finish, pending, mirror.cosign)
        log.info("mirrored", origin=origin, tree_size=end)
    return copy


async def _continue(mirror: Mirror, source: LogSource, note: bytes, old_size: int) -> None:
    proof = await source.prove_consistency(old_size, trace_core.checkpoint_size(note))
    asked = trace_core.AddCheckpoint(trace_core.AddCheckpoint.write(old_size=old_size, proof=proof, checkpoint=note))
    status, reason, _ = await asyncio.to_thread(mirror.take_checkpoint, asked)
    if status != 200:
        raise Inconsistent(f"{asked.origin}: {reason}")


async def follow(mirror: Mirror, source: LogSource, period_s: float) -> None:
    """Catches up again and again, until it is cancelled. What goes wrong is logged, and tried again."""
    while True:
        try:
            await catch_up(mirror, source)
        except Unavailable as failure:
            log.warning("log_unavailable", log=source.url, detail=str(failure))
        except Inconsistent as refused:
            log.error("log_inconsistent", log=source.url, detail=str(refused))
        await asyncio.sleep(period_s)

"""Where a walk runs: beside the event loop, unless it is over in a moment."""

from __future__ import annotations

import threading

import pytest

from trace_api.query import walk
from trace_api.store.walks import Slice


@pytest.mark.parametrize(
    ("events", "body_bytes", "shared_bytes", "is_small"),
    [
        (0, 0, 0, True),
        (walk.SMALL_EVENTS, walk.SMALL_BYTES, walk.SMALL_SHARED_BYTES, True),
        (walk.SMALL_EVENTS + 1, 0, 0, False),
        (1, walk.SMALL_BYTES + 1, 0, False),
        (1, 1, walk.SMALL_SHARED_BYTES + 1, False),
    ],
)
async def test_many_or_large_events_do_not_hold_up_other_requests(
    events: int, body_bytes: int, shared_bytes: int, is_small: bool
) -> None:
    ran_in = await walk._run(threading.get_ident, events, body_bytes, shared_bytes)
    assert (ran_in == threading.get_ident()) == is_small


def test_shared_bytes_are_those_of_all_groups_and_contexts() -> None:
    slice_ = Slice(([1], [0], [0], [b""]), {1: b"four", 9: b"three"}, {0: b"[]", 1: b"[{}]"}, 1, [])
    assert slice_.shared_bytes == 4 + 5 + 2 + 4

"""Memory under captures of all kinds. For an hour: `make soak`."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tests.faults.soak import ROUNDS_MIN, WARM_UP_ROUNDS, soaking

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.soak import Soaked

CONTROL_PERCENT = 20


def soaked(data: Path, kept_percent: int = 0) -> Soaked:
    with soaking(data, kept_percent) as rounds:
        *_, last = itertools.islice(rounds, WARM_UP_ROUNDS + ROUNDS_MIN)
    return last


def test_memory_does_not_grow_with_what_was_captured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = soaked(tmp_path / "data")
    with capsys.disabled():
        print(f"\n{found}")
    assert found.is_flat, found.rests


def test_server_that_keeps_a_part_of_each_capture_is_seen_to_grow(tmp_path: Path) -> None:
    """The control."""
    found = soaked(tmp_path / "data", CONTROL_PERCENT)
    assert not found.is_flat, found.rests

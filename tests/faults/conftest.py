"""What every test here has: a voice. Nothing lost says little without how much there was to lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.machine import Found, Machine


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Callable[[Machine, Found], None]:
    """Prints what was found, of tests that pass, too."""

    def summarise(machine: Machine, found: Found) -> None:
        with capsys.disabled():
            print(f"\n{request.node.name}: {machine.summary(found)}")

    return summarise

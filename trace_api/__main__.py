"""`python -m trace_api` and the command `wayproof`."""

from __future__ import annotations

from trace_api.cli import wayproof


def main() -> None:
    """The command line."""
    wayproof(prog_name="wayproof")


if __name__ == "__main__":
    main()

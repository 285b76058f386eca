"""Measurements: each beside a peer or a limit, in one run, as ratios. `python -m benches --help`."""

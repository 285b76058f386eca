"""Wayproof's API: capture, look-up, trace, recall and verdicts over Postgres, with a transparency log."""

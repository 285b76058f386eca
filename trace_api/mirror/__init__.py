"""A mirror for any C2SP log: a copy of its own, and a cosignature that says so."""

"""A witness for any C2SP log: it cosigns a checkpoint only if it continues the last one that it cosigned."""

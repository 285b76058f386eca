"""The transparency log: one sequencer appends, tiles and checkpoints are served, fsck re-verifies."""

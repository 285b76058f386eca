"""Entries of the log that an index over items has: which root the entries of which checkpoint give."""

from __future__ import annotations

import base64
import binascii

from trace_core._native import ProofError

INDEX_SUFFIX = "/index"
"""What the origin of an index' log has behind that of the log which it is the index of."""
_HEADER = b"wayproof/v1/index\n"
_HASH_BYTES = 32


def write_index_entry(root_hash: bytes, checkpoint: bytes) -> bytes:
    """The entry (`docs/formats.md`, "Index log") that binds a root of the index to a signed checkpoint."""
    return _HEADER + base64.b64encode(root_hash) + b"\n\n" + checkpoint


def read_index_entry(entry: bytes) -> tuple[bytes, bytes]:
    """Root and checkpoint of an entry, none of them checked. Raises `ProofError` for what is none."""
    rest = entry.removeprefix(_HEADER)
    encoded, separator, checkpoint = rest.partition(b"\n\n")
    try:
        root_hash = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        root_hash = b""
    is_exact = write_index_entry(root_hash, checkpoint) == entry
    if len(root_hash) != _HASH_BYTES or not separator or not is_exact:
        raise ProofError("no entry of an index log")
    return root_hash, checkpoint

"""The log's two keys: one signs checkpoints, one blinds names. Both are files of mode 0600."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import trace_core
from trace_api.errors import Unavailable

KEY_BYTES = 32
_SIGNING_KEY_FILE = "log-signing.key"
_BLINDING_KEY_FILE = "log-blinding.key"


@dataclass(frozen=True, slots=True)
class LogKeys:
    """`signing_seed` is an Ed25519 seed, `blinding_key` keys HMAC-SHA-256; 32 bytes each, never printed."""

    signing_seed: bytes = field(repr=False)
    blinding_key: bytes = field(repr=False)

    @classmethod
    def load_or_create(cls, folder: Path) -> Self:
        """Reads both keys from `folder`, made at the first start. Raises `Unavailable` for a damaged file."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(_load_or_create(folder / _SIGNING_KEY_FILE), _load_or_create(folder / _BLINDING_KEY_FILE))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads both keys, and makes none. Raises `Unavailable` when one is missing or damaged."""
        return cls(_load(folder / _SIGNING_KEY_FILE), _load(folder / _BLINDING_KEY_FILE))

    def sign_checkpoint(self, origin: str, tree_size: int, root_hash: bytes) -> bytes:
        """A C2SP checkpoint without extension lines, with one Ed25519 signature under the origin's name."""
        return trace_core.sign_checkpoint(
            seed=self.signing_seed, origin=origin, tree_size=tree_size, root_hash=root_hash
        )

    def verifier_key(self, origin: str) -> str:
        """The vkey of C2SP signed-note: `origin+hash+key`."""
        return trace_core.verifier_key(seed=self.signing_seed, origin=origin)


def _load(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as failure:
        raise Unavailable(f"{path} cannot be read: {failure.strerror}") from None
    if len(key) != KEY_BYTES:
        raise Unavailable(f"{path} does not hold a key of {KEY_BYTES} bytes")
    return key


def _load_or_create(path: Path) -> bytes:
    try:
        # O_EXCL: of two first starts at once, one makes the key and the other reads it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _load(path)
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key

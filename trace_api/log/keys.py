"""The log's keys: one or two sign checkpoints, one blinds names. Each is a file of mode 0600."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import trace_core
from trace_api.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trace_api.log.tiles import Inclusion
    from trace_api.store.log import LogHead

KEY_BYTES = 32
FINGERPRINTED = "wayproof/v1/blinding-key"
"""Text whose token stands in the head of the log, to tell its blinding key from any other."""
_INDEX_DOMAIN = b"wayproof/v1/index-log-key\n"
_SIGNING_KEY_FILE = "log-signing.key"
_BLINDING_KEY_FILE = "log-blinding.key"
_ML_DSA_KEY_FILE = "log-signing-ml-dsa.key"
_NEXT_KEY_FILE = "log-signing-next.key"
_RETIRED_FILE = "log-retired.vkeys"


@dataclass(frozen=True, slots=True)
class LogKeys:
    """`signing_seed` is an Ed25519 seed, `blinding_key` keys HMAC-SHA-256, `ml_dsa_seed` is one of ML-DSA-44, for logs
    that sign with that as well; 32 bytes each, never printed. While the signing key is rotated, `next_seed` signs
    beside it; `retired` are vkeys that signed before, of this log and of its index."""

    signing_seed: bytes = field(repr=False)
    blinding_key: bytes = field(repr=False)
    ml_dsa_seed: bytes | None = field(default=None, repr=False)
    next_seed: bytes | None = field(default=None, repr=False)
    retired: tuple[str, ...] = ()

    @classmethod
    def load_or_create(cls, folder: Path) -> Self:
        """Reads both keys from `folder`, or makes what is missing: for the first start of a log alone.
        Raises `Unavailable` for a damaged file."""
        return cls(load_or_create_seed(folder / _SIGNING_KEY_FILE), load_or_create_seed(folder / _BLINDING_KEY_FILE))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads both keys, and those of a rotation, and makes none. Raises `Unavailable` when one is missing or
        damaged."""
        coming, gone = folder / _NEXT_KEY_FILE, folder / _RETIRED_FILE
        return cls(
            _load(folder / _SIGNING_KEY_FILE),
            _load(folder / _BLINDING_KEY_FILE),
            next_seed=_load(coming) if coming.exists() else None,
            retired=tuple(gone.read_text().split()) if gone.exists() else (),
        )

    def with_ml_dsa(self, folder: Path) -> Self:
        """The keys with one of ML-DSA-44 beside them, which is made when it is missing: a log may begin to sign with
        it at any time."""
        return replace(self, ml_dsa_seed=load_or_create_seed(folder / _ML_DSA_KEY_FILE))

    def for_index(self) -> Self:
        """The keys of the index' log: made from those of the log, and other ones, for no two logs may share a key."""
        signing, ml_dsa, coming = (
            seed and hashlib.sha256(_INDEX_DOMAIN + seed).digest()
            for seed in (self.signing_seed, self.ml_dsa_seed, self.next_seed)
        )
        return replace(self, signing_seed=signing or b"", ml_dsa_seed=ml_dsa, next_seed=coming)

    def signers(self, origin: str) -> list[trace_core.NoteSigner]:
        """What signs checkpoints, under the origin's name: Ed25519 first."""
        seeds = [seed for seed in (self.signing_seed, self.next_seed) if seed is not None]
        signers = [trace_core.NoteSigner("Ed25519", origin, seed) for seed in seeds]
        if self.ml_dsa_seed is not None:
            signers.append(trace_core.NoteSigner("ML-DSA-44", origin, self.ml_dsa_seed))
        return signers

    def sign_checkpoint(self, origin: str, tree_size: int, root_hash: bytes) -> bytes:
        """A C2SP checkpoint without extension lines, with a signature by each of `signers`. It is opened again before
        anybody has it: a signature in which a bit flipped may tell the key. Raises `SignatureError`."""
        note = trace_core.sign_checkpoint(
            signers=self.signers(origin),
            origin=origin,
            tree_size=tree_size,
            root_hash=root_hash,
            time_s=int(time.time()),
        )
        if trace_core.open_checkpoint(note, self.verifier_key(origin)) != (origin, tree_size, root_hash):
            raise trace_core.SignatureError("what was signed is not what was to be signed")
        return note

    def cose_receipt(self, inclusion: Inclusion) -> bytes:
        """The COSE receipt (RFC 9942) of a proven leaf, signed with the Ed25519 key."""
        return trace_core.cose_receipt(
            seed=self.signing_seed,
            tree_size=inclusion.tree_size,
            leaf_index=inclusion.leaf_index,
            proof=inclusion.proof,
            root_hash=inclusion.root_hash,
        )

    def blinding_token(self) -> bytes:
        """The token of a fixed text, 16 bytes: two logs have the same one if they have the same blinding key."""
        return trace_core.Blinding(self.blinding_key).token(FINGERPRINTED)

    def check(self, head: LogHead) -> None:
        """Raises `Unavailable` unless the stored log was signed and its names were blinded with these keys."""
        try:
            trace_core.open_checkpoint(head.checkpoint, self.verifier_key(head.origin))
        except trace_core.SignatureError:
            raise Unavailable("the stored log was signed with another key than the one in the key folder") from None
        if head.blinding_token != self.blinding_token():
            raise Unavailable("the stored log was blinded with another key than the one in the key folder")

    def verifier_key(self, origin: str) -> str:
        """The Ed25519 vkey of C2SP signed-note: `origin+hash+key`."""
        return self.signers(origin)[0].verifier_key

    def verifier_keys(self, origin: str) -> list[str]:
        """The same of all Ed25519 keys that sign now: two while the key is rotated."""
        return [signer.verifier_key for signer in self.signers(origin)[: 1 if self.next_seed is None else 2]]

    def open_kept(self, note: bytes, origin: str) -> tuple[str, int, bytes]:
        """Origin, size and root hash of a checkpoint that was signed at any time. Raises `SignatureError`."""
        for vkey in (*self.verifier_keys(origin), *self.retired):
            if vkey.split("+", 1)[0] == origin:
                with contextlib.suppress(trace_core.SignatureError):
                    return trace_core.open_checkpoint(note, vkey)
        raise trace_core.SignatureError("no key that the log has or had signed the checkpoint")

    def has_both_signed(self, note: bytes, origin: str) -> bool:
        """Whether all keys that sign now have signed this checkpoint."""
        try:
            return all(trace_core.open_checkpoint(note, vkey) for vkey in self.verifier_keys(origin))
        except trace_core.SignatureError:
            return False


def begin_rotation(folder: Path) -> LogKeys:
    """Makes the next signing key, or finds it: from now on both sign."""
    load_or_create_seed(folder / _NEXT_KEY_FILE)
    return LogKeys.load(folder)


def finish_rotation(folder: Path, origins: Sequence[str]) -> LogKeys:
    """Has the next signing key take the place of the one before, of which the vkeys remain, under these origins of the
    log and of its index. A crash at any moment leaves a log that goes on, and the same can be done again."""
    keys = LogKeys.load(folder)
    gone = [keys.verifier_key(origins[0]), keys.for_index().verifier_key(origins[1])]
    retired = list(dict.fromkeys([*keys.retired, *gone]))
    unfinished = folder / f"{_RETIRED_FILE}.{secrets.token_hex(8)}"
    _write_durably(unfinished, "".join(f"{vkey}\n" for vkey in retired).encode())
    unfinished.replace(folder / _RETIRED_FILE)
    _sync_folder(folder)
    (folder / _NEXT_KEY_FILE).replace(folder / _SIGNING_KEY_FILE)
    _sync_folder(folder)
    return LogKeys.load(folder)


def _load(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as failure:
        raise Unavailable(f"{path} cannot be read: {failure.strerror}; its log cannot go on without it") from None
    if len(key) != KEY_BYTES:
        raise Unavailable(f"{path} does not hold a key of {KEY_BYTES} bytes")
    return key


def load_or_create_seed(path: Path) -> bytes:
    """The secret of 32 bytes in a file, which is made when it is not there. Raises `Unavailable` for a damaged one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sync_folder(path.parent.parent)
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        _write_durably(unfinished, secrets.token_bytes(KEY_BYTES))
        # A link is whole from the beginning and replaces nothing: of two first starts at once, one makes the
        # key and the other reads it.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(unfinished)
        unfinished.unlink()
        # Else a power loss could take the name away, and with it what the log was made with.
        _sync_folder(path.parent)
    return _load(path)


def _write_durably(path: Path, content: bytes) -> None:
    """A new file, for its owner alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""A second verifier, in plain Python and from the specifications alone: it shares no code with the core.

RFC 9162 §2.1.3.2 and §2.1.4.2 to the letter; C2SP signed-note and tlog-cosignature with the Ed25519 of a library.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\0" + entry).digest()


def root(leaves: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:split]), root(leaves[split:]))


def is_included(leaf_hash: bytes, index: int, size: int, root_hash: bytes, proof: list[bytes]) -> bool:
    """RFC 9162 §2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, leaf_hash
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node(p, r)
            if not fn & 1:
                while not fn & 1 and fn != 0:
                    fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root_hash


def is_consistent(first: int, second: int, first_hash: bytes, second_hash: bytes, proof: list[bytes]) -> bool:
    """RFC 9162 §2.1.4.2, for 0 < first ≤ second."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_hash == second_hash
    if not proof:
        return False
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_hash)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            if not fn & 1:
                while not fn & 1 and fn != 0:
                    fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == first_hash and sr == second_hash and sn == 0


def signers(note: bytes, vkeys: list[str]) -> list[str]:
    """The names of the keys, of types 0x01 and 0x04, that have signed a note."""
    text, _, lines = note.decode().rpartition("\n\n")
    text += "\n"
    found = []
    for vkey in vkeys:
        name, key_hash, encoded = vkey.split("+", 2)
        typed = base64.b64decode(encoded)
        assert hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex() == key_hash
        for line in lines.splitlines():
            _, by, signature = line.split(" ")
            raw = base64.b64decode(signature)
            if by != name or raw[:4].hex() != key_hash:
                continue
            message, bare = text.encode(), raw[4:]
            if typed[0] == 4:
                time_s, bare = int.from_bytes(raw[4:12]), raw[12:]
                message = f"cosignature/v1\ntime {time_s}\n{text}".encode()
            try:
                Ed25519PublicKey.from_public_bytes(typed[1:]).verify(bare, message)
            except InvalidSignature:
                continue
            found.append(name)
    return found

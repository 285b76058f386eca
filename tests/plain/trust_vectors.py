"""`python -m tests.plain.trust_vectors > tests/vectors/trust.json`: vectors of what nobody publishes vectors for, made
from the specifications alone. What is random in one library and not in another is made by the core and checked here."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

import trace_core
from tests.plain import verifier

ORIGIN = "wayproof.example/log"
TIME_S = 1_800_000_000
LEAVES = [verifier.leaf(bytes([n])) for n in range(8)]
OTHERS = [verifier.leaf(bytes([n, n])) for n in range(8)]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def vkey(name: str, kind: int, public: bytes) -> str:
    typed = bytes([kind]) + public
    return f"{name}+{hashlib.sha256(name.encode() + chr(10).encode() + typed).digest()[:4].hex()}+{b64(typed)}"


def line(name: str, key: str, signature: bytes) -> str:
    return f"— {name} {b64(bytes.fromhex(key.split('+')[1]) + signature)}\n"


def checkpoint(leaves: list[bytes], origin: str = ORIGIN) -> str:
    return f"{origin}\n{len(leaves)}\n{b64(verifier.root(leaves))}\n"


def ed25519(seed: int) -> tuple[Ed25519PrivateKey, bytes]:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed] * 32))
    return private, private.public_key().public_bytes_raw()


def signed(leaves: list[bytes], seed: int = 1, origin: str = ORIGIN) -> str:
    private, public = ed25519(seed)
    text = checkpoint(leaves, origin)
    return f"{text}\n{line(origin, vkey(origin, 1, public), private.sign(text.encode()))}"


def cosigned(leaves: list[bytes], name: str, seed: int) -> str:
    private, public = ed25519(seed)
    text = checkpoint(leaves)
    message = f"cosignature/v1\ntime {TIME_S}\n{text}".encode()
    return line(name, vkey(name, 4, public), TIME_S.to_bytes(8) + private.sign(message))


def ml_dsa_message(leaves: list[bytes], name: str) -> bytes:
    parts = [b"subtree/v1\n\0", bytes([len(name)]), name.encode(), TIME_S.to_bytes(8)]
    parts += [bytes([len(ORIGIN)]), ORIGIN.encode(), bytes(8), len(leaves).to_bytes(8), verifier.root(leaves)]
    return b"".join(parts)


def prove(leaves: list[bytes], old: int) -> list[str]:
    """RFC 9162 §2.1.4.1."""

    def sub(m: int, part: list[bytes], known: bool) -> list[bytes]:
        if m == len(part):
            return [] if known else [verifier.root(part)]
        k = 1 << (len(part) - 1).bit_length() - 1
        if m <= k:
            return [*sub(m, part[:k], known), verifier.root(part[k:])]
        return [*sub(m - k, part[k:], False), verifier.root(part[:k])]

    return [b64(step) for step in sub(old, leaves, True)]


def cosignatures() -> list[dict[str, Any]]:
    name = "witness.example/w1"
    text = checkpoint(LEAVES)
    private = MLDSA44PrivateKey.from_seed_bytes(bytes([3] * 32))
    public = private.public_key().public_bytes_raw()
    made = trace_core.NoteSigner("ML-DSA-44", name, bytes([3] * 32)).signature_line(signed(LEAVES).encode(), TIME_S)
    raw = base64.b64decode(made.decode().split(" ")[2])
    private.public_key().verify(raw[12:], ml_dsa_message(LEAVES, name))
    common = {"name": name, "time_s": TIME_S, "checkpoint": text}
    return [
        {
            "type": 4,
            "seed": "02" * 32,
            "vkey": vkey(name, 4, ed25519(2)[1]),
            **common,
            "line": cosigned(LEAVES, name, 2),
        },
        {"type": 6, "seed": "03" * 32, "vkey": vkey(name, 6, public), **common, "line": made.decode()},
    ]


def policies() -> list[dict[str, Any]]:
    log = f"log {vkey(ORIGIN, 1, ed25519(1)[1])}\n"
    one, two = (f"witness w{n} {vkey(f'w{n}', 4, ed25519(n)[1])}\n" for n in (2, 3))
    note = signed(LEAVES)
    by_two, by_both = note + cosigned(LEAVES, "w2", 2), note + cosigned(LEAVES, "w2", 2) + cosigned(LEAVES, "w3", 3)
    bad = note + cosigned(OTHERS, "w2", 2)
    both = f"{log}{one}{two}group g all w2 w3\nquorum g\n"
    return [
        {"policy": f"{log}quorum none\n", "note": note, "holds": True},
        {"policy": f"{log}{one}quorum w2\n", "note": note, "holds": False},
        {"policy": f"{log}{one}quorum w2\n", "note": by_two, "holds": True},
        {"policy": both, "note": by_two, "holds": False},
        {"policy": both, "note": by_both, "holds": True},
        {"policy": f" \t# c\n\n{both}", "note": by_both, "holds": True},
        {"policy": f"{log}quorum none\n", "note": signed(LEAVES, seed=9), "holds": False},
        {"policy": f"{log}quorum none\n", "note": bad, "holds": True},
        {"policy": f"{log}{one}quorum none\n", "note": bad, "holds": False},
        *(
            {"policy": text, "malformed_line": number}
            for text, number in (
                (f"{log}{log}quorum none\n", 2),
                (f"{log}quorum w2\n", 2),
                (f"{one}{one}quorum none\n", 2),
                (f"{log}witness self {vkey('self', 4, ed25519(1)[1])}\nquorum self\n", 2),
                (f"{one}group g 2 w2\nquorum g\n", 2),
                (f"{one}group g any w2 w2\nquorum g\n", 2),
                (f"{one.replace('w2', 'none', 1)}quorum none\n", 1),
                ("quorum none\nquorum none\n", 2),
                ("log\nquorum none\n", 1),
                ("witnes x\n", 1),
            )
        ),
    ]


def proof_files() -> list[dict[str, Any]]:
    note = signed(LEAVES)
    steps = [LEAVES[2], verifier.root(LEAVES[:2]), verifier.root(LEAVES[4:])]
    hashes = "".join(f"{b64(step)}\n" for step in steps)
    good = f"c2sp.org/tlog-proof@v1\nextra {b64(bytes([3]))}\nindex 3\n{hashes}\n{note}"
    return [
        {"file": good, "holds": True},
        {"file": good.replace("index 3", "index 2"), "holds": False},
        *(
            {"file": text, "malformed": True}
            for text in (
                good.replace("@v1", "@v2"),
                good.replace("index 3", "index 03"),
                good.replace("index 3\n", ""),
                good.replace("index 3", "index -3"),
                good.replace("extra Aw==", "extra Aw="),
                good.replace(hashes, hashes[1:]),
                good.replace(hashes, hashes * 22),
                good.replace("\n\n", "\n", 1),
                good.replace("\n", "\r\n"),
                good.split("\n\n", 1)[0],
                "",
            )
        ),
    ]


def dialogues() -> list[dict[str, Any]]:
    def asked(old: int, proof: list[str], note: str) -> str:
        return "".join([f"old {old}\n", *(f"{step}\n" for step in proof), f"\n{note}"])

    def last(size: int) -> list[Any]:
        return [size, b64(verifier.root(LEAVES[:size]))]

    seven = signed(LEAVES[:7])
    good = asked(3, prove(LEAVES[:7], 3), seven)
    return [
        {"last": None, "request": asked(0, [], seven), "status": 200},
        {"last": last(3), "request": good, "status": 200},
        {"last": last(7), "request": asked(7, [], seven), "status": 200},
        {"last": last(4), "request": good, "status": 409},
        {"last": None, "request": good, "status": 409},
        {"last": last(7), "request": asked(7, [], signed(OTHERS[:7])), "status": 409},
        {"last": last(3), "request": asked(3, prove(OTHERS[:7], 3), signed(OTHERS[:7])), "status": 422},
        {"last": last(3), "request": asked(3, prove(LEAVES[:7], 3)[:-1], seven), "status": 422},
        {"last": None, "request": asked(0, prove(LEAVES[:7], 3), seven), "status": 422},
        {"last": last(3), "request": asked(3, prove(LEAVES[:7], 3), signed(LEAVES[:7], seed=9)), "status": 403},
        {"last": None, "request": asked(0, [], signed(LEAVES[:7], origin="other.example")), "status": 404},
        {"last": last(8), "request": asked(8, [], seven), "status": 400},
        {"last": last(3), "request": good.replace("old 3", "old 03"), "status": 400},
        {"last": last(3), "request": good.replace("old 3\n", "old 3\n\n"), "status": 400},
        {"last": last(3), "request": good[:-1], "status": 400},
        {"last": None, "request": "", "status": 400},
    ]


def tiles() -> list[dict[str, Any]]:
    good = {
        "tile/0/000": [0, 0, 256],
        "tile/0/x001/x234/067": [0, 1_234_067, 256],
        "tile/5/000.p/1": [5, 0, 1],
        "tile/entries/x001/000.p/255": [None, 1_000, 255],
    }
    bad = (
        "tile/0/0", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/0/x000/001", "tile/0/001/000", "tile/0/000.p/0",
        "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/1/", "tile/-1/000",
        "tile/0/x1/000", "tile/entry/000", "tile/0/000/", "/tile/0/000", "tile/0/+00",
    )  # fmt: skip
    return [
        *({"path": path, "place": place} for path, place in good.items()),
        *({"path": p, "place": None} for p in bad),
    ]


def vectors() -> dict[str, Any]:
    return {
        "log_key": vkey(ORIGIN, 1, ed25519(1)[1]),
        "cosignatures": cosignatures(),
        "policies": policies(),
        "proof_files": proof_files(),
        "witness_dialogues": dialogues(),
        "tile_paths": tiles(),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1, ensure_ascii=False))

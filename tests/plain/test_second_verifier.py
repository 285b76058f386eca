"""The core and verifiers that share no code with it decide alike: ours in plain Python, and others' in Go."""

from __future__ import annotations

import base64
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import orjson
import pytest

import trace_core
from tests.plain import verifier

PROOFS = 10_000
GO = Path(__file__).parent.parent / "go"


def claims() -> list[tuple[str, dict[str, Any]]]:
    """Inclusion and consistency proofs of random trees, most of them mutated in one place."""
    chance = random.Random(9162)
    made: list[tuple[str, dict[str, Any]]] = []
    trees = []
    for _ in range(60):
        size = chance.randrange(1, 256)
        leaves = [verifier.leaf(chance.randbytes(chance.randrange(40))) for _ in range(size)]
        trees.append((leaves, b"".join(leaves), trace_core.root_hash(b"".join(leaves))))
        assert trees[-1][2] == verifier.root(leaves)
    while len(made) < PROOFS:
        leaves, tile, root_hash = chance.choice(trees)
        size = len(leaves)
        if chance.random() < 0.5:
            index = chance.randrange(size)
            [made_proof] = trace_core.prove_inclusions([index], size, [(0, 0, tile)])
            proof = [made_proof[at : at + 32] for at in range(0, len(made_proof), 32)]
            claim = {"leaf_hash": leaves[index], "leaf_index": index, "tree_size": size, "root_hash": root_hash}
            made.append(("inclusion", mutated(claim | {"proof": proof}, chance)))
        else:
            old = chance.randrange(1, size + 1)
            proof = trace_core.prove_consistency(old, size, [(0, 0, tile)]) if old < size else []
            roots = {"old_root": verifier.root(leaves[:old]), "new_root": root_hash}
            made.append(("consistency", mutated({"old_size": old, "new_size": size, **roots, "proof": proof}, chance)))
    return made


def mutated(claim: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The claim, or with one thing changed."""
    name = chance.choice([None, *claim])
    if name is None:
        return claim
    value = claim[name]
    if isinstance(value, int):
        value = max(0, value + chance.choice([-2, -1, 1, 2, value, 1 << 40]))
    elif isinstance(value, bytes):
        value = bytes([value[0] ^ 1 << chance.randrange(8)]) + value[1:]
    else:
        value = list(value)
        place = chance.randrange(len(value) + 1)
        match chance.randrange(4):
            case 0:
                value.insert(place, chance.randbytes(32))
            case 1 if value:
                value.pop(place % len(value))
            case 2 if len(value) > 1:
                value.reverse()
            case 3 if value:
                value[place % len(value)] = chance.randbytes(32)
    return {**claim, name: value}


def core_says(kind: str, claim: dict[str, Any]) -> bool:
    try:
        (trace_core.check_inclusion if kind == "inclusion" else trace_core.check_consistency)(**claim)
    except trace_core.ProofError:
        return False
    return True


def plain_says(kind: str, claim: dict[str, Any]) -> bool:
    if kind == "inclusion":
        place = (claim["leaf_hash"], claim["leaf_index"], claim["tree_size"], claim["root_hash"])
        return verifier.is_included(*place, claim["proof"])
    trees = (claim["old_size"], claim["new_size"], claim["old_root"], claim["new_root"])
    return verifier.is_consistent(*trees, claim["proof"])


def test_ten_thousand_proofs_are_decided_alike() -> None:
    made = claims()
    decisions = [core_says(*claim) for claim in made]
    assert decisions == [plain_says(*claim) for claim in made]
    assert 0.1 < sum(decisions) / len(decisions) < 0.6


def test_library_of_other_logs_decides_alike(tmp_path: Path) -> None:
    if shutil.which("go") is None:
        pytest.skip("no Go compiler")
    binary = tmp_path / "check_proofs"
    subprocess.run(["go", "build", "-o", binary, "."], cwd=GO / "check_proofs", check=True)
    made = claims()

    def encoded(value: object) -> object:
        if isinstance(value, list):
            return [encoded(step) for step in value]
        return base64.b64encode(value).decode() if isinstance(value, bytes) else value

    lines = b"".join(orjson.dumps({name: encoded(value) for name, value in claim.items()}) + b"\n" for _, claim in made)
    answered = subprocess.run([binary], input=lines, check=True, capture_output=True).stdout.decode().splitlines()
    assert [answer == "ok" for answer in answered] == [core_says(*claim) for claim in made]


def test_notes_with_cosignatures_are_read_alike() -> None:
    log = trace_core.NoteSigner("Ed25519", "plain.test/log", bytes(32))
    witnesses = [trace_core.NoteSigner("cosignature", f"w{n}.test", bytes([n] * 32)) for n in range(1, 4)]
    keys = [log.verifier_key, *(witness.verifier_key for witness in witnesses)]
    note = trace_core.sign_checkpoint(
        signers=[log, *witnesses[:2]], origin="plain.test/log", tree_size=7, root_hash=bytes(32), time_s=1_800_000_000
    )
    assert verifier.signers(note, keys) == ["plain.test/log", "w1.test", "w2.test"]
    parties = "".join(f"witness {n} {key}\n" for n, key in enumerate(keys[1:]))
    policy = trace_core.Policy(f"log {keys[0]}\n{parties}group two 2 0 1 2\nquorum two\n".encode())
    assert [name for name, _ in policy.check(note)[3]] == ["0", "1"]
    chance = random.Random(4)
    for _ in range(300):
        bad = bytearray(note)
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        try:
            policy.check(bytes(bad))
        except trace_core.TraceError:
            continue
        pytest.fail(f"taken: {bytes(bad)!r}")

"""Signatures beside those of other libraries, and what signing a capture costs."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING

import orjson
from awscrt.crypto import EC
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.bindings import crypto_sign_open

import trace_core
from benches.core import document_of_size
from benches.interleaved import compare
from benches.rust import example, row
from benches.table import NONE, Goal, Row, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.rust import Line

CHECKS = 4_096
"""Signatures of one batch, of messages of 100 bytes."""
P256_CHECKS = 256
ED25519_GOALS = {8: 95_000, 1_000: 55_000}
"""Checks a second on one core, by the number of keys in a batch."""
EVENTS = 10_000
CORES_GOAL = 1.7
EVENT_KEYS, EVENT_GOAL = 8, 60_000
"""Keys by which the events of a capture are signed each, and events a second from bytes to COPY buffers."""


def signatures() -> Iterator[Row | Goal]:
    """Checks of many signatures at once, beside plain batches in Rust, and libraries that check one by one."""
    plain = example("wayproof-signature")
    for line, (key_count, goal) in zip(plain, ED25519_GOALS.items(), strict=True):
        yield from _ed25519(line, key_count, goal)
    yield from _p256()
    yield _signed_captures()
    yield from _signed_events()


def _ed25519(plain: Line, key_count: int, goal: int) -> Iterator[Row | Goal]:
    secrets = [Ed25519PrivateKey.from_private_bytes(n.to_bytes(32)) for n in range(1, key_count + 1)]
    publics = [secret.public_key() for secret in secrets]
    encoded = [public.public_bytes_raw() for public in publics]
    messages = [n.to_bytes(4) * 25 for n in range(CHECKS)]
    made = [secrets[n % key_count].sign(message) for n, message in enumerate(messages)]
    claims = [("Ed25519", encoded[n % key_count], messages[n], made[n]) for n in range(CHECKS)]
    assert trace_core.check_signatures(claims) == []

    def openssl() -> None:
        for n, message in enumerate(messages):
            publics[n % key_count].verify(made[n], message)

    def libsodium() -> None:
        for n, message in enumerate(messages):
            crypto_sign_open(made[n] + message, encoded[n % key_count])

    compared = [
        (name, compare(lambda: trace_core.check_signatures(claims), peer, pairs=5))
        for name, peer in ((_named("cryptography"), openssl), (_named("PyNaCl"), libsodium))
    ]
    compared.sort(key=lambda measured: measured[1].peer_s)
    shown = row(plain)
    for place, (name, ratio) in enumerate(compared):
        what = shown.operation if place == 0 else f"… and {name}"
        limit = (shown.limit, shown.of_limit) if place == 0 else (NONE, NONE)
        peer = f"{name}, one by one: {CHECKS / ratio.peer_s:,.0f}/s"
        yield Row(what, f"{CHECKS / ratio.ours_s:,.0f}/s", *limit, peer, said(ratio))
    best = CHECKS / min(ratio.ours_s for _, ratio in compared)
    yield Goal(shown.operation, f"{goal:,}/s", max(best, plain["ours_per_s"]) / goal)


def _named(package: str) -> str:
    return f"{package} {version(package)}"


def _p256() -> Iterator[Row | Goal]:
    secret = ec.derive_private_key(12345, ec.SECP256R1())
    public = secret.public_key()
    encoded = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    algorithm = ec.ECDSA(hashes.SHA256())
    messages = [n.to_bytes(4) * 25 for n in range(P256_CHECKS)]
    made = [secret.sign(message, algorithm) for message in messages]
    claims = [("ES256-DER", encoded, message, signature) for message, signature in zip(messages, made, strict=True)]
    assert trace_core.check_signatures(claims) == []
    key = EC.new_key_from_der_data(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    # It takes digests, and so has nothing to hash.
    digests = [hashlib.sha256(message).digest() for message in messages]

    def openssl() -> None:
        for message, signature in zip(messages, made, strict=True):
            public.verify(signature, message, algorithm)

    def aws_lc() -> None:
        for digest, signature in zip(digests, made, strict=True):
            assert key.verify(digest, signature)

    compared = [
        (name, compare(lambda: trace_core.check_signatures(claims), peer, pairs=7))
        for name, peer in ((f"aws-lc, by {_named('awscrt')}", aws_lc), (_named("cryptography"), openssl))
    ]
    for place, (name, ratio) in enumerate(sorted(compared, key=lambda measured: measured[1].peer_s)):
        ours, peer = P256_CHECKS / ratio.ours_s, P256_CHECKS / ratio.peer_s
        what = "P-256 checks" if place == 0 else f"… and {name}"
        yield Row(what, f"{ours:,.0f}/s", peer=f"{name}: {peer:,.0f}/s", times_peer=said(ratio))
    yield Goal("P-256 checks", "the rate of aws-lc", compared[0][1].median_of_pairs)


def _signed_captures() -> Row:
    """The same capture, signed as a whole and not signed, from bytes to COPY buffers."""
    document = document_of_size(EVENTS, 1_000)
    signer = trace_core.PartnerSigner("bench.example", bytes(32))
    sent, key = signer.sign_capture(document, secret=bytes(32)), trace_core.PartnerKey(signer.jwk.encode())
    claim = (trace_core.Authorship(sent), key, signer.partner)
    ratio = compare(lambda: _prepare(document, claim=claim), lambda: _prepare(document), pairs=7)
    ours, theirs = EVENTS / ratio.ours_s, EVENTS / ratio.peer_s
    what = f"capture path of {EVENTS:,} events under one signature"
    return Row(what, f"{ours:,.0f}/s", f"not signed: {theirs:,.0f}/s", said(ratio))


def _signed_events() -> Iterator[Row | Goal]:
    """The same capture with a signature for each event, by eight keys in turns, and without; on one core and on two."""
    plain = document_of_size(EVENTS, 1_000)
    signers = [trace_core.PartnerSigner("bench.example", n.to_bytes(32)) for n in range(1, EVENT_KEYS + 1)]
    digests = trace_core.content_digests(plain)
    signatures = [f"jws={signers[n % EVENT_KEYS].sign_jws(digest)}" for n, digest in enumerate(digests)]
    signed = orjson.dumps(orjson.loads(plain) | {"urn:wayproof:signatureList": signatures})
    assert trace_core.content_digests(signed) == digests
    keys = [(trace_core.PartnerKey(signer.jwk.encode()), signer.partner) for signer in signers]

    def prepare(threads: int = 1) -> None:
        # As a server does it: which keys are named, then the whole with what is known of them.
        assert len(_prepare(signed).wanted_keys or ()) == EVENT_KEYS
        _prepare(signed, signers=trace_core.EventSigners(keys, []), threads=threads)

    ratio = compare(prepare, lambda: _prepare(plain), pairs=7)
    rate, unsigned = EVENTS / ratio.ours_s, EVENTS / ratio.peer_s
    what = f"capture path of {EVENTS:,} events with one signature each, {EVENT_KEYS} keys"
    yield Row(what, f"{rate:,.0f}/s", f"not signed: {unsigned:,.0f}/s", said(ratio))
    yield Goal(what, f"{EVENT_GOAL:,}/s", rate / EVENT_GOAL)
    two = compare(lambda: prepare(2), prepare, pairs=7)
    one_core = f"twice one core: {2 * EVENTS / two.peer_s:,.0f}/s"
    yield Row("… on two cores", f"{EVENTS / two.ours_s:,.0f}/s", one_core, said(two, scale=0.5))
    yield Goal(f"{what}, on two cores", f"{CORES_GOAL} × one core", two.median_of_pairs / CORES_GOAL)


def _prepare(
    document: bytes,
    *,
    claim: tuple[trace_core.Authorship, trace_core.PartnerKey, str] | None = None,
    signers: trace_core.EventSigners | None = None,
    threads: int = 1,
) -> trace_core.PreparedCapture:
    """From bytes to COPY buffers."""
    prepared = trace_core.prepare_capture(
        document,
        partner="bench",
        record_time_us=1_800_000_000_000_000,
        capture_no=1,
        seed=bytes(32),
        blinding=trace_core.Blinding(bytes(32)),
        strict=False,
        claim=claim,
        signers=signers,
        threads=threads,
    )
    assert prepared.error_count == 0
    prepared.copies([], threads=threads)
    return prepared

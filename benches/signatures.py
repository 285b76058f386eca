"""Signatures beside OpenSSL's, and what signing a capture costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import trace_core
from benches.core import document_of_size
from benches.interleaved import Ratio, compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benches.table import Row

CHECKS = 4_096
"""Signatures of one batch, of messages of 100 bytes."""
P256_CHECKS = 256
ED25519_GOALS = {8: 95_000, 1_000: 55_000}
"""Checks a second on one core, by the number of keys in a batch."""
EVENTS = 10_000
EVENT_KEYS, EVENT_GOAL = 8, 60_000
"""Keys by which the events of a capture are signed each, and events a second from bytes to COPY buffers."""


def signatures() -> Iterator[Row]:
    """Checks of many signatures at once, beside OpenSSL one by one."""
    for key_count, goal in ED25519_GOALS.items():
        yield from _ed25519(key_count, goal)
    yield _p256()
    yield _signed_captures()
    yield from _signed_events()


def _ed25519(key_count: int, goal: int) -> Iterator[Row]:
    secrets = [Ed25519PrivateKey.from_private_bytes(n.to_bytes(32)) for n in range(1, key_count + 1)]
    publics = [secret.public_key() for secret in secrets]
    encoded = [public.public_bytes_raw() for public in publics]
    messages = [n.to_bytes(4) * 25 for n in range(CHECKS)]
    made = [secrets[n % key_count].sign(message) for n, message in enumerate(messages)]
    claims = [("Ed25519", encoded[n % key_count], messages[n], made[n]) for n in range(CHECKS)]
    assert trace_core.check_signatures(claims) == []

    def peer() -> None:
        for n, message in enumerate(messages):
            publics[n % key_count].verify(made[n], message)

    ratio = compare(lambda: trace_core.check_signatures(claims), peer, pairs=7)
    rate = CHECKS / ratio.ours_s
    what = f"Ed25519 checks, {CHECKS:,} at once, {key_count:,} keys"
    yield what, f"{rate:,.0f}/s", f"OpenSSL, one by one: {CHECKS / ratio.peer_s:,.0f}/s", _said(ratio)
    yield "… and the goal", f"{rate:,.0f}/s", f"goal {goal:,}/s", f"{rate / goal:.2f}"


def _p256() -> Row:
    secret = ec.derive_private_key(12345, ec.SECP256R1())
    public = secret.public_key()
    encoded = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    algorithm = ec.ECDSA(hashes.SHA256())
    messages = [n.to_bytes(4) * 25 for n in range(P256_CHECKS)]
    made = [secret.sign(message, algorithm) for message in messages]
    claims = [("ES256-DER", encoded, message, signature) for message, signature in zip(messages, made, strict=True)]
    assert trace_core.check_signatures(claims) == []

    def peer() -> None:
        for message, signature in zip(messages, made, strict=True):
            public.verify(signature, message, algorithm)

    ratio = compare(lambda: trace_core.check_signatures(claims), peer, pairs=7)
    ours, theirs = P256_CHECKS / ratio.ours_s, P256_CHECKS / ratio.peer_s
    return "P-256 checks", f"{ours:,.0f}/s", f"OpenSSL: {theirs:,.0f}/s", _said(ratio)


def _signed_captures() -> Row:
    """The same capture, signed as a whole and not signed, from bytes to COPY buffers."""
    document = document_of_size(EVENTS, 1_000)
    signer = trace_core.PartnerSigner("bench.example", bytes(32))
    sent, key = signer.sign_capture(document, secret=bytes(32)), trace_core.PartnerKey(signer.jwk.encode())
    claim = (trace_core.Authorship(sent), key, signer.partner)
    ratio = compare(lambda: _prepare(document, claim=claim), lambda: _prepare(document), pairs=7)
    ours, theirs = EVENTS / ratio.ours_s, EVENTS / ratio.peer_s
    what = f"capture path of {EVENTS:,} events under one signature"
    return what, f"{ours:,.0f}/s", f"not signed: {theirs:,.0f}/s", _said(ratio)


def _signed_events() -> Iterator[Row]:
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
    yield what, f"{rate:,.0f}/s", f"not signed: {unsigned:,.0f}/s", _said(ratio)
    yield "… and the goal", f"{rate:,.0f}/s", f"goal {EVENT_GOAL:,}/s", f"{rate / EVENT_GOAL:.2f}"
    two = compare(lambda: prepare(2), prepare, pairs=7)
    yield "… on two cores", f"{EVENTS / two.ours_s:,.0f}/s", f"one core: {EVENTS / two.peer_s:,.0f}/s", _said(two)


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


def _said(ratio: Ratio) -> str:
    return f"{ratio.median_of_pairs:.2f}{' (void)' if ratio.void else ''}"

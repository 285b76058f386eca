"""`python -m tests.plain.authorship_vectors > tests/vectors/authorship.json`: signed captures, made from the text of
`docs/formats.md` alone with libraries of others."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import cbor2

from tests.plain import verifier
from tests.plain.trust_vectors import b64, ed25519, line, vkey
from tests.test_formats import canonical, canonical_event

PARTNER, OTHER_PARTNER = "acme.example", "other.example"
SEED, OTHER_SEED = 21, 22
SECRET = bytes(range(32))
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://example.org/"}]
SIGNATURE_LIST = "urn:wayproof:signatureList"
DIGESTS = [hashlib.sha256(bytes([n])).digest() for n in range(5)]


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(seed: int) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": b64url(ed25519(seed)[1])}


def thumbprint(seed: int) -> bytes:
    return hashlib.sha256(json.dumps(jwk(seed), separators=(",", ":"), sort_keys=True).encode()).digest()


def salts(count: int) -> list[bytes]:
    domain = b"wayproof/v1/capture-salt\n"
    return [hashlib.sha256(domain + SECRET + n.to_bytes(4)).digest()[:16] for n in range(count)]


def leaves_of(digests: list[bytes]) -> list[bytes]:
    return [verifier.leaf(salt + digest) for salt, digest in zip(salts(len(digests)), digests, strict=True)]


def path(leaves: list[bytes], index: int) -> list[bytes]:
    """RFC 9162 §2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if index < k:
        return [*path(leaves[:k], index), verifier.root(leaves[k:])]
    return [*path(leaves[k:], index - k), verifier.root(leaves[:k])]


def note(digests: list[bytes], seed: int = SEED, origin: str = "wayproof/v1/capture", name: str = PARTNER) -> str:
    private, public = ed25519(seed)
    text = f"{origin}\n{len(digests)}\n{b64(verifier.root(leaves_of(digests)))}\n"
    return f"{text}\n{line(name, vkey(name, 1, public), private.sign(text.encode()))}"


def jws(payload: bytes, seed: int = SEED, **header: object) -> str:
    members = {"alg": "EdDSA", "kid": b64url(thumbprint(seed)), **header}
    encoded = b64url(json.dumps({k: v for k, v in members.items() if v is not None}, separators=(",", ":")).encode())
    signature = ed25519(seed)[0].sign(f"{encoded}.{b64url(payload)}".encode())
    return f"{encoded}..{b64url(signature)}"


def cose(payload: bytes, seed: int = SEED, protected: dict[int, Any] | None = None, shown: object = None) -> bytes:
    header = cbor2.dumps({1: -8, 4: thumbprint(seed)} if protected is None else protected)
    signature = ed25519(seed)[0].sign(cbor2.dumps(["Signature1", header, b"", payload]))
    return cbor2.dumps(cbor2.CBORTag(18, [header, {}, shown, signature]))


def sent() -> list[dict[str, Any]]:
    """What is sent for some of the digests, and the code of what is wrong with it."""
    secret = f", secret={b64(SECRET)}"

    def of_note(text: str) -> str:
        return f"note={b64(text.encode())}{secret}"

    good, one = note(DIGESTS), DIGESTS[0]
    foreign = good + line("other", vkey("other", 1, ed25519(3)[1]), bytes(64))
    cases: list[tuple[str, int, bool]] = [
        (of_note(good), 5, True),
        (of_note(note(DIGESTS[:1])), 1, True),
        (f"jws={jws(one)}", 1, True),
        (f"jws={jws(one, alg='Ed25519', typ='example')}", 1, True),
        (f"cose={b64(cose(one))}", 1, True),
        (of_note(good), 4, False),
        (of_note(note(DIGESTS[::-1])), 5, False),
        (of_note(note(DIGESTS, OTHER_SEED)), 5, False),
        (of_note(note(DIGESTS, name="other.example")), 5, False),
        (of_note(note(DIGESTS, origin=PARTNER)), 5, False),
        (of_note(foreign), 5, False),
        (of_note(good).replace(secret, f", secret={b64(bytes(32))}"), 5, False),
        (of_note(good).replace(secret, ""), 5, False),
        (f"jws={jws(one)}", 2, False),
        (f"jws={jws(DIGESTS[1])}", 1, False),
        (f"jws={jws(one, alg='none')}", 1, False),
        (f"jws={jws(one, kid=None)}", 1, False),
        (f"jws={jws(one, crit=['b64'], b64=False)}", 1, False),
        (f"jws={jws(one, OTHER_SEED)}", 1, False),
        (f"jws={jws(one).replace('..', '.' + b64url(one) + '.')}", 1, False),
        (f"cose={b64(cose(DIGESTS[1]))}", 1, False),
        (f"cose={b64(cose(one, shown=one))}", 1, False),
        (f"cose={b64(cose(one, protected={1: -8}))}", 1, False),
        (f"cose={b64(cose(one, protected={1: -7, 4: thumbprint(SEED)}))}", 1, False),
        (f"cose={b64(cose(one)[1:])}", 1, False),
    ]
    return [{"sent": text, "count": count, "holds": holds} for text, count, holds in cases]


def event(n: int) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": f"2026-01-0{n + 1}T00:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "epcList": [f"https://id.gs1.org/01/09521234543213/21/{n}"],
        "action": "OBSERVE",
        "ex:note": "größer",
    }


def signed_document() -> dict[str, Any]:
    """Events that are signed each on its own, what is said of those that are refused, and who issued the others."""
    events = [event(n) for n in range(7)]
    texts = [canonical(canonical_event(event, CONTEXT)) for event in events]
    digests = [hashlib.sha256(b"wayproof/v1/event\n" + text.encode()).digest() for text in texts]
    signatures = [
        f"jws={jws(digests[0])}",
        None,
        f"cose={b64(cose(digests[2], OTHER_SEED))}",
        f"jws={jws(digests[0])}",
        f"jws={jws(digests[4], 23)}",
        f"cose={b64(cose(digests[5])[1:])}",
        f"jws={jws(digests[6], OTHER_SEED)}",
    ]
    document = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-01-08T00:00:00Z",
        "epcisBody": {"eventList": events},
        SIGNATURE_LIST: signatures,
    }
    lines = [
        text
        for event, signature in zip(events, signatures, strict=True)
        for text in ({"@context": CONTEXT, **event}, signature)
        if text is not None
    ]

    def issuer(n: int, seed: int, form: str) -> str:
        signature = str(signatures[n]).removeprefix(f"{form}=")
        signer = PARTNER if seed == SEED else OTHER_PARTNER
        members = {"partner": "door.example", "key": b64url(thumbprint(seed)), "signature": {form: signature}}
        return canonical({**members, "signer": signer})

    return {
        "partner": "door.example",
        "keys": [{"jwk": jwk(SEED), "partner": PARTNER}, {"jwk": jwk(OTHER_SEED), "partner": OTHER_PARTNER}],
        "document": json.dumps(document, ensure_ascii=False),
        "lines": "\n".join(json.dumps(line, ensure_ascii=False) for line in lines),
        "content_digests": [digest.hex() for digest in digests],
        "issuers": {"0": issuer(0, SEED, "jws"), "2": issuer(2, OTHER_SEED, "cose"), "6": issuer(6, OTHER_SEED, "jws")},
        "refused": {"3": "signature", "4": "key_unknown", "5": "signature"},
        "wanted_keys": sorted(b64url(thumbprint(seed)) for seed in (SEED, OTHER_SEED, 23)),
    }


def vectors() -> dict[str, Any]:
    leaves = leaves_of(DIGESTS)
    places = [n.to_bytes(4) + salt + b"".join(path(leaves, n)) for n, salt in enumerate(salts(len(DIGESTS)))]
    statement = json.dumps(
        {"type": "wayproof/v1/key", "partner": PARTNER, "key": jwk(SEED), "validFrom": "2026-01-01T00:00:00Z"}
    )
    digest = hashlib.sha256(b"wayproof/v1/key-statement\n" + statement.encode()).digest()
    return {
        "partner": PARTNER,
        "seed": bytes([SEED] * 32).hex(),
        "jwk": jwk(SEED),
        "key_id": b64url(thumbprint(SEED)),
        "content_digests": [digest.hex() for digest in DIGESTS],
        "secret": SECRET.hex(),
        "note": note(DIGESTS),
        "places": [place.hex() for place in places],
        "jws": jws(DIGESTS[0]),
        "cose": cose(DIGESTS[0]).hex(),
        "statement": {"statement": statement, "digest": digest.hex(), "signatures": [jws(digest)]},
        "sent": sent(),
        "signed_document": signed_document(),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1, ensure_ascii=False))

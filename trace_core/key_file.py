"""A partner's secret key as a file: a private JWK with the partner's name in it."""

from __future__ import annotations

import base64
import json

from trace_core._native import PartnerKey, PartnerSigner, SignatureError


def write_key_file(partner: str, seed: bytes) -> bytes:
    """The file of the Ed25519 key with this seed of 32 bytes. Raises `SignatureError` for what is no partner's name."""
    signer = PartnerSigner(partner, seed)
    secret = base64.urlsafe_b64encode(seed).rstrip(b"=").decode()
    members = {**json.loads(signer.jwk), "d": secret, "kid": signer.key_id, "partner": partner}
    return json.dumps(members, indent=2).encode() + b"\n"


def read_key_file(file: bytes) -> PartnerSigner:
    """The signer of such a file. Raises `SignatureError` for what is none, or has a public key of another secret."""
    try:
        members = json.loads(file)
        secret = members.pop("d")
        seed = base64.b64decode(secret + "=" * (-len(secret) % 4), altchars=b"-_", validate=True)
        signer = PartnerSigner(members["partner"], seed)
        is_whole = PartnerKey(json.dumps(members).encode()).key_id == signer.key_id
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        is_whole = False
    if not is_whole:
        raise SignatureError("not the file of a partner's key")
    return signer

"""Checks evidence offline: no server, no clock, no database."""

from __future__ import annotations

import base64
import binascii
import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn, Self

from trace_core import _native
from trace_core._native import Policy, ProofError
from trace_core.index_entry import INDEX_SUFFIX, read_index_entry
from trace_core.key_records import KeyRecord, check_counted, read_record

EVIDENCE_BYTES_MAX = 64 * 1024 * 1024
"""Of a file of evidence, and of each file in a bundle."""
BUNDLED = ("receipt.json", "disclosure.json")
"""The one of these that a bundle has is what it is evidence of."""
KEY_RECORDS = "key-records.json"
"""What a bundle may have of the key that signed the event."""
_LOG_PROOF_HEADER = b"c2sp.org/tlog-proof@"
_ZIP_HEADER = b"PK"
_COSE_SIGN1_TAG = b"\xd2"
_ED25519_KIND = 1
"""Type byte of an Ed25519 key in a vkey."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked and held, step by step, and what remains unproven, both in words."""

    kind: str
    held: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)


def check_evidence(document: bytes, trust: str | Policy, *, entry: bytes | None = None) -> Checked:
    """Checks a receipt, a disclosure, a proof of completeness, a proof file, a COSE receipt or a bundle, whichever
    it is.

    `trust` is the log's verifier key (vkey), or a policy that says whose cosignatures a checkpoint needs. `entry` is
    the log entry that a COSE receipt, or a proof file without it, is about. Raises `ProofError` or `SignatureError` at
    the first step that does not hold.
    """
    if len(document) > EVIDENCE_BYTES_MAX:
        raise ProofError(f"evidence has at most {EVIDENCE_BYTES_MAX} bytes")
    if document.startswith(_ZIP_HEADER):
        return _check_bundle(document, trust)
    if document.startswith(_LOG_PROOF_HEADER):
        return _check_log_proof(document, trust, entry)
    if document.startswith(_COSE_SIGN1_TAG):
        return _check_cose_receipt(document, trust, entry)
    parts = _Parts(document)
    if "lookup_proof" in parts.members or "lists" in parts.members:
        return _check_completeness(parts, trust)
    return _check_receipt(parts, trust) if "event" in parts.members else _check_disclosure(parts, trust)


def check_receipt(receipt: bytes, trust: str | Policy) -> list[str]:
    """`check_evidence` of a receipt: the steps that held."""
    return _check_receipt(_Parts(receipt), trust).held


def _check_receipt(parts: _Parts, trust: str | Policy) -> Checked:
    """The plan:

    (1) the checkpoint is signed by the log, and cosigned as the policy asks;
    (2) its tree has the size that the receipt says;
    (3) the entry is in that tree, at the leaf index that the receipt says;
    (4) the event, under its context, has the content digest that the receipt says;
    (5) the entry commits to exactly this event, all its fields and no others;
    (6) the event has the id that the receipt says: its `eventID`, or without one its event hash id;
    (7) where the issuer shows a signature, it is by the key that it names, and over this event.
    """
    checked = Checked("receipt")
    # (1), (2), (3)
    commitment, field_count = _check_place(parts, trust, checked)
    # (4)
    event, context, issuer = parts.text("event"), parts.text("context"), parts.object("issuer")
    opened = _native.open_event(event, context, secret=parts.data("secret"), issuer=json.dumps(issuer).encode())
    if opened.content_digest != parts.digest():
        raise ProofError("the event does not have the content digest of the receipt")
    # (5)
    if (commitment, field_count) != (opened.commitment, opened.field_count):
        raise ProofError("the log entry does not commit to this event")
    # (6)
    event_id = _event_id(_native.bare_event(event, context))
    if event_id != parts.string("event_id"):
        raise ProofError("the event has another id than the receipt says")
    checked.held.extend([
        "the event has the content digest of the receipt",
        f"the entry commits to this event and its issuer, {field_count} fields in all",
        f"the event is {event_id}, of content digest {opened.content_digest.hex()}",
    ])  # fmt: skip
    # (7)
    if "signature" not in issuer:
        partner = parts.string("partner", issuer)
        checked.unproven.append(f"that {partner!r} said it: the server took it on its behalf, nobody signed it")
        return checked
    signer, key_id = parts.string("signer", issuer), parts.string("key", issuer)
    _check_signature(parts, issuer, checked)
    checked.unproven.append(f"that the key {key_id} was {signer}'s: see the key's records, or ask {signer}")
    return checked


def _check_signature(parts: _Parts, issuer: dict[str, Any], checked: Checked) -> None:
    signer, signed = parts.string("signer", issuer), parts.object("signed")
    key = _native.PartnerKey(json.dumps(signed.get("key")).encode())
    if key.key_id != parts.string("key", issuer):
        raise ProofError("the key that is shown is not the one that the issuer names")
    place = None if signed.get("place") is None else parts.data("place", signed)
    count = _native.check_signed(
        json.dumps(issuer["signature"]).encode(),
        key=key,
        partner=signer,
        content_digest=parts.digest(),
        place=place,
    )
    checked.held.append(f"{signer} signed it with the key {key.key_id}, one signature over {count} events")


def _check_bundle(document: bytes, trust: str | Policy) -> Checked:
    """The plan: (1) as of the receipt or disclosure in it; where it has records of the key that signed the event,
    (2) the receipt of each holds, and it is about that key; (3) by the proof of completeness these are all of them;
    (4) by what they say, the key was the signer's when the event was recorded, and was not revoked.
    """
    files = _bundled(document)
    # (1)
    if "disclosure.json" in files:
        return _check_disclosure(_Parts(files["disclosure.json"]), trust)
    parts = _Parts(files["receipt.json"])
    checked = _check_receipt(parts, trust)
    if KEY_RECORDS not in files:
        return checked
    shown = _Parts(files[KEY_RECORDS])
    issuer = parts.object("issuer")
    key_id, signer = parts.string("key", issuer), parts.string("signer", issuer)
    # (2)
    records = [_check_record(_Parts.of(members), trust, key_id) for members in shown.objects("records")]
    # (3)
    complete = _Parts.of(shown.object("completeness"))
    _check_completeness(complete, trust)
    if sorted(record.leaf_index for record in records) != complete.counts("leaf_indexes"):
        raise ProofError("these are not all records of the key")
    # (4)
    _, _, recorded_us = _native.read_entry(parts.data("entry"))
    check_counted(records, signer, recorded_us)
    leaves = ", ".join(str(record.leaf_index) for record in records)
    checked.held.append(f"by all records of the key, leaves {leaves}, it was {signer}'s then, and not revoked")
    checked.unproven[:] = [step for step in checked.unproven if key_id not in step]
    checked.unproven.append(f"that whoever runs the log was right to register the key as {signer}'s: ask {signer}")
    checked.unproven.append("that the records' token is the key's, which the log's blinding key makes")
    return checked


def _check_record(parts: _Parts, trust: str | Policy, key_id: str) -> KeyRecord:
    _check_receipt(parts, trust)
    _, _, recorded_us = _native.read_entry(parts.data("entry"))
    return read_record(parts.text("event"), key_id, recorded_us, parts.count("leaf_index"))


def _check_disclosure(parts: _Parts, trust: str | Policy) -> Checked:
    """The plan: (1), (2), (3) as of a receipt; (4) the entry commits to each field that is shown, with its salt, at its
    place among all of them; (5) no field is shown twice, neither by its place nor by its pointer."""
    checked = Checked("disclosure")
    # (1), (2), (3)
    commitment, field_count = _check_place(parts, trust, checked)
    # (4)
    shown = parts.fields()
    for index, salt, text, proof in shown:
        _native.check_disclosed(
            index=index, salt=salt, text=text, proof=proof, field_count=field_count, commitment=commitment
        )
        checked.held.append(f"the entry commits to field {index} of {field_count}: {text}")
    # (5)
    pointers = {_pointer(text) for _, _, text, _ in shown}
    if not shown or len({index for index, *_ in shown}) != len(shown) or len(pointers) != len(shown):
        raise ProofError("no field is shown, or one is shown twice")
    checked.unproven.append(f"what the other {field_count - len(shown)} fields of the event say")
    return checked


def _check_completeness(parts: _Parts, trust: str | Policy) -> Checked:
    """The plan:

    (1) the checkpoint of the index' log is signed by it, and cosigned as the policy asks;
    (2) the entry is in its tree, at the leaf index that is said;
    (3) the entry binds a root of the index to a checkpoint of the size that is said, which the policy takes as well,
        and which is of the log whose index this log is: in a policy of two logs, neither speaks for the other;
    (4) under that root the token has exactly these leaves; or, with an empty list, is not there at all. The same of
        each of several lists.

    With a verifier key for `trust`, it is that of the index' log, and the checkpoint in the entry remains unproven.
    """
    checked = Checked("completeness")
    # (1), (2)
    entry, leaf_index, tree_size = _check_inclusion(parts, trust, checked)
    checked.held.append(f"the entry is leaf {leaf_index} of {tree_size} of the index' log")
    # (3)
    root_hash, checkpoint = read_index_entry(entry)
    if isinstance(trust, Policy):
        origin, indexed_size, _, _ = trust.check(checkpoint)
        index_origin = trust.check(parts.text("checkpoint"))[0]
        if index_origin != origin + INDEX_SUFFIX:
            raise ProofError(f"{index_origin} is not the index of {origin}")
        checked.held.append(f"it is of the checkpoint of {origin} with {indexed_size} leaves, which the policy takes")
    else:
        indexed_size = _native.checkpoint_size(checkpoint)
        checked.unproven.append("that the checkpoint which the index is of is the log's")
    if indexed_size != parts.count("indexed_size"):
        raise ProofError(f"the index is of {indexed_size} leaves, and not of {parts.count('indexed_size')}")
    # (4)
    for shown in map(_Parts.of, parts.objects("lists")) if "lists" in parts.members else [parts]:
        checked.held.append(_check_list(shown, indexed_size, root_hash))
    checked.unproven.append("that the token is the item's, which the log's blinding key makes")
    checked.unproven.append("that the root is the one which the entries give: whoever audits the log computes it again")
    return checked


def _check_list(parts: _Parts, indexed_size: int, root_hash: bytes) -> str:
    token, leaves, proof = parts.data("token"), parts.counts("leaf_indexes"), parts.data("lookup_proof")
    if any(leaf >= indexed_size for leaf in leaves):
        raise ProofError("a leaf lies beyond what is indexed")
    if leaves:
        _native.check_item_history(root_hash=root_hash, token=token, leaf_indexes=leaves, proof=proof)
        return f"of {indexed_size} entries, exactly these have the token {token.hex()}: {leaves}"
    _native.check_item_absence(root_hash=root_hash, token=token, proof=proof)
    return f"of {indexed_size} entries, none has the token {token.hex()}"


def _check_log_proof(document: bytes, trust: str | Policy, entry: bytes | None) -> Checked:
    """The plan: (1) the checkpoint is signed by the log, and cosigned as the policy asks; (2) the entry, given or in
    the proof's extra data, is in its tree at the leaf index that the proof says."""
    leaf_index, proof, checkpoint, extra = _native.read_log_proof(document)
    if entry is not None and extra is not None and entry != extra:
        raise ProofError("the proof is about another entry")
    entry = entry if entry is not None else extra
    if entry is None:
        raise ProofError("the proof does not have the entry; it has to be given")
    checked = Checked("tlog-proof")
    # (1)
    tree_size, root_hash = _check_checkpoint(checkpoint, trust, checked)
    # (2)
    leaf_hash = _native.leaf_hash(entry)
    _native.check_inclusion(
        leaf_hash=leaf_hash, leaf_index=leaf_index, tree_size=tree_size, root_hash=root_hash, proof=proof
    )
    checked.held.append(
        f"the entry of {len(entry)} bytes, leaf hash {leaf_hash.hex()}, is leaf {leaf_index} of that tree"
    )
    checked.unproven.append("what the entry means: it commits to an event that is not shown")
    return checked


def _check_cose_receipt(document: bytes, trust: str | Policy, entry: bytes | None) -> Checked:
    """The plan: one of the log's keys, or of those of the policy's logs, signed the root to which the path leads from
    the entry, which has to be given."""
    if entry is None:
        raise ProofError("a COSE receipt does not have the entry; it has to be given")
    leaf_hash = _native.leaf_hash(entry)
    vkeys = [trust] if isinstance(trust, str) else [vkey for _, vkey, _ in trust.logs]
    for vkey in vkeys:
        try:
            leaf_index, tree_size, root_hash = _native.check_cose_receipt(document, leaf_hash, _ed25519_key(vkey))
        except _native.SignatureError:
            continue
        checked = Checked("COSE receipt")
        checked.held.append(f"the key of {vkey.split('+', 1)[0]} signed the root {root_hash.hex()}")
        checked.held.append(f"the entry of {len(entry)} bytes is leaf {leaf_index} of {tree_size} under that root")
        checked.unproven.append("that the log shows everybody the same tree: a COSE receipt has no witnesses")
        checked.unproven.append("what the entry means: it commits to an event that is not shown")
        return checked
    raise _native.SignatureError("no key of the log signed the root to which this receipt leads from the entry")


def _ed25519_key(vkey: str) -> bytes:
    """Of a vkey; nothing for one of another kind, which signs no COSE receipts."""
    typed = _decode(vkey.strip().split("+", 2)[-1])
    return typed[1:] if typed[:1] == bytes([_ED25519_KIND]) else b""


def _check_place(parts: _Parts, trust: str | Policy, checked: Checked) -> tuple[bytes, int]:
    """The commitment and number of fields of the entry, once its place in the log is proven."""
    entry, leaf_index, tree_size = _check_inclusion(parts, trust, checked)
    commitment, field_count, record_time_us = _native.read_entry(entry)
    checked.held.append(f"its tree has {tree_size} leaves")
    checked.held.append(f"the entry is leaf {leaf_index} of that tree, recorded at {_time(record_time_us / 1e6)}")
    checked.unproven.append("that the entry's tokens are those of the event's items: that needs the log's blinding key")
    return commitment, field_count


def _check_inclusion(parts: _Parts, trust: str | Policy, checked: Checked) -> tuple[bytes, int, int]:
    """An entry with its leaf index and the size of the tree that it is proven to be in."""
    tree_size, root_hash = _check_checkpoint(parts.text("checkpoint"), trust, checked)
    if tree_size != parts.count("tree_size"):
        raise ProofError(f"the checkpoint is of {tree_size} leaves, and not of {parts.count('tree_size')}")
    entry, leaf_index = parts.data("entry"), parts.count("leaf_index")
    _native.check_inclusion(
        leaf_hash=_native.leaf_hash(entry),
        leaf_index=leaf_index,
        tree_size=tree_size,
        root_hash=root_hash,
        proof=parts.hashes("inclusion_proof"),
    )
    return entry, leaf_index, tree_size


def _check_checkpoint(checkpoint: bytes, trust: str | Policy, checked: Checked) -> tuple[int, bytes]:
    cosigned: list[tuple[str, int]] = []
    if isinstance(trust, Policy):
        origin, tree_size, root_hash, cosigned = trust.check(checkpoint)
    else:
        origin, tree_size, root_hash = _native.open_checkpoint(checkpoint, trust)
    checked.held.append(f"the checkpoint of {origin} is signed by the log's key")
    checked.held.extend(f"the witness {name} cosigned it at {_time(time_s)}" for name, time_s in cosigned)
    if not cosigned:
        checked.unproven.append("that the log shows everybody the same tree: no witness was asked")
    return tree_size, root_hash


def _bundled(document: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(document)) as bundle:
            files = [info for info in bundle.infolist() if info.filename in (*BUNDLED, KEY_RECORDS)]
            # What stands behind a NUL in a name, other readers may show.
            names = [info.filename if info.filename == info.orig_filename else "" for info in files]
            if "" in names or sum(name in BUNDLED for name in names) != 1 or len(set(names)) != len(names):
                _refuse(f"a bundle has one of {', '.join(BUNDLED)}, and no file twice")
            if sum(info.file_size for info in files) > EVIDENCE_BYTES_MAX:
                _refuse(f"a bundle has at most {EVIDENCE_BYTES_MAX} bytes")
            # It reads no more than the sizes that were just looked at.
            return {info.filename: bundle.read(info) for info in files}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError) as damaged:
        raise ProofError(f"not a bundle: {damaged}") from None
    except Exception as damaged:  # zlib and lzma have errors of their own, of no common kind.
        if isinstance(damaged, ProofError):
            raise
        raise ProofError(f"not a bundle: {damaged}") from None


def _refuse(reason: str) -> NoReturn:
    raise ProofError(reason)


def _event_id(bare: bytes) -> str:
    event_id = json.loads(bare).get("eventID")
    try:
        return str(event_id or _native.event_hash_ids(bare)[0])
    except _native.CaptureError as refused:
        raise ProofError(f"the event has no event hash id: {refused.args[0]}") from None


def _pointer(text: str) -> str:
    """The pointer in a leaf's text. A commitment is over whatever its maker chose, so that the text is one of a field
    is for the reader to see to."""
    try:
        match json.loads(text, object_pairs_hook=_each_once):
            case [str(pointer), _]:
                return pointer
    except (ValueError, RecursionError):
        pass
    raise ProofError("what the entry commits to is no field of an event")


def _time(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds" if seconds % 1 else "seconds")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f} s since 1970"


class _Parts:
    """The members of a JSON document, decoded as they are asked for. Each raises `ProofError`."""

    def __init__(self, document: bytes) -> None:
        try:
            # Of bytes it would guess the encoding.
            self.members = json.loads(document.decode(), object_pairs_hook=_each_once)
        except (ValueError, RecursionError) as error:
            raise ProofError(f"not a receipt: {error}") from None
        if not isinstance(self.members, dict):
            raise ProofError("not a receipt: no JSON object")

    @classmethod
    def of(cls, members: dict[str, Any]) -> Self:
        """What stands within a document that has been read."""
        parts = cls.__new__(cls)
        parts.members = members
        return parts

    def string(self, name: str, among: dict[str, Any] | None = None) -> str:
        value = (self.members if among is None else among).get(name)
        if not isinstance(value, str):
            raise ProofError(f"not a receipt: {name} is missing, or no text")
        return value

    def text(self, name: str) -> bytes:
        try:
            return self.string(name).encode()
        except UnicodeEncodeError:
            raise ProofError(f"not a receipt: {name} is no text") from None

    def data(self, name: str, among: dict[str, Any] | None = None) -> bytes:
        return _decode(self.string(name, among))

    def count(self, name: str, among: dict[str, Any] | None = None) -> int:
        """A whole number of at most 63 bits; neither what can be rounded to one, nor what a proof cannot hold."""
        value = (self.members if among is None else among).get(name)
        if type(value) is not int or not 0 <= value < 1 << 63:
            raise ProofError(f"not a receipt: {name} is no whole number from 0 on")
        return value

    def counts(self, name: str) -> list[int]:
        """Whole numbers as of `count`."""
        value = self.members.get(name)
        if not isinstance(value, list):
            raise ProofError(f"not a receipt: {name} is no list")
        return [self.count(name, {name: number}) for number in value]

    def hashes(self, name: str, among: dict[str, Any] | None = None) -> list[bytes]:
        value = (self.members if among is None else among).get(name)
        if not isinstance(value, list) or not all(isinstance(step, str) for step in value):
            raise ProofError(f"not a receipt: {name} is no list of hashes")
        return [_decode(step) for step in value]

    def digest(self) -> bytes:
        try:
            return bytes.fromhex(self.string("content_digest"))
        except ValueError:
            raise ProofError("not a receipt: content_digest is not in hex") from None

    def object(self, name: str) -> dict[str, Any]:
        value = self.members.get(name)
        if not isinstance(value, dict):
            raise ProofError(f"not a receipt: {name} is missing")
        return value

    def objects(self, name: str) -> list[dict[str, Any]]:
        value = self.members.get(name)
        if not isinstance(value, list) or not all(isinstance(element, dict) for element in value):
            raise ProofError(f"not a receipt: {name} is no list of objects")
        return value

    def fields(self) -> list[tuple[int, bytes, str, list[bytes]]]:
        """Index, salt, text and proof of the fields that are shown."""
        fields = self.members.get("fields")
        if not isinstance(fields, list) or not all(isinstance(shown, dict) for shown in fields):
            raise ProofError("not a receipt: neither an event nor fields of one")
        return [
            (self.count("index", f), self.data("salt", f), self.string("text", f), self.hashes("proof", f))
            for f in fields
        ]


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProofError("not a receipt: something is not in base64") from None


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object as it stands, if each of its names does so once: another reader might take another value."""
    document = dict(members)
    if len(document) != len(members):
        raise ValueError("a member stands there twice")
    return document

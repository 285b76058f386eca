"""The manual of the native module. Hashes have 32 bytes. Every function that takes longer than a few
microseconds releases the GIL. Exceptions are the only way in which anything fails."""

from collections.abc import Callable
from typing import Literal

__version__: str

class TraceError(Exception):
    """Any error of the core."""

class CaptureError(TraceError):
    """A document is refused. `args` are a message and the problems as a JSON array."""

class ScanError(TraceError):
    """A text is no GS1 key. `args` are a message, a stable code, and the byte where the trouble begins."""

class ProofError(TraceError):
    """A proof, entry, tile or receipt does not hold."""

class SignatureError(TraceError):
    """A signature or key does not hold."""

# Events -----------------------------------------------------------------------------------------------

def event_hash_ids(document: bytes) -> list[str]:
    """The event hash id (CBV 2.0, `ni:///sha-256;…?ver=CBV2.0`) of each event of an EPCIS 2.0 JSON document,
    in order. Raises `CaptureError` for what is no document, and where the standard's reference would drop
    an event or lose digits. Cost: about 5 µs an event."""

def event_prehashes(document: bytes) -> list[str]:
    """The strings whose SHA-256 the event hash ids hold. Raises as `event_hash_ids`."""

def json_of_xml(document: bytes) -> bytes:
    """The JSON-LD form of an EPCIS 1.2 or 2.0 document in XML. Raises `CaptureError` for what is none, has a
    document type definition, is nested deeper than 64 elements, or has more than 2,000 attributes of an element.
    Nothing but the text is read."""

def xml_of_json(document: bytes, *, cbv: Literal["urn", "web", "as_is"] = "urn") -> bytes:
    """The EPCIS 2.0 XML form of an EPCISDocument or EPCISQueryDocument in JSON-LD; its events keep their event hash
    ids. Words of the CBV become URNs (`urn:epcglobal:cbv:bizstep:shipping`; web URIs where they have none), web URIs
    (`https://ref.gs1.org/cbv/BizStep-shipping`), or stay as they are. Raises `CaptureError` for what is no such
    document and for the first thing that XML cannot hold, by its pointer (`docs/api.md`, "XML"); `ValueError` for
    another `cbv`. Cost: one pass, without the GIL."""

def split_document(document: bytes, *, events_max: int) -> list[bytes]:
    """The document as several, each with at most so many of its events, which keep their bytes.
    Raises `CaptureError` for what is no document."""

class Blinding:
    """The log's blinding key, ready for use (`docs/formats.md`, "Token")."""

    def __init__(self, key: bytes) -> None:
        """`key` has 32 bytes."""

    def name_hash(self, name: str) -> int:
        """The hash under which the database files a name: the first 8 bytes of its token, signed."""

    def token(self, name: str) -> bytes:
        """The token of a name in log entries, 16 bytes."""

class PreparedCapture:
    """A capture that has been through the core, ready to be stored. Immutable. Holds on to its body."""

    document_refused: bool
    """The document itself is wrong: none of its events can be stored."""
    event_total: int
    accepted_count: int
    """Events that may be stored, repetitions within the document included."""
    error_count: int
    problems_json: bytes
    """JSON array of `event_index`, `pointer`, `code`, `message`, `severity`; 1,000 at most."""
    problems_left_out: int
    context: bytes
    body_digest: bytes
    event_ids: list[str]
    """Of the accepted events, in order: the id as captured, else the event hash id."""
    content_digests: list[bytes]
    """Of the accepted events, in order."""

    master_data: list[tuple[int, str, str, bytes, list[int]]]
    """Name hash, vocabulary, id, canonical JSON, and terms of the attributes (fields `MDA:…`), of each element of
    master data in the header."""

    issuer: bytes | None
    """Who issued the events, JSON, where somebody signed them all together."""

    wanted_keys: list[str] | None
    """Of a document with signatures for its events, for which no `signers` were handed in: the ids of the keys that
    they name, 10,000 at most. Nothing else of the document was read then."""

    def event_names(self) -> list[int]:
        """Hashes under which the accepted events' ids and event hash ids are filed."""

    def shared_names(self, name_hashes: list[int]) -> bytes:
        """Findings as in `problems_json`, 1,000 at most, for the events that have one of these names."""

    def copies(self, stored: list[bytes], *, threads: int | None = None) -> Copies:
        """COPY streams of the accepted events but those whose content digest is in `stored`; on all cores, unless
        `threads` says how many. Cost: one compression of the events, one copy of the rows, one sort."""

class Copies:
    """Complete streams in Postgres' binary COPY format, one for each of the tables `event` and `reference`."""

    event_count: int
    values: list[tuple[int, str, int]]
    """Field, value, and key of the first event that has it, of each value that can be listed, sorted."""

    @staticmethod
    def columns(table: str) -> list[str]:
        """The columns of a table that its stream holds, in order. `ValueError` for any other table."""

    def read(self, table: str, at: int, size: int) -> bytes:
        """At most `size` bytes of a table's stream from `at` on; none at its end. `ValueError` as above."""

    def json(self, table: str) -> str:
        """A table's rows as JSON, as `json_populate_recordset` takes them: for captures of a few events.
        `ValueError` as above."""

Syntax = Literal["json", "xml", "lines"]
"""A document in JSON or XML, or bare events in JSON, one a line."""

def prepare_capture(
    body: bytes,
    *,
    partner: str,
    record_time_us: int,
    capture_no: int,
    seed: bytes,
    blinding: Blinding,
    strict: bool,
    syntax: Syntax = "json",
    claim: tuple[Authorship, PartnerKey, str] | None = None,
    signers: EventSigners | None = None,
    reserved: str | None = None,
    threads: int | None = None,
) -> PreparedCapture:
    """Takes a capture body through strict parsing, validation, both digests and the commitment.
    `record_time_us` counts from 1970 UTC; `seed` is 32 random bytes, used once; `strict` makes findings
    errors. `claim` is what was sent as a signature, the key and its partner: unless it holds over just these events,
    the document is refused, with a problem of code `signature`. `signers` is what is known of the keys by which events
    are signed each on its own: of a document with such signatures, without it, only `wanted_keys` is told. Events with an item whose name begins with `reserved`
    are refused. Captures of more than 128 events are shared among `threads`, as many as there are cores where it says
    nothing; what they give is the same. Never raises for what is in `body`: see
    `problems_json`. Cost of a claim: one signature, three hashes an event; of signatures for each event, a fifth of a
    single check each."""

def issuer_of(partner: str) -> bytes:
    """The issuer of what came on behalf of a partner, and nobody signed: JSON."""

# Authorship -------------------------------------------------------------------------------------------

class Authorship:
    """What came with a capture as a signature (`docs/formats.md`, "Signed captures"). Immutable."""

    key_hint: tuple[str | None, str]
    """The partner and the hash of the key, 8 hex digits, that a note names; else None and the key id."""

    def __init__(self, text: str) -> None:
        """Raises `SignatureError` for what is none."""

    def check(self, *, key: PartnerKey, partner: str, content_digests: list[bytes]) -> list[bytes]:
        """The place of each event in its signed capture; none for one that was signed alone. Raises `SignatureError`
        unless this key of this partner signed just these events, in this order."""

class PartnerKey:
    """A partner's public key: Ed25519 or P-256. Immutable."""

    jwk: str
    """The members of RFC 7638, in its order."""
    key_id: str
    """JWK thumbprint, base64url."""

    def __init__(self, jwk: bytes) -> None:
        """Raises `SignatureError` for what is none, for a key with its secret, and for one that proves nothing."""

    def verifier_key(self, partner: str) -> str | None:
        """The key as a vkey under the partner's name; None for P-256. Raises `SignatureError` for what is no name."""

    def check_jws(self, jws: str, payload: bytes) -> None:
        """Raises `SignatureError` unless this key, which it has to name, made the detached JWS."""

class EventSigners:
    """What is known of the keys that the signatures of events name. Immutable."""

    def __init__(self, keys: list[tuple[PartnerKey, str]], faults: list[tuple[str, str, str]]) -> None:
        """`keys` are those that count, each with the name of its partner; `faults` has id, code and message of others.
        `ValueError` for a code other than `key_unknown`, `key_not_yet_valid`, `key_expired`, `key_revoked`."""

class PartnerSigner:
    """A partner's secret key, Ed25519. Immutable, never printed."""

    partner: str
    jwk: str
    key_id: str

    def __init__(self, partner: str, seed: bytes) -> None:
        """`seed` has 32 bytes. Raises `SignatureError` for what is no name of a partner."""

    def sign_capture(self, document: bytes, *, secret: bytes, syntax: Syntax = "json") -> str:
        """The value of `Wayproof-Signature` for a whole capture. `secret` is 32 random bytes, used once. Raises
        `CaptureError` for what is no document, `SignatureError` for more than 65,536 events."""

    def sign_event(self, document: bytes, *, form: Literal["jws", "cose"] = "jws", syntax: Syntax = "json") -> str:
        """The same for a capture of one event, as a detached JWS or COSE_Sign1."""

    def sign_events(self, document: bytes, *, form: Literal["jws", "cose"] = "jws", syntax: Syntax = "json") -> bytes:
        """The document, in JSON, with such a signature for each of its events that has none; a bare event is put into
        one. Raises `CaptureError` for what is no document."""

    def sign_jws(self, payload: bytes) -> str:
        """A detached JWS over any bytes."""

def content_digests(document: bytes, *, syntax: Syntax = "json") -> list[bytes]:
    """The content digest of each event of a document, in order, whether or not it would be accepted. Raises
    `CaptureError` for what is no document."""

def check_signed(signed: bytes, *, key: PartnerKey, partner: str, content_digest: bytes, place: bytes | None) -> int:
    """The number of events that the signature of an issuer is over. Raises `SignatureError` unless it is by this key
    of this partner, and over the event with this content digest; `place` is where that stands in a signed capture."""

# Commitments ------------------------------------------------------------------------------------------

class OpenedEvent:
    """What an event, its context, its secret and its issuer give."""

    content_digest: bytes
    commitment: bytes
    field_count: int

def open_event(event: bytes, context: bytes, *, secret: bytes, issuer: bytes) -> OpenedEvent:
    """Recomputes content digest and commitment from a stored event. `issuer` is a JSON object. Raises `ProofError` for
    what is not JSON."""

def disclose_fields(
    event: bytes, context: bytes, *, secret: bytes, issuer: bytes, pointers: list[str]
) -> list[tuple[int, bytes, str, list[bytes]]]:
    """Index, salt, text (`["/pointer",value]`) and inclusion proof of the leaves of an event's commitment that have one
    of these pointers, or lie within it; `@issuer` is the issuer's. Raises `ProofError` for what is not JSON.
    Cost: three hashes a leaf of the event."""

def check_disclosed(
    *, index: int, salt: bytes, text: str, proof: list[bytes], field_count: int, commitment: bytes
) -> None:
    """Raises `ProofError` unless a commitment over so many leaves has this one."""

def read_entry(entry: bytes) -> tuple[bytes, int, int]:
    """Commitment, number of fields, and record time (µs since 1970) of a log entry. Raises `ProofError`."""

def entry_tokens(entry: bytes) -> list[bytes]:
    """The tokens of a log entry, 16 bytes each, ascending. Raises `ProofError`."""

def with_keys(event: bytes, *, prefix_digits: Callable[[str], int | None] | None = None) -> bytes:
    """The event with its GS1 keys as Digital Links; as EPC URNs where `prefix_digits` is given, which is asked how
    long the company prefix is at the front of these digits. A key without the form stays as it is, and all else
    as it was written but for white space and escapes. Raises `ValueError` for what is no JSON object, and what
    `prefix_digits` raises."""

def bare_event(event: bytes, context: bytes) -> bytes:
    """The event by itself: its own bytes, with its document's context in front. Raises `ProofError`."""

def read_bodies(groups: list[bytes], wanted: list[tuple[int, int]]) -> list[bytes | None]:
    """Bodies of events that are kept in groups, by the number of the group and the place in it, 0 to 31. None for what
    was erased, is not there, or stands in what is no group. Cost: one decompression of each group, 20 µs."""

def without_body(group: bytes, place: int) -> bytes:
    """A group without the body at a place; the others keep theirs."""

StoredEvent = tuple[int, bytes, int, int, str | None, bytes, bytes, bytes | None, bytes | None, bytes]
"""Key, partner, record time and event time (µs since 1970), event id, event hash id, entry, secret and body
(None once erased), context."""
ReferenceRow = tuple[int, int]
"""Name hash; `event_key << 4 | role`."""

class EventCheck:
    """One run over all stored events and references. Memory: 512 KiB, whatever their number."""

    def __init__(self, blinding: Blinding) -> None: ...
    def events(self, events: list[StoredEvent]) -> list[tuple[bytes | None, str | None]]:
        """Holds stored events against their entries: for each its content digest (None once erased) and what
        is wrong (None if nothing). Notes the references that they give."""

    def references(self, piece: bytes) -> None:
        """The next piece of all references in Postgres' binary COPY format, cut anywhere, its columns name_hash and
        event_ref; each event hash id is one. Raises `ProofError` for another stream."""

    def differing(self) -> list[int]:
        """Buckets, of 65,536, in which stored references are missing, or too many, once everything was seen.
        Event `capture_no << 20 | position` is in bucket `(61 * capture_no + position) % 65536`."""

    def references_of(self, event: StoredEvent) -> list[ReferenceRow]:
        """The references that one event gives; none once it is erased."""

def join_entries(entries: list[bytes]) -> bytes:
    """Entries back to back, two bytes of length before each. Raises `ProofError` beyond 65,535 bytes."""

# Tree -------------------------------------------------------------------------------------------------

StoredTile = tuple[int, int, bytes]
"""Level, index, and at least the hashes that are asked for, 32 bytes each."""
Tiles = tuple[list[int], list[int], list[bytes]]
"""Levels, indexes and bytes of tiles."""

def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry); RFC 9162 §2.1.1."""

def root_hash(leaf_hashes: bytes) -> bytes:
    """The root over leaf hashes back to back, 32·n bytes; RFC 9162 §2.1.1. Raises `ProofError` for another length."""

def check_inclusion(*, leaf_hash: bytes, leaf_index: int, tree_size: int, root_hash: bytes, proof: list[bytes]) -> None:
    """RFC 9162 §2.1.3.2. 0 ≤ leaf_index < tree_size. Raises `ProofError` unless it holds. That root and size are
    the log's is the caller's to check."""

def check_inclusions(
    *, leaf_hashes: bytes, leaf_indexes: list[int], tree_size: int, root_hash: bytes, proofs: list[bytes]
) -> None:
    """`check_inclusion` of many leaves under one root, hashed in lanes across proofs: with AVX-512 four times faster
    each. `leaf_hashes` are 32·n bytes, back to back in the order of the other two; a proof is its hashes back to back.
    Raises `ProofError` that names the first proof that does not hold by its place, from 0."""

def check_consistency(*, old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: list[bytes]) -> None:
    """RFC 9162 §2.1.4.2. 0 < old_size ≤ new_size. Raises `ProofError` unless it holds."""

def check_subtree_consistency(
    *, start: int, end: int, tree_size: int, subtree_root: bytes, root_hash: bytes, proof: list[bytes]
) -> None:
    """That `subtree_root` is over the leaves [start, end) of the tree, where start is a multiple of the smallest power
    of two that is at least end - start (draft-ietf-plants-merkle-tree-certs). Raises `ProofError` unless it holds."""

def tile_path(level: int | None, index: int, width: int) -> str:
    """`tile/…` of a tile, or of an entry bundle where `level` is None (C2SP tlog-tiles). Raises `ProofError` for what
    no tree has."""

def parse_tile_path(path: str) -> tuple[int | None, int, int] | None:
    """Level (None for entries), index and width of `tile/…` (C2SP tlog-tiles); None for any other text."""

def edge_tiles(tree_size: int) -> tuple[list[int], list[int]]:
    """Levels and indexes of the partial tiles at the right edge of a tree."""

def inclusion_tiles(leaf_indexes: list[int], tree_size: int) -> tuple[list[int], list[int]]:
    """The tiles that inclusion proofs of these leaves need. Raises `ProofError` for a leaf beyond the tree."""

def consistency_tiles(old_size: int, new_size: int) -> tuple[list[int], list[int]]:
    """The tiles that a consistency proof needs. Raises `ProofError`."""

def subtree_tiles(start: int, end: int, tree_size: int) -> tuple[list[int], list[int]]:
    """The tiles that a subtree consistency proof needs. Raises `ProofError`."""

def prove_inclusions(leaf_indexes: list[int], tree_size: int, stored: list[StoredTile]) -> list[bytes]:
    """Inclusion proofs in the order of the leaves, each from the leaf upwards, 32 bytes a hash, as `check_inclusions`
    takes them. Raises `ProofError` when a tile is missing."""

def hash_lists_json(lists: list[bytes]) -> list[bytes]:
    """JSON arrays of the hashes of each list, in base64; each list has 32 bytes a hash, as `prove_inclusions` gives them.
    Raises `ProofError` for other lengths."""

def prove_consistency(old_size: int, new_size: int, stored: list[StoredTile]) -> list[bytes]:
    """A consistency proof; RFC 9162 §2.1.4.1. Raises `ProofError`."""

def prove_subtree_consistency(start: int, end: int, tree_size: int, stored: list[StoredTile]) -> list[bytes]:
    """The proof that `check_subtree_consistency` takes. Raises `ProofError`."""

def entry_hashes(entries: bytes) -> bytes:
    """The leaf hashes, back to back, of entries as `join_entries` has them. Raises `ProofError` when they are cut
    off."""

class TreeExtension:
    """What entries add to a tree."""

    tree_size: int
    leaf_count: int
    root_hash: bytes
    levels: list[int]
    tile_indexes: list[int]
    hashes: list[bytes]

def extend_tree(*, tree_size: int, root_hash: bytes, edge: list[StoredTile], entries: bytes) -> TreeExtension:
    """Appends entries (as `join_entries` has them) to the tree whose edge this is. Raises `ProofError` when the
    edge does not have the root, or the entries are cut off. Cost: one hash a leaf, one a node."""

class TreeRebuild:
    """A tree rebuilt from its entries in O(log n) memory."""

    tree_size: int
    root_hash: bytes

    def __init__(self) -> None: ...
    def append(self, entries: bytes) -> Tiles:
        """Appends entries; returns the tiles that they fill up. Raises `ProofError`."""

    def partial_tiles(self) -> Tiles:
        """The tiles at the right edge."""

# Index of items --------------------------------------------------------------------------------------

class ItemIndex:
    """The verifiable index over the items of a log (`docs/formats.md`, "Verifiable index"): which leaves carry a token,
    all of them, or that none does. Memory: about 80 bytes a token. For one thread at a time: a call while another
    appends raises `RuntimeError`."""

    size: int
    """Entries seen so far: the size of the tree that the root belongs to."""
    token_count: int
    """Different tokens."""
    root_hash: bytes

    def __init__(self) -> None: ...
    def append(self, first_leaf_index: int, entries: bytes) -> None:
        """Appends entries as `join_entries` has them; the first one is leaf `first_leaf_index`, which must be `size`.
        Raises `ProofError`, and the index stays as it was. Cost: about 1 µs a token in a batch of many
        thousands, 4 µs in a batch of one entry."""

    def prove(self, token: bytes) -> bytes:
        """The lookup proof of a token: of its history, or that it does not occur. Cost: 3 µs in an index of a
        million. Raises `ProofError` for what has not 16 bytes."""

    def write_snapshot(self, path: str) -> None:
        """Writes the index to a file and waits until it is on the disk: 48 bytes a token. Raises `OSError`. Who wants
        the old file until then writes beside it and renames."""

    @staticmethod
    def read_snapshot(path: str) -> ItemIndex:
        """Reads what `write_snapshot` wrote. That its root is the log's is the caller's to check. Raises `OSError`,
        and `ProofError` for what is damaged or no snapshot."""

def leaves_of(tokens: list[bytes], logged: list[tuple[int, bytes]], *, end: int) -> list[list[int]]:
    """The leaves below `end` whose entries carry each token, ascending; of each leaf its index and its entry. Raises
    `ProofError`. Cost: a look at each entry."""

def check_item_history(*, root_hash: bytes, token: bytes, leaf_indexes: list[int], proof: bytes) -> None:
    """That these are all leaves that carry the token, ascending, at least one. Raises `ProofError` unless it holds.
    Cost: one hash a leaf. That the root belongs to the log, and to which size, is the caller's to check."""

def check_item_absence(*, root_hash: bytes, token: bytes, proof: bytes) -> None:
    """That no leaf carries the token. Raises `ProofError` unless it holds; else as `check_item_history`."""

# Notes and signatures ---------------------------------------------------------------------------------

KeyKind = Literal["Ed25519", "cosignature", "ML-DSA-44"]
"""What a key's signatures are over: the text of a note (type 0x01), or a time and a checkpoint (types 0x04, 0x06)."""

class NoteSigner:
    """A key of a name that signs notes. Never printed, wiped from memory when it goes."""

    verifier_key: str
    """The vkey (C2SP signed-note)."""

    def __init__(self, kind: KeyKind, name: str, seed: bytes) -> None:
        """`seed` has 32 bytes. Raises `SignatureError` for a name that a key may not have."""

    def signature_line(self, note: bytes, time_s: int) -> bytes:
        """A further signature line for a note, with the newline. `time_s`, seconds since 1970, is what a cosignature
        states. Raises `SignatureError` for what is no note, and for a cosignature over what is no checkpoint."""

def sign_checkpoint(*, signers: list[NoteSigner], origin: str, tree_size: int, root_hash: bytes, time_s: int) -> bytes:
    """A C2SP checkpoint without extension lines, signed by each of these. Deterministic."""

def open_checkpoint(signed: bytes, verifier_key: str) -> tuple[str, int, bytes]:
    """Origin, tree size and root hash of a checkpoint. Raises `SignatureError` unless the key signed it,
    `ProofError` for what is no checkpoint."""

def checkpoint_size(signed: bytes) -> int:
    """The tree size that a checkpoint states; nothing is checked. Raises `SignatureError` or `ProofError` for what is
    no checkpoint."""

Party = tuple[str, str, str | None]
"""Name, vkey and URL of a log or witness."""

class Policy:
    """Whose signatures a checkpoint needs (C2SP tlog-policy)."""

    logs: list[Party]
    witnesses: list[Party]

    def __init__(self, text: bytes) -> None:
        """Raises `SignatureError` with the line's number."""

    def check(self, note: bytes) -> tuple[str, int, bytes, list[tuple[str, int]]]:
        """Origin, tree size and root hash of a checkpoint, and the witnesses that cosigned it, with the time that each
        states in seconds since 1970. Raises `SignatureError` unless a log of the policy signed it for itself, no
        signature by a known key is bad, and the cosignatures are a quorum."""

    def add_cosignatures(self, note: bytes, answer: bytes) -> bytes:
        """The note with those of a witness' signature lines that a witness of the policy made over it. Raises
        `SignatureError` for what is no note."""

def write_log_proof(*, leaf_index: int, proof: list[bytes], checkpoint: str, extra: bytes | None = None) -> bytes:
    """A C2SP tlog-proof file. Raises `ProofError` for a hash that has not 32 bytes."""

def read_log_proof(proof: bytes) -> tuple[int, list[bytes], bytes, bytes | None]:
    """Leaf index, inclusion proof, checkpoint and extra data of a C2SP tlog-proof file, none of them checked. Raises
    `ProofError`."""

def cose_receipt(*, seed: bytes, tree_size: int, leaf_index: int, proof: list[bytes], root_hash: bytes) -> bytes:
    """A COSE receipt of inclusion (RFC 9942, `docs/formats.md`), signed with the Ed25519 key of a seed of 32 bytes. It
    proves something only if the proof leads the leaf to the root; that is the caller's to know. Deterministic. Raises
    `SignatureError` for another length of the seed, `ProofError` for numbers or hashes that are none."""

def check_cose_receipt(receipt: bytes, leaf_hash: bytes, key: bytes) -> tuple[int, int, bytes]:
    """Leaf index, tree size and root hash of a COSE receipt of inclusion, with or without its payload, by a log's
    Ed25519 key of 32 bytes. Raises `ProofError` for what is no such receipt, 16 KiB at most, and for a proof that
    cannot be; `SignatureError` unless the key signed the root to which the proof leads from the leaf. Receipts of this
    program have both numbers signed; where another log signs its root alone, they are those of some tree for which the
    proof fits. Cost: a hash a level, one signature."""

class AddCheckpoint:
    """What a witness is asked (C2SP tlog-witness)."""

    origin: str
    tree_size: int
    root_hash: bytes
    checkpoint: bytes
    """The signed note with all its lines."""

    def __init__(self, body: bytes) -> None:
        """Raises `ProofError` for what is no request: status 400."""

    @staticmethod
    def write(*, old_size: int, proof: list[bytes], checkpoint: bytes) -> bytes:
        """The body of a request. Raises `ProofError`."""

    def checkpoint_by(self, log_keys: list[str]) -> bytes:
        """The signed note with the lines of these vkeys alone: whoever asks may have added any others."""

    def judge(self, log_keys: list[str], last: tuple[int, bytes] | None) -> tuple[int, str]:
        """The status and, unless it is 200, the reason, by the vkeys of the origin's log and by size and root hash of
        what was cosigned last for it. 200: the witness may cosign once this checkpoint has durably taken the place of
        the last, in one step with this decision."""

Scheme = Literal["Ed25519", "ES256", "ES256-DER"]

def check_signature(*, scheme: Scheme, key: bytes, message: bytes, signature: bytes) -> None:
    """Raises `SignatureError` unless it holds. The Ed25519 rule is in `docs/formats.md`; ES256 is ECDSA P-256 with
    SHA-256, the key a SEC 1 point, the signature r ‖ s or DER."""

def check_signatures(claims: list[tuple[Scheme, bytes, bytes, bytes]]) -> list[int]:
    """Positions of (scheme, key, message, signature) that do not hold, ascending: exactly those that
    `check_signature` refuses. Cost: a fifth of single checks where keys repeat."""

# Names ------------------------------------------------------------------------------------------------

class Scan:
    """What a scan told. `keys`, `lots` and `classes` are of one length."""

    keys: list[str]
    """Canonical Digital Link URIs of the items that it names."""
    lots: list[str | None]
    classes: list[str | None]
    elements: list[tuple[str, str]]
    """Application identifiers and their values."""
    lacks: str | None

def scan(text: str) -> Scan:
    """Reads an element string, Digital Link, EPC URN, EAN, UPC or SSCC. Raises `ScanError`."""

def item_key(text: str) -> str | None:
    """The one name of what an EPC URN or Digital Link means, as a canonical Digital Link; None for other text."""

# Terms of queries -------------------------------------------------------------------------------------

class TermKey:
    """What a capture files under an event for queries: one 64-bit hash for each thing that it says. Two terms are
    taken as equal when their hashes are. The names of fields are those of `capture::terms`."""

    def __init__(self, blinding: Blinding) -> None: ...
    def existence(self, field: str) -> int:
        """That the field is there."""

    def term(self, field: str, value: str) -> int:
        """That it has this value, in its one spelling."""

    def scalar_term(self, field: str, text: str) -> int | None:
        """That it has a value equal to this as a number or time; None for a text that is neither."""

    def measure(self, field: str, kind: str) -> float:
        """Under what its numbers are kept for comparison; `kind` is `number` or `time`."""

def read_scalar(text: str) -> tuple[str, float] | None:
    """`number` and its value for a number as JSON writes it; `time` and µs since 1970 UTC for a time with offset, or
    for a day by its begin in UTC; None for any other text."""

def field_name(name: str, namespaces: dict[str, str]) -> str:
    """The one full name of an extension field, `#` behind its namespace; `name` has a prefix of `namespaces` or of
    the standard's context, or is full itself."""

def one_spelling(kind: str, text: str, namespaces: dict[str, str]) -> str:
    """The one spelling of a value. `kind` is `biz_step`, `disposition`, `biz_transaction_type`, `source_dest_type`,
    `error_reason`, `gs1_term`, `component`, `id`, `key`, `hex` or `exact`; raises `ValueError` for another."""

def unit(code: str) -> tuple[str, float, float] | None:
    """Dimension, factor and offset to its SI unit, of a UN/ECE Rec 20 code; None for a code that is not known."""

def epc_pattern(text: str, *, as_class: bool) -> tuple[str, str | None, float, float] | None:
    """What `urn:epc:idpat:…` with a `*` asks of an item: kind of key; its class, or else the bounds, half open, of the
    twelve digits that begin with its company prefix. None for what is no such pattern."""

# Lineage ----------------------------------------------------------------------------------------------

class Wanted:
    """What the next round has to see: three lists of one length; times are µs since 1970, both ends included."""

    name_hashes: list[int]
    from_us: list[int]
    to_us: list[int]

Question = Literal["history", "trace_backward", "trace_forward", "recall"]

class Walk:
    """One question on its way to its answer: ask `wanted`, look it up, `feed` it, until nothing is wanted."""

    def __init__(
        self,
        question: Question,
        items: list[str],
        *,
        blinding: Blinding,
        events_max: int,
        items_max: int,
    ) -> None: ...
    def wanted(self) -> Wanted:
        """Empty lists when nothing more is needed."""

    def feed(
        self,
        columns: tuple[list[int], list[int], list[int], list[bytes]],
        groups: dict[int, bytes],
        contexts: dict[int, bytes],
    ) -> None:
        """Events in the order of their keys, all that are wanted at once or slice by slice; once for each round at
        least. Those that name nothing wanted, or came before, do no harm. `columns` are their keys, the places of their
        bodies, their record times in µs, and their event hash ids; the body of one stands in the packed group (see
        `read_bodies`) of the event that is its place before it. `groups` go by the keys of those events, `contexts`,
        JSON arrays, by the numbers of captures. Raises `ProofError` for a body that is not there, or is no event.

        Cost: 25 µs an event of 1 kB; more than a hundred are shared among the cores.
        """

    def truncate(self) -> None:
        """The caller could not show all that was wanted; the answer will say so."""

    def finish(self, *, keys: bool) -> bytes:
        """The answer as JSON (`docs/api.md`): events have their `content_digest`, and with `keys` their `event_key`.
        Ends the walk."""

    def labels(self) -> dict[int, dict[str, list[str]]]:
        """What ILMD says of lot and dates, by the keys of events and by name without prefix, cut to 80 characters."""

# Simulator --------------------------------------------------------------------------------------------

class Landmark:
    """A thing worth looking up, and the trouble that is to be found there."""

    domain: str
    role: str
    trouble: str | None
    urn: str
    digital_link: str
    element_string: str

class Simulator:
    """A seeded generator of supply chains; equal arguments give equal bytes."""

    def __init__(
        self,
        *,
        events: int,
        seed: int,
        start_s: int | None = None,
        end_s: int | None = None,
        troubled_per_10k: int | None = None,
        recall_items: int = 0,
    ) -> None:
        """Raises `ValueError` for settings out of bounds."""

    def next_document(self, events_max: int) -> bytes | None:
        """The next EPCIS document with at most so many events; None at the end. Cost: 1 µs an event."""

    def write_document(self, write: Callable[[bytes], object]) -> None:
        """All events as one document, in chunks of about 64 KiB."""

    def master_data(self) -> bytes:
        """What the firms and their sites are called: an EPCIS document of master data alone."""

    def landmarks(self) -> list[Landmark]:
        """Once the events have been told."""

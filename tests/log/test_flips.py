"""Bits that flip in memory between reading, hashing and signing: noticed before anything is signed, and the log goes
on when they are gone."""

from __future__ import annotations

import asyncio
import os
import random
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import structlog

import trace_core
from tests.log.rounds import KEYS, ORIGIN, Link, run_round, start_log
from tests.log.test_steps import Watched
from trace_api.errors import TraceError
from trace_api.log import sequencer
from trace_api.log.fsck import fsck
from trace_api.log.item_index import IndexKeeper
from trace_api.log.sequencer import Sequencer
from trace_api.log.tiles import read_entries
from trace_api.store import log as log_store
from trace_api.store.log import Log

if TYPE_CHECKING:
    from pathlib import Path

    from trace_api.store.pool import Store

FLIPS = int(os.environ.get("WAYPROOF_FLIPS", "100"))


def flipped(value: Any, chance: random.Random) -> Any:
    """The value with one bit flipped, somewhere in it; what has no bits is as it was."""
    if isinstance(value, bytes) and value:
        at = chance.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    if isinstance(value, int) and not isinstance(value, bool):
        return value ^ 1 << chance.choice((0, 1, 2, 5, 20))
    if isinstance(value, str) and value:
        at = chance.randrange(len(value))
        return value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
    if isinstance(value, list | tuple) or hasattr(value, "keys"):
        parts = list(value)
        able = [n for n, part in enumerate(parts) if flipped(part, random.Random(0)) != part]
        if able:
            at = chance.choice(able)
            parts[at] = flipped(parts[at], chance)
        return parts
    return value


@dataclass
class FlippingLink(Link):
    """Flips a bit of what one step gave."""

    chance: random.Random = field(default_factory=random.Random)

    async def exchange(self, what: str, send: Any) -> Any:
        self.steps.append(what)
        answer = await send()
        return flipped(answer, self.chance) if len(self.steps) == self.cut_at else answer


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, bytes]]:
    """Everything that was ever signed."""
    heads = []
    sign = trace_core.sign_checkpoint

    def note_down(**head: Any) -> bytes:
        heads.append((head["origin"], head["tree_size"], head["root_hash"]))
        return sign(**head)

    monkeypatch.setattr(trace_core, "sign_checkpoint", note_down)
    return heads


async def check_signed(store: Store, signed: list[tuple[str, int, bytes]]) -> None:
    """Each signature is over the root that the stored entries give."""
    async with store.session() as connection:
        for log, origin in ((Log.EVENTS, ORIGIN), (Log.INDEX, f"{ORIGIN}/index")):
            head = await log_store.read_head(connection, log)
            hashes = trace_core.entry_hashes(await read_entries(connection, 0, head.tree_size, log))
            sizes = [(size, root) for name, size, root in signed if name == origin]
            assert len(sizes) > 1
            for size, root in sizes:
                assert root == trace_core.root_hash(hashes[: size * 32]), (log, size)
        assert {name for name, _, _ in signed} == {ORIGIN, f"{ORIGIN}/index"}


async def start(watched: Watched) -> int:
    """A log with two captures; how many steps a round has."""
    await start_log(watched.store)
    await watched.add()
    await watched.recover()
    await watched.add()
    return len(await watched.recover())


async def test_bit_flipped_in_what_was_read_is_never_signed(
    store: Store, tmp_path: Path, signed: list[tuple[str, int, bytes]]
) -> None:
    watched, chance, refused = Watched(store, tmp_path), random.Random(7), 0
    keeper = IndexKeeper(tmp_path / "item-index")
    steps = await start(watched)
    for number in range(FLIPS):
        await watched.add()
        async with store.session() as connection:
            try:
                await run_round(connection, tmp_path, FlippingLink(number % steps + 1, chance=chance), keeper)
            except Exception:  # Whatever it is, the server's loops outlive it.
                refused += 1
        await watched.look()
        await watched.recover()
    await check_signed(store, signed)
    report = await fsck(store, KEYS)
    assert (report.findings, report.events) == ([], watched.size)
    assert refused > FLIPS / 4


MEMBERS = ("tree_size", "leaf_count", "root_hash", "levels", "tile_indexes", "hashes")


def flip_extensions(monkeypatch: pytest.MonkeyPatch, chance: random.Random) -> list[str]:
    """From now on, one bit of what is computed of new leaves flips before it is signed: of each of these members, the
    last one first, until the list is empty."""
    extend, left = trace_core.extend_tree, list(MEMBERS)

    def extend_and_flip(**given: Any) -> Any:
        extension = extend(**given)
        if not left:
            return extension
        members = {member: getattr(extension, member) for member in MEMBERS}
        member = left.pop()
        return SimpleNamespace(**{**members, member: flipped(members[member], chance)})

    monkeypatch.setattr(trace_core, "extend_tree", extend_and_flip)
    return left


async def test_bit_flipped_between_hashing_and_signing_is_refused_and_the_log_goes_on(
    store: Store, tmp_path: Path, signed: list[tuple[str, int, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(store, tmp_path)
    await start(watched)
    monkeypatch.setattr(sequencer, "RETRY_PAUSE_S", 0.01)
    await watched.add()
    left = flip_extensions(monkeypatch, random.Random(3))
    runs = Sequencer(store, KEYS, ORIGIN, period_ms=10)
    with structlog.testing.capture_logs() as lines:
        task = asyncio.create_task(runs.run())
        async with asyncio.timeout(30), store.session() as connection:
            while (await log_store.read_head(connection)).tree_size < watched.size:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert left == []
    said = [line["log_level"] for line in lines if line["event"] in ("refuses_to_sign", "sequencer_restarts")]
    # What Postgres refuses, such as a tile of level -1, is not looked at.
    assert len(said) == len(MEMBERS)
    assert said.count("critical") >= len(MEMBERS) - 2
    await watched.recover()
    await check_signed(store, signed)
    assert (await fsck(store, KEYS)).findings == []


async def test_bit_flipped_between_hashing_and_signing_would_be_signed_without_the_second_look(
    store: Store, tmp_path: Path, signed: list[tuple[str, int, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what the tests above would find if nobody looked."""
    watched = Watched(store, tmp_path)
    await start(watched)

    async def look_away(*_: object) -> None:
        pass

    monkeypatch.setattr(sequencer, "check_extension", look_away)
    await watched.add()
    left = flip_extensions(monkeypatch, random.Random(3))
    while left[-1:] != ["root_hash"]:
        left.pop()
    async with store.session() as connection:
        await sequencer.sequence_once(connection, KEYS, ORIGIN, await log_store.begin_epoch(connection))
    with pytest.raises(AssertionError):
        await check_signed(store, signed)


async def test_bit_flipped_in_the_signature_or_on_its_way_leaves_no_signature(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, chance, sign = Watched(store, tmp_path), random.Random(5), trace_core.sign_checkpoint
    await start(watched)
    await watched.add()
    for member in ("origin", "tree_size", "root_hash", "note"):

        def sign_and_flip(member: str = member, **head: Any) -> bytes:
            if member == "note":
                note = sign(**head)
                return note[:-4] + bytes([note[-4] ^ 1]) + note[-3:]
            return sign(**{**head, member: flipped(head[member], chance)})

        monkeypatch.setattr(trace_core, "sign_checkpoint", sign_and_flip)
        async with store.session() as connection:
            before = await log_store.read_head(connection)
            with pytest.raises(trace_core.SignatureError):
                await sequencer.sequence_once(connection, KEYS, ORIGIN, await log_store.begin_epoch(connection))
            assert (await log_store.read_head(connection)).checkpoint == before.checkpoint
        monkeypatch.setattr(trace_core, "sign_checkpoint", sign)
    await watched.recover()


DAMAGE = {
    "published root": "UPDATE log_head SET published_root_hash = set_byte(published_root_hash, 4, "
    "get_byte(published_root_hash, 4) # 1) WHERE log_id = 1",
    "signed checkpoint": "UPDATE log_head SET checkpoint = set_byte(checkpoint, 30, get_byte(checkpoint, 30) # 1) "
    "WHERE log_id = 1",
    "root of the head": "UPDATE log_head SET root_hash = set_byte(root_hash, 4, get_byte(root_hash, 4) # 1) "
    "WHERE log_id = 1",
    "tile": "UPDATE tile SET hashes = set_byte(hashes, 5, get_byte(hashes, 5) # 1) WHERE log_id = 1 AND level = 0",
    "entry": "UPDATE event SET entry = set_byte(entry, 20, get_byte(entry, 20) # 1) "
    "WHERE event_key = (SELECT max(event_key) FROM event)",
}


@pytest.mark.parametrize("what", DAMAGE)
async def test_bit_flipped_on_the_disk_between_sequencing_and_publishing_is_not_published(
    store: Store, tmp_path: Path, what: str
) -> None:
    watched = Watched(store, tmp_path)
    await start(watched)
    await watched.add()
    async with store.session() as connection:
        await sequencer.sequence_once(connection, KEYS, ORIGIN, await log_store.begin_epoch(connection))
        before = [await log_store.read_head(connection, log) for log in Log]
        async with connection.transaction():
            await connection.execute("CREATE TABLE kept AS TABLE " + DAMAGE[what].split()[1])
            await connection.execute(DAMAGE[what])
        with pytest.raises((TraceError, trace_core.TraceError)):
            await run_round(connection, tmp_path, Link())
        after = [await log_store.read_head(connection, log) for log in Log]
        assert after[1].published_checkpoint == before[1].published_checkpoint
        # An entry that rots is none of the checkpoint, which stays true.
        assert (after[0].published_checkpoint == before[0].published_checkpoint) == (what != "entry")
        # Mended, it goes on.
        async with connection.transaction():
            table = DAMAGE[what].split()[1]
            await connection.execute(f"TRUNCATE {table}")
            await connection.execute(f"INSERT INTO {table} TABLE kept")
            await connection.execute("UPDATE log_head SET epoch = epoch + 1")
    await watched.recover()
    assert (await fsck(store, KEYS)).findings == []

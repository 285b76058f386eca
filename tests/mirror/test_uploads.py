"""What a mirror answers, status by status, and that whatever comes it serves one history that is whole."""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import trace_core
from tests.mirror.small_log import FOLDER, LOG, ORIGIN, SIGNER, SmallLog, policy_of, verified_size
from trace_api.errors import Unavailable
from trace_api.mirror.app import BEHIND_ENTRIES_MAX, create_app
from trace_api.mirror.book import PENDING_KEPT_MAX, Book
from trace_api.mirror.bundles import spans
from trace_api.mirror.mirror import Mirror
from trace_api.mirror.wire import MirrorInfo, UploadHead

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from trace_api.mirror.copy import LogCopy

INFO = "text/x.tlog.mirror-info"
BINARY = {"Content-Type": "application/octet-stream"}
COSIGNED = policy_of(f"witness m {SIGNER.verifier_key}", "quorum m")
GROWN = SmallLog(1000)
FORKED = SmallLog(1000, "!")


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    with Book.open(tmp_path / "mirror.sqlite") as book:
        yield Mirror.open([SIGNER], policy_of("quorum none"), book, tmp_path)


@pytest.fixture
async def client(mirror: Mirror) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(mirror))
    async with httpx.AsyncClient(transport=transport, base_url="http://m.test") as opened:
        yield opened


async def offer(client: httpx.AsyncClient, old_size: int, size: int, log: SmallLog = GROWN) -> httpx.Response:
    return await client.post("/add-checkpoint", content=log.checkpoint(old_size, size))


async def send(client: httpx.AsyncClient, body: bytes, **headers: str) -> httpx.Response:
    return await client.post("/add-entries", content=body, headers={**BINARY, **headers})


async def size_of(client: httpx.AsyncClient) -> int:
    """What is served, once all of it was read back and holds."""
    files: dict[str, bytes | None] = {}
    loop = asyncio.get_running_loop()

    def read(path: str) -> bytes | None:
        answer = asyncio.run_coroutine_threadsafe(client.get(f"/{FOLDER}/{path}"), loop).result()
        files[path] = answer.content if answer.status_code == 200 else None
        return files[path]

    return await asyncio.to_thread(verified_size, read, COSIGNED)


def info(answer: httpx.Response) -> tuple[int, int]:
    assert answer.headers["content-type"] == INFO
    told = MirrorInfo.read(answer.content)
    assert answer.content == f"{told.tree_size}\n{told.next_entry}\n\n".encode()
    return told.tree_size, told.next_entry


async def test_log_that_is_pushed_in_one_request_is_cosigned_and_served(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/{FOLDER}/checkpoint")).status_code == 404
    pending = await offer(client, 0, 1000)
    assert (pending.status_code, pending.content) == (200, b"")
    # A pending checkpoint is not served, and not signed.
    assert (await client.get(f"/{FOLDER}/checkpoint")).status_code == 404
    done = await send(client, GROWN.upload(0, 1000))
    assert done.status_code == 200
    assert done.headers["accept-encoding"] == "gzip"
    assert COSIGNED.check(GROWN.note(1000) + done.content)[1] == 1000
    shown = await client.get(f"/{FOLDER}/checkpoint")
    assert (shown.headers["content-type"], shown.headers["cache-control"]) == ("text/plain; charset=utf-8", "no-cache")
    tile = await client.get(f"/{FOLDER}/tile/0/000")
    assert "immutable" in tile.headers["cache-control"]
    assert await size_of(client) == 1000
    about = (await client.get("/")).json()
    assert about == {"keys": [SIGNER.verifier_key], "logs": {ORIGIN: FOLDER}}


async def test_upload_in_prefixes_goes_on_where_the_mirror_says(client: httpx.AsyncClient) -> None:
    await offer(client, 0, 1000)
    assert info(await send(client, GROWN.upload(0, 1000, packages=1))) == (1000, 256)
    # Cut off within the third package from there.
    cut = len(GROWN.upload(256, 1000, packages=2)) + 100
    answer = await send(client, GROWN.upload(256, 1000)[:cut])
    assert (answer.status_code, info(answer)) == (202, (1000, 768))
    assert await size_of(client) == 0
    assert (
        await send(client, gzip.compress(GROWN.upload(768, 1000)), **{"Content-Encoding": "gzip"})
    ).status_code == 200
    assert await size_of(client) == 1000


async def test_compressed_upload_may_be_cut_off_or_garbage_anywhere(client: httpx.AsyncClient) -> None:
    await offer(client, 0, 1000)
    packed = gzip.compress(GROWN.upload(0, 1000)[: 1 << 20])
    gzipped = {"Content-Encoding": "gzip"}
    for cut in (0, 5, 20, 40):
        assert (await send(client, packed[:cut], **gzipped)).status_code == 400
    assert (await send(client, b"no gzip at all", **gzipped)).status_code == 400
    assert (await send(client, b"", **{"Content-Encoding": "br"})).status_code == 415
    # In two members.
    body = GROWN.upload(0, 1000)
    answer = await send(client, gzip.compress(body[:5000]) + gzip.compress(body[5000:]), **gzipped)
    assert answer.status_code == 200


async def test_each_refusal_has_its_status(client: httpx.AsyncClient) -> None:
    # Nothing is known yet: where to begin is told to whoever asks.
    empty = await send(client, UploadHead(ORIGIN.encode(), 0, 0).write())
    assert (empty.status_code, info(empty)) == (409, (0, 0))
    await offer(client, 0, 600)
    assert info(await send(client, UploadHead(ORIGIN.encode(), 0, 0).write())) == (600, 0)
    for origin in (b"unknown.test/log", b"", b"\xff\xfe"):
        assert (await send(client, UploadHead(origin, 0, 600).write())).status_code == 404
    # Not the size of a pending checkpoint; start beyond the next entry.
    for start, end in ((0, 599), (0, 1 << 63), (0, (1 << 64) - 1), (256, 600)):
        answer = await send(client, UploadHead(ORIGIN.encode(), start, end).write())
        assert (answer.status_code, info(answer)) == (409, (600, 0))
    for malformed in (b"", b"\0", GROWN.upload(0, 600)[:20], UploadHead(ORIGIN.encode(), 601, 600).write()):
        assert (await send(client, malformed)).status_code == 400
    # Nothing of the first package.
    for cut in (0, 1, 1000):
        assert (await send(client, UploadHead(ORIGIN.encode(), 0, 600).write() + b"\0" * cut)).status_code in (400, 422)
    assert (await client.post("/add-entries", content=b"")).status_code == 415
    assert (await client.get("/add-entries")).status_code == 405
    assert await size_of(client) == 0


async def test_wrong_entries_proofs_and_hashes_are_refused_and_not_stored(client: httpx.AsyncClient) -> None:
    await offer(client, 0, 1000)
    good = GROWN.upload(0, 1000, packages=1)
    for place in (40, 500, len(good) - 1):
        bad = bytearray(good)
        bad[place] ^= 1
        assert (await send(client, bytes(bad))).status_code in (400, 422)
    head = UploadHead(ORIGIN.encode(), 0, 1000).write()
    entries = trace_core.join_entries(GROWN.entries[:256])
    for count in (0, 1, 63, 64, 255):
        assert (await send(client, head + entries + bytes([count]) + bytes(32 * count))).status_code == 422
    # Another history's entries with its own proofs, after some that are the same.
    answer = await send(client, FORKED.upload(0, 1000))
    assert answer.status_code == 422
    assert info(await send(client, UploadHead(ORIGIN.encode(), 0, 0).write())) == (1000, 0)
    assert (await send(client, FORKED.upload(0, 1000))).status_code == 422
    assert (await send(client, GROWN.upload(0, 1000))).status_code == 200
    assert await size_of(client) == 1000


async def test_good_packages_before_a_bad_one_are_kept(client: httpx.AsyncClient) -> None:
    await offer(client, 0, 1000)
    body = bytearray(GROWN.upload(0, 1000))
    body[len(GROWN.upload(0, 1000, packages=2)) + 10] ^= 1
    assert (await send(client, bytes(body))).status_code == 422
    assert info(await send(client, UploadHead(ORIGIN.encode(), 0, 0).write())) == (1000, 512)
    assert (await send(client, GROWN.upload(512, 1000))).status_code == 200
    assert await size_of(client) == 1000


async def test_forked_log_is_refused_and_the_first_history_goes_on(client: httpx.AsyncClient) -> None:
    await offer(client, 0, 600)
    assert (await send(client, GROWN.upload(0, 600))).status_code == 200
    assert (await offer(client, 600, 1000, FORKED)).status_code == 422
    other = await offer(client, 600, 600, FORKED)
    assert (other.status_code, other.text, other.headers["content-type"]) == (409, "600\n", "text/x.tlog.size")
    assert (await offer(client, 0, 1000)).text == "600\n"
    stranger = SmallLog(700, signer=trace_core.NoteSigner("Ed25519", ORIGIN, bytes([9] * 32)))
    assert (await offer(client, 600, 700, stranger)).status_code == 403
    assert (await client.post("/add-checkpoint", content=b"old 1\n")).status_code == 400
    assert (await client.post("/add-checkpoint", content=bytes(1 << 20))).status_code == 413
    assert (await offer(client, 600, 1000)).status_code == 200
    assert (await send(client, GROWN.upload(600, 1000))).status_code == 200
    assert await size_of(client) == 1000


async def test_log_that_grows_by_every_size_is_whole_at_each(client: httpx.AsyncClient) -> None:
    sizes = [1, 2, 3, 255, 256, 257, 500, 511, 512, 513, 767, 900, 1000]
    for old, size in zip([0, *sizes], sizes, strict=False):
        assert (await offer(client, old, size)).status_code == 200
        assert (await send(client, GROWN.upload(old, size))).status_code == 200
        assert await size_of(client) == size
    # What was partial is still readable, from what it has become.
    partial = await client.get(f"/{FOLDER}/tile/0/000.p/3")
    assert partial.content == b"".join(trace_core.leaf_hash(entry) for entry in GROWN.entries[:3])
    entries = await client.get(f"/{FOLDER}/tile/entries/000.p/2")
    assert entries.content == trace_core.join_entries(GROWN.entries[:2])
    for path in ("tile/0/009", "tile/entries/../../mirror.key", "tile/0/000.p/256", "tile/0/0", "checkpoints"):
        assert (await client.get(f"/{FOLDER}/{path}")).status_code == 404


async def test_upload_to_an_older_pending_checkpoint_is_taken_and_never_rewinds(client: httpx.AsyncClient) -> None:
    for old, size in ((0, 300), (300, 600), (600, 1000)):
        assert (await offer(client, old, size)).status_code == 200
    assert (await send(client, GROWN.upload(0, 600))).status_code == 200
    assert await size_of(client) == 600
    # Behind the mirror checkpoint now.
    answer = await send(client, GROWN.upload(0, 300))
    assert (answer.status_code, info(answer)) == (409, (1000, 600))
    # Entries beyond a checkpoint that is not yet mirrored do it no harm.
    assert info(await send(client, GROWN.upload(512, 1000, packages=1))) == (1000, 768)
    assert (await send(client, GROWN.upload(600, 600))).status_code == 200
    assert await size_of(client) == 600
    assert (await send(client, GROWN.upload(0, 1000, ticket=b"anything"))).status_code == 200
    assert await size_of(client) == 1000


async def test_pending_checkpoints_are_remembered_up_to_a_number(client: httpx.AsyncClient) -> None:
    for size in range(1, PENDING_KEPT_MAX + 4):
        assert (await offer(client, size - 1, size)).status_code == 200
    assert (await send(client, GROWN.upload(0, 3))).status_code == 409
    assert (await send(client, GROWN.upload(0, 4))).status_code == 200


async def test_start_too_far_behind_is_a_conflict(client: httpx.AsyncClient) -> None:
    size = BEHIND_ENTRIES_MAX + 512
    large = SmallLog(size)
    await offer(client, 0, size, large)
    assert (await send(client, large.upload(0, size))).status_code == 200
    answer = await send(client, large.upload(511, size))
    assert (answer.status_code, info(answer)) == (409, (size, size))
    assert (await send(client, large.upload(512, size))).status_code == 200


async def test_two_clients_at_once_end_with_one_whole_copy(client: httpx.AsyncClient) -> None:
    await offer(client, 0, 700)
    await offer(client, 700, 1000)

    async def one(size: int) -> int:
        return (await send(client, GROWN.upload(0, size))).status_code

    statuses = await asyncio.gather(*[one(size) for size in (1000, 700, 1000, 700, 1000)])
    assert statuses.count(200) >= 3
    assert set(statuses) <= {200, 409}
    assert await size_of(client) == 1000


async def test_upload_that_is_overtaken_is_a_conflict_and_rewinds_nothing(client: httpx.AsyncClient) -> None:
    await offer(client, 0, 600)
    await offer(client, 600, 1000)
    begin, resumed = asyncio.Event(), asyncio.Event()
    body, cut = GROWN.upload(0, 600), len(GROWN.upload(0, 600, packages=2))

    async def slow() -> AsyncIterator[bytes]:
        yield body[:cut]
        begin.set()
        await resumed.wait()
        yield body[cut:]

    overtaken = asyncio.create_task(client.post("/add-entries", content=slow(), headers=BINARY))
    await begin.wait()
    assert (await send(client, GROWN.upload(0, 1000))).status_code == 200
    resumed.set()
    answer = await overtaken
    assert (answer.status_code, info(answer)) == (409, (1000, 1000))
    assert await size_of(client) == 1000


async def test_lines_that_a_stranger_adds_to_a_checkpoint_are_not_served(client: httpx.AsyncClient) -> None:
    body = GROWN.checkpoint(0, 300)
    junk = b"".join(
        f"— m.test {base64.b64encode(bytes([n]) * 76).decode()}\n— {ORIGIN} {base64.b64encode(bytes([n]) * 68).decode()}\n".encode()
        for n in range(40)
    )
    assert (await client.post("/add-checkpoint", content=body + junk)).status_code == 200
    assert (await send(client, GROWN.upload(0, 300))).status_code == 200
    assert (await client.get(f"/{FOLDER}/checkpoint")).content.startswith(GROWN.note(300))
    assert (await client.get(f"/{FOLDER}/checkpoint")).content.count("\n— ".encode()) == 2


def reader_of(copy: LogCopy) -> Callable[[str], bytes | None]:
    return lambda path: copy.checkpoint() if path == "checkpoint" else copy.tile(path)


async def test_cosignatures_of_witnesses_of_the_policy_are_kept(mirror: Mirror) -> None:
    witness = trace_core.NoteSigner("cosignature", "w.test", bytes([7] * 32))
    watched = policy_of(f"witness w {witness.verifier_key}", "quorum w")
    mirror = Mirror(mirror.signers, watched, mirror.book, mirror.copies)
    note = GROWN.note(300)
    good = witness.signature_line(note, 1_800_000_000)
    bad = witness.signature_line(GROWN.note(299), 1_800_000_000)
    asked = trace_core.AddCheckpoint(GROWN.checkpoint(0, 300) + bad + good)
    assert mirror.take_checkpoint(asked)[0] == 200
    pending = mirror.book.newest(ORIGIN)
    assert pending is not None
    assert pending.checkpoint == note + good


class Killed(BaseException):
    """The process ends here."""


async def test_kill_at_every_write_leaves_a_copy_that_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends the work before each of its writes to the disk in turn, and starts anew from what is there."""
    real, left = os.fsync, 0

    def failing(descriptor: int) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        real(descriptor)

    sizes, reached, steps = [300, 600, 1000], 0, 0
    while reached < 1000:
        left, steps = steps % 9, steps + 1
        shown = tmp_path / FOLDER / "checkpoint"
        if shown.exists():
            reached = max(reached, trace_core.checkpoint_size(shown.read_bytes()))
        with ExitStack() as stack:
            book = stack.enter_context(Book.open(tmp_path / "mirror.sqlite"))
            mirror = Mirror.open([SIGNER], policy_of("quorum none"), book, tmp_path)
            copy = mirror.copies[ORIGIN]
            seen = verified_size(reader_of(copy), COSIGNED)
            assert seen >= reached
            reached = seen
            monkeypatch.setattr("trace_api.store.folder.os.fsync", failing)
            try:
                for size in sizes:
                    newest = book.newest(ORIGIN)
                    if newest is None or newest.tree_size < size:
                        old = 0 if newest is None else newest.tree_size
                        asked = trace_core.AddCheckpoint(GROWN.checkpoint(old, size))
                        assert mirror.take_checkpoint(asked)[0] == 200
                    pending = book.pending(ORIGIN, size)
                    if pending is not None and copy.mirrored_size < size:
                        for span in spans(copy.next_entry, size):
                            copy.add(GROWN.package(*span, size), pending)
                        copy.finish(pending, mirror.cosign)
            except Killed:
                pass
            finally:
                monkeypatch.setattr("trace_api.store.folder.os.fsync", real)
    assert steps > 5


async def test_folder_belongs_to_one_mirror_at_a_time(mirror: Mirror, tmp_path: Path) -> None:
    monkey = pytest.MonkeyPatch()
    monkey.setattr("trace_api.store.sqlite.LOCKED_MS_MAX", 10)
    with pytest.raises(Unavailable, match="locked"), Book.open(tmp_path / "mirror.sqlite"):
        pass
    monkey.undo()
    assert mirror.log_keys(ORIGIN) == [LOG.verifier_key]

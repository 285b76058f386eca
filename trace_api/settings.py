"""What a server can be told from outside: read once, frozen."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

Default = TypeVar("Default", int, None)
CAPTURE_BODY_BYTES_MAX = 128 * 1024 * 1024
"""Bytes of a capture document; openEPCIS and FasTnT take 1–30 MB."""
BODIES_BYTES_MAX = 2 * CAPTURE_BODY_BYTES_MAX
"""Bytes of capture documents in flight together; each needs about five times its own while it is prepared."""
EVENT_BYTES_MAX = 1024 * 1024
"""Bytes of one event; the core holds every event of a capture to it, too."""
SEQUENCE_PERIOD_MS = 200
"""Between two rounds of the sequencer, when nobody waits for leaves: what was stored meanwhile shares one."""
PUBLISH_PERIOD_MS = 1_000
"""The pause between two published checkpoints, where there is something new."""
POOL_CONNECTIONS_MAX = 16
"""Connections to Postgres; one of them is the sequencer's, one the publisher's."""
STATEMENT_S_MAX = 60
"""No statement runs longer: Postgres ends it, and the client gives up a little later."""
SHARED_BUFFERS_MB_MIN, SHARED_BUFFERS_MB_MAX = 128, 2_048
"""What the embedded Postgres keeps in memory of the database, unless it is told: a quarter of the machine's memory,
within these."""
_CONTAINERS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def shared_buffers_mb() -> int:
    """A quarter of the memory of the machine, or of the container that it stands in, within bounds. Of a large
    database, the indexes in which new events have no order are what should be there: 130 B an event."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for place in map(Path, _CONTAINERS):
        with contextlib.suppress(OSError, ValueError):
            memory = min(memory, int(place.read_text()))
    return max(SHARED_BUFFERS_MB_MIN, min(SHARED_BUFFERS_MB_MAX, memory // 4 // 1024**2))


@dataclass(frozen=True, slots=True)
class Settings:
    """`database_url` names a Postgres server; without it an embedded one runs under `data_dir`."""

    data_dir: Path
    database_url: str | None
    host: str
    port: int
    origin: str
    capture_body_bytes_max: int = CAPTURE_BODY_BYTES_MAX
    bodies_bytes_max: int = BODIES_BYTES_MAX
    event_bytes_max: int = EVENT_BYTES_MAX
    sequence_period_ms: int = SEQUENCE_PERIOD_MS
    publish_period_ms: int = PUBLISH_PERIOD_MS
    policy_file: Path | None = None
    """Whose cosignatures a published checkpoint needs (C2SP tlog-policy). None: nobody's."""
    tiles: str | None = None
    """Where the log is kept as plain files for its readers: a folder, or `s3://bucket/prefix`. None: nowhere."""
    retention_days: int | None = None
    """For how long entries and tiles of the log are served. None: for ever."""
    log_ml_dsa: bool = False
    """Whether checkpoints are signed with ML-DSA-44 as well."""
    shared_buffers_mb: int = field(default_factory=shared_buffers_mb)
    webhook_private_addresses: bool = False
    operator_token: str | None = field(default=None, repr=False)
    """Secret; who has it may register links. None: nobody."""

    @classmethod
    def of(
        cls,
        *,
        data_dir: Path,
        database_url: str | None = None,
        host: str = "127.0.0.1",
        port: int = 8080,
        origin: str | None = None,
        policy_file: Path | None = None,
        tiles: str | None = None,
    ) -> Self:
        """Settings from the command line; `WAYPROOF_CAPTURE_BODY_BYTES_MAX`, `WAYPROOF_BODIES_BYTES_MAX`,
        `WAYPROOF_SEQUENCE_PERIOD_MS`, `WAYPROOF_PUBLISH_PERIOD_MS`, `WAYPROOF_RETENTION_DAYS`, `WAYPROOF_LOG_ML_DSA`,
        `WAYPROOF_SHARED_BUFFERS_MB`, `WAYPROOF_WEBHOOK_PRIVATE_ADDRESSES` and `WAYPROOF_OPERATOR_TOKEN` come from the
        environment."""
        body_bytes_max = _positive("WAYPROOF_CAPTURE_BODY_BYTES_MAX", CAPTURE_BODY_BYTES_MAX)
        bodies_bytes_max = _positive("WAYPROOF_BODIES_BYTES_MAX", max(BODIES_BYTES_MAX, body_bytes_max))
        if bodies_bytes_max < body_bytes_max:
            raise SystemExit("WAYPROOF_BODIES_BYTES_MAX must leave room for one capture body")
        return cls(
            data_dir=data_dir.absolute(),
            database_url=database_url,
            host=host,
            port=port,
            origin=origin or f"{host}:{port}/log",
            capture_body_bytes_max=body_bytes_max,
            bodies_bytes_max=bodies_bytes_max,
            sequence_period_ms=_positive("WAYPROOF_SEQUENCE_PERIOD_MS", SEQUENCE_PERIOD_MS),
            publish_period_ms=_positive("WAYPROOF_PUBLISH_PERIOD_MS", PUBLISH_PERIOD_MS),
            policy_file=policy_file,
            tiles=tiles,
            retention_days=_positive("WAYPROOF_RETENTION_DAYS", None),
            log_ml_dsa=_flag("WAYPROOF_LOG_ML_DSA"),
            shared_buffers_mb=_positive("WAYPROOF_SHARED_BUFFERS_MB", shared_buffers_mb()),
            operator_token=os.environ.get("WAYPROOF_OPERATOR_TOKEN") or None,
            webhook_private_addresses=_flag("WAYPROOF_WEBHOOK_PRIVATE_ADDRESSES"),
        )

    @property
    def key_dir(self) -> Path:
        """The folder of the log's keys; never inside the database."""
        return self.data_dir / "keys"


def _positive(name: str, default: Default) -> int | Default:
    text = os.environ.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise SystemExit(f"{name} must be a positive whole number")
    return int(text)


def _flag(name: str) -> bool:
    text = os.environ.get(name, "false")
    if text not in ("true", "false"):
        raise SystemExit(f"{name} must be true or false")
    return text == "true"

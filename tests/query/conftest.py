"""Events that were captured as any others, and questions about them on a real Postgres."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest_asyncio

from tests.conftest import new_database
from trace_api.capture.road import CaptureRequest, Door
from trace_api.log.item_index import IndexKeeper
from trace_api.query.questions import Questions
from trace_api.query.simple import pages
from trace_api.query.simple.filters import Keys
from trace_api.query.simple.parse import Query, parse_parameters
from trace_api.settings import Settings
from trace_api.store.pool import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    import pytest

BLINDING_KEY = bytes(range(32))
NAMESPACES = {"ex": "https://example.org/tests/", "cbvmda": "urn:epcglobal:cbv:mda:"}
PER_PAGE_MAX = pages.PAGE_EVENTS_MAX


def document_of(events: Sequence[Mapping[str, Any]], namespaces: Mapping[str, str]) -> bytes:
    context = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", dict(namespaces)]
    body = {"epcisBody": {"eventList": list(events)}}
    head = {"@context": context, "type": "EPCISDocument", "schemaVersion": "2.0"}
    return orjson.dumps({**head, "creationDate": "2025-01-01T00:00:00Z", **body})


@dataclass(frozen=True)
class World:
    """A store and what is asked of it."""

    store: Store
    questions: Questions
    keys: Keys

    async def capture(self, events: Sequence[Mapping[str, Any]], namespaces: Mapping[str, str] = NAMESPACES) -> None:
        captured = await Door(self.store, BLINDING_KEY).capture(
            CaptureRequest(document_of(events, namespaces), partner="anonymous")
        )
        assert captured.job.outcome.success, captured.job.outcome.problems[:3]

    async def find(self, query: Query | str, per_page: int = PER_PAGE_MAX) -> list[str]:
        """Ids of all events that a query finds, page by page."""
        if isinstance(query, str):
            pairs = [part.partition("=")[::2] for part in query.split("&") if part]
            query = parse_parameters(pairs, NAMESPACES)
        found: list[str] = []
        token: str | None = None
        while True:
            events, leads_on = await self.questions.page(query, token, per_page, "anonymous")
            found += [event.event_id or "" for event in events]
            assert len(events) <= per_page
            if leads_on is None:
                return found
            token = leads_on.text


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(embedded_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A database of its own for the tests of one file."""
    folder = tmp_path_factory.mktemp("query")
    async with (
        new_database(embedded_url) as url,
        Store.open(Settings.of(data_dir=folder, database_url=url)) as store,
    ):
        keys = Keys.of(BLINDING_KEY)
        yield World(store, Questions(store, BLINDING_KEY, IndexKeeper(Path("unused"))), keys)

"""What a query asks of master data is asked first: parameters that name places and things by what is known of them
become parameters that name them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from trace_api.errors import QueryTooComplex
from trace_api.query import master_data
from trace_api.query.simple.filters import attribute
from trace_api.query.simple.table import Lookup
from trace_api.store import master_data as stored

if TYPE_CHECKING:
    import asyncpg

    from trace_api.query.simple.filters import Asked, Keys
    from trace_api.query.simple.parse import Query

KNOWN_MAX = 10_000
"""Places or things that one parameter may stand for."""
LEVELS_MAX = 64
"""How deep parts of places are followed."""


async def looked_up(connection: asyncpg.Connection, query: Query, keys: Keys) -> Query:
    """The query with ids in place of what master data gives now. Raises `QueryTooComplex` where those are more than
    `KNOWN_MAX`, or parts lie deeper than `LEVELS_MAX`. Cost: one read for each such parameter, and for
    parts one a level."""
    filters = []
    for row, asked in query.filters:
        match row.lookup:
            case Lookup.PARTS:
                ids = await _with_parts(connection, keys, asked)
            case Lookup.ATTRIBUTE:
                terms = [keys.terms.existence(attribute(asked, name)) for name in asked.values]
                ids = await stored.that_say(connection, terms, KNOWN_MAX + 1)
            case Lookup.ATTRIBUTE_VALUE:
                ids = await stored.that_say(connection, _of_value(keys, asked), KNOWN_MAX + 1)
            case None:
                filters.append((row, asked))
                continue
        if len(ids) > KNOWN_MAX:
            raise QueryTooComplex(f"{asked.name} stands for more than {KNOWN_MAX} ids; narrow it")
        filters.append((row, replace(asked, values=tuple(ids))))
    return replace(query, filters=tuple(filters))


def _of_value(keys: Keys, asked: Asked) -> list[int]:
    field = attribute(asked, asked.parts["attribute"])
    scalars = (keys.terms.scalar_term(field, value) for value in asked.values)
    texts = [keys.terms.term(field, value) for value in asked.spelled("key")]
    return texts + [term for term in scalars if term is not None]


async def _with_parts(connection: asyncpg.Connection, keys: Keys, asked: Asked) -> list[str]:
    now = datetime.now(UTC)
    found = {master_data.id_of(value): value for value in asked.values}
    level = set(found)
    for _ in range(LEVELS_MAX):
        elements = await master_data.of_ids(connection, keys.blinding, level, now)
        children = [child for element in elements for child in orjson.loads(element.body).get("children", [])]
        level = {key for child in children if (key := master_data.id_of(str(child))) not in found}
        found |= {key: key for key in level}
        if not level or len(found) > KNOWN_MAX:
            return list(found.values())
    raise QueryTooComplex(f"{asked.name}: there are parts of parts more than {LEVELS_MAX} levels deep")

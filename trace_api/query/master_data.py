"""What things are called and are like."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

import trace_core
from trace_api.store import master_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import asyncpg

    from trace_api.store.master_data import Element

NAME_ATTRIBUTES = ("name", "regulatedProductName", "descriptionShort", "tradeItemDescription", "functionalName")
"""Attributes of CBV 2.0 §9 that say what a person calls a thing, the best first."""
NAME_CHARACTERS_MAX = 200
_GLN_EXTENSION = "/254/"
_LAST_PART = re.compile(r"[#:/]")


def id_of(text: str) -> str:
    """How master data files a thing: by the one name of a GS1 key, else as it is written."""
    return trace_core.item_key(text) or text


async def of_ids(
    connection: asyncpg.Connection, blinding: trace_core.Blinding, ids: Iterable[str], at: datetime
) -> list[Element]:
    """What was known at a time of these things, ids in any form."""
    wanted = {id_of(text) for text in ids}
    found = await master_data.of_things(connection, [blinding.name_hash(name) for name in wanted], at)
    return [element for element in found if element.element_id in wanted]


async def names_of(connection: asyncpg.Connection, blinding: trace_core.Blinding, ids: Iterable[str]) -> dict[str, str]:
    """What a person calls these things, as far as it was told; ids as they were given. A part of a place is called
    as the place, if nothing else."""
    given = {text: (key := id_of(text), key.partition(_GLN_EXTENSION)[0]) for text in ids}
    found = await of_ids(connection, blinding, itertools.chain.from_iterable(given.values()), datetime.now(UTC))
    names = {element.element_id: name for element in found if (name := _name(orjson.loads(element.body)))}
    return {text: names[key] for text, keys in given.items() for key in reversed(keys) if key in names}


def _name(element: dict[str, Any]) -> str | None:
    values = {
        _LAST_PART.split(str(attribute.get("id", "")))[-1]: attribute.get("attribute")
        for attribute in element.get("attributes", [])
    }
    named = (values.get(name) for name in NAME_ATTRIBUTES)
    found = next((value for value in named if isinstance(value, str) and value.strip()), None)
    return found.strip()[:NAME_CHARACTERS_MAX] if found else None


def vocabulary_list(elements: Sequence[Element]) -> list[dict[str, Any]]:
    """As in the header of an EPCIS document: elements under the types of their vocabularies."""
    by_type: dict[str, list[orjson.Fragment]] = {}
    for element in elements:
        by_type.setdefault(element.vocabulary, []).append(orjson.Fragment(element.body))
    return [{"type": type_, "vocabularyElementList": listed} for type_, listed in by_type.items()]

"""One parameterised SQL statement, put together from filters. Nothing that a client wrote becomes part of its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MEASURES = (
    "unnest(measures[:cardinality(measures) / 2], measures[cardinality(measures) / 2 + 1:]) AS measure (field, value)"
)


@dataclass(slots=True)
class Statement:
    """Conditions that an event has to meet, and their arguments in order."""

    conditions: list[str] = field(default_factory=list)
    arguments: list[object] = field(default_factory=list)
    bounds: dict[str, list[str]] = field(default_factory=dict)
    """Those of the conditions that bound a column which events can be ordered by, and name nothing else."""

    def bind(self, value: object, type_: str) -> str:
        """A place for an argument."""
        self.arguments.append(value)
        return f"${len(self.arguments)}::{type_}"

    def require(self, alternatives: Sequence[str]) -> None:
        """One of these has to hold."""
        self.conditions.append(alternatives[0] if len(alternatives) == 1 else f"({' OR '.join(alternatives)})")

    def bound(self, column: str, condition: str) -> None:
        """This has to hold, and says between what the column lies."""
        self.conditions.append(condition)
        self.bounds.setdefault(column, []).append(condition)

    def says(self, terms: Iterable[int]) -> str:
        """The event says one of these things."""
        return f"terms && {self.bind(sorted(set(terms)), 'bigint[]')}"

    def names(self, hashes: Iterable[int], roles: Sequence[int]) -> str:
        """The event names one of these things, as one of these."""
        wanted = self.bind(sorted(set(hashes)), "bigint[]")
        return (
            f"event_key IN (SELECT event_ref >> 4 FROM filed WHERE name_hash = ANY({wanted})"  # noqa: S608 (names of columns and $n alone)
            f" AND event_ref & 15 = ANY({self.bind(list(roles), 'bigint[]')}))"
        )

    def called(self, hashes: Iterable[int]) -> str:
        """The event has one of these ids, as captured or by hash."""
        wanted = self.bind(sorted(set(hashes)), "bigint[]")
        return (
            f"event_key IN (SELECT event_key FROM event WHERE name_hash = ANY({wanted})"  # noqa: S608 (as above)
            f" UNION ALL SELECT event_ref >> 4 FROM filed WHERE name_hash = ANY({wanted}) AND event_ref & 15 = 8)"
        )

    def measures(self, existence: int, measure: float, low: float, high: float, *, strict: tuple[bool, bool]) -> str:
        """One of the numbers of a field lies between these; `strict` excludes the lower or upper bound itself. The
        index finds the events that have the field at all."""
        over, under = (">" if strict[0] else ">=", "<" if strict[1] else "<=")
        return (
            f"(terms @> ARRAY[{self.bind(existence, 'bigint')}] AND EXISTS (SELECT FROM {_MEASURES}"
            f" WHERE measure.field = {self.bind(measure, 'double precision')}"
            f" AND measure.value {over} {self.bind(low, 'double precision')}"
            f" AND measure.value {under} {self.bind(high, 'double precision')}))"
        )

    def lowest(self, measures: Sequence[float], *, absent: str) -> str:
        """The lowest number of some fields; `absent` where there is none."""
        fields = self.bind(list(measures), "double precision[]")
        lowest = f"SELECT min(measure.value) FROM {_MEASURES} WHERE measure.field = ANY({fields})"  # noqa: S608 (as above)
        return f"coalesce(({lowest}), '{absent}')"

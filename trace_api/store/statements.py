"""Named SQL from `sql/*.sql`: each statement has a line `-- name: …` and a line of prose before it."""

from __future__ import annotations

import re
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"^-- name: (\w+)\n-- (.+)\n", re.MULTILINE)


def load(file: str) -> Mapping[str, str]:
    """The statements of `sql/<file>.sql` by name. Raises `ValueError` for a name used twice."""
    text = (resources.files(__package__) / "sql" / f"{file}.sql").read_text(encoding="utf-8")
    heads = list(_NAME.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    statements = {head[1]: text[head.end() : end].strip() for head, end in zip(heads, ends, strict=True)}
    if len(statements) != len(heads):
        raise ValueError(f"a name is used twice in {file}.sql")
    return MappingProxyType(statements)

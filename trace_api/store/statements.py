"""Named SQL from `sql/*.sql`: each statement has a line `-- name: …` and a line of prose before it."""

from __future__ import annotations

import re
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = re.compile(r"^-- name: (\w+)\n-- (.+)\n", re.MULTILINE)
_NAME = re.compile(r"^-- name:", re.MULTILINE)


def load(file: str) -> Mapping[str, str]:
    """The statements of `sql/<file>.sql` by name. Read once, when a module of this room is imported."""
    return parse((resources.files(__package__) / "sql" / f"{file}.sql").read_text(encoding="utf-8"), file)


def parse(text: str, file: str) -> Mapping[str, str]:
    """Statements by name. Raises `ValueError` for one without a name, without prose, or with a name that
    is used twice: each would silently become a part of another, or replace it."""
    heads = list(_HEAD.finditer(text))
    if not heads or heads[0].start() != 0 or len(heads) != len(_NAME.findall(text)):
        raise ValueError(f"{file}.sql: each statement begins with a line of its name and a line of prose")
    ends = [head.start() for head in heads[1:]] + [len(text)]
    statements = {head[1]: text[head.end() : end].strip() for head, end in zip(heads, ends, strict=True)}
    if len(statements) != len(heads):
        raise ValueError(f"{file}.sql: a name is used twice")
    return MappingProxyType(statements)

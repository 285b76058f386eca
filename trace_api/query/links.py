"""Which links a scanned key has, and which of them somebody wants (GS1-Conformant Resolver Standard 1.1, RFC 9264)."""

from __future__ import annotations

import itertools
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

import mimeparse
import orjson

import trace_core
from trace_api.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DOMAIN = "https://id.gs1.org"
VOCABULARY = "https://ref.gs1.org/voc/"
_VOCABULARIES = ("gs1:", VOCABULARY, "https://gs1.org/voc/", "https://www.gs1.org/voc/")
DEFAULT, DEFAULT_MULTI = f"{VOCABULARY}defaultLink", f"{VOCABULARY}defaultLinkMulti"
QUALIFIERS = frozenset({"22", "10", "21", "235", "254", "7040", "8011", "8019", "8020"})
"""Application identifiers that stand behind a primary key in a path."""
LINKS_MAX = 100
"""Links of one level of a key."""
HREF_CHARACTERS_MAX = 2_000
TITLE_CHARACTERS_MAX = 500
LANGUAGES_MAX = 20
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_CONTEXT = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")
_MEMBERS = frozenset({"linkType", "href", "title", "type", "hreflang", "context", "fwqs"})


@dataclass(frozen=True, slots=True)
class KeyPath:
    """A key with its qualifiers, as a path of a Digital Link has them: application identifiers with their values."""

    elements: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, link: str) -> Self:
        """Raises `Invalid` for what is no Digital Link."""
        try:
            elements = trace_core.scan(link).elements
        except trace_core.ScanError as error:
            message, code, offset = error.args
            fault = {"code": code, "message": message, "offset": offset}
            raise Invalid(f"not a Digital Link: {message}", problems=[fault]) from None
        key, *others = elements
        return cls((key, *(other for other in others if other[0] in QUALIFIERS)))

    @property
    def anchor(self) -> str:
        """The canonical Digital Link."""
        return DOMAIN + "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in self.elements)

    def levels(self) -> list[str]:
        """The path itself and what it is a part of, the most exact first: links of a product hold for its lots."""
        key, *qualifiers = self.elements
        sizes = range(len(qualifiers), -1, -1)
        chosen = itertools.chain.from_iterable(itertools.combinations(qualifiers, size) for size in sizes)
        return [type(self)((key, *some)).anchor for some in chosen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link. `link_type` is a URI; `fwqs` passes the query string of the scan on."""

    link_type: str
    href: str
    title: str
    type: str | None = None
    hreflang: tuple[str, ...] = ()
    context: str | None = None
    fwqs: bool = True

    @classmethod
    def read(cls, members: object, where: str) -> Self:
        """A link as its holder registers it. Raises `Invalid` naming the member below the pointer `where`."""
        if not isinstance(members, dict):
            raise _wrong(where, "a link is an object")
        if unknown := sorted(set(members) - _MEMBERS):
            raise _wrong(f"{where}/{unknown[0][:40]}", "no such member")
        languages = members.get("hreflang", [])
        languages = [languages] if isinstance(languages, str) else languages
        if not isinstance(languages, list) or len(languages) > LANGUAGES_MAX:
            raise _wrong(f"{where}/hreflang", f"a list of {LANGUAGES_MAX} languages at most")
        if not isinstance(fwqs := members.get("fwqs", True), bool):
            raise _wrong(f"{where}/fwqs", "true or false")
        title = members.get("title")
        if not isinstance(title, str) or not 0 < len(title) <= TITLE_CHARACTERS_MAX or not title.isprintable():
            raise _wrong(f"{where}/title", f"a text of 1 to {TITLE_CHARACTERS_MAX} characters")
        return cls(
            link_type=link_type_of(members.get("linkType"), f"{where}/linkType"),
            href=_href(members.get("href"), f"{where}/href"),
            title=title,
            type=_fitting(_MEDIA_TYPE, members.get("type"), f"{where}/type", "a media type such as text/html"),
            hreflang=tuple(
                _fitting(_LANGUAGE, language, f"{where}/hreflang/{n}", "a language such as de-CH") or ""
                for n, language in enumerate(languages)
            ),
            context=_fitting(_CONTEXT, members.get("context"), f"{where}/context", "a word such as patient"),
            fwqs=fwqs,
        )

    def target(self) -> dict[str, Any]:
        """The link as a target object of RFC 9264 §4.2.3."""
        target: dict[str, Any] = {"href": self.href, "title": self.title}
        if self.type is not None:
            target["type"] = self.type
        if self.hreflang:
            target["hreflang"] = list(self.hreflang)
        if self.context is not None:
            target["context"] = [{"value": self.context}]
        return target | ({} if self.fwqs else {"fwqs": [{"value": "false"}]})


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody who follows a key would like: values of `Accept` and `Accept-Language`, and a context."""

    media_types: str = "*/*"
    languages: str = ""
    context: str | None = None


def read_links(body: object) -> list[Link]:
    """The links of one level. Raises `Invalid`."""
    if not isinstance(body, list) or not 0 < len(body) <= LINKS_MAX:
        raise _wrong("/links", f"a list of 1 to {LINKS_MAX} links")
    return [Link.read(members, f"/links/{n}") for n, members in enumerate(body)]


def write_links(links: Iterable[Link]) -> bytes:
    """Links as they are stored."""
    return orjson.dumps([asdict(link) for link in links])


def stored_links(text: bytes) -> list[Link]:
    """Links as they were stored."""
    return [Link(**{**members, "hreflang": tuple(members["hreflang"])}) for members in orjson.loads(text)]


def link_type_of(name: object, where: str) -> str:
    """The URI of a link type, by any of its names. Raises `Invalid`."""
    if isinstance(name, str) and name.isascii() and name.isprintable() and " " not in name and len(name) <= 200:
        for prefix in _VOCABULARIES:
            if name.startswith(prefix) and name != prefix:
                return VOCABULARY + name.removeprefix(prefix)
        if _is_web_uri(name):
            return name
    raise _wrong(where, "a link type such as gs1:pip, or a URI")


def _is_web_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def choose(levels: Sequence[Sequence[Link]], link_type: str, wish: Wish) -> Link | None:
    """The best link of a type on the most exact level that has one; the first of several alike."""
    for links in levels:
        found = [link for link in links if link.link_type == link_type]
        if link_type == DEFAULT:
            # The default in several forms goes before the one default.
            found = [link for link in links if link.link_type == DEFAULT_MULTI and _rank(link, wish)[1]] or found
        if found:
            return max(found, key=lambda link: _rank(link, wish))
    return None


def linkset(levels: Mapping[str, Sequence[Link]]) -> dict[str, Any]:
    """The links of all levels as a document of RFC 9264 §4.2, the most exact level first."""
    contexts = []
    for anchor, links in levels.items():
        targets: dict[str, list[dict[str, Any]]] = {}
        for link in links:
            targets.setdefault(link.link_type, []).append(link.target())
        if targets:
            contexts.append({"anchor": anchor, **targets})
    return {"linkset": contexts}


def _rank(link: Link, wish: Wish) -> tuple[bool, float, float]:
    is_context = link.context == wish.context
    return is_context, _language_quality(link.hreflang, wish.languages), _media_quality(link.type, wish.media_types)


def _media_quality(media_type: str | None, wished: str) -> float:
    try:
        return float(mimeparse.quality(media_type or "text/html", wished or "*/*"))
    except ValueError:
        return 0.0


def _language_quality(languages: Sequence[str], wished: str) -> float:
    """How much one of these languages is wished for, from 0 to 1 (RFC 9110 §12.5.4, RFC 4647 §3.3.1)."""
    best = 0.0
    for part in wished.split(","):
        range_, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        for language in languages:
            tag, wanted = language.lower(), range_.strip().lower()
            # de fits de-CH, and for want of better de-CH is content with de.
            fits = tag == wanted or tag.startswith(wanted + "-") or wanted == "*"
            near = wanted.startswith(tag + "-")
            best = max(best, quality if fits else quality * 0.9 if near else 0.0)
    return min(best, 1.0)


def _fitting(pattern: re.Pattern[str], value: object, where: str, what: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _wrong(where, what)
    return value


def _href(value: object, where: str) -> str:
    message = f"an http or https URI of {HREF_CHARACTERS_MAX} characters at most, without credentials"
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or len(value) > HREF_CHARACTERS_MAX:
        raise _wrong(where, message)
    try:
        parts = urlsplit(value)
        is_whole = parts.port is None or parts.port > 0
    except ValueError:
        raise _wrong(where, message) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_whole or set(value) & set(' "<>\\^`{|}'):
        raise _wrong(where, message)
    if parts.username is not None or parts.password is not None:
        raise _wrong(where, message)
    return value


def _wrong(pointer: str, message: str) -> Invalid:
    return Invalid(f"{pointer}: {message}", problems=[{"pointer": pointer, "code": "link", "message": message}])

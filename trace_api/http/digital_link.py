"""GS1 Digital Link paths: the barcode's own address answers, as a GS1-conformant resolver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import RedirectResponse

from trace_api.errors import NotAcceptable, NotFound
from trace_api.http import parameters, schemas
from trace_api.http.negotiation import media_type, wishes
from trace_api.http.service import OnBehalfOf, Service, ServiceOf
from trace_api.query.links import (
    DEFAULT,
    DOMAIN,
    VOCABULARY,
    KeyPath,
    Link,
    Wish,
    choose,
    link_type_of,
    linkset,
    stored_links,
)
from trace_api.store import links as stored

if TYPE_CHECKING:
    from collections.abc import Mapping

router = APIRouter(tags=["digital link"])

PRIMARY_KEYS = (
    "00",
    "01",
    "253",
    "255",
    "401",
    "402",
    "414",
    "415",
    "417",
    "8003",
    "8004",
    "8006",
    "8010",
    "8013",
    "8017",
    "8018",
)
"""Application identifiers that may begin a Digital Link path (GS1 Digital Link URI Syntax 1.4 §4.3)."""
LINKSET = "application/linkset+json"
_JSON, _JSON_LD, _HTML = "application/json", "application/ld+json", "text/html"
# The first where none is wished for, the last where all are.
_OF_ALL, _OF_ONE = (LINKSET, _JSON, _JSON_LD, LINKSET), (_HTML, LINKSET, _JSON_LD, _JSON)
_CONTEXT = "https://ref.gs1.org/standards/resolver/linkset-context"
_ALL = frozenset({"all", "linkset"})
_OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Link"}
"""A link is for everybody, also for scripts of other pages."""
LinkType = Annotated[str | None, Query(alias="linkType", max_length=200, description="gs1:pip …, or linkset")]


async def get_digital_link(
    request: Request,
    service: ServiceOf,
    partner: OnBehalfOf,
    _rest: Annotated[str, Path(alias="rest", description="Value of the key, and its qualifiers")],
    link_type: LinkType = None,
    context: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Leads on from a key: with `linkType` to the best link of that type, with `linkType=linkset` to all of them.
    Without it a browser gets the key's default link, which is our page unless the key's holder has registered one;
    a program the verdict."""
    path = parameters.path_of(request)
    query = f"?{request.url.query}" if request.url.query else ""
    scan = DOMAIN + path + query
    wants_all = link_type in _ALL
    wanted = _media(request, _OF_ALL if wants_all else _OF_ONE)
    if link_type is None and wanted == _JSON:
        verdict = orjson.dumps(await service.questions.verify(scan, partner))
        return Response(verdict, headers=_headers(path), media_type=_JSON)
    levels = await _levels(request, service, KeyPath.read(scan))
    if wants_all or (link_type is None and wanted != _HTML):
        return _linkset(path, levels, wanted)
    wish = Wish(wishes(request, "accept"), wishes(request, "accept-language"), context)
    link = choose(list(levels.values()), link_type_of(link_type or DEFAULT, "/linkType"), wish)
    if link is None:
        raise NotFound("this key has no link of that type; linkType=linkset shows those that it has")
    return RedirectResponse(_target(link, request), 307, _headers(path))


def _media(request: Request, offered: tuple[str, ...]) -> str:
    try:
        return media_type(request, offered)
    except NotAcceptable:
        # Whoever wants a PDF wants a link to one, not the resolver's own words.
        return offered[0]


async def _levels(request: Request, service: Service, path: KeyPath) -> Mapping[str, list[Link]]:
    """The links of each level, the most exact first; our own stand on the most exact, behind registered ones."""
    anchors = path.levels()
    async with service.store.session() as connection:
        found = await stored.of(connection, anchors)
    levels = {anchor: stored_links(found[anchor]) if anchor in found else [] for anchor in anchors}
    registered = {link.link_type for links in levels.values() for link in links}
    ours = [link for link in _own_links(request, path) if link.link_type not in registered]
    return {**levels, path.anchor: [*levels[path.anchor], *ours]}


def _own_links(request: Request, path: KeyPath) -> list[Link]:
    """What we know of every key without being told."""
    base, item = str(request.base_url).rstrip("/"), quote(path.anchor, safe="")
    is_product = path.elements[0][0] == "01" and not {"10", "21"} & {ai for ai, _ in path.elements}
    matched = "MATCH_anyEPCClass" if "21" not in dict(path.elements) and path.elements[0][0] == "01" else "MATCH_anyEPC"
    page, json = f"{base}/?scan={item}", "application/json"
    links = [
        ("defaultLink", page, "Where it has been, and whether it is genuine", "text/html"),
        ("pip", page, "Where it has been, and whether it is genuine", "text/html"),
        ("verificationService", f"{base}/verify?scan={item}", "The verdict, with reasons and proofs", json),
        ("epcis", f"{base}/events?{matched}={item}", "Its events in EPCIS", json),
    ]
    if not is_product:
        links.append(("traceability", f"{base}/trace?item={item}&direction=backward", "Where it came from", json))
    return [
        Link(link_type=VOCABULARY + name, href=href, title=title, type=type_, hreflang=("en",), fwqs=False)
        for name, href, title, type_ in links
    ]


def _target(link: Link, request: Request) -> str:
    """Where a link leads, with what the scan said besides, if the link wants it."""
    asked = parse_qsl(request.url.query, keep_blank_values=True)
    passed = urlencode([(name, value) for name, value in asked if name not in ("linkType", "context")], quote_via=quote)
    if not link.fwqs or not passed:
        return link.href
    parts = urlsplit(link.href)
    return parts._replace(query=f"{parts.query}&{passed}" if parts.query else passed).geturl()


def _linkset(path: str, levels: Mapping[str, list[Link]], wanted: str) -> Response:
    document: dict[str, Any] = linkset(levels)
    if wanted == _JSON_LD:
        document = {"@context": _CONTEXT, **document}
    return Response(orjson.dumps(document), headers=_headers(path), media_type=wanted)


def _headers(path: str) -> dict[str, str]:
    link = f'<{path}?linkType=linkset>; rel="linkset"; type="{LINKSET}"'
    return {"Link": link, "Vary": "Accept, Accept-Language", **_OPEN}


@router.get("/.well-known/gs1resolver")
async def get_resolver_description(request: Request) -> Response:
    """What this resolver is and can (GS1-Conformant Resolver Standard §5)."""
    description = {
        "name": "Wayproof",
        "resolverRoot": str(request.base_url).rstrip("/"),
        "supportedPrimaryKeys": list(PRIMARY_KEYS),
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:"}],
        "supportedContextValuesEnumerated": [],
        "linkTypeDefaultCanBeLinkset": False,
        "validatesDigitalLinkURIs": True,
    }
    return Response(orjson.dumps(description), headers=_OPEN, media_type="application/json")


_ANSWERS = {_JSON: {}, _JSON_LD: {"schema": schemas.ref("Linkset")}, LINKSET: {"schema": schemas.ref("Linkset")}}
_RESPONSES: schemas.Responses = {
    200: {"description": "The verdict, or all links", "content": _ANSWERS},
    307: {"description": "To the best link"},
    **schemas.problems(400, 404, 503),
}
for _key in PRIMARY_KEYS:
    router.add_api_route(
        f"/{_key}/{{rest:path}}",
        get_digital_link,
        methods=["GET"],
        name=f"digital_link_{_key}",
        operation_id=f"digital_link_{_key}",
        responses=_RESPONSES,
    )

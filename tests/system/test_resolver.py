"""The resolver: a scanned key leads on, to what its holder registered or to us, and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from tests.system.conftest import WAYPROOF, Server
from trace_api.http.digital_link import PRIMARY_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "operator-token-of-the-tests"
VOC = "https://ref.gs1.org/voc/"
GTIN = "/01/09521234543213"
OF_KEY = {
    "00": "/00/095212340000000075",
    "01": "/01/09521234543213/10/L1/21/S1",
    "253": "/253/9521234012344ABC",
    "255": "/255/9521234012344",
    "401": "/401/9521234ABC",
    "402": "/402/95212340000000006",
    "414": "/414/9521234777779/254/E1",
    "415": "/415/9521234777779/8020/REF1",
    "417": "/417/9521234777779",
    "8003": "/8003/09521234012344ABC",
    "8004": "/8004/9521234ABC",
    "8006": "/8006/095212345432130102/21/S1",
    "8010": "/8010/9521234ABC/8011/12",
    "8013": "/8013/9521234ABCDEPL",
    "8017": "/8017/952123400000000017",
    "8018": "/8018/952123400000000017/8019/1",
}


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an operator."""
    data = tmp_path_factory.mktemp("resolver") / "data"
    running = Server.start(data, **{**os.environ, "WAYPROOF_OPERATOR_TOKEN": TOKEN})
    yield running
    assert running.end() == 0
    assert TOKEN not in running.log.read_text()


@pytest.fixture
def operator(operated: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=operated.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as client:
        yield client


@pytest.fixture
def scanner(operated: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=operated.url, timeout=60) as client:
        yield client


def link(name: str, href: str, **members: Any) -> dict[str, Any]:
    return {"linkType": name, "href": href, "title": f"To {href}", **members}


def register(operator: httpx.Client, key: str, *links: dict[str, Any]) -> None:
    answer = operator.put("/links", params={"key": f"https://id.gs1.org{key}"}, json={"links": links})
    assert answer.status_code == 200, answer.text


def led_to(answer: httpx.Response) -> str:
    assert answer.status_code == 307, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return str(answer.headers["Location"])


@pytest.mark.parametrize("key", PRIMARY_KEYS)
def test_every_key_answers_in_every_way(scanner: httpx.Client, key: str) -> None:
    path = OF_KEY[key]
    verdict = scanner.get(path, headers={"Accept": "application/json"})
    assert (verdict.status_code, verdict.json()["verdict"]) == (200, "unverifiable"), verdict.text
    page = led_to(scanner.get(path, headers={"Accept": "text/html"}))
    assert scanner.get(page).headers["content-type"].startswith("text/html")
    for asked in ({"params": {"linkType": "linkset"}}, {"headers": {"Accept": "application/linkset+json"}}):
        answer = scanner.get(path, **asked)
        assert answer.headers["content-type"] == "application/linkset+json"
        [context] = answer.json()["linkset"]
        assert context["anchor"] == f"https://id.gs1.org{path}"
        for name in ("defaultLink", "pip", "epcis", "traceability", "verificationService"):
            [target] = context[VOC + name]
            assert urlsplit(target["href"]).netloc == urlsplit(str(scanner.base_url)).netloc
            followed = led_to(scanner.get(path, params={"linkType": f"gs1:{name}"}))
            assert followed == target["href"]
            assert scanner.get(followed).status_code == 200
    assert scanner.options(path).status_code == 204
    assert 'rel="linkset"' in verdict.headers["Link"]


def test_link_of_the_most_exact_level_wins_and_others_hold_below(operator: httpx.Client, scanner: httpx.Client) -> None:
    register(
        operator,
        GTIN,
        link("gs1:pip", "https://brand.example/product"),
        link("gs1:recipeInfo", "https://brand.example/r"),
    )
    register(operator, f"{GTIN}/10/L7", link("gs1:pip", "https://brand.example/lot"))
    register(operator, f"{GTIN}/21/S7", link("gs1:pip", "https://brand.example/serial"))
    for path, pip in (
        ("", "product"),
        ("/10/L7", "lot"),
        ("/10/L8", "product"),
        ("/10/L7/21/S1", "lot"),
        ("/21/S7", "serial"),
        ("/22/V/10/L7/21/S1", "lot"),
    ):
        assert led_to(scanner.get(GTIN + path, params={"linkType": "gs1:pip"})) == f"https://brand.example/{pip}"
        recipe = scanner.get(GTIN + path, params={"linkType": f"{VOC}recipeInfo"})
        assert led_to(recipe) == "https://brand.example/r"
    anchors = [c["anchor"] for c in scanner.get(f"{GTIN}/10/L7/21/S7?linkType=all").json()["linkset"]]
    assert anchors == [f"https://id.gs1.org{GTIN}{rest}" for rest in ("/10/L7/21/S7", "/10/L7", "/21/S7", "")]
    assert operator.delete("/links", params={"key": f"https://id.gs1.org{GTIN}/10/L7"}).status_code == 204
    assert led_to(scanner.get(f"{GTIN}/10/L7", params={"linkType": "gs1:pip"})) == "https://brand.example/product"


def test_registered_default_goes_before_our_page(operator: httpx.Client, scanner: httpx.Client) -> None:
    path = "/414/9521234777779"
    register(operator, path, link("gs1:defaultLink", "https://brand.example/place"))
    assert led_to(scanner.get(path, headers={"Accept": "text/html"})) == "https://brand.example/place"
    assert scanner.get(path, headers={"Accept": "application/json"}).json()["verdict"] == "unverifiable"


@pytest.mark.parametrize(
    ("accept", "languages", "context", "chosen"),
    [
        ("*/*", "", None, "en"),
        ("text/html", "de", None, "de"),
        ("text/html", "de-CH, en;q=0.5", None, "de"),
        ("text/html", "fr-CA, de;q=0.2, en;q=0.1", None, "fr"),
        ("text/html", "pt", None, "en"),
        ("text/html", "*", None, "en"),
        ("application/pdf", "de", None, "de-pdf"),
        ("application/pdf", "en", None, "en"),
        ("text/html", "en", "patient", "patient"),
        ("text/html", "de, en;q=x, ;q=", None, "de"),
        ("text/html", "xx," * 64 + "de", None, "en"),
    ],
)
def test_best_link_is_chosen(
    operator: httpx.Client, scanner: httpx.Client, accept: str, languages: str, context: str | None, chosen: str
) -> None:
    path = "/01/09521234543213/10/CHOICE"
    register(
        operator,
        path,
        link("gs1:smpc", "https://med.example/en", type="text/html", hreflang=["en"]),
        link("gs1:smpc", "https://med.example/de", type="text/html", hreflang=["de"]),
        link("gs1:smpc", "https://med.example/fr", type="text/html", hreflang=["fr"]),
        link("gs1:smpc", "https://med.example/de-pdf", type="application/pdf", hreflang=["de"]),
        link("gs1:smpc", "https://med.example/patient", type="text/html", hreflang=["en"], context="patient"),
    )
    parameters = {"linkType": "gs1:smpc"} | ({"context": context} if context else {})
    headers = {"Accept": accept, "Accept-Language": languages}
    assert led_to(scanner.get(path, params=parameters, headers=headers)) == f"https://med.example/{chosen}"


def test_query_of_the_scan_is_passed_on_if_the_link_wants_it(operator: httpx.Client, scanner: httpx.Client) -> None:
    path = "/01/09521234543213/10/PASSED"
    register(
        operator,
        path,
        link("gs1:pip", "https://brand.example/p?a=1"),
        link("gs1:instructions", "https://brand.example/i", fwqs=False),
    )
    asked = f"{path}?17=261231&linkType=gs1:pip&utm=a%20b"
    assert led_to(scanner.get(asked)) == "https://brand.example/p?a=1&17=261231&utm=a%20b"
    assert led_to(scanner.get(asked.replace("pip", "instructions"))) == "https://brand.example/i"


def test_linkset_has_the_form_of_its_rfc(operator: httpx.Client, scanner: httpx.Client) -> None:
    path = "/01/09521234543213/10/FORM"
    register(
        operator, path, link("gs1:smpc", "https://med.example/s", type="text/html", hreflang=["en", "de"], fwqs=False)
    )
    for accept, type_ in (
        ("application/linkset+json", "application/linkset+json"),
        ("*/*", "application/linkset+json"),
        ("text/html", "application/linkset+json"),
        ("application/ld+json", "application/ld+json"),
    ):
        answer = scanner.get(path, params={"linkType": "linkset"}, headers={"Accept": accept})
        assert answer.headers["content-type"] == type_
        assert ("@context" in answer.json()) == (accept == "application/ld+json")
    context = answer.json()["linkset"][0]
    assert context[f"{VOC}smpc"] == [
        {
            "href": "https://med.example/s",
            "title": "To https://med.example/s",
            "type": "text/html",
            "hreflang": ["en", "de"],
            "fwqs": [{"value": "false"}],
        }
    ]
    # RFC 9264 §4.2: all but the anchor are lists of targets under relation types that are URIs.
    assert all(
        isinstance(targets, list) and name.startswith("https://")
        for name, targets in context.items()
        if name != "anchor"
    )


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{GTIN}?linkType=gs1:nothing", 404),
        (f"{GTIN}?linkType=nothing", 400),
        (f"{GTIN}?linkType=%00", 400),
        (f"{GTIN}?linkType=http://%5B", 400),
        (f"{GTIN}?linkType=https:x", 400),
        ("/01/09521234543214?linkType=gs1:pip", 400),
        ("/01/x?linkType=linkset", 400),
        ("/01/09521234543213/99/x?linkType=all", 400),
        ("/01/09521234543213/21/%00?linkType=all", 400),
    ],
)
def test_what_leads_nowhere_says_so(scanner: httpx.Client, path: str, status: int) -> None:
    answer = scanner.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/",
        "/relative",
        "https://",
        "https:///x",
        "https://user:pw@evil.example/",
        "https://evil.example/\r\nSet-Cookie: x",
        "https://evil.example/ x",
        'https://evil.example/"><script>',
        "https://evil.example:99999/",
        "https://exämple.com/",
        "https://evil.example/" + "x" * 2_000,
        None,
        7,
    ],
)
def test_link_that_could_lead_astray_is_refused_by_its_pointer(operator: httpx.Client, href: object) -> None:
    body = {"links": [link("gs1:pip", "https://good.example/"), {"linkType": "gs1:pip", "title": "x", "href": href}]}
    answer = operator.put("/links", params={"key": "https://id.gs1.org/01/09521234543213/10/EVIL"}, json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/links/1/href")
    assert operator.get("/links", params={"key": "https://id.gs1.org/01/09521234543213/10/EVIL"}).json() == {
        "linkset": []
    }


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"linkType": "pip"}, "/links/0/linkType"),
        ({"linkType": "gs1:"}, "/links/0/linkType"),
        ({"title": ""}, "/links/0/title"),
        ({"title": "a\nb"}, "/links/0/title"),
        ({"type": "html"}, "/links/0/type"),
        ({"hreflang": ["deutsch und mehr"]}, "/links/0/hreflang/0"),
        ({"hreflang": ["de"] * 21}, "/links/0/hreflang"),
        ({"context": "a b"}, "/links/0/context"),
        ({"fwqs": "yes"}, "/links/0/fwqs"),
        ({"onclick": "x"}, "/links/0/onclick"),
    ],
)
def test_member_that_is_wrong_is_named(operator: httpx.Client, members: dict[str, Any], pointer: str) -> None:
    body = {"links": [{**link("gs1:pip", "https://good.example/"), **members}]}
    answer = operator.put("/links", params={"key": "https://id.gs1.org/01/09521234543213"}, json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def test_only_the_operator_registers(operated: Server, server: Server) -> None:
    key, body = (
        {"key": "https://id.gs1.org/01/09521234543213/10/MINE"},
        {"links": [link("gs1:pip", "https://a.example/")]},
    )
    with httpx.Client(base_url=operated.url, timeout=60) as client:
        for given in (None, "Bearer wrong", f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN}x", "Bearer \xfc"):
            headers = {} if given is None else {"Authorization": given.encode("latin-1")}
            for refused in (
                client.put("/links", params=key, json=body, headers=headers),
                client.delete("/links", params=key, headers=headers),
            ):
                assert (refused.status_code, refused.json()["type"]) == (401, "epcisException:SecurityException")
                assert refused.headers["WWW-Authenticate"] == "Bearer"
    with server.client() as client:
        nobody = client.put("/links", params=key, json=body, headers={"Authorization": f"Bearer {TOKEN}"})
        assert (nobody.status_code, nobody.json()["type"]) == (403, "epcisException:SecurityException")


def test_command_puts_lists_and_removes_links(operated: Server, tmp_path: Path) -> None:
    file, key = tmp_path / "links.json", "https://id.gs1.org/01/09521234543213/10/COMMAND"
    file.write_text(json.dumps({"links": [link("gs1:pip", "https://brand.example/command")]}))

    def run(*arguments: object, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "WAYPROOF_SERVER": operated.url, "WAYPROOF_OPERATOR_TOKEN": token}
        command = [str(argument) for argument in (WAYPROOF, "links", *arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert run("put", key, file, token="wrong").returncode == 1
    assert run("put", key, file).returncode == 0
    assert "pip: https://brand.example/command" in run("list", "(01)09521234543213(10)COMMAND").stdout
    assert json.loads(run("list", "--json").stdout)["linkset"]
    assert run("remove", key).returncode == 0
    assert run("remove", key).returncode == 1
    assert "Examples:" in run("--help").stdout


def test_resolver_describes_itself(scanner: httpx.Client) -> None:
    told = scanner.get("/.well-known/gs1resolver").json()
    assert told["resolverRoot"] == str(scanner.base_url).rstrip("/")
    assert set(told["supportedPrimaryKeys"]) == set(OF_KEY)


def test_serial_with_a_slash_keeps_it(operator: httpx.Client, scanner: httpx.Client) -> None:
    path = f"/01/09521234543213/21/{quote('A/B+C', safe='')}"
    register(operator, path, link("gs1:pip", "https://brand.example/slash"))
    assert led_to(scanner.get(path, params={"linkType": "gs1:pip"})) == "https://brand.example/slash"

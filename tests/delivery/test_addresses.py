"""Where a webhook may go, and where not, in all the ways of writing it."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from trace_api.delivery.addresses import AddressRefused, CheckedNetwork, Destination, is_public, resolve
from trace_api.delivery.webhook import signature
from trace_api.errors import Subscription

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a00:1::",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "2001:0:7f00:1:0:0:0:0",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "193.99.144.80", "2a00:1450:4001:81c::200e", "2606:4700::1111"]


@pytest.mark.parametrize("address", PRIVATE)
async def test_private_address_is_refused(address):
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(AddressRefused):
        await resolve(address, 80, private=False)


@pytest.mark.parametrize("address", PUBLIC)
async def test_public_address_is_taken(address):
    assert is_public(ipaddress.ip_address(address))
    assert [str(found) for found in await resolve(address, 80, private=False)] == [address]


@pytest.mark.parametrize("name", ["localhost", "127.1", "0x7f000001", "2130706433", "017700000001"])
async def test_name_or_odd_spelling_of_a_private_address_is_refused(name):
    with pytest.raises(AddressRefused):
        await resolve(name, 80, private=False)
    with pytest.raises(AddressRefused):
        await CheckedNetwork(private=False).connect_tcp(name, 80)


@pytest.mark.parametrize(
    "dest",
    [
        None,
        7,
        "",
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "http://example.com/#part",
        "http://example.com:22/",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com:x/",
        "http://exa mple.com/",
        "http://example.com/\r\nX: y",
        "http://[::1",
        "http://exämple.com/",
        "http://example.com\\@evil/",
        "https://example.com/" + "x" * 2_000,
    ],
)
def test_destination_that_is_none_is_refused(dest):
    with pytest.raises(Subscription) as refusal:
        Destination.parse(dest)
    assert refusal.value.pointer == "/dest"


@pytest.mark.parametrize(
    ("dest", "host", "port"),
    [
        ("https://client.example.com/queryCallback", "client.example.com", 443),
        ("http://client.example.com:8080/a?b=c", "client.example.com", 8080),
        ("http://[2606:4700::1111]/", "2606:4700::1111", 80),
    ],
)
def test_destination_is_read(dest, host, port):
    assert Destination.parse(dest) == Destination(dest, host, port)


def test_signature_is_the_one_in_the_manual():
    given = signature("13df38d8275b13f05704629e5f1cf3d45d6132d5", 1735732800, b'{"type":"EPCISQueryDocument"}')
    assert given == "t=1735732800,v1=39a9fa71f07bc0408bcab69f45de19f223d6df713aa4fd6c827cebd528058bfa"
    assert given in (Path(__file__).parents[2] / "docs" / "subscriptions.md").read_text(encoding="utf-8")

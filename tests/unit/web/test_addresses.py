from __future__ import annotations

from ipaddress import ip_address

import pytest

from qie_batch.web.addresses import kind_of, literal
from tests.support.hostile_addresses import REFUSED_V4, REFUSED_V6


@pytest.mark.parametrize("address", [*REFUSED_V4, *REFUSED_V6])
def test_an_address_of_a_special_network_is_not_public(address):
    assert kind_of(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *(
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "93.184.215.14",
            "100.63.255.255",
            "100.128.0.0",
            "126.1.2.3",
        ),
        *(
            "168.63.129.15",
            "169.253.0.1",
            "169.255.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "198.20.0.1",
        ),
        *(
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "2001:4860:4860::8888",
            "2400:cb00::1",
        ),
    ],
)
def test_an_address_beside_the_special_networks_is_public(address):
    assert kind_of(ip_address(address)) == ""


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("169.254.169.254", "the local link"),
        ("100.100.100.200", "a cloud's metadata server"),
        ("fd00:ec2::254", "a cloud's metadata server"),
        ("10.1.2.3", "a private network"),
        ("127.0.0.1", "this machine itself"),
        ("::1", "this machine itself"),
        ("64:ff9b::8.8.8.8", "an IPv4 address inside an IPv6 address"),
    ],
)
def test_a_sentence_can_say_what_a_refused_address_is(address, kind):
    assert kind_of(ip_address(address)) == kind


@pytest.mark.parametrize(
    "host", ["127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "fe80::1%eth0", "a.com", ""]
)
def test_only_the_usual_form_of_an_address_is_one(host):
    assert literal(host) is None

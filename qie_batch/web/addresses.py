"""Which IP addresses are public, by tables of our own: Python's `is_global` differs between its versions.

Sources: the IANA registries of special-purpose addresses, and the addresses of the clouds' metadata servers.
An IPv6 address that carries an IPv4 address is never public: where a packet ends is decided by a translator.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

PRIVATE, LOOPBACK = "a private network", "this machine itself"
_EMBEDDED, _RESERVED = "an IPv4 address inside an IPv6 address", "a reserved network"

#: The first that holds the address counts.
_TABLE = (
    # AWS, Azure, GCP, Alibaba and Oracle; the usual 169.254.169.254 is on the local link.
    (
        "a cloud's metadata server",
        "168.63.129.16/32 100.100.100.200/32 192.0.0.192/32 fd00:ec2::/32 fd20:ce::/32",
    ),
    (PRIVATE, "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"),
    (LOOPBACK, "0.0.0.0/8 127.0.0.0/8 ::/127"),
    ("the local link", "169.254.0.0/16 fe80::/10"),
    (_EMBEDDED, "::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2002::/16 2001::/32"),
    ("a network for documentation", "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20"),
    ("a provider's shared network", "100.64.0.0/10"),
    ("multicast", "224.0.0.0/4 ff00::/8"),
    (_RESERVED, "192.0.0.0/24 192.88.99.0/24 198.18.0.0/15 240.0.0.0/4 2001::/23 3ffe::/16 fec0::/10"),
)
_NETWORKS = tuple((kind, ip_network(text)) for kind, texts in _TABLE for text in texts.split())
#: All that IANA has given out of IPv6.
_ASSIGNED = IPv6Network("2000::/3")
#: The interface identifiers of ISATAP, which end in an IPv4 address.
_ISATAP = (0x00005EFE, 0x02005EFE)


def kind_of(address: Address) -> str:
    """What an address that is not public belongs to, in words for a sentence; "" for a public one."""
    for kind, network in _NETWORKS:
        if address.version == network.version and address in network:
            return kind
    if isinstance(address, IPv4Address):
        return ""
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return _EMBEDDED
    return "" if address in _ASSIGNED else _RESERVED


def literal(host: str) -> Address | None:
    """The address that a host is written as, in the one form that every program reads alike; else None."""
    try:
        return None if "%" in host else ip_address(host)
    except ValueError:
        return None


def resolve(host: str, port: int) -> list[str]:
    """Every address of the host, each once; OSError without one."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))

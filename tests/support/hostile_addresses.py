"""Addresses that a catalog may name so that this machine asks a server that its writer cannot reach."""

from __future__ import annotations

from itertools import chain, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where nobody may be sent: one of each kind of network.
REFUSED_V4 = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1"),
    *("127.255.255.254", "168.63.129.16", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255"),
    *("192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1"),
    *("198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
    *("255.255.255.254", "255.255.255.255"),
)
REFUSED_V6 = (
    *(
        "::",
        "::1",
        "::2",
        "fc00::1",
        "fd00::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "fe80::a9fe:a9fe",
    ),
    *("febf::1", "fec0::1", "ff02::1", "ff0e::1", "100::1", "2001:db8::1", "3fff::1", "2001::1", "2001:2::1"),
    *("2001:10::1", "2001:20::1", "3ffe::1", "5f00::1", "4000::1", "1::1"),
    # IPv4 inside: mapped, compatible, translated, NAT64 (well-known and local), 6to4, Teredo, ISATAP.
    *("::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:169.254.169.254", "::127.0.0.1", "::7f00:1"),
    *(
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::7f00:1",
    ),
    *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
    *("2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1"),
)
LOCAL_NAMES = (
    *(
        "localhost",
        "LOCALHOST",
        "localhost.",
        "www.localhost",
        "localhost.localdomain",
        "intranet",
        "kubernetes",
    ),
    *("metadata", "metadata.google.internal", "instance-data.ec2.internal", "kubernetes.default.svc"),
    *("kubernetes.default.svc.cluster.local", "printer.local", "router.lan", "nas.home", "nas.home.arpa"),
    *("wiki.corp", "shop.test", "shop.example", "shop.invalid", "hidden.onion"),
)


def literals(address: str) -> Iterator[str]:
    """Every way to write an IPv4 address as a host."""
    a, b, c, d = map(int, address.split("."))
    number = (a << 24) | (b << 16) | (c << 8) | d
    yield address
    yield f"{address}."
    yield str(number)
    yield f"{number}."
    yield f"0x{number:x}"
    yield f"0X{number:08X}"
    yield f"0{number:o}"
    yield f"{a}.{number & 0xFFFFFF}"
    yield f"{a}.{b}.{number & 0xFFFF}"
    yield ".".join(f"0x{part:x}" for part in (a, b, c, d))
    yield ".".join(f"0{part:o}" for part in (a, b, c, d))
    yield f"0x{a:x}.{b}.0{c:o}.{d}"
    yield ".".join(f"{part:03}" for part in (a, b, c, d))
    yield ".".join(f"{part + 256}" for part in (a, b, c, d))
    yield address.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})  # full-width
    yield address.translate({ord(str(digit)): 0x2460 + digit - 1 for digit in range(1, 10)})  # in circles
    yield address.replace(".", "\u3002")
    yield address.replace(".", "%2e")
    yield "".join(f"%{ord(character):02x}" for character in address)
    yield f"[::ffff:{address}]"
    yield f"[::{address}]"
    yield f"[64:ff9b::{address}]"


def tricks(place: str) -> Iterator[str]:
    """Addresses in which some program reads `place` as the host, or something else than another does."""
    yield f"https://cdn.shop.com@{place}/a.png"
    yield f"https://cdn.shop.com:443@{place}/a.png"
    yield f"https://{place}@cdn.shop.com/a.png"
    yield f"https://user:password@{place}/a.png"
    yield f"https://cdn.shop.com\\@{place}/a.png"
    yield f"https://{place}\\@cdn.shop.com/a.png"
    yield f"https://cdn.shop.com%40{place}/a.png"
    yield f"https:\\\\{place}/a.png"
    yield f"https:/\\{place}/a.png"
    yield f"https:\\/{place}/a.png"
    yield f"https:///{place}/a.png"
    yield f"https://\t{place}/a.png"
    yield f"https://{place}\n.cdn.shop.com/a.png"
    yield f"https://{place}\r\nHost: cdn.shop.com/a.png"
    yield f"https://{place}\x00.cdn.shop.com/a.png"
    yield f"https://{place}%00.cdn.shop.com/a.png"
    yield f"https://{place}%0d%0a/a.png"
    yield f"https://{place} .cdn.shop.com/a.png"
    yield f"https://{place}\u00ad/a.png"
    yield f"https://{place}\u200b/a.png"
    yield f"https://{place}\u2044a.png"
    yield f"https://{place}\uff0fa.png"
    yield f"https://{place}:/a.png"
    yield f"https://{place}:0443/a.png"
    yield f"https://{place}:443/a.png"
    yield f"https://{place}:80/a.png"
    yield f"https://{place}:22/a.png"
    yield f"https://{place}:99999/a.png"
    yield f"https://{place}:-1/a.png"
    yield f"https://{place}:4\u0664\u0663/a.png"
    yield f"https://{place}?.cdn.shop.com/a.png"
    yield f"https://{place}#.cdn.shop.com/a.png"
    yield f"https://{place};cdn.shop.com/a.png"
    yield f"https://{place},cdn.shop.com/a.png"
    yield f"HTTPS://{place}/a.png"
    yield f"http://{place}/a.png"
    yield f"hTTp://{place}:443/a.png"


def hostile_addresses() -> list[str]:
    """Every form with every refused network, each once."""
    hosts = chain(
        chain.from_iterable(map(literals, REFUSED_V4)),
        (f"[{address}]" for address in REFUSED_V6),
        (f"[{address}%25eth0]" for address in REFUSED_V6),
        LOCAL_NAMES,
        (
            "",
            ".",
            "..",
            "-",
            "[",
            "[]",
            "[::1",
            "::1]",
            "[1]",
            "a..b",
            "x" * 64 + ".com",
            "a." * 130 + "com",
            "*",
        ),
    )
    plain = (f"{scheme}://{host}/a.png" for host, scheme in product(hosts, ("https", "http")))
    places = (
        "127.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[fd00:ec2::254]",
        "localhost",
        "10.0.0.1",
        "2130706433",
    )
    return list(dict.fromkeys(chain(plain, chain.from_iterable(map(tricks, places)))))

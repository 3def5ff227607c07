from __future__ import annotations

import pytest

from qie_batch.errors import Misconfigured, Rejected
from qie_batch.web.hosts import HostPolicy, ImageHosts, parsed


def check(address, *hosts, listed_only=False, plain_http=False):
    HostPolicy(hosts=ImageHosts.parse(hosts), listed_only=listed_only, plain_http=plain_http).check(
        parsed(address)
    )


def refusal(address, *hosts, **how):
    with pytest.raises(Rejected) as refused:
        check(address, *hosts, **how)
    assert refused.value.code == "image_address"
    return refused.value.message


@pytest.mark.parametrize(
    ("text", "host", "path"),
    [
        ("https://CDN.Shop.com/A.png", "cdn.shop.com", "/A.png"),
        ("HTTPS://cdn.shop.com./a.png", "cdn.shop.com", "/a.png"),
        ("https://cdn.shop.com:443/a b.png?v=1&w=2#top", "cdn.shop.com", "/a%20b.png?v=1&w=2"),
        ("https://cdn.shop.com/schuhe/größe.png", "cdn.shop.com", "/schuhe/gr%C3%B6%C3%9Fe.png"),
        ("https://cdn.shop.com/a%2Fb%20c.png", "cdn.shop.com", "/a%2Fb%20c.png"),
        ("https://cdn.shop.com/a@b.png", "cdn.shop.com", "/a@b.png"),
        ("https://bücher.com/a.png", "xn--bcher-kva.com", "/a.png"),
        ("https://my_shop.s3.amazonaws.com/a.png", "my_shop.s3.amazonaws.com", "/a.png"),
        ("https://93.184.215.14/a.png", "93.184.215.14", "/a.png"),
        ("https://[2606:4700::1111]/a.png", "2606:4700::1111", "/a.png"),
        ("https://cdn.shop.com", "cdn.shop.com", "/"),
    ],
)
def test_what_browsers_read_alike_is_an_address(text, host, path):
    url = parsed(text)
    assert (url.raw_host.decode(), url.raw_path.decode(), url.port) == (host, path, None)
    check(text)


def test_a_person_may_name_every_public_host_and_the_usual_port():
    check("https://cdn.shop.com/a.png")
    assert "port 8443 is not asked, only 443" in refusal("https://cdn.shop.com:8443/a.png")
    assert "port 80 is not asked" in refusal("https://cdn.shop.com:80/a.png")


def test_plain_http_is_fetched_on_request_only():
    assert "set QIE_IMAGE_HTTP=true" in refusal("http://cdn.shop.com/a.png")
    check("http://cdn.shop.com/a.png", plain_http=True)


def test_a_list_is_the_whole_list():
    check("https://cdn.shop.com/a.png", "cdn.shop.com", listed_only=True)
    for entries in ((), ("www.shop.com",), ("*.cdn.shop.com",), ("cdn.shop.com:8443",)):
        said = refusal("https://cdn.shop.com/a.png", *entries, listed_only=True)
        assert "no picture may come from host 'cdn.shop.com': QIE_IMAGE_HOSTS does not list it" in said


@pytest.mark.parametrize("host", ["a.cdn.shop.com", "b.a.cdn.shop.com"])
def test_a_star_means_every_name_below(host):
    check(f"https://{host}/a.png", "*.cdn.shop.com", listed_only=True)
    check(f"https://{host}/a.png", "*", listed_only=True)
    refusal(f"https://{host}:8443/a.png", "*.cdn.shop.com", "*", listed_only=True)
    check(f"https://{host}:8443/a.png", "*.cdn.shop.com:8443", listed_only=True)


def test_a_host_that_only_ends_alike_is_not_below():
    refusal("https://evilcdn.shop.com/a.png", "*.cdn.shop.com", listed_only=True)
    refusal("https://cdn.shop.com.evil.com/a.png", "*.cdn.shop.com", "cdn.shop.com", listed_only=True)


def test_a_name_inside_a_network_has_to_be_listed_as_it_is():
    assert "add images.internal to QIE_IMAGE_HOSTS" in refusal("https://images.internal/a.png")
    refusal("https://images.internal/a.png", "*", "*.internal")
    check("https://images.internal/a.png", "images.internal")
    check("https://images.internal:8443/a.png", "IMAGES.internal.:8443")
    check("https://images/a.png", "images")


@pytest.mark.parametrize(
    ("entry", "host", "port", "kinds"),
    [
        ("images.internal", "images.internal", 443, ("a private network",)),
        ("images.internal", "images.internal", 80, ("a private network",)),
        ("images.internal:8443", "images.internal", 8443, ("a private network",)),
        ("images.internal:8443", "images.internal", 443, ()),
        ("*.internal", "images.internal", 443, ()),
        ("*", "images.internal", 443, ()),
        ("127.0.0.1:8080", "127.0.0.1", 8080, ("a private network", "this machine itself")),
        ("[::1]:8080", "::1", 8080, ("a private network", "this machine itself")),
        ("localhost:8080", "localhost", 8080, ("a private network", "this machine itself")),
        ("127.0.0.1:8080", "127.0.0.1", 443, ()),
    ],
)
def test_only_a_host_that_is_listed_as_it_is_may_be_private(entry, host, port, kinds):
    assert ImageHosts.parse((entry,)).allowed_kinds(host, port) == kinds


@pytest.mark.parametrize(
    "entry",
    [
        "https://cdn.shop.com",
        "cdn.shop.com/a",
        "a@b",
        "",
        "*.",
        "*shop.com",
        "a.*.com",
        "*:8443",
        "127.1",
        "a b",
        "a\\b",
    ],
)
def test_an_entry_that_is_no_host_is_a_wrong_setting(entry):
    with pytest.raises(Misconfigured, match="QIE_IMAGE_HOSTS says"):
        ImageHosts.parse((entry,))

from __future__ import annotations

import base64

import pytest

from qie_batch.model import address_shown, new_webhook_secret, webhook_key


def test_a_new_secret_has_a_key_of_32_bytes_of_its_own():
    first, second = webhook_key(new_webhook_secret()), webhook_key(new_webhook_secret())
    assert len(first) == len(second) == 32
    assert first != second


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_" + "é" * 40,
        "whsec_" + "-" * 40,
        base64.b64encode(bytes(32)).decode(),
    ],
)
def test_what_is_no_secret_has_no_key(text):
    with pytest.raises(ValueError, match="24 to 64 bytes"):
        webhook_key(text)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.shop.com/qie", "https://hooks.shop.com/qie"),
        ("https://hooks.shop.com/qie?token=abc", "https://hooks.shop.com/qie"),
        ("https://hooks.shop.com/qie#abc", "https://hooks.shop.com/qie"),
        ("https://user:pass@hooks.shop.com/", "https://hooks.shop.com/"),
        ("https://hooks.shop.com/a/0123456789abcdefghij/b", "https://hooks.shop.com/a/****/b"),
        ("https://a-host-with-a-very-long-name.shop.com", "https://a-host-with-a-very-long-name.shop.com"),
        ("no address", "no address"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(url, shown):
    assert address_shown(url) == shown

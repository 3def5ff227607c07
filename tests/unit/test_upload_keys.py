from __future__ import annotations

import pytest

from qie_batch.keys import upload_prefix, uploads_of
from qie_batch.stores.object_names import canonical_key

TENANTS = [
    "",
    "acme",
    "ACME",
    "acme/up-1",
    "..",
    "t-acme",
    "h-acme",
    "a" * 64,
    "客户",
    "a\0b",
    "a%2fb",
    "\ud800",
]


def test_no_tenant_has_the_prefix_of_another():
    assert len({uploads_of(tenant) for tenant in TENANTS}) == len(TENANTS)
    assert not any(
        uploads_of(one).startswith(uploads_of(other)) for one in TENANTS for other in TENANTS if one != other
    )


@pytest.mark.parametrize("tenant", TENANTS)
def test_every_prefix_is_a_key_that_servers_keep_apart(tenant):
    key = f"{upload_prefix(tenant, 'up-261127-abcdef')}index.json"
    assert canonical_key(key) == key
    assert key.count("/") == 3

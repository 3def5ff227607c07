from __future__ import annotations

import pytest

from tests.support.gateways import running_gateway


@pytest.fixture(scope="session")
def gateway(tmp_path_factory):
    """A whole stack with the classic engine, shared by the tests of a process: use tenants of your own."""
    with running_gateway(tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway

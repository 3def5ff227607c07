"""What can be known about the proxies of deploy/ without running them."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from qie_batch.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
SERVICES = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
CADDYFILE = (DEPLOY / "proxy" / "Caddyfile").read_text()
NGINX = (DEPLOY / "proxy" / "nginx.conf.template").read_text()


def test_compose_sets_only_variables_that_caddy_reads():
    read = set(re.findall(r"\{\$(PROXY_\w+)[:}]", CADDYFILE))
    assert set(SERVICES["proxy"]["environment"]) <= read


def test_the_variables_of_both_files_are_explained_in_them():
    for text, pattern in ((CADDYFILE, r"\{\$(PROXY_\w+)[:}]"), (NGINX, r"\$\{(\w+)\}")):
        comments = "\n".join(re.findall(r"^# .*", text, re.MULTILINE))
        assert [name for name in set(re.findall(pattern, text)) if name not in comments] == []


def test_both_files_drop_the_same_headers():
    caddy = {name.lower() for name in re.findall(r"request_header -([\w*-]+)", CADDYFILE)}
    exact = {name for name in caddy if not name.endswith("*")}
    families = tuple(name.removesuffix("*") for name in caddy if name.endswith("*"))
    nginx = {name.lower() for name in re.findall(r'proxy_set_header (\S+) "";', NGINX)} - {"connection"}
    assert exact <= nginx
    assert all(name in exact or name.startswith(families) for name in nginx)


def test_a_gateway_drains_for_longer_than_two_health_checks_of_the_proxy():
    interval = float(re.search(r"health_interval (\d+)s", CADDYFILE)[1])
    for name in ("gateway-1", "gateway-2"):
        service = SERVICES[name]
        drain = float(service["environment"]["QIE_GATEWAY_DRAIN_SECONDS"])
        assert drain > 2 * interval
        grace = Settings.model_fields["grace_seconds"].default
        assert int(service["stop_grace_period"].removesuffix("s")) > drain + grace


def test_gateways_believe_the_network_of_the_proxy_and_no_other():
    networks = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["networks"]
    (subnet,) = (each["subnet"] for each in networks["front"]["ipam"]["config"])
    for name in ("gateway-1", "gateway-2"):
        assert SERVICES[name]["environment"]["QIE_TRUSTED_PROXIES"] == subnet
    assert SERVICES["gateway-1"]["environment"] == SERVICES["gateway-2"]["environment"]


def test_uploads_are_written_to_a_disk():
    for name in ("gateway-1", "gateway-2"):
        folder = SERVICES[name]["environment"]["TMPDIR"]
        assert any(mount.endswith(f":{folder}") for mount in SERVICES[name]["volumes"])
        assert not any(mount.startswith(f"{folder}:") for mount in SERVICES[name]["tmpfs"])

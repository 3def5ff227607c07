"""What cannot be a setting is refused in one sentence, which shows no secret."""

from __future__ import annotations

import pytest

from qie_batch.errors import UsageError
from qie_batch.settings import Settings


def refusal(**values):
    with pytest.raises(UsageError) as caught:
        Settings(**values)
    return caught.value


@pytest.fixture
def written(tmp_path):
    def write(content):
        (tmp_path / "config.toml").write_bytes(content)
        return tmp_path

    return write


@pytest.mark.parametrize("field", ["ledger_url", "broker_url"])
@pytest.mark.parametrize(
    "rest",
    [
        *("u:geh@eim@h:1/0", "u:geh/eim@h:1/0", "u:12/eim@h:1/0", "u:geh#eim@h:1/0", "u:geh?eim@h:1/0"),
        *(
            "u:12?eim@h:1/0",
            "u:geh[eim@h:1/0",
            "u:geh eim@h:1/0",
            "u:geheim@h:geheim/0",
            "u:geheim@h:99999/0",
        ),
        *("u:geheim@h1:1,h2:2/0", "u:geheim@[::1/0", "h/0?password=geh@eim"),
    ],
)
def test_an_address_that_does_not_come_apart_is_refused_and_not_shown(field, rest, tmp_path):
    scheme = {"ledger_url": "postgresql+psycopg", "broker_url": "redis"}[field]
    error = refusal(dir=tmp_path, **{field: f"{scheme}://{rest}"})
    assert error.message == f"QIE_{field.upper()} does not come apart into login, host, port and database"
    assert "@ is %40" in error.hint
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize(
    ("field", "url"),
    [
        ("ledger_url", "geheim"),
        ("ledger_url", "mysql://u:geheim@h/db"),
        ("ledger_url", "postgresql+geheim://u@h/db"),
        ("ledger_url", "sqlite://u:geheim@h/db"),
        ("broker_url", "geheim"),
        ("broker_url", "foo://:geheim@h/0"),
        ("broker_url", "amqp://u:geheim@h//"),
        ("broker_url", "redis:geheim@h/0"),
    ],
)
def test_an_address_of_something_else_is_refused_with_an_example(field, url, tmp_path):
    error = refusal(dir=tmp_path, **{field: url})
    assert error.message.startswith(f"QIE_{field.upper()} is not the address of a ")
    assert error.hint.startswith("for example ")
    assert "geheim" not in f"{error.message} {error.hint}"


@pytest.mark.parametrize("path", ["abc", "0/1", "-1", "0%20"])
def test_a_broker_has_numbered_databases(path, tmp_path):
    assert "not a number" in refusal(dir=tmp_path, broker_url=f"redis://:geheim@h:6379/{path}").message


@pytest.mark.parametrize(
    "option", ["password=geheim", "ssl_cert_reqs=geheim", "ssl_geheim=1", "transport=geheim"]
)
def test_a_brokers_option_is_one_that_kombu_takes(option, tmp_path):
    error = refusal(dir=tmp_path, broker_url=f"rediss://h:6380/0?ssl_ca_certs=%2Fca.pem&{option}")
    assert error.message == "QIE_BROKER_URL has an option behind its question mark that is not understood"
    assert "geheim" not in error.hint


def test_a_brokers_address_is_one(tmp_path):
    assert "does not come apart" in refusal(dir=tmp_path, broker_url="redis://:ge;heim@h:6379/0").message


@pytest.mark.parametrize(
    ("field", "url"),
    [
        ("ledger_url", "postgresql+psycopg://u:ge%40h%2Feim@h:5432/db?sslmode=require"),
        ("ledger_url", "postgresql://u@[::1]/db"),
        ("ledger_url", "postgresql+psycopg:///db?host=/var/run/postgresql"),
        ("ledger_url", "sqlite:////srv/a folder @ #1/ledger.sqlite3"),
        ("broker_url", "redis://:ge%23heim@h:6379/0"),
        ("broker_url", "redis://h"),
        ("broker_url", "rediss://u:p@h:6380/15?ssl_cert_reqs=required"),
    ],
)
def test_an_address_that_can_be_one_is_taken_as_it_is(field, url, tmp_path):
    assert getattr(Settings(dir=tmp_path, **{field: url}), field).get_secret_value() == url


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'engine = "classic"\nconcurrency = \n', "is not valid TOML: Invalid value (at line 2, column 15)"),
        (b'engine = "Gl\xfcck"\n', "is not UTF-8"),
        (b"concurency = 3\n", "says 'concurency', which is no setting: did you mean 'concurrency'?"),
        (b"[tool.mine]\nx = 1\n", "says 'tool', which is no setting"),
    ],
)
def test_a_config_file_that_cannot_be_used_is_named(content, problem, written):
    folder = written(content)
    error = refusal(dir=folder)
    assert error.message == f"{folder}/config.toml {problem}"
    assert "mend it" in error.hint


def test_a_config_file_that_cannot_be_read_is_named(tmp_path):
    """Root may read everything; but nobody can read a process's memory from address 0."""
    (tmp_path / "config.toml").symlink_to("/proc/self/mem")
    assert refusal(dir=tmp_path).message == f"{tmp_path}/config.toml cannot be read: Input/output error"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'concurrency = "many"\n', "QIE_CONCURRENCY: Input should be a valid integer"),
        (b"concurrency = 99\n", "QIE_CONCURRENCY: Input should be less than or equal to 16"),
        (b'prices = { H100 = "dear" }\n', "QIE_PRICES H100: Input should be a valid number"),
        (b"broker_url = 6379\n", "QIE_BROKER_URL: Input should be a valid string"),
        (b'market = "geheim"\n', "QIE_MARKET: Input should be 'on_demand' or 'spot'"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_and_not_shown(content, message, written):
    error = refusal(dir=written(content))
    assert error.message.startswith(message)
    assert "geheim" not in error.message


def test_a_variable_that_is_no_json_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("QIE_PRICES", "{")
    assert '"prices"' in refusal(dir=tmp_path).message


def test_the_file_counts_and_a_variable_overrides_it(written, monkeypatch):
    folder = written(b'engine = "classic"\nconcurrency = 2\n')
    monkeypatch.setenv("QIE_CONCURRENCY", "5")
    settings = Settings(dir=folder)
    assert (settings.engine, settings.concurrency) == ("classic", 5)


def test_the_former_name_of_the_concurrency_still_counts(written, monkeypatch):
    folder = written(b"slots = 2\n")
    assert Settings(dir=folder).concurrency == 2
    monkeypatch.setenv("QIE_SLOTS", "4")
    assert Settings(dir=folder).concurrency == 4
    assert Settings(dir=written(b"concurrency = 2\n")).concurrency == 4
    monkeypatch.setenv("QIE_CONCURRENCY", "5")
    assert Settings(dir=folder).concurrency == 5


def test_a_variable_without_the_prefix_is_none_of_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("SLOTS", "4")
    monkeypatch.setenv("CONCURRENCY", "5")
    assert Settings(dir=tmp_path).concurrency == 3


def test_hosts_of_images_are_split_at_commas_and_spaces(monkeypatch, written):
    monkeypatch.setenv("QIE_IMAGE_HOSTS", "cdn.shop.com, *.images.com:8443 10.0.0.5")
    assert Settings().image_hosts == ("cdn.shop.com", "*.images.com:8443", "10.0.0.5")
    monkeypatch.delenv("QIE_IMAGE_HOSTS")
    assert Settings().image_hosts == ()
    folder = written(b'image_hosts = ["cdn.shop.com"]\nimage_http = true\n')
    found = Settings(dir=folder)
    assert (found.image_hosts, found.image_http) == (("cdn.shop.com",), True)

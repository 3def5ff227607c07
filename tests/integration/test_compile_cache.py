from pathlib import Path

import pytest

from qie_batch.settings import Settings
from qie_batch.wiring.compile_cache import local_compile_cache


@pytest.fixture
def settings(stack, s3):
    """Of the real S3 server."""
    names = ("s3_endpoint", "s3_access_key", "s3_secret_key")
    return Settings(
        s3_bucket=s3.bucket,
        compile_cache=f"s3://{s3.bucket}/kernels",
        **{name: stack.config[name] for name in names},
    )


def test_what_one_host_compiled_is_there_for_the_next(settings):
    with local_compile_cache(settings) as name:
        folder = Path(name)
        assert not list(folder.iterdir())
        (folder / "0123.compiled").write_bytes(b"kernels")
    with local_compile_cache(settings) as name:
        folder = Path(name)
        assert (folder / "0123.compiled").read_bytes() == b"kernels"
        (folder / "4567.compiled").write_bytes(b"of another device")
    assert not folder.exists()
    with local_compile_cache(settings) as name:
        assert {path.name for path in Path(name).iterdir()} == {"0123.compiled", "4567.compiled"}


def test_a_store_that_does_not_answer_costs_the_cache_and_nothing_else(settings, caplog):
    away = settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:1"})
    with local_compile_cache(away) as name:
        (Path(name) / "0123.compiled").write_bytes(b"kernels")
    assert "Compiled kernels cannot be fetched" in caplog.text
    assert "Compiled kernels cannot be put into the store" in caplog.text


def test_a_folder_is_used_as_it_is(settings, tmp_path):
    with local_compile_cache(settings.model_copy(update={"compile_cache": str(tmp_path)})) as name:
        assert name == str(tmp_path)
